"""What happens, as tuples; what is sent."""

from __future__ import annotations

import pytest
from core_client import Client, running

from pancar import _core


def test_an_event_is_answered_and_sent_back() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        client.send('42["hello",1,{"a":[null]}]', '427["sum",1,2]')
        assert host.next() == (_core.EVENT, sock, "hello", (1, {"a": [None]}), None)
        _, same, name, args, ack = host.next(_core.EVENT)
        assert same is sock and (name, args, ack) == ("sum", (1, 2), 7)
        sock.ack(ack, (3,))
        sock.emit("hello", ("Ada", 1.5))
        assert client.receive() == "437[3]"
        assert client.receive() == '42["hello","Ada",1.5]'


def test_binary_both_ways() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        client.send('451-["up",{"file":{"_placeholder":true,"num":0}}]', b"\x00\x01")
        assert host.next(_core.EVENT)[2:] == ("up", ({"file": b"\x00\x01"},), None)
        sock.emit("down", (b"a", {"b": bytearray(b"b"), "c": memoryview(b"c")}))
        place = '{{"_placeholder":true,"num":{}}}'.format
        assert client.receive() == f'453-["down",{place(0)},{{"b":{place(1)},"c":{place(2)}}}]'
        assert [client.receive() for _ in range(3)] == [b"a", b"b", b"c"]


def test_a_refused_client_gets_message_and_data() -> None:
    with running() as (host, port), Client(port) as client:
        client.connect(auth={"token": 1})
        _, request, sock = host.next(_core.JOIN)
        assert sock.auth == {"token": 1} and sock.auth_given and not sock.connected and request.pending
        with pytest.raises(TypeError, match=r"data\.why: .* object"):
            request.reject("no", {"why": object()})
        request.reject("no", {"why": [1]})
        assert client.receive() == '44{"message":"no","data":{"why":[1]}}'
        assert not request.pending and not request.accept()


def test_data_of_a_refusal_may_be_none_or_left_out() -> None:
    with running() as (host, port), Client(port) as client:
        client.connect()
        host.next(_core.JOIN)[1].reject("no", None)
        assert client.receive() == '44{"message":"no","data":null}'
        client.connect()
        host.next(_core.JOIN)[1].reject("no")
        assert client.receive() == '44{"message":"no"}'


def test_a_request_that_is_dropped_is_refused() -> None:
    with running() as (host, port), Client(port) as client:
        client.connect()
        event = host.next(_core.JOIN)
        del event
        assert client.receive() == '44{"message":"Internal server error"}'


def test_what_is_done_before_accept_takes_effect_with_it() -> None:
    with running() as (host, port), Client(port) as client:
        client.connect()
        _, request, sock = host.next(_core.JOIN)
        sock.join(["lobby"])
        sock.emit("welcome", ())
        assert request.accept()
        host.next(_core.CONNECT)
        assert client.receive().startswith("40")
        assert client.receive() == '42["welcome"]'
        assert set(sock.rooms) == {sock.sid, "lobby"}


def test_leaving_is_told_with_reason_and_rooms() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        sock.join(["a"])
        client.send("41")
        kind, same, reason, _, rooms = host.next()
        assert (kind, reason) == (_core.DISCONNECTING, "client namespace disconnect")
        assert same is sock and set(rooms) == {sock.sid, "a"}
        assert host.next()[:3] == (_core.DISCONNECT, sock, "client namespace disconnect")
        assert not sock.connected
        with pytest.raises(_core.CoreError, match="disconnected") as caught:
            sock.emit("x", ())
        assert caught.value.kind == 5


def test_rooms_and_those_left_out() -> None:
    with running() as (host, port), Client(port) as one, Client(port) as two:
        first, second = host.join(one), host.join(two)
        first.join(["a", "b"])
        second.join(["b"])
        core = host.core
        assert core.sockets("/", ["b"]) in ([first, second], [second, first])
        assert core.sockets("/", ["b"], ["a"]) == [second]
        assert core.find("/", first.sid) is first and core.find("/", "a") is None
        assert ("b", 2) in core.rooms("/") and core.rooms_count("/") == 4 and core.sockets_count("/") == 2
        core.emit("/", "x", (1,), ["b"], ["a"])
        core.emit("/", "y", ())
        assert two.receive() == '42["x",1]' and two.receive() == '42["y"]'
        assert one.receive() == '42["y"]'
        core.sockets_join("/", ["a"], [], 0, ["c"])
        assert "c" in first.rooms
        core.sockets_leave("/", [], [], 0, ["b"])
        assert core.sockets("/", ["b"]) == []
        core.disconnect_sockets("/", ["c"], [], 0, True)
        assert host.next(_core.DISCONNECTING)[1] is first
        assert core.namespaces() == ["/"] and core.clients_count >= 1


def test_answers_of_one_and_of_many() -> None:
    with running() as (host, port), Client(port) as one, Client(port) as two:
        first, second = host.join(one), host.join(two)
        first.emit_with_ack("ask", (1,), None, 70)
        number = one.receive()[2:].split("[")[0]
        one.send(f'43{number}["yes",{{}}]')
        assert host.next() == (_core.ACK, 70, 0, ("yes", {}))
        first.emit_with_ack("ask", (), 0.01, 71)
        one.receive()
        assert host.next() == (_core.ACK, 71, 6, None)
        host.core.emit_with_ack("/", "all", (), [], [], 0, 5.0, 72)
        number = one.receive()[2:].split("[")[0]
        one.send(f"43{number}[1]")
        two.receive()
        two.close()
        events = [host.next() for _ in range(3)]
        kind, token, outcomes = next(event for event in events if event[0] == _core.ACKS)
        assert token == 72 and sorted(outcomes) == sorted([(first.sid, 0, (1,)), (second.sid, 5, None)])
        host.core.emit_with_ack("/nobody", "all", (), [], [], 0, 5.0, 73)
        while (event := host.next())[0] != _core.ACKS:
            pass
        assert event == (_core.ACKS, 73, [])


def test_what_is_known_of_a_client() -> None:
    with running() as (host, port), Client(port, "&a=b%20c", "X-Name: Ada\r\n") as client:
        sock = host.join(client)
        assert sock.namespace == "/" and sock.transport == "websocket" and not sock.recovered and sock.lane == 0
        assert sock.auth == {} and not sock.auth_given and sock.address == "127.0.0.1"
        assert (b"x-name", b"Ada") in sock.headers and sock.url.endswith("&a=b%20c")
        handshake = sock.handshake
        assert handshake["query"]["a"] == "b c" and handshake["headers"]["x-name"] == "Ada"
        assert handshake["auth"] == {} and handshake["secure"] is False
        assert sock.data == {} and isinstance(sock.buffered_bytes, int)
        sock.data = {"n": 10**30, "x": [1]}
        assert sock.data == {"n": 10**30, "x": [1]}
        with pytest.raises(TypeError, match=r"data\.a: bytes"):
            sock.data = {"a": b""}
        other = host.join(client, "/admin") if host.core.of("/admin") is None else None
        assert other is not None and other.connection == sock.connection and other is not sock


def test_known_sockets_are_fetched() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        sock.data = {"a": 1}
        host.core.fetch_sockets("/", [], [], 0, 5)
        kind, token, status, [(sid, rooms, data, handshake)] = host.next()
        assert (kind, token, status, sid, rooms, data) == (_core.FETCHED, 5, 0, sock.sid, [sock.sid], {"a": 1})
        assert handshake["url"].startswith("/socket.io/")
        host.core.fetch_sockets("/nobody", [], [], 0, 6)
        assert host.next() == (_core.FETCHED, 6, 0, [])


def test_dynamic_namespaces_are_asked_for() -> None:
    with running() as (host, port), Client(port) as client:
        host.core.of_pattern("/room-{id}")
        host.core.of_matching(9)
        host.join(client, "/room-1")
        client.connect("/other", {"a": 1})
        kind, request, name, auth, matcher = host.next()
        assert (kind, name, auth, matcher) == (_core.MATCH, "/other", {"a": 1}, 9)
        request.answer(True)
        assert host.next(_core.JOIN)[2].namespace == "/other"
        client.connect("/more")
        host.next(_core.MATCH)[1].answer(False)
        while '"message":"Invalid namespace"' not in client.receive():
            pass
        with pytest.raises(_core.CoreError) as caught:
            host.core.of_pattern("")
        assert caught.value.kind == 2


def test_outgoing_events_are_told_where_they_are_watched() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        sock.watch_outgoing(True)
        host.core.emit("/", "x", (1, [2]))
        assert host.next() == (_core.OUTGOING, sock, "x", (1, [2]))
        sock.watch_outgoing(False)
        host.core.emit("/", "x", ())
        host.core.post(1)
        assert host.next() == (_core.TASK, 1)


def test_a_handshake_waits_for_leave() -> None:
    with running(allow_request=True, connection_errors=True) as (host, port):
        from threading import Thread

        found: list[int] = []
        thread = Thread(target=lambda: found.append(Client(port, "&who=me").status))
        thread.start()
        _, request, handshake = host.next(_core.ALLOW)
        assert handshake["query"]["who"] == "me"
        request.answer("not you")
        thread.join()
        kind, code, message, context, handshake = host.next()
        assert (kind, code, message) == (_core.CONNECTION_ERROR, 4, "Forbidden") and isinstance(context, str)
        assert found == [403] and handshake["query"]["who"] == "me"


def test_tasks_come_in_order_and_after_a_delay() -> None:
    with running() as (host, _):
        host.core.post(1)
        host.core.post(2)
        host.core.post_after(0.01, 3)
        assert [host.next() for _ in range(3)] == [(_core.TASK, number) for number in (1, 2, 3)]


def test_a_bounded_drain_leaves_the_rest() -> None:
    with running() as (host, _):
        for number in range(5):
            host.core.post(number)
        assert len(host.core.drain(2)) == 2 and host.core.wait(0.0)
        assert len(host.core.drain(2)) == 2 and len(host.core.drain()) == 1
        assert host.core.drain() == [] and not host.core.wait(0.0)


def test_lanes_share_the_clients() -> None:
    with running({"workers": 4}, lanes=2) as (host, port):
        clients = [Client(port) for _ in range(8)]
        for client in clients:
            client.connect()
        joined: dict[int, int] = {}
        while sum(joined.values()) < 8:
            for lane in range(2):
                host.core.wait(0.05, lane)
                for event in host.core.drain(0, lane):
                    if event[0] == _core.JOIN:
                        assert event[2].lane == lane
                        joined[lane] = joined.get(lane, 0) + 1
                        event[1].accept()
        with pytest.raises(IndexError, match="no lane 2"):
            host.core.drain(0, 2)
        for client in clients:
            client.close()


def test_closing_is_the_last_event_of_every_lane() -> None:
    with running(lanes=2) as (host, port), Client(port) as client:
        sock = host.join(client)
        host.core.close()
        host.core.wait_closed()
        events = [event for lane in range(2) for event in host.core.drain(0, lane)]
        assert [event[0] for event in events].count(_core.CLOSED) == 2
        assert (_core.DISCONNECT, sock, "server shutting down") in [event[:3] for event in events]
        with pytest.raises(_core.CoreError) as caught:
            host.listen()
        assert caught.value.kind == 8
