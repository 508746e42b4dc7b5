"""Certificates and keys."""

from __future__ import annotations

import os
from pathlib import Path


def read_pem(given: bytes | str | os.PathLike[str] | None) -> bytes:
    """PEM as it is, or out of a file."""
    if given is None:
        raise TypeError("TLS needs certificates and key")
    if isinstance(given, bytes):
        return given
    if isinstance(given, str) and "-----BEGIN" in given:
        return given.encode()
    return Path(given).read_bytes()
