"""Threads for handlers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

# Seconds after which a thread with nothing to do ends.
IDLE = 30.0
Job = tuple[Callable[..., object], tuple[Any, ...]]


class Pool:
    """Threads that start when all others are busy, up to a number. They don't keep the process alive."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._changed = threading.Condition()
        self._threads = 0
        # Jobs that wait or run.
        self._open = 0

    def submit(self, function: Callable[..., object], *args: Any) -> None:
        """Lets a thread call a function, soon."""
        with self._changed:
            self._open += 1
            if self._open > self._threads and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            self._jobs.put((function, args))

    def _work(self) -> None:
        while True:
            try:
                function, args = self._jobs.get(timeout=IDLE)
            except Empty:
                with self._changed:
                    if self._jobs.empty():
                        self._threads -= 1
                        return
                continue
            try:
                function(*args)
            finally:
                del function, args
                with self._changed:
                    self._open -= 1
                    if not self._open:
                        self._changed.notify_all()

    def wait_idle(self, seconds: float) -> None:
        """Waits until nothing is left to do, but not longer."""
        with self._changed:
            self._changed.wait_for(lambda: self._open == 0, seconds)
