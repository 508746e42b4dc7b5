"""The part of app `conformance` that tells what the server knows."""


class Questions:
    """Handlers; each gets namespace and id of the client first."""

    def __init__(self, sio, log):
        self.sio = sio
        self.log = log

    def on_set_data(self, namespace, sid, value):
        self.sio.socket(sid, namespace).data = value

    def on_get_data(self, namespace, sid):
        # A tuple is a list of arguments: None would be none.
        return (self.sio.socket(sid, namespace).data,)

    def on_handshake(self, namespace, sid):
        return self.sio.socket(sid, namespace).handshake

    def on_transport(self, namespace, sid):
        return self.sio.transport(sid, namespace=namespace)

    def on_log(self, namespace, sid):
        return self.log

    def on_counts(self, namespace, sid):
        return {
            "clients": self.sio.clients_count,
            "sockets": self.sio.sockets_count(namespace),
            "rooms": self.sio.rooms_count(namespace),
        }

    def on_server_side(self, namespace, sid, *args):
        self.sio.server_side_emit("server-side", args, namespace=namespace)
