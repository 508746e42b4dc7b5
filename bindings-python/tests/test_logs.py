"""What is logged, and where."""

import asyncio
import logging
import socket

import pytest
from talk import connected, listening, until

import pancar


def lines(caplog, name):
    return [(record.levelno, record.getMessage()) for record in caplog.records if record.name == name]


async def test_a_logger_tells_who_comes_and_goes_and_what_is_sent(caplog):
    logger = logging.getLogger("test.events")
    logger.setLevel(logging.INFO)
    sio = pancar.AsyncServer(logger=logger)
    sio.on("ask", lambda sid: sio.socket(sid).emit("one"))
    async with listening(sio) as url:
        async with connected(url) as client:
            sid = client.sid
            await client.call("ask")
            await sio.emit("all")
            await sio.emit("some", to=["a", "b"])
        await until(lambda: any("left" in line for _, line in lines(caplog, "test.events")))
    told = [line for _, line in lines(caplog, "test.events")]
    assert told[:-1] == [
        f"{sid} asks to join /",
        f"received event 'ask' from {sid} in /",
        f"emitting event 'one' to {sid} in /",
        "emitting event 'all' to all in /",
        "emitting event 'some' to a b in /",
    ]
    assert told[-1].startswith(f"{sid} has left /: ")


async def test_nothing_is_told_of_events_without_one(caplog):
    caplog.set_level(logging.DEBUG, "pancar.server")
    sio = pancar.AsyncServer()
    sio.on("ask", lambda sid: "yes")
    async with listening(sio) as url, connected(url) as client:
        assert await client.call("ask") == "yes"
    assert lines(caplog, "pancar.server") == []


@pytest.mark.parametrize("given", [True, False])
async def test_what_the_core_logs_goes_to_the_logger_of_the_network(caplog, given):
    name = "test.network" if given else "pancar.engine"
    caplog.set_level(logging.DEBUG, name)
    sio = pancar.AsyncServer(**{"engineio_logger": logging.getLogger(name)} if given else {})
    async with listening(sio) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /socket.io/?EIO=9&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.to_thread(connection.recv, 100)
        await until(lambda: any("EIO is not 4" in line for _, line in lines(caplog, name)))
    level, line = next(each for each in lines(caplog, name) if "request refused" in each[1])
    assert level == logging.DEBUG and "code=5" in line


def test_a_server_that_is_gone_hears_nothing():
    first, second = pancar.AsyncServer(), pancar.AsyncServer()
    del first

    async def main():
        async with listening(second) as url:
            return url

    assert asyncio.run(main()).startswith("http://")
