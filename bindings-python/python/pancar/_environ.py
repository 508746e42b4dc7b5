"""The request of a client in the form of WSGI, as python-socketio shows it."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from ._core import Socket


def environ_of(socket: Socket) -> dict[str, Any]:
    """What the WSGI server gave; else names of WSGI, and ``asgi.scope``: what the ASGI server gave, or what it would."""
    kept: Any = socket.kept
    if kept is not None and "wsgi.version" in kept:
        return dict(kept)
    path, _, query = socket.url.partition("?")
    secure = bool(socket.handshake["secure"])
    headers = socket.headers
    decoded = unquote_to_bytes(path)
    host, port = _host(headers)
    environ: dict[str, Any] = {
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "https" if secure else "http",
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": decoded.decode("latin-1"),
        "RAW_URI": socket.url,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "pancar",
        "SERVER_NAME": host,
        "SERVER_PORT": port or ("443" if secure else "80"),
        "REMOTE_ADDR": socket.address,
        "REMOTE_PORT": "0",
        "asgi.scope": kept or _scope(path, decoded, query, headers, secure, socket.address),
    }
    for name, value in headers:
        _add(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _host(headers: list[tuple[bytes, bytes]]) -> tuple[str, str]:
    text = next((value.decode("latin-1") for name, value in headers if name.lower() == b"host"), "")
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and port.isdigit() else (text, "")


def _add(environ: dict[str, Any], name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    separator = "; " if key == "HTTP_COOKIE" else ","
    environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value


def _scope(
    path: str, decoded: bytes, query: str, headers: list[tuple[bytes, bytes]], secure: bool, address: str
) -> dict[str, Any]:
    is_websocket = any(name.lower() == b"upgrade" and value.lower() == b"websocket" for name, value in headers)
    plain = "ws" if is_websocket else "http"
    return {
        "type": "websocket" if is_websocket else "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": plain + "s" if secure else plain,
        "method": "GET",
        "path": decoded.decode("utf-8", "replace"),
        "raw_path": path.encode("latin-1", "replace"),
        "query_string": query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in headers],
        "client": (address, 0) if address else None,
        "server": None,
    }
