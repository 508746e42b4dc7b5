"""protocol.md §16: joining namespaces."""

import re
import statistics
import time

import pytest

from marks import beyond_official, options
from wire import Client, Closed, Refused, query
from wire.socketio import compact

INVALID = {"message": "Invalid namespace"}
UNAUTHORIZED = {"message": "unauthorized", "data": {"code": 401}}


@pytest.mark.parametrize("auth", [None, {}, {"token": "123"}, {"a": {"b": [1, "é", None]}}], ids=repr)
def test_joining(server, transport, nsp, auth):
    """§35.9: the reply first, with nothing but `sid`; then what the connection handler emits."""
    client = Client(server.session(transport))
    reply = client.connect(nsp, auth)
    assert list(reply) == ["sid"]
    assert client.expect("auth", nsp) == [auth or {}]


def test_exact_frames(server):
    """§35.9"""
    session = server.session("websocket")
    session.send("0")
    assert re.fullmatch(r'0\{"sid":"[A-Za-z0-9_-]{20}"\}', session.read())
    assert session.read() == '2["auth",{}]'
    session.send('0/custom,{"token":"x"}')
    assert re.fullmatch(r'0/custom,\{"sid":"[A-Za-z0-9_-]{20}"\}', session.read())
    assert session.read() == '2/custom,["auth",{"token":"x"}]'


def test_exact_polling_bodies(server):
    """§36: the reply and the first event travel in one body or in two."""
    session = server.session("polling")
    session.send("0")
    packets = [session.read_packet() for _ in range(2)]
    assert re.fullmatch(r'40\{"sid":"[^"]+"\}', packets[0])
    assert packets[1] == '42["auth",{}]'


def test_the_final_comma_may_be_missing(server, transport):
    session = server.session(transport)
    session.send("0/custom")
    assert session.read().startswith('0/custom,{"sid":')


@pytest.mark.parametrize(
    "name", ["/random", "/Custom", "/custom/", "/dyn-", "/dyn-x", "/dyn-1x", "/x/dyn-1", "/adm?x=1"]
)
def test_unknown_namespace(server, transport, name):
    """§35.9: refused, exactly so; the connection stays."""
    session = server.session(transport)
    session.send(f"0{name},")
    assert session.read() == f"4{name}," + compact(INVALID)
    assert Client(session).connect()["sid"]


@pytest.mark.parametrize("auth", [None, {}, {"token": "x"}, {"token": ["secret"]}, {"toString": "secret"}], ids=repr)
def test_guarded_refuses(server, transport, auth):
    """The middleware's message and data; the connection stays, a later try may succeed."""
    client = server.client(transport)
    with pytest.raises(Refused) as refused:
        client.connect("/guarded", auth)
    assert refused.value.data == UNAUTHORIZED
    client.connect("/guarded", {"token": "secret"})
    assert client.expect("auth", "/guarded") == [{"token": "secret"}]
    assert client.call("message-with-ack", 1, nsp="/guarded") == [1]


def test_guarded_exact_refusal(server):
    session = server.session("websocket")
    session.send('0/guarded,{"token":"no"}')
    assert session.read() == "4/guarded," + compact(UNAUTHORIZED)


def test_a_refused_socket_never_was(fresh_server):
    """It is in no room and no list."""
    server = fresh_server
    member = server.client(nsp="/guarded", auth={"token": "secret"})
    session = server.session("websocket")
    session.send("0/guarded,")
    session.read()
    assert member.ask("counts", nsp="/guarded")["sockets"] == 1
    assert len(member.ask("fetch-sockets", [], nsp="/guarded")) == 1


def test_dynamic_namespaces(server, transport):
    """Every `/dyn-N` is a namespace of its own."""
    first, second = server.client(transport, "/dyn-1001"), server.client(transport, "/dyn-1002")
    first.emit("broadcast", {"from": "io"}, "hello", nsp="/dyn-1001")
    assert first.expect("hello", "/dyn-1001") == []
    assert second.events_before_ack("/dyn-1002") == []


def test_a_dynamic_namespace_comes_back(server):
    for _ in range(3):
        client = server.client(nsp="/dyn-1003")
        client.send_text("1/dyn-1003,")
        assert server.reason(client.id) == "client namespace disconnect"
        client.session.close()


def test_several_namespaces_back_to_back(server, transport):
    """§37: CONNECTs are sent before any reply."""
    client = Client(server.session(transport))
    names = ["/", "/custom", "/dyn-1", "/dyn-2", "/random"]
    for name in names:
        client.request_connect(name, {"name": name})
    replies = {}
    for _ in names:
        packet = client.wait(lambda packet: packet.type in (0, 4))
        replies[packet.nsp] = packet
    assert [replies[name].type for name in names] == [0, 0, 0, 0, 4]
    for name in names[:4]:
        assert client.wait(lambda packet, name=name: packet.type == 2 and packet.nsp == name).data == [
            "auth",
            {"name": name},
        ]


def test_what_follows_the_reply_is_not_delayed(server, transport):
    """Two small writes in a row must not wait for an acknowledgement of TCP (40 ms): no Nagle."""
    client, times = server.client(transport), []
    for number in range(20):
        started = time.monotonic()
        client.connect(f"/dyn-{7000 + number}")
        client.expect("auth", f"/dyn-{7000 + number}")
        times.append(time.monotonic() - started)
    assert statistics.median(times) < 0.03


def test_ids_are_unrelated(server):
    """§16, security.md §6: 20 characters, another in every namespace, nothing of the engine's id."""
    client = Client(server.session("polling"))
    ids = [client.connect(name)["sid"] for name in ("/", "/custom", "/dyn-1")]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{20}", socket_id) for socket_id in ids)
    assert len({socket_id[:16] for socket_id in ids} | {client.session.sid[:16]}) == 4


def test_rejoining_gives_another_id(server, transport, nsp):
    client = server.client(transport, nsp)
    first = client.id
    client.send_text("1" if nsp == "/" else f"1{nsp},")
    assert server.reason(first) == "client namespace disconnect"
    assert client.connect(nsp)["sid"] != first
    assert client.expect("auth", nsp) == [{}]


@beyond_official
def test_rejoining_in_one_breath(server, transport):
    """The official server may see the CONNECT before it has handled the DISCONNECT."""
    client = server.client(transport)
    first = client.id
    client.send_text("1", "0")
    assert client.wait(lambda packet: packet.type == 0).data["sid"] != first
    assert client.expect("auth") == [{}]


def test_leaving_one_namespace_leaves_the_others_alone(server, transport):
    """§35.11"""
    client = server.client(transport)
    client.connect("/custom")
    client.expect("auth", "/custom")
    client.send_text("1/custom,")
    assert client.call("message-with-ack", 1) == [1]
    assert client.is_silent(0.05)


def test_a_second_connect_ends_the_connection(server, transport):
    client = server.client(transport)
    assert client.is_ended_by("0")
    server.still_works()


@pytest.mark.parametrize(
    "text", ['2["message"]', '2/custom,["message"]', "31[]", "1/custom,", '2/random,["message"]', "abc"], ids=str
)
def test_S_20_packets_before_joining_end_the_connection(server, transport, text):
    """§16, §35.10"""
    assert Client(server.session(transport)).is_ended_by(text)


@pytest.mark.parametrize("text", ['2/custom,["message"]', '2/random,["message"]', "3/custom,1[]"], ids=str)
def test_S_20_packets_to_another_namespace_end_the_connection(server, transport, text):
    client = server.client(transport)
    assert client.is_ended_by(text)


@beyond_official
def test_S_20_events_right_after_the_connect_are_kept(server, transport):
    """§37: a client may send on before the reply; nothing is lost or reordered."""
    client = Client(server.session(transport))
    client.send_text("0", *(f'2["message",{number}]' for number in range(20)))
    assert client.wait(lambda packet: packet.type == 0)
    assert client.expect("auth") == [{}]
    assert [client.expect("message-back") for _ in range(20)] == [[number] for number in range(20)]


def test_events_of_a_refused_namespace_reach_nobody(server, transport):
    """They are dropped or end the connection; they are never handled."""
    listener = server.client(nsp="/guarded", auth={"token": "secret"})
    client = Client(server.session(transport))
    try:
        client.send_text("0/guarded,", '2/guarded,["broadcast",{"from":"io"},"x"]')
        client.receive()
    except Closed:
        pass
    assert listener.events_before_ack("/guarded") == []


@pytest.mark.parametrize("payload", ["[]", "[1]", '"x"', "null", "true", "{", "{}x"])
def test_S_22_connect_payload_must_be_an_object(server, transport, payload):
    client = Client(server.session(transport))
    assert client.is_ended_by(f"0{payload}")


@beyond_official
def test_S_22_connect_payload_that_is_a_number(server, transport):
    assert Client(server.session(transport)).is_ended_by("01")


def test_S_22_large_connect_payload(server, transport):
    """Up to the limit of a message it is data like any other."""
    auth = {"token": "x" * 400_000}
    assert server.client(transport, auth=auth)


def test_S_21_what_only_a_server_may_send(server, transport):
    client = server.client(transport)
    assert client.is_ended_by('4{"message":"x"}')


@pytest.mark.parametrize("payload", ["{}", "[]", '"x"'])
def test_S_21_disconnect_with_a_payload(server, transport, payload):
    assert server.client(transport).is_ended_by(f"1{payload}")


def test_handshake_object(server, transport):
    """§16"""
    before = int(time.time() * 1000)
    extra = "&user=%C3%A9+1&x=1&x=2&flag="
    auth = {"token": "t"}
    client = Client(server.session(transport, extra=extra))
    client.connect("/", auth)
    seen = client.ask("handshake")
    assert sorted(seen) == sorted(["auth", "query", "headers", "address", "secure", "xdomain", "url", "issued", "time"])
    assert seen["auth"] == auth
    expected = {"EIO": "4", "transport": transport, "user": "é 1", "x": "2", "flag": ""}
    assert {key: seen["query"].get(key) for key in expected} == expected
    assert seen["headers"]["host"] == f"{server.address[0]}:{server.address[1]}"
    assert all(name == name.lower() for name in seen["headers"])
    assert "127.0.0.1" in seen["address"]
    assert (seen["secure"], seen["xdomain"]) == (False, False)
    assert seen["url"] == f"{server.path}?{query(transport=transport)}{extra}"
    assert before - 1000 <= seen["issued"] <= int(time.time() * 1000) + 1000
    assert isinstance(seen["time"], str) and seen["time"]


def test_handshake_of_another_origin(server):
    socket = server.websocket(headers=[("Origin", "http://a.example"), ("X-Twice", "1"), ("X-Twice", "2")])
    socket.read()
    socket.send("40")
    socket.read()
    socket.read()
    socket.send('420["handshake"]')
    text = socket.read()
    assert '"xdomain":true' in text
    assert '"origin":"http://a.example"' in text


def test_auth_belongs_to_the_namespace(server):
    client = server.client(auth={"n": 1})
    client.connect("/custom", {"n": 2})
    client.expect("auth", "/custom")
    assert client.ask("handshake")["auth"] == {"n": 1}
    assert client.ask("handshake", nsp="/custom")["auth"] == {"n": 2}


@beyond_official
@options(max_namespace_length=20)
def test_S_17_long_namespace(server, transport):
    client = server.client(transport)
    with pytest.raises(Refused):
        client.connect("/" + "a" * 19)
    assert client.is_ended_by("0/" + "a" * 20 + ",")


@beyond_official
@options(max_namespaces_per_connection=3)
def test_S_16_many_namespaces_on_one_connection(server, transport):
    """CONNECT_ERROR for what is too many; the connection and other connections stay; leaving makes room."""
    client = server.client(transport)
    for number in range(2):
        client.connect(f"/dyn-{number}")
    with pytest.raises(Refused):
        client.connect("/dyn-3")
    server.client(transport, "/dyn-3")
    client.send_text("1/dyn-1,")
    assert client.connect("/dyn-3")["sid"]


@beyond_official
def test_S_16_default_limit(server):
    """security.md §8: 100 namespaces a connection."""
    client = server.client()
    for number in range(99):
        client.connect(f"/dyn-{number}")
    with pytest.raises(Refused):
        client.connect("/dyn-99")


@options(cleanup_empty_child_namespaces=True)
def test_S_16_empty_dynamic_namespaces_are_forgotten(server):
    """A client that runs through thousands of names leaves nothing behind."""
    client = server.client()
    before = server.probe.resident_bytes()
    for start in range(0, 1600, 8):
        names = [f"/dyn-{10_000 + number}" for number in range(start, start + 8)]
        for name in names:
            client.request_connect(name)
        for name in names:
            client.wait(lambda packet, name=name: packet.type == 0 and packet.nsp == name)
        client.session.send(*(f"1{name}," for name in names))
        client.inbox.clear()
    assert client.call("message-with-ack", 1) == [1]
    assert server.probe.resident_bytes() - before < 48 << 20


@beyond_official
@options(max_pending_connects=2)
def test_S_13_flood_of_connects(server, transport):
    """One socket per namespace at most: the flood is refused or ends the connection."""
    listener = server.client(nsp="/guarded", auth={"token": "secret"})
    client = Client(server.session(transport))
    ended = client.is_ended_by(*['0/guarded,{"token":"secret"}'] * 50, within=1)
    assert ended or listener.ask("counts", nsp="/guarded")["sockets"] <= 2
