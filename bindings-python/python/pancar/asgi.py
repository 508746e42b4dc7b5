"""Under an ASGI server: uvicorn, hypercorn, granian, and inside FastAPI, Starlette and others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from . import _core, _static

if TYPE_CHECKING:
    from .async_server import AsyncServer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

Response = tuple[int, list[tuple[bytes, bytes]], bytes]
NO_CODE = 1005
# What a client is told that connects while the server shuts down.
CLOSED: Response = (503, [], b"")


class ASGIApp:
    """An ASGI application of an :class:`~pancar.AsyncServer`; what is not for it goes to another one.

    :param socketio_server: the server.
    :param other_asgi_app: gets all other requests, and ``lifespan``. Default none: they are answered with 404.
    :param static_files: files and folders to serve, by path: ``{"/": "index.html", "/static": "./public"}``.
    :param socketio_path: the path of Socket.IO. Default the option ``path``, else ``socket.io``. None takes every request. Where the application
        is mounted under a prefix, both the whole path and the one behind the prefix will do.
    :param on_startup: called when the ASGI server starts; may be a coroutine function.
    :param on_shutdown: called when it ends, after the clients were told.

    ``app.mount("/", ASGIApp(sio))`` and ``ASGIApp(sio, app)`` both work with FastAPI.
    """

    def __init__(
        self,
        socketio_server: AsyncServer,
        other_asgi_app: ASGI | None = None,
        static_files: _static.StaticFiles | None = None,
        socketio_path: str | None = "socket.io",
        on_startup: Callable[[], Any] | None = None,
        on_shutdown: Callable[[], Any] | None = None,
    ) -> None:
        self.server = socketio_server
        self.other_asgi_app = other_asgi_app
        self.static_files = static_files or {}
        self.on_startup = on_startup
        self.on_shutdown = on_shutdown
        own = socketio_server._options.core.get("path")
        if own is not None and socketio_path == "socket.io":
            socketio_path = str(own)
        self._prefix = None if socketio_path is None else _between_slashes(socketio_path)
        self._path = _between_slashes("socket.io" if own is None else str(own))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        path = self._own_path(scope)
        if path is not None and kind == "http":
            await _answer(self.server, scope, path, receive, send)
        elif path is not None and kind == "websocket":
            await _carry(self.server, scope, path, receive, send)
        elif (file := self._file(scope)) is not None:
            await _send(send, (200, _encoded(file.headers()), await asyncio.to_thread(file.path.read_bytes)))
        elif self.other_asgi_app is not None:
            await self.other_asgi_app(scope, receive, send)
        elif kind == "http":
            await _send(send, (404, [(b"content-type", b"text/plain")], b"Not Found"))
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _own_path(self, scope: Scope) -> str | None:
        """The path as the core knows it, of a request that is for it."""
        if self._prefix is None:
            return self._path
        for path in _paths(scope):
            if (path + "/").startswith(self._prefix):
                return self._path + path[len(self._prefix) :]
        return None

    def _file(self, scope: Scope) -> _static.File | None:
        if scope["type"] != "http" or not self.static_files or scope["method"] not in ("GET", "HEAD"):
            return None
        found = (_static.find(path, self.static_files) for path in _paths(scope))
        return next((file for file in found if file is not None), None)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.other_asgi_app is not None:
            await self._share_lifespan(self.other_asgi_app, scope, receive, send)
            return
        while True:
            message = await receive()
            starting = message["type"] == "lifespan.startup"
            try:
                await (self._startup() if starting else self._shutdown())
            except Exception as error:
                await send({"type": f"{message['type']}.failed", "message": repr(error)})
                raise
            await send({"type": f"{message['type']}.complete"})
            if not starting:
                return

    async def _share_lifespan(self, app: ASGI, scope: Scope, receive: Receive, send: Send) -> None:
        """The other application starts after us, and ends before us."""

        async def receive_first() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._startup()
            return message

        async def send_last(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                await self._shutdown()
            await send(message)

        await app(scope, receive_first, send_last)

    async def _startup(self) -> None:
        self.server._bind()
        await _call(self.on_startup)

    async def _shutdown(self) -> None:
        await self.server.shutdown()
        await _call(self.on_shutdown)


def _between_slashes(path: str) -> str:
    return f"/{path.strip('/')}/".replace("//", "/")


async def _call(function: Callable[[], Any] | None) -> None:
    result: Any = function() if function is not None else None
    if hasattr(result, "__await__"):
        await result


def _paths(scope: Scope) -> list[str]:
    """The path as it is, without the prefix of a mount, and with it: servers and frameworks differ."""
    path, root = scope["path"], scope.get("root_path", "")
    if not root:
        return [path]
    return [path, path[len(root) :] if path.startswith(root) else root + path]


def _target(scope: Scope, path: str) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


def _remote(scope: Scope) -> tuple[str, int] | None:
    client = scope.get("client")
    return (str(client[0]), int(client[1] or 0)) if client else None


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in scope["headers"]]


async def _send(send: Send, response: Response, prefix: str = "http.response") -> None:
    status, headers, body = response
    headers = [(name.lower(), value) for name, value in headers]
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": f"{prefix}.start", "status": status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body})


# ------------------------------------------------------------------------------------------------------------- HTTP
async def _answer(server: AsyncServer, scope: Scope, path: str, receive: Receive, send: Send) -> None:
    core = server._serving()
    if core is None:
        await _send(send, CLOSED)
        return
    answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def resolve(*response: Any) -> None:
        if not answered.done():
            answered.set_result(response if response else CLOSED)

    token = server._expect(resolve)
    secure = scope.get("scheme") in ("https", "wss")
    try:
        pending = core.request(
            scope["method"], _target(scope, path), _headers(scope), _remote(scope), secure, token, scope
        )
        feeding = asyncio.ensure_future(_feed(server, pending, receive))
        try:
            await asyncio.wait((answered, feeding), return_when=asyncio.FIRST_COMPLETED)
            if answered.done():
                await _send(send, answered.result())
        finally:
            feeding.cancel()
            if not answered.done():
                pending.abort()
    finally:
        server._waiting.pop(token, None)


async def _feed(server: AsyncServer, pending: _core.Pending, receive: Receive) -> None:
    """Hands the body over as it comes; ends when the client has gone."""
    while (message := await receive())["type"] != "http.disconnect":
        # What is not wanted any more is thrown away, as the answer is on its way.
        pending.feed(message.get("body", b""), message.get("more_body", False))
        while pending.congested:
            await server._next_burst()


# -------------------------------------------------------------------------------------------------------- WebSocket
async def _carry(server: AsyncServer, scope: Scope, path: str, receive: Receive, send: Send) -> None:
    core = server._serving()
    if (await receive())["type"] != "websocket.connect":
        return
    if core is None:
        await _refuse(scope, send, CLOSED)
        return
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[Any] = loop.create_future()
    rung = asyncio.Event()
    token = server._expect(lambda result=CLOSED: None if opened.done() else opened.set_result(result))
    secure = scope.get("scheme") in ("https", "wss")
    try:
        core.websocket(_target(scope, path), _headers(scope), _remote(scope), secure, token, scope)
        socket = await opened
        if not isinstance(socket, _core.ExternalSocket):
            await _refuse(scope, send, socket)
            return
        # From now on the number stands for its bell.
        server._waiting[token] = lambda *_: rung.set()
        await send({"type": "websocket.accept"})
        await _talk(server, socket, rung, receive, send)
    finally:
        server._waiting.pop(token, None)


async def _refuse(scope: Scope, send: Send, response: Response) -> None:
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await _send(send, response, "websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": 1000})


async def _talk(
    server: AsyncServer, socket: _core.ExternalSocket, rung: asyncio.Event, receive: Receive, send: Send
) -> None:
    writing = asyncio.ensure_future(_write(socket, rung, send))
    reading = asyncio.ensure_future(_read(server, socket, receive))
    try:
        done, _ = await asyncio.wait((writing, reading), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except OSError:
        # The ASGI server found out that the client is gone.
        pass
    finally:
        socket.closed()
        for task in (writing, reading):
            task.cancel()


async def _read(server: AsyncServer, socket: _core.ExternalSocket, receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        text, data = message.get("text"), message.get("bytes")
        wanted = socket.text(text) if text is not None else socket.binary(data or b"")
        if not wanted:
            # The rest is the closing, which the other task does.
            await asyncio.Event().wait()
        while socket.congested:
            await server._next_burst()


async def _write(socket: _core.ExternalSocket, rung: asyncio.Event, send: Send) -> None:
    while True:
        rung.clear()
        for message in socket.take():
            if isinstance(message, str):
                await send({"type": "websocket.send", "text": message})
            elif isinstance(message, bytes):
                await send({"type": "websocket.send", "bytes": message})
            else:
                code, reason = message
                await send({"type": "websocket.close", "code": 1000 if code == NO_CODE else code, "reason": reason})
                return
        await rung.wait()
