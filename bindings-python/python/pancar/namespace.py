"""Namespaces as classes, and as something to register at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ._done import Done
from ._handlers import RESERVED, Function, Handler, Key
from ._operations import AsyncOperations, SyncOperations
from ._target import N, S

if TYPE_CHECKING:
    from ._base import BaseServer

F = TypeVar("F", bound=Callable[..., Any])


class Registered(Generic[N, S]):
    """What :meth:`AsyncServer.of` gives: registers handlers for one namespace, or for all that fit a pattern."""

    def __init__(self, server: BaseServer[N, S], namespace: Key) -> None:
        self._server: BaseServer[N, S] = server
        #: What was given to ``of``.
        self.namespace = namespace

    @overload
    def on(self, event: str, handler: F) -> F: ...
    @overload
    def on(self, event: str) -> Callable[[F], F]: ...
    def on(self, event: str, handler: Any = None) -> Any:
        """As ``on`` of the server."""
        return self._server.on(event, handler, self.namespace)

    def event(self, handler: F) -> F:
        """As ``event`` of the server."""
        return self._server.on(handler.__name__, handler, self.namespace)

    def use(self, middleware: F) -> F:
        """As ``use`` of the server."""
        return self._server.use(middleware, self.namespace)

    def on_any(self, handler: F) -> F:
        """As ``on_any`` of the server."""
        return self._server.on_any(handler, self.namespace)

    def on_any_outgoing(self, handler: F) -> F:
        """As ``on_any_outgoing`` of the server."""
        return self._server.on_any_outgoing(handler, self.namespace)


class BaseNamespace(Generic[N, S]):
    """Methods named ``on_`` and an event are its handlers."""

    def __init__(self, namespace: Key | None = None) -> None:
        #: Its name, by default ``"/"``; or ``"*"`` and what ``of`` takes.
        self.namespace: Key = "/" if namespace is None else namespace
        self.server: Any = None

    def _set_server(self, server: BaseServer[N, S]) -> None:
        if server.is_asyncio_based() != self.is_asyncio_based():
            raise ValueError("an AsyncNamespace is for an AsyncServer, a Namespace for a Server")
        self.server = server

    def is_asyncio_based(self) -> bool:
        """Whether it is for asyncio."""
        raise NotImplementedError

    @property
    def _home(self) -> BaseServer[N, S]:
        if self.server is None:
            raise RuntimeError("the namespace is not registered at a server")
        return self.server  # type: ignore[no-any-return]

    def _at(self, namespace: str | None) -> str:
        return namespace or str(self.namespace)

    def _handler(self, event: str) -> Function | None:
        """The method for an event. A class with a ``trigger_event`` of its own is asked itself."""
        kind = type(self)
        if kind.trigger_event not in (Namespace.trigger_event, AsyncNamespace.trigger_event):
            return _Trigger(self, event) if not self.is_asyncio_based() else _AsyncTrigger(self, event)
        found = getattr(self, f"on_{event}", None)
        return found if callable(found) else None

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Calls the handler of an event."""
        raise NotImplementedError


class AsyncNamespace(BaseNamespace[Done[None], Done[dict[str, Any]]], AsyncOperations):
    """A namespace of an :class:`~pancar.AsyncServer` as a class: ``async def on_message(self, sid, data)``.

    Its methods to emit and so on use its own namespace.
    """

    def is_asyncio_based(self) -> bool:
        """True."""
        return True

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Calls the handler of an event. May be overridden to choose another one."""
        function = getattr(self, f"on_{event}", None)
        if function is None:
            return None
        result = function(*_fitting(function, event, args))
        return await result if hasattr(result, "__await__") else result


class Namespace(BaseNamespace[None, dict[str, Any]], SyncOperations):
    """A namespace of a :class:`~pancar.Server` as a class: ``def on_message(self, sid, data)``.

    Its methods to emit and so on use its own namespace.
    """

    def is_asyncio_based(self) -> bool:
        """False."""
        return False

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Calls the handler of an event. May be overridden to choose another one."""
        function = getattr(self, f"on_{event}", None)
        return None if function is None else function(*_fitting(function, event, args))


def _fitting(function: Function, event: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of connect and disconnect that a handler takes; all of any other event."""
    return args[: Handler(function).most] if event in RESERVED else args


class _Trigger:
    def __init__(self, namespace: BaseNamespace[Any, Any], event: str) -> None:
        self._namespace, self._event = namespace, event

    def __call__(self, *args: Any) -> Any:
        return self._namespace.trigger_event(self._event, *args)


class _AsyncTrigger(_Trigger):
    async def __call__(self, *args: Any) -> Any:
        result = self._namespace.trigger_event(self._event, *args)
        return await result if hasattr(result, "__await__") else result
