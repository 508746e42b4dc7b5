"""protocol.md §3, §4: HTTP long-polling."""

import contextlib

import pytest

from marks import beyond_official, options, own_listener, vectors
from wire import Closed, query
from wire.http import Http

R = "\x1e"
GONE = {"code": 1, "message": "Session ID unknown"}


def keeps_open(row):
    return not any(packet["type"] in (1, 2) for packet in row["packets"])


def unknown(response):
    return response.status == 400 and response.json == GONE


def test_post_then_get(server, echo):
    """§35.3"""
    session = echo.join(server.session("polling"))
    session.send(*echo.say("hello"))
    assert session.poll().text == "4" + echo.hear("hello")[0]


def test_three_packets_in_one_post(server, echo):
    """§35.3"""
    session = echo.join(server.session("polling"))
    session.send(*(echo.say(text)[0] for text in ("a", "b", "c")))
    assert [session.read() for _ in range(3)] == [echo.hear(text)[0] for text in ("a", "b", "c")]


def test_text_and_binary_both_ways(server, echo):
    """§35.3"""
    session = echo.join(server.session("polling"))
    echo.works(session, "hello", b"\x01\x02\x03\x04")
    echo.works(session, b"")
    echo.works(session, b"\xfb\xff\xfe" * 100, "after")


@options(app="engine")
def test_exact_payloads(server):
    """§35.3"""
    session = server.session("polling")
    assert session.post(f"4hello{R}bAQIDBA==").body == b"ok"
    assert session.poll().body == f"4hello{R}bAQIDBA==".encode()


@options(app="engine")
@pytest.mark.parametrize(
    "row", vectors("engineio_payloads", lambda row: row["valid"], keeps_open, label=lambda row: row["payload"])
)
def test_valid_payload(server, row):
    session = server.session("polling")
    messages = [packet for packet in row["packets"] if packet["type"] == 4]
    assert session.post(row["payload"].encode()).body == b"ok"
    session.send("end")
    expected = ["4" + packet["text"] if "text" in packet else "b" + packet["binary"] for packet in messages]
    assert [session.read_packet() for _ in range(len(expected) + 1)] == [*expected, "4end"]


@pytest.mark.parametrize(
    "row",
    vectors("engineio_payloads", lambda row: not row["valid"] and "payload" in row, label=lambda row: row["payload"]),
)
def test_bad_payload_ends_the_session(server, echo, row):
    """§35.4"""
    session = echo.join(server.session("polling"))
    with contextlib.suppress(Closed):
        session.post(row["payload"].replace("4a", '42["a"]').encode())
    assert session.is_gone()
    echo.works(echo.join(server.session("polling")), "still here")


def test_text_beyond_ascii(server, echo):
    session = echo.join(server.session("polling"))
    echo.works(session, "é ß € \U0001f600 \u2028 \x7f", "日本語")


def test_pending_get_is_answered_at_once(server, echo):
    session = echo.join(server.session("polling"))
    session.hold_poll()
    session.send(*echo.say("now"))
    assert session.finish_poll().text == "4" + echo.hear("now")[0]


def test_everything_buffered_comes_in_order(server):
    client = server.client("polling")
    client.emit("server-emit-many", 3000, "n")
    assert [client.expect("n") for _ in range(3000)] == [[number] for number in range(3000)]


@options(max_http_buffer_size=2000)
def test_max_payload_does_not_limit_what_the_server_sends(server):
    """§4: it limits client to server only."""
    client = server.client("polling")
    for _ in range(3):
        client.emit("message", "x" * 1800)
    assert [client.expect("message-back") for _ in range(3)] == [["x" * 1800]] * 3


def test_chunked_post(server):
    client = server.client("polling")
    poster = client.session.poster
    head = poster.head("POST", client.session.query, [("Transfer-Encoding", "chunked")])
    poster.send(head + b'5\r\n42["m\r\n9\r\nessage",1\r\n1\r\n]\r\n0\r\n\r\n')
    assert poster.read_response().body == b"ok"
    assert client.expect("message-back") == [1]


def test_body_in_many_pieces(server):
    client = server.client("polling")
    poster = client.session.poster
    body = '42["message","€€"]'.encode()
    for byte in poster.head("POST", client.session.query, [("Content-Length", len(body))]) + body:
        poster.send(bytes([byte]))
    assert poster.read_response().body == b"ok"
    assert client.expect("message-back") == ["€€"]


def test_pipelined_gets(server):
    """HTTP/1.1: answers leave in the order of the requests, whoever they are for."""
    http = server.http()
    for _ in range(5):
        http.send_request("GET", query(transport="polling"))
    sids = {http.read_response().text for _ in range(5)}
    assert len(sids) == 5


def test_any_connection_may_carry_a_session(server):
    client = server.client("polling")
    client.session.reconnect()
    assert client.call("message-with-ack", 1) == [1]


def test_polite_close_answers_the_pending_get(server, echo):
    """§10, §35.7"""
    session = echo.join(server.session("polling"))
    session.hold_poll()
    session.leave()
    response = session.finish_poll()
    assert (response.status, response.text) == (200, "6")
    assert unknown(session.poll())
    assert unknown(session.post("4x"))


def test_reason_of_a_polite_close(server):
    client = server.client("polling")
    client.leave()
    assert server.reason(client.id) == "transport close"


@options(app="engine")
def test_empty_messages(server):
    session = server.session("polling")
    session.send("", "")
    assert [session.read() for _ in range(2)] == ["", ""]


@pytest.mark.parametrize("packet", ["0", "5", "6", '0{"sid":"x"}', "3", "3probe"])
def test_H_19_packets_that_mean_nothing_are_ignored(server, transport, packet):
    """`0`, `5`, `6` on an open session; also H-21, an unsolicited pong."""
    client = server.client(transport)
    client.session.send_packets(packet)
    assert client.call("message-with-ack", 1) == [1]


@pytest.mark.parametrize("packet", ["2", "2probe"])
def test_H_20_ping_from_a_client(server, transport, packet):
    client = server.client(transport)
    with contextlib.suppress(Closed):
        client.session.send_packets(packet)
    assert client.is_gone()
    assert server.reason(client.id) == "transport error"


def test_H_11_two_gets(server, echo):
    """§4, §35.5: the second is refused, the session ends, the first is answered `1`."""
    session = echo.join(server.session("polling"))
    session.hold_poll()
    second = server.http().get(session.query)
    assert second.status in (400, 500)
    first = session.finish_poll()
    assert (first.status, first.text) == (200, "1")
    assert unknown(session.poll())


def test_H_11_reason(server):
    client = server.client("polling")
    client.session.hold_poll()
    assert server.http().get(client.session.query).status == 400
    assert server.reason(client.id) == "transport error"


def test_H_12_two_posts(server):
    """§4: the second is refused, the session ends, the first connection is destroyed or answered with an error."""
    client = server.client("polling")
    first = client.session.poster
    first.send(first.head("POST", client.session.query, [("Content-Length", "20")]) + b"42[")
    server.until(lambda: Http(server.address, server.path).post(client.session.query, '42["x"]').status == 400)
    assert server.reason(client.id) == "transport error"
    try:
        first.send(b'"message",1234567]')
        assert first.read_response().status == 400
    except Closed:
        pass
    assert client.is_gone()


def test_H_13_octet_stream(server):
    """CVE-2026-59725: the request is always answered."""
    client = server.client("polling")
    response = client.session.post(b"\x01", headers=[("Content-Type", "application/octet-stream")])
    assert response.status == 400
    assert client.is_gone()
    assert server.reason(client.id) == "transport error"


def test_H_24_aborted_get(server):
    client = server.client("polling")
    client.vanish()
    assert server.reason(client.id) == "transport error"


def test_H_24_aborted_post(server):
    client = server.client("polling")
    poster = client.session.poster
    poster.send(poster.head("POST", client.session.query, [("Content-Length", "100")]) + b"42[")
    server.settle()
    poster.abort()
    assert server.reason(client.id) == "transport error"
    assert client.is_gone()


@beyond_official
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_H_06_other_method_with_sid(server, method):
    """405 or 400, never 500; the session does not notice."""
    client = server.client("polling")
    assert server.http().request(method, client.session.query, "4x").status in (400, 405)
    assert client.call("message-with-ack", 1) == [1]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_H_06_other_method_disturbs_nobody(server, method):
    client = server.client("polling")
    assert server.http().request(method, client.session.query, "4x").status >= 400
    assert client.call("message-with-ack", 1) == [1]


def test_H_18_nothing_after_a_bad_packet_is_delivered(server):
    """§4: decoding stops at the bad packet; what came before may count (the official server drops it in Socket.IO)."""
    client, listener = server.client("polling"), server.client()
    packets = ['42["broadcast",{"from":"socket"},"before"]', "abc", '42["broadcast",{"from":"socket"},"after"]']
    with contextlib.suppress(Closed):
        client.session.post(R.join(packets))
    assert client.is_gone()
    assert server.reason(client.id) == "parse error"
    assert [packet.event[0] for packet in listener.events_before_ack()] in (["before"], [])


@beyond_official
def test_H_18_bad_packet_is_answered_400(server):
    """The official server says `ok`, or nothing."""
    client = server.client("polling")
    assert client.session.post("abc").status == 400
    assert client.is_gone()


@own_listener
def test_a_close_packet_whose_sender_is_gone_at_once(server):
    """A page that unloads: the POST counts, or its abort does; the session is not forgotten."""
    client = server.client("polling")
    client.session.poster.send_request("POST", client.session.query, "1")
    client.session.drop()
    assert server.reason(client.id) in ("transport close", "transport error")
