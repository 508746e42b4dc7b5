"""The exceptions that the library raises, and those that handlers may raise to refuse."""

from __future__ import annotations

import builtins
from typing import Any

from ._core import CoreError

__all__ = [
    "ConnectionRefusedError",
    "CoreError",
    "DisconnectedError",
    "EventRefusedError",
    "SocketIOError",
    "TimeoutError",
]

REJECTED = "Connection rejected by server"


class SocketIOError(Exception):
    """What all exceptions of this module are, but :class:`CoreError`."""


class _Refusal(SocketIOError):
    """A message for the client, and data beside it."""

    default = ""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.message: str = str(args[0]) if args else self.default
        self.has_data = len(args) > 1
        self.data: Any = args[1] if len(args) == 2 else args[1:] if self.has_data else None

    @property
    def error_args(self) -> dict[str, Any]:
        """What the client is told: ``message``, and ``data`` where it was given."""
        return {"message": self.message, "data": self.data} if self.has_data else {"message": self.message}


class ConnectionRefusedError(_Refusal):
    """Raised by a connect handler or a middleware to refuse a client.

    The first argument is the message of the client's ``connect_error``, the second its data; of more than two the rest
    is the data, as a list.
    """

    default = REJECTED


class EventRefusedError(_Refusal):
    """Raised by a middleware of a socket to refuse an event; listeners of ``Socket.on_error`` get it."""

    default = "refused"


class TimeoutError(SocketIOError, builtins.TimeoutError):  # the name of python-socketio
    """Nobody answered in time."""


class DisconnectedError(SocketIOError):
    """The client is gone, or went while its answer was awaited."""
