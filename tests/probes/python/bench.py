"""App `bench`: the library's default options, four events, no logging."""

import options
import pancar


def server():
    """The server."""
    sio = pancar.AsyncServer(**options.from_environment())

    @sio.event
    async def echo(sid, x):
        await sio.emit("echo-back", x, to=sid)

    @sio.event
    async def ack(sid, x):
        return x

    @sio.event
    async def join(sid, room):
        await sio.enter_room(sid, room)

    @sio.event
    async def bcast(sid, payload):
        await sio.emit("bcast", payload, room="room")

    return sio
