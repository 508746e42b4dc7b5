"""The demo chat: `python bindings-python/examples/chat`, then open http://127.0.0.1:3000.

It shows the page of tests/demo under uvicorn; what it does is written in tests/demo/README.md. The browser bundle of the
client is that of tests/browser (`npm ci --prefix tests/browser`), or of the folder that DEMO_CLIENT names.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from rooms import Chat

import pancar

ROOT = Path(__file__).resolve().parents[3] / "tests"
PAGE = os.environ.get("DEMO_PUBLIC", str(ROOT / "demo/public"))
CLIENT = os.environ.get("DEMO_CLIENT", str(ROOT / "browser/node_modules/socket.io-client/dist"))


class Server(uvicorn.Server):
    """Tells where it listens, and lets the clients go before it waits for their requests to end."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens."""
        await super().startup(sockets)
        print(f"LISTENING {self.servers[0].sockets[0].getsockname()[1]}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends."""
        await sio.shutdown()
        await super().shutdown(sockets)


# A history with four pictures has to get through a slow line.
sio = pancar.AsyncServer(serve_client=CLIENT, max_buffered_bytes=16 << 20)
Chat(sio)
app = pancar.ASGIApp(sio, static_files={"/": f"{PAGE}/index.html", "": "index.html"} | {
    f"/{path.name}": str(path) for path in Path(PAGE).iterdir()
})  # fmt: skip

if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "3000"))
    # What uvicorn passes on when it has ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(uvicorn.Config(app, host, port, log_level="warning", ws_max_size=1 << 24)).run()
