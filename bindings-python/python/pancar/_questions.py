"""What the core asks: namespaces on demand, requests, events of other servers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ._handlers import ALL, Handler, Key, is_coroutine_function, matches
from ._running import Event, Running, is_awaitable
from ._target import pack

if TYPE_CHECKING:
    from . import _core

#: Where trouble of the network is logged that nobody wants to hear of elsewhere.
NETWORK = logging.getLogger("pancar.engine")


class Questions(Running):
    """Answers them by what was registered and by options."""

    def _on_match(self, event: Event) -> None:
        _, request, name, auth, matcher = event
        key = self._matchers()[matcher]
        # All namespaces are those of the other keys too, which may have been registered later.
        keys = self._registry.dynamic_keys() if key == ALL else [key]
        waits = any(callable(key) and is_coroutine_function(key) for key in keys)
        self._run(self._match(request, name, auth, keys), waits)

    def _matchers(self) -> list[Any]:
        raise NotImplementedError

    def _namespaces(self) -> list[str]:
        raise NotImplementedError

    async def _match(self, request: _core.MatchRequest, name: str, auth: object, keys: list[Key]) -> None:
        takes = False
        try:
            for key in keys:
                if await self._takes(key, name, auth):
                    self._registry.take(name, key, self._namespaces)
                    takes = True
                    break
        except Exception as error:
            self._report(f"whether {name!r} is a namespace could not be told", error)
        finally:
            request.answer(takes)

    async def _takes(self, key: Key, name: str, auth: object) -> bool:
        if callable(key):
            result = key(name, auth)
            return bool(await result if is_awaitable(result) else result)
        return key == ALL or matches(key, name)

    def _on_allow(self, event: Event) -> None:
        _, request, handshake = event
        allow = self._options.allow_request
        self._run(self._allow(request, handshake), allow is not None and is_coroutine_function(allow))

    async def _allow(self, request: _core.AllowRequest, handshake: dict[str, Any]) -> None:
        refuse_with: str | None = "Forbidden"
        try:
            refuse_with = await self._why_not(handshake)
        except Exception as error:
            self._report("whether a request is allowed could not be told", error)
        finally:
            request.answer(refuse_with)

    async def _why_not(self, handshake: dict[str, Any]) -> str | None:
        origin, allowed = handshake["headers"].get("origin"), self._options.origin_allowed
        if origin is not None and allowed is not None:
            result = allowed(*(origin, handshake)[: Handler(allowed).most])
            if not (await result if is_awaitable(result) else result):
                return "Not an accepted origin"
        allow = self._options.allow_request
        if allow is None:
            return None
        result = allow(handshake)
        answer = await result if is_awaitable(result) else result
        if isinstance(answer, str):
            return answer
        return "Forbidden" if answer is False else None

    def _on_server_side(self, event: Event) -> None:
        _, namespace, name, args, reply = event
        scope = self._registry.scopes(namespace).own
        handler = scope.server_side.get(name) if scope is not None else None
        if handler is not None:
            self._run(self._server_side(handler, name, args, reply), handler.is_async)

    async def _server_side(self, handler: Handler, name: str, args: tuple[Any, ...], reply: Any) -> None:
        result = await self._call_and_report(handler, args, repr(name))
        if reply is not None:
            reply.send(pack(result))

    def _on_connection_error(self, event: Event) -> None:
        _, code, message, context, handshake = event
        logger = self._options.engineio_logger
        if logger is not None:
            logger.info("refused %s: %s (%s %s)", handshake.get("url"), message, code, context)

    def _on_log(self, event: Event) -> None:
        """What the core logs: of the network to the logger of requests, all else to that of the server."""
        for level, module, text in event[1]:
            is_network = "::net" in module or "::proto" in module
            logger = (self._options.engineio_logger or NETWORK) if is_network else self._options.logger
            logger.log(level, "%s", text)
