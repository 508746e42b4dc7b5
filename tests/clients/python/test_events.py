"""Events, binary data and acknowledgements in both directions."""

import pytest

VALUES = [None, True, False, 0, -1, 1.5, 2**53 - 1, "", "text", [], {}, [[1, [2]], {"a": {"b": None}}]]
UNICODE = ["äöü ß", "Здравствуй", "日本語", "👩‍👩‍👧‍👦 𝒳", "\x00\x1e\x7f", "\u2028\u2029\ufeff", "quotes \" ' \\ / \n"]
NESTED = [b"\x01\x02", {"first": b"", "list": [b"\xff", "text", {"deep": b"\x00\x01"}]}, "between", [[b"\x09"]]]


def test_values_come_back_unchanged(client):
    for value in VALUES:
        client.emit("message", value)
        assert client.take("message-back") == (value,)
    client.emit("message", *VALUES)
    assert client.take("message-back") == tuple(VALUES)
    client.emit("message")
    assert client.take("message-back") == ()


def test_unicode_comes_back_unchanged(client):
    client.emit("message", *UNICODE, {text: text for text in UNICODE})
    assert client.take("message-back") == (*UNICODE, {text: text for text in UNICODE})


def test_nested_binary_data_comes_back_unchanged(client):
    client.emit("message", *NESTED)
    assert client.take("message-back") == tuple(NESTED)


def test_acknowledgements_carry_all_arguments(client):
    assert client.ask("message-with-ack") is None
    assert client.ask("message-with-ack", "one") == "one"
    assert client.ask("message-with-ack", [1, 2]) == [1, 2]
    assert client.ask("message-with-ack", *NESTED) == tuple(NESTED)
    assert client.ask("message-with-ack", *UNICODE) == tuple(UNICODE)


@pytest.mark.parametrize("answer", ["one", [1, 2], {"a": b"\x01"}, b"\x02"])
def test_server_gets_the_acknowledgement_of_the_client(client, answer):
    client.answers["emit-with-ack"] = answer
    client.emit("emit-with-ack", "question", b"\x00")
    assert client.take("emit-with-ack-back") == (answer,)
    assert client.take("emit-with-ack") == ("question", b"\x00")


def test_server_gets_several_acknowledged_arguments(client):
    client.answers["emit-with-ack"] = ("one", 2, b"\x03")
    client.emit("emit-with-ack")
    assert client.take("emit-with-ack-back") == ("one", 2, b"\x03")


def test_events_keep_their_order(client):
    for index in range(300):
        client.emit("message", index, bytes([index % 256]) if index % 10 == 0 else "text")
    for index in range(300):
        assert client.take("message-back") == (index, bytes([index % 256]) if index % 10 == 0 else "text")


def test_a_burst_of_the_server_keeps_its_order(client):
    client.emit("server-emit-many", 1000, "number")
    assert [client.take("number")[0] for _ in range(1000)] == list(range(1000))


def test_large_payloads(client, mode):
    size = 700_000 if mode == "polling" else 900_000
    data = bytes(range(256)) * (size // 256)
    assert client.ask("message-with-ack", data) == data
    assert client.ask("message-with-ack", "x" * 900_000) == "x" * 900_000


def test_rooms_and_broadcasts(make, namespace):
    clients = [make().connect(namespace) for _ in range(3)]
    sender = clients[0]
    for member in clients[1:]:
        member.ask("join", ["a", "b"], namespace=namespace)
    clients[2].ask("join", "c", namespace=namespace)
    assert clients[2].ask("rooms", namespace=namespace) == sorted([clients[2].id(namespace), "a", "b", "c"])
    broadcasts = [({"from": "io"}, 1), ({"from": "socket"}, 2), ({"from": "io", "to": ["a"], "except": ["c"]}, 3)]
    for options, number in broadcasts:
        sender.emit("broadcast", options, "news", number, b"\x01", namespace=namespace)
    for client, numbers in zip(clients, [[1], [1, 2, 3], [1, 2]], strict=True):
        assert [client.take("news", namespace)[0] for _ in numbers] == numbers
    sender.fence(namespace)
    for client in clients:
        client.fence(namespace)
        assert client.take_all("news", namespace) == []


def test_broadcast_with_acknowledgement(make, namespace):
    clients = [make().connect(namespace) for _ in range(3)]
    for index, client in enumerate(clients):
        client.answers["question"] = {"index": index, "data": bytes([index])}
    answer = clients[0].ask("broadcast-with-ack", {"from": "io"}, "question", "who?", namespace=namespace)
    assert answer["error"] is None
    responses = sorted(answer["responses"], key=lambda response: response["index"])
    assert responses == [{"index": index, "data": bytes([index])} for index in range(3)]


def test_a_handler_that_throws_harms_nobody(client):
    client.emit("throw")
    client.emit("message", "after")
    assert client.take("message-back") == ("after",)


def test_blocked_events_are_reported(client):
    client.emit("blocked", 1)
    assert client.take("error-seen") == ("blocked",)
    assert client.ask("seen") == ["blocked", "seen"]


def test_data_of_a_socket(client):
    assert client.ask("get-data") == {}
    assert client.ask("set-data", {"name": "é", "list": [1]}) is None
    assert client.ask("get-data") == {"name": "é", "list": [1]}
