"""protocol.md §14, §17, §35.12: events and acknowledgements both ways."""

import time

import pytest

from marks import VIOLATION, beyond_official
from wire import Closed, Silent
from wire.socketio import ACK, EVENT, Packet

ACK_TIMEOUT = 0.5


def prefix(nsp):
    return "" if nsp == "/" else f"{nsp},"


def read_messages(session, count):
    return [session.read() for _ in range(count)]


def test_text_event(server, transport, nsp):
    """§35.12: exact bytes."""
    session = server.client(transport, nsp).session
    session.send(f'2{prefix(nsp)}["message",1,"2",{{"3":[true]}}]')
    assert session.read() == f'2{prefix(nsp)}["message-back",1,"2",{{"3":[true]}}]'


def test_binary_event(server, transport, nsp):
    """§35.12: exact bytes, `_placeholder` before `num`."""
    session = server.client(transport, nsp).session
    placeholders = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'
    session.send(f'52-{prefix(nsp)}["message",{placeholders}]', b"\x01\x02\x03", b"\x04\x05\x06")
    assert read_messages(session, 3) == [
        f'52-{prefix(nsp)}["message-back",{placeholders}]',
        b"\x01\x02\x03",
        b"\x04\x05\x06",
    ]


def test_text_ack(server, transport, nsp):
    """§35.12"""
    session = server.client(transport, nsp).session
    session.send(f'2{prefix(nsp)}456["message-with-ack",1,"2",{{"3":[false]}}]')
    assert session.read() == f'3{prefix(nsp)}456[1,"2",{{"3":[false]}}]'


def test_binary_ack(server, transport, nsp):
    """§35.12"""
    session = server.client(transport, nsp).session
    placeholders = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'
    session.send(f'52-{prefix(nsp)}789["message-with-ack",{placeholders}]', b"\x01\x02\x03", b"\x04\x05\x06")
    assert read_messages(session, 3) == [f"62-{prefix(nsp)}789[{placeholders}]", b"\x01\x02\x03", b"\x04\x05\x06"]


def test_empty_answers(server, transport):
    session = server.client(transport).session
    session.send('2["message"]', '20["message-with-ack"]')
    assert read_messages(session, 2) == ['2["message-back"]', "30[]"]


VALUES = {
    "scalars": [None, True, False, 0, -1, 1.5, 1e21, "", "a"],
    "nested": [[], {}, [[[]]], {"a": {"b": [{"c": None}]}}],
    "unicode": ["é", "日本語", "\U0001f600", "\u2028\u2029", "\u0000\u001e\u007f", '"\\/'],
    "keys": [{"": 1, "é": 2, "a b": 3, "_placeholder": False, "num": 7}],
    "numbers": [2**53 - 1, -(2**53 - 1), 0.1, 5e-324, 1.7976931348623157e308],
    "strings that look like packets": ["42[]", "4", "b64", "\x1e4x", '{"_placeholder":true,"num":0}'],
    "binary": [b"", b"\x00\xff", {"a": [b"1", {"b": b"2"}]}, "between", b"3" * 70000],
    "ten attachments": [bytes([n]) for n in range(10)],
}


@pytest.mark.parametrize("name", VALUES)
def test_values_pass_through(server, transport, name):
    client = server.client(transport)
    client.emit("message", *VALUES[name])
    assert client.expect("message-back") == VALUES[name]
    assert client.call("message-with-ack", *VALUES[name]) == VALUES[name]


def test_attachments_by_number(server, transport):
    """S-04: `num` is honoured: swapped, used twice, never used, extra keys dropped."""
    client = server.client(transport)
    place = '{"_placeholder":true,"num":%d}'
    client.session.send(f'52-["message",{place % 1},{place % 0},{place % 1}]', b"zero", b"one")
    assert client.expect("message-back") == [b"one", b"zero", b"one"]
    client.session.send('51-["message","text"]', b"unused")
    assert client.expect("message-back") == ["text"]
    client.session.send('51-["message",{"x":1,"num":0,"_placeholder":true}]', b"zero")
    assert client.expect("message-back") == [b"zero"]


def test_a_placeholder_in_a_text_event_is_an_object(server, transport):
    session = server.client(transport).session
    session.send('2["message",{"_placeholder":true,"num":0}]')
    assert session.read() == '2["message-back",{"_placeholder":true,"num":0}]'


def test_objects_that_only_look_like_placeholders(server, transport):
    client = server.client(transport)
    client.session.send('51-["message",{"_placeholder":1,"num":5},{"_placeholder":true,"num":0}]', b"x")
    assert client.expect("message-back") == [{"_placeholder": 1, "num": 5}, b"x"]


def test_engine_packets_between_attachments(server, transport):
    """§15: a heartbeat is another layer."""
    client = server.client(transport)
    client.session.send('52-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    client.session.send(b"0")
    client.session.send_packets("3")
    client.session.send(b"1")
    assert client.expect("message-back") == [b"0", b"1"]


@pytest.mark.parametrize("identifier", [0, 7, 2**31, 2**53 - 1])
def test_ack_ids(server, transport, identifier):
    session = server.client(transport).session
    session.send(f'2{identifier}["message-with-ack","x"]')
    assert session.read() == f'3{identifier}["x"]'


@beyond_official
@pytest.mark.parametrize("identifier", [2**53, 2**64, 10**30, "9" * 400])
def test_S_11_ack_ids_too_large(server, transport, identifier):
    client = server.client(transport)
    assert client.is_ended_by(f'2{identifier}["message-with-ack"]')


@pytest.mark.parametrize("text", ['21e9["message-with-ack"]', '2-1["message-with-ack"]', '2abc["message-with-ack"]'])
def test_S_11_ack_ids_that_are_none(server, transport, text):
    """§35.13"""
    client = server.client(transport)
    assert client.is_ended_by(text)
    assert server.reason(client.id) in VIOLATION


@pytest.mark.parametrize("text", ["abc", "2{}", '2abc["message-with-ack",1]', "2[]", "7"])
def test_S_01_packets_that_are_none(server, transport, text):
    """§35.13"""
    client = server.client(transport)
    assert client.is_ended_by(text)
    assert server.reason(client.id) in VIOLATION


def test_many_calls_are_answered_in_order(server, transport):
    client = server.client(transport)
    client.session.send(*(f'2{number}["message-with-ack",{number}]' for number in range(2000)))
    for number in range(2000):
        packet = client.read()
        assert (packet.type, packet.id, packet.data) == (ACK, number, [number])


def test_an_event_that_wants_an_ack_but_came_without_one(server, transport):
    client = server.client(transport)
    for event in ("message-with-ack", "rooms", "counts", "seen", "get-data"):
        client.emit(event)
    assert client.events_before_ack() == []


def test_unknown_events_are_ignored(server, transport):
    """S-09; CVE-2024-38355: `error` is an ordinary event."""
    client = server.client(transport)
    names = ["error", "__proto__", "constructor", "toString", "hasOwnProperty", "", "message ", "é", "connection"]
    for name in names:
        client.emit(name, 1)
    assert client.events_before_ack() == []
    assert client.ask("seen")[: len(names)] == names
    server.still_works()


@pytest.mark.parametrize(
    "name", ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
)
def test_S_08_reserved_events_end_the_connection(server, transport, name):
    client = server.client(transport)
    assert client.is_ended_by(f'2["{name}","transport close"]')
    assert server.reason(client.id) in VIOLATION


@pytest.mark.parametrize("name", ["{}", '{"toString":"x"}', "[]", "null", "true", '["message"]'])
def test_S_10_event_names_that_are_none(server, transport, name):
    """CVE-2023-32695"""
    client = server.client(transport)
    assert client.is_ended_by(f"2[{name}]")


# ---------------------------------------------------------------- the server asks


def asked(client, nsp="/"):
    """The server's `emit-with-ack` request."""
    packet = client.wait(lambda packet: packet.type == EVENT and packet.data[0] == "emit-with-ack")
    assert packet.id is not None
    assert packet.nsp == nsp
    return packet


def test_server_asks(server, transport, nsp):
    client = server.client(transport, nsp)
    client.emit("emit-with-ack", 1, b"\x02", nsp=nsp)
    packet = asked(client, nsp)
    assert packet.data[1:] == [1, b"\x02"]
    client.answer(packet, "yes", b"\x03")
    assert client.expect("emit-with-ack-back", nsp) == ["yes", b"\x03"]


def test_server_asks_and_gets_nothing(server, transport):
    """§17: a local timeout; a late answer is ignored."""
    client = server.client(transport)
    client.emit("emit-with-ack", 1)
    packet, started = asked(client), time.monotonic()
    assert client.expect("emit-with-ack-failed") == ["timeout"]
    assert ACK_TIMEOUT - 0.1 < time.monotonic() - started < ACK_TIMEOUT + 1.5
    client.answer(packet, "late")
    assert client.events_before_ack() == []


def test_server_asks_several_things_at_once(server, transport):
    """Every request has an id of its own; answers may come in any order."""
    client = server.client(transport)
    for number in range(5):
        client.emit("emit-with-ack", number)
    packets = [asked(client) for _ in range(5)]
    assert len({packet.id for packet in packets}) == 5
    for packet in reversed(packets):
        client.answer(packet, packet.data[1] * 10)
    assert sorted(client.expect("emit-with-ack-back") for _ in range(5)) == [[0], [10], [20], [30], [40]]


def test_S_12_double_ack(server, transport):
    client = server.client(transport)
    client.emit("emit-with-ack")
    packet = asked(client)
    client.answer(packet, 1)
    client.answer(packet, 2)
    assert client.expect("emit-with-ack-back") == [1]
    assert client.events_before_ack() == []


def test_S_12_ack_of_another(server, transport):
    """Acks are bound to the socket: another client or namespace can't answer for it."""
    client, thief = server.client(transport), server.client(transport)
    client.connect("/custom")
    client.expect("auth", "/custom")
    client.emit("emit-with-ack")
    packet = asked(client)
    thief.send(Packet(ACK, "/", packet.id, ["stolen"]))
    client.send(Packet(ACK, "/custom", packet.id, ["stolen"]))
    assert thief.call("message-with-ack", 1) == [1]
    client.answer(packet, "mine")
    assert client.expect("emit-with-ack-back") == ["mine"]


def test_S_12_unknown_ack(server, transport):
    client = server.client(transport)
    client.send_text("3999999[]", "31[]")
    assert client.call("message-with-ack", 1) == [1]


def test_the_answer_of_a_client_that_is_gone(server, transport):
    """Logged at the latest when the timeout is over."""
    client = server.client(transport)
    client.emit("emit-with-ack")
    asked(client)
    client.leave()
    assert server.reason(client.id) == "transport close"
    server.until(lambda: ("emit-with-ack-failed", "disconnected") in server.log(client.id))


# ---------------------------------------------------------------- volatile, order, failure


def test_volatile_over_polling_without_a_poll(server):
    """§17: dropped when there is no pending GET."""
    observer = server.client("websocket")
    client = server.client("polling")
    client.send_text('2["volatile-many",20,10]', '2["broadcast",{"from":"socket"},"done"]', '2["message","end"]')
    # The POST may be answered before the handlers have run.
    assert observer.read().data == ["done"]
    events = [client.read()]
    while events[-1].data[0] != "message-back":
        events.append(client.read())
    assert [event.data for event in events] == [["message-back", "end"]]


def test_volatile_over_websocket(server):
    """What is not dropped is whole; other events are never dropped."""
    client = server.client("websocket")
    client.send_text('2["volatile-many",20,10]', '2["message","end"]')
    events = client.events_before_ack()
    assert events[-1].data == ["message-back", "end"]
    assert all(event.data == ["v", "x" * 10] for event in events[:-1])
    assert len(events) - 1 <= 20


def test_volatile_is_not_always_dropped(server):
    client = server.client("websocket")
    server.until(lambda: volatile_arrives(client))


def volatile_arrives(client):
    client.emit("volatile-many", 1, 5)
    return any(packet.data == ["v", "xxxxx"] for packet in client.events_before_ack())


def test_server_emits_in_order(server, transport):
    client = server.client(transport)
    client.send_text('2["server-emit-many",500,"a"]', '2["server-emit-many",500,"b"]', '2["message","end"]')
    expected = [["a", n] for n in range(500)] + [["b", n] for n in range(500)] + [["message-back", "end"]]
    assert [client.read().data for _ in expected] == expected


def test_a_handler_that_throws(server, transport):
    """The socket, the others and the rest of the batch live on."""
    client, other = server.client(transport), server.client(transport)
    client.send_text('2["message",1]', '2["throw"]', '2["message",2]', '20["throw"]', '2["message",3]')
    assert [client.expect("message-back") for _ in range(3)] == [[1], [2], [3]]
    assert other.call("message-with-ack", 1) == [1]
    assert client.ask("seen") == ["message", "throw", "message", "throw", "message", "seen"]


def test_a_slow_handler_blocks_nobody(server, transport):
    client, other = server.client(transport), server.client(transport)
    client.emit("slow", 300, "done")
    assert other.call("message-with-ack", 1) == [1]
    client.emit("message", "meanwhile")
    assert client.expect("message-back") == ["meanwhile"]
    assert client.expect("slow-done") == ["done"]


def test_a_slow_handler_outlives_its_client(server):
    client = server.client()
    client.emit("slow", 100, "done")
    client.leave()
    with pytest.raises((Silent, Closed)):
        client.read(0.3)
    server.still_works()
