"""From what the core tells to handlers. One text for asyncio and threads: the flows are coroutines that are run to
their end at once where nothing in them waits."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic

from . import _core, exceptions
from ._handlers import ALL, Handler, Key, Scopes, is_coroutine_function, matches
from ._reason import DisconnectReason
from ._state import Listeners, State
from ._target import N, S, pack

if TYPE_CHECKING:
    from ._handlers import Registry
    from ._options import Options

Event = tuple[Any, ...]
Flow = Coroutine[Any, Any, Any]
SERVER_ERROR = "Internal server error"


class Dispatch(Generic[N, S]):
    """Takes events of the core. What is left to asyncio and threads is how a flow is run."""

    _options: Options
    _registry: Registry
    # Clients that the core does not find: their connect or disconnect handler runs.
    _held: dict[tuple[str, str], _core.Socket]
    # Clients that have left the room of their own id.
    _strayed: dict[tuple[str, str], _core.Socket]
    _waiting: dict[int, Callable[..., None]]
    # Whether somebody listens to what is sent.
    _has_outgoing = False

    def __init__(self) -> None:
        self._table: dict[int, Callable[[Event], None]] = {
            _core.JOIN: self._on_join,
            _core.CONNECT: self._on_connect,
            _core.EVENT: self._on_event,
            _core.DISCONNECTING: self._on_disconnecting,
            _core.DISCONNECT: self._on_disconnect,
            _core.ACK: self._on_answer,
            _core.ACKS: self._on_answer,
            _core.FETCHED: self._on_answer,
            _core.RESPONSE: self._on_answer,
            _core.WEBSOCKET: self._on_answer,
            _core.OUTBOX: self._on_outbox,
            _core.TASK: self._on_answer,
            _core.MATCH: self._on_match,
            _core.ALLOW: self._on_allow,
            _core.SERVER_SIDE: self._on_server_side,
            _core.CONNECTION_ERROR: self._on_connection_error,
            _core.CLOSED: self._on_closed,
        }

    def _run(self, flow: Flow, waits: bool) -> None:
        """Runs a flow: at once where it does not wait."""
        raise NotImplementedError

    def _finish(self, flow: Flow) -> None:
        """Runs a flow now, to its first pause at least."""
        raise NotImplementedError

    def _report(self, message: str, error: BaseException) -> None:
        """Tells of an exception of a handler, once."""
        raise NotImplementedError

    def _view(self, socket: _core.Socket) -> Any:
        raise NotImplementedError

    def _environ(self, socket: _core.Socket) -> dict[str, Any]:
        raise NotImplementedError

    def _on_closed(self, event: Event) -> None:
        raise NotImplementedError

    # ------------------------------------------------------------------ calling
    def _state(self, socket: _core.Socket) -> State:
        state = socket.state
        if state is None:
            state = socket.state = State(self._registry.scopes(socket.namespace))
        return state  # type: ignore[return-value]  # the core lets us keep anything

    def _scopes(self, state: State) -> Scopes:
        scopes = state.scopes
        if scopes.version != self._registry.version:
            scopes = state.scopes = self._registry.scopes(scopes.name)
        return scopes

    async def _call_handler(self, handler: Handler, args: tuple[Any, ...]) -> Any:
        """What a handler gives, its exceptions too."""
        if handler.is_async:
            return await handler.function(*args)
        result = contextvars.copy_context().run(handler.function, *args)
        return await result if _is_awaitable(result) else result

    async def _call_and_report(self, handler: Handler, args: tuple[Any, ...], what: str) -> Any:
        try:
            return await self._call_handler(handler, args)
        except Exception as error:
            self._report(f"the handler of {what} failed", error)
            return None

    def _fire(self, handler: Handler, args: tuple[Any, ...], what: str) -> None:
        """Calls a handler of which nothing is wanted."""
        self._run(self._call_and_report(handler, args[: handler.most], what), handler.is_async)

    def _waits(self, state: State, event: Event) -> bool:
        """Whether the event has to wait for another one of its client; then it was put behind it."""
        if not state.holds:
            return False
        if state.waiting is None:
            state.waiting = deque()
        state.waiting.append(event)
        return True

    def _release(self, state: State) -> None:
        """One thing less that events of a client wait for."""
        state.holds -= 1
        if state.is_releasing:
            return
        state.is_releasing = True
        try:
            while state.waiting and not state.holds:
                event = state.waiting.popleft()
                self._table[event[0]](event)
        finally:
            state.is_releasing = False
        if not state.waiting:
            state.waiting = None

    async def _and_release(self, state: State, flow: Flow) -> None:
        try:
            await flow
        finally:
            self._release(state)

    # ------------------------------------------------------------------ joining
    def _on_join(self, event: Event) -> None:
        _, request, socket = event
        state = self._state(socket)
        scopes = self._scopes(state)
        connect = scopes.find("connect")
        if connect is None and not scopes.middlewares:
            state.joined = request.accept()
            return
        self._held[socket.namespace, socket.sid] = socket
        waits = any(handler.is_async for handler in (connect, *scopes.middlewares) if handler is not None)
        self._run(self._join(request, socket, state, scopes, connect), waits)

    def _on_connect(self, event: Event) -> None:
        """A client is in. One that came back by recovery was not asked for before."""
        socket = event[1]
        if socket.state is not None:
            return
        state = self._state(socket)
        scopes = self._scopes(state)
        state.joined = True
        connect = scopes.find("connect")
        if connect is not None:
            self._run(self._come_back(socket, connect), connect.is_async)

    async def _come_back(self, socket: _core.Socket, connect: Handler) -> None:
        if await self._refusal(socket, [], connect) is not None:
            socket.disconnect()

    async def _join(
        self, request: _core.JoinRequest, socket: _core.Socket, state: State, scopes: Scopes, connect: Handler | None
    ) -> None:
        let_in = self._options.always_connect and request.accept()
        if "connection_state_recovery" in self._options.core and not let_in:
            # Events that a client may come back with are numbered, which begins when it is let in.
            state.early = []
        refusal: exceptions.ConnectionRefusedError | None = exceptions.ConnectionRefusedError(SERVER_ERROR)
        try:
            refusal = await self._refusal(socket, scopes.middlewares, connect)
        finally:
            state.joined = refusal is None
            is_here = self._answer(request, socket, let_in, refusal)
            self._send_early(socket, state)
            if refusal is not None or is_here:
                self._held.pop((socket.namespace, socket.sid), None)
        if refusal is None and not is_here:
            # It went away while its connect handler ran: the disconnect handler may clean up.
            await self._leave(socket, state, DisconnectReason("transport close"))

    def _send(self, socket: _core.Socket, event: str, args: tuple[Any, ...], flags: int) -> None:
        """Sends to one client, now or as soon as it is in."""
        state = socket.state
        early = state.early if isinstance(state, State) else None
        if early is not None:
            early.append((event, args, flags))
            return
        if self._has_outgoing:
            self._tell_outgoing(socket, event, args)
        socket.emit(event, args, flags, self._options.default)

    def _send_early(self, socket: _core.Socket, state: State) -> None:
        early, state.early = state.early, None
        if not state.joined:
            return
        for each in early or ():
            try:
                self._send(socket, *each)
            except Exception as error:
                self._report(f"{each[0]!r} could not be sent", error)

    def _answer(
        self,
        request: _core.JoinRequest,
        socket: _core.Socket,
        let_in: bool,
        refusal: exceptions.ConnectionRefusedError | None,
    ) -> bool:
        """Whether the client is there."""
        if let_in:
            if refusal is not None:
                socket.disconnect()
            return True
        if refusal is None:
            return request.accept()
        if not refusal.has_data:
            request.reject(refusal.message)
            return False
        try:
            request.reject(refusal.message, refusal.data)
        except (TypeError, ValueError, OverflowError) as error:
            self._report("the data of a refusal has no JSON form", error)
            request.reject(refusal.message)
        return False

    async def _refusal(
        self, socket: _core.Socket, middlewares: list[Handler], connect: Handler | None
    ) -> exceptions.ConnectionRefusedError | None:
        """None where everyone lets the client in."""
        try:
            for middleware in middlewares:
                if await self._call_handler(middleware, (self._view(socket),)) is False:
                    return exceptions.ConnectionRefusedError()
            if connect is None:
                return None
            # An empty object is what clients send that were given no credentials.
            auth = socket.auth or None
            environ = self._environ(socket) if connect.most > len(connect.prefix) + 1 else {}
            result = await self._call_handler(connect, connect.fit(socket.sid, environ, auth))
            return exceptions.ConnectionRefusedError() if result is False else None
        except exceptions.ConnectionRefusedError as refused:
            return refused
        except ConnectionRefusedError:
            return exceptions.ConnectionRefusedError()
        except Exception as error:
            self._report("the handler of 'connect' failed", error)
            return exceptions.ConnectionRefusedError(SERVER_ERROR)

    # ------------------------------------------------------------------ events
    def _on_event(self, event: Event) -> None:
        _, socket, name, args, ack = event
        state = socket.state
        if state is None:
            state = self._state(socket)
        if state.dismissed or (state.holds and self._waits(state, event)):
            return
        scopes = state.scopes
        if scopes.version != self._registry.version:
            scopes = self._scopes(state)
        for handler in scopes.any:
            self._fire(handler, (name, *handler.prefix, socket.sid, *args), repr(name))
        listeners = state.listeners
        if listeners is not None:
            for handler in listeners.any:
                self._fire(handler, (name, *args), repr(name))
            if listeners.middlewares:
                waits = any(middleware.is_async for middleware in listeners.middlewares)
                state.holds += 1
                self._run(self._past_middlewares(event, state), waits)
                return
            self._call_all(event, state)
        elif (found := scopes.find(name)) is not None:
            self._begin(found, (*found.prefix, socket.sid, *args), event, state)

    def _begin(self, handler: Handler, args: tuple[Any, ...], event: Event, state: State) -> None:
        """Calls the handler that answers the event."""
        flow = self._handle(handler, args, event)
        if handler.is_async and not self._options.async_handlers:
            state.holds += 1
            flow = self._and_release(state, flow)
        self._run(flow, handler.is_async)

    async def _handle(self, handler: Handler, args: tuple[Any, ...], event: Event) -> None:
        _, socket, name, _, ack = event
        if socket.state.dismissed:
            return
        try:
            if handler.is_async:
                result = await handler.function(*args)
            else:
                result = contextvars.copy_context().run(handler.function, *args)
                if result is not None and _is_awaitable(result):
                    result = await result
            if ack is not None:
                socket.ack(ack, pack(result), self._options.default)
        except Exception as error:
            self._report(f"the handler of {name!r} failed", error)

    def _call_all(self, event: Event, state: State) -> None:
        """The handler of the server, then listeners of the socket. The first of them answers."""
        _, socket, name, args, _ = event
        handler = self._scopes(state).find(name)
        found = [] if handler is None else [(handler, (*handler.prefix, socket.sid, *args))]
        if state.listeners is not None:
            found.extend((listener, args) for listener in state.listeners.of(name))
        for handler, with_args in found[:1]:
            self._begin(handler, with_args, event, state)
        for handler, with_args in found[1:]:
            self._fire(handler, with_args, repr(name))

    async def _past_middlewares(self, event: Event, state: State) -> None:
        """Handlers start when all middlewares are through; what they wait for does not hold up the events behind."""
        passed = False
        try:
            passed = await self._passes(event, state)
        finally:
            if passed:
                self._call_all(event, state)
            self._release(state)

    async def _passes(self, event: Event, state: State) -> bool:
        _, _, name, args, _ = event
        listeners = state.listeners or Listeners()
        try:
            for middleware in list(listeners.middlewares):
                if await self._call_handler(middleware, (name, *args)[: middleware.most]) is False:
                    raise exceptions.EventRefusedError
        except exceptions.EventRefusedError as refused:
            for handler in listeners.errors:
                self._fire(handler, (refused,), "refused events")
            return False
        except Exception as error:
            self._report(f"a middleware failed at {name!r}", error)
            return False
        return True

    def _tell_outgoing(self, socket: _core.Socket, event: str, args: tuple[Any, ...]) -> None:
        """Calls those that listen to what is sent to a client, before it is sent."""
        state = self._state(socket)
        for handler in self._scopes(state).any_outgoing:
            self._tell(handler, (event, *handler.prefix, socket.sid, *args), event)
        if state.listeners is not None:
            for handler in state.listeners.any_outgoing:
                self._tell(handler, (event, *args), event)

    def _tell(self, handler: Handler, args: tuple[Any, ...], event: str) -> None:
        flow = self._call_and_report(handler, args[: handler.most], f"what is sent as {event!r}")
        if handler.is_async:
            self._run(flow, True)
        else:
            self._finish(flow)

    # ------------------------------------------------------------------ leaving
    def _on_disconnecting(self, event: Event) -> None:
        _, socket, reason, detail, rooms = event
        state = self._state(socket)
        if self._waits(state, event):
            return
        why = DisconnectReason(reason, detail)
        handler = self._scopes(state).find("disconnecting")
        if handler is not None:
            self._fire(handler, handler.fit(socket.sid, why, rooms), "'disconnecting'")
        if state.listeners is not None:
            for listener in state.listeners.of("disconnecting"):
                self._fire(listener, (why, rooms), "'disconnecting'")

    def _on_disconnect(self, event: Event) -> None:
        _, socket, reason, detail = event
        state = self._state(socket)
        if self._waits(state, event):
            return
        self._strayed.pop((socket.namespace, socket.sid), None)
        if not state.joined:
            return
        handler = self._scopes(state).find("disconnect")
        if handler is None and state.listeners is None:
            return
        waits = handler is not None and handler.is_async
        self._run(self._leave(socket, state, DisconnectReason(reason, detail)), waits)

    async def _leave(self, socket: _core.Socket, state: State, reason: DisconnectReason) -> None:
        key = (socket.namespace, socket.sid)
        self._held[key] = socket
        try:
            if state.listeners is not None:
                for listener in state.listeners.of("disconnect"):
                    self._fire(listener, (reason,), "'disconnect'")
            handler = self._scopes(state).find("disconnect")
            if handler is not None:
                await self._call_and_report(handler, handler.fit(socket.sid, reason), "'disconnect'")
        finally:
            self._held.pop(key, None)

    # ------------------------------------------------------------------ questions of the core
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
            return bool(await result if _is_awaitable(result) else result)
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
            if not (await result if _is_awaitable(result) else result):
                return "Not an accepted origin"
        allow = self._options.allow_request
        if allow is None:
            return None
        result = allow(handshake)
        answer = await result if _is_awaitable(result) else result
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

    # ------------------------------------------------------------------ answers
    def _on_answer(self, event: Event) -> None:
        resolve = self._waiting.pop(event[1], None)
        if resolve is not None:
            resolve(*event[2:])

    def _on_outbox(self, event: Event) -> None:
        """Something waits for a WebSocket that an ASGI server carries; it stays registered until it ends."""
        ring = self._waiting.get(event[1])
        if ring is not None:
            ring()


def _is_awaitable(result: Any) -> bool:
    return hasattr(result, "__await__")
