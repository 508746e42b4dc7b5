"""security.md §5.2 and §5.3: what the other files do not cover; floods, attachments, connects."""

import contextlib
import time
import zlib

import pytest

from marks import VIOLATION, beyond_official, options
from wire import Client, Closed, Silent, frame
from wire.websocket import TEXT

PLACE = '{"_placeholder":true,"num":%s}'
LIMIT = 2000


def test_W_05_compressed_frames_are_not_inflated(server):
    """Nothing was negotiated: the reserved bit is an error, the bomb stays closed."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(b'42["message","' + b"x" * 900_000 + b'"]') + deflate.flush(zlib.Z_SYNC_FLUSH)
    client = server.client()
    client.session.socket.send_raw(frame(TEXT, bomb, reserved=4))
    assert client.session.socket.close_code() == 1002


def test_W_13_the_upgrade_waits_for_no_post_that_never_ends(server):
    """A POST that hangs does not hold the session back."""
    client = server.client("polling")
    poster = client.session.poster
    poster.send(poster.head("POST", client.session.query, [("Content-Length", 100)]) + b"42")
    socket = server.keep(client.session.probe())
    socket.send("2probe")
    assert socket.read() == "3probe"
    socket.send("5")
    poster.abort()
    socket.send('42["message",1]')
    try:
        assert socket.read() == '42["message-back",1]'
    except Closed:
        assert server.reason(client.id) in ("transport error", "transport close")


@pytest.mark.parametrize("number", ["-1", "1", "99", '"0"', '"splice"', "null", "[]", "{}", "true", "1e308"])
def test_S_04_placeholder_numbers(server, transport, number):
    """CVE-2022-2421: an integer in range, nothing else."""
    client = server.client(transport)
    assert client.is_ended_by(f'51-["message",{PLACE % number}]', b"x")
    assert server.reason(client.id) in VIOLATION


@beyond_official
@pytest.mark.parametrize("number", ["0.5", "1e-9"])
def test_S_04_placeholder_numbers_that_are_no_integers(server, transport, number):
    client = server.client(transport)
    assert client.is_ended_by(f'51-["message",{PLACE % number}]', b"x")


def test_S_05_text_between_attachments(server, transport):
    client = server.client(transport)
    assert client.is_ended_by(f'52-["message",{PLACE % 0},{PLACE % 1}]', b"x", '2["message"]', b"y")


def test_S_06_binary_without_a_header(server, transport):
    client = server.client(transport)
    assert client.is_ended_by(b"\x01\x02")


@beyond_official
@options(attachment_timeout=300)
def test_S_07_attachments_that_never_come(server, transport):
    client = server.client(transport)
    started = time.monotonic()
    client.session.send(f'52-["message",{PLACE % 0},{PLACE % 1}]', b"only one")
    assert client.is_gone()
    assert 0.2 < time.monotonic() - started < 2
    assert server.reason(client.id) in VIOLATION


@options(attachment_timeout=300)
def test_S_07_attachments_in_time(server, transport):
    client = server.client(transport)
    for _ in range(3):
        client.session.send(f'51-["message",{PLACE % 0}]')
        client.session.send(b"x")
        assert client.expect("message-back") == [b"x"]
    assert client.is_silent(0.4)
    assert client.call("message-with-ack", 1) == [1]


@beyond_official
@options(max_http_buffer_size=LIMIT)
def test_S_02_attachments_share_a_limit(server, transport):
    """CVE-2026-33151: cumulative bytes, each attachment below the limit."""
    client = server.client(transport)
    parts = [bytes(1000)] * 10
    places = ",".join(PLACE % number for number in range(10))

    def send():
        client.session.send(f'510-["message",{places}]')
        for part in parts:
            client.session.send(part)

    with contextlib.suppress(Closed):
        send()
    assert client.is_gone()


@beyond_official
def test_S_28_ten_attachments_of_nearly_the_limit(server):
    """S-02 with the defaults: ten times a million bytes is too much."""
    client = server.client()
    assert client.is_ended_by('510-["x"]', *[bytes(999_000)] * 10)


def test_S_28_attachments_below_the_limit_together(server, transport):
    client = server.client(transport)
    parts = [bytes([number]) * 60_000 for number in range(10)]
    client.emit("message", *parts)
    assert client.expect("message-back") == parts


def test_S_09_names_of_the_language(server, transport):
    """Ordinary events, whatever they are in some language."""
    client = server.client(transport)
    for name in ("error", "__proto__", "constructor", "toString", "__class__", "on", "emit", "drop", "main", "NULL"):
        client.emit(name, {"__proto__": None})
    assert client.events_before_ack() == []


def test_S_15_recovery_is_off_unless_asked_for(server, transport):
    client = Client(server.session(transport))
    assert list(client.connect("/", {"pid": "A" * 20, "offset": "x"})) == ["sid"]


def test_S_24_flood_of_events(server):
    """No event is lost and the others are served meanwhile."""
    flooder, other = server.client(), server.client()
    flooder.session.socket.send_raw(frame(TEXT, b'42["unknown",1]') * 20_000)
    for number in range(5):
        assert other.call("message-with-ack", number) == [number]
    assert flooder.call("message-with-ack", 1, within=10) == [1]


@beyond_official
def test_S_13_connects_to_one_namespace(server, transport):
    """CONNECTs back to back: one socket at most; the official server keeps one for each."""
    name = f"/dyn-{200 + len(transport)}"
    watcher = server.client(nsp=name)
    client = Client(server.session(transport))
    client.is_ended_by(*[f"0{name},"] * 20, within=0.3)
    server.until(lambda: watcher.ask("counts", nsp=name)["sockets"] <= 2)


def test_S_13_flood_of_connects_and_leaves(server, transport):
    name = f"/dyn-{300 + len(transport)}"
    watcher = server.client(nsp=name)
    client = Client(server.session(transport))
    for _ in range(100):
        client.connect(name)
        client.send_text(f"1{name},")
        server.until(lambda: watcher.ask("counts", nsp=name)["sockets"] == 1)
    client.connect(name)
    assert client.call("message-with-ack", 1, nsp=name) == [1]


@pytest.mark.parametrize(
    "name", ["/" + "a" * 500_000, "/" + "é" * 200, "/__proto__", "/constructor", "/\x00", "//", "/,"]
)
def test_S_17_strange_namespaces(server, transport, name):
    """Refused, or the connection ends; nothing is kept."""
    client = Client(server.session(transport))
    try:
        client.send_text(f"0{name},")
        assert client.read().type == 4
    except Closed:
        pass


def test_S_22_connect_payload_over_the_limit(server, transport):
    client = Client(server.session(transport))
    try:
        client.request_connect("/", {"x": "y" * 1_100_000})
        client.receive(1)
    except (Closed, Silent):
        pass


def test_packets_cut_everywhere(server):
    """No prefix of a packet hurts anybody but its sender."""
    text = '52-/custom,12["message",{"_placeholder":true,"num":0},{"a":[1,"\\u00e9"]}]'
    for end in range(len(text)):
        session = server.session("websocket")
        session.send("0/custom,")
        session.read()
        session.send(text[:end])
    server.still_works()


def test_every_byte_as_a_packet(server, transport):
    for byte in range(128):
        client = Client(server.session(transport))
        with contextlib.suppress(Closed):
            client.send_text(chr(byte), chr(byte) * 3)
        client.session.close()
    server.still_works()
