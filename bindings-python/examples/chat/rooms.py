"""Visitors and rooms of the chat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pancar
from rules import Refused, is_key, message_of, name_of, room_of

GRACE = 3.0
RECEIPT = 2.0
MOST_ROOMS = 50
HISTORY = 50
KEPT_PICTURES = 4
STANDING = ("lobby", "kopi", "pictures")


@dataclass
class Visitor:
    """One tab of a browser, over all its connections."""

    key: str
    id: str
    name: str = ""
    status: str = "here"
    room: str | None = None
    sid: str | None = None
    leaving: asyncio.TimerHandle | None = None

    def public(self) -> dict[str, str]:
        """What others may know."""
        return {"id": self.id, "name": self.name, "status": self.status}


@dataclass
class Room:
    """Who is there, in order of entering, and what was said."""

    visitors: dict[str, Visitor] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, message: dict[str, Any]) -> None:
        """Adds a message; the oldest ones go, and the data of older pictures."""
        self.history = [*self.history, message][-HISTORY:]
        pictures = [kept for kept in self.history if kept["picture"] and kept["picture"]["data"] is not None]
        for old in pictures[:-KEPT_PICTURES]:
            old["picture"] = {**old["picture"], "data": None}


class Chat:
    """Registers the handlers of the chat at a server."""

    def __init__(self, sio: pancar.AsyncServer) -> None:
        self.sio = sio
        self.rooms = {name: Room() for name in STANDING}
        self.visitors: dict[str, Visitor] = {}
        self.by_sid: dict[str, Visitor] = {}
        self.born, self.messages = f"{time.time_ns():x}", 0
        for event in ("connect", "disconnect", "enter", "say", "leave", "typing", "presence"):
            sio.on(event, getattr(self, event))

    # ------------------------------------------------------------------ telling
    def members(self, room: str) -> list[dict[str, str]]:
        """The public list of a room."""
        return [visitor.public() for visitor in self.rooms[room].visitors.values()]

    def list(self) -> list[dict[str, Any]]:
        """All rooms, the standing ones first."""
        others = sorted(name for name in self.rooms if name not in STANDING)
        return [{"name": name, "members": len(self.rooms[name].visitors)} for name in (*STANDING, *others)]

    def tell_members(self, room: str) -> None:
        """Tells a room who is there."""
        if room in self.rooms:
            self.sio.emit("members", {"room": room, "members": self.members(room)}, to=room)

    def notice(self, kind: str, room: str, name: str, was: str | None = None, but: str | None = None) -> None:
        """Tells a room what happened."""
        notice = {"kind": kind, "name": name, "was": was, "room": room, "time": now()}
        self.sio.emit("notice", notice, to=room, skip_sid=but)

    # ------------------------------------------------------------------ coming and going
    def connect(self, sid: str, environ: dict[str, Any]) -> None:
        """A new connection sees the rooms."""
        self.sio.emit("rooms", self.list(), to=sid)

    def disconnect(self, sid: str) -> None:
        """The visitor may come back within a moment."""
        visitor = self.by_sid.pop(sid, None)
        if visitor is None or visitor.room is None:
            return
        visitor.status, visitor.sid = "lost", None
        visitor.leaving = asyncio.get_running_loop().call_later(GRACE, self.forget, visitor)
        self.tell_members(visitor.room)

    def forget(self, visitor: Visitor) -> None:
        """The visitor is gone for good."""
        if visitor.leaving is not None:
            visitor.leaving.cancel()
        self.visitors.pop(visitor.key, None)
        if visitor.sid is not None:
            self.by_sid.pop(visitor.sid, None)
        self.depart(visitor)
        self.sio.emit("rooms", self.list())

    def depart(self, visitor: Visitor) -> None:
        """Takes a visitor out of its room; an empty room that does not stand goes too."""
        name = visitor.room
        if name is None:
            return
        if visitor.sid is not None:
            self.sio.leave_room(visitor.sid, name)
        room = self.rooms[name]
        room.visitors.pop(visitor.key, None)
        if not room.visitors and name not in STANDING:
            del self.rooms[name]
            return
        self.notice("left", name, visitor.name)
        self.tell_members(name)

    def enter(self, sid: str, wish: Any = None) -> dict[str, Any]:
        """A visitor comes into a room, or moves to another one."""
        try:
            key, name, room = self.checked(wish)
        except Refused as refused:
            return {"ok": False, "error": str(refused)}
        former = self.by_sid.get(sid)
        if former is not None and former.key != key:
            self.forget(former)
        visitor = self.visitors.setdefault(key, Visitor(key, sid))
        was, before, other = visitor.name, visitor.room, visitor.sid
        if visitor.leaving is not None:
            visitor.leaving.cancel()
        if before is not None and before != room:
            self.depart(visitor)
        visitor.name, visitor.room, visitor.sid, visitor.leaving = name, room, sid, None
        visitor.status = "away" if wish.get("status") == "away" else "here"
        self.by_sid[sid] = visitor
        if other is not None and other != sid:
            self.replace(other)
        self.rooms.setdefault(room, Room()).visitors.setdefault(key, visitor)
        self.sio.enter_room(sid, room)

        def tell() -> None:
            self.tell_members(room)
            self.sio.emit("rooms", self.list())
            if before != room:
                self.notice("joined", room, name, but=sid)
            elif was != name:
                self.notice("renamed", room, name, was)

        soon(tell)
        shown = {"members": self.members(room), "rooms": self.list(), "history": self.rooms[room].history}
        return {"ok": True, "you": visitor.id, "name": name, "room": room, **shown}

    def checked(self, wish: Any) -> tuple[str, str, str]:
        """Key, name and room of who wants to enter; raises Refused."""
        wish = wish if isinstance(wish, dict) else {}
        key, name, room = wish.get("key"), name_of(wish.get("name")), room_of(wish.get("room"))
        if not is_key(key):
            raise Refused("key-invalid")
        if name is None:
            raise Refused("name-invalid")
        if room is None:
            raise Refused("room-invalid")
        if room not in self.rooms and len(self.rooms) >= MOST_ROOMS:
            raise Refused("rooms-full")
        there = self.rooms[room].visitors.values() if room in self.rooms else ()
        if any(other.key != key and other.name.lower() == name.lower() for other in there):
            raise Refused("name-taken")
        return str(key), name, room

    def replace(self, sid: str) -> None:
        """An older connection of the same visitor is over."""
        self.by_sid.pop(sid, None)
        self.sio.emit("replaced", to=sid)
        self.sio.to(sid).disconnect_sockets(close=True)

    def leave(self, sid: str, *_: Any) -> dict[str, Any]:
        """A visitor leaves at once."""
        visitor = self.by_sid.get(sid)
        if visitor is None:
            return {"ok": False, "error": "not-entered"}
        self.forget(visitor)
        return {"ok": True}

    # ------------------------------------------------------------------ talking
    def say(self, sid: str, said: Any = None) -> dict[str, Any]:
        """A message for the room."""
        visitor = self.by_sid.get(sid)
        if visitor is None or visitor.room is None:
            return {"ok": False, "error": "not-entered"}
        try:
            message = message_of(said)
        except Refused as refused:
            return {"ok": False, "error": str(refused)}
        room = self.rooms[visitor.room]
        members = len(room.visitors) - 1
        for kept in room.history:
            if kept["nonce"] == message["nonce"] and kept["from"]["id"] == visitor.id:
                return {"ok": True, "id": kept["id"], "time": kept["time"], "members": members}
        self.messages += 1
        author = {"id": visitor.id, "name": visitor.name}
        message |= {"id": f"{self.born}-{self.messages}", "room": visitor.room, "from": author, "time": now()}
        room.keep(message)
        if members:
            soon(lambda: self.sio.start_background_task(self.deliver, visitor, sid, dict(message), members))
        return {"ok": True, "id": message["id"], "time": message["time"], "members": members}

    async def deliver(self, visitor: Visitor, sid: str, message: dict[str, Any], members: int) -> None:
        """Sends a message, and tells its author how many have got it."""
        others = self.sio.to(message["room"]).except_(sid).timeout(RECEIPT)
        answers = await others.emit_with_ack("message", message)
        received = sum(answer.error is None for answer in answers)
        if visitor.sid is not None:
            receipt = {"id": message["id"], "received": received, "members": members}
            await self.sio.emit("receipt", receipt, to=visitor.sid)

    def typing(self, sid: str, typing: Any = None) -> None:
        """Somebody types, or no more."""
        visitor = self.by_sid.get(sid)
        if visitor is not None and visitor.room is not None and isinstance(typing, bool):
            word = {"id": visitor.id, "name": visitor.name, "typing": typing}
            self.sio.to(visitor.room).except_(sid).volatile.emit("typing", word)

    def presence(self, sid: str, status: Any = None) -> None:
        """A page was hidden or shown."""
        visitor = self.by_sid.get(sid)
        if visitor is None or visitor.room is None or status not in ("here", "away") or visitor.status == status:
            return
        visitor.status = status
        self.tell_members(visitor.room)


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def soon(function: Callable[[], object]) -> None:
    """Calls a function after the handler that runs has answered."""
    asyncio.get_running_loop().call_soon(function)
