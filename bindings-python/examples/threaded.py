"""Handlers on threads, without asyncio: `python threaded.py`."""

from __future__ import annotations

import time
from typing import Any

import pancar

sio = pancar.Server(cors_allowed_origins="*")


@sio.event
def connect(sid: str, environ: dict[str, Any]) -> None:
    """A client is about to come in."""
    print("connect", sid, environ["REMOTE_ADDR"])


@sio.event
def work(sid: str, seconds: float) -> str:
    """May block: it holds up this client's next event, and nobody else."""
    time.sleep(seconds)
    return f"worked for {seconds} s"


@sio.event
def disconnect(sid: str, reason: str) -> None:
    """A client is gone."""
    print("disconnect", sid, reason)


if __name__ == "__main__":
    sio.run("127.0.0.1", 3000, on_startup=lambda port: print(f"http://127.0.0.1:{port}"))
