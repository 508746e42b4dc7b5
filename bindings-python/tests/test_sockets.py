"""Rooms, broadcasts, and clients as objects."""

import asyncio

import pytest
from talk import connected, listening, until

import pancar
from pancar.exceptions import EventRefusedError


async def test_rooms_and_whom_an_event_is_for():
    sio = pancar.AsyncServer()
    async with listening(sio) as url, connected(url) as a, connected(url) as b, connected(url) as c:
        await sio.enter_room(a.sid, "room")
        await sio.enter_room(b.sid, ["room", "other"])
        await sio.emit("one", room="room")
        await sio.emit("two", to=["room", "other", c.sid], skip_sid=[a.sid])
        await sio.emit("three", skip_sid=b.sid)
        await sio.to("room").except_("other").emit("four", (1, 2))
        await sio.except_([a.sid, b.sid]).emit("five")
        await sio.leave_room(b.sid, "other")
        await sio.emit("nobody", to="other")
        await sio.close_room("room")
        await sio.emit("nobody", to="room")
        await sio.emit("end")
        heard = {}
        for name, client in (("a", a), ("b", b), ("c", c)):
            heard[name] = []
            while (event := (await client.next())[0]) != "end":
                heard[name].append(event)
        assert heard == {"a": ["one", "three", "four"], "b": ["one", "two"], "c": ["two", "three", "five"]}
        with pytest.raises(KeyError):
            await sio.enter_room("nobody", "room")


async def test_a_client_is_known_that_has_left_its_own_room():
    sio = pancar.AsyncServer()
    async with listening(sio) as url, connected(url) as a, connected(url) as b:
        await sio.save_session(a.sid, {"n": 1})
        await sio.leave_room(a.sid, a.sid)
        await sio.close_room(b.sid)
        assert sio.rooms(a.sid) == sio.rooms(b.sid) == []
        await sio.emit("nobody", to=[a.sid, b.sid])
        await sio.enter_room(a.sid, "room")
        await sio.socket(b.sid).join("room")
        assert await sio.get_session(a.sid) == {"n": 1}
        await sio.emit("both", room="room")
        assert await a.next() == await b.next() == ("both", ())
        sid = a.sid
        await sio.disconnect(sid)
        assert (await a.next())[0] == "disconnect"
        with pytest.raises(KeyError):
            sio.rooms(sid)


async def test_events_of_other_servers():
    """As the core would tell of them; no cluster is to be had here."""
    sio = pancar.AsyncServer()
    got = []

    class Reply:
        def send(self, args):
            got.append(args)

    async def told(*args):
        got.append(args)
        return "a", "b"

    async def fails():
        raise RuntimeError("of the handler")

    sio.on_server_side("told", told)
    sio.on_server_side("plain", lambda x: x)
    sio.on_server_side("fails", fails)
    failures = []
    async with listening(sio):
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(str(context["exception"])))
        tell = sio._table[pancar._core.SERVER_SIDE]
        for name, args, reply in (
            ("told", (1, b"2"), Reply()), ("told", (), None), ("plain", ([3],), Reply()), ("fails", (), Reply()),
            ("unknown", (), Reply()),
        ):  # fmt: skip
            tell((pancar._core.SERVER_SIDE, "/", name, args, reply))
        tell((pancar._core.SERVER_SIDE, "/elsewhere", "told", (), None))
        await until(lambda: len(got) >= 5 and failures)
    assert sorted(got, key=repr) == sorted([(1, b"2"), ("a", "b"), (), ([3],), ()], key=repr)
    assert failures == ["of the handler"]


async def test_answers_to_a_broadcast():
    sio = pancar.AsyncServer()
    async with listening(sio) as url, connected(url) as a, connected(url) as b:
        a.answer = (1, 2)
        hold = asyncio.Event()
        b.io.on("ask", hold.wait)
        answers = {answer.sid: answer for answer in await sio.timeout(0.1).emit_with_ack("ask")}
        assert (answers[a.sid].args, answers[a.sid].value, answers[a.sid].error) == ((1, 2), 1, None)
        assert (answers[b.sid].args, answers[b.sid].error) == ((), "timeout")
        assert await sio.to("empty").timeout(0.1).emit_with_ack("ask") == []


async def test_many_sockets_at_once():
    sio = pancar.AsyncServer()
    async with listening(sio) as url, connected(url) as a, connected(url) as b:
        await sio.enter_room(a.sid, "in")
        sio.socket(a.sid).data = {"name": "a"}
        await sio.to("in").sockets_join(["x", "y"])
        (found,) = await sio.to("x").fetch_sockets()
        assert (found.id, sorted(found.rooms), found.data) == (a.sid, sorted([a.sid, "in", "x", "y"]), {"name": "a"})
        await found.emit("found", 1)
        assert await a.next() == ("found", (1,))
        await sio.to("in").sockets_leave("x")
        assert {socket.id for socket in await sio.fetch_sockets()} == {a.sid, b.sid}
        assert await sio.to("x").fetch_sockets() == []
        await sio.to("in").disconnect_sockets()
        assert (await a.next())[0] == "disconnect"
        assert sio.sockets_count() == 1


async def test_a_client_as_an_object():
    sio = pancar.AsyncServer()
    async with listening(sio) as url, connected(url, auth={"a": 1}) as client, connected(url) as other:
        socket = sio.socket(client.sid)
        assert sio.socket(client.sid) is socket
        assert (socket.id, socket.namespace, socket.connected, socket.recovered) == (client.sid, "/", True, False)
        assert socket.auth == {"a": 1}
        assert socket.data == {}
        await socket.join("room")
        assert "room" in socket.rooms
        await socket.volatile.emit("to me", 1)
        assert await client.next() == ("to me", (1,))
        await socket.to(other.sid).emit("to you")
        await socket.broadcast.emit("to all others")
        assert [await other.next() for _ in range(2)] == [("to you", ()), ("to all others", ())]
        client.answer = "yes"
        assert await socket.timeout(1).emit_with_ack("ask") == "yes"
        await client.next()
        await socket.disconnect()
        assert (await client.next())[0] == "disconnect"


async def test_listeners_of_a_socket():
    sio = pancar.AsyncServer()
    heard = []

    @sio.event
    def connect(sid, environ):
        socket = sio.socket(sid)
        socket.on_any(lambda event, *args: heard.append(("any", event, *args)))
        socket.once("once", lambda: heard.append("once"))
        socket.on("own", lambda x: x + 1)
        socket.on("gone", lambda: heard.append("gone"))
        socket.off("gone")
        socket.on("disconnect", lambda reason: heard.append(("left", reason)))

    sio.on("both", lambda sid: "server")
    async with listening(sio) as url:
        async with connected(url) as client:
            sio.socket(client.sid).on("both", lambda: heard.append("both"))
            await client.emit("once")
            await client.emit("once")
            await client.emit("gone")
            assert await client.call("own", 1) == 2
            assert await client.call("both") == "server"
            await client.leave()
            await until(lambda: len(heard) == 8)
    events = [("any", "once"), "once", ("any", "once"), ("any", "gone"), ("any", "own", 1), ("any", "both"), "both"]
    assert heard[: len(events)] == events
    assert heard[len(events) :] == [("left", "client disconnect")]


@pytest.mark.parametrize("is_async", [False, True])
async def test_middlewares_of_a_socket(is_async):
    sio = pancar.AsyncServer()
    refusals, handled = [], []

    def check(event, *args):
        if event == "blocked":
            raise EventRefusedError("blocked", {"code": 1})
        return event != "dropped"

    async def check_later(event, *args):
        await asyncio.sleep(0.005 if event == "first" else 0)
        return check(event, *args)

    @sio.event
    async def connect(sid, environ):
        socket = sio.socket(sid)
        socket.use(check_later if is_async else check)
        socket.on_error(lambda refused: refusals.append((refused.message, refused.data)))

    sio.on("*", lambda event, sid: handled.append(event))
    async with listening(sio) as url, connected(url) as client:
        for event in ("first", "blocked", "dropped", "second"):
            await client.emit(event)
        await client.call("last")
    assert handled == ["first", "second", "last"]
    assert refusals == [("blocked", {"code": 1}), ("refused", None)]


async def test_listeners_for_all_events():
    sio = pancar.AsyncServer()
    incoming, outgoing = [], []
    sio.on_any(lambda event, sid, *args: incoming.append((event, args)))
    sio.on_any_outgoing(lambda event, sid, *args: outgoing.append((event, args)))
    sio.on("ask", lambda sid, x: sio.emit("told", x))
    async with listening(sio) as url, connected(url) as client:
        await client.emit("unknown", 1)
        await client.call("ask", 2)
        await client.next()
        await client.call("ask", 3)
    assert incoming == [("unknown", (1,)), ("ask", (2,)), ("ask", (3,))]
    assert outgoing[0] == ("told", (2,))
