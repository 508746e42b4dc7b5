"""protocol.md §14, §15: the packets of tests/vectors, judged by what the server does with them."""

import base64
import contextlib
import re

import pytest

from marks import VIOLATION, beyond_official, options, vectors
from wire import Client, Closed

EVENTS = (2, 5)
ACKS = (3, 6)


def wire_of(row):
    return row["wire"]


def name_of(row):
    return row["name"]


def attachments(text):
    """What a sender of this text would send after it."""
    announced = re.match(r"[56](\d{1,2})-", text)
    return [b"\x01"] * int(announced[1]) if announced and int(announced[1]) <= 10 else []


def from_client(row):
    return row.get("from_client", True)


def main_namespace(row):
    return row["valid"] and row["nsp"] == "/"


def joined(row):
    return all(packet["nsp"] == "/" for packet in row["packets"])


@pytest.mark.parametrize("row", vectors("socketio_packets", lambda row: not row["valid"], from_client, label=wire_of))
def test_invalid_packet_ends_the_connection(server, transport, row):
    """§15; CVE-2022-2421 (placeholders), CVE-2023-32695 (names), CVE-2026-33151, CVE-2026-69185 (attachments)."""
    client = server.client(transport)
    assert client.is_ended_by(row["wire"], *attachments(row["wire"]))
    assert server.reason(client.id) in VIOLATION


@pytest.mark.parametrize(
    "row", vectors("socketio_packets", main_namespace, lambda row: row.get("type") in EVENTS, label=wire_of)
)
def test_valid_event_is_handled(server, transport, row):
    """Its name is what the catch-all listener recorded."""
    client = server.client(transport)
    client.session.send(row["wire"], *attachments(row["wire"]))
    name = row.get("name", row["data"][0])
    if name == "message":
        client.expect("message-back")
    assert [str(event) for event in client.ask("seen")] == [name, "seen"]


@pytest.mark.parametrize(
    "row", vectors("socketio_packets", main_namespace, lambda row: row.get("type") in ACKS, label=wire_of)
)
def test_ack_that_nobody_waits_for_is_ignored(server, transport, row):
    """S-12"""
    client = server.client(transport)
    client.session.send(row["wire"], *attachments(row["wire"]))
    assert client.call("message-with-ack", 1) == [1]


@pytest.mark.parametrize(
    "row", vectors("socketio_packets", lambda row: row["valid"] and row["type"] == 0, from_client, label=wire_of)
)
def test_valid_connect(server, transport, row):
    """Accepted where the namespace exists, refused politely elsewhere."""
    session = server.session(transport)
    session.send(row["wire"])
    reply = session.read()
    if row["nsp"] == "/":
        assert reply.startswith('0{"sid":')
    else:
        assert reply == f'4{row["nsp"]},{{"message":"Invalid namespace"}}'
    assert Client(session).connect("/custom")["sid"]


@pytest.mark.parametrize("row", vectors("socketio_sequences", joined, label=name_of))
def test_sequence(server, transport, row):
    """§14, §15: attachments; S-03, S-05, S-06."""
    client = server.client(transport)
    messages = [frame["text"] if "text" in frame else base64.b64decode(frame["binary"]) for frame in row["frames"]]
    if not row["valid"]:
        assert client.is_ended_by(*messages)
        server.still_works()
    elif row.get("pending"):
        client.session.send(*messages, b"\x02")
        assert client.ask("seen") == ["x", "seen"]
    else:
        client.session.send(*messages)
        names = [packet["data"][0] for packet in row["packets"] if packet["type"] in EVENTS]
        assert client.ask("seen") == [*names, "seen"]


@options(max_attachments=3)
@beyond_official
def test_S_02_the_limit_of_attachments_is_an_option(server, transport):
    client = server.client(transport)
    data = [b"1", b"2", b"3"]
    assert client.call("message-with-ack", *data) == data
    assert client.is_ended_by('54-["x"]')


def test_S_02_many_attachments_announced(server, transport):
    """CVE-2026-33151: refused at the header."""
    client = server.client(transport)
    assert client.is_ended_by('51000000-["x"]')


@pytest.mark.parametrize("count", ["0", "00", "000"])
def test_S_03_zero_attachments(server, transport, count):
    """CVE-2026-69185: no reconstruction is opened, nothing piles up."""
    client = server.client(transport)
    assert client.is_ended_by(f'5{count}-["x"]', *[b"x" * 1000] * 3)


def test_S_03_zero_attachments_before_joining(server, transport):
    """No attachment state for who has not joined (python-socketio < 5.16.2)."""
    assert Client(server.session(transport)).is_ended_by('51-["x",{"_placeholder":true,"num":0}]', b"x")


@pytest.mark.parametrize("depth", [5, 100])
def test_S_18_shallow_json_is_fine(server, transport, depth):
    text = "[" * depth + "]" * depth
    client = server.client(transport)
    client.session.send(f'2["message",{text}]')
    assert client.session.read() == f'2["message-back",{text}]'


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_S_18_deep_json_never_crashes(server, transport, opening):
    """Closed by us; whatever the official server does, it lives on."""
    client = server.client(transport)
    text = opening * 100_000 + "1" + ("]" if opening == "[" else "}") * 100_000
    with contextlib.suppress(Closed):
        client.session.send(f'2["message",{text}]')


@beyond_official
@pytest.mark.parametrize("kind", ["2", "51-", "31", "0/custom,"])
def test_S_18_deep_json_ends_the_connection(server, transport, kind):
    """security.md §8: the default depth is 1 000."""
    text = "[" * 1500 + "]" * 1500
    payload = f'{{"a":{text}}}' if kind.startswith("0") else f'["message",{text}]'
    client = server.client(transport)
    assert client.is_ended_by(kind + payload, *attachments(kind))


@beyond_official
@options(max_json_depth=50)
def test_S_18_depth_is_an_option(server, transport):
    client = server.client(transport)
    inside, outside = ("[" * depth + "]" * depth for depth in (45, 55))
    client.session.send(f'2["message",{inside}]')
    assert client.session.read() == f'2["message-back",{inside}]'
    assert client.is_ended_by(f'2["message",{outside}]')


@pytest.mark.parametrize("key", ["__proto__", "constructor", "toString"])
def test_S_19_prototype_names_as_keys(server, transport, key):
    client = server.client(transport)
    client.session.send(f'51-["message",{{"{key}":{{"x":1}},"b":{{"_placeholder":true,"num":0}}}}]', b"\x01")
    assert client.expect("message-back")[0]["b"] == b"\x01"


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00x", "\\ud800\\ud800", "a\\udfff"])
def test_lone_surrogates_never_panic(server, transport, escape):
    """§14: U+FFFD, passed through, or the packet is refused."""
    client = server.client(transport)
    try:
        client.session.send(f'2["message","{escape}"]')
        client.read(1)
    except Closed:
        pass
    server.still_works()
