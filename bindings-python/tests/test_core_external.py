"""Requests, WebSockets and connections that another server hands over; other addresses."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from core_client import Client, Host, running

from pancar import _core

REMOTE = ("192.0.2.7", 4242)


def upgrade(host: Host, token: int = 1, query: str = "") -> Any:
    headers = [(b"host", b"x"), (b"upgrade", b"websocket"), (b"connection", b"Upgrade")]
    headers += [(b"sec-websocket-version", b"13"), (b"sec-websocket-key", b"AQIDBAUGBwgJCgsMDQ4PEC==")]
    host.core.websocket(f"/socket.io/?EIO=4&transport=websocket{query}", headers, REMOTE, True, token)
    kind, same, result = host.next()
    assert (kind, same) == (_core.WEBSOCKET, token)
    return result


def taken(host: Host, sock: _core.ExternalSocket, token: int = 1) -> list[Any]:
    while not (found := sock.take()):
        assert host.next() == (_core.OUTBOX, token)
    return found


def test_a_websocket_whose_messages_another_server_carries() -> None:
    with running() as (host, _):
        external = upgrade(host)
        (opened,) = taken(host, external)
        assert json.loads(opened[1:])["upgrades"] == []
        assert external.text("40") and not external.congested
        while (event := host.next())[0] != _core.JOIN:
            assert event[0] == _core.OUTBOX
        sock = event[2]
        assert sock.address == REMOTE[0] and sock.handshake["secure"] is True
        assert event[1].accept()
        external.text('451-["up",{"_placeholder":true,"num":0}]')
        external.binary(b"xyz")
        while (event := host.next())[0] != _core.EVENT:
            pass
        assert event[2:] == ("up", (b"xyz",), None)
        sock.emit("down", (b"abc",))
        found: list[Any] = []
        while len(found) < 3:
            found += taken(host, external)
        assert found[1:] == ['451-["down",{"_placeholder":true,"num":0}]', b"abc"]
        sock.disconnect(True)
        while not isinstance(last := taken(host, external)[-1], tuple):
            pass
        assert isinstance(last[0], int) and isinstance(last[1], str)
        assert external.text("42[]") is False and external.take() == []


def test_a_websocket_that_is_dropped_is_gone() -> None:
    with running() as (host, _):
        external = upgrade(host)
        external.text("40")
        while (event := host.next())[0] != _core.JOIN:
            pass
        event[1].accept()
        del external
        while (event := host.next())[0] != _core.DISCONNECT:
            pass
        assert event[2] == "transport close"


def test_a_websocket_that_is_refused() -> None:
    with running() as (host, _):
        status, headers, body = upgrade(host, 3, "&sid=nobody")
        assert status == 400 and json.loads(body)["code"] == 1
        assert all(isinstance(part, bytes) for pair in headers for part in pair)


def test_requests_that_another_server_received() -> None:
    with running() as (host, _):
        target = "/socket.io/?EIO=4&transport=polling"
        pending = host.core.request("GET", target, [(b"host", b"x")], REMOTE, False, 1)
        kind, token, status, headers, body = host.next()
        assert (kind, token, status) == (_core.RESPONSE, 1, 200) and dict(headers)[b"content-type"]
        sid = json.loads(body[1:])["sid"]
        pending = host.core.request("POST", f"{target}&sid={sid}", [], None, False, 2)
        assert pending.feed(b"4", True)
        assert not pending.congested
        assert host.core.drain() == [], "a body counts when it is whole"
        pending.feed(b"0")
        assert not pending.feed(b"late", True)
        events = [host.next(), host.next()]
        (join,) = [event for event in events if event[0] == _core.JOIN]
        (answer,) = [event for event in events if event[0] == _core.RESPONSE]
        assert answer[1:3] == (2, 200)
        pending = host.core.request("GET", f"{target}&sid={sid}", [], None, False, 3)
        join[1].accept()
        while (event := host.next())[0] != _core.RESPONSE:
            assert event[0] == _core.CONNECT
        assert event[4].startswith(b"40")
        pending.abort()
        pending = host.core.request("GET", f"{target}&sid={sid}", [], None, False, 4)
        pending.abort()
        while (event := host.next())[0] != _core.DISCONNECT:
            assert event[0] in (_core.CONNECT, _core.DISCONNECTING)


@pytest.mark.parametrize(
    "parts",
    [("G T", "/", []), ("GET", "/ /", []), ("GET", "/", [(b"a b", b"")]), ("GET", "/", [(b"a", b"\n")])],
)
def test_what_is_no_request_is_refused(parts: tuple[str, str, list[tuple[bytes, bytes]]]) -> None:
    with running() as (host, _), pytest.raises(ValueError):
        host.core.request(*parts, None, False, 1)


def test_a_connection_is_handed_over() -> None:
    with running() as (host, _):
        listener = socket.create_server(("127.0.0.1", 0))

        def hand_over() -> None:
            connection, _ = listener.accept()
            with connection:
                host.core.adopt(connection.fileno(), connection.recv(10))

        thread = threading.Thread(target=hand_over)
        thread.start()
        with Client(listener.getsockname()[1]) as client:
            thread.join()
            host.join(client).emit("x", ())
            assert client.receive() == '42["x"]'
        listener.close()


def test_a_unix_socket(tmp_path: Path) -> None:
    with running() as (host, _):
        path = tmp_path / "socket"
        host.core.listen_unix(str(path))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
