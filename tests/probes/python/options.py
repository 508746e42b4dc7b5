"""The environment of a probe: `HOST`, `PORT`, and `PROBE_…` for every option of the server."""

import json
import os
import sys

MISSING_FEATURE = 89
# Milliseconds in the environment, seconds in Python.
DURATIONS = {
    "ping_interval", "ping_timeout", "upgrade_timeout", "connect_timeout", "attachment_timeout", "header_timeout",
    "body_timeout", "close_timeout", "ack_timeout", "buffer_grace",
}  # fmt: skip


def address():
    """Host and port."""
    return os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "3000"))


def from_environment():
    """The options that the environment sets: values are JSON, anything else is a string."""
    options = {}
    for key, text in os.environ.items():
        if not key.startswith("PROBE_"):
            continue
        name = key.removeprefix("PROBE_").lower()
        if name == "adapter":
            sys.stderr.write("this probe has no adapter for a cluster\n")
            sys.exit(MISSING_FEATURE)
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        options[name] = in_seconds(name, value)
    return options


def in_seconds(name, value):
    """A value in the units of Python."""
    if name in DURATIONS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value / 1000
    if name == "connection_state_recovery" and isinstance(value, dict):
        known = {"maxDisconnectionDuration": "max_disconnection_duration", "skipMiddlewares": "skip_middlewares"}
        recovery = {known.get(key, key): item for key, item in value.items()}
        if "max_disconnection_duration" in recovery:
            recovery["max_disconnection_duration"] /= 1000
        return recovery
    return value


def conformance():
    """The options of app `conformance`, changed by the environment."""
    presets = {
        "ping_interval": 0.3,
        "ping_timeout": 0.2,
        "max_http_buffer_size": 1_000_000,
        "connect_timeout": 1,
        "cors": "*",
    }
    return presets | from_environment()
