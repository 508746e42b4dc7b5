"""What the idiom keeps for a client in a namespace."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from ._handlers import Function, Handler

if TYPE_CHECKING:
    from ._handlers import Scopes
    from .socket import BaseSocket


class Listener:
    """A listener of one socket."""

    __slots__ = ("handler", "once")

    def __init__(self, function: Function, once: bool = False) -> None:
        self.handler = Handler(function)
        self.once = once


class Listeners:
    """All listeners and middlewares of one socket."""

    __slots__ = ("any", "any_outgoing", "errors", "events", "middlewares")

    def __init__(self) -> None:
        self.events: dict[str, list[Listener]] = {}
        self.middlewares: list[Handler] = []
        self.any: list[Handler] = []
        self.any_outgoing: list[Handler] = []
        self.errors: list[Handler] = []

    def of(self, event: str) -> list[Handler]:
        """The listeners of an event; those for one time are removed."""
        found = self.events.get(event)
        if not found:
            return []
        if any(listener.once for listener in found):
            self.events[event] = [listener for listener in found if not listener.once]
        return [listener.handler for listener in found]


class State:
    """Beside a socket of the core."""

    __slots__ = (
        "dismissed", "environ", "holds", "is_releasing", "joined", "lane", "listeners", "running", "scopes",
        "session", "view", "waiting",
    )  # fmt: skip

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self.session: dict[str, Any] | None = None
        self.environ: dict[str, Any] | None = None
        self.listeners: Listeners | None = None
        self.view: BaseSocket[Any, Any] | None = None
        #: Whether its connect handler is through.
        self.joined = False
        #: Whether the program has disconnected it: what it sent before it knew is not handled.
        self.dismissed = False
        #: How much there is that its next event waits for, and events that wait.
        self.holds = 0
        self.waiting: deque[Any] | None = None
        self.is_releasing = False
        #: Threaded server: events that no thread has taken, and whether one takes them.
        self.lane: deque[Any] | None = None
        self.running = False
