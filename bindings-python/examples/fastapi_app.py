"""Inside FastAPI: `uvicorn fastapi_app:app`, then connect a client to http://127.0.0.1:8000."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

import pancar

sio = pancar.AsyncServer(cors_allowed_origins="*")
app = FastAPI()


@app.get("/hello")
async def hello() -> dict[str, int]:
    """A route like any other; it may talk to clients."""
    await sio.emit("visited", {"path": "/hello"})
    return {"clients": sio.clients_count}


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
    """A client is about to come in."""
    await sio.enter_room(sid, "everyone")


@sio.event
async def say(sid: str, text: str) -> dict[str, bool]:
    """Tells all others."""
    await sio.emit("said", {"from": sid, "text": text}, room="everyone", skip_sid=sid)
    return {"ok": True}


# Last: what is mounted at "/" gets everything that no route above has taken.
app.mount("/", pancar.ASGIApp(sio))
