"""protocol.md §3, §5: the WebSocket transport, and security.md W-01 to W-06."""

import base64
import time

import pytest

from marks import beyond_official, options, own_framing, vectors
from wire import Closed, Handshake, Http, Silent, frame, query
from wire.websocket import BINARY, CLOSE, CONTINUATION, NO_MASK, PING, PONG, TEXT

LIMIT = 2000


def label(row):
    return row["name"]


def test_one_message_per_packet(server, echo):
    session = echo.join(server.session("websocket"))
    echo.works(session, "hello", b"\x01\x02\x03\x04")
    echo.works(session, b"", "")
    echo.works(session, "é ß € \U0001f600")


@options(app="engine")
def test_frames_are_text_or_binary(server):
    socket = server.session("websocket").socket
    socket.send("4hello")
    socket.send(b"\x01\x02")
    assert socket.read_frame() == (True, TEXT, b"4hello")
    assert socket.read_frame() == (True, BINARY, b"\x01\x02")


@options(app="engine")
@pytest.mark.parametrize(
    "row", vectors("engineio_packets", lambda row: row["valid"] and row["type"] == 4, label=lambda row: row["wire"])
)
def test_valid_message(server, row):
    """Also base64 in a text frame."""
    session = server.session("websocket")
    session.send_packets(row["wire"])
    message = session.read()
    assert message == (row["text"] if "text" in row else base64.b64decode(row["binary"]))


@pytest.mark.parametrize(
    "row", vectors("engineio_packets", lambda row: not row["valid"], label=lambda row: row["wire"])
)
def test_bad_packet_ends_the_session(server, row):
    """§35.4"""
    client = server.client()
    client.session.send_packets(row["wire"])
    assert client.is_gone()
    assert server.reason(client.id) == "parse error"


@beyond_official
def test_close_packet_ends_the_session_at_once(server):
    """§3, §35.7: the official server waits for the ping to fail."""
    client = server.client()
    client.session.send_packets("1")
    assert client.is_gone()
    assert server.reason(client.id) == "transport close"


def test_fragments_are_joined(server):
    client = server.client()
    socket = client.session.socket
    socket.send_frame(TEXT, b'42["mess', fin=False)
    socket.send_frame(CONTINUATION, b'age","\xe2', fin=False)
    socket.send_frame(PING, b"between")
    socket.send_frame(CONTINUATION, b"", fin=False)
    socket.send_frame(CONTINUATION, b'\x82\xac"]')
    frames = [socket.read_frame(), socket.read_frame()]
    assert sorted(frames) == [(True, TEXT, '42["message-back","€"]'.encode()), (True, PONG, b"between")]


def test_frame_in_many_pieces(server):
    client = server.client()
    for byte in frame(TEXT, '42["message","€"]'.encode()):
        client.session.socket.send_raw(bytes([byte]))
    assert client.expect("message-back") == ["€"]


def test_many_frames_in_one_piece(server):
    client = server.client()
    client.session.socket.send_raw(b"".join(frame(TEXT, b'42["message",%d]' % n) for n in range(1000)))
    assert [client.expect("message-back") for _ in range(1000)] == [[n] for n in range(1000)]


@pytest.mark.parametrize("size", [125, 126, 65535, 65536, 300_000])
def test_sizes(server, transport, size):
    client = server.client(transport)
    assert client.call("message-with-ack", "x" * size, b"y" * size) == ["x" * size, b"y" * size]


def test_websocket_ping_is_answered(server):
    socket = server.client().session.socket
    for payload in (b"", b"x" * 125):
        socket.send_frame(PING, payload)
        assert socket.read_frame() == (True, PONG, payload)
    socket.send_frame(PONG, b"unasked")
    server.still_works()


def test_polite_close_is_answered(server):
    client = server.client()
    client.session.socket.send_frame(CLOSE, (1000).to_bytes(2, "big"))
    _, opcode, payload = client.session.socket.read_frame()
    assert (opcode, payload[:2]) == (CLOSE, (1000).to_bytes(2, "big"))
    assert client.session.socket.http.ends()
    client.session.close()
    assert server.reason(client.id) == "transport close"


def test_nothing_is_said_before_the_end_of_the_stream(server):
    client = server.client()
    client.session.socket.http.half_close()
    assert client.is_gone()
    assert server.reason(client.id) == "transport close"


@own_framing
def test_W_14_frames_right_after_the_handshake(server):
    """CVE-2022-21676: the first frame may travel with the request."""
    socket = server.websocket(early=frame(TEXT, b"40") + frame(TEXT, b"3"))
    assert socket.read().startswith('0{"sid":')
    assert socket.read().startswith('40{"sid":')


@own_framing
@pytest.mark.parametrize("row", vectors("websocket_frames", label=label))
def test_W_14_malformed_frame_right_after_the_handshake(server, row):
    """CVE-2022-21676"""
    socket = server.websocket(early=b"".join(map(bytes.fromhex, row["frames"])))
    assert socket.close_code() in (row["close"], row.get("also"), 1006)


@pytest.mark.parametrize("row", vectors("websocket_frames", lambda row: row["close"] != 1007, label=label))
def test_W_03_malformed_frame(server, row):
    client = server.client()
    for data in row["frames"]:
        client.session.socket.send_raw(bytes.fromhex(data))
    assert client.session.socket.close_code() in (row["close"], row.get("also"))
    assert server.reason(client.id) in ("transport error", "transport close", "payload too large")


@pytest.mark.parametrize("row", vectors("websocket_frames", lambda row: row["close"] == 1007, label=label))
def test_W_02_text_that_is_not_utf_8(server, row):
    client = server.client()
    for data in row["frames"]:
        client.session.socket.send_raw(bytes.fromhex(data))
    assert client.session.socket.close_code() == 1007
    assert server.reason(client.id) in ("transport error", "transport close")


@options(max_http_buffer_size=LIMIT)
def test_message_of_exactly_the_limit(server):
    client = server.client()
    text = "x" * (LIMIT - len('42["message",""]'))
    client.emit("message", text)
    assert client.expect("message-back") == [text]


@options(max_http_buffer_size=LIMIT)
@pytest.mark.parametrize("fragments", [1, 2, 50])
@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
def test_W_01_message_over_the_limit(server, fragments, opcode):
    """1009, whether it comes in one frame or in many. CVE-2026-48809: the limit holds on every transport."""
    client = server.client()
    socket = client.session.socket
    if opcode == BINARY:
        socket.send('451-["message",{"_placeholder":true,"num":0}]')
    part = b"4" * (LIMIT // fragments + 1)
    try:
        for number in range(fragments):
            socket.send_frame(opcode if number == 0 else CONTINUATION, part, fin=number == fragments - 1)
    except Closed:
        pass
    assert socket.close_code() == 1009
    assert server.reason(client.id) != "transport close"


@options(max_http_buffer_size=LIMIT)
def test_W_01_only_the_head_of_a_huge_frame(server):
    """The announced length is refused before the first byte of it."""
    client = server.client()
    client.session.socket.send_raw(bytes([0x81, 0xFF]) + (1 << 40).to_bytes(8, "big") + NO_MASK)
    assert client.session.socket.close_code() == 1009


@pytest.mark.parametrize("size", [0, 1], ids=["empty", "one byte"])
def test_W_04_endless_tiny_fragments(server, size):
    """CVE-2026-48779: 1008 (or 1009) long before a million of them; memory does not grow."""
    client = server.client()
    socket = client.session.socket
    before = server.probe.resident_bytes()
    socket.send_frame(TEXT, b"4", fin=False)
    block = frame(CONTINUATION, b"x" * size, fin=False, key=NO_MASK) * 10_000
    try:
        for _ in range(110):
            socket.send_raw(block)
        socket.send_frame(CONTINUATION, b"")
    except Closed:
        pass
    assert socket.close_code() in (1008, 1009, 1006)
    assert server.probe.resident_bytes() - before < 64 << 20


@beyond_official
def test_W_06_flood_of_pings(server):
    """Pings of a client that does not read: answers are coalesced or the client is closed, memory does not grow."""
    client = server.client(receive_buffer=4096)
    socket = client.session.socket
    before = server.probe.resident_bytes()
    block = frame(PING, b"x" * 125, key=NO_MASK) * 1000
    deadline = time.monotonic() + 1.0
    try:
        while time.monotonic() < deadline:
            socket.send_raw(block, within=0.2)
    except (Closed, Silent):
        pass
    assert server.probe.resident_bytes() - before < 64 << 20


def test_W_15_reset_at_any_stage(server):
    """CVE-2022-41940: a reset while the server refuses an upgrade, and everywhere else."""
    texts = [
        query(transport="websocket"),
        query(transport="websocket", sid="x"),
        query(transport="abc"),
        "EIO=3&transport=websocket",
    ]
    for text in texts * 10:
        http = Http(server.address, server.path)
        handshake = server_handshake(http, text)
        http.send(handshake)
        http.abort()
        half = Http(server.address, server.path)
        half.send(handshake[: len(handshake) // 2])
        half.abort()
    for _ in range(10):
        server.websocket().abort()


def server_handshake(http, text):
    """The bytes of an upgrade request."""
    handshake = Handshake(text)
    return http.head("GET", text, handshake.lines())


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Sec-WebSocket-Extensions", "constructor"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=99"),
        ("Sec-WebSocket-Extensions", "a;" * 3000),
        ("Sec-WebSocket-Extensions", ", ".join(f'e{n}; p="v{n}"' for n in range(400))),
        pytest.param("Sec-WebSocket-Protocol", " ,".join(["a"] * 3000), marks=own_framing),
        ("Sec-WebSocket-Protocol", "b" + " " * 6000 + "x"),
        ("Sec-WebSocket-Protocol", "(((("),
    ],
)
def test_W_18_absurd_negotiation(server, header, value):
    """GHSA-5v72-xg48-5rpm, CVE-2021-32640: no crash, no long thought; refused or ignored."""
    started = time.monotonic()
    try:
        server.websocket(headers=[(header, value)])
    except Closed as closed:
        assert closed.code in (400, 431, None)
    assert time.monotonic() - started < 2


@own_framing
def test_many_headers_do_not_hide_the_upgrade(server):
    """CVE-2024-37890"""
    try:
        server.websocket(headers=[(f"X-{number}", "1") for number in range(2500)])
    except Closed as closed:
        assert closed.code in (400, 431, None)
    server.still_works()
