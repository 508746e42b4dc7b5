"""Loops, processes, garbage, signals."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap
import weakref

import pytest
from talk import connected, listening, until

import pancar


def test_one_server_on_loops_one_after_another():
    sio = pancar.AsyncServer()
    sio.on("ask", lambda sid: "yes")

    async def once():
        async with listening(sio) as url, connected(url) as client:
            assert await client.call("ask") == "yes"

    for _ in range(3):
        asyncio.run(once())


def test_a_loop_that_ends_without_a_shutdown():
    sio = pancar.AsyncServer()
    sio.on("ask", lambda sid: "yes")

    async def once():
        port = await sio.listen("127.0.0.1", 0)
        async with connected(f"http://127.0.0.1:{port}") as client:
            assert await client.call("ask") == "yes"

    for _ in range(2):
        asyncio.run(once())
    asyncio.run(asyncio.wait_for(_shut_down_on(sio), 5))


async def _shut_down_on(sio):
    await sio.listen("127.0.0.1", 0)
    await sio.shutdown()


def test_uvloop():
    uvloop = pytest.importorskip("uvloop")
    sio = pancar.AsyncServer()

    @sio.event
    async def ask(sid):
        await asyncio.sleep(0)
        return "yes"

    async def main():
        async with listening(sio) as url, connected(url) as client:
            assert await client.call("ask") == "yes"

    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


async def test_several_servers():
    servers = [pancar.AsyncServer() for _ in range(3)]
    for number, sio in enumerate(servers):
        sio.on("ask", lambda sid, number=number: number)
    async with listening(servers[0]) as a, listening(servers[1]) as b, listening(servers[2]) as c:
        for number, url in enumerate((a, b, c)):
            async with connected(url) as client:
                assert await client.call("ask") == number


def test_servers_and_handlers_are_freed():
    """Listening or not, with handlers that refer to the server, and with clients that were there."""
    alive = []

    async def main(listens):
        sio = pancar.AsyncServer()

        class Handler:
            def __call__(self, sid, *args):
                return sio.rooms(sid)

        handler = Handler()
        sio.on("ask", handler)
        sio.use(lambda socket: socket.on_any(lambda *args: sio))
        alive.extend([weakref.ref(sio), weakref.ref(handler)])
        if listens:
            async with listening(sio) as url, connected(url) as client:
                await client.call("ask")

    for listens in (False, True):
        asyncio.run(main(listens))
        gc.collect()
        assert [reference() for reference in alive] == [None] * len(alive)


async def test_states_of_clients_are_freed():
    sio = pancar.AsyncServer()
    states = []

    @sio.event
    async def connect(sid, environ):
        view = sio.socket(sid)
        view.on("x", lambda: view)
        states.append(weakref.ref(view))

    async with listening(sio) as url:
        for _ in range(5):
            async with connected(url):
                pass
        await until(lambda: sio.sockets_count() == 0 and sio.clients_count == 0)
        gc.collect()
        assert [state() for state in states] == [None] * 5


async def test_a_subclass():
    class Mine(pancar.AsyncServer):
        def __init__(self, **options):
            super().__init__(ping_interval=5, **options)
            self.on("ask", self.answer)

        async def answer(self, sid):
            return await self.mine(sid)

        async def mine(self, sid):
            return "mine"

        async def emit(self, event, *args, **kwargs):
            await super().emit(event.upper(), *args, **kwargs)

    sio = Mine()
    async with listening(sio) as url, connected(url) as client:
        assert await client.call("ask") == "mine"
        await sio.emit("loud")
        assert await client.next() == ("LOUD", ())


async def test_background_tasks_and_sleep():
    sio = pancar.AsyncServer()
    done = asyncio.Event()

    async def work(number, by=1):
        await sio.sleep(0)
        done.set()
        return number + by

    assert await sio.start_background_task(work, 1, by=2) == 3
    assert done.is_set()


PROGRAM = """
import sys, pancar
sio = pancar.{kind}()
sio.on("disconnect", lambda sid: None)
sio.run("127.0.0.1", 0, on_startup=lambda port: print(port, flush=True))
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["AsyncServer", "Server"])
async def test_signals_end_run(kind, number):
    program = textwrap.dedent(PROGRAM.format(kind=kind))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        port = await asyncio.to_thread(process.stdout.readline)
        async with connected(f"http://127.0.0.1:{int(port)}") as client:
            process.send_signal(number)
            assert (await client.next())[0] == "disconnect"
        assert await asyncio.to_thread(process.wait, 10) == 0
        assert process.stdout.read() == "ended\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_server_made_before_a_fork_listens_after_it():
    program = """
    import asyncio, os, sys, pancar
    sio = pancar.AsyncServer()
    sio.on("ask", lambda sid: "yes", namespace="/made-before")
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    async def main():
        await sio.listen("127.0.0.1", 0)
        assert sorted(sio._core.namespaces()) == ["/", "/made-before"]
        await sio.shutdown()
    asyncio.run(main())
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=20)


@pytest.mark.parametrize("kind", ["AsyncServer", "Server"])
def test_an_interpreter_that_exits_while_clients_are_connected(kind):
    program = f"""
    import asyncio, pancar
    sio = pancar.{kind}()
    async def main():
        port = sio.listen("127.0.0.1", 0)
        if hasattr(port, "__await__"):
            await port
    asyncio.run(main())
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=20)
