"""The native half, as the idiom layer sees it: it pulls events, and gives commands.

Everything may be called from any thread; nothing waits for the network; nothing calls back into Python but `default`. The core's
errors are `CoreError` with the number of their kind (core/src/error.rs, ErrorKind). Values that have no JSON form are
TypeError or ValueError, and name the place: `args[0].user.photo`. NaN and infinity are sent as null, lone surrogates as U+FFFD.
A process that was forked from the one that made a server gets RuntimeError from it.
"""
from typing import Any, Callable, Final, Mapping, Sequence

__version__: str

class CoreError(Exception):
    kind: int

# Kinds of event tuples (first item).
JOIN: Final[int]          # (JOIN, request: JoinRequest, socket: Socket)      a client asks to join: accept or reject, once
CONNECT: Final[int]       # (CONNECT, socket)                                 it has joined
EVENT: Final[int]         # (EVENT, socket, name: str, args: tuple, ack: int | None)
DISCONNECTING: Final[int] # (DISCONNECTING, socket, reason: str, detail: str, rooms: list[str])
DISCONNECT: Final[int]    # (DISCONNECT, socket, reason: str, detail: str)
OUTGOING: Final[int]      # (OUTGOING, socket, name: str, args: tuple)        for sockets with watch_outgoing(True)
ACK: Final[int]           # (ACK, token: int, status: int, args: tuple | None)  status 0 answered, 6 timeout, 5 disconnected
ACKS: Final[int]          # (ACKS, token: int, [(sid: str, status: int, args: tuple | None), ...])
MATCH: Final[int]         # (MATCH, request: MatchRequest, name: str, auth: object, matcher: int)
SERVER_SIDE: Final[int]   # (SERVER_SIDE, namespace: str, name: str, args: tuple, reply: Reply | None)
ALLOW: Final[int]         # (ALLOW, request: AllowRequest, handshake: dict)   only with allow_request=True
CONNECTION_ERROR: Final[int]  # (CONNECTION_ERROR, code: int, message: str, context: str, handshake: dict)  only with connection_errors=True
RESPONSE: Final[int]      # (RESPONSE, token: int, status: int, headers: list[tuple[bytes, bytes]], body: bytes)
WEBSOCKET: Final[int]     # (WEBSOCKET, token: int, ExternalSocket | (status, headers, body))
OUTBOX: Final[int]        # (OUTBOX, token: int)                              ExternalSocket.take() has something
TASK: Final[int]          # (TASK, token: int)                                what post() / post_after() put in
CLOSED: Final[int]        # (CLOSED,)                                         the last one, in every lane

# Flags, to be or-ed.
VOLATILE: Final[int]
LOCAL: Final[int]
NO_COMPRESS: Final[int]

class Core:
    def __init__(self, options: Mapping[str, object], *, lanes: int = 1, allow_request: bool = False,
                 connection_errors: bool = False) -> None: ...      # options: names and values of pancar::Config::set
    # taking events
    def fileno(self, lane: int = 0) -> int: ...                      # readable while events wait (socketpair)
    def drain(self, max: int = 0, lane: int = 0, hold: bool = False) -> list[tuple[Any, ...]]: ...  # never blocks; 0: all that waits
                      # with `hold`, what this thread emits from now on leaves at `flush`, all of it together: the worker is woken
                      # once per burst, which pays under asyncio. Not to be forgotten: flush() before this thread blocks on anything; wait() and the
                      # next drain() flush first
    @staticmethod
    def flush() -> None: ...                                         # what this thread emitted since drain(hold=True) leaves
    def wait(self, timeout: float | None = None, lane: int = 0) -> bool: ...    # blocks without the GIL until drain() has something
    def post(self, token: int, lane: int = 0) -> None: ...           # puts (TASK, token) in; wakes the lane
    def post_after(self, delay: float, token: int, lane: int = 0) -> None: ...
    # life
    def listen(self, host: str, port: int) -> int: ...               # the port that was bound
    def listen_unix(self, path: str) -> None: ...
    def listen_tls(self, host: str, port: int, certificates: bytes, key: bytes) -> int: ...
    def close(self) -> None: ...                                     # graceful, returns at once
    def wait_closed(self) -> None: ...                               # without the GIL
    @property
    def clients_count(self) -> int: ...
    # namespaces
    def of(self, namespace: str) -> None: ...                        # makes it
    def of_pattern(self, pattern: str) -> None: ...                  # "/room-{id}"
    def of_matching(self, matcher: int) -> None: ...                 # asks with MATCH
    def namespaces(self) -> list[str]: ...
    def sockets_count(self, namespace: str) -> int: ...
    def rooms_count(self, namespace: str) -> int: ...
    def rooms(self, namespace: str) -> list[tuple[str, int]]: ...    # all rooms with number of members
    def find(self, namespace: str, sid: str) -> Socket | None: ...
    def sockets(self, namespace: str, rooms: Sequence[str] = (), except_: Sequence[str] = ()) -> list[Socket]: ...  # local ones
    # sending. `args` is a tuple of positional arguments; `default` is called with a value that has no JSON form and returns one that has
    def emit(self, namespace: str, event: str, args: tuple[object, ...], rooms: Sequence[str] = (),
             except_: Sequence[str] = (), flags: int = 0, default: Callable[[object], object] | None = None) -> None: ...
    def emit_with_ack(self, namespace: str, event: str, args: tuple[object, ...], rooms: Sequence[str], except_: Sequence[str],
                      flags: int, timeout: float | None, token: int, default: Callable[[object], object] | None = None) -> None: ...  # one ACKS
    def fetch_sockets(self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, token: int) -> None: ...
                      # (ACKS-like) event: (FETCHED, token, kind 0 | error kind, [(sid, rooms: list[str], data, handshake: dict)])
    def sockets_join(self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, join: Sequence[str]) -> None: ...
    def sockets_leave(self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, leave: Sequence[str]) -> None: ...
    def disconnect_sockets(self, namespace: str, rooms: Sequence[str], except_: Sequence[str], flags: int, close: bool) -> None: ...
    def server_side_emit(self, namespace: str, event: str, args: tuple[object, ...]) -> None: ...
    # transports that a foreign server owns
    def request(self, method: str, target: str, headers: Sequence[tuple[bytes, bytes]],
                remote: tuple[str, int] | None, secure: bool, token: int) -> Pending: ...     # to be fed its body; answered by RESPONSE
    def websocket(self, target: str, headers: Sequence[tuple[bytes, bytes]], remote: tuple[str, int] | None, secure: bool, token: int) -> None: ...  # WEBSOCKET
    def adopt(self, fd: int, read_already: bytes) -> None: ...       # takes a copy of fd: the caller closes its own

FETCHED: Final[int]       # (FETCHED, token, kind: int, list | None)

class Socket:
    """One client in one namespace. The same object for the same client, always. Weak-referenceable, hashable by identity."""
    sid: str
    namespace: str
    state: object             # free for the idiom layer (None at first). The core keeps the object until drain() has given DISCONNECT,
                              # or the client was refused; then it and its state go with the last reference, in cycles too
    @property
    def connected(self) -> bool: ...
    @property
    def recovered(self) -> bool: ...
    @property
    def lane(self) -> int: ...
    @property
    def transport(self) -> str: ...
    @property
    def handshake(self) -> dict[str, Any]: ...     # the official form
    @property
    def auth(self) -> object: ...                  # {} when none was sent
    @property
    def auth_given(self) -> bool: ...
    @property
    def headers(self) -> list[tuple[bytes, bytes]]: ...
    @property
    def url(self) -> str: ...                      # path and query
    @property
    def address(self) -> str: ...
    @property
    def connection(self) -> int: ...               # the same number for all namespaces of one client
    @property
    def buffered_bytes(self) -> int: ...
    @property
    def rooms(self) -> list[str]: ...
    @property
    def data(self) -> object: ...                  # JSON value, {} at first; setter takes any JSON value
    def join(self, rooms: Sequence[str]) -> None: ...   # also before accept: entered when it is accepted
    def leave(self, room: str) -> None: ...
    def emit(self, event: str, args: tuple[object, ...], flags: int = 0, default: Callable[[object], object] | None = None) -> None: ...  # also before accept: sent right behind the CONNECT reply
    def emit_with_ack(self, event: str, args: tuple[object, ...], timeout: float | None, token: int, flags: int = 0,
                      default: Callable[[object], object] | None = None) -> None: ...  # ACK
    def ack(self, id: int, args: tuple[object, ...], default: Callable[[object], object] | None = None) -> None: ...
    def disconnect(self, close: bool = False) -> None: ...
    def watch_outgoing(self, watch: bool) -> None: ...

class JoinRequest:
    def accept(self) -> bool: ...                  # False: the client has gone
    def reject(self, message: str, data: object = ...) -> None: ...   # data is left out unless given
    @property
    def pending(self) -> bool: ...

class MatchRequest:
    def answer(self, takes: bool) -> None: ...
class AllowRequest:
    def answer(self, refuse_with: str | None) -> None: ...   # None lets it go on
class Reply:
    def send(self, args: tuple[object, ...]) -> None: ...
class Pending:                                     # to be kept until RESPONSE
    def feed(self, piece: bytes, more: bool = False) -> bool: ...   # the next piece of its body; False: nothing more of it is wanted
    @property
    def congested(self) -> bool: ...               # the host is to give no more pieces until it has drained
    def abort(self) -> None: ...                   # the client of the request is gone; also when dropped
class ExternalSocket:
    def text(self, text: str) -> bool: ...         # a message of the client; False: nothing more is wanted (closed)
    def binary(self, data: bytes) -> bool: ...
    def closed(self) -> None: ...                  # the client is gone
    def take(self) -> list[str | bytes | tuple[int, str]]: ...  # what is to be sent; a tuple is close code and reason, the last one
    @property
    def congested(self) -> bool: ...               # the host is to give no more messages until it has drained

def loads(json_args: str, attachments: Sequence[bytes]) -> tuple[object, ...]: ...      # for tests and fuzzing of the value conversion
def dumps(args: tuple[object, ...], default: Callable[[object], object] | None = None) -> tuple[str, list[bytes]]: ...
