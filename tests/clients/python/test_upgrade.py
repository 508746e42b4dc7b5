"""The change from polling to websocket inside one connection."""

import pytest


@pytest.fixture
def mode():
    return "upgrading"


def test_runs_over_websocket_afterwards(client):
    assert client.transport == "websocket"
    assert client.ask("transport") == "websocket"


def test_what_is_sent_around_it_arrives_in_order(make):
    client = make().connect()
    for index in range(500):
        client.emit("message", index, b"\x01" if index % 7 == 0 else None)
    for index in range(500):
        assert client.take("message-back") == (index, b"\x01" if index % 7 == 0 else None)


def test_many_clients_upgrade(make, namespace):
    clients = [make().connect(namespace) for _ in range(20)]
    clients[0].emit("broadcast", {"from": "io"}, "news", b"\x01", namespace=namespace)
    for client in clients:
        assert client.take("news", namespace) == (b"\x01",)
        assert client.transport == "websocket"


def test_namespaces_survive_it(make):
    client = make().connect("/", "/custom")
    assert client.ask("transport") == "websocket"
    assert client.ask("message-with-ack", b"\x02", namespace="/custom") == b"\x02"
    assert client.ask("counts", namespace="/custom")["sockets"] >= 1
