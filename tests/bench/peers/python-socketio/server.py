"""App `bench` on python-socketio: an AsyncServer with default options under uvicorn, with uvloop and httptools."""

import os

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi")


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


class Server(uvicorn.Server):
    """Tells where it listens."""

    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(f"LISTENING {self.servers[0].sockets[0].getsockname()[1]}", flush=True)


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "0"))
    Server(
        uvicorn.Config(
            socketio.ASGIApp(sio), host, port, loop="uvloop", http="httptools", backlog=4096, log_level="warning",
            access_log=False, timeout_graceful_shutdown=1,
        )  # fmt: skip
    ).run()
