"""protocol.md §8: the server pings, the client answers. 300 ms and 200 ms, as in the official suites, unless said."""

import time

import pytest

from marks import beyond_official, official_times, options
from wire import Client, Closed

pytestmark = official_times

# For clients that do answer: the machine may be slow, they must not be closed for that.
patient = options(ping_timeout=3000)

# The interval of 300 ms, with what a busy machine may take away or add.
SOON, LATE = 0.1, 1.5


def read_ping(session):
    """Reads the next packet, which must be a ping; how long it took."""
    started = time.monotonic()
    assert session.read_packet() == "2"
    return time.monotonic() - started


@patient
def test_three_pings(server, echo, transport):
    """§35.6"""
    session = echo.join(server.session(transport))
    for _ in range(3):
        assert SOON < read_ping(session) < LATE
        session.send_packets("3")
    echo.works(session, "still here")


@patient
def test_the_ping_travels_alone(server):
    """§35.6: a GET returns exactly `2`."""
    session = server.client("polling").session
    response = session.poll()
    assert (response.status, response.text) == (200, "2")
    assert session.post("3").body == b"ok"


def test_no_pong_over_polling(server):
    """§35.6, §8: the pending GET is answered `1`, then the session is unknown."""
    client = server.client("polling", pong=False)
    assert client.session.poll().text == "2"
    response = client.session.poll()
    assert (response.status, response.text) == (200, "1")
    response = client.session.poll()
    assert (response.status, response.json["code"]) == (400, 1)
    assert server.reason(client.id) == "ping timeout"


def test_no_pong_over_websocket(server):
    """§35.6"""
    client = server.client("websocket", pong=False)
    read_ping(client.session)
    started = time.monotonic()
    assert client.is_gone()
    assert 0.15 < time.monotonic() - started < LATE
    assert server.reason(client.id) == "ping timeout"


def test_a_client_that_never_polls(server):
    """H-22: the session is freed by the ping timeout."""
    client = server.client("polling")
    assert server.reason(client.id) == "ping timeout"
    assert client.is_gone()


def test_other_traffic_is_no_pong(server, transport):
    client = server.client(transport, pong=False)
    deadline = time.monotonic() + LATE
    with pytest.raises(Closed):
        while time.monotonic() < deadline:
            client.call("message-with-ack", 1)
    assert server.reason(client.id) == "ping timeout"


def test_websocket_pings_are_no_pong(server):
    """§5"""
    client = server.client(pong=False)
    read_ping(client.session)
    client.session.socket.send_frame(10)
    client.session.socket.send_frame(9)
    assert client.is_gone()
    assert server.reason(client.id) == "ping timeout"


@patient
def test_H_21_unsolicited_pongs(server, transport):
    """CVE-2026-48802: a flood of pongs costs nothing and hurts nobody."""
    client = server.client(transport)
    client.session.send_packets(*["3"] * 2000)
    assert client.call("message-with-ack", 1) == [1]
    assert read_ping(client.session) < LATE
    client.session.send_packets("3")
    assert client.call("message-with-ack", 2) == [2]


@options(ping_interval=25000, ping_timeout=200)
def test_many_pongs_without_a_ping_leave_the_session_alone(server, transport):
    client = server.client(transport)
    for _ in range(20):
        client.session.send_packets("3")
    assert client.is_silent(0.5)


@patient
def test_pings_go_on_after_an_upgrade(server):
    client = server.client("polling")
    client.session = client.session.upgrade()
    for _ in range(2):
        assert read_ping(client.session) < LATE
        client.session.send_packets("3")
    assert client.call("message-with-ack", 1) == [1]


@beyond_official
def test_a_pong_that_the_upgrade_swallowed(server):
    """§8.7: the heartbeat is re-armed by the switch; the client is pinged again or closed, never forgotten."""
    client = server.client("polling", pong=False)
    assert client.session.poll().text == "2"
    client.session = client.session.upgrade()
    try:
        assert client.session.read_packet(LATE) == "2"
    except Closed:
        assert server.reason(client.id) == "ping timeout"


def test_a_silent_client_after_an_upgrade(server):
    client = server.client("polling", pong=False)
    client.session = client.session.upgrade()
    assert client.is_gone()
    assert server.reason(client.id) == "ping timeout"


def test_every_namespace_learns_of_a_ping_timeout(server):
    client = server.client(pong=False)
    client.connect("/custom")
    assert client.is_gone()
    assert {server.reason(socket_id) for socket_id in client.ids.values()} == {"ping timeout"}


@patient
def test_the_heartbeat_is_the_sessions_not_the_namespaces(server, transport):
    """§35.11: after `41` nothing comes but the next ping."""
    client = server.client(transport)
    client.send_text("1")
    assert read_ping(client.session) < LATE
    client.session.send_packets("3")
    assert Client(client.session).connect()["sid"] != client.id
