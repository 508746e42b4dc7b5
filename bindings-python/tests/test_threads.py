"""The server for threads, and WSGI."""

import logging
import threading
import wsgiref.simple_server
from socketserver import ThreadingMixIn

import pytest
import requests
from talk import DEADLINE, Threaded

import pancar
from pancar.exceptions import ConnectionRefusedError, DisconnectedError, TimeoutError


@pytest.fixture
def sio():
    server = pancar.Server()
    yield server
    server.shutdown()


def listen(sio):
    """The URL of a server."""
    return f"http://127.0.0.1:{sio.listen('127.0.0.1', 0)}"


@pytest.mark.parametrize("transports", [("polling",), ("websocket",), ("polling", "websocket")])
def test_both_directions(sio, transports):
    @sio.event
    def connect(sid, environ):
        sio.enter_room(sid, "room")
        sio.save_session(sid, {"n": 1})

    @sio.event
    def echo(sid, *args):
        sio.emit("back", args, room="room")
        with sio.session(sid) as session:
            session["n"] += 1
        return args

    sio.on("count", lambda sid: sio.get_session(sid)["n"])
    with Threaded(listen(sio), transports) as client:
        assert client.call("echo", ("a", b"b")) == ["a", b"b"] or client.call("echo", ("a", b"b")) == ("a", b"b")
        assert client.next() == ("back", ("a", b"b"))
        assert client.call("count") >= 2


def test_order_of_one_client_and_clients_side_by_side(sio):
    order, hold, held = [], threading.Event(), threading.Event()

    @sio.event
    def step(sid, number):
        order.append(number)

    @sio.on("hold")
    def wait(sid):
        held.set()
        assert hold.wait(DEADLINE)

    sio.on("order", lambda sid: order)
    url = listen(sio)
    with Threaded(url) as first, Threaded(url) as second:
        for number in range(200):
            first.io.emit("step", number)
        assert first.call("order") == list(range(200))
        first.io.emit("hold")
        assert held.wait(DEADLINE)
        assert len(second.call("order")) == 200
        hold.set()


def test_call_from_a_handler(sio):
    outcomes, hold = [], threading.Event()

    @sio.event
    def ask(sid):
        return sio.call("question", 1, to=sid)

    @sio.event
    def late(sid):
        with pytest.raises(TimeoutError):
            sio.call("nothing", to=sid, timeout=0.05)
        outcomes.append("late")

    with Threaded(listen(sio)) as client:
        client.io.on("question", lambda x: x + 1)
        client.io.on("nothing", lambda: hold.wait(DEADLINE))
        assert client.call("ask") == 2
        client.call("late")
        hold.set()
    assert outcomes == ["late"]
    with pytest.raises(DisconnectedError):
        sio.call("question", to="nobody")


def test_callbacks_and_answers_of_many(sio):
    answered = threading.Event()
    url = listen(sio)
    with Threaded(url) as client:
        client.io.on("ask", lambda: "yes")
        sio.emit("ask", callback=lambda answer: answered.set() if answer == "yes" else None)
        assert answered.wait(DEADLINE)
        (answer,) = sio.timeout(DEADLINE).emit_with_ack("ask")
        assert answer.value == "yes"
        (found,) = sio.fetch_sockets()
        assert found.id == answer.sid


def test_refusals_and_failures(sio, caplog):
    @sio.event
    def connect(sid, environ, auth):
        if auth != {"word": "let me in"}:
            raise ConnectionRefusedError("no", {"code": 1})

    @sio.event
    def fails(sid):
        raise RuntimeError("it fails")

    sio.on("works", lambda sid: "yes")
    url = listen(sio)
    with pytest.raises(Exception, match=r".*"):
        Threaded(url)
    with caplog.at_level(logging.ERROR), Threaded(url, auth={"word": "let me in"}) as client:
        client.io.emit("fails")
        assert client.call("works") == "yes"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert "it fails" in str(record.exc_info[1])


def test_coroutine_functions_are_refused(sio):
    async def handler(sid):
        pass

    with pytest.raises(TypeError, match="AsyncServer"):
        sio.on("event", handler)
    with pytest.raises(ValueError, match="AsyncServer"):
        sio.register_namespace(pancar.AsyncNamespace("/"))


def test_class_namespaces(sio):
    class Chat(pancar.Namespace):
        def on_echo(self, sid, x):
            self.emit("back", x, to=sid)
            return self.rooms(sid) == [sid]

    sio.register_namespace(Chat())
    with Threaded(listen(sio)) as client:
        assert client.call("echo", 1) is True
        assert client.next() == ("back", (1,))


def test_it_can_listen_again():
    sio = pancar.Server()
    sio.on("ask", lambda sid: "yes")
    for _ in range(2):
        with Threaded(listen(sio)) as client:
            assert client.call("ask") == "yes"
        sio.shutdown()
        sio.wait_closed()
    assert not [thread for thread in threading.enumerate() if thread.name == "pancar-events"]


class Serving(ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


def test_wsgi(sio, tmp_path):
    (tmp_path / "page").write_text("page")

    def rest(environ, start_response):
        start_response("200 OK", [])
        return [b"rest"]

    sio.on("echo", lambda sid, *args: args)
    app = pancar.WSGIApp(sio, rest, {"/page": str(tmp_path / "page")})
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, app, Serving, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert requests.get(url + "/else", timeout=DEADLINE).text == "rest"
        assert requests.get(url + "/page", timeout=DEADLINE).text == "page"
        with Threaded(url, ("polling", "websocket")) as client:
            assert tuple(client.call("echo", ("a", b"b"))) == ("a", b"b")
            assert client.io.transport() == "polling"
    finally:
        server.shutdown()
        server.server_close()
