"""protocol.md §10, §18: the end of a connection in every state, and its reasons."""

import contextlib
import signal
import subprocess
import time

import pytest

from marks import VIOLATION, beyond_official, options
from wire import Client, Closed, query

ENGINE_GONE = {"code": 1, "message": "Session ID unknown"}


def test_clean_reasons(server, transport):
    """§18: `41`, then the engine's own end."""
    client = server.client(transport)
    client.connect("/custom")
    client.send_text("1/custom,")
    assert server.reason(client.ids["/custom"]) == "client namespace disconnect"
    client.leave()
    assert server.reason(client.ids["/"]) == "transport close"


def test_every_namespace_ends_with_the_connection(server, transport):
    client = server.client(transport)
    client.connect("/custom")
    client.connect("/dyn-7")
    client.leave()
    assert {server.reason(socket_id) for socket_id in client.ids.values()} == {"transport close"}


def test_tcp_connection_closed(server):
    client = server.client()
    client.session.close()
    assert server.reason(client.id) == "transport close"


def test_tcp_connection_reset(server):
    client = server.client()
    client.vanish()
    assert server.reason(client.id) in ("transport close", "transport error")


def test_violation(server, transport):
    """§15: any violation ends the whole connection, all namespaces."""
    client = server.client(transport)
    client.connect("/custom")
    assert client.is_ended_by("abc")
    for socket_id in client.ids.values():
        assert server.reason(socket_id) in VIOLATION
    server.still_works()


@options(connect_timeout=300)
def test_server_closes_websocket(server):
    """§10: a close frame, then the end of the stream."""
    session = server.session("websocket")
    assert session.socket.close_code() in (1000, 1005, 1008)
    assert session.socket.http.ends()


@options(connect_timeout=300)
def test_server_closes_polling_with_a_pending_get(server):
    """§10: the GET is answered `1`."""
    session = server.session("polling")
    response = session.poll()
    assert (response.status, response.text) == (200, "1")
    response = session.poll()
    assert (response.status, response.json) == (400, ENGINE_GONE)


@options(connect_timeout=300)
def test_server_closes_polling_without_a_pending_get(server):
    """§10: the next GET learns of it; the one after is refused."""
    session = server.session("polling")
    other = server.session("websocket")
    assert other.is_gone()
    response = session.poll()
    if response.status == 200:
        assert response.text in ("1", "6\x1e1")
        response = session.poll()
    assert (response.status, response.json) == (400, ENGINE_GONE)


@options(connect_timeout=300)
def test_server_closes_polling_with_a_post_in_flight(server):
    """§10: the POST is destroyed or refused; nothing hangs."""
    session = server.session("polling")
    session.poster.send(session.poster.head("POST", session.query, [("Content-Length", 100)]) + b"4")
    assert session.is_gone()
    with contextlib.suppress(Closed):
        session.poster.send(b"x" * 99)
        assert session.poster.read_response().status == 400


def test_an_upgrade_that_completes_while_the_session_closes(server):
    """§9: the new transport is closed at once; what was queued may still come."""
    client = server.client("polling")
    socket = server.keep(client.session.probe())
    socket.send("2probe")
    assert socket.read() == "3probe"
    client.emit("disconnect-me", True)
    with contextlib.suppress(Closed):
        socket.send("5")
    assert socket.is_gone()
    assert server.reason(client.id) == "server namespace disconnect"


def last_packets(session, within=5.0):
    """Every packet up to the end of the session."""
    packets, deadline = [], time.monotonic() + within
    try:
        while time.monotonic() < deadline:
            packets.append(session.read_packet(deadline - time.monotonic()))
    except Closed:
        return packets
    raise AssertionError("the session goes on")


def test_server_flushes_before_it_closes(server, transport):
    """§10: what was emitted before the close comes first, then `41`, then the end."""
    client = server.client(transport)
    client.send_text('2["server-emit-many",50,"n"]', '2["disconnect-me",true]')
    packets = [packet for packet in last_packets(client.session) if packet not in ("1", "6")]
    assert packets == [f'42["n",{number}]' for number in range(50)] + ["41"]
    assert server.reason(client.id) == "server namespace disconnect"


def test_disconnect_with_close_ends_all_namespaces(server, transport):
    client = server.client(transport)
    client.connect("/custom")
    client.expect("auth", "/custom")
    client.emit("disconnect-me", True, nsp="/custom")
    packets = last_packets(client.session)
    assert {packet for packet in packets if packet.startswith("41")} == {"41", "41/custom,"}
    assert {server.reason(socket_id) for socket_id in client.ids.values()} == {"server namespace disconnect"}


def test_nothing_is_handled_after_the_disconnect(server, transport):
    client, listener = server.client(transport), server.client()
    with contextlib.suppress(Closed):
        client.send_text('2["disconnect-me",true]', '2["broadcast",{"from":"io"},"late"]')
    assert client.is_gone()
    assert server.reason(client.id) == "server namespace disconnect"
    assert listener.events_before_ack() == []


def test_disconnecting_comes_with_the_rooms_and_once(server):
    client = server.client()
    client.call("join", "r")
    client.leave()
    assert server.reason(client.id) == "transport close"
    assert server.log(client.id) == [("disconnecting", "transport close"), ("disconnect", "transport close")]


def test_a_closed_session_is_unknown(server, transport):
    client = server.client(transport)
    client.leave()
    assert server.reason(client.id) == "transport close"
    http = server.http()
    for name in ("polling", "websocket"):
        response = http.get(query(transport=name, sid=client.session.sid))
        assert (response.status, response.json) == (400, ENGINE_GONE)
    response = server.refusal(query(transport="websocket", sid=client.session.sid))
    assert response.status == 400


def test_counts_go_down(fresh_server, transport):
    """Nothing of a client is left behind: connection, socket, room."""
    server = fresh_server
    before = server.observer().ask("counts")
    clients = [server.client(transport) for _ in range(5)]
    during = server.observer().ask("counts")
    assert {key: during[key] - before[key] for key in before} == {"clients": 5, "sockets": 5, "rooms": 5}
    for client in clients:
        client.leave()
    server.until(lambda: server.observer().ask("counts") == before)


def test_shutdown(fresh_server):
    """SIGTERM: clients are told, the process ends with status 0."""
    server = fresh_server
    over_websocket, over_polling, idle = server.client("websocket"), server.client("polling"), server.http()
    over_polling.session.hold_poll()
    assert idle.get(query(transport="polling")).status == 200
    server.probe.process.send_signal(signal.SIGTERM)
    assert over_websocket.session.socket.close_code() in (1000, 1001, 1005)
    over_websocket.session.close()
    response = over_polling.session.finish_poll()
    assert response.status == 200
    assert response.text.split("\x1e")[-1] == "1"
    try:
        assert server.probe.process.wait(10) == 0
    except subprocess.TimeoutExpired:
        pytest.fail("it does not end")


@beyond_official
def test_shutdown_closes_with_a_code_that_says_so(fresh_server):
    """security.md §7: 1001."""
    client = fresh_server.client()
    fresh_server.probe.process.send_signal(signal.SIGTERM)
    assert client.session.socket.close_code() == 1001


@options(connect_timeout=300)
def test_H_23_connection_that_never_joins(server, transport):
    """connectTimeout ends it, though it answers pings; a joined one stays."""
    joined = server.client(transport)
    session = server.session(transport)
    started = time.monotonic()
    assert session.is_gone()
    assert 0.2 < time.monotonic() - started < 2
    assert joined.call("message-with-ack", 1) == [1]


@options(connect_timeout=300)
def test_leaving_all_namespaces_does_not_arm_the_deadline_again(server, transport):
    """§16"""
    client = server.client(transport)
    client.send_text("1")
    assert client.is_silent(0.6)
    assert Client(client.session).connect()["sid"] != client.id
