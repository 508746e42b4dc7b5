"""What AsyncServer and Server have in common: registering, clients, sending, and the life of the core."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from . import _core, _options, exceptions
from ._dispatch import Dispatch
from ._environ import environ_of
from ._handlers import ALL, Function, Handler, Key, Registry, is_dynamic
from ._reason import Reason
from ._target import N, S, Answer, RemoteSocket, Target, pack, unpack

if TYPE_CHECKING:
    from .namespace import BaseNamespace, Registered
    from .socket import BaseSocket

F = TypeVar("F", bound=Callable[..., Any])
# Statuses of acknowledgements: numbers of the core's kinds of error.
ANSWERED, DISCONNECTED, TIMEOUT = 0, 5, 6
_ERRORS = {ANSWERED: None, DISCONNECTED: "disconnected", TIMEOUT: "timeout"}
# Cores of a parent process. Freed here, they would end threads that this process does not have.
_of_parents: list[_core.Core] = []
# Stands for this process: another object after a fork.
_process = object()


def _forked() -> None:
    global _process
    _process = object()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class BaseServer(Dispatch[N, S]):
    """Not to be used itself."""

    reason: ClassVar[type[Reason]] = Reason
    reserved_events: ClassVar[list[str]] = ["connect", "disconnect"]
    _nothing: N

    def __init__(self, options: dict[str, Any], lanes: int = 1) -> None:
        super().__init__()
        self._options = _options.read(options)
        self._talks = bool(options.get("logger"))
        self._registry = Registry()
        self._held = {}
        self._waiting = {}
        self._tokens = itertools.count(1)
        self._lanes = lanes
        self._keys: list[Key] = []
        self._core = self._new_core()
        self._process = _process
        self._is_closed = False
        if self._options.namespaces == ALL:
            self.of(ALL)
        else:
            for name in self._options.namespaces:
                self.of(name)

    def is_asyncio_based(self) -> bool:
        """Whether handlers may be coroutine functions."""
        raise NotImplementedError

    @property
    def logger(self) -> Any:
        """Where failures and refusals are logged: ``pancar.server`` unless the option ``logger`` says otherwise."""
        return self._options.logger

    # ------------------------------------------------------------------ the core
    def _new_core(self) -> _core.Core:
        options = self._options
        asks = options.allow_request is not None or options.origin_allowed is not None
        return _core.Core(
            options.core,
            lanes=self._lanes,
            allow_request=asks,
            connection_errors=options.engineio_logger is not None,
        )

    def _running(self) -> _core.Core:
        """The core; a new one after a shutdown or in a forked process, with the same namespaces."""
        if self._is_closed or self._process is not _process:
            if self._process is not _process:
                _of_parents.append(self._core)
            self._core = self._new_core()
            self._process, self._is_closed = _process, False
            keys, self._keys = self._keys, []
            for name in self._registry.static_names():
                self._core.of(name)
            for key in keys:
                self._ask_for(key)
        return self._core

    def _reconfigure(self, **options: object) -> None:
        """Changes options before the first client."""
        self._options.core.update(options)
        self._is_closed = True

    def _ask_for(self, key: Key) -> None:
        self._keys.append(key)
        self._core.of_matching(len(self._keys) - 1)

    def _matchers(self) -> list[Any]:
        return self._keys

    def _namespaces(self) -> list[str]:
        return self._core.namespaces()

    @property
    def clients_count(self) -> int:
        """How many connections there are, whatever namespaces they joined."""
        return self._running().clients_count

    # ------------------------------------------------------------------ registering
    def of(self, namespace: Key) -> Registered[N, S]:
        """A namespace, or, for a pattern as ``/room-{id}``, a regular expression or a function, all that fit.

        A function is called with name and credentials, and may be a coroutine function. What is registered at the
        result is for all of them. ``"*"`` is every namespace.
        """
        from .namespace import Registered

        is_new = not self._registry.knows(namespace)
        self._registry.scope(namespace)
        if is_new:
            core = self._running()
            if is_dynamic(namespace) or namespace == ALL:
                self._ask_for(namespace)
            else:
                core.of(str(namespace))
        return Registered(self, namespace)

    def _scope(self, namespace: Key | None) -> Any:
        key = "/" if namespace is None else namespace
        self.of(key)
        return self._registry.scope(key)

    @overload
    def on(self, event: str, handler: F, namespace: Key | None = None) -> F: ...
    @overload
    def on(self, event: str, handler: None = None, namespace: Key | None = None) -> Callable[[F], F]: ...
    def on(self, event: str, handler: Any = None, namespace: Key | None = None) -> Any:
        """Registers the handler of an event; also a decorator.

        :param event: its name; ``"*"`` for all that have none of their own. ``connect`` gets ``(sid, environ, auth)``,
            ``disconnect`` ``(sid, reason)``, ``disconnecting`` ``(sid, reason, rooms)``, each as many as it takes;
            all others ``(sid, *args)``, with the event before it for ``"*"``.
        :param namespace: default ``"/"``; ``"*"`` for all, or what :meth:`of` takes. Where it stands for many, the name
            of the client's namespace comes before ``sid``.

        What it returns is the acknowledgement: None is no argument, a tuple several.
        """

        def register(function: F) -> F:
            if Handler(function).is_async and not self.is_asyncio_based():
                raise TypeError(f"{function!r} is a coroutine function, which AsyncServer takes")
            self._scope(namespace).events[event] = function
            return function

        return register if handler is None else register(handler)

    @overload
    def event(self, handler: F, /) -> F: ...
    @overload
    def event(self, /, *, namespace: Key | None = None) -> Callable[[F], F]: ...
    def event(self, handler: Any = None, /, *, namespace: Key | None = None) -> Any:
        """A decorator that registers a function for the event of its name."""

        def register(function: F) -> F:
            return self.on(function.__name__, function, namespace)

        return register if handler is None else register(handler)

    def register_namespace(self, namespace_handler: BaseNamespace[N, S]) -> None:
        """Registers a class namespace: its methods ``on_…`` are handlers."""
        scope = self._scope(namespace_handler.namespace)
        scope.namespace = namespace_handler
        namespace_handler._set_server(self)

    def use(self, middleware: F, namespace: Key | None = None) -> F:
        """Adds a middleware that every new client passes before the connect handler; also a decorator.

        It gets a :class:`~pancar.Socket` and refuses by returning False or raising
        :class:`~pancar.exceptions.ConnectionRefusedError`.
        """
        self._scope(namespace).middlewares.append(Handler(middleware))
        return middleware

    def on_any(self, handler: F, namespace: Key | None = None) -> F:
        """Adds a listener for all events, called with ``(event, sid, *args)`` before handlers; also a decorator."""
        self._scope(namespace).any.append(Handler(handler))
        return handler

    def on_any_outgoing(self, handler: F, namespace: Key | None = None) -> F:
        """Adds a listener for all events that are sent, called with ``(event, sid, *args)`` for each client.

        It is called before the event is sent; also a decorator. It costs a call for every recipient.
        """
        self._has_outgoing = True
        self._scope(namespace).any_outgoing.append(Handler(handler))
        return handler

    def on_server_side(self, event: str, handler: Function, namespace: Key | None = None) -> None:
        """Sets the handler of an event that another server of a cluster sends with ``server_side_emit``."""
        self._scope(namespace).server_side[event] = Handler(handler)

    # ------------------------------------------------------------------ clients
    def _find(self, sid: str, namespace: str) -> _core.Socket | None:
        return self._held.get((namespace, sid)) or self._running().find(namespace, sid)

    def _sockets_leave(self, target: Target, rooms: tuple[str, ...]) -> None:
        self._running().sockets_leave(target.namespace, target.rooms, target.except_, target.flags, rooms)

    def _socket(self, sid: str, namespace: str) -> _core.Socket:
        socket = self._find(sid, namespace)
        if socket is None:
            raise KeyError(f"no client {sid!r} in namespace {namespace!r}")
        return socket

    def _session(self, sid: str, namespace: str) -> dict[str, Any]:
        state = self._state(self._socket(sid, namespace))
        if state.session is None:
            state.session = {}
        return state.session

    def _environ(self, socket: _core.Socket) -> dict[str, Any]:
        state = self._state(socket)
        if state.environ is None:
            state.environ = environ_of(socket)
        return state.environ

    def _view(self, socket: _core.Socket) -> Any:
        state = self._state(socket)
        if state.view is None:
            state.view = self._new_view(socket)
        return state.view

    def _new_view(self, socket: _core.Socket) -> BaseSocket[N, S]:
        raise NotImplementedError

    def _value(self, value: dict[str, Any]) -> S:
        raise NotImplementedError

    # ------------------------------------------------------------------ sending
    def _emit(self, target: Target, event: str, data: Any, callback: Callable[..., Any] | None = None) -> None:
        args = pack(data)
        if callback is not None:
            self._emit_to_each(target, event, args, callback)
            return
        namespace, rooms, except_, flags, _ = target
        if self._talks:
            self.logger.info("emitting event %r to %s in %s", event, " ".join(rooms) or "all", namespace)
        if self._held and rooms:
            rooms = self._emit_to_held(target, event, args)
            if not rooms:
                return
        if self._has_outgoing:
            self._tell_all_outgoing(target, rooms, event, args)
        self._running().emit(namespace, event, args, rooms, except_, flags, self._options.default)

    def _tell_all_outgoing(self, target: Target, rooms: tuple[str, ...], event: str, args: tuple[Any, ...]) -> None:
        for socket in self._running().sockets(target.namespace, rooms, target.except_):
            self._tell_outgoing(socket, event, args)

    def _emit_to_held(self, target: Target, event: str, args: tuple[Any, ...]) -> tuple[str, ...]:
        """Sends to clients whose connect handler runs; the rooms that are left."""
        rooms = []
        for room in target.rooms:
            socket = self._held.get((target.namespace, room))
            if socket is None:
                rooms.append(room)
            elif room not in target.except_:
                self._send(socket, event, args, target.flags)
        return tuple(rooms)

    def _dismiss(self, socket: _core.Socket, close: bool = False) -> None:
        """Disconnects a client; what it sent before it knew is not handled."""
        self._state(socket).dismissed = True
        socket.disconnect(close)

    def _dismiss_all(self, target: Target, close: bool) -> None:
        core = self._running()
        for socket in core.sockets(target.namespace, target.rooms, target.except_):
            self._state(socket).dismissed = True
        core.disconnect_sockets(target.namespace, target.rooms, target.except_, target.flags, close)

    def _emit_to_each(self, target: Target, event: str, args: tuple[Any, ...], callback: Callable[..., Any]) -> None:
        held = [self._held.get((target.namespace, room)) for room in target.rooms]
        sockets = [socket for socket in held if socket is not None]
        if len(sockets) < len(target.rooms) or not target.rooms:
            sockets += self._running().sockets(target.namespace, target.rooms, target.except_)
        handler = Handler(callback)

        def answered(status: int = DISCONNECTED, answer: tuple[Any, ...] | None = None) -> None:
            if status == ANSWERED:
                self._call_back(handler, answer or (), f"the acknowledgement of {event!r}")

        for socket in sockets:
            if self._has_outgoing:
                self._tell_outgoing(socket, event, args)
            token = self._expect(answered)
            try:
                socket.emit_with_ack(event, args, None, token, target.flags, self._options.default)
            except BaseException:
                self._waiting.pop(token, None)
                raise

    def _call_back(self, handler: Handler, args: tuple[Any, ...], what: str) -> None:
        self._fire(handler, args, what)

    def _server_side_emit(self, namespace: str, event: str, data: Any) -> None:
        self._running().server_side_emit(namespace, event, pack(data))

    # ------------------------------------------------------------------ answers
    def _expect(self, resolve: Callable[..., None]) -> int:
        """A number under which the core will answer."""
        token = next(self._tokens)
        self._waiting[token] = resolve
        return token

    def _give_up_waiting(self) -> None:
        """The core has closed: nothing will be answered any more."""
        waiting, self._waiting = self._waiting, {}
        for resolve in waiting.values():
            resolve()

    def _future(self) -> Any:
        """Something with ``set_result`` and ``set_exception`` that the caller can wait for."""
        raise NotImplementedError

    def _settle(self, future: Any, result: Any = None, error: BaseException | None = None) -> None:
        raise NotImplementedError

    def _promise(self, read: Callable[..., Any], start: Callable[[int], None]) -> Any:
        """A future for the answer to what is started; ``read`` makes the result of it, or raises."""
        future = self._future()

        def resolve(*answer: Any) -> None:
            try:
                if not answer:
                    raise exceptions.DisconnectedError("the server was closed")
                result = read(*answer)
            except Exception as error:
                self._settle(future, error=error)
            else:
                self._settle(future, result)

        token = self._expect(resolve)
        try:
            start(token)
        except BaseException:
            self._waiting.pop(token, None)
            raise
        return future

    def _call(self, event: str, data: Any, sid: str | None, namespace: str, timeout: float | None) -> Any:
        if sid is None:
            raise ValueError("call() needs a client: give its id as to=")
        socket = self._find(sid, namespace)
        if socket is None:
            raise exceptions.DisconnectedError(f"no client {sid!r} in namespace {namespace!r}")
        return self._ask(socket, event, data, timeout)

    def _ask(self, socket: _core.Socket, event: str, data: Any, timeout: float | None, flags: int = 0) -> Any:
        def start(token: int) -> None:
            if self._has_outgoing:
                self._tell_outgoing(socket, event, pack(data))
            socket.emit_with_ack(event, pack(data), timeout, token, flags, self._options.default)

        def read(status: int, args: tuple[Any, ...] | None) -> Any:
            if status == ANSWERED:
                return unpack(args)
            if status == TIMEOUT:
                raise exceptions.TimeoutError(f"no answer to {event!r}")
            raise exceptions.DisconnectedError(f"the client left before it answered {event!r}")

        try:
            return self._promise(read, start)
        except _core.CoreError as error:
            if error.kind == DISCONNECTED:
                raise exceptions.DisconnectedError(str(error)) from error
            raise

    def _ask_many(self, target: Target, event: str, data: Any) -> Any:
        def start(token: int) -> None:
            if self._has_outgoing:
                self._tell_all_outgoing(target, target.rooms, event, pack(data))
            self._running().emit_with_ack(
                target.namespace,
                event,
                pack(data),
                target.rooms,
                target.except_,
                target.flags,
                target.timeout,
                token,
                self._options.default,
            )

        def read(answers: list[tuple[str, int, tuple[Any, ...] | None]]) -> list[Answer]:
            return [Answer(sid, args or (), _ERRORS.get(status, "disconnected")) for sid, status, args in answers]

        return self._promise(read, start)

    def _fetch(self, target: Target) -> Any:
        def start(token: int) -> None:
            self._running().fetch_sockets(target.namespace, target.rooms, target.except_, target.flags, token)

        def read(kind: int, found: list[Any] | None) -> list[RemoteSocket[N, S]]:
            if kind != ANSWERED:
                raise exceptions.SocketIOError(f"the sockets could not be fetched: error {kind}")
            return [RemoteSocket(self, target.namespace, *each) for each in found or ()]

        return self._promise(read, start)
