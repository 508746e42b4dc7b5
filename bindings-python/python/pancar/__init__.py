"""A Socket.IO server on a core in Rust, with the API of python-socketio and more.

    import pancar

    sio = pancar.AsyncServer()

    @sio.event
    async def hello(sid, name):
        return f"Hello, {name}!"

    sio.run("127.0.0.1", 3000)

:class:`AsyncServer` is for asyncio, :class:`Server` for threads. Under an ASGI server, :class:`ASGIApp` mounts the one;
under a WSGI server, :class:`WSGIApp` mounts the other.
"""

from . import exceptions
from ._core import CoreError, __version__
from ._done import Done
from ._json import jsonable
from ._reason import DisconnectReason
from ._target import Answer, AsyncBroadcast, RemoteSocket, SyncBroadcast
from .asgi import ASGIApp
from .async_server import AsyncServer
from .namespace import AsyncNamespace, Namespace
from .server import Server
from .socket import AsyncSocket, SyncSocket
from .wsgi import Middleware, WSGIApp

#: A client of an :class:`AsyncServer`; one of a :class:`Server` is a :class:`SyncSocket`.
Socket = AsyncSocket

__all__ = [
    "ASGIApp",
    "Answer",
    "AsyncBroadcast",
    "AsyncNamespace",
    "AsyncServer",
    "AsyncSocket",
    "CoreError",
    "DisconnectReason",
    "Done",
    "Middleware",
    "Namespace",
    "RemoteSocket",
    "Server",
    "Socket",
    "SyncBroadcast",
    "SyncSocket",
    "WSGIApp",
    "__version__",
    "exceptions",
    "jsonable",
]
