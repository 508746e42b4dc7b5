"""The native half, as the idiom layer sees it: it pulls events, and gives commands.

Everything may be called from any thread; nothing waits for the network; nothing calls back into Python but `default`.
The core's errors are `CoreError` with the number of their kind (core/src/error.rs, ErrorKind). Values that have
no JSON form are TypeError or ValueError, and name the place: `args[0].user.photo`. NaN and infinity are sent as null,
lone surrogates as U+FFFD. A process that was forked from the one that made a server gets RuntimeError from it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

__all__ = [
    "ACK", "ACKS", "ALLOW", "AllowRequest", "CLOSED", "CONNECT", "CONNECTION_ERROR", "Core", "CoreError",
    "DISCONNECT", "DISCONNECTING", "EVENT", "ExternalSocket", "FETCHED", "JOIN", "JoinRequest", "LOCAL", "LOG", "MATCH",
    "MatchRequest", "NO_COMPRESS", "OUTBOX", "OUTGOING", "Pending", "RESPONSE", "Reply", "SERVER_SIDE", "Socket",
    "TASK", "VOLATILE", "WEBSOCKET", "__version__", "dumps", "loads",
]
__version__: str

_Args = tuple[object, ...]
_Default = Callable[[object], object] | None
_Headers = Sequence[tuple[bytes, bytes]]

class CoreError(Exception):
    kind: int

# ------------------------------------------------------------------ kinds of events: the first item of their tuples
# (JOIN, request: JoinRequest, socket: Socket)      a client asks to join: accept or reject, once
JOIN: Final[int]
# (CONNECT, socket)      it has joined
CONNECT: Final[int]
# (EVENT, socket, name: str, args: tuple, ack: int | None)
EVENT: Final[int]
# (DISCONNECTING, socket, reason: str, detail: str, rooms: list[str])
DISCONNECTING: Final[int]
# (DISCONNECT, socket, reason: str, detail: str)
DISCONNECT: Final[int]
# (OUTGOING, socket, name: str, args: tuple)      for sockets with watch_outgoing(True)
OUTGOING: Final[int]
# (ACK, token: int, status: int, args: tuple | None)      status 0 answered, 6 timeout, 5 disconnected
ACK: Final[int]
# (ACKS, token: int, [(sid: str, status: int, args: tuple | None), ...])
ACKS: Final[int]
# (MATCH, request: MatchRequest, name: str, auth: object, matcher: int)
MATCH: Final[int]
# (SERVER_SIDE, namespace: str, name: str, args: tuple, reply: Reply | None)
SERVER_SIDE: Final[int]
# (ALLOW, request: AllowRequest, handshake: dict)      only with allow_request=True
ALLOW: Final[int]
# (CONNECTION_ERROR, code: int, message: str, context: str, handshake: dict)      only with connection_errors=True
CONNECTION_ERROR: Final[int]
# (RESPONSE, token: int, status: int, headers: list[tuple[bytes, bytes]], body: bytes)
RESPONSE: Final[int]
# (WEBSOCKET, token: int, ExternalSocket | (status, headers, body))
WEBSOCKET: Final[int]
# (OUTBOX, token: int)      ExternalSocket.take() has something
OUTBOX: Final[int]
# (TASK, token: int)      what post() and post_after() put in
TASK: Final[int]
# (FETCHED, token: int, kind: int, [(sid: str, rooms: list[str], data, handshake: dict), ...] | None)      kind 0, or of an error
FETCHED: Final[int]
# (LOG, [(level: int, module: str, text: str), ...])      of the core itself; the level as `logging` has it
LOG: Final[int]
# (CLOSED,)      the last one, in every lane
CLOSED: Final[int]

# Flags, to be or-ed.
VOLATILE: Final[int]
LOCAL: Final[int]
NO_COMPRESS: Final[int]

@final
class Core:
    # `options`: names and values of pancar::Config::set
    def __new__(
        cls, options: Mapping[str, object], *, lanes: int = 1, allow_request: bool = False, connection_errors: bool = False
    ) -> Core: ...

    # ---------------------------------------------------------------- taking events
    # Readable while events wait.
    def fileno(self, lane: int = 0) -> int: ...
    # Never blocks; `max` 0 is all that waits. With `hold`, what this thread emits from now on leaves at `flush`, all of it
    # together: the worker is woken once per burst, which pays under asyncio. Not to be forgotten: flush() before this
    # thread blocks on anything. wait() and the next drain() flush first.
    def drain(self, max: int = 0, lane: int = 0, hold: bool = False) -> list[tuple[Any, ...]]: ...
    @staticmethod
    def flush() -> None: ...
    # Blocks without the GIL until drain() has something.
    def wait(self, timeout: float | None = None, lane: int = 0) -> bool: ...
    # Puts (TASK, token) in, and wakes the lane.
    def post(self, token: int, lane: int = 0) -> None: ...
    def post_after(self, delay: float, token: int, lane: int = 0) -> None: ...

    # ---------------------------------------------------------------- life
    # The port that was bound.
    def listen(self, host: str, port: int) -> int: ...
    def listen_unix(self, path: str) -> None: ...
    def listen_tls(self, host: str, port: int, certificates: bytes, key: bytes) -> int: ...
    # Gracefully; returns at once.
    def close(self) -> None: ...
    def wait_closed(self) -> None: ...
    @property
    def clients_count(self) -> int: ...

    # ---------------------------------------------------------------- namespaces
    # Makes it.
    def of(self, namespace: str) -> None: ...
    # "/room-{id}"
    def of_pattern(self, pattern: str) -> None: ...
    # Asks with MATCH.
    def of_matching(self, matcher: int) -> None: ...
    def namespaces(self) -> list[str]: ...
    def sockets_count(self, namespace: str) -> int: ...
    def rooms_count(self, namespace: str) -> int: ...
    # All rooms, with the number of their members.
    def rooms(self, namespace: str) -> list[tuple[str, int]]: ...
    def find(self, namespace: str, sid: str) -> Socket | None: ...
    # Those of this server.
    def sockets(self, namespace: str, rooms: Sequence[str] = ..., except_: Sequence[str] = ...) -> list[Socket]: ...

    # ---------------------------------------------------------------- sending
    # `args` are positional; `default` gets a value that has no JSON form and returns one that has.
    def emit(
        self,
        namespace: str,
        event: str,
        args: _Args,
        rooms: Sequence[str] = ...,
        except_: Sequence[str] = ...,
        flags: int = 0,
        default: _Default = None,
    ) -> None: ...
    # One ACKS.
    def emit_with_ack(
        self,
        namespace: str,
        event: str,
        args: _Args,
        rooms: Sequence[str],
        except_: Sequence[str],
        flags: int,
        timeout: float | None,
        token: int,
        default: _Default = None,
    ) -> None: ...
    # FETCHED.
    def fetch_sockets(
        self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, token: int
    ) -> None: ...
    def sockets_join(
        self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, join: Sequence[str]
    ) -> None: ...
    def sockets_leave(
        self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, leave: Sequence[str]
    ) -> None: ...
    def disconnect_sockets(
        self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, close: bool
    ) -> None: ...
    def server_side_emit(self, namespace: str, event: str, args: _Args) -> None: ...

    # ---------------------------------------------------------------- transports that another server owns
    # To be fed its body; RESPONSE. `kept` comes back as Socket.kept where it opens a connection.
    def request(
        self,
        method: str,
        target: str,
        headers: _Headers,
        remote: tuple[str, int] | None,
        secure: bool,
        token: int,
        kept: object = None,
    ) -> Pending: ...
    # WEBSOCKET.
    def websocket(
        self,
        target: str,
        headers: _Headers,
        remote: tuple[str, int] | None,
        secure: bool,
        token: int,
        kept: object = None,
    ) -> None: ...
    # Takes a copy of `fd`: the caller closes its own.
    def adopt(self, fd: int, read_already: bytes) -> None: ...

@final
class Socket:
    """One client in one namespace. The same object for the same client, always; weakly referenceable, hashed by identity."""

    sid: str
    namespace: str
    # Free for the idiom layer, None at first. The core keeps the object until drain() has given DISCONNECT, or the client
    # was refused; then it and its state go with the last reference, in cycles too.
    state: object
    # Any JSON value, {} at first; a copy.
    data: object
    @property
    def connected(self) -> bool: ...
    @property
    def recovered(self) -> bool: ...
    @property
    def lane(self) -> int: ...
    @property
    def transport(self) -> str: ...
    # The official form.
    @property
    def handshake(self) -> dict[str, Any]: ...
    # {} when none was sent.
    @property
    def auth(self) -> object: ...
    @property
    def auth_given(self) -> bool: ...
    @property
    def headers(self) -> list[tuple[bytes, bytes]]: ...
    # Path and query.
    @property
    def url(self) -> str: ...
    # What was given with the request that opened the connection.
    @property
    def kept(self) -> object: ...
    @property
    def address(self) -> str: ...
    # The same number for all namespaces of one client.
    @property
    def connection(self) -> int: ...
    @property
    def buffered_bytes(self) -> int: ...
    @property
    def rooms(self) -> list[str]: ...
    # Also before accept: entered when it is accepted.
    def join(self, rooms: Sequence[str]) -> None: ...
    def leave(self, room: str) -> None: ...
    # Also before accept: sent right behind the CONNECT reply.
    def emit(self, event: str, args: _Args, flags: int = 0, default: _Default = None) -> None: ...
    # ACK.
    def emit_with_ack(
        self, event: str, args: _Args, timeout: float | None, token: int, flags: int = 0, default: _Default = None
    ) -> None: ...
    def ack(self, id: int, args: _Args, default: _Default = None) -> None: ...
    def disconnect(self, close: bool = False) -> None: ...
    def watch_outgoing(self, watch: bool) -> None: ...

@final
class JoinRequest:
    # False: the client has gone.
    def accept(self) -> bool: ...
    # `data` is left out unless given.
    def reject(self, message: str, data: object = ...) -> None: ...
    @property
    def pending(self) -> bool: ...

@final
class MatchRequest:
    def answer(self, takes: bool) -> None: ...

@final
class AllowRequest:
    # None lets it go on.
    def answer(self, refuse_with: str | None) -> None: ...

@final
class Reply:
    def send(self, args: _Args) -> None: ...

@final
class Pending:
    """A request; to be kept until RESPONSE."""

    # The next piece of its body; false: nothing more of it is wanted.
    def feed(self, piece: bytes, more: bool = False) -> bool: ...
    # The host is to give no more pieces until it has drained.
    @property
    def congested(self) -> bool: ...
    # The client of the request is gone; also when dropped.
    def abort(self) -> None: ...

@final
class ExternalSocket:
    # A message of the client; false: nothing more is wanted, as it is closed.
    def text(self, text: str) -> bool: ...
    def binary(self, data: bytes) -> bool: ...
    # The client is gone.
    def closed(self) -> None: ...
    # What is to be sent; a tuple is close code and reason, the last one.
    def take(self) -> list[str | bytes | tuple[int, str]]: ...
    # The host is to give no more messages until it has drained.
    @property
    def congested(self) -> bool: ...

# Conversion of values, for tests.
def loads(json_args: str, attachments: Sequence[bytes]) -> tuple[object, ...]: ...
def dumps(args: _Args, default: _Default = None) -> tuple[str, list[bytes]]: ...
