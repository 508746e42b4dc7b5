"""Engine.IO sessions over both transports, with one interface: `send`, `send_packets`, `read`, `close`."""

import base64
import contextlib
import json
import time
from collections import deque

from .http import Http, query
from .stream import DEADLINE, Closed, Silent
from .websocket import CLOSE, Handshake, WebSocket

SEPARATOR = "\x1e"


def encode(message):
    """A message as a packet in text form (polling)."""
    return "4" + message if isinstance(message, str) else "b" + base64.b64encode(message).decode()


def decode(packet):
    """The message inside a polling packet."""
    return base64.b64decode(packet[1:], validate=True) if packet.startswith("b") else packet[1:]


class PollingSession:
    """A session over HTTP long-polling, opened at construction. Reading answers pings unless `pong` is off."""

    def __init__(self, address, path, pong=True, receive_buffer=None, extra=""):
        self.address, self.path, self.pong = address, path, pong
        self.getter = Http(address, path, receive_buffer)
        self.poster = Http(address, path)
        self.queue = deque()
        self.pending = False
        self.opening = self.getter.get(query(transport="polling") + extra)
        assert self.opening.status == 200, self.opening
        first, *rest = self.opening.text.split(SEPARATOR)
        self.handshake = json.loads(first.removeprefix("0"))
        self.queue.extend(rest)
        self.sid = self.handshake["sid"]
        self.query = query(transport="polling", sid=self.sid)

    def send(self, *messages):
        """Sends messages in one POST."""
        self.send_packets(*map(encode, messages))

    def send_packets(self, *packets):
        """Sends packets in one POST; Closed when it is not accepted."""
        response = self.post(SEPARATOR.join(packets))
        if response.status != 200:
            raise Closed("POST refused", response.status, response)
        assert response.body == b"ok", response

    def post(self, body, **how):
        """One POST, whatever the answer."""
        return self.poster.post(self.query, body, **how)

    def start_poll(self):
        """Sends a GET without waiting, unless one is pending."""
        if not self.pending:
            self.getter.send_request("GET", self.query)
            self.pending = True

    def hold_poll(self):
        """Sends a GET and makes sure that the server has taken it: it has read it, and has answered two other requests since."""
        self.start_poll()
        self.getter.settle()
        for _ in range(2):
            self.send_packets("3")

    def finish_poll(self, within=DEADLINE):
        """The answer of the pending GET."""
        response = self.getter.read_response(within)
        self.pending = False
        return response

    def poll(self, within=DEADLINE):
        """One GET and its answer, whatever it is."""
        self.start_poll()
        return self.finish_poll(within)

    def read_packet(self, within=DEADLINE):
        """The next packet, as text."""
        deadline = time.monotonic() + within
        while not self.queue:
            response = self.poll(deadline - time.monotonic())
            if response.status != 200:
                raise Closed("GET refused", response.status, response)
            self.queue.extend(response.text.split(SEPARATOR))
        return self.queue.popleft()

    def read(self, within=DEADLINE):
        """The next message, str or bytes."""
        deadline = time.monotonic() + within
        while True:
            packet = self.read_packet(deadline - time.monotonic())
            if packet == "2" and self.pong:
                self.send_packets("3")
            elif packet == "1":
                raise Closed("close packet")
            elif packet[0] in "4b":
                return decode(packet)

    def probe(self, **how):
        """A WebSocket for the upgrade of this session."""
        return WebSocket.open(self.address, self.path, Handshake(query(transport="websocket", sid=self.sid), **how))

    def upgrade(self):
        """The whole upgrade dance; the session over WebSocket. What was still on its way comes first."""
        socket = self.probe()
        socket.send("2probe")
        assert socket.read() == "3probe"
        if self.pending:
            self.queue.extend(self.finish_poll().text.split(SEPARATOR))
        socket.send("5")
        upgraded = WebSocketSession.adopt(socket, self.handshake, self.pong)
        upgraded.queue.extend(decode(packet) for packet in self.queue if packet[0] in "4b")
        return upgraded

    def is_gone(self, within=DEADLINE):
        """True when the session ends: a GET is answered 400 code 1."""
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            try:
                response = self.poll(left)
            except Silent:
                return False
            except Closed:
                self.reconnect()
                continue
            if response.status == 400:
                return response.json["code"] == 1
        return False

    def reconnect(self):
        """New TCP connections for the same session."""
        self.drop()
        self.getter, self.poster = Http(self.address, self.path), Http(self.address, self.path)
        self.pending = False

    def close(self):
        """Says goodbye, so that nothing lingers, and closes the TCP connections."""
        with contextlib.suppress(Closed, Silent):
            self.poster.send_request("POST", self.query, "1")
            self.poster.read_response()
        self.drop()

    def drop(self):
        """Closes the TCP connections."""
        self.getter.close()
        self.poster.close()

    def leave(self):
        """Closes the session the polite way."""
        self.send_packets("1")

    def vanish(self):
        """Loses the connection: a poll that is aborted, once the server has read it."""
        self.hold_poll()
        self.getter.abort()
        self.poster.close()


class WebSocketSession:
    """A session over WebSocket, opened at construction."""

    def __init__(self, address, path, pong=True, receive_buffer=None, extra=""):
        handshake = Handshake(query(transport="websocket") + extra)
        self.setup(WebSocket.open(address, path, handshake, receive_buffer=receive_buffer), pong)
        self.handshake = json.loads(self.socket.read().removeprefix("0"))
        self.sid = self.handshake["sid"]

    def setup(self, socket, pong):
        self.socket, self.pong, self.queue = socket, pong, deque()

    @classmethod
    def adopt(cls, socket, handshake, pong=True):
        """A session that arrived on this WebSocket by an upgrade."""
        session = cls.__new__(cls)
        session.setup(socket, pong)
        session.handshake, session.sid = handshake, handshake["sid"]
        return session

    def send(self, *messages):
        """Sends messages, one frame each."""
        for message in messages:
            self.socket.send("4" + message if isinstance(message, str) else message)

    def send_packets(self, *packets):
        """Sends packets in text form."""
        for packet in packets:
            self.socket.send(packet)

    def read_packet(self, within=DEADLINE):
        """The next packet: text form, or bytes of a binary message."""
        return self.socket.read(within)

    def read(self, within=DEADLINE):
        """The next message, str or bytes."""
        if self.queue:
            return self.queue.popleft()
        deadline = time.monotonic() + within
        while True:
            packet = self.read_packet(deadline - time.monotonic())
            if isinstance(packet, bytes):
                return packet
            if packet == "2" and self.pong:
                self.socket.send("3")
            elif packet.startswith("4"):
                return packet[1:]

    def is_gone(self, within=DEADLINE):
        """True when the server ends the connection."""
        return self.socket.is_gone(within)

    def close(self):
        """Closes the TCP connection."""
        self.socket.close()

    def leave(self):
        """Closes the WebSocket the polite way: close frame, its answer, end of the stream."""
        self.socket.send_frame(CLOSE, (1000).to_bytes(2, "big"))
        assert self.socket.is_gone(), "the close frame is not answered"

    def vanish(self):
        """Loses the connection."""
        self.socket.abort()
