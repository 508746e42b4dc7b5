"""The part of app `conformance` that is about rooms, and what is done to many sockets."""

from messages import ACK_TIMEOUT


class Rooms:
    """Handlers; each gets namespace and id of the client first."""

    def __init__(self, sio):
        self.sio = sio

    async def on_join(self, namespace, sid, rooms):
        await self.sio.enter_room(sid, rooms, namespace=namespace)

    async def on_leave(self, namespace, sid, room):
        await self.sio.leave_room(sid, room, namespace=namespace)

    async def on_rooms(self, namespace, sid):
        return sorted(self.sio.rooms(sid, namespace=namespace))

    def target(self, namespace, sid, options):
        """Whom the options name."""
        target = self.sio.to(options.get("to", []), namespace=namespace).except_(options.get("except", []))
        if options.get("from") != "io":
            target = target.except_(sid)
        if options.get("volatile"):
            target = target.volatile
        if options.get("local"):
            target = target.local
        return target.compress(options.get("compress") is not False)

    async def on_broadcast(self, namespace, sid, options, event, *args):
        await self.target(namespace, sid, options).emit(event, args)

    async def on_broadcast_with_ack(self, namespace, sid, options, event, *args):
        target = self.target(namespace, sid, options).timeout(ACK_TIMEOUT)
        answers = await target.emit_with_ack(event, args)
        failed = any(answer.error for answer in answers)
        responses = [answer.value for answer in answers if answer.error is None]
        return {"error": "timeout" if failed else None, "responses": responses}

    async def on_fetch_sockets(self, namespace, sid, rooms):
        sockets = await self.sio.to(rooms, namespace=namespace).fetch_sockets()
        found = [{"id": socket.id, "rooms": sorted(socket.rooms), "data": socket.data} for socket in sockets]
        return sorted(found, key=lambda socket: socket["id"])

    async def on_sockets_join(self, namespace, sid, rooms, join):
        await self.sio.to(rooms, namespace=namespace).sockets_join(join)

    async def on_sockets_leave(self, namespace, sid, rooms, leave):
        await self.sio.to(rooms, namespace=namespace).sockets_leave(leave)

    async def on_disconnect_sockets(self, namespace, sid, rooms, close=False):
        await self.sio.to(rooms, namespace=namespace).disconnect_sockets(close)
