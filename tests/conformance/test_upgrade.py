"""protocol.md §9: from polling to WebSocket, and security.md W-07 to W-16."""

import contextlib

import pytest

from marks import beyond_official, options
from wire import Closed, Http, query
from wire.websocket import BINARY, CLOSE

MISMATCH = {"code": 3, "message": "Bad request"}


def works(client):
    return client.call("message-with-ack", 1, b"\x02") == [1, b"\x02"]


def probing(session):
    """A WebSocket that has been answered `3probe`."""
    socket = session.probe()
    socket.send("2probe")
    assert socket.read() == "3probe"
    return socket


def test_the_dance(server, echo):
    """§35.8"""
    session = echo.join(server.session("polling"))
    socket = server.keep(probing(session))
    response = session.poll()
    assert (response.status, response.text) == (200, "6")
    socket.send("5")
    for message in echo.say("hello", b"\x01"):
        socket.send("4" + message if isinstance(message, str) else message)
    expected = ["4" + message if isinstance(message, str) else message for message in echo.hear("hello", b"\x01")]
    assert [socket.read() for _ in expected] == expected


def test_a_pending_get_is_ended_with_noop(server):
    session = server.client("polling").session
    session.hold_poll()
    socket = server.keep(probing(session))
    assert session.finish_poll().text == "6"
    socket.send("5")


def test_transport_name(server):
    client = server.client("polling")
    assert client.ask("transport") == "polling"
    client.session = server.keep(client.session.upgrade())
    assert client.ask("transport") == "websocket"


def test_no_polling_after_the_upgrade(server):
    """§9, §35.8: probe and upgrade sent back to back."""
    client = server.client("polling")
    socket = server.keep(client.session.probe())
    socket.send("2probe")
    socket.send("5")
    assert socket.read() == "3probe"
    socket.send('42["message"]')
    assert socket.read() == '42["message-back"]'
    for response in (client.session.poll(), client.session.post("42[]")):
        assert (response.status, response.json) == (400, MISMATCH)
    socket.send('42["message"]')
    assert socket.read() == '42["message-back"]'


def test_a_get_that_is_pending_at_the_switch_is_answered(server):
    """§9: with `1`, or with `6` if the noop was first."""
    session = server.client("polling").session
    session.hold_poll()
    socket = server.keep(session.probe())
    socket.send("2probe")
    socket.send("5")
    response = session.finish_poll()
    assert response.status == 200
    assert response.text in ("1", "6")
    assert socket.read() == "3probe"


def second_is_refused(session):
    """A second WebSocket gets 400 code 3 before 101, or is closed after it."""
    try:
        socket = session.probe()
    except Closed as closed:
        return closed.response.status == 400 and closed.response.json["code"] == 3
    with contextlib.suppress(Closed):
        socket.send("2probe")
    return socket.close_code() != 1006


def test_W_08_second_websocket_after_the_upgrade(server):
    """§35.8: refused; the first still works."""
    client = server.client("polling")
    polling = client.session
    client.session = server.keep(polling.upgrade())
    assert second_is_refused(polling)
    assert works(client)


def test_W_08_second_websocket_while_upgrading(server):
    """Refused; the first finishes its upgrade."""
    client = server.client("polling")
    polling = client.session
    socket = server.keep(probing(polling))
    assert second_is_refused(polling)
    assert polling.poll().text == "6"
    socket.send("5")
    socket.send('42["message"]')
    assert socket.read() == '42["message-back"]'


def test_W_07_unknown_sid(server):
    assert server.refusal(query(transport="websocket", sid="A" * 20)).status == 400


@beyond_official
def test_W_16_a_session_that_began_on_websocket(server):
    """§9: nobody takes it over."""
    client = server.client()
    text = query(transport="websocket", sid=client.session.sid)
    response = server.refusal(text)
    assert (response.status, response.json["code"]) == (400, 3)
    assert works(client)


def test_polling_with_the_sid_of_a_websocket(server):
    """§11: TRANSPORT_MISMATCH."""
    client = server.client()
    http = server.http()
    assert http.get(query(transport="polling", sid=client.session.sid)).json == MISMATCH
    assert http.post(query(transport="polling", sid=client.session.sid), "3").json == MISMATCH
    assert works(client)


GARBAGE = {
    "message": lambda socket: socket.send("4x"),
    "plain ping": lambda socket: socket.send("2"),
    "pong": lambda socket: socket.send("3probe"),
    "unknown packet": lambda socket: socket.send("abc"),
    "empty": lambda socket: socket.send(""),
    "binary": lambda socket: socket.send(b"\x01"),
    "bad frame": lambda socket: socket.send_frame(BINARY, b"x", reserved=4),
    "not UTF-8": lambda socket: socket.send_frame(1, b"\xff"),
    "close packet": lambda socket: socket.send("1"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_W_10_garbage_on_the_probe(server, name):
    """The probe is closed, polling goes on and a new upgrade works."""
    client = server.client("polling")
    socket = server.keep(client.session.probe())
    GARBAGE[name](socket)
    assert socket.is_gone()
    assert works(client)
    server.until(lambda: can_upgrade(client))
    client.session = server.keep(client.session.upgrade())
    assert works(client)


@pytest.mark.parametrize("name", [name for name in GARBAGE if name != "close packet"])
def test_W_10_garbage_after_the_probe(server, name):
    client = server.client("polling")
    socket = server.keep(probing(client.session))
    GARBAGE[name](socket)
    assert socket.is_gone()
    assert works(client)


@pytest.mark.parametrize("how", ["close", "abort", "close frame"])
@pytest.mark.parametrize("after", ["nothing", "2probe"])
def test_W_10_probe_that_leaves(server, how, after):
    """CVE-free neighbours die of it: polling goes on, no GET is left hanging or busy, and a new upgrade works."""
    client = server.client("polling")
    socket = client.session.probe() if after == "nothing" else probing(client.session)
    if how == "close frame":
        socket.send_frame(CLOSE, (1000).to_bytes(2, "big"))
        assert socket.is_gone()
    getattr(socket, "abort" if how == "abort" else "close")()
    assert works(client)
    server.until(lambda: can_upgrade(client))
    client.session = server.keep(client.session.upgrade())
    assert works(client)


def can_upgrade(client):
    """True once the server has forgotten the probe before."""
    try:
        socket = client.session.probe()
        socket.send("2probe")
        ok = socket.read() == "3probe"
    except Closed:
        return False
    socket.send_frame(CLOSE, (1000).to_bytes(2, "big"))
    socket.http.ends()
    socket.close()
    return ok


@beyond_official
def test_W_09_upgrade_without_a_probe(server):
    """Refused: only the probe is closed."""
    client = server.client("polling")
    socket = server.keep(client.session.probe())
    socket.send("5")
    assert socket.is_gone()
    assert works(client)


@options(upgrade_timeout=300)
@pytest.mark.parametrize("after", ["nothing", "2probe"])
def test_W_11_silent_probe(server, after):
    """Closed after upgradeTimeout; polling works before and after."""
    client = server.client("polling")
    socket = server.keep(client.session.probe() if after == "nothing" else probing(client.session))
    assert works(client)
    assert socket.is_gone()
    assert works(client)
    client.session = server.keep(client.session.upgrade())
    assert works(client)


def test_W_11_polling_waits_while_a_probe_is_silent(server):
    """A GET is not answered before there is something to say, until `2probe` arrives."""
    client = server.client("polling")
    server.keep(client.session.probe())
    assert client.is_silent(0.25)
    assert works(client)


def test_W_13_post_in_flight_at_the_switch(server):
    """The POST is finished or destroyed; the session goes on over the WebSocket."""
    client = server.client("polling")
    poster = client.session.poster
    body = b'42["message","late"]'
    poster.send(poster.head("POST", client.session.query, [("Content-Length", len(body))]) + body[:5])
    socket = server.keep(probing(client.session))
    socket.send("5")
    try:
        poster.send(body[5:])
        poster.read_response()
    except Closed:
        pass
    socket.send('42["message","end"]')
    frames = [socket.read()]
    while frames[-1] != '42["message-back","end"]':
        frames.append(socket.read())
    assert frames[:-1] in ([], ['42["message-back","late"]'])


def test_the_session_may_end_while_upgrading(server):
    """§9: the probing transport is closed with it."""
    client = server.client("polling")
    socket = server.keep(probing(client.session))
    client.leave()
    assert socket.is_gone()
    assert client.is_gone()
    assert server.reason(client.id) == "transport close"


@pytest.mark.parametrize("close", [False, True])
def test_the_server_may_disconnect_while_upgrading(server, close):
    client = server.client("polling")
    socket = server.keep(probing(client.session))
    client.emit("disconnect-me", close)
    assert server.reason(client.id) == "server namespace disconnect"
    if close:
        assert client.is_gone()
        assert socket.is_gone()
    server.still_works()


def test_a_disconnected_client_that_switches_hears_of_it_over_the_websocket(server):
    """A client whose probe was answered polls no more: it would never hear why it was disconnected."""
    client = server.client("polling")
    socket = server.keep(probing(client.session))
    client.emit("disconnect-me", True)
    assert server.reason(client.id) == "server namespace disconnect"
    socket.send("5")
    assert socket.read() == "41"
    assert socket.is_gone()
    server.still_works()


def test_an_upgraded_session_closes_like_any_other(server):
    client = server.client("polling")
    client.session = client.session.upgrade()
    client.session.close()
    assert server.reason(client.id) == "transport close"
    response = Http(server.address, server.path).get(query(transport="polling", sid=client.session.sid))
    assert (response.status, response.json["code"]) == (400, 1)


def test_the_message_limit_holds_on_the_probe_too(server):
    client = server.client("polling")
    socket = server.keep(client.session.probe())
    with contextlib.suppress(Closed):
        socket.send("2" + "x" * 1_100_000)
    assert socket.is_gone()
    assert works(client)
