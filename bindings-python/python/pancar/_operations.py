"""What servers and class namespaces can do, with and without asyncio: the names of python-socketio, and more."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._core import LOCAL, VOLATILE
from ._done import Done
from ._target import N, Rooms, S, Answer, AsyncBroadcast, Broadcasting, RemoteSocket, SyncBroadcast, Target, names
from .socket import AsyncSocket, SyncSocket

if TYPE_CHECKING:
    from ._base import BaseServer

#: Clients to send to, and one client, with asyncio or with threads.
B = TypeVar("B")
K = TypeVar("K")

# Seconds that python-socketio waits for an answer.
CALL_TIMEOUT = 60.0


class SessionContext:
    """``with sio.session(sid) as session``, or ``async with``: saves the session at the end of the block."""

    def __init__(self, save: Callable[[dict[str, Any]], object], session: dict[str, Any]) -> None:
        self._save = save
        self._session = session

    def __enter__(self) -> dict[str, Any]:
        return self._session

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._save(self._session)

    async def __aenter__(self) -> dict[str, Any]:
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._save(self._session)


class Operations(Generic[N, S, B, K]):
    """In all methods ``namespace`` is ``"/"`` by default, in a class namespace its own one.

    Where a client is named by ``sid``, one that is unknown or gone is a KeyError, except for what is sent: that goes
    nowhere. Methods without a result may be awaited or not in an :class:`~pancar.AsyncServer`.
    """

    @property
    def _home(self) -> BaseServer[N, S]:
        raise NotImplementedError

    def _at(self, namespace: str | None) -> str:
        return namespace or "/"

    def _some(self, target: Target) -> B:
        raise NotImplementedError

    def _everyone(self, namespace: str | None) -> Broadcasting[N, S]:
        return Broadcasting(self._home, Target(self._at(namespace)))

    # ------------------------------------------------------------------ sending
    def emit(
        self,
        event: str,
        data: Any = None,
        to: Rooms | None = None,
        room: Rooms | None = None,
        skip_sid: Rooms | None = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,
    ) -> N:
        """Sends an event to everyone in a namespace, or to those in a room.

        :param event: its name. ``connect`` and the like are reserved: CoreError.
        :param data: what is sent. A tuple is several arguments, None is none; bytes may stand anywhere in it.
            TypeError for what has no JSON form, see the option ``default``.
        :param to: a client's id, a room, or a list of them. Default everyone.
        :param room: the same as ``to``.
        :param skip_sid: ids of clients (or rooms) that don't get it.
        :param callback: called with the arguments of each acknowledgement. It is not called for clients that leave.
        :param ignore_queue: only clients of this server of a cluster.

        It never waits for the network. A client that does not read is disconnected, see ``max_buffered_bytes``.
        """
        flags = LOCAL if ignore_queue else 0
        target = Target(self._at(namespace), names(room if to is None else to), names(skip_sid), flags)
        home = self._home
        home._emit(target, event, data, callback)
        return home._nothing

    def send(
        self,
        data: Any,
        to: Rooms | None = None,
        room: Rooms | None = None,
        skip_sid: Rooms | None = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,
    ) -> N:
        """Sends the event ``message``; see :meth:`emit`."""
        return self.emit("message", data, to, room, skip_sid, namespace, callback, ignore_queue)

    # ------------------------------------------------------------------ rooms
    def enter_room(self, sid: str, room: Rooms, namespace: str | None = None) -> N:
        """Puts a client into a room (or several), also while its connect handler runs."""
        self._home._socket(sid, self._at(namespace)).join(names(room))
        return self._home._nothing

    def leave_room(self, sid: str, room: Rooms, namespace: str | None = None) -> N:
        """Takes a client out of a room (or several)."""
        socket = self._home._socket(sid, self._at(namespace))
        for name in names(room):
            socket.leave(name)
        return self._home._nothing

    def close_room(self, room: str, namespace: str | None = None) -> N:
        """Takes all clients out of a room."""
        self._home._sockets_leave(Target(self._at(namespace), (room,)), (room,))
        return self._home._nothing

    def rooms(self, sid: str, namespace: str | None = None) -> list[str]:
        """The rooms of a client, the one of its own id included."""
        return self._home._socket(sid, self._at(namespace)).rooms

    # ------------------------------------------------------------------ one client
    def save_session(self, sid: str, session: dict[str, Any], namespace: str | None = None) -> N:
        """Keeps a dict of yours for a client until it leaves; replaces what was kept."""
        home = self._home
        home._state(home._socket(sid, self._at(namespace))).session = session
        return home._nothing

    def get_session(self, sid: str, namespace: str | None = None) -> S:
        """The dict that is kept for a client; empty at first. Changes to it are kept."""
        home = self._home
        return home._value(home._session(sid, self._at(namespace)))

    def session(self, sid: str, namespace: str | None = None) -> SessionContext:
        """The dict of a client for a block of ``with`` or ``async with``; saved at its end."""
        name = self._at(namespace)
        session = self._home._session(sid, name)
        return SessionContext(lambda changed: self.save_session(sid, changed, name), session)

    def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> N:
        """Disconnects a client from a namespace; nothing where it is gone."""
        name = self._at(namespace)
        socket = self._home._find(sid, name)
        if socket is not None:
            self._home._dismiss(socket)
        else:
            self._home._running().disconnect_sockets(name, (sid,), (), LOCAL if ignore_queue else 0, False)
        return self._home._nothing

    # ------------------------------------------------------------------ its connection
    def transport(self, sid: str, namespace: str | None = None) -> str:
        """``"polling"`` or ``"websocket"``, as a client is connected now."""
        return self._home._socket(sid, self._at(namespace)).transport

    def get_environ(self, sid: str, namespace: str | None = None) -> dict[str, Any] | None:
        """The request that opened a client's connection in the form of WSGI; None where it is unknown."""
        socket = self._home._find(sid, self._at(namespace))
        return None if socket is None else self._home._environ(socket)

    # ------------------------------------------------------------------ everyone
    def sockets_join(self, rooms: Rooms, namespace: str | None = None) -> N:
        """Lets everyone in a namespace enter rooms; for fewer, ``sio.to("room").sockets_join(...)``."""
        return self._everyone(namespace).sockets_join(rooms)

    def sockets_leave(self, rooms: Rooms, namespace: str | None = None) -> N:
        """Lets everyone in a namespace leave rooms; for fewer, ``sio.to("room").sockets_leave(...)``."""
        return self._everyone(namespace).sockets_leave(rooms)

    def disconnect_sockets(self, close: bool = False, namespace: str | None = None) -> N:
        """Disconnects everyone from a namespace; with ``close`` their connections end."""
        return self._everyone(namespace).disconnect_sockets(close)

    def server_side_emit(self, event: str, data: Any = None, namespace: str | None = None) -> N:
        """Sends an event to the other servers of a cluster; see :meth:`on_server_side`."""
        self._home._server_side_emit(self._at(namespace), event, data)
        return self._home._nothing

    def sockets_count(self, namespace: str | None = None) -> int:
        """How many clients are in a namespace."""
        return self._home._running().sockets_count(self._at(namespace))

    def rooms_count(self, namespace: str | None = None) -> int:
        """How many rooms there are in a namespace, the own one of each client included."""
        return self._home._running().rooms_count(self._at(namespace))

    # ------------------------------------------------------------------ some of the clients
    def to(self, rooms: Rooms, namespace: str | None = None) -> B:
        """Those in a room, or in any of several, as something to send to."""
        return self._some(Target(self._at(namespace), names(rooms)))

    in_ = to

    def except_(self, rooms: Rooms, namespace: str | None = None) -> B:
        """Those not in a room, or in any of several, as something to send to."""
        return self._some(Target(self._at(namespace), (), names(rooms)))

    def timeout(self, seconds: float, namespace: str | None = None) -> B:
        """Everyone, with a time for acknowledgements: ``sio.timeout(5).emit_with_ack("event")``."""
        return self._some(Target(self._at(namespace), timeout=seconds))

    @property
    def volatile(self) -> B:
        """Everyone, where events may be dropped for clients that can't take them at once."""
        return self._some(Target(self._at(None), flags=VOLATILE))

    @property
    def local(self) -> B:
        """Everyone on this server of a cluster."""
        return self._some(Target(self._at(None), flags=LOCAL))

    def socket(self, sid: str, namespace: str | None = None) -> K:
        """A client as an object: its handshake, data, listeners, middlewares. KeyError where it is unknown."""
        view: K = self._home._view(self._home._socket(sid, self._at(namespace)))
        return view


class AsyncOperations(Operations[Done[None], Done[dict[str, Any]], AsyncBroadcast, AsyncSocket]):
    """With asyncio."""

    def _some(self, target: Target) -> AsyncBroadcast:
        return AsyncBroadcast(self._home, target)

    async def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float | None = CALL_TIMEOUT,
        ignore_queue: bool = False,
    ) -> Any:
        """Sends an event to one client and waits for its answer: None, the only argument, or a tuple of several.

        :param to: its id; ``sid`` is the same.
        :param timeout: seconds, default 60; None waits as long as it is connected.
        :raises TimeoutError: of :mod:`pancar.exceptions`, when it did not answer in time.
        :raises DisconnectedError: when it is gone, or leaves meanwhile.
        """
        return await self._home._call(event, data, to or sid, self._at(namespace), timeout)

    async def fetch_sockets(
        self, namespace: str | None = None
    ) -> list[RemoteSocket[Done[None], Done[dict[str, Any]]]]:
        """Everyone in a namespace; for fewer, ``await sio.to("room").fetch_sockets()``."""
        target = Target(self._at(namespace))
        sockets: list[RemoteSocket[Done[None], Done[dict[str, Any]]]] = await self._home._fetch(target)
        return sockets


class SyncOperations(Operations[None, dict[str, Any], SyncBroadcast, SyncSocket]):
    """With threads."""

    def _some(self, target: Target) -> SyncBroadcast:
        return SyncBroadcast(self._home, target)

    def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float | None = CALL_TIMEOUT,
        ignore_queue: bool = False,
    ) -> Any:
        """Sends an event to one client and blocks until it answers: None, the only argument, or a tuple of several.

        :param to: its id; ``sid`` is the same.
        :param timeout: seconds, default 60; None waits as long as it is connected.
        :raises TimeoutError: of :mod:`pancar.exceptions`, when it did not answer in time.
        :raises DisconnectedError: when it is gone, or leaves meanwhile.
        """
        return self._home._call(event, data, to or sid, self._at(namespace), timeout).result()

    def fetch_sockets(self, namespace: str | None = None) -> list[RemoteSocket[None, dict[str, Any]]]:
        """Everyone in a namespace; for fewer, ``sio.to("room").fetch_sockets()``."""
        sockets: list[RemoteSocket[None, dict[str, Any]]] = self._home._fetch(Target(self._at(namespace))).result()
        return sockets


__all__ = ["Answer", "AsyncOperations", "Operations", "SessionContext", "SyncOperations"]
