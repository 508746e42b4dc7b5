"""A background task that tells all clients the time: `python background.py`."""

from __future__ import annotations

import time

import pancar

sio = pancar.AsyncServer(cors_allowed_origins="*")


async def tell_time() -> None:
    """Once a second; who can't take it at once misses it."""
    while True:
        await sio.volatile.emit("time", time.time())
        await sio.sleep(1)


async def started(port: int) -> None:
    """Clients can connect from now on."""
    print(f"http://127.0.0.1:{port}")
    sio.start_background_task(tell_time)


if __name__ == "__main__":
    sio.run("127.0.0.1", 3000, on_startup=started)
