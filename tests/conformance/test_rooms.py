"""protocol.md §21 and probe.md: rooms, broadcasts, what a server does to its sockets."""

import itertools
import time

import pytest

from wire.socketio import EVENT

COUNTER = itertools.count()


@pytest.fixture
def room(probe_name):
    """A room name that no other test uses."""
    return f"room-{next(COUNTER)}"


@pytest.fixture
def nsp():
    """A namespace of the test's own, so that `everyone` means the test's clients."""
    return f"/dyn-{100_000 + next(COUNTER)}"


class Crowd:
    """Four clients over both transports in a namespace of their own: a, b in room x; b, c in room y; d nowhere."""

    def __init__(self, server, nsp):
        self.server, self.nsp = server, nsp
        transports = itertools.cycle(["websocket", "polling"])
        self.members = {name: server.client(next(transports), nsp) for name in "abcd"}
        for name, rooms in {"a": ["x"], "b": ["x", "y"], "c": ["y"]}.items():
            self.members[name].call("join", rooms, nsp=nsp)

    def __getitem__(self, name):
        return self.members[name]

    def id(self, name):
        """The socket id of a member."""
        return self.members[name].id

    def emit(self, name, event, *args):
        """One member sends an event."""
        self.members[name].emit(event, *args, nsp=self.nsp)

    def ask(self, name, event, *args):
        """One member calls."""
        return self.members[name].ask(event, *args, nsp=self.nsp)

    def received(self):
        """Who got which events since the last time, after a round trip of everyone."""
        members = self.members.items()
        # A sender's round trip comes first, so that what it caused is on its way to the others.
        for _, client in members:
            client.call("message-with-ack", nsp=self.nsp)
        got = {name: [packet.data for packet in client.events_before_ack(self.nsp)] for name, client in members}
        return {name: events for name, events in got.items() if events}

    def reached(self):
        """The names of those who got exactly one event `e`."""
        received = self.received()
        assert all(events == [["e"]] for events in received.values()), received
        return "".join(sorted(received))


@pytest.fixture
def crowd(server, nsp):
    return Crowd(server, nsp)


# ---------------------------------------------------------------- joining


def test_join_and_leave(server, transport, nsp):
    client = server.client(transport, nsp)

    def rooms():
        return client.ask("rooms", nsp=nsp)

    assert rooms() == [client.id]
    assert client.call("join", "one", nsp=nsp) == []
    assert client.call("join", ["two", "three", "one"], nsp=nsp) == []
    assert rooms() == sorted([client.id, "one", "two", "three"])
    assert client.call("leave", "two", nsp=nsp) == []
    assert client.call("leave", "never joined", nsp=nsp) == []
    assert rooms() == sorted([client.id, "one", "three"])


@pytest.mark.parametrize("name", ["", "é\U0001f600", "a,b", "a#b*?[", "__proto__", "constructor", "x" * 1000])
def test_S_23_any_name_is_a_room(server, name):
    client, other = server.client(), server.client()
    client.call("join", name)
    assert client.ask("rooms") == sorted([client.id, name])
    other.emit("broadcast", {"from": "socket", "to": [name]}, "e", 1)
    assert client.expect("e") == [1]


def test_rooms_end_with_the_socket(server, transport, nsp):
    client, other = server.client(transport, nsp), server.client(nsp=nsp)
    client.call("join", ["one", "two"], nsp=nsp)
    assert other.ask("counts", nsp=nsp)["rooms"] == 4
    client.leave()
    assert server.reason(client.id) == "transport close"
    server.until(lambda: other.ask("counts", nsp=nsp)["rooms"] == 1)


def test_rooms_belong_to_a_namespace(server, room):
    client, other = server.client(), server.client(nsp="/custom")
    client.call("join", room)
    assert other.ask("rooms", nsp="/custom") == [other.id]
    other.emit("broadcast", {"from": "io", "to": [room]}, "e", nsp="/custom")
    other.call("message-with-ack", nsp="/custom")
    assert client.events_before_ack() == []


# ---------------------------------------------------------------- broadcasts

ROWS = [
    ({"from": "io"}, "abcd"),
    ({"from": "socket"}, "bcd"),
    ({"from": "io", "to": []}, "abcd"),
    ({"from": "io", "to": ["x"]}, "ab"),
    ({"from": "socket", "to": ["x"]}, "b"),
    ({"from": "io", "to": ["x", "y"]}, "abc"),
    ({"from": "io", "to": ["x", "x"]}, "ab"),
    ({"from": "socket", "to": ["x", "y"]}, "bc"),
    ({"from": "io", "to": ["nobody"]}, ""),
    ({"from": "io", "except": ["x"]}, "cd"),
    ({"from": "io", "except": ["x", "y"]}, "d"),
    ({"from": "socket", "except": ["y"]}, "d"),
    ({"from": "io", "to": ["x"], "except": ["y"]}, "a"),
    ({"from": "io", "to": ["x", "y"], "except": ["x"]}, "c"),
    ({"from": "io", "to": ["x"], "except": ["x"]}, ""),
    ({"from": "io", "except": ["nobody"]}, "abcd"),
    ({"from": "io", "local": True}, "abcd"),
    ({"from": "io", "to": ["y"], "local": True}, "bc"),
    ({"from": "io", "compress": False}, "abcd"),
    ({"from": "socket", "compress": True}, "bcd"),
]


@pytest.mark.parametrize(("options", "expected"), ROWS, ids=str)
def test_broadcast(crowd, options, expected):
    """§21: the union of the rooms, minus the excepted, each once; `a` is the sender."""
    crowd.emit("a", "broadcast", options, "e")
    assert crowd.reached() == expected


def test_broadcast_to_an_id(crowd):
    """Each socket's id is a room."""
    crowd.emit("a", "broadcast", {"from": "io", "to": [crowd.id("d")]}, "e")
    assert crowd.reached() == "d"
    crowd.emit("a", "broadcast", {"from": "io", "except": [crowd.id("d"), crowd.id("a")]}, "e")
    assert crowd.reached() == "bc"
    crowd.emit("a", "broadcast", {"from": "socket", "to": [crowd.id("a")]}, "e")
    assert crowd.reached() == ""


def test_volatile_broadcast(crowd):
    """Reaches at most its targets, each at most once."""
    crowd.emit("a", "broadcast", {"from": "io", "to": ["x"], "volatile": True}, "e")
    assert set(crowd.reached()) <= set("ab")


def test_broadcasts_carry_everything(crowd):
    args = [1, "é", None, {"a": [b"\x01", b""]}, b"\xff" * 1000]
    crowd.emit("a", "broadcast", {"from": "io", "to": ["x", "y"]}, "e", *args)
    assert crowd.received() == {name: [["e", *args]] for name in "abc"}


def test_broadcasts_keep_their_order(crowd):
    for number in range(200):
        crowd.emit("a", "broadcast", {"from": "io"}, "e", number)
    assert crowd.received() == {name: [["e", number] for number in range(200)] for name in "abcd"}


def test_broadcasts_stay_in_the_namespace(crowd, server):
    other = server.client()
    crowd.emit("a", "broadcast", {"from": "io"}, "e")
    assert crowd.reached() == "abcd"
    assert other.events_before_ack() == []


def test_broadcasts_do_not_reach_those_who_left(crowd):
    crowd["b"].call("leave", "x", nsp=crowd.nsp)
    crowd["c"].send_text(f"1{crowd.nsp},")
    del crowd.members["c"]
    crowd.emit("a", "broadcast", {"from": "io", "to": ["x"]}, "e")
    assert crowd.reached() == "a"


# ---------------------------------------------------------------- broadcasts that ask


def answer(client, *args):
    """Answers the broadcast `q`."""
    packet = client.wait(lambda packet: packet.type == EVENT and packet.data[0] == "q")
    client.answer(packet, *args)
    return packet


def asking(crowd, options, *args):
    """Sends `broadcast-with-ack` from `a` without waiting."""
    crowd["a"].emit("broadcast-with-ack", options, "q", *args, nsp=crowd.nsp, id=900)


def answered(crowd):
    """What came back to `a`."""
    (result,) = crowd["a"].wait(lambda packet: packet.type == 3 and packet.id == 900).data
    return result


def test_broadcast_with_ack(crowd):
    """The first argument of every answer; one id for all."""
    asking(crowd, {"from": "socket", "to": ["x", "y"]}, b"\x05")
    packets = [answer(crowd[name], name, "more", b"x") for name in "bc"]
    assert [packet.data for packet in packets] == [["q", b"\x05"]] * 2
    result = answered(crowd)
    assert (result["error"], sorted(result["responses"])) == (None, ["b", "c"])


def test_broadcast_with_ack_of_everyone(crowd):
    asking(crowd, {"from": "io"})
    for name in "abcd":
        answer(crowd[name], {"name": name, "data": name.encode()})
    result = answered(crowd)
    assert result["error"] is None
    assert sorted((entry["name"], entry["data"]) for entry in result["responses"]) == [(n, n.encode()) for n in "abcd"]


def test_broadcast_with_ack_of_nobody(crowd):
    """No recipients: an empty list at once."""
    started = time.monotonic()
    asking(crowd, {"from": "io", "to": ["nobody"]})
    assert answered(crowd) == {"error": None, "responses": []}
    assert time.monotonic() - started < 0.45


def test_broadcast_with_ack_that_times_out(crowd):
    """What did come is in it."""
    asking(crowd, {"from": "socket", "to": ["x", "y"]})
    answer(crowd["c"], "c")
    assert answered(crowd) == {"error": "timeout", "responses": ["c"]}
    answer(crowd["b"], "late")
    assert crowd["a"].is_silent(0.05)


def test_broadcast_with_ack_answered_twice(crowd):
    """S-12: one answer a client."""
    asking(crowd, {"from": "socket", "to": ["y"]})
    packet = answer(crowd["b"], "first")
    crowd["b"].answer(packet, "second")
    crowd["d"].answer(packet, "not asked")
    crowd["d"].call("message-with-ack", nsp=crowd.nsp)
    crowd["b"].call("message-with-ack", nsp=crowd.nsp)
    answer(crowd["c"], "c")
    result = answered(crowd)
    assert (result["error"], sorted(result["responses"])) == (None, ["c", "first"])


# ---------------------------------------------------------------- the server's hand


def test_fetch_sockets(crowd):
    crowd["a"].call("set-data", {"n": 1}, nsp=crowd.nsp)
    rows = {name: {"id": crowd.id(name), "rooms": [], "data": {}} for name in "abcd"}
    for name, rooms in {"a": ["x"], "b": ["x", "y"], "c": ["y"], "d": []}.items():
        rows[name]["rooms"] = sorted([crowd.id(name), *rooms])
    rows["a"]["data"] = {"n": 1}

    def expected(names):
        return sorted((rows[name] for name in names), key=lambda row: row["id"])

    assert crowd.ask("a", "fetch-sockets", []) == expected("abcd")
    assert crowd.ask("a", "fetch-sockets", ["x"]) == expected("ab")
    assert crowd.ask("b", "fetch-sockets", ["x", "y"]) == expected("abc")
    assert crowd.ask("d", "fetch-sockets", [crowd.id("d")]) == expected("d")
    assert crowd.ask("d", "fetch-sockets", ["nobody"]) == []


def rooms_of(crowd):
    """The rooms of every member, own ids left out."""
    return {name: [room for room in crowd.ask(name, "rooms") if room != crowd.id(name)] for name in crowd.members}


def test_sockets_join(crowd):
    crowd.emit("a", "sockets-join", ["x"], "z")
    crowd.emit("a", "sockets-join", [], ["w", "v"])
    crowd["a"].call("message-with-ack", nsp=crowd.nsp)
    assert rooms_of(crowd) == {
        "a": ["v", "w", "x", "z"],
        "b": ["v", "w", "x", "y", "z"],
        "c": ["v", "w", "y"],
        "d": ["v", "w"],
    }


def test_sockets_leave(crowd):
    crowd.emit("a", "sockets-leave", ["y"], "x")
    crowd["a"].call("message-with-ack", nsp=crowd.nsp)
    assert rooms_of(crowd) == {"a": ["x"], "b": ["y"], "c": ["y"], "d": []}
    crowd.emit("a", "sockets-leave", [], ["x", "y"])
    crowd["a"].call("message-with-ack", nsp=crowd.nsp)
    assert rooms_of(crowd) == {name: [] for name in "abcd"}


def test_disconnect_sockets(crowd, server):
    """§18: `41` to each; the connections stay."""
    crowd.emit("a", "disconnect-sockets", ["y"], False)
    for name in "bc":
        packet = crowd[name].read()
        assert (packet.type, packet.nsp) == (1, crowd.nsp)
        assert server.reason(crowd.id(name)) == "server namespace disconnect"
        assert crowd[name].connect("/custom")["sid"]
    assert [row["id"] for row in crowd.ask("a", "fetch-sockets", [])] == sorted([crowd.id("a"), crowd.id("d")])


def test_disconnect_sockets_and_close(crowd, server):
    crowd.emit("a", "disconnect-sockets", ["y"], True)
    for name in "bc":
        assert crowd[name].is_gone()
        assert server.reason(crowd.id(name)) == "server namespace disconnect"
    assert crowd.ask("d", "rooms")


def test_disconnect_everyone(crowd, server):
    crowd.emit("a", "disconnect-sockets", [], False)
    for name in "abcd":
        assert server.reason(crowd.id(name)) == "server namespace disconnect"
        assert crowd[name].read().type == 1


@pytest.mark.parametrize("close", [False, True])
def test_disconnect_me(server, transport, close):
    """§18"""
    client = server.client(transport)
    client.connect("/custom")
    client.expect("auth", "/custom")
    client.emit("disconnect-me", close)
    assert server.reason(client.ids["/"]) == "server namespace disconnect"
    if close:
        assert client.is_gone()
        assert server.reason(client.ids["/custom"]) == "server namespace disconnect"
    else:
        packet = client.read()
        assert (packet.type, packet.nsp) == (1, "/")
        assert client.call("message-with-ack", 1, nsp="/custom") == [1]


def test_after_a_disconnect_the_client_may_join_again(server, transport):
    client = server.client(transport)
    first = client.id
    client.emit("disconnect-me", False)
    assert client.read().type == 1
    assert client.connect()["sid"] != first
    assert client.expect("auth") == [{}]


def test_server_side_events_stay_with_others(server):
    """serverSideEmit does not come back to the server that sent it."""
    client = server.client()
    client.emit("server-side", "hello", 1)
    assert client.events_before_ack() == []
