"""protocol.md §2, §7, §11, §12: opening a session, refusals, headers."""

import gzip
import json
import re
import zlib

import pytest

from marks import beyond_official, official_times, options, vectors
from wire import query

POLLING = query(transport="polling")
KEYS = ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]


def is_refusal(row):
    return "code" in row


def is_legal(row):
    return "code" not in row


def over_http(row):
    return not row["upgrade"]


def over_websocket(row):
    return row["upgrade"]


def name(row):
    return row["name"]


@official_times
def test_polling_handshake(server, echo):
    """§35.1"""
    response = server.http().get(POLLING)
    assert response.status == 200
    assert response.text.startswith("0{")
    opened = json.loads(response.text[1:])
    assert sorted(opened) == sorted(KEYS)
    assert {key: opened[key] for key in KEYS[1:]} == {
        "upgrades": ["websocket"],
        "pingInterval": 300,
        "pingTimeout": 200,
        "maxPayload": 1000000,
    }


@official_times
def test_websocket_handshake(server, echo):
    """§35.1"""
    opened = server.session("websocket").handshake
    assert sorted(opened) == sorted(KEYS)
    assert (opened["upgrades"], opened["pingInterval"], opened["pingTimeout"]) == ([], 300, 200)


@options(ping_interval=12345, ping_timeout=2345, max_http_buffer_size=54321)
def test_handshake_tells_the_options(server, transport):
    opened = server.session(transport).handshake
    assert (opened["pingInterval"], opened["pingTimeout"], opened["maxPayload"]) == (12345, 2345, 54321)


@options(app="bench", ping_interval=None, ping_timeout=None, connect_timeout=None)
def test_default_options(server, transport):
    opened = server.session(transport).handshake
    assert (opened["pingInterval"], opened["pingTimeout"], opened["maxPayload"]) == (25000, 20000, 1000000)


def test_session_ids_are_unguessable(server):
    """CVE-2017-16031: ids of one burst share no more than a counter at the end."""
    http = server.http()
    ids = [json.loads(http.get(POLLING).text[1:])["sid"] for _ in range(200)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{20}", sid) for sid in ids)
    assert len({sid[:16] for sid in ids}) == len(ids)


@pytest.mark.parametrize("row", vectors("engineio_requests", is_legal, over_http, label=name))
def test_legal_request(server, row):
    response = server.http().request(row["method"], row["query"])
    assert response.status == 200
    assert response.text.startswith('0{"sid":"')


@pytest.mark.parametrize("row", vectors("engineio_requests", is_legal, over_websocket, label=name))
def test_legal_websocket_request(server, row):
    assert server.websocket(row["query"]).read().startswith('0{"sid":"')


@pytest.mark.parametrize("row", vectors("engineio_requests", is_refusal, over_http, label=name))
def test_refused_request(server, row):
    """§11, §35.2"""
    response = server.http().request(row["method"], row["query"])
    assert response.status == 400
    assert response.header("content-type").startswith("application/json")
    assert response.body == json.dumps({"code": row["code"], "message": row["message"]}, separators=(",", ":")).encode()
    assert response.header("access-control-allow-origin") == "*"


@pytest.mark.parametrize("row", vectors("engineio_requests", is_refusal, over_websocket, label=name))
def test_refused_websocket_request(server, row):
    """§11, §35.2; CVE-2023-31125: an unknown transport on the upgrade path."""
    assert server.refusal(row["query"]).status == 400


@beyond_official
@pytest.mark.parametrize("row", vectors("engineio_requests", is_refusal, over_websocket, label=name))
def test_refused_websocket_request_tells_why(server, row):
    """§11: the JSON body, before any 101."""
    response = server.refusal(row["query"])
    assert response.json == {"code": row["code"], "message": row["message"]}
    assert response.header("content-type").startswith("application/json")


@pytest.mark.parametrize(
    ("without", "added"),
    [
        (("Sec-WebSocket-Key",), []),
        (("Sec-WebSocket-Key",), [("Sec-WebSocket-Key", "short")]),
        (("Sec-WebSocket-Version",), []),
        (("Sec-WebSocket-Version",), [("Sec-WebSocket-Version", "12")]),
        (("Upgrade",), [("Upgrade", "h2c")]),
    ],
    ids=["no key", "short key", "no version", "version 12", "upgrade to h2c"],
)
def test_broken_websocket_handshake(server, without, added):
    response = server.refusal(query(transport="websocket"), without=without, headers=added)
    assert response.status in (400, 426)
    server.still_works()


def test_websocket_handshake_by_post(server):
    assert server.refusal(query(transport="websocket"), method="POST").status in (400, 405)


def test_no_extension_is_negotiated(server):
    """§5: permessage-deflate is off by default."""
    response = server.websocket(headers=[("Sec-WebSocket-Extensions", "permessage-deflate")]).response
    assert response.header("sec-websocket-extensions") is None


def test_other_paths_are_not_ours(server):
    assert server.http("/other/").get(POLLING).status == 404


def test_headers_of_a_poll(server):
    """§12"""
    session = server.session("polling")
    session.send("0")
    for response in (session.opening, session.poll()):
        assert response.header("content-type") == "text/plain; charset=UTF-8"
        assert response.header("cache-control") == "no-store"
        assert response.header("access-control-allow-origin") == "*"
        assert int(response.header("content-length")) == len(response.body)
        assert response.header("set-cookie") is None


def test_headers_of_a_post(server):
    """§12"""
    session = server.session("polling")
    response = session.post("40")
    assert (response.status, response.body) == (200, b"ok")
    assert response.header("content-type").startswith("text/html")
    assert response.header("content-length") == "2"
    assert response.header("cache-control") == "no-store"
    assert response.header("access-control-allow-origin") == "*"


def test_preflight(server):
    """§12: answered with 204, short-circuited."""
    headers = [
        ("Origin", "http://a.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-one, content-type"),
    ]
    response = server.http().request("OPTIONS", POLLING, headers=headers)
    assert (response.status, response.body) == (204, b"")
    assert response.header("access-control-allow-origin") == "*"
    methods = response.header("access-control-allow-methods").replace(" ", "").split(",")
    assert {"GET", "POST"} <= set(methods)
    allowed = response.header("access-control-allow-headers").replace(" ", "").lower().split(",")
    assert set(allowed) == {"x-one", "content-type"}


@options(app="bench")
def test_no_cors_by_default(server):
    """CVE-2020-28481: no origin is allowed unless the option says so."""
    response = server.http().get(POLLING)
    assert response.status == 200
    assert response.header("access-control-allow-origin") is None
    preflight = server.http().request("OPTIONS", POLLING, headers=[("Access-Control-Request-Method", "POST")])
    assert preflight.header("access-control-allow-origin") is None
    assert (preflight.status, preflight.json["code"]) == (400, 2)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, deflate, br", "identity", "x"])
def test_compressed_answers_are_true(server, coding):
    """§12: compression is allowed from 1024 bytes, and only as the client accepts it."""
    client = server.client("polling")
    text = "a" * 5000
    client.emit("message", text)
    response = client.session.getter.get(client.session.query, headers=[("Accept-Encoding", coding)])
    used = response.header("content-encoding")
    assert used is None or used in coding
    unpack = {None: bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}[used]
    assert unpack(response.body) == f'42["message-back","{text}"]'.encode()


def test_short_answers_are_not_compressed(server):
    response = server.http().get(POLLING, headers=[("Accept-Encoding", "gzip")])
    assert response.header("content-encoding") is None


@pytest.mark.parametrize("parameters", ["", "&j=0", "&j=alert(1)"])
def test_H_25_no_script_in_an_answer(server, parameters):
    """JSONP is off, or harmless: nothing of the query reaches the body but digits."""
    response = server.http().get(POLLING + parameters)
    assert "alert" not in response.text
    assert response.status == 200 or response.status == 400
