"""WebSocket frames by hand, legal ones and others."""

import base64
import contextlib
import hashlib
import time
from dataclasses import dataclass, field

from .http import Http
from .stream import DEADLINE, Closed, Silent

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = bytes([0x37, 0xFA, 0x21, 0x3D])
NO_MASK = bytes(4)


def mask(payload, key):
    """The payload under a masking key."""
    size = len(payload)
    stream = key * (size // 4) + key[: size % 4]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def frame(opcode, payload=b"", fin=True, reserved=0, key=MASK):
    """The bytes of one frame; `key=None` leaves it unmasked."""
    size = len(payload)
    masked = 0 if key is None else 0x80
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    if size < 126:
        head += bytes([masked | size])
    elif size < 1 << 16:
        head += bytes([masked | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([masked | 127]) + size.to_bytes(8, "big")
    if key is None:
        return head + payload
    return head + key + (payload if key == NO_MASK else mask(payload, key))


@dataclass
class Handshake:
    """The upgrade request. `headers` are added, `without` names those of the usual ones to leave out."""

    query: str
    headers: list = field(default_factory=list)
    without: tuple = ()
    method: str = "GET"
    key: bytes = base64.b64encode(b"0123456789abcdef")

    def lines(self):
        """The request's headers."""
        usual = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", self.key.decode()),
        ]
        return [pair for pair in usual if pair[0] not in self.without] + list(self.headers)

    def accept(self):
        """The value that the server must answer."""
        return base64.b64encode(hashlib.sha1(self.key + GUID).digest()).decode()


class WebSocket:
    """An open WebSocket."""

    def __init__(self, http, response):
        self.http = http
        self.response = response

    @classmethod
    def open(cls, address, path, handshake, early=b"", receive_buffer=None):
        """Asks for an upgrade; Closed with the HTTP answer when it is refused. `early` goes out in the same segment."""
        http = Http(address, path, receive_buffer)
        http.send(http.head(handshake.method, handshake.query, handshake.lines()) + early)
        response = http.read_response(method=handshake.method)
        if response.status != 101:
            http.close()
            raise Closed(f"refused: {response.body[:200]!r}", response.status, response)
        assert response.header("sec-websocket-accept") == handshake.accept()
        return cls(http, response)

    def send_raw(self, data, within=DEADLINE):
        """Sends bytes as they are."""
        self.http.send(data, within)

    def send_frame(self, opcode, payload=b"", **how):
        """Sends one frame; see `frame`."""
        self.http.send(frame(opcode, payload, **how))

    def send(self, message):
        """Sends a text or binary message in one frame."""
        if isinstance(message, str):
            self.send_frame(TEXT, message.encode())
        else:
            self.send_frame(BINARY, bytes(message))

    def read_frame(self, within=DEADLINE):
        """The next frame as (fin, opcode, payload); asserts that it is a legal server frame."""
        deadline = time.monotonic() + within
        buffer = self.http.buffer
        while (need := frame_size(buffer)) > len(buffer):
            if not self.http.fill(deadline):
                raise Closed("the stream ended without a close frame")
        first, start = buffer[0], 2 + {126: 2, 127: 8}.get(buffer[1], 0)
        assert first & 0x70 == 0, "reserved bits in a server frame"
        payload = bytes(buffer[start:need])
        del buffer[:need]
        return bool(first & 0x80), first & 0x0F, payload

    def read(self, within=DEADLINE):
        """The next message, str or bytes. Answers WebSocket pings, skips pongs. Closed at the end."""
        deadline = time.monotonic() + within
        kind, parts = None, []
        while True:
            fin, opcode, payload = self.read_frame(deadline - time.monotonic())
            if opcode == CLOSE:
                self.end(payload)
            elif opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode != PONG:
                kind = kind or opcode
                parts.append(payload)
                if fin:
                    data = b"".join(parts)
                    return data.decode() if kind == TEXT else data

    def end(self, payload):
        """Answers a close frame and says so."""
        code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
        with contextlib.suppress(Closed):
            self.send_frame(CLOSE, payload[:2])
        raise Closed("close frame", code)

    def close_code(self, within=DEADLINE):
        """Reads messages until the end; the code of the close frame (1005 without code, 1006 without frame)."""
        deadline = time.monotonic() + within
        while True:
            try:
                self.read(deadline - time.monotonic())
            except Closed as closed:
                return 1006 if closed.code is None else closed.code

    def is_gone(self, within=DEADLINE):
        """True when the server ends the connection, TCP included; closes ours then."""
        try:
            self.close_code(within)
            gone = self.http.ends(within)
        except Silent:
            return False
        self.close()
        return gone

    def is_silent(self, within):
        """True when nothing comes for that long."""
        try:
            self.read(within)
        except Silent:
            return True
        return False

    def close(self):
        """Closes the TCP connection."""
        self.http.close()

    def abort(self):
        """Resets the TCP connection."""
        self.http.abort()


def frame_size(buffer):
    """The size of the first frame in the buffer, or of what is needed to know it."""
    if len(buffer) < 2:
        return 2
    size = buffer[1] & 0x7F
    assert not buffer[1] & 0x80, "a masked server frame"
    if size < 126:
        return 2 + size
    width = 2 if size == 126 else 8
    if len(buffer) < 2 + width:
        return 2 + width
    return 2 + width + int.from_bytes(buffer[2 : 2 + width], "big")
