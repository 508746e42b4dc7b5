"""Under a WSGI server: gunicorn, waitress, werkzeug, and inside Flask, Django and others."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from . import _static

if TYPE_CHECKING:
    from ._core import Core, Pending
    from .server import Server

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGI = Callable[[Environ, StartResponse], Iterable[bytes]]
Response = tuple[int, list[tuple[bytes, bytes]], bytes]

# So many bytes of a body are read at a time.
PIECE = 64 * 1024
CLOSED: Response = (503, [], b"")
# Nobody reads it.
CUT_OFF: Response = (400, [], b"")


class WSGIApp:
    """A WSGI application of a :class:`~pancar.Server`; what is not for it goes to another one.

    WSGI knows no WebSocket. Where the WSGI server hands out its TCP sockets, as gunicorn and werkzeug do without TLS,
    WebSockets are taken over from it, and keep none of its threads. Elsewhere clients are not told of an upgrade, and
    stay with HTTP long-polling: each of them keeps a thread of the WSGI server.

    :param socketio_app: the server.
    :param wsgi_app: gets all other requests. Default none: they are answered with 404.
    :param static_files: files and folders to serve, by path: ``{"/": "index.html", "/static": "./public"}``.
    :param socketio_path: the path of Socket.IO. Default ``socket.io``.
    """

    def __init__(
        self,
        socketio_app: Server,
        wsgi_app: WSGI | None = None,
        static_files: _static.StaticFiles | None = None,
        socketio_path: str = "socket.io",
    ) -> None:
        self.server = socketio_app
        self.wsgi_app = wsgi_app
        self.static_files = static_files or {}
        self._prefix = f"/{socketio_path.strip('/')}/"
        self._path = f"/{str(socketio_app._options.core.get('path', 'socket.io')).strip('/')}/"
        self._deciding = threading.Lock()
        self._is_decided = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        whole = environ.get("SCRIPT_NAME", "") + path
        for candidate in (path, whole):
            if (candidate + "/").startswith(self._prefix):
                self._decide(environ)
                return _answer(self.server, environ, self._path + candidate[len(self._prefix) :], start_response)
        file = _static.find(path, self.static_files) if self.static_files else None
        if file is not None:
            start_response("200 OK", list(file.headers().items()))
            return [file.path.read_bytes()]
        if self.wsgi_app is not None:
            return self.wsgi_app(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"Not Found"]


    def _decide(self, environ: Environ) -> None:
        """With the first request: whether clients are told of an upgrade."""
        with self._deciding:
            if not self._is_decided and _socket(environ) is None and not self.server._is_started():
                self.server._reconfigure(allow_upgrades=False)
            self._is_decided = True


class Middleware(WSGIApp):
    """A former name of :class:`WSGIApp`."""


def _socket(environ: Environ) -> socket.socket | None:
    """The TCP connection of a request, of servers that hand it out and do not encrypt it."""
    given = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    is_tcp = isinstance(given, socket.socket) and given.family in (socket.AF_INET, socket.AF_INET6)
    return given if is_tcp and not isinstance(given, ssl.SSLSocket) else None


def _take_over(core: Core, environ: Environ, path: str, connection: socket.socket) -> NoReturn:
    """Takes a connection away from the WSGI server, with its request, and tells it in its own way to forget it."""
    lines = [f"GET {_target(environ, path)} HTTP/1.1".encode("latin-1")]
    lines += [name + b": " + value for name, value in _all_headers(environ)]
    descriptor = connection.detach()
    try:
        core.adopt(descriptor, b"\r\n".join(lines) + b"\r\n\r\n")
    finally:
        os.close(descriptor)
    raise StopIteration if "gunicorn.socket" in environ else ConnectionAbortedError("the connection was taken over")


def _answer(server: Server, environ: Environ, path: str, start_response: StartResponse) -> Iterable[bytes]:
    core = server._bind()
    if environ.get("HTTP_UPGRADE", "").lower() == "websocket" and (connection := _socket(environ)) is not None:
        _take_over(core, environ, path, connection)
    answered: Future[Response] = Future()
    token = server._expect(lambda *response: answered.set_result(response or CLOSED))
    try:
        pending = core.request(
            environ["REQUEST_METHOD"], _target(environ, path), _headers(environ), _remote(environ), _secure(environ),
            token, environ,
        )  # fmt: skip
        if _feed(pending, environ, answered.done):
            status, headers, body = answered.result()
        else:
            pending.abort()
            status, headers, body = CUT_OFF
    finally:
        server._waiting.pop(token, None)
    text = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    start_response(f"{status} {_phrase(status)}", [pair for pair in text if pair[0].lower() not in HOP_BY_HOP])
    return [body]


def _feed(pending: Pending, environ: Environ, is_answered: Callable[[], bool]) -> bool:
    """Hands the body over as it comes; false where the client went away before its end."""
    try:
        for piece in _pieces(environ):
            if is_answered() or not pending.feed(piece, True):
                return True
    except OSError:
        return False
    pending.feed(b"", False)
    return True


def _pieces(environ: Environ) -> Iterator[bytes]:
    read = environ["wsgi.input"].read
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        # Servers that see to the end of the body themselves take one without a length too.
        if environ.get("wsgi.input_terminated"):
            yield from iter(lambda: read(PIECE), b"")
        return
    left = int(length)
    while left:
        piece = read(min(left, PIECE))
        if not piece:
            raise ConnectionResetError("the body has ended too early")
        left -= len(piece)
        yield piece


def _target(environ: Environ, path: str) -> str:
    query = environ.get("QUERY_STRING", "")
    return quote(path) + (f"?{query}" if query else "")


def _remote(environ: Environ) -> tuple[str, int] | None:
    address = environ.get("REMOTE_ADDR")
    return (address, int(environ.get("REMOTE_PORT") or 0)) if address else None


def _secure(environ: Environ) -> bool:
    return environ.get("wsgi.url_scheme") == "https"


# Headers that are the business of the WSGI server.
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _headers(environ: Environ) -> list[tuple[bytes, bytes]]:
    return [pair for pair in _all_headers(environ) if pair[0].decode() not in HOP_BY_HOP]


def _all_headers(environ: Environ) -> list[tuple[bytes, bytes]]:
    headers = []
    for key, value in environ.items():
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key
        elif key.startswith("HTTP_") and isinstance(value, str):
            name = key[5:]
        else:
            continue
        if value:
            headers.append((name.lower().replace("_", "-").encode("latin-1"), value.encode("latin-1")))
    return headers
