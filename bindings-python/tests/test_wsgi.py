"""Under WSGI servers that hand out their sockets."""

import contextlib
import importlib.util
import re
import subprocess
import sys
import textwrap
import threading

import pytest
import requests
from talk import DEADLINE, Threaded

import pancar

MODULE = """
import pancar

sio = pancar.Server(cors_allowed_origins="*")
sio.on("echo", lambda sid, *args: args)
sio.on("software", lambda sid: sio.get_environ(sid)["SERVER_SOFTWARE"])
sio.on("leave", lambda sid: sio.disconnect(sid))


def rest(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"rest"]


app = pancar.WSGIApp(sio, rest)
"""


@contextlib.contextmanager
def werkzeug():
    """The URL of the module under werkzeug."""
    serving = pytest.importorskip("werkzeug.serving")
    module = {}
    exec(compile(MODULE, "module", "exec"), module)  # noqa: S102
    server = serving.make_server("127.0.0.1", 0, module["app"], threaded=True, request_handler=Quiet.of(serving))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        module["sio"].shutdown()


class Quiet:
    """A request handler without a line per request."""

    @staticmethod
    def of(serving):
        return type("Handler", (serving.WSGIRequestHandler,), {"log": lambda *_: None})


@pytest.fixture
def gunicorn(tmp_path):
    """The same under gunicorn with threads."""

    @contextlib.contextmanager
    def running():
        if importlib.util.find_spec("gunicorn") is None:
            pytest.skip("gunicorn is missing")
        (tmp_path / "module.py").write_text(textwrap.dedent(MODULE))
        command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "8", "-b", "127.0.0.1:0", "module:app"]
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
            try:
                lines = []
                for line in process.stderr:
                    lines.append(line)
                    if found := re.search(r"Listening at: (http://[\d.:]+)", line):
                        break
                else:
                    raise AssertionError("".join(lines))
                threading.Thread(target=process.stderr.read, daemon=True).start()
                yield found[1]
            finally:
                process.terminate()

    return running


@pytest.fixture(params=["werkzeug", "gunicorn"])
def url(request):
    """Each of them."""
    run = werkzeug if request.param == "werkzeug" else request.getfixturevalue("gunicorn")
    with run() as url:
        yield url


@pytest.mark.parametrize("transports", [("websocket",), ("polling", "websocket"), ("polling",)], ids="-".join)
def test_every_transport(url, transports):
    assert requests.get(url + "/else", timeout=DEADLINE).text == "rest"
    with contextlib.ExitStack() as stack:
        # More than there are threads: those that were taken over keep none.
        many = 20 if transports == ("websocket",) else 1
        clients = [stack.enter_context(Threaded(url, transports)) for _ in range(many)]
        for client in clients:
            assert tuple(client.call("echo", ("a", b"\x00b"))) == ("a", b"\x00b")
            large = "x" * 300_000
            assert client.call("echo", large) == large
            if transports == ("polling",):
                assert client.call("software") != "pancar", "it is what the WSGI server gave"
            else:
                assert client.io.transport() == "websocket"
        assert requests.get(url + "/else", timeout=DEADLINE).text == "rest"
        left = threading.Event()
        clients[0].io.on("disconnect", lambda *_: left.set())
        clients[0].io.emit("leave")
        assert left.wait(DEADLINE)


def test_a_websocket_that_is_refused(url):
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    answer = requests.get(f"{url}/socket.io/?EIO=4&transport=websocket&sid=nobody", headers=headers, timeout=DEADLINE)
    assert (answer.status_code, answer.json()["code"]) == (400, 1)


def test_a_socket_is_not_taken_over_that_is_encrypted_or_none():
    from pancar import wsgi

    assert wsgi._socket({}) is None
    assert wsgi._socket({"werkzeug.socket": object()}) is None
    import socket
    import ssl

    left, right = socket.socketpair()
    with left, right:
        assert wsgi._socket({"gunicorn.socket": left}) is None, "it is no TCP"
    with socket.socket() as plain:
        assert wsgi._socket({"gunicorn.socket": plain}) is plain
        with ssl.create_default_context().wrap_socket(plain, server_hostname="x", do_handshake_on_connect=False) as tls:
            assert wsgi._socket({"gunicorn.socket": tls}) is None


def test_bodies_of_all_kinds():
    import io

    from pancar import wsgi

    def pieces(body, **environ):
        return b"".join(wsgi._pieces({"wsgi.input": io.BytesIO(body), **environ}))

    assert pieces(b"body", CONTENT_LENGTH="3") == b"bod"
    assert pieces(b"body") == b""
    assert pieces(b"x" * 200_000, **{"wsgi.input_terminated": True}) == b"x" * 200_000
    with pytest.raises(ConnectionResetError):
        pieces(b"bo", CONTENT_LENGTH="4")
