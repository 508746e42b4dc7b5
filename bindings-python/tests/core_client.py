"""A WebSocket client of a few lines, and a server whose events a test takes one by one."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pancar import _core

PATIENCE = 10.0


class Client:
    """Speaks Socket.IO over WebSocket, and shows packets as they are."""

    def __init__(self, port: int, query: str = "", headers: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket{query} HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n{headers}\r\n".encode()
        )
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        if self.status == 101:
            self.opened = json.loads(self.receive()[1:])

    def _read(self) -> None:
        more = self._socket.recv(1 << 16)
        if not more:
            raise ConnectionError("the server closed the connection")
        self._buffer += more

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._read()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def receive(self) -> Any:
        """The next message: str or bytes. Pings are answered."""
        while True:
            first, length = self._take(2)
            if length == 126:
                (length,) = struct.unpack("!H", self._take(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._take(8))
            body = self._take(length)
            if first & 15 == 8:
                raise ConnectionError("the server closed the WebSocket")
            if first & 15 == 2:
                return body
            text = body.decode()
            if text != "2":
                return text
            self.send("3")

    @staticmethod
    def frame(message: str | bytes) -> bytes:
        """A masked frame, whose mask is nothing."""
        body = message.encode() if isinstance(message, str) else message
        kind = 0x81 if isinstance(message, str) else 0x82
        if len(body) < 126:
            head = struct.pack("!BB", kind, 0x80 | len(body))
        elif len(body) < 1 << 16:
            head = struct.pack("!BBH", kind, 0x80 | 126, len(body))
        else:
            head = struct.pack("!BBQ", kind, 0x80 | 127, len(body))
        return head + bytes(4) + body

    def send(self, *messages: str | bytes) -> None:
        self._socket.sendall(b"".join(map(self.frame, messages)))

    def connect(self, namespace: str = "/", auth: Any = None) -> None:
        prefix = "" if namespace == "/" else namespace + ","
        self.send(f"40{prefix}" + ("" if auth is None else json.dumps(auth)))

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Host:
    """Takes events one by one."""

    def __init__(self, options: dict[str, object] | None = None, **more: Any) -> None:
        self.core = _core.Core(options or {}, **more)
        self._events: list[tuple[Any, ...]] = []

    def listen(self) -> int:
        return self.core.listen("127.0.0.1", 0)

    def next(self, kind: int | None = None) -> tuple[Any, ...]:
        """The next event, which is of a kind."""
        end = time.monotonic() + PATIENCE
        while not self._events:
            assert self.core.wait(max(0.0, end - time.monotonic())), "no event came"
            # What the core logs is nobody's business here.
            self._events = [event for event in self.core.drain() if event[0] != _core.LOG]
        event = self._events.pop(0)
        assert kind is None or event[0] == kind, event
        return event

    def join(self, client: Client, namespace: str = "/", auth: Any = None) -> Any:
        """Lets a client in; its socket."""
        client.connect(namespace, auth)
        _, request, sock = self.next(_core.JOIN)
        assert request.accept()
        assert self.next(_core.CONNECT) == (_core.CONNECT, sock)
        reply = client.receive()
        assert reply.startswith("40") and sock.sid in reply, reply
        return sock

    def close(self) -> None:
        self.core.close()
        self.core.wait_closed()


@contextmanager
def running(options: dict[str, object] | None = None, **more: Any) -> Iterator[tuple[Host, int]]:
    host = Host(options, **more)
    port = host.listen()
    try:
        yield host, port
    finally:
        host.close()
