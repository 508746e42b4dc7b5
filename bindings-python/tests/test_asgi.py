"""Under ASGI servers, and inside FastAPI and Starlette."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import pytest
import requests
from talk import DEADLINE, connected, until

import pancar

HELLO = "hello from the rest"


def needs(*modules):
    """Skips where a module is missing."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"missing: {missing}")


@contextlib.asynccontextmanager
async def under_uvicorn(app, **options):
    """The URL of an application."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="warning", **options))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started or serving.done())
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def talking():
    """A server that echoes and knows where it was reached."""
    sio = pancar.AsyncServer(cors_allowed_origins="*")
    sio.on("connect", lambda sid, environ: None)
    sio.on("echo", lambda sid, *args: args)
    sio.on("address", lambda sid: sio.get_environ(sid)["REMOTE_ADDR"])
    return sio


async def test_the_scope_is_that_of_the_asgi_server():
    """Also what frameworks put into it."""
    sio = pancar.AsyncServer()
    sio.on("connect", lambda sid, environ: None)
    sio.on("scope", lambda sid: [sio.get_environ(sid)["asgi.scope"][key] for key in ("type", "mark", "path")])
    inner = pancar.ASGIApp(sio)
    scopes = []

    async def app(scope, receive, send):
        scope["mark"] = "of the framework"
        scopes.append(scope)
        await inner(scope, receive, send)

    async with under_uvicorn(app) as url:
        for transports, kind in ((("websocket",), "websocket"), (("polling", "websocket"), "http")):
            async with connected(url, transports=transports) as client:
                assert await client.call("scope") == [kind, "of the framework", "/socket.io/"]
                kept = sio.get_environ(client.sid)["asgi.scope"]
                assert any(kept is scope for scope in scopes)
        await until(lambda: sio.clients_count == 0)


async def rest(scope, receive, send):
    """Another application."""
    assert scope["type"] != "lifespan"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": HELLO.encode()})


async def get(url, **how):
    return await asyncio.to_thread(requests.get, url, timeout=DEADLINE, **how)


async def talks(url, sio, socketio_path="socket.io"):
    """Every transport works, with binary and large messages."""
    for transports in (("polling",), ("websocket",), ("polling", "websocket")):
        async with connected(url, transports=transports, socketio_path=socketio_path) as client:
            assert await client.call("echo", ("a", b"\x00b")) == ("a", b"\x00b")
            large = "x" * 300_000
            assert await client.call("echo", large) == large
            assert await client.call("address") == "127.0.0.1"
            await sio.emit("hello", {"to": "all"})
            assert await client.next() == ("hello", ({"to": "all"},))
    await until(lambda: sio.clients_count == 0)


@needs("uvicorn", "websockets", "wsproto")
@pytest.mark.parametrize("ws", ["websockets", "wsproto"])
async def test_uvicorn(ws):
    sio, steps = talking(), []

    async def started():
        steps.append("started")

    app = pancar.ASGIApp(sio, on_startup=started, on_shutdown=lambda: steps.append("ended"))
    async with under_uvicorn(app, ws=ws) as url:
        assert steps == ["started"]
        await talks(url, sio)
        assert (await get(url + "/else")).status_code == 404
    assert steps == ["started", "ended"]


@needs("uvicorn", "websockets")
async def test_around_another_application(tmp_path):
    (tmp_path / "page.html").write_text("<p>page")
    (tmp_path / "secret").write_text("secret")
    public = tmp_path / "public"
    public.mkdir()
    (public / "code.js").write_text("code")
    (public / "index.html").write_text("index")
    files = {"/page": str(tmp_path / "page.html"), "/static": str(public)}
    sio = talking()
    app = pancar.ASGIApp(sio, rest, static_files=files, socketio_path="/chat/io")
    async with under_uvicorn(app, lifespan="off") as url:
        await talks(url, sio, "chat/io")
        assert (await get(url + "/else")).text == HELLO
        assert (await get(url + "/page")).text == "<p>page"
        assert (await get(url + "/static/code.js")).text == "code"
        assert (await get(url + "/static/")).text == "index"
        assert (await get(url + "/static/%2e%2e/secret")).text == HELLO


@needs("uvicorn", "websockets", "fastapi")
@pytest.mark.parametrize("how", ["root", "wrapped", "prefix", "at its path"])
async def test_fastapi(how):
    import fastapi

    started, sio = [], talking()

    @contextlib.asynccontextmanager
    async def lifespan(app):
        started.append(True)
        yield
        started.append(False)

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.get("/hello")
    async def hello():
        await sio.emit("visited")
        return HELLO

    path, served = "socket.io", app
    if how == "root":
        app.mount("/", pancar.ASGIApp(sio))
    elif how == "prefix":
        app.mount("/ws", pancar.ASGIApp(sio))
        path = "ws/socket.io"
    elif how == "at its path":
        app.mount("/socket.io", pancar.ASGIApp(sio))
    else:
        served = pancar.ASGIApp(sio, app)
    async with under_uvicorn(served) as url:
        await talks(url, sio, path)
        async with connected(url, socketio_path=path) as client:
            assert (await get(url + "/hello")).json() == HELLO
            assert await client.next() == ("visited", ())
    assert started == [True, False]


@needs("uvicorn", "websockets", "starlette")
async def test_starlette():
    from starlette.applications import Starlette
    from starlette.routing import Mount

    sio = talking()
    async with under_uvicorn(Starlette(routes=[Mount("/api", pancar.ASGIApp(sio))])) as url:
        await talks(url, sio, "api/socket.io")


@needs("uvicorn", "websockets")
async def test_a_page_of_another_origin():
    sio = pancar.AsyncServer()
    async with under_uvicorn(pancar.ASGIApp(sio)) as url:
        with pytest.raises(Exception, match=r".*"):
            async with connected(url, headers={"Origin": "http://evil.example"}):
                pass
        async with connected(url, headers={"Origin": url}):
            pass


@needs("uvicorn", "websockets")
async def test_a_poll_whose_client_leaves_is_given_up():
    sio = talking()
    async with under_uvicorn(pancar.ASGIApp(sio)) as url:
        host, port = url.removeprefix("http://").split(":")
        opening = await get(url + "/socket.io/?EIO=4&transport=polling")
        sid = opening.json()["sid"] if opening.text.startswith("{") else opening.text.split('"sid":"')[1].split('"')[0]
        with socket.create_connection((host, int(port))) as connection:
            request = f"GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: {host}\r\n\r\n"
            connection.sendall(request.encode())
            await until(lambda: sio._waiting)
        await until(lambda: not sio._waiting)


PROGRAM = """
import pancar
sio = pancar.AsyncServer(cors_allowed_origins="*")
sio.on("echo", lambda sid, *args: args)
sio.on("address", lambda sid: sio.get_environ(sid)["REMOTE_ADDR"])
sio.on("hello", lambda sid: sio.emit("hello", {"to": "all"}))
app = pancar.ASGIApp(sio)
"""


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["hypercorn", "program:app", "--bind", "127.0.0.1:{port}"], marks=needs("hypercorn")),
        pytest.param(
            ["granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", "program:app"],
            marks=needs("granian"),
        ),
    ],
    ids=["hypercorn", "granian"],
)
async def test_other_servers(command, tmp_path):
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    arguments = [sys.executable, "-m", *(word.format(port=port) for word in command)]
    process = subprocess.Popen(arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])})
    try:
        await answers(port, process)
        for transports in (("polling",), ("websocket",), ("polling", "websocket")):
            async with connected(f"http://127.0.0.1:{port}", transports=transports) as client:
                assert await client.call("echo", ("a", b"b")) == ("a", b"b")
                assert await client.call("address") == "127.0.0.1"
                await client.emit("hello")
                assert await client.next() == ("hello", ({"to": "all"},))
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, DEADLINE)
    finally:
        process.kill()


async def answers(port, process):
    """Waits until somebody listens."""
    deadline = time.monotonic() + 15
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None and time.monotonic() < deadline
        await asyncio.sleep(0.05)
