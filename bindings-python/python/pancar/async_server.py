"""The server for asyncio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from . import _core
from ._aio import handle_signals, resume, run_on_loop
from ._base import BaseServer
from ._done import NOTHING, Done
from ._operations import AsyncOperations
from ._pem import read_pem
from ._running import Flow
from .socket import AsyncSocket

# Events that are handled before other callbacks of the loop get their turn.
BURST = 512
LEAST_TASKS = 64
EAGER = sys.version_info >= (3, 12)
# The name of the tasks of handlers.
TASK = "pancar"


class AsyncServer(BaseServer[Done[None], Done[dict[str, Any]]], AsyncOperations):
    """A Socket.IO server whose handlers run on an event loop of asyncio or uvloop.

    Handlers start in the order in which a client sent its events. Plain functions are called at once; coroutine
    functions become tasks, eager ones on Python 3.12 and later. What a handler raises is given to the loop's exception
    handler and hurts nothing else.

    Options, all of them keywords; times are seconds:

    :param cors_allowed_origins: pages that may connect: None (default) those of the server's own origin, one origin, a
        list, ``"*"`` for all, a function of the origin, ``[]`` for no checks and no headers.
    :param cors_credentials: whether pages may send cookies. Default True.
    :param ping_interval: how often clients are pinged. Default 25. Of a pair only the first counts.
    :param ping_timeout: how long a client may be silent after a ping. Default 20.
    :param max_http_buffer_size: largest message of a client in bytes. Default 1 000 000.
    :param allow_upgrades: whether polling may become WebSocket. Default True.
    :param transports: ``["polling", "websocket"]`` or one of them. Default both.
    :param http_compression: whether answers to polling are compressed. Default True.
    :param compression_threshold: from how many bytes on. Default 1024.
    :param cookie: name, or dict, of a cookie with the session's id for load balancers. Default None.
    :param async_handlers: False lets a coroutine handler of a client end before its next event is handled. Default True.
    :param always_connect: lets clients in before their connect handler runs, and disconnects those that it refuses.
    :param namespaces: namespaces that exist beside those with handlers, ``"*"`` for any. Default ``["/"]``.
    :param json: a module with ``dumps`` and ``loads``, used for values that have no JSON form.
    :param default: a function that turns such a value into one that has; see :func:`pancar.jsonable`.
    :param logger: True, or a logger, for what the server does: who joins and leaves, and every event that comes and goes.
        Default False: warnings and errors only, to ``pancar.server``.
    :param engineio_logger: True, or a logger, for requests that are refused and trouble of the network. Default False:
        warnings and errors only, to ``pancar.engine``.
    :param connection_state_recovery: True, or a dict with ``max_disconnection_duration`` (default 120),
        ``skip_middlewares`` (True) and ``max_bytes``: clients that were cut off get id, rooms and missed events back.
    :param max_buffered_bytes: how much may wait for a client that does not read. Default 1 MiB.
    :param allow_request: a function of the handshake that refuses a connection by False or a message.

    Every other option of the core has its own name: ``path``, ``connect_timeout``, ``max_attachments`` and so on. Raises
    TypeError for an unknown option and :class:`~pancar.CoreError` for a value that is not allowed.
    """

    _nothing = NOTHING

    def __init__(self, **options: Any) -> None:
        super().__init__(options)
        self._loop: asyncio.AbstractEventLoop | None = None
        # The loop itself does not keep tasks alive. Those that have ended are swept out now and then.
        self._tasks: list[asyncio.Task[Any]] = []
        self._most_tasks = LEAST_TASKS
        self._closed: asyncio.Future[None] | None = None
        # Whether something that was started has yet to run: then plain functions wait behind it.
        self._is_behind = False
        self._starts = 0
        self._burst: asyncio.Future[None] | None = None

    @property
    def _home(self) -> AsyncServer:
        return self

    def is_asyncio_based(self) -> bool:
        """True."""
        return True

    # ------------------------------------------------------------------ running
    async def listen(
        self, host: str = "127.0.0.1", port: int = 3000, *, certificates: Any = None, key: Any = None, unix: str | None = None
    ) -> int:
        """Listens, and returns the port as soon as clients can connect. The fastest way: Python sees events only.

        :param port: 0 takes any free one.
        :param certificates: PEM, or the path of a file, for TLS; ``key`` likewise.
        :param unix: path of a Unix socket, instead of host and port.
        :raises CoreError: when the address can't be had.
        """
        core = self._bind()
        if unix is not None:
            core.listen_unix(unix)
            return 0
        if certificates is not None:
            return core.listen_tls(host, port, read_pem(certificates), read_pem(key))
        return core.listen(host, port)

    async def wait_closed(self) -> None:
        """Waits until the server was shut down."""
        if self._closed is not None:
            await asyncio.shield(self._closed)

    def run(
        self,
        host: str = "127.0.0.1",
        port: int = 3000,
        *,
        on_startup: Callable[[int], Any] | None = None,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
        **how: Any,
    ) -> None:
        """Listens until Ctrl-C or SIGTERM, on an event loop of its own, and shuts down gracefully.

        :param on_startup: called with the port when clients can connect; may be a coroutine function.
        :param loop_factory: for another loop: ``uvloop.new_event_loop``.
        :param how: what :meth:`listen` takes.
        """
        run_on_loop(self._serve(host, port, on_startup, how), loop_factory)

    async def _serve(
        self, host: str, port: int, on_startup: Callable[[int], Any] | None, how: dict[str, Any]
    ) -> None:
        ended = asyncio.Event()
        with handle_signals(ended.set):
            try:
                bound = await self.listen(host, port, **how)
                if on_startup is not None:
                    result = on_startup(bound)
                    if hasattr(result, "__await__"):
                        await result
                await ended.wait()
            finally:
                await self.shutdown()

    async def shutdown(self) -> None:
        """Disconnects all clients, waits until they were told and handlers have ended (``close_timeout``), and closes.

        A server that was shut down can listen again.
        """
        if self._loop is None or self._is_closed:
            return
        self._core.close()
        await self.wait_closed()
        running = [task for task in self._tasks if not task.done() and task is not asyncio.current_task()]
        if running:
            await asyncio.wait(running, timeout=self._options.close_timeout)

    # ------------------------------------------------------------------ the loop
    def _bind(self) -> _core.Core:
        """Takes events on the running loop from now on."""
        loop = asyncio.get_running_loop()
        core = self._running()
        if self._loop is loop and self._closed is not None and not self._closed.done():
            return core
        if self._loop is not None and self._loop is not loop and self._loop.is_running():
            raise RuntimeError("the server runs on another event loop")
        self._loop = loop
        self._closed = loop.create_future()
        self._tasks.clear()
        loop.add_reader(core.fileno(), self._take, core)
        return core

    def _serving(self) -> _core.Core | None:
        """The core for a request of an ASGI server; none after a shutdown, until something starts it again."""
        if self._is_closed and self._loop is asyncio.get_running_loop():
            return None
        return self._bind()

    def _take(self, core: _core.Core) -> None:
        """A burst of events."""
        table = self._table
        try:
            for event in core.drain(BURST, 0, True):
                table[event[0]](event)
        finally:
            # What handlers sent leaves together; that of tasks which have yet to start too.
            if self._is_behind:
                self._catch_up()
            else:
                core.flush()

        if self._burst is not None:
            self._burst.set_result(None)
            self._burst = None

    async def _next_burst(self) -> None:
        """Waits until events have been taken."""
        if self._burst is None:
            self._burst = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._burst)

    def _on_closed(self, event: Any) -> None:
        loop = self._loop
        if loop is None or self._closed is None:
            return
        loop.remove_reader(self._core.fileno())
        self._is_closed = True
        self._give_up_waiting()
        if not self._closed.done():
            self._closed.set_result(None)

    def _finish(self, flow: Flow) -> None:
        loop = self._loop
        if loop is None or loop.is_closed() or asyncio._get_running_loop() is loop:
            self._advance(flow)
        else:
            loop.call_soon_threadsafe(self._advance, flow)

    def _run(self, flow: Flow, waits: bool) -> None:
        if waits:
            # With a name, as making one up costs as much as all else of it.
            if EAGER:
                task = asyncio.Task(flow, loop=self._loop, name=TASK, eager_start=True)  # type: ignore[call-arg]
                if task.done():
                    return
            else:
                task = asyncio.Task(flow, loop=self._loop, name=TASK)
                self._is_behind = True
                self._starts += 1
            self._keep(task)
        elif self._is_behind and self._loop is not None:
            self._starts += 1
            self._loop.call_soon(self._advance_later, flow)
        else:
            self._advance(flow)

    def _advance_later(self, flow: Flow) -> None:
        self._advance(flow)
        self._catch_up()

    def _catch_up(self) -> None:
        """Nothing is behind any more when the loop has come to this, unless something was started meanwhile."""
        if self._is_behind and self._loop is not None:
            self._loop.call_soon(self._caught_up, self._starts)

    def _caught_up(self, starts: int) -> None:
        self._core.flush()
        self._is_behind = starts != self._starts

    def _advance(self, flow: Flow) -> None:
        """Runs a flow at once; where a plain function gave something to wait for, the rest becomes a task."""
        try:
            waits_for = flow.send(None)
        except StopIteration:
            return
        self._run(resume(flow, waits_for), True)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        tasks = self._tasks
        tasks.append(task)
        if len(tasks) > self._most_tasks:
            self._tasks = [task for task in self._tasks if not task.done()]
            self._most_tasks = max(LEAST_TASKS, 2 * len(self._tasks))

    def _report(self, message: str, error: BaseException) -> None:
        context = {"message": f"pancar: {message}", "exception": error, "server": self}
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_exception_handler(context)
        else:
            self.logger.error("%s", context["message"], exc_info=error)

    # ------------------------------------------------------------------ waiting
    def _future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    def _settle(self, future: asyncio.Future[Any], result: Any = None, error: BaseException | None = None) -> None:
        def settle() -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        loop = future.get_loop()
        if loop is self._loop:
            settle()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(settle)

    def _value(self, value: dict[str, Any]) -> Done[dict[str, Any]]:
        return Done(value)

    def _new_view(self, socket: _core.Socket) -> AsyncSocket:
        return AsyncSocket(self, socket)

    # ------------------------------------------------------------------ conveniences of python-socketio
    def start_background_task(
        self, target: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any
    ) -> asyncio.Task[Any]:
        """Runs a coroutine function as a task, and keeps it alive. The task."""
        task = asyncio.ensure_future(target(*args, **kwargs))
        self._keep(task)
        return task

    async def sleep(self, seconds: float = 0) -> None:
        """Lets others run for a while. Seconds."""
        await asyncio.sleep(seconds)
