"""security.md §5.1: hostile HTTP."""

import contextlib
import gzip
import json
import time

import pytest

from marks import beyond_official, options, own_listener
from wire import Closed, Http, Silent, query

POLLING = query(transport="polling")
LIMIT = 2000


def refused(response, code):
    return response.status == 400 and response.json["code"] == code


def answer_or_end(stream, within=5.0):
    """The status of the answer, 0 when the connection is closed without one."""
    try:
        return stream.read_response(within).status
    except Closed:
        return 0


@options(transports=["websocket"])
def test_H_01_disabled_polling(server):
    assert refused(server.http().get(POLLING), 0)
    assert server.client("websocket").call("message-with-ack", 1) == [1]


@options(transports=["polling"])
def test_H_01_disabled_websocket(server):
    assert refused(server.http().get(query(transport="websocket")), 0)
    assert server.refusal(query(transport="websocket")).status == 400
    client = server.client("polling")
    assert client.session.handshake["upgrades"] == []
    assert client.call("message-with-ack", 1) == [1]


def test_H_01_unknown_transport(server):
    """CVE-2023-31125"""
    for name in ("abc", "", "__proto__", "toString", "polling,websocket", "webtransport"):
        assert refused(server.http().get(query(transport=name)), 0)
        assert server.refusal(query(transport=name)).status == 400


@pytest.mark.parametrize("sid", ["A" * 20, "<script>", "../../etc", "é"], ids=repr)
def test_H_02_unknown_sid_is_not_echoed(server, sid):
    for method in ("GET", "POST"):
        response = server.http().request(method, query(transport="polling", sid=sid))
        assert refused(response, 1)
        assert sid not in response.text


@pytest.mark.parametrize(
    "sid", ["x", "%", "%zz", "a" * 5000, "%00", "%F0%9F%98%80", "A" * 19, "A" * 21, "null"], ids=repr
)
def test_H_03_malformed_sid(server, sid):
    """Never a new session."""
    assert refused(server.http().get(f"EIO=4&transport=polling&sid={sid}"), 1)


@pytest.mark.parametrize("sid", ["__proto__", "constructor", "toString", "hasOwnProperty"])
def test_H_04_prototype_names_as_sid(server, sid):
    """CVE-2026-59724, for the transports of HTTP."""
    assert refused(server.http().get(query(transport="polling", sid=sid)), 1)
    assert refused(server.http().post(query(transport="polling", sid=sid), "4x"), 1)
    assert server.refusal(query(transport="websocket", sid=sid)).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_H_05_other_methods_without_sid(server, method):
    assert refused(server.http().request(method, POLLING, "4x"), 2)


@pytest.mark.parametrize("version", ["", "3", "abc", "5", "4.0", "-4"])
def test_H_07_other_versions(server, version):
    assert refused(server.http().get(f"EIO={version}&transport=polling"), 5)


def test_H_08_websocket_without_upgrade(server):
    assert refused(server.http().get(query(transport="websocket")), 3)


@beyond_official
def test_H_09_upgrade_of_polling(server):
    """400 code 3; the official server accepts and closes."""
    assert refused(server.refusal(POLLING), 3)
    client = server.client("polling")
    assert refused(server.refusal(client.session.query), 3)
    assert client.call("message-with-ack", 1) == [1]


@pytest.mark.parametrize("origin", ["http://a\x01b", "\x0bx", "a\x7fb"], ids=repr)
def test_H_10_control_characters_in_origin(server, origin):
    http = server.http()
    http.send_request("GET", POLLING, headers=[("Origin", origin)])
    assert answer_or_end(http) in (0, 400)


def post_too_much(client, chunked):
    """(status, 0 when closed) of a POST over the limit."""
    poster = client.session.poster
    body = b"4" + b"x" * (2 * LIMIT)
    length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", len(body))
    data = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    with contextlib.suppress(Closed):
        poster.send(poster.head("POST", client.session.query, [length]) + data)
    return answer_or_end(poster)


@options(max_http_buffer_size=LIMIT)
@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_H_14_body_over_the_limit(server, chunked):
    """CVE-2020-36048, CVE-2026-48809: 413; then the session stays, or it ends with a reason that tells."""
    client = server.client("polling")
    assert post_too_much(client, chunked) == 413
    client.session.reconnect()
    try:
        assert client.call("message-with-ack", 1) == [1]
    except Closed:
        assert server.reason(client.id) == "payload too large"


@options(max_http_buffer_size=LIMIT)
def test_H_14_body_of_exactly_the_limit(server):
    client = server.client("polling")
    text = "x" * (LIMIT - len('42["message",""]'))
    client.emit("message", text)
    assert client.expect("message-back") == [text]


@beyond_official
def test_H_14_a_huge_announced_length_is_refused_at_once(server):
    client = server.client("polling")
    poster = client.session.poster
    poster.send(poster.head("POST", client.session.query, [("Content-Length", 1 << 40)]))
    assert answer_or_end(poster) == 413


@beyond_official
@options(body_timeout=300)
@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_H_15_body_that_never_ends(server, chunked):
    """408, and the session ends."""
    client = server.client("polling")
    poster = client.session.poster
    length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", 100)
    started = time.monotonic()
    poster.send(poster.head("POST", client.session.query, [length]) + (b"1\r\n4\r\n" if chunked else b"4"))
    assert answer_or_end(poster) == 408
    assert 0.25 < time.monotonic() - started < 2
    client.session.reconnect()
    assert client.is_gone()


@beyond_official
@options(body_timeout=300)
def test_H_15_dripping_a_body_buys_no_time(server):
    client = server.client("polling")
    poster = client.session.poster
    poster.send(poster.head("POST", client.session.query, [("Content-Length", 10000)]))
    deadline = time.monotonic() + 3
    status = None
    while status is None and time.monotonic() < deadline:
        try:
            poster.send(b"4")
            status = poster.read_response(0.05).status
        except Silent:
            pass
        except Closed:
            status = 0
    assert status in (0, 408)


@beyond_official
@pytest.mark.parametrize(
    "body", [b"4\xff\xfe", b"4\xed\xa0\x80", b"4\xc0\xaf", b'42["message","\x80"]', b"\xff"], ids=repr
)
def test_H_16_body_that_is_not_utf_8(server, body):
    client = server.client("polling")
    assert client.session.post(body).status == 400
    assert client.is_gone()
    assert server.reason(client.id) == "parse error"


@pytest.mark.parametrize("count", [17, 5000])
def test_H_17_many_packets_in_a_body(server, count):
    client = server.client("polling")
    client.session.send(*(f'2["message",{number}]' for number in range(count)))
    assert [client.expect("message-back") for _ in range(count)] == [[number] for number in range(count)]


@beyond_official
@options(max_packets_per_payload=5)
def test_H_17_too_many_packets_in_a_body(server):
    client = server.client("polling")
    client.session.send(*(f'2["message",{number}]' for number in range(5)))
    assert [client.expect("message-back") for _ in range(5)] == [[number] for number in range(5)]
    assert client.is_ended_by(*['2["message"]'] * 6)
    assert server.reason(client.id) == "parse error"


@beyond_official
def test_H_17_default_limit(server):
    """security.md §8: 10 000."""
    client = server.client("polling")
    assert client.session.post("\x1e".join(["3"] * 10_000)).status == 200
    assert client.session.post("\x1e".join(["3"] * 10_001)).status == 400
    assert client.is_gone()


@options(ping_interval=300, ping_timeout=200)
def test_H_22_flood_of_handshakes(fresh_server):
    """Sessions that nobody uses are forgotten after the ping timeout."""
    http = fresh_server.http()
    for _ in range(20):
        for _ in range(50):
            http.send_request("GET", POLLING)
        assert all(http.read_response().status == 200 for _ in range(50))
    fresh_server.until(lambda: fresh_server.observer().ask("counts")["clients"] == 1)


@beyond_official
@options(max_unjoined=20)
def test_H_22_limit_of_sessions_that_have_not_joined(fresh_server):
    """security.md §8: 503 with code 4 and Retry-After; who has joined does not count."""
    server = fresh_server
    joined = [server.client("polling") for _ in range(25)]
    http = server.http()
    responses = [http.get(POLLING) for _ in range(21)]
    assert [response.status for response in responses] == [200] * 20 + [503]
    assert responses[-1].json["code"] == 4
    assert responses[-1].header("retry-after") is not None
    assert server.refusal(query(transport="websocket")).status == 503
    assert joined[0].call("message-with-ack", 1) == [1]
    for response in responses[:20]:
        sid = json.loads(response.text[1:])["sid"]
        assert http.post(query(transport="polling", sid=sid), "1").status == 200
    assert http.get(POLLING).status == 200


@pytest.mark.parametrize("size", [20_000, 200_000])
def test_H_26_long_url(server, size):
    http = server.http()
    with contextlib.suppress(Closed):
        http.send_request("GET", POLLING + "&x=" + "a" * size)
    assert answer_or_end(http) in (0, 200, 400, 413, 414, 431)


@pytest.mark.parametrize(
    "headers", [[("X-Big", "a" * 100_000)], [(f"X-{n}", "a") for n in range(5000)]], ids=["big", "many"]
)
def test_H_26_large_headers(server, headers):
    http = server.http()
    with contextlib.suppress(Closed):
        http.send_request("GET", POLLING, headers=headers)
    assert answer_or_end(http) in (0, 200, 400, 431)


@own_listener
@beyond_official
@options(header_timeout=300)
@pytest.mark.parametrize("drip", [False, True])
def test_H_27_slow_headers(server, drip):
    stream = server.http()
    started = time.monotonic()
    stream.send(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n")
    ended = False
    while not ended and time.monotonic() - started < 3:
        try:
            if drip:
                stream.send(b"X: y\r\n")
            ended = answer_or_end(stream, 0.05) in (0, 408)
        except Silent:
            pass
    assert ended
    assert time.monotonic() - started > 0.2


def handshake_of(server, *headers):
    """The handshake object of a WebSocket with these headers."""
    socket = server.websocket(headers=list(headers))
    assert socket.read().startswith("0{")
    socket.send("40")
    assert socket.read().startswith("40{")
    assert socket.read().startswith('42["auth"')
    socket.send('420["handshake"]')
    return json.loads(socket.read().removeprefix("430"))[0]


def test_H_28_forwarded_headers_are_not_believed(server):
    headers = [
        ("X-Forwarded-For", "6.6.6.6"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "6.6.6.6"),
        ("Forwarded", "for=6.6.6.6;proto=https"),
        ("CF-Connecting-IP", "6.6.6.6"),
    ]
    seen = handshake_of(server, *headers)
    assert "127.0.0.1" in seen["address"]
    assert seen["secure"] is False


@beyond_official
@options(trusted_proxies=["127.0.0.0/8"])
def test_H_28_unless_they_come_from_a_trusted_proxy(server):
    seen = handshake_of(server, ("X-Forwarded-For", "6.6.6.6, 7.7.7.7"), ("X-Forwarded-Proto", "https"))
    assert seen["address"] == "7.7.7.7"
    assert seen["secure"] is True


def test_H_29_bodies_are_never_decompressed(server):
    """What is compressed is no packet."""
    client, listener = server.client("polling"), server.client()
    body = gzip.compress(b'42["broadcast",{"from":"io"},"unpacked"]')
    with contextlib.suppress(Closed):
        client.session.post(body, headers=[("Content-Encoding", "gzip")])
    assert client.is_gone()
    assert listener.events_before_ack() == []


OPEN = b"/socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
POST = b"POST " + OPEN + b"Host: x\r\n"

GARBAGE = {
    "no HTTP": b"hello\r\n\r\n",
    "zeros": bytes(100),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n44",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "space in a name": b"GET " + OPEN + b"Host : x\r\n\r\n",
    "absolute nonsense": b"GET \x00 HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_malformed_http(server, name):
    """Answered with an error or closed; never with a session."""
    stream = server.http()
    stream.send(GARBAGE[name])
    stream.half_close()
    assert answer_or_end(stream) in (0, 400, 404, 505, 501, 411)


def test_resets_in_the_middle_of_everything(server):
    """W-15 for polling: no answer that can't be written hurts anybody."""
    client = server.client("polling")
    head = server.http().head("GET", client.session.query)
    for cut in range(0, len(head), 7):
        http = Http(server.address, server.path)
        http.send(head[:cut])
        http.abort()
    for _ in range(20):
        http = Http(server.address, server.path)
        http.send_request("GET", POLLING)
        http.abort()
    assert client.call("message-with-ack", 1) == [1]
