"""What an operation returns that is already done, so that it may be awaited or not."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Generic, NoReturn, TypeVar, cast

T = TypeVar("T")


class Done(Coroutine[Any, Any, T], Generic[T]):
    """The result of an operation that needed no waiting.

    ``await sio.emit(...)`` and a plain ``sio.emit(...)`` do the same: the event is queued by the time the call returns.
    It passes for a coroutine, so that ``asyncio.create_task(sio.emit(...))`` and the like work too.
    """

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, Any, T]:
        return cast("Generator[Any, Any, T]", self)

    def __iter__(self) -> Done[T]:
        return self

    def __next__(self) -> NoReturn:
        raise StopIteration(self.value)

    def send(self, _value: object, /) -> NoReturn:
        """Ends at once, with the result."""
        raise StopIteration(self.value)

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> NoReturn:
        """Raises what is given."""
        error = val if val is not None else typ
        raise error if tb is None else error.with_traceback(tb)

    def close(self) -> None:
        """Does nothing."""


NOTHING: Done[None] = Done(None)
