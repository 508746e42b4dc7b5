"""The part of app `conformance` that is about connections and single events."""

import asyncio

from pancar.exceptions import EventRefusedError

ACK_TIMEOUT = 0.5


class Messages:
    """Handlers; each gets namespace and id of the client first."""

    def __init__(self, sio, log):
        self.sio = sio
        self.log = log

    def on_connect(self, namespace, sid, environ, auth):
        socket = self.sio.socket(sid, namespace)
        seen, sent = [], []
        socket.on_any(lambda event, *args: seen.append(event))
        socket.on_any_outgoing(lambda event, *args: sent.append(event))
        socket.on("seen", lambda *args: seen)
        socket.on("sent", lambda *args: sent)
        socket.use(refuse_blocked)
        socket.on_error(lambda refused: socket.emit("error-seen", refused.message))
        socket.on("removable", lambda *args: socket.emit("removable-seen"))
        socket.emit("auth", (socket.auth,))

    def on_disconnecting(self, namespace, sid, reason):
        self.log.append({"id": sid, "event": "disconnecting", "reason": reason.official})

    def on_disconnect(self, namespace, sid, reason):
        self.log.append({"id": sid, "event": "disconnect", "reason": reason.official})

    async def on_message(self, namespace, sid, *args):
        await self.sio.emit("message-back", args, to=sid, namespace=namespace)

    async def on_message_with_ack(self, namespace, sid, *args):
        return args

    async def on_emit_with_ack(self, namespace, sid, *args):
        # A broadcast to one, as its answers tell how many arguments there were.
        answers = await self.sio.to(sid, namespace).timeout(ACK_TIMEOUT).emit_with_ack("emit-with-ack", args)
        if not answers or answers[0].error == "disconnected":
            self.log.append({"id": sid, "event": "emit-with-ack-failed", "reason": "disconnected"})
        elif answers[0].error == "timeout":
            await self.sio.emit("emit-with-ack-failed", "timeout", to=sid, namespace=namespace)
        else:
            await self.sio.emit("emit-with-ack-back", answers[0].args, to=sid, namespace=namespace)

    async def on_server_emit_many(self, namespace, sid, n, event):
        for number in range(n):
            await self.sio.emit(event, number, to=sid, namespace=namespace)

    def on_volatile_many(self, namespace, sid, n, size):
        socket = self.sio.socket(sid, namespace)
        for _ in range(n):
            socket.volatile.emit("v", "x" * size)

    async def on_disconnect_me(self, namespace, sid, close=False):
        self.sio.socket(sid, namespace).disconnect(close)

    def on_once(self, namespace, sid):
        socket = self.sio.socket(sid, namespace)
        socket.once("once-event", lambda *args: socket.emit("once-seen"))

    def on_off(self, namespace, sid):
        self.sio.socket(sid, namespace).off("removable")

    def on_throw(self, namespace, sid, *args):
        raise RuntimeError("the probe was asked to throw")

    async def on_slow(self, namespace, sid, ms, value):
        await asyncio.sleep(ms / 1000)
        await self.sio.emit("slow-done", (value,), to=sid, namespace=namespace)


def refuse_blocked(event, *args):
    """A middleware."""
    if event == "blocked":
        raise EventRefusedError("blocked")
