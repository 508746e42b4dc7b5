"""A namespace as a class, with a middleware that asks for a token: `python class_namespace.py`."""

from __future__ import annotations

from typing import Any

import pancar
from pancar.exceptions import ConnectionRefusedError

sio = pancar.AsyncServer(cors_allowed_origins="*")


class Counter(pancar.AsyncNamespace):
    """Everyone counts together."""

    def __init__(self) -> None:
        super().__init__("/counter")
        self.count = 0

    async def on_connect(self, sid: str, environ: dict[str, Any]) -> None:
        """Shows the newcomer where we are."""
        await self.emit("count", self.count, to=sid)

    async def on_add(self, sid: str, number: int) -> int:
        """Adds, tells everyone, and answers with the sum."""
        self.count += number
        await self.emit("count", self.count)
        return self.count


def guard(socket: pancar.Socket) -> None:
    """Lets in who has a token."""
    if socket.handshake["auth"].get("token") != "secret":
        raise ConnectionRefusedError("unauthorized", {"code": 401})


sio.use(guard, namespace="/counter")
sio.register_namespace(Counter())

if __name__ == "__main__":
    sio.run("127.0.0.1", 3000, on_startup=lambda port: print(f"http://127.0.0.1:{port}/counter"))
