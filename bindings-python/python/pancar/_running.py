"""How a flow is run, and handlers are called: what asyncio and threads do each in their way."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ._handlers import Handler

if TYPE_CHECKING:
    from . import _core
    from ._handlers import Registry
    from ._options import Options

Event = tuple[Any, ...]
Flow = Coroutine[Any, Any, Any]


class Running:
    """Flows are coroutines that are run to their end at once where nothing in them waits."""

    _options: Options
    _registry: Registry
    # Clients that the core does not find: their connect or disconnect handler runs.
    _held: dict[tuple[str, str], _core.Socket]
    _waiting: dict[int, Callable[..., None]]
    # Whether somebody listens to what is sent.
    _has_outgoing = False
    # Whether events are logged.
    _talks = False

    def _run(self, flow: Flow, waits: bool) -> None:
        """Runs a flow: at once where it does not wait."""
        raise NotImplementedError

    def _finish(self, flow: Flow) -> None:
        """Runs a flow now, to its first pause at least."""
        raise NotImplementedError

    def _report(self, message: str, error: BaseException) -> None:
        """Tells of an exception of a handler, once."""
        raise NotImplementedError

    def _view(self, socket: _core.Socket) -> Any:
        raise NotImplementedError

    def _environ(self, socket: _core.Socket) -> dict[str, Any]:
        raise NotImplementedError

    def _on_closed(self, event: Event) -> None:
        raise NotImplementedError

    async def _call_handler(self, handler: Handler, args: tuple[Any, ...]) -> Any:
        """What a handler gives, its exceptions too."""
        if handler.is_async:
            return await handler.function(*args)
        result = contextvars.copy_context().run(handler.function, *args)
        return await result if is_awaitable(result) else result

    async def _call_and_report(self, handler: Handler, args: tuple[Any, ...], what: str) -> Any:
        try:
            return await self._call_handler(handler, args)
        except Exception as error:
            self._report(f"the handler of {what} failed", error)
            return None

    def _fire(self, handler: Handler, args: tuple[Any, ...], what: str) -> None:
        """Calls a handler of which nothing is wanted."""
        self._run(self._call_and_report(handler, args[: handler.most], what), handler.is_async)


def is_awaitable(result: Any) -> bool:
    return hasattr(result, "__await__")
