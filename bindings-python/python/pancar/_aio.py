"""Pieces that asyncio lacks."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any


class _Rest:
    """The rest of a coroutine that has already run to its first pause."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, waits_for = self._coroutine, self._waits_for
        while True:
            error: BaseException | None = None
            sent: Any = None
            try:
                sent = yield waits_for
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as raised:
                error = raised
            try:
                waits_for = coroutine.send(sent) if error is None else coroutine.throw(error)
            except StopIteration as end:
                return end.value


async def resume(coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> Any:
    """Goes on with a coroutine that was started by hand and waits for something of the loop."""
    return await _Rest(coroutine, waits_for)


@contextlib.contextmanager
def handle_signals(end: Callable[[], object]) -> Iterator[None]:
    """Calls a function at Ctrl-C and SIGTERM, where the loop can do that: in the main thread of a Unix."""
    loop = asyncio.get_running_loop()
    handled = []
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, end)
                handled.append(number)
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


def run_on_loop(
    main: Coroutine[Any, Any, Any], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None
) -> None:
    """As ``asyncio.run``, on a loop of any kind."""
    if loop_factory is None:
        asyncio.run(main)
        return
    loop = loop_factory()
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
