"""What a visitor may send: names, rooms, messages and pictures, as tests/demo/README.md has it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")
MIMES = ("image/png", "image/jpeg", "image/gif", "image/webp")
LARGEST_SIDE = 16_384
LARGEST_PICTURE = 700_000


class Refused(Exception):
    """What was sent is not allowed; the text is the code for the page."""


def clean(text: Any, most: int) -> str | None:
    """A text of one line without needless space; None where it is none."""
    if not isinstance(text, str):
        return None
    line = " ".join(text.split())
    return line if 1 <= len(line) <= most and not FORBIDDEN.search(line) else None


def is_key(key: Any) -> bool:
    """Whether it may be the secret of a visitor."""
    return isinstance(key, str) and KEY.match(key) is not None


def name_of(name: Any) -> str | None:
    """The name of a visitor."""
    return clean(name, 24)


def room_of(room: Any) -> str | None:
    """The name of a room."""
    line = clean(room, 1000)
    if line is None:
        return None
    name = line.lower().replace(" ", "-")
    if not 1 <= len(name) <= 32 or not is_word(name[0]):
        return None
    return name if all(is_word(character) or character in "-_" for character in name) else None


def is_word(character: str) -> bool:
    """Alphabetic or numeric."""
    return character.isalpha() or unicodedata.category(character).startswith("N")


def message_of(said: Any) -> dict[str, Any]:
    """Nonce, text and picture of a message; raises Refused."""
    said = said if isinstance(said, dict) else {}
    nonce, text = said.get("nonce"), said.get("text")
    if not isinstance(nonce, str) or not 1 <= len(nonce) <= 36 or not isinstance(text, str):
        raise Refused("text-invalid")
    text = text.strip()
    picture = picture_of(said.get("picture"))
    if len(text) > 2000 or FORBIDDEN.search(re.sub(r"[\r\n\t]", "", text)) or not (text or picture):
        raise Refused("text-invalid")
    return {"nonce": nonce, "text": text, "picture": picture}


def picture_of(picture: Any) -> dict[str, Any] | None:
    """A picture; raises Refused."""
    if picture is None:
        return None
    if not isinstance(picture, dict):
        raise Refused("picture-invalid")
    data, name = picture.get("data"), picture.get("name")
    sides = (picture.get("width"), picture.get("height"))
    if picture.get("mime") not in MIMES or not isinstance(name, str) or not all(map(is_side, sides)):
        raise Refused("picture-invalid")
    if not isinstance(data, bytes) or not data:
        raise Refused("picture-invalid")
    if len(data) > LARGEST_PICTURE:
        raise Refused("picture-too-large")
    cleaned = " ".join(FORBIDDEN.sub("", " ".join(name.split())).split())[:100]
    return {"name": cleaned or "picture", "mime": picture["mime"], "width": sides[0], "height": sides[1], "data": data}


def is_side(length: Any) -> bool:
    """Whether a picture may be so long."""
    return isinstance(length, int) and not isinstance(length, bool) and 1 <= length <= LARGEST_SIDE
