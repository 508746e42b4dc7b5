"""Files that ASGIApp and WSGIApp serve beside Socket.IO."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

#: From paths of URLs to files or folders. A dict names a file and its type: ``{"filename": …, "content_type": …}``.
StaticFiles = Mapping[str, Union[str, Mapping[str, str]]]


@dataclass(frozen=True)
class File:
    """A file to send."""

    path: Path
    content_type: str

    def headers(self) -> dict[str, str]:
        """What its answer says."""
        return {"Content-Type": self.content_type, "Cache-Control": "no-cache"}


def find(path: str, files: StaticFiles) -> File | None:
    """The file for a path: an entry of its own, else the folder with the longest name that it begins with.

    Of a folder, the entry ``""`` names the file for its own path, by default ``index.html``.
    """
    if path in files:
        found = _entry(files[path])
        if found is not None:
            return found
    for prefix in sorted(files, key=len, reverse=True):
        folder = files[prefix]
        start = prefix.rstrip("/") + "/"
        if isinstance(folder, str) and (path + "/" == start or path.startswith(start)):
            found = _inside(Path(folder), path[len(start) :] or _index(files))
            if found is not None:
                return found
    return None


def _index(files: StaticFiles) -> str:
    index = files.get("", "index.html")
    return index if isinstance(index, str) else index.get("filename", "index.html")


def _entry(entry: Any) -> File | None:
    given = {"filename": entry} if isinstance(entry, str) else entry
    return _file(Path(given["filename"]), given.get("content_type"))


def _inside(folder: Path, rest: str) -> File | None:
    """A file in a folder; none where the path leads out of it."""
    try:
        root = folder.resolve()
        path = (root / rest).resolve()
        return _file(path) if path.is_relative_to(root) else None
    except (OSError, ValueError):
        return None


def _file(path: Path, content_type: str | None = None) -> File | None:
    if not path.is_file():
        return None
    guessed = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if content_type is None and (guessed.startswith("text/") or guessed.endswith(("javascript", "json", "svg+xml"))):
        guessed += "; charset=utf-8"
    return File(path, guessed)
