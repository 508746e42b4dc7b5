"""The server for threads."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from . import _core
from ._base import BaseServer
from ._handlers import Handler
from ._operations import SyncOperations
from ._pem import read_pem
from ._pool import Pool
from ._running import Flow
from .socket import SyncSocket

BURST = 512
# Threads that handlers run on, by default. A handler that waits keeps one.
THREADS = 64


class Server(BaseServer[None, dict[str, Any]], SyncOperations):
    """A Socket.IO server whose handlers run on threads.

    What comes of one client is handled one after the other, in the order in which it was sent; clients don't wait for
    each other. What a handler raises is logged and hurts nothing else.

    It takes the options of :class:`~pancar.AsyncServer`, and one more:

    :param threads: how many threads handlers may run on at the same time. Default 64; they start at need.
    """

    _nothing = None

    def __init__(self, *, threads: int = THREADS, **options: Any) -> None:
        super().__init__(options)
        self._pool = Pool(threads, "pancar-handler")
        self._starting = threading.Lock()
        self._pump: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def _home(self) -> Server:
        return self

    def is_asyncio_based(self) -> bool:
        """False."""
        return False

    # ------------------------------------------------------------------ running
    def listen(
        self, host: str = "127.0.0.1", port: int = 3000, *, certificates: Any = None, key: Any = None, unix: str | None = None
    ) -> int:
        """Listens, and returns the port as soon as clients can connect. It does not block; :meth:`run` does.

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

    def run(
        self, host: str = "127.0.0.1", port: int = 3000, *, on_startup: Callable[[int], Any] | None = None, **how: Any
    ) -> None:
        """Listens until Ctrl-C or SIGTERM, and shuts down gracefully.

        :param on_startup: called with the port when clients can connect.
        :param how: what :meth:`listen` takes.
        """
        ended = threading.Event()
        in_main = threading.current_thread() is threading.main_thread()
        numbers = (signal.SIGINT, signal.SIGTERM) if in_main else ()
        former = {number: signal.signal(number, lambda *_: ended.set()) for number in numbers}
        try:
            bound = self.listen(host, port, **how)
            if on_startup is not None:
                on_startup(bound)
            ended.wait()
        finally:
            self.shutdown()
            for number, handler in former.items():
                signal.signal(number, handler)

    def wait_closed(self) -> None:
        """Blocks until the server was shut down."""
        if self._pump is not None:
            self._closed.wait()

    def shutdown(self) -> None:
        """Disconnects all clients, waits until they were told and handlers have ended (``close_timeout``), and closes.

        A server that was shut down can listen again.
        """
        if self._pump is None or self._is_closed:
            return
        self._core.close()
        if threading.current_thread() is not self._pump:
            self._closed.wait()
            self._pool.wait_idle(self._options.close_timeout)

    # ------------------------------------------------------------------ threads
    def _is_started(self) -> bool:
        return self._pump is not None and self._pump.is_alive()

    def _bind(self) -> _core.Core:
        with self._starting:
            core = self._running()
            if self._pump is None or not self._pump.is_alive():
                self._closed = threading.Event()
                self._pump = threading.Thread(target=self._take_all, args=(core,), name="pancar-events", daemon=True)
                self._pump.start()
            return core

    def _take_all(self, core: _core.Core) -> None:
        while not self._closed.is_set():
            core.wait()
            for event in core.drain(BURST):
                self._sort(event)

    def _sort(self, event: Any) -> None:
        """What concerns a client goes to a thread of the pool, all else is done here."""
        kind = event[0]
        if kind == _core.CONNECT and event[1].state is not None:
            return
        if kind == _core.JOIN:
            socket = event[2]
        elif kind in PER_CLIENT:
            socket = event[1]
        else:
            self._safely(event)
            return
        state = self._state(socket)
        if state.lane is None:
            state.lane = deque()
        with self._starting:
            state.lane.append(event)
            if state.running:
                return
            state.running = True
        self._pool.submit(self._work, state)

    def _work(self, state: Any) -> None:
        """Handles what came of one client, until nothing is left."""
        while True:
            with self._starting:
                if not state.lane:
                    state.running = False
                    return
                event = state.lane.popleft()
            self._safely(event)

    def _safely(self, event: Any) -> None:
        try:
            self._table[event[0]](event)
        except Exception as error:
            self._report("an event could not be handled", error)

    def _on_closed(self, event: Any) -> None:
        self._is_closed = True
        self._give_up_waiting()
        self._closed.set()

    def _run(self, flow: Flow, waits: bool) -> None:
        if waits:
            flow.close()
            raise TypeError("a Server takes no coroutine functions; AsyncServer does")
        try:
            flow.send(None)
        except StopIteration:
            return
        flow.close()
        raise TypeError("a handler of a Server gave something to wait for; AsyncServer waits")

    def _call_back(self, handler: Handler, args: tuple[Any, ...], what: str) -> None:
        # Not here, where a function that waits for an answer would wait for itself.
        self._pool.submit(self._fire, handler, args, what)

    def _finish(self, flow: Flow) -> None:
        self._run(flow, False)

    def _report(self, message: str, error: BaseException) -> None:
        self.logger.error("pancar: %s", message, exc_info=error)

    def _future(self) -> Future[Any]:
        return Future()

    def _settle(self, future: Future[Any], result: Any = None, error: BaseException | None = None) -> None:
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def _value(self, value: dict[str, Any]) -> dict[str, Any]:
        return value

    def _new_view(self, socket: _core.Socket) -> SyncSocket:
        return SyncSocket(self, socket)

    # ------------------------------------------------------------------ conveniences of python-socketio
    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> threading.Thread:
        """Runs a function on a thread of its own, which does not keep the process alive. The thread."""
        thread = threading.Thread(target=target, args=args, kwargs=kwargs, daemon=True)
        thread.start()
        return thread

    def sleep(self, seconds: float = 0) -> None:
        """Lets others run for a while. Seconds."""
        time.sleep(seconds)


PER_CLIENT = frozenset({_core.CONNECT, _core.EVENT, _core.DISCONNECTING, _core.DISCONNECT})
