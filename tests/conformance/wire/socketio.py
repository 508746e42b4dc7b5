"""Socket.IO over an Engine.IO session: packets in and out, attachments in place."""

import contextlib
import json
import re
import time
from collections import deque
from dataclasses import dataclass

from .stream import DEADLINE, Closed, Silent

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)
HEADER = re.compile(r"([0-6])(?:(\d+)-)?(?:(/[^,]*),)?(\d+)?(.*)", re.DOTALL)


class Refused(Exception):
    """CONNECT_ERROR; `data` is its payload."""

    def __init__(self, data):
        super().__init__(str(data))
        self.data = data


@dataclass
class Packet:
    """A decoded packet; bytes stand where placeholders stood."""

    type: int
    nsp: str = "/"
    id: int | None = None
    data: object = None

    @property
    def event(self):
        """(name, arguments) of an event."""
        assert self.type == EVENT, self
        return self.data[0], self.data[1:]


def compact(value):
    """JSON as the encoders write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def deconstruct(value, attachments):
    """The value with every bytes object moved into `attachments`."""
    if isinstance(value, bytes | bytearray):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, list | tuple):
        return [deconstruct(item, attachments) for item in value]
    if isinstance(value, dict):
        return {key: deconstruct(item, attachments) for key, item in value.items()}
    return value


def reconstruct(value, attachments):
    """The value with every placeholder replaced."""
    if isinstance(value, list):
        return [reconstruct(item, attachments) for item in value]
    if isinstance(value, dict):
        if value.get("_placeholder") is True:
            return attachments[value["num"]]
        return {key: reconstruct(item, attachments) for key, item in value.items()}
    return value


def encode(packet):
    """The messages of a packet: its text, then its attachments."""
    attachments = []
    data = deconstruct(packet.data, attachments)
    kind = packet.type
    if attachments:
        kind = BINARY_EVENT if kind == EVENT else BINARY_ACK
    text = str(kind)
    text += f"{len(attachments)}-" if attachments else ""
    text += f"{packet.nsp}," if packet.nsp != "/" else ""
    text += str(packet.id) if packet.id is not None else ""
    return [text + (compact(data) if data is not None else ""), *attachments]


def decode(text):
    """(packet, number of attachments) of a packet's text."""
    kind, count, nsp, identifier, data = HEADER.fullmatch(text).groups()
    packet = Packet(int(kind), nsp or "/", int(identifier) if identifier else None, json.loads(data) if data else None)
    return packet, int(count or 0)


class Client:
    """A Socket.IO client on one session. Packets that a call was not waiting for stay in `inbox`, in order."""

    def __init__(self, session):
        self.session = session
        self.inbox = deque()
        self.next_id = 0
        self.ids = {}

    @property
    def id(self):
        """The socket id in the first namespace joined."""
        return next(iter(self.ids.values()))

    def send(self, packet):
        """Sends a packet with its attachments."""
        self.session.send(*encode(packet))

    def send_text(self, *texts):
        """Sends the texts of Socket.IO packets as they are."""
        self.session.send(*texts)

    def receive(self, within=DEADLINE):
        """Reads the next packet from the wire."""
        deadline = time.monotonic() + within
        text = self.session.read(within)
        assert isinstance(text, str), f"binary without a header: {text!r}"
        packet, count = decode(text)
        attachments = [self.session.read(deadline - time.monotonic()) for _ in range(count)]
        assert all(isinstance(attachment, bytes) for attachment in attachments), attachments
        if packet.type in (BINARY_EVENT, BINARY_ACK):
            packet.type -= 3
            packet.data = reconstruct(packet.data, attachments)
        return packet

    def read(self, within=DEADLINE):
        """The next packet: from the inbox, else from the wire."""
        return self.inbox.popleft() if self.inbox else self.receive(within)

    def wait(self, matches, within=DEADLINE):
        """The next packet that matches; others are kept."""
        for packet in self.inbox:
            if matches(packet):
                self.inbox.remove(packet)
                return packet
        deadline = time.monotonic() + within
        while not matches(packet := self.receive(deadline - time.monotonic())):
            self.inbox.append(packet)
        return packet

    def request_connect(self, nsp="/", auth=None):
        """Sends CONNECT without waiting."""
        self.send(Packet(CONNECT, nsp, data=auth))

    def connect(self, nsp="/", auth=None):
        """Joins a namespace; the payload of the reply. Refused on CONNECT_ERROR."""
        self.request_connect(nsp, auth)
        reply = self.wait(lambda packet: packet.nsp == nsp and packet.type in (CONNECT, CONNECT_ERROR))
        if reply.type == CONNECT_ERROR:
            raise Refused(reply.data)
        self.ids[nsp] = reply.data["sid"]
        return reply.data

    def emit(self, event, *args, nsp="/", id=None):
        """Sends an event."""
        self.send(Packet(EVENT, nsp, id, [event, *args]))

    def answer(self, packet, *args):
        """Acknowledges a packet."""
        self.send(Packet(ACK, packet.nsp, packet.id, list(args)))

    def call(self, event, *args, nsp="/", within=DEADLINE):
        """Sends an event and waits for its ack; the ack's arguments."""
        identifier, self.next_id = self.next_id, self.next_id + 1
        self.emit(event, *args, nsp=nsp, id=identifier)
        return self.wait(lambda p: p.type == ACK and p.nsp == nsp and p.id == identifier, within).data

    def ask(self, event, *args, nsp="/", within=DEADLINE):
        """As `call`, for an ack of exactly one argument."""
        (answer,) = self.call(event, *args, nsp=nsp, within=within)
        return answer

    def expect(self, event, nsp="/", within=DEADLINE):
        """The next packet must be this event; its arguments."""
        packet = self.read(within)
        assert (packet.nsp, packet.event[0]) == (nsp, event), packet
        return packet.event[1]

    def events_before_ack(self, nsp="/"):
        """Everything that came before the answer to a round trip made now, in order."""
        self.call("message-with-ack", nsp=nsp)
        packets, self.inbox = list(self.inbox), deque()
        return packets

    def is_silent(self, within):
        """True when no packet is there and none comes for that long."""
        try:
            self.read(within)
        except Silent:
            return True
        return False

    def is_gone(self, within=DEADLINE):
        """True when the server ends the connection."""
        return self.session.is_gone(within)

    def is_ended_by(self, *messages, within=DEADLINE):
        """Sends messages as they are; True when the server ends the connection for it."""
        with contextlib.suppress(Closed):
            self.session.send(*messages)
        return self.is_gone(within)

    def vanish(self):
        """Loses the connection."""
        self.session.vanish()

    def leave(self):
        """Closes the connection the polite way."""
        self.session.leave()
