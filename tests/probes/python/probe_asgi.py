"""`tests/probe python-asgi`: the server is an application under uvicorn."""

import importlib
import signal
import sys

import options
import pancar
import uvicorn


class Server(uvicorn.Server):
    """Tells where it listens, and lets the clients go before it waits for their requests to end."""

    def __init__(self, config, sio):
        super().__init__(config)
        self.sio = sio

    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(f"LISTENING {self.servers[0].sockets[0].getsockname()[1]}", flush=True)

    async def shutdown(self, sockets=None):
        await self.sio.shutdown()
        await super().shutdown(sockets)


async def application(scope, receive, send):
    """What the rest of a site would be."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def main():
    """Becomes the server of the app that is named."""
    app = importlib.import_module(sys.argv[1] if len(sys.argv) > 1 else "conformance")
    host, port = options.address()
    sio = app.server()
    asgi = pancar.ASGIApp(sio)
    config = uvicorn.Config(
        asgi, host, port, log_level="warning", access_log=False, ws_max_size=1 << 30, ws_per_message_deflate=False,
        ws_ping_interval=None, proxy_headers=False,
    )  # fmt: skip
    # What uvicorn passes on when it has ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(config, sio).run()


if __name__ == "__main__":
    main()
