"""Functions that were registered, by namespace and event, and which of them an event is for."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from .namespace import BaseNamespace

RESERVED = frozenset({"connect", "disconnect", "disconnecting"})
ALL = "*"
# Names of namespaces of which is remembered what concerns them. Clients can make up names of dynamic ones.
MOST_REMEMBERED = 4096

#: What handlers are registered for: a name, ``"*"``, a pattern as ``/room-{id}``, a regular expression, or a function
#: that is asked with name and credentials.
Key = Union[str, "re.Pattern[str]", Callable[..., Any]]
Function = Callable[..., Any]


class Handler:
    """A function, and how it wants to be called."""

    __slots__ = ("function", "is_async", "most", "prefix")

    def __init__(self, function: Function, prefix: tuple[str, ...] = ()) -> None:
        if not callable(function):
            raise TypeError(f"a handler is a function, not {function!r}")
        self.function = function
        self.is_async = is_coroutine_function(function)
        #: How many arguments it takes by position; a large number for ``*args``.
        self.most = _most(function)
        #: What comes before the id of the client: event or namespace, for those that are registered for all.
        self.prefix = prefix

    def fit(self, *args: Any) -> tuple[Any, ...]:
        """The arguments that it takes of these."""
        return (self.prefix + args)[: self.most]


def is_coroutine_function(function: Function) -> bool:
    """Whether calling it gives a coroutine: also for objects with ``async def __call__`` and partial functions."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))


def _most(function: Function) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1 << 16
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 1 << 16
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in positional for parameter in parameters)


class Scope:
    """What was registered for one namespace, or for all that fit a pattern."""

    def __init__(self, is_for_many: bool = False) -> None:
        self.is_for_many = is_for_many
        self.events: dict[str, Function] = {}
        self.namespace: BaseNamespace[Any, Any] | None = None
        self.middlewares: list[Handler] = []
        self.any: list[Handler] = []
        self.any_outgoing: list[Handler] = []
        self.server_side: dict[str, Handler] = {}


class Scopes:
    """What concerns the sockets of one namespace: what was registered for it, and for all."""

    def __init__(self, name: str, own: Scope | None, everywhere: Scope | None, version: int) -> None:
        self.name = name
        #: How much had been registered when this was put together.
        self.version = version
        self.own = own
        self.everywhere = everywhere
        # What is registered for many namespaces is told which one it is.
        self._prefix = (name,) if own is not None and own.is_for_many else ()
        both = [(scope, prefix) for scope, prefix in ((everywhere, (name,)), (own, self._prefix)) if scope is not None]
        self.middlewares = [handler for scope, _ in both for handler in scope.middlewares]
        self.any = [Handler(each.function, prefix) for scope, prefix in both for each in scope.any]
        self.any_outgoing = [Handler(each.function, prefix) for scope, prefix in both for each in scope.any_outgoing]
        #: Handlers by events, as far as they were looked for.
        self.known: dict[str, Handler] = {}

    def find(self, event: str) -> Handler | None:
        """The handler of an event: of the namespace before that of all, of the event before that of any event."""
        found = self.known.get(event)
        if found is None:
            found = self._function(event) or self._method(event)
            # Names that clients make up, which go to "*", are not remembered.
            if found is not None and event not in found.prefix:
                self.known[event] = found
        return found

    def _function(self, event: str) -> Handler | None:
        is_plain = event not in RESERVED
        if self.own is not None:
            if event in self.own.events:
                return Handler(self.own.events[event], self._prefix)
            if is_plain and ALL in self.own.events:
                return Handler(self.own.events[ALL], (event, *self._prefix))
        if self.everywhere is not None:
            if event in self.everywhere.events:
                return Handler(self.everywhere.events[event], (self.name,))
            if is_plain and ALL in self.everywhere.events:
                return Handler(self.everywhere.events[ALL], (event, self.name))
        return None

    def _method(self, event: str) -> Handler | None:
        if self.own is not None and self.own.namespace is not None:
            function = self.own.namespace._handler(event)
            return None if function is None else Handler(function, self._prefix)
        if self.everywhere is not None and self.everywhere.namespace is not None:
            function = self.everywhere.namespace._handler(event)
            return None if function is None else Handler(function, (self.name,))
        return None


class Registry:
    """All that was registered at a server."""

    def __init__(self) -> None:
        self._static: dict[str, Scope] = {}
        self._dynamic: list[tuple[Key, Scope]] = []
        self._scopes: dict[str, Scopes] = {}
        # Of namespaces that exist on demand: the scope that took the name.
        self._taken: dict[str, Scope] = {}
        #: Goes up with everything that is registered.
        self.version = 0

    def scope(self, key: Key) -> Scope:
        """What was registered for a key, made when there is nothing; it is about to change."""
        self._scopes.clear()
        self.version += 1
        if not is_dynamic(key):
            return self._static.setdefault(str(key), Scope())
        for known, scope in self._dynamic:
            if known == key:
                return scope
        scope = Scope(is_for_many=True)
        self._dynamic.append((key, scope))
        return scope

    def knows(self, key: Key) -> bool:
        """Whether something was registered for a key."""
        return key in self._static or any(known == key for known, _ in self._dynamic)

    def static_names(self) -> list[str]:
        """The namespaces that were named."""
        return [name for name in self._static if name != ALL]

    def dynamic_keys(self) -> list[Key]:
        """The keys that stand for many namespaces, in their order."""
        return [key for key, _ in self._dynamic] + ([ALL] if ALL in self._static else [])

    def scopes(self, name: str) -> Scopes:
        """What concerns the sockets of a namespace."""
        known = self._scopes.get(name)
        if known is None:
            own = self._static.get(name) or self._taken.get(name) or self._match(name)
            known = Scopes(name, own, self._static.get(ALL), self.version)
            if len(self._scopes) >= MOST_REMEMBERED:
                self._scopes.clear()
            self._scopes[name] = known
        return known

    def _match(self, name: str) -> Scope | None:
        for key, scope in self._dynamic:
            if not callable(key) and matches(key, name):
                return scope
        return None

    def take(self, name: str, key: Key, alive: Callable[[], Iterable[str]]) -> None:
        """Remembers which of the dynamic ones took a name, for as long as the namespace is alive."""
        scope = next((scope for known, scope in self._dynamic if known == key), None)
        if scope is None:
            return
        if len(self._taken) >= 1000 and len(self._taken) & (len(self._taken) - 1) == 0:
            living = set(alive())
            self._taken = {name: scope for name, scope in self._taken.items() if name in living}
        self._taken[name] = scope
        self._scopes.pop(name, None)


def is_dynamic(key: Key) -> bool:
    """Whether it stands for many namespaces."""
    return not isinstance(key, str) or "{" in key


def matches(key: str | re.Pattern[str], name: str) -> bool:
    """Whether a name is one of a pattern or regular expression."""
    if isinstance(key, str):
        return _compiled(key).fullmatch(name) is not None
    return key.search(name) is not None


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^{}]*\}", pattern)
    return re.compile("[^/]+".join(map(re.escape, parts)), re.DOTALL)
