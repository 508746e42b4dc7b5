"""A client in a namespace as an object: what the official server calls a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from . import _core
from ._done import Done
from ._handlers import Handler
from ._state import Listener, Listeners, State
from ._target import N, Rooms, S, SyncBroadcast, Target, Targeting, AsyncBroadcast, names, pack

if TYPE_CHECKING:
    from ._base import BaseServer

F = TypeVar("F", bound=Callable[..., Any])


class BaseSocket(Targeting[N, S]):
    """One client in one namespace; ``sio.socket(sid)`` gives it, and middlewares get it.

    Its listeners are called with the arguments of the event alone. They come on top of the handlers of the server.
    """

    def __init__(self, server: BaseServer[N, S], socket: _core.Socket, target: Target | None = None) -> None:
        self._server = server
        self._socket = socket
        self._target = target or Target(socket.namespace)

    def _with(self, **changes: Any) -> Any:
        copy = super()._with(**changes)
        copy._socket = self._socket
        return copy

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.sid} in {self.namespace}>"

    # ------------------------------------------------------------------ what it is
    @property
    def sid(self) -> str:
        """Its public id, which is also the name of its own room."""
        return self._socket.sid

    id = sid

    @property
    def namespace(self) -> str:
        """The name of its namespace."""
        return self._socket.namespace

    @property
    def connected(self) -> bool:
        """Whether it is in its namespace now; not while connect handlers run."""
        return self._socket.connected

    @property
    def recovered(self) -> bool:
        """Whether it is a session that came back, with ``connection_state_recovery``."""
        return self._socket.recovered

    @property
    def transport(self) -> str:
        """``"polling"`` or ``"websocket"``, as it is now."""
        return self._socket.transport

    @property
    def handshake(self) -> dict[str, Any]:
        """The request that opened its connection, in the form of the official server: headers, query, auth and so on."""
        return self._socket.handshake

    @property
    def auth(self) -> Any:
        """The credentials that it sent; ``{}`` when none."""
        return self._socket.auth

    @property
    def environ(self) -> dict[str, Any]:
        """The request that opened its connection, in the form of WSGI, with ``asgi.scope``."""
        return self._server._environ(self._socket)

    @property
    def rooms(self) -> list[str]:
        """The rooms that it is in, its own one included."""
        return self._socket.rooms

    @property
    def data(self) -> Any:
        """A JSON value of yours, ``{}`` at first. Other servers of a cluster see it, and it survives recovery.

        A copy: assign it to change it.
        """
        return self._socket.data

    @data.setter
    def data(self, value: Any) -> None:
        self._socket.data = value

    # ------------------------------------------------------------------ what is done to it
    def emit(self, event: str, data: Any = None) -> N:
        """Sends an event to it, or, with rooms, to those in them but it. A tuple is several arguments, None is none."""
        if self._target.rooms:
            self._server._emit(self._broadcast_target(), event, data)
        else:
            self._server._send(self._socket, event, pack(data), self._target.flags)
        return self._server._nothing

    def send(self, data: Any = None) -> N:
        """Sends the event ``message``."""
        return self.emit("message", data)

    def join(self, rooms: Rooms) -> N:
        """Enters rooms. Before it is connected, it enters them when it is."""
        self._socket.join(names(rooms))
        return self._server._nothing

    def leave(self, room: str) -> N:
        """Leaves a room."""
        self._socket.leave(room)
        return self._server._nothing

    def disconnect(self, close: bool = False) -> N:
        """Disconnects it from its namespace; with ``close`` its connection ends."""
        self._server._dismiss(self._socket, close)
        return self._server._nothing

    def _broadcast_target(self) -> Target:
        target = self._target
        return Target(target.namespace, target.rooms, (*target.except_, self.sid), target.flags, target.timeout)

    # ------------------------------------------------------------------ its listeners
    def _listeners(self) -> Listeners:
        state: State = self._server._state(self._socket)
        if state.listeners is None:
            state.listeners = Listeners()
        return state.listeners

    @overload
    def on(self, event: str, handler: F) -> F: ...
    @overload
    def on(self, event: str) -> Callable[[F], F]: ...
    def on(self, event: str, handler: Any = None) -> Any:
        """Adds a listener; also a decorator. ``disconnect`` and ``disconnecting`` get the reason."""
        return self._add(event, handler, once=False)

    @overload
    def once(self, event: str, handler: F) -> F: ...
    @overload
    def once(self, event: str) -> Callable[[F], F]: ...
    def once(self, event: str, handler: Any = None) -> Any:
        """Adds a listener for one time; also a decorator."""
        return self._add(event, handler, once=True)

    def _add(self, event: str, handler: Any, once: bool) -> Any:
        def add(function: F) -> F:
            self._listeners().events.setdefault(event, []).append(Listener(function, once))
            return function

        return add if handler is None else add(handler)

    def off(self, event: str, handler: Callable[..., Any] | None = None) -> None:
        """Removes a listener of an event, or all of them."""
        events = self._listeners().events
        if handler is None:
            events.pop(event, None)
        else:
            events[event] = [known for known in events.get(event, []) if known.handler.function != handler]

    def use(self, middleware: F) -> F:
        """Adds a middleware for its events, called with name and arguments before any handler; also a decorator.

        It refuses an event by returning False or raising :class:`~pancar.exceptions.EventRefusedError`. While one that
        is a coroutine function waits, later events of this client wait too.
        """
        self._listeners().middlewares.append(Handler(middleware))
        return middleware

    def on_error(self, handler: F) -> F:
        """Adds a listener for events that a middleware refused, called with the exception; also a decorator."""
        self._listeners().errors.append(Handler(handler))
        return handler

    def on_any(self, handler: F) -> F:
        """Adds a listener for all its events, called with name and arguments before all else; also a decorator."""
        self._listeners().any.append(Handler(handler))
        return handler

    def off_any(self, handler: Callable[..., Any] | None = None) -> None:
        """Removes a listener of :meth:`on_any`, or all of them."""
        listeners = self._listeners()
        listeners.any = [known for known in listeners.any if handler is not None and known.function != handler]

    def on_any_outgoing(self, handler: F) -> F:
        """Adds a listener for all events that are sent to it, called with name and arguments; also a decorator."""
        self._listeners().any_outgoing.append(Handler(handler))
        self._server._has_outgoing = True
        return handler

    def off_any_outgoing(self, handler: Callable[..., Any] | None = None) -> None:
        """Removes a listener of :meth:`on_any_outgoing`, or all of them."""
        listeners = self._listeners()
        kept = [known for known in listeners.any_outgoing if handler is not None and known.function != handler]
        listeners.any_outgoing = kept


class AsyncSocket(BaseSocket[Done[None], Done[dict[str, Any]]]):
    """A client of an :class:`~pancar.AsyncServer`."""

    async def emit_with_ack(self, event: str, data: Any = None) -> Any:
        """Sends an event and waits for its answer: None, the only argument, or a tuple of several.

        Raises :class:`~pancar.exceptions.TimeoutError` past :meth:`timeout` and
        :class:`~pancar.exceptions.DisconnectedError` when it leaves.
        """
        return await self._server._ask(self._socket, event, data, self._target.timeout, self._target.flags)

    @property
    def broadcast(self) -> AsyncBroadcast:
        """Everyone in the namespace but this client."""
        return AsyncBroadcast(self._server, self._broadcast_target())


class SyncSocket(BaseSocket[None, dict[str, Any]]):
    """A client of a :class:`~pancar.Server`."""

    def emit_with_ack(self, event: str, data: Any = None) -> Any:
        """Sends an event and blocks until it has answered: None, the only argument, or a tuple of several.

        Raises :class:`~pancar.exceptions.TimeoutError` past :meth:`timeout` and
        :class:`~pancar.exceptions.DisconnectedError` when it leaves.
        """
        return self._server._ask(self._socket, event, data, self._target.timeout, self._target.flags).result()

    @property
    def broadcast(self) -> SyncBroadcast:
        """Everyone in the namespace but this client."""
        return SyncBroadcast(self._server, self._broadcast_target())
