"""Big ones: floods, clients that never read, memory. security.md S-25."""

import threading
import time

import pytest

from marks import beyond_official, options
from wire import Closed, Silent, frame
from wire.websocket import NO_MASK, TEXT

MEGABYTE = 1 << 20
ORDINARY = {"transport close", "transport error", "ping timeout", "forced close", "server namespace disconnect"}


def send_quietly(client, *messages):
    """Sends what can be sent: a server under pressure may stop reading or close. One that is only slow gets it all."""
    try:
        for message in messages:
            client.session.socket.send_raw(frame(TEXT, message.encode(), key=NO_MASK), within=2)
    except (Closed, Silent):
        pass


def others_are_served(client, seconds=0.0):
    """Round trips of another client go on, none takes long."""
    deadline = time.monotonic() + seconds
    while True:
        started = time.monotonic()
        assert client.call("message-with-ack", "still here") == ["still here"]
        assert time.monotonic() - started < 2
        if time.monotonic() > deadline:
            return


@options(app="bench")
def test_200_000_pipelined_echoes(server):
    """Every byte of the answers is known: one frame each, in order."""
    session = server.session("websocket")
    session.send("0")
    session.read()
    stream = session.socket.http
    expected = b"".join(frame(TEXT, b'42["echo-back",%d]' % number, key=None) for number in range(200_000))
    questions = b"".join(frame(TEXT, b'42["echo",%d]' % number, key=NO_MASK) for number in range(200_000))
    sender = threading.Thread(target=stream.socket.sendall, args=(questions,))
    stream.socket.settimeout(30)
    sender.start()
    answers, deadline = bytearray(stream.buffer), time.monotonic() + 30
    while len(answers) < len(expected) and time.monotonic() < deadline:
        answers += stream.socket.recv(1 << 18)
    sender.join()
    assert answers == expected


@options(app="bench")
def test_pipelined_acks_over_polling(server):
    session = server.session("polling")
    session.send("0")
    session.read()
    for start in range(0, 20_000, 2000):
        session.send(*(f'2{number}["ack",{number}]' for number in range(start, start + 2000)))
        assert [session.read() for _ in range(2000)] == [f"3{n}[{n}]" for n in range(start, start + 2000)]


def test_a_burst_to_a_client_that_reads(server, transport):
    """20 000 events at once are no reason to close someone who takes them."""
    client = server.client(transport)
    client.emit("server-emit-many", 20_000, "n")
    for number in range(20_000):
        assert client.read(10).data == ["n", number]


@beyond_official
def test_S_25_websocket_that_never_reads(fresh_server):
    """A flood of its own asking: it is ended with a reason of its own, memory stays, others are served."""
    server = fresh_server
    watcher, victim = server.observer(), server.client(receive_buffer=4096)
    before = server.probe.resident_bytes()
    send_quietly(victim, '42["server-emit-many",20000,"n"]', *[f'42["message","{"x" * 500_000}"]'] * 60)
    others_are_served(watcher, seconds=0.5)
    assert server.reason(victim.id, within=10) not in ORDINARY
    assert server.probe.resident_bytes() - before < 64 * MEGABYTE


@beyond_official
@pytest.mark.parametrize("kind", ["websocket", "polling"])
def test_S_25_flood_from_others(fresh_server, kind):
    """Broadcasts to one who does not take them: 100 MB, of which little is kept."""
    server = fresh_server
    how = {"receive_buffer": 4096} if kind == "websocket" else {}
    watcher, talker, victim = server.observer(), server.client(), server.client(kind, **how)
    before = server.probe.resident_bytes()
    text = "x" * 500_000
    for _ in range(200):
        talker.emit("broadcast", {"from": "io", "to": [victim.id]}, "flood", text)
    others_are_served(talker)
    others_are_served(watcher)
    assert server.reason(victim.id, within=10) not in ORDINARY
    assert server.probe.resident_bytes() - before < 64 * MEGABYTE
    assert server.observer().ask("counts")["sockets"] == 2


@beyond_official
@pytest.mark.parametrize("kind", ["websocket", "polling"])
@pytest.mark.parametrize(
    "limit",
    [
        pytest.param("packets", marks=options(max_buffered_packets=100)),
        pytest.param("bytes", marks=options(max_buffered_bytes=20_000)),
    ],
)
def test_S_25_limits_are_options(server, kind, limit):
    """A queue that stays above the limit ends its client; one that is read does not."""
    how = {"receive_buffer": 4096} if kind == "websocket" else {}
    reader, victim = server.client(kind), server.client(kind, **how)
    reader.emit("server-emit-many", 1000, "n")
    assert [reader.expect("n") for _ in range(1000)] == [[number] for number in range(1000)]
    talker = server.client()
    text = "y" * 50_000
    for _ in range(200):
        talker.emit("broadcast", {"from": "io", "to": [victim.id]}, "flood", text)
    assert server.reason(victim.id, within=10) not in ORDINARY
    assert reader.call("message-with-ack", 1) == [1]


def test_volatile_events_end_nobody(server):
    """§17: they are dropped instead; other events come when the client reads again."""
    client = server.client(receive_buffer=4096)
    for _ in range(20):
        client.emit("volatile-many", 100, 5000)
    client.emit("message", "end")
    others_are_served(server.observer(), seconds=1.5)
    received = []
    while not received or received[-1][0] != "message-back":
        received.append(client.read().data)
    assert received[-1] == ["message-back", "end"]
    assert all(data == ["v", "x" * 5000] for data in received[:-1])
    assert client.call("message-with-ack", 1) == [1]


def test_volatile_events_to_one_who_never_reads_pile_up_nowhere(fresh_server):
    server = fresh_server
    victim = server.client(receive_buffer=4096)
    before = server.probe.resident_bytes()
    for _ in range(40):
        victim.emit("volatile-many", 100, 50_000)
    others_are_served(server.observer(), seconds=0.5)
    assert server.probe.resident_bytes() - before < 64 * MEGABYTE


def test_large_polling_answers_are_not_lost(server):
    """Up to the limit of the queue everything waits for the next GET."""
    client, talker = server.client("polling"), server.client()
    for number in range(10):
        talker.emit("broadcast", {"from": "io", "to": [client.id]}, "large", number, b"z" * 50_000)
    talker.call("message-with-ack")
    assert [client.expect("large") for _ in range(10)] == [[number, b"z" * 50_000] for number in range(10)]


def test_many_clients(fresh_server):
    """200 clients over both transports: one broadcast reaches each once, then they all go."""
    server = fresh_server
    talker = server.observer()
    clients = [server.client(kind) for kind in ("websocket", "polling") * 100]
    talker.emit("broadcast", {"from": "socket"}, "all", b"\x01")
    assert all(client.expect("all") == [b"\x01"] for client in clients)
    for client in clients:
        client.session.close()
    server.until(lambda: talker.ask("counts") == {"clients": 1, "sockets": 1, "rooms": 1})


def test_idle_connections_use_no_processor(fresh_server):
    """No busy loop: not while polling waits, not while a probe is open, not beside a half-open request."""
    server = fresh_server
    poller, prober = server.client("polling"), server.client("polling")
    poller.session.hold_poll()
    prober.session.hold_poll()
    server.keep(prober.session.probe())
    half = server.http()
    half.send(half.head("GET", "EIO=4")[:20])
    watcher = server.observer()
    watcher.call("message-with-ack")
    before = server.probe.processor_seconds()
    assert watcher.is_silent(1.0)
    assert server.probe.processor_seconds() - before < 0.5
