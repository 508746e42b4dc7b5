"""protocol.md §19: connection state recovery."""

import re

import pytest

from marks import beyond_official, options
from wire import Client, Refused
from wire.socketio import CONNECT, EVENT

pytestmark = options(connection_state_recovery=1)

TRANSPORTS = ["polling", "websocket"]


class Guest:
    """A client that keeps what it needs to come back: `pid` and the last offset."""

    def __init__(self, server, transport="websocket", nsp="/", auth=None):
        self.server, self.nsp = server, nsp
        self.client = Client(server.session(transport))
        reply = self.client.connect(nsp, auth)
        self.sid, self.pid = reply["sid"], reply["pid"]
        self.offset = None
        assert self.read("auth") == [auth or {}]

    def read(self, event):
        """The next event, which must be this one; its arguments without the offset."""
        packet = self.client.read()
        assert (packet.nsp, packet.type, packet.data[0]) == (self.nsp, EVENT, event), packet
        *args, self.offset = packet.data[1:]
        assert isinstance(self.offset, str)
        return args

    def ask(self, event, *args):
        """Calls the server."""
        return self.client.ask(event, *args, nsp=self.nsp)

    def join(self, *rooms):
        """Joins rooms."""
        self.client.call("join", list(rooms), nsp=self.nsp)

    def vanish(self):
        """Loses the connection, and waits until the server knows."""
        self.client.vanish()
        return self.server.reason(self.sid)

    def credentials(self, **auth):
        """The CONNECT payload of one who comes back."""
        return {"pid": self.pid, "offset": self.offset, **auth}

    def come_back(self, transport="websocket", nsp=None, **auth):
        """(client, packets before the reply, reply) of a new connection with the old credentials."""
        client = Client(self.server.session(transport))
        return (client, *rejoin(client, nsp or self.nsp, self.credentials(**auth)))


def rejoin(client, nsp, auth):
    """(packets before the reply, reply) of a CONNECT."""
    client.request_connect(nsp, auth)
    before = []
    while (packet := client.read()).type == EVENT:
        before.append(packet.data)
    assert packet.type == CONNECT, packet
    return before, packet.data


def is_fresh(guest, reply):
    """True when the reply is that of a new session."""
    return reply["sid"] != guest.sid and reply["pid"] != guest.pid


def test_pid(server, transport, nsp):
    guest = Guest(server, transport, nsp)
    assert re.fullmatch(r"[A-Za-z0-9_-]{20}", guest.pid)
    assert guest.pid[:16] not in (guest.sid[:16], guest.client.session.sid[:16])


@options(connection_state_recovery=0)
def test_no_pid_when_it_is_off(server, transport):
    client = Client(server.session(transport))
    assert list(client.connect("/", {"pid": "x", "offset": "y"})) == ["sid"]
    assert client.expect("auth") == [{"pid": "x", "offset": "y"}]


def test_offsets(server, transport):
    """One extra string argument, another for every event; binary events too."""
    guest = Guest(server, transport)
    seen = {guest.offset}
    for value in (1, "x", b"\x01", [b"\x02", {}]):
        guest.client.emit("message", value)
        assert guest.read("message-back") == [value]
        seen.add(guest.offset)
    assert len(seen) == 5


def test_acks_and_questions_have_no_offset(server, transport):
    guest = Guest(server, transport)
    assert guest.client.call("message-with-ack", 1) == [1]
    guest.client.emit("emit-with-ack", 1)
    packet = guest.client.read()
    assert (packet.id is not None, packet.data) == (True, ["emit-with-ack", 1])


def test_volatile_events_have_no_offset(server):
    guest, other = Guest(server), Guest(server)

    def heard():
        other.client.emit("broadcast", {"from": "io", "to": [guest.sid], "volatile": True}, "v", 1)
        other.client.call("message-with-ack")
        return [packet.data for packet in guest.client.events_before_ack()]

    server.until(lambda: (events := heard()) and events == [["v", 1]] * len(events))


@pytest.mark.parametrize("before", TRANSPORTS)
@pytest.mark.parametrize("after", TRANSPORTS)
@pytest.mark.parametrize("nsp", ["/", "/custom", "/dyn-3"])
def test_recovery(server, before, after, nsp):
    """Missed events first, in order and with their offsets, then the reply with the old ids."""
    guest, other = Guest(server, before, nsp), Guest(server, "websocket", nsp)
    guest.join("r")
    guest.ask("message-with-ack", 1)
    guest.vanish()
    for number in range(5):
        other.client.emit("broadcast", {"from": "socket", "to": ["r"]}, "news", number, nsp=nsp)
    other.ask("message-with-ack", 1)
    client, missed, reply = guest.come_back(after, token="t")
    assert reply == {"sid": guest.sid, "pid": guest.pid}
    assert [data[:-1] for data in missed] == [["news", number] for number in range(5)]
    assert len({data[-1] for data in missed}) == 5
    name, auth, offset = client.read().data
    assert (name, auth["token"]) == ("auth", "t")
    assert isinstance(offset, str)
    assert client.ask("rooms", nsp=nsp) == sorted([guest.sid, "r"])
    assert client.ask("message-with-ack", 2, nsp=nsp) == 2


def test_the_handlers_of_a_recovered_socket_work(server, transport):
    guest, other = Guest(server), Guest(server)
    guest.join("r")
    guest.vanish()
    client, _, _ = guest.come_back(transport)
    assert client.read().data[0] == "auth"
    client.emit("message", 1)
    assert client.read().data[:2] == ["message-back", 1]
    other.client.emit("broadcast", {"from": "io", "to": ["r"]}, "e")
    assert client.read().data[0] == "e"
    client.leave()
    assert server.log(guest.sid)[-1][1] == "transport close"


def test_data_comes_back(server, transport):
    guest = Guest(server, transport)
    guest.client.call("set-data", {"a": [1, None, "é"]})
    guest.vanish()
    client, _, reply = guest.come_back(transport)
    assert reply["sid"] == guest.sid
    assert client.ask("get-data") == {"a": [1, None, "é"]}


def test_what_was_missed(server):
    """Everything for the socket: its rooms, its id, everyone; not what excepted it, nor other rooms, nor volatile."""
    guest, other = Guest(server), Guest(server)
    guest.join("r")
    guest.vanish()
    rows = [
        ({"to": ["r"]}, 1),
        ({"to": [guest.sid]}, 2),
        ({}, 3),
        ({"to": ["r", "x"]}, 4),
        ({"to": ["x"]}, None),
        ({"except": ["r"]}, None),
        ({"to": ["r"], "except": [guest.sid]}, None),
        ({"to": ["r"], "volatile": True}, None),
        ({"except": ["x"]}, 5),
    ]
    for index, (target, number) in enumerate(rows):
        other.client.emit("broadcast", {"from": "socket", **target}, "e", number or f"row {index}")
    other.ask("message-with-ack", 1)
    _, missed, _ = guest.come_back()
    assert [data[1] for data in missed] == [1, 2, 3, 4, 5]


def test_binary_and_many(server):
    guest, other = Guest(server), Guest(server)
    guest.join("r")
    guest.vanish()
    for number in range(300):
        other.client.emit("broadcast", {"from": "socket", "to": ["r"]}, "e", number, bytes([number % 256]))
    other.ask("message-with-ack", 1)
    _, missed, _ = guest.come_back()
    assert [data[1:3] for data in missed] == [[number, bytes([number % 256])] for number in range(300)]


def test_what_was_sent_but_never_read_is_missed_too(server):
    """The client's offset counts, not what the server wrote."""
    guest = Guest(server)
    guest.client.emit("message", 1)
    guest.read("message-back")
    guest.client.emit("server-emit-many", 3, "late")
    guest.client.call("message-with-ack")
    guest.vanish()
    _, missed, reply = guest.come_back()
    assert reply["sid"] == guest.sid
    assert [data[:2] for data in missed] == [["late", 0], ["late", 1], ["late", 2]]


@pytest.mark.parametrize("how", ["close frame", "end of stream", "reset", "polling close"])
def test_reasons_that_can_be_recovered(server, how):
    guest = Guest(server, "polling" if how == "polling close" else "websocket")
    if how == "end of stream":
        guest.client.session.close()
    elif how == "reset":
        guest.client.vanish()
    else:
        guest.client.leave()
    server.reason(guest.sid)
    assert guest.come_back()[2]["sid"] == guest.sid


@options(ping_interval=300, ping_timeout=200)
def test_ping_timeout_can_be_recovered(server):
    guest = Guest(server, "polling")
    assert server.reason(guest.sid) == "ping timeout"
    assert guest.come_back()[2]["sid"] == guest.sid


@pytest.mark.parametrize("event", [None, False, True], ids=["by the client", "by the server", "and closed"])
def test_who_left_on_purpose_is_gone(server, transport, event):
    """§19: namespace disconnects are final."""
    guest = Guest(server, transport)
    if event is None:
        guest.client.send_text("1")
    else:
        guest.client.emit("disconnect-me", event)
    server.reason(guest.sid)
    assert is_fresh(guest, guest.come_back()[2])


@pytest.mark.parametrize(
    "change",
    [
        {"pid": "A" * 20},
        {"pid": ""},
        {"pid": 1},
        {"pid": None},
        {"pid": ["x"]},
        {"pid": "__proto__"},
        {"offset": "nonsense"},
        {"offset": 5},
        {"offset": {}},
    ],
    ids=str,
)
def test_wrong_credentials_give_a_new_session(server, transport, change):
    """No error, and nothing of the old one."""
    guest = Guest(server, transport)
    guest.join("r")
    guest.vanish()
    client, missed, reply = guest.come_back(transport, **change)
    assert is_fresh(guest, reply)
    assert missed == []
    assert client.ask("rooms") == [reply["sid"]]


def test_S_14_a_pid_belongs_to_its_namespace(server, transport):
    """A session of an open namespace opens no guarded one."""
    guest = Guest(server, transport, "/custom")
    guest.vanish()
    client = Client(server.session(transport))
    with pytest.raises(Refused):
        client.connect("/guarded", guest.credentials())
    before, reply = rejoin(client, "/", guest.credentials())
    assert is_fresh(guest, reply)
    assert before == []


def test_guarded_sessions_come_back(server, transport):
    guest = Guest(server, transport, "/guarded", {"token": "secret"})
    guest.vanish()
    assert guest.come_back(transport, token="secret")[2]["sid"] == guest.sid


@options(connection_state_recovery={"skipMiddlewares": False})
def test_S_14_middlewares_may_be_asked_again(server, transport):
    guest = Guest(server, transport, "/guarded", {"token": "secret"})
    guest.vanish()
    with pytest.raises(Refused):
        Client(server.session(transport)).connect("/guarded", guest.credentials())


@beyond_official
def test_S_15_a_session_comes_back_once(server, transport):
    """Two clients with one pid never share an id: the second is new, or takes the place of the first."""
    guest = Guest(server, transport)
    guest.vanish()
    one, _, first = guest.come_back(transport)
    _, _, second = guest.come_back(transport)
    assert first["sid"] == guest.sid
    assert is_fresh(guest, second) or one.is_gone()
    assert [row["id"] for row in server.observer().ask("fetch-sockets", [guest.sid])] == [guest.sid]


def test_it_may_come_back_again_and_again(server):
    guest, other = Guest(server), Guest(server)
    guest.join("r")
    for number in range(5):
        guest.client.vanish()
        server.until(
            lambda number=number: len([e for e in server.log(guest.sid) if e[0] == "disconnect"]) == number + 1
        )
        other.client.emit("broadcast", {"from": "io", "to": ["r"]}, "e", number)
        other.ask("message-with-ack", 1)
        client, missed, reply = guest.come_back()
        assert reply == {"sid": guest.sid, "pid": guest.pid}
        assert [data[1] for data in missed] == [number]
        guest.client = client
        guest.offset = missed[-1][-1]
        guest.read("auth")


@options(connection_state_recovery={"maxDisconnectionDuration": 200})
def test_sessions_expire(server):
    guest, other = Guest(server), Guest(server)
    guest.vanish()
    assert other.client.is_silent(0.4)
    assert is_fresh(guest, guest.come_back()[2])


@beyond_official
def test_the_old_connection_may_be_half_dead(server, transport):
    """§19: it is closed (`transport close`), the session goes to the new one, nothing is lost or doubled."""
    guest, other = Guest(server, "websocket"), Guest(server)
    guest.join("r")
    other.client.emit("broadcast", {"from": "io", "to": ["r"]}, "e", 1)
    other.ask("message-with-ack", 1)
    client, missed, reply = guest.come_back(transport)
    assert reply == {"sid": guest.sid, "pid": guest.pid}
    assert [data[:2] for data in missed] == [["e", 1]]
    assert guest.client.is_gone()
    assert ("disconnect", "transport close") in server.log(guest.sid)
    assert client.read().data[0] == "auth"
    other.client.emit("broadcast", {"from": "io", "to": ["r"]}, "e", 2)
    assert client.read().data[:2] == ["e", 2]
    ids = [row["id"] for row in other.ask("fetch-sockets", [])]
    assert ids.count(guest.sid) == 1


@options(app="bench")
@beyond_official
def test_a_pid_without_an_offset(server, transport):
    """§19: a client that never got an event has no offset, and none to miss before."""
    guest, other = Client(server.session(transport)), Client(server.session("websocket"))
    first = guest.connect()
    guest.call("join", "room")
    other.connect()
    guest.vanish()
    other.emit("bcast", "missed")
    other.call("ack", 1)
    before, reply = rejoin(Client(server.session(transport)), "/", {"pid": first["pid"]})
    assert reply == first
    assert [data[:2] for data in before] == [["bcast", "missed"]]
