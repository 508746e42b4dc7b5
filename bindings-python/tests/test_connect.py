"""Coming and going: connect, disconnect, refusals, sessions, environ, recovery, dynamic namespaces."""

import asyncio
import re

import pytest
from talk import Client, connected, listening, refused, until

import pancar
from pancar.exceptions import ConnectionRefusedError


async def test_connect_gets_as_much_as_it_takes():
    got = {}
    sio = pancar.AsyncServer(namespaces=["/"])
    sio.on("connect", lambda sid, environ, auth: got.update(three=(environ["REQUEST_METHOD"], auth)), namespace="/three")
    sio.on("connect", lambda sid, environ: got.update(two=environ["QUERY_STRING"]), namespace="/two")
    sio.on("connect", lambda *args: got.update(all=len(args)), namespace="/all")
    async with listening(sio) as url:
        async with connected(url + "?a=b", "/three", {"token": 1}):
            assert got.pop("three") == ("GET", {"token": 1})
        async with connected(url + "?a=b", "/two", {"token": 1}):
            assert "a=b" in got["two"]
        async with connected(url, "/three"), connected(url, "/all"):
            assert got["three"] == ("GET", None)
            assert got["all"] == 3


async def test_environ():
    sio = pancar.AsyncServer()
    sio.on("connect", lambda sid, environ: None)
    async with listening(sio) as url, connected(url, headers={"X-Who": "me", "Cookie": "a=b"}) as client:
        environ = sio.get_environ(client.sid)
        assert environ["HTTP_X_WHO"] == "me"
        assert environ["HTTP_COOKIE"] == "a=b"
        assert environ["REMOTE_ADDR"] == "127.0.0.1"
        assert environ["PATH_INFO"] == "/socket.io/"
        assert (b"x-who", b"me") in environ["asgi.scope"]["headers"]
        assert sio.get_environ(client.sid) is environ
        assert sio.get_environ("nobody") is None
        assert sio.transport(client.sid) == "websocket"


REFUSALS = [
    (lambda: False, {"message": "Connection rejected by server"}),
    (ConnectionRefusedError, {"message": "Connection rejected by server"}),
    (lambda: ConnectionRefusedError("no"), {"message": "no"}),
    (lambda: ConnectionRefusedError("no", {"code": 1}), {"message": "no", "data": {"code": 1}}),
    (lambda: ConnectionRefusedError("no", 1, 2), {"message": "no", "data": [1, 2]}),
    (lambda: ConnectionRefusedError("no", object()), {"message": "no"}),
    (lambda: RuntimeError("secret"), {"message": "Internal server error"}),
]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(("make", "told"), REFUSALS)
async def test_refusals(make, told, is_async):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    sio = pancar.AsyncServer()
    gone = []

    def refuse(sid, environ):
        outcome = make()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def refuse_later(sid, environ):
        await asyncio.sleep(0)
        return refuse(sid, environ)

    sio.on("connect", refuse_later if is_async else refuse)
    sio.on("disconnect", lambda sid: gone.append(sid))
    async with listening(sio) as url:
        assert await refused(url) == told
        assert sio.sockets_count() == 0
    assert gone == []


async def test_a_client_is_known_while_its_connect_handler_runs():
    sio = pancar.AsyncServer()

    @sio.event
    async def connect(sid, environ):
        await sio.enter_room(sid, "room")
        await sio.save_session(sid, {"name": "Ada"})
        await sio.emit("early", 1, to=sid)
        await asyncio.sleep(0)
        await sio.emit("early", 2, to=[sid])

    sio.on("who", lambda sid: sio.get_session(sid))
    async with listening(sio) as url, connected(url) as client:
        assert [await client.next() for _ in range(2)] == [("early", (1,)), ("early", (2,))]
        await sio.emit("hello", room="room")
        assert await client.next() == ("hello", ())
        assert await client.call("who") == {"name": "Ada"}
        assert sorted(sio.rooms(client.sid)) == sorted(["room", client.sid])
    assert not sio._held


async def test_always_connect_lets_in_first():
    sio = pancar.AsyncServer(always_connect=True)
    sio.on("connect", lambda sid, environ: False)
    async with listening(sio) as url:
        client = Client()
        await client.io.connect(url, transports=["websocket"], wait=False)
        assert (await client.next())[0] == "disconnect"
        await client.io.disconnect()


@pytest.mark.parametrize("ending", ["client", "server", "connection"])
async def test_reasons(ending):
    sio = pancar.AsyncServer()
    reasons = asyncio.Queue()

    @sio.event
    async def disconnect(sid, reason):
        await sio.save_session(sid, {"still": "there"})
        assert await sio.get_session(sid) == {"still": "there"}
        reasons.put_nowait(reason)

    async with listening(sio) as url, connected(url) as client:
        if ending == "client":
            await client.leave()
        elif ending == "server":
            await sio.disconnect(client.sid)
        else:
            await client.io.eio.ws.close()
        reason = await reasons.get()
    expected = {
        "client": sio.reason.CLIENT_DISCONNECT,
        "server": sio.reason.SERVER_DISCONNECT,
        "connection": sio.reason.TRANSPORT_CLOSE,
    }
    assert reason == expected[ending]
    assert isinstance(reason, pancar.DisconnectReason)
    with pytest.raises(KeyError):
        sio.get_session("gone")


async def test_disconnecting_comes_before_disconnect_with_the_rooms():
    sio = pancar.AsyncServer()
    steps = []
    sio.on("disconnecting", lambda sid, reason, rooms: steps.append(("disconnecting", sorted(rooms))))
    sio.on("disconnect", lambda sid: steps.append("disconnect"))
    async with listening(sio) as url, connected(url) as client:
        sid = client.sid
        await sio.enter_room(sid, "r")
        await client.io.disconnect()
        await until(lambda: len(steps) == 2)
    assert steps == [("disconnecting", sorted(["r", sid])), "disconnect"]


async def test_who_leaves_during_connect_is_disconnected_afterwards():
    sio = pancar.AsyncServer()
    steps, go_on = [], asyncio.Event()

    @sio.event
    async def connect(sid, environ):
        steps.append("begin")
        await go_on.wait()
        steps.append("end")

    sio.on("disconnect", lambda sid: steps.append("disconnect"))
    async with listening(sio) as url:
        client = Client()
        await client.io.connect(url, transports=["websocket"], wait=False)
        await until(lambda: steps)
        await client.io.disconnect()
        await until(lambda: sio.clients_count == 0)
        go_on.set()
        await until(lambda: len(steps) == 3)
    assert steps == ["begin", "end", "disconnect"]
    assert not sio._held


async def test_sessions():
    sio = pancar.AsyncServer()
    async with listening(sio) as url, connected(url) as client:
        assert await sio.get_session(client.sid) == {}
        async with sio.session(client.sid) as session:
            session["n"] = 1
        await sio.save_session(client.sid, {"other": object})
        assert await sio.get_session(client.sid) == {"other": object}


async def test_middlewares_run_in_order_and_may_refuse():
    sio = pancar.AsyncServer()
    steps = []

    @sio.use
    async def first(socket):
        steps.append(("first", socket.auth))
        socket.data = {"seen": True}

    @sio.use
    def second(socket):
        steps.append("second")
        if socket.handshake["auth"].get("token") != "secret":
            raise ConnectionRefusedError("unauthorized", {"code": 401})

    sio.on("connect", lambda sid, environ: steps.append("connect"))
    async with listening(sio) as url:
        assert await refused(url, auth={"token": "x"}) == {"message": "unauthorized", "data": {"code": 401}}
        assert steps == [("first", {"token": "x"}), "second"]
        async with connected(url, auth={"token": "secret"}) as client:
            assert steps[-1] == "connect"
            assert sio.socket(client.sid).data == {"seen": True}


@pytest.mark.parametrize(
    "key",
    ["/room-{id}", re.compile(r"^/room-\w+$"), lambda name, auth: name.startswith("/room-")],
    ids=["pattern", "regex", "predicate"],
)
async def test_dynamic_namespaces(key):
    sio = pancar.AsyncServer()
    rooms = sio.of(key)
    rooms.on("connect", lambda namespace, sid, environ: sio.emit("welcome", namespace, to=sid, namespace=namespace))
    rooms.on("say", lambda namespace, sid, text: (namespace, text))
    rooms.use(lambda socket: socket.namespace != "/room-13")
    async with listening(sio) as url:
        async with connected(url, "/room-1") as first, connected(url, "/room-2") as second:
            assert await first.next() == ("welcome", ("/room-1",))
            assert await second.next() == ("welcome", ("/room-2",))
            assert await second.call("say", "hi") == ("/room-2", "hi")
        assert (await refused(url, "/room-13"))["message"] == "Connection rejected by server"
        assert (await refused(url, "/else"))["message"] == "Invalid namespace"


async def test_an_async_predicate():
    sio = pancar.AsyncServer()

    async def takes(name, auth):
        await asyncio.sleep(0)
        return auth == {"may": True}

    sio.of(takes).on("ask", lambda namespace, sid: namespace)
    async with listening(sio) as url:
        async with connected(url, "/any", {"may": True}) as client:
            assert await client.call("ask") == "/any"
        assert (await refused(url, "/other"))["message"] == "Invalid namespace"


async def test_all_namespaces():
    sio = pancar.AsyncServer(namespaces="*")
    sio.on("ask", lambda namespace, sid: namespace, namespace="*")
    async with listening(sio) as url, connected(url, "/whatever") as client:
        assert await client.call("ask") == "/whatever"


async def test_recovery_gives_id_and_missed_events_back():
    sio = pancar.AsyncServer(connection_state_recovery={"max_disconnection_duration": 10})
    recovered = asyncio.Queue()

    @sio.event
    async def connect(sid, environ):
        recovered.put_nowait((sid, sio.socket(sid).recovered))

    async with listening(sio) as url:
        client = Client()
        await client.io.connect(url, transports=["websocket"])
        sid, again = await recovered.get()
        assert not again
        await client.io.disconnect()


async def test_class_namespaces():
    class Chat(pancar.AsyncNamespace):
        def on_connect(self, sid, environ):
            self.save_session(sid, {"n": 0})

        async def on_count(self, sid, by):
            async with self.session(sid) as session:
                session["n"] += by
            await self.emit("count", session["n"], to=sid)
            return session["n"]

        def on_disconnect(self, sid):
            left.append(sid)

    class Chosen(pancar.AsyncNamespace):
        async def trigger_event(self, event, *args):
            return event if event == "anything" else None

    left = []
    sio = pancar.AsyncServer()
    sio.register_namespace(Chat("/chat"))
    sio.register_namespace(Chosen("/chosen"))
    sio.on("extra", lambda sid: "function", namespace="/chat")
    async with listening(sio) as url:
        async with connected(url, "/chat") as client:
            assert await client.call("count", 2) == 2
            assert await client.next() == ("count", (2,))
            assert await client.call("extra") == "function"
        async with connected(url, "/chosen") as client:
            assert await client.call("anything") == "anything"
        await until(lambda: left)
