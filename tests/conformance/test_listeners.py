"""probe.md: listeners, middlewares, data, records."""

import time

from wire.socketio import EVENT


def test_once(server, transport):
    client = server.client(transport)
    client.emit("once-event")
    client.call("once")
    for _ in range(3):
        client.emit("once-event")
    assert [packet.data for packet in client.events_before_ack()] == [["once-seen"]]


def test_once_twice(server):
    client = server.client()
    client.call("once")
    client.call("once")
    client.emit("once-event")
    client.emit("once-event")
    assert [packet.data for packet in client.events_before_ack()] == [["once-seen"]] * 2


def test_off(server, transport):
    client = server.client(transport)
    client.emit("removable")
    assert client.expect("removable-seen") == []
    client.call("off")
    client.emit("removable")
    assert client.events_before_ack() == []


def test_off_is_per_socket(server):
    first, second = server.client(), server.client()
    first.call("off")
    second.emit("removable")
    assert second.expect("removable-seen") == []


def test_blocked(server, transport, nsp):
    """A middleware of the socket refuses it; nothing else is told to the client; later events are handled."""
    client = server.client(transport, nsp)
    client.emit("blocked", 1, b"x", nsp=nsp)
    client.emit("message", 2, nsp=nsp)
    assert client.expect("error-seen", nsp) == ["blocked"]
    assert client.expect("message-back", nsp) == [2]
    assert client.ask("seen", nsp=nsp) == ["blocked", "message", "seen"]


def test_an_event_named_error_is_no_error(server):
    client = server.client()
    client.emit("error", "blocked")
    assert client.events_before_ack() == []


def test_seen(server, transport):
    """The catch-all hears everything first: unhandled, blocked, with and without ack."""
    client = server.client(transport)
    client.emit("nobody listens")
    client.emit("message", b"x")
    client.emit("blocked")
    client.call("rooms")
    assert client.ask("seen") == ["nobody listens", "message", "blocked", "rooms", "seen"]


def test_sent(server, transport):
    """The outgoing catch-all: acks are no events."""
    client = server.client(transport)
    client.emit("message", b"x")
    client.call("message-with-ack", 1)
    client.emit("server-emit-many", 2, "n")
    client.emit("blocked")
    assert client.ask("sent") == ["auth", "message-back", "n", "n", "error-seen"]


def test_sent_knows_broadcasts_and_questions(server):
    client, other = server.client(), server.client()
    other.emit("broadcast", {"from": "io", "to": [client.id]}, "hello")
    assert client.expect("hello") == []
    client.emit("emit-with-ack")
    client.answer(client.wait(lambda packet: packet.type == EVENT and packet.data[0] == "emit-with-ack"))
    assert client.expect("emit-with-ack-back") == []
    assert client.ask("sent") == ["auth", "hello", "emit-with-ack", "emit-with-ack-back"]


def test_records_are_per_socket(server):
    client = server.client()
    client.connect("/custom")
    client.expect("auth", "/custom")
    client.emit("message", 1)
    assert client.ask("seen", nsp="/custom") == ["seen"]


def test_data(server, transport):
    client, other = server.client(transport), server.client(transport)
    assert client.ask("get-data") == {}
    for value in ({"a": [1, None]}, [], "text", 7, {"é": {"__proto__": 1}}):
        assert client.call("set-data", value) == []
        assert client.ask("get-data") == value
    assert other.ask("get-data") == {}


def test_counts(fresh_server):
    server = fresh_server
    client = server.client()
    assert client.ask("counts") == {"clients": 1, "sockets": 1, "rooms": 1}
    client.connect("/custom")
    other = server.client("polling", "/custom")
    assert client.ask("counts", nsp="/custom") == {"clients": 2, "sockets": 2, "rooms": 2}
    other.call("join", ["a", "b"], nsp="/custom")
    assert client.ask("counts", nsp="/custom") == {"clients": 2, "sockets": 2, "rooms": 4}
    other.call("leave", "a", nsp="/custom")
    assert client.ask("counts", nsp="/custom")["rooms"] == 3
    client.send_text("1/custom,")
    server.until(lambda: other.ask("counts", nsp="/custom") == {"clients": 2, "sockets": 1, "rooms": 2})


def test_log_is_of_the_whole_server(server):
    """Oldest first, over all namespaces."""
    clients = [server.client(nsp=name) for name in ("/", "/custom", "/dyn-5")]
    for client in clients:
        client.leave()
        assert server.reason(client.id) == "transport close"
    order = [entry["id"] for entry in server.observer().ask("log") if entry["event"] == "disconnect"]
    positions = [order.index(client.id) for client in clients]
    assert positions == sorted(positions)


def test_slow_handlers_run_side_by_side(server):
    client = server.client()
    started = time.monotonic()
    for number in range(5):
        client.emit("slow", 300, number)
    assert sorted(client.expect("slow-done")[0] for _ in range(5)) == list(range(5))
    assert time.monotonic() - started < 1.2
