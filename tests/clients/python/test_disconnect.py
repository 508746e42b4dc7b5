"""Every way a connection ends, as the client and the server see it."""

import time

import pytest
from client import DEADLINE_S
from probe import Probe

LOST = {"transport close", "transport error", "server disconnect"}


def logged(watcher, sid):
    """The reason in the server's log, once `disconnecting` and then `disconnect` of this socket are there."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        entries = [entry for entry in watcher.ask("log") if entry["id"] == sid]
        if len(entries) == 2:
            break
    assert [entry["event"] for entry in entries] == ["disconnecting", "disconnect"]
    assert entries[0]["reason"] == entries[1]["reason"]
    return entries[0]["reason"]


@pytest.fixture
def watcher(make):
    return make().connect()


@pytest.mark.options(ping_timeout=2000)
def test_client_disconnects(client, watcher):
    sid = client.id()
    client.disconnect()
    assert client.take("disconnect") == (client.socket.reason.CLIENT_DISCONNECT,)
    # The client sends a DISCONNECT and a close packet, or one of them, or none: it stops its writing task at any point.
    # What a server makes of each of them is what the JavaScript and the conformance suites judge.
    assert logged(watcher, sid) in {"client namespace disconnect", "transport close", "ping timeout"}


def test_server_disconnects_the_socket(client, watcher):
    sid = client.id()
    client.emit("disconnect-me", False)
    assert client.take("disconnect") == (client.socket.reason.SERVER_DISCONNECT,)
    assert logged(watcher, sid) == "server namespace disconnect"


def test_server_disconnects_one_of_two_namespaces(make, watcher):
    client = make().connect("/", "/custom")
    client.emit("disconnect-me", False, namespace="/custom")
    assert client.take("disconnect", "/custom") == (client.socket.reason.SERVER_DISCONNECT,)
    assert client.ask("message-with-ack", "alive") == "alive"
    assert client.take_all("disconnect") == []


def test_server_disconnects_the_whole_connection(make, watcher):
    client = make().connect("/", "/custom")
    ids = [client.id(), client.id("/custom")]
    client.emit("disconnect-me", True)
    # The end of the connection may overtake the packet that announces it, inside the client.
    for namespace in ("/", "/custom"):
        assert client.take("disconnect", namespace)[0] in LOST
    assert [logged(watcher, sid) for sid in ids] == ["server namespace disconnect"] * 2


def test_another_client_disconnects_it(make, client):
    other = make().connect()
    other.emit("disconnect-sockets", [client.id()], True)
    assert client.take("disconnect")[0] in LOST
    assert other.ask("message-with-ack", "alive") == "alive"


def test_end_of_the_server(make, probe_name):
    probe = Probe(probe_name, {})
    client = make(probe.url).connect("/", "/custom")
    client.fence()
    probe.stop()
    for namespace in ("/", "/custom"):
        assert client.take("disconnect", namespace)[0] in LOST


# After a refused request the client sends nothing more, not even pongs.
@pytest.mark.options(ping_timeout=2000)
def test_too_large_a_message_ends_only_this_connection(client, watcher):
    client.emit("message", "x" * 1_200_000)
    assert client.take("disconnect")[0] in LOST
    assert watcher.ask("message-with-ack", "alive") == "alive"
