"""The markers and vectors that many files share."""

import json
from pathlib import Path

import pytest

VECTORS = Path(__file__).resolve().parents[1] / "vectors"

beyond_official = pytest.mark.beyond_official
own_listener = pytest.mark.own_listener
own_framing = pytest.mark.own_framing
options = pytest.mark.options

# The times of the two official suites.
official_times = pytest.mark.options(ping_interval=300, ping_timeout=200, connect_timeout=1000)

# What the engine says when a client breaks the rules of Socket.IO: the official server says the first.
VIOLATION = {"forced close", "parse error", "forced server close"}


def vectors(name, *keep, label):
    """The vectors of a file as test parameters; those that the official server judges otherwise are marked."""
    rows = json.loads((VECTORS / f"{name}.json").read_text())
    rows = [row for row in rows if all(condition(row) for condition in keep)]
    return [
        pytest.param(row, id=identifier(label(row)), marks=[beyond_official] if "official" in row else [])
        for row in rows
    ]


def identifier(text):
    """A short printable test id."""
    short = text if len(text) <= 60 else f"{text[:40]}...{len(text)}"
    return short.encode("unicode_escape").decode().replace("::", ":").replace("[", "(").replace("]", ")") or "empty"
