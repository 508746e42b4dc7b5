"""python-socketio's clients, and servers to connect them to."""

import asyncio
import contextlib
import queue

import socketio

DEADLINE = 5.0


@contextlib.asynccontextmanager
async def listening(sio):
    """The URL of a server, for as long as the block lasts."""
    port = await sio.listen("127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await sio.shutdown()


class Client:
    """A client that remembers what it got: `await client.next()` is `(event, args)`."""

    def __init__(self, namespace="/"):
        self.namespace = namespace
        self.inbox = asyncio.Queue()
        self.io = socketio.AsyncClient(reconnection=False)
        self.answer = None
        self.io.on("*", self.got, namespace=namespace)
        for name in ("connect_error", "disconnect"):
            self.io.on(name, lambda *args, name=name: self.inbox.put_nowait((name, args)), namespace=namespace)

    async def got(self, event, *args):
        """An event of the server."""
        self.inbox.put_nowait((event, args))
        return self.answer

    async def next(self):
        """The next event."""
        return await asyncio.wait_for(self.inbox.get(), DEADLINE)

    async def emit(self, event, data=None):
        """Sends."""
        await self.io.emit(event, data, namespace=self.namespace)

    async def call(self, event, data=None):
        """Sends and waits for the acknowledgement."""
        return await self.io.call(event, data, namespace=self.namespace, timeout=DEADLINE)

    async def leave(self):
        """Leaves the namespace; `disconnect` of the client closes the connection before the server can read of it."""
        await self.io._send_packet(self.io.packet_class(socketio.packet.DISCONNECT, namespace=self.namespace))

    @property
    def sid(self):
        """The id that the server gave."""
        return self.io.get_sid(self.namespace)


@contextlib.asynccontextmanager
async def connected(url, namespace="/", auth=None, transports=("websocket",), **how):
    """A client in a namespace."""
    client = Client(namespace)
    await client.io.connect(url, auth=auth, namespaces=[namespace], transports=list(transports), **how)
    try:
        yield client
    finally:
        await client.io.disconnect()


async def refused(url, namespace="/", auth=None):
    """What a client is told that is refused."""
    client = Client(namespace)
    try:
        await client.io.connect(url, auth=auth, namespaces=[namespace], transports=["websocket"])
    except socketio.exceptions.ConnectionError:
        return (await client.next())[1][0]
    finally:
        await client.io.disconnect()
    raise AssertionError("it was let in")


class Threaded:
    """A client with threads; `client.next()` is `(event, args)`."""

    def __init__(self, url, transports=("websocket",), **how):
        self.inbox = queue.Queue()
        self.io = socketio.Client(reconnection=False)
        self.io.on("*", lambda event, *args: self.inbox.put((event, args)))
        self.io.connect(url, transports=list(transports), **how)

    def next(self):
        """The next event."""
        return self.inbox.get(timeout=DEADLINE)

    def call(self, event, data=None):
        """Sends and waits for the acknowledgement."""
        return self.io.call(event, data, timeout=DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.io.disconnect()


async def until(condition):
    """Waits until something is true that tells nobody."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never became true"
        await asyncio.sleep(0.005)
