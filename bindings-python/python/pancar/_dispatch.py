"""From what the core tells to handlers. One text for asyncio and threads: the flows are coroutines that are run to
their end at once where nothing in them waits."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable
from typing import Any, Generic

from . import _core, exceptions
from ._handlers import Handler, Scopes
from ._questions import Questions
from ._reason import DisconnectReason
from ._running import Event, Flow, is_awaitable
from ._state import Listeners, State
from ._target import N, S, pack

SERVER_ERROR = "Internal server error"


class Dispatch(Questions, Generic[N, S]):
    """Takes events of the core. What is left to asyncio and threads is how a flow is run."""

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
            _core.LOG: self._on_log,
            _core.CLOSED: self._on_closed,
        }

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
        if self._talks:
            self._options.logger.info("%s asks to join %s", socket.sid, socket.namespace)
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
        refusal: exceptions.ConnectionRefusedError | None = exceptions.ConnectionRefusedError(SERVER_ERROR)
        try:
            refusal = await self._refusal(socket, scopes.middlewares, connect)
        finally:
            state.joined = refusal is None
            is_here = self._answer(request, socket, let_in, refusal)
            if refusal is not None or is_here:
                self._held.pop((socket.namespace, socket.sid), None)
        if refusal is None and not is_here:
            # It went away while its connect handler ran: the disconnect handler may clean up.
            await self._leave(socket, state, DisconnectReason("transport close"))

    def _send(self, socket: _core.Socket, event: str, args: tuple[Any, ...], flags: int) -> None:
        """Sends to one client, now or as soon as it is in."""
        if self._talks:
            self._options.logger.info("emitting event %r to %s in %s", event, socket.sid, socket.namespace)
        if self._has_outgoing:
            self._tell_outgoing(socket, event, args)
        socket.emit(event, args, flags, self._options.default)

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
        if self._talks:
            self._options.logger.info("received event %r from %s in %s", name, socket.sid, socket.namespace)
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
        elif (found := scopes.known.get(name) or scopes.find(name)) is not None:
            self._begin(found, (*found.prefix, socket.sid, *args), event, state)

    def _begin(self, handler: Handler, args: tuple[Any, ...], event: Event, state: State) -> None:
        """Calls the handler that answers the event."""
        flow = self._handle(handler, args, event, state)
        if handler.is_async and not self._options.async_handlers:
            state.holds += 1
            flow = self._and_release(state, flow)
        self._run(flow, handler.is_async)

    async def _handle(self, handler: Handler, args: tuple[Any, ...], event: Event, state: State) -> None:
        if state.dismissed:
            return
        try:
            if handler.is_async:
                result = await handler.function(*args)
            else:
                result = contextvars.copy_context().run(handler.function, *args)
                if result is not None and is_awaitable(result):
                    result = await result
            if event[4] is not None:
                event[1].ack(event[4], pack(result), self._options.default)
        except Exception as error:
            self._report(f"the handler of {event[2]!r} failed", error)

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
        if self._talks:
            self._options.logger.info("%s has left %s: %s", socket.sid, socket.namespace, reason)
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
