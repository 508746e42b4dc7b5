"""Connecting: auth, namespaces, refusals, the handshake, and the transports."""

import pytest
from socketio.exceptions import ConnectionError as Refused


def test_connects_and_gets_its_auth_back(make):
    auth = {"token": "abc", "nested": {"list": [1, None, "é"]}}
    client = make().connect(auth=auth)
    assert client.take("auth") == (auth,)
    assert client.ask("sent") == ["auth"]


def test_auth_is_empty_when_none_was_sent(make):
    assert make().connect().take("auth") == ({},)


def test_transport_is_the_one_asked_for(client, mode):
    expected = "polling" if mode == "polling" else "websocket"
    assert client.transport == expected
    assert client.ask("transport") == expected


def test_handshake_has_what_the_client_sent(make, mode):
    client = make().connect(auth={"a": 1}, headers={"X-Probe": "value"}, query="?room=a%20b")
    handshake = client.ask("handshake")
    assert handshake["auth"] == {"a": 1}
    assert handshake["headers"]["x-probe"] == "value"
    assert handshake["query"]["room"] == "a b"
    assert handshake["query"]["EIO"] == "4"
    assert handshake["query"]["transport"] == ("websocket" if mode == "websocket" else "polling")
    assert handshake["address"] == "127.0.0.1"
    assert handshake["secure"] is False


def test_several_namespaces_on_one_connection(make, namespace):
    names = ["/", "/custom", namespace]
    client = make().connect(*names, auth={"token": "t"})
    for name in names:
        assert client.take("auth", name) == ({"token": "t"},)
        client.emit("message", name, b"\x01", namespace=name)
        assert client.take("message-back", name) == (name, b"\x01")
        assert client.ask("rooms", namespace=name) == [client.id(name)]
    assert len({client.id(name) for name in names}) == len(names)


def test_guarded_namespace_accepts_the_secret(make):
    client = make().connect("/guarded", auth={"token": "secret"})
    assert client.ask("message-with-ack", "inside", namespace="/guarded") == "inside"


@pytest.mark.parametrize("auth", [None, {}, {"token": "wrong"}])
def test_guarded_namespace_refuses_with_message_and_data(make, auth):
    client = make()
    with pytest.raises(Refused):
        client.connect("/guarded", auth=auth)
    assert client.take("connect_error", "/guarded") == ({"message": "unauthorized", "data": {"code": 401}},)


@pytest.mark.parametrize("name", ["/random", "/dyn-x"])
def test_unknown_namespaces_are_invalid(make, name):
    client = make()
    with pytest.raises(Refused):
        client.connect(name)
    assert client.take("connect_error", name) == ({"message": "Invalid namespace"},)


def test_may_connect_again(make):
    client = make().connect()
    first = client.id()
    client.disconnect()
    client.connect()
    assert client.id() != first
    assert client.ask("message-with-ack", "back") == "back"


@pytest.mark.options(ping_interval=300, ping_timeout=10_000)
def test_stays_connected_over_several_heartbeats(client):
    client.emit("slow", 1500, "later")
    assert client.take("slow-done") == ("later",)
    assert client.take_all("disconnect") == []
    assert client.ask("message-with-ack", "alive") == "alive"
