"""Options that change what is on the wire."""

import pytest

from marks import beyond_official, options
from wire import Closed, query

POLLING = query(transport="polling")


@options(allow_upgrades=False)
def test_no_upgrades_are_offered(server):
    client = server.client("polling")
    assert client.session.handshake["upgrades"] == []
    assert server.client("websocket").ask("transport") == "websocket"


@beyond_official
@options(allow_upgrades=False)
def test_upgrades_are_refused_where_they_are_off(server):
    client = server.client("polling")
    with pytest.raises(Closed) as refused:
        client.session.probe()
    assert refused.value.code == 400
    assert client.call("message-with-ack", 1) == [1]


@options(cookie=1)
def test_cookie(server):
    """§12: set at the polling handshake, and only there."""
    session = server.session("polling")
    parts = [part.strip() for part in session.opening.header("set-cookie").split(";")]
    assert parts[0] == f"io={session.sid}"
    assert {part.lower() for part in parts[1:]} == {"path=/", "httponly", "samesite=lax"}
    session.send("0")
    assert session.poll().header("set-cookie") is None


@pytest.mark.parametrize("path", [pytest.param(p, marks=options(path=p)) for p in ("/other/", "/a/b/", "/")])
def test_path(server, transport, path):
    assert server.client(transport).call("message-with-ack", 1) == [1]
    if path != "/":
        assert server.http("/socket.io/").get(POLLING).status == 404


@options(http_compression=0)
def test_compression_can_be_off(server):
    client = server.client("polling")
    client.emit("message", "a" * 5000)
    response = client.session.getter.get(client.session.query, headers=[("Accept-Encoding", "gzip")])
    assert response.header("content-encoding") is None


LISTED = options(cors={"origin": ["http://good.example"], "credentials": True})


@LISTED
def test_cors_of_a_list(server):
    """§12: the origin that asked, or nothing; `Vary` so that caches know."""
    good = server.http().get(POLLING, headers=[("Origin", "http://good.example")])
    assert good.header("access-control-allow-origin") == "http://good.example"
    assert good.header("access-control-allow-credentials") == "true"
    assert "origin" in good.header("vary").lower()
    bad = server.http().get(POLLING, headers=[("Origin", "http://evil.example")])
    assert bad.header("access-control-allow-origin") is None


@LISTED
def test_preflight_of_a_list(server):
    headers = [("Origin", "http://good.example"), ("Access-Control-Request-Method", "POST")]
    response = server.http().request("OPTIONS", POLLING, headers=headers)
    assert response.status == 204
    assert response.header("access-control-allow-origin") == "http://good.example"


def is_refused(server, *headers):
    """True when a WebSocket with these headers is refused before 101."""
    try:
        server.websocket(headers=list(headers))
    except Closed as closed:
        return closed.code in (400, 403)
    return False


@beyond_official
@LISTED
def test_W_17_origins_of_the_cors_list_may_open_a_websocket(server):
    """CVE-2019-13611: others may not."""
    assert not is_refused(server, ("Origin", "http://good.example"))
    assert is_refused(server, ("Origin", "http://evil.example"))
    assert is_refused(server, ("Origin", "http://good.example.evil.example"))
    assert is_refused(server, ("Origin", "null"))


@beyond_official
@options(app="bench")
def test_W_17_only_the_same_origin_by_default(server):
    own = f"{server.address[0]}:{server.address[1]}"
    assert not is_refused(server)
    assert not is_refused(server, ("Origin", f"http://{own}"))
    # TLS may end in front of a server that speaks plain HTTP.
    assert not is_refused(server, ("Origin", f"https://{own}"))
    for origin in (
        "http://evil.example",
        "https://evil.example",
        f"https://{server.address[0]}",
        f"http://{own}.evil.example",
        "http://127.0.0.1:1",
        "null",
        "",
    ):
        assert is_refused(server, ("Origin", origin)), origin
    assert is_refused(server, ("Origin", "http://evil.example"), ("X-Forwarded-Host", "evil.example"))


@beyond_official
@options(app="bench", origin_policy="any")
def test_W_17_the_policy_is_an_option(server):
    assert not is_refused(server, ("Origin", "http://evil.example"))


@beyond_official
@options(app="bench")
def test_W_17_the_probe_of_an_upgrade_is_judged_too(server):
    session = server.session("polling")
    with pytest.raises(Closed) as refused:
        session.probe(headers=[("Origin", "http://evil.example")])
    assert refused.value.code in (400, 403)


@beyond_official
@options(max_packets_per_poll=16)
def test_packets_per_poll(server):
    """§37: python clients refuse answers of more than 16 packets."""
    client = server.client("polling")
    client.emit("server-emit-many", 50, "n")
    client.session.send('2["message"]')
    sizes, numbers = [], 0
    while numbers < 51:
        packets = client.session.poll().text.split("\x1e")
        sizes.append(len(packets))
        numbers += len(packets)
    assert max(sizes) <= 16


@beyond_official
@options(max_connections=3)
def test_limit_of_connections(fresh_server):
    server = fresh_server
    clients = [server.client(transport) for transport in ("polling", "websocket", "polling")]
    response = server.http().get(POLLING)
    assert (response.status, response.json["code"]) == (503, 4)
    clients[1].leave()
    server.until(lambda: server.http().get(POLLING).status == 200)


@beyond_official
@options(max_connections_per_address=2)
def test_limit_of_connections_per_address(fresh_server):
    server = fresh_server
    clients = [server.client(transport) for transport in ("polling", "websocket")]
    assert server.http().get(POLLING).status == 503
    assert server.refusal(query(transport="websocket")).status == 503
    clients[0].leave()
    server.until(lambda: server.http().get(POLLING).status == 200)
