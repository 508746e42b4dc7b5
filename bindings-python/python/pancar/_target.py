"""Whom an event is for, as a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, Union

from ._core import LOCAL, NO_COMPRESS, VOLATILE
from ._done import Done

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._base import BaseServer

#: One room, or several. The id of a client is a room.
Rooms = Union[str, Iterable[str]]
#: What an operation without a result returns: None, or something that may be awaited.
N = TypeVar("N")
#: A session, or something that is awaited for one.
S = TypeVar("S")


class Target(NamedTuple):
    """A namespace, rooms in it, and how to send."""

    namespace: str = "/"
    rooms: tuple[str, ...] = ()
    except_: tuple[str, ...] = ()
    flags: int = 0
    timeout: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a client answered to a broadcast that wants acknowledgements."""

    #: The id of the client.
    sid: str
    #: The arguments of its acknowledgement; empty where there is none.
    args: tuple[Any, ...] = ()
    #: None, ``"timeout"`` or ``"disconnected"``.
    error: str | None = None

    @property
    def value(self) -> Any:
        """The first argument, or None."""
        return self.args[0] if self.args else None


def names(rooms: Rooms | None) -> tuple[str, ...]:
    """One name or several as a tuple; None is none."""
    if rooms is None:
        return ()
    return (rooms,) if isinstance(rooms, str) else tuple(rooms)


def pack(data: Any) -> tuple[Any, ...]:
    """Data as arguments: a tuple is several, None is none."""
    if data is None:
        return ()
    if not isinstance(data, tuple):
        return (data,)
    return data if type(data) is tuple else tuple(data)


def unpack(args: tuple[Any, ...] | None) -> Any:
    """Arguments as one value: None, the only one, or the tuple."""
    if not args:
        return None
    return args[0] if len(args) == 1 else args


class Targeting(Generic[N, S]):
    """The steps that narrow a broadcast. Each gives a new value, so that none is in the way of another."""

    _server: BaseServer[N, S]
    _target: Target

    def _with(self, **changes: Any) -> Self:
        copy = object.__new__(type(self))
        copy._server = self._server
        copy._target = self._target._replace(**changes)
        return copy

    def to(self, rooms: Rooms) -> Self:
        """Only those in a room, or in any of several; called twice, in any of all."""
        return self._with(rooms=self._target.rooms + names(rooms))

    in_ = to

    def except_(self, rooms: Rooms) -> Self:
        """Not those in a room, or in any of several. The id of a client is a room."""
        return self._with(except_=self._target.except_ + names(rooms))

    @property
    def volatile(self) -> Self:
        """May be dropped for clients that can't take it at once."""
        return self._with(flags=self._target.flags | VOLATILE)

    @property
    def local(self) -> Self:
        """Only clients of this server of a cluster."""
        return self._with(flags=self._target.flags | LOCAL)

    def compress(self, compress: bool) -> Self:
        """Whether HTTP answers with it may be compressed. Default true."""
        flags = self._target.flags
        return self._with(flags=flags & ~NO_COMPRESS if compress else flags | NO_COMPRESS)

    def timeout(self, seconds: float) -> Self:
        """How long acknowledgements are waited for. Seconds; by default the option ``ack_timeout``."""
        return self._with(timeout=seconds)


class Broadcasting(Targeting[N, S]):
    """What may be done to many clients at once."""

    def __init__(self, server: BaseServer[N, S], target: Target) -> None:
        self._server = server
        self._target = target

    def emit(self, event: str, data: Any = None) -> N:
        """Sends an event to all of them. A tuple is several arguments, None is none."""
        self._server._emit(self._target, event, data)
        return self._server._nothing

    def send(self, data: Any = None) -> N:
        """Sends the event ``message``."""
        return self.emit("message", data)

    def sockets_join(self, rooms: Rooms) -> N:
        """Lets all of them enter rooms."""
        target = self._target
        core = self._server._running()
        core.sockets_join(target.namespace, target.rooms, target.except_, target.flags, names(rooms))
        return self._server._nothing

    def sockets_leave(self, rooms: Rooms) -> N:
        """Lets all of them leave rooms."""
        self._server._sockets_leave(self._target, names(rooms))
        return self._server._nothing

    def disconnect_sockets(self, close: bool = False) -> N:
        """Disconnects all of them from the namespace; with ``close`` their connections end."""
        self._server._dismiss_all(self._target, close)
        return self._server._nothing


class AsyncBroadcast(Broadcasting[Done[None], Done[dict[str, Any]]]):
    """Clients of an :class:`~pancar.AsyncServer`."""

    async def emit_with_ack(self, event: str, data: Any = None) -> list[Answer]:
        """Sends an event and waits for what each of them answers."""
        answers: list[Answer] = await self._server._ask_many(self._target, event, data)
        return answers

    async def fetch_sockets(self) -> list[RemoteSocket[Done[None], Done[dict[str, Any]]]]:
        """All of them, on all servers of a cluster. Raises :class:`~pancar.CoreError`."""
        sockets: list[RemoteSocket[Done[None], Done[dict[str, Any]]]] = await self._server._fetch(self._target)
        return sockets


class SyncBroadcast(Broadcasting[None, dict[str, Any]]):
    """Clients of a :class:`~pancar.Server`."""

    def emit_with_ack(self, event: str, data: Any = None) -> list[Answer]:
        """Sends an event and blocks until each of them has answered, left, or is late."""
        answers: list[Answer] = self._server._ask_many(self._target, event, data).result()
        return answers

    def fetch_sockets(self) -> list[RemoteSocket[None, dict[str, Any]]]:
        """All of them, on all servers of a cluster. Raises :class:`~pancar.CoreError`."""
        sockets: list[RemoteSocket[None, dict[str, Any]]] = self._server._fetch(self._target).result()
        return sockets


class RemoteSocket(Generic[N, S]):
    """A client as :meth:`fetch_sockets` found it, maybe on another server."""

    def __init__(
        self, server: BaseServer[N, S], namespace: str, sid: str, rooms: list[str], data: Any, handshake: dict[str, Any]
    ) -> None:
        self.sid = sid
        self.namespace = namespace
        #: Its rooms when it was fetched, its own one included.
        self.rooms = rooms
        #: What :attr:`Socket.data` was when it was fetched.
        self.data = data
        #: The request that opened its connection, in the form of the official server.
        self.handshake = handshake
        self._all: Broadcasting[N, S] = Broadcasting(server, Target(namespace, (sid,)))

    @property
    def id(self) -> str:
        """The same as ``sid``."""
        return self.sid

    def emit(self, event: str, data: Any = None) -> N:
        """Sends an event to it."""
        return self._all.emit(event, data)

    def join(self, rooms: Rooms) -> N:
        """Lets it enter rooms."""
        return self._all.sockets_join(rooms)

    def leave(self, rooms: Rooms) -> N:
        """Lets it leave rooms."""
        return self._all.sockets_leave(rooms)

    def disconnect(self, close: bool = False) -> N:
        """Disconnects it from the namespace; with ``close`` its connection ends."""
        return self._all.disconnect_sockets(close)

    def __repr__(self) -> str:
        return f"<RemoteSocket {self.sid} in {self.namespace}>"
