"""Options, by the names of python-socketio and of the core."""

import logging

import pytest
import requests
from talk import DEADLINE, connected, listening

import pancar


def core(**options):
    """What the core is told."""
    return pancar.AsyncServer(**options)._options.core


def test_times_are_seconds():
    assert core(ping_interval=0.3, ping_timeout=5, connect_timeout=1)["ping_interval"] == 300
    assert core(ping_interval=(25, 5))["ping_interval"] == 25_000
    with pytest.raises(TypeError, match="ping_timeout"):
        core(ping_timeout="soon")


def test_unknown_options_name_near_ones():
    with pytest.raises(TypeError, match="ping_interval"):
        pancar.AsyncServer(ping_intervall=1)
    with pytest.raises(TypeError, match="cors_allowed_origins"):
        pancar.Server(cors_allowed_origin="*")


@pytest.mark.parametrize(
    "options",
    [{"async_mode": "aiohttp"}, {"async_mode": "x"}, {"client_manager": object()}, {"serializer": "msgpack"}],
    ids=str,
)
def test_what_is_not_to_be_had(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        pancar.AsyncServer(**options)


def test_wrong_values():
    with pytest.raises(pancar.CoreError, match="max_http_buffer_size"):
        pancar.AsyncServer(max_http_buffer_size="large")
    with pytest.raises(TypeError, match="json"):
        pancar.AsyncServer(json=object())
    with pytest.raises(TypeError, match="cors"):
        pancar.AsyncServer(cors="*", cors_allowed_origins="*")


def test_what_python_socketio_takes():
    logger = logging.getLogger("mine")
    sio = pancar.AsyncServer(
        async_mode="asgi",
        logger=logger,
        engineio_logger=False,
        monitor_clients=True,
        cors_credentials=False,
        cookie={"name": "io", "path": "/", "httponly": True, "samesite": "Lax"},
        transports=["websocket"],
        http_compression=False,
        compression_threshold=10,
        namespaces=["/", "/a"],
        allow_upgrades=False,
        always_connect=False,
        max_http_buffer_size=1000,
        ping_timeout=20,
    )
    assert sio.logger is logger
    assert sorted(sio._core.namespaces()) == ["/", "/a"]


ORIGIN = "http://page.example"
CORS = [
    (None, False, None),
    ("*", True, ORIGIN),
    (ORIGIN, True, ORIGIN),
    ("http://other.example", False, None),
    ([ORIGIN, "http://other.example"], True, ORIGIN),
    ([], True, None),
    (lambda origin: origin == ORIGIN, True, ORIGIN),
    (lambda origin: False, False, None),
    (lambda origin, environ: environ["headers"]["origin"] == origin, True, ORIGIN),
]


@pytest.mark.parametrize(("allowed", "may_connect", "header"), CORS, ids=range(len(CORS)))
async def test_origins(allowed, may_connect, header):
    import asyncio

    sio = pancar.AsyncServer(cors_allowed_origins=allowed)
    async with listening(sio) as url:
        how = {"headers": {"Origin": ORIGIN}, "timeout": DEADLINE}
        answer = await asyncio.to_thread(requests.get, url + "/socket.io/?EIO=4&transport=polling", **how)
        if may_connect or header:
            assert answer.headers.get("Access-Control-Allow-Origin") == header
        try:
            async with connected(url, headers={"Origin": ORIGIN}):
                connects = True
        except Exception:
            connects = False
        assert connects == may_connect


async def test_allow_request():
    import asyncio

    sio = pancar.AsyncServer(allow_request=lambda handshake: handshake["query"].get("token") == "secret")
    async with listening(sio) as url:
        async with connected(url + "?token=secret"):
            pass
        path = url + "/socket.io/?EIO=4&transport=polling"
        answer = await asyncio.to_thread(requests.get, path, timeout=DEADLINE)
        assert answer.status_code == 403


@pytest.mark.parametrize("key", ["ping_interval", "max_payload"])
async def test_the_handshake_tells_the_options(key):
    import asyncio

    sio = pancar.AsyncServer(ping_interval=1.5, max_http_buffer_size=2000)
    async with listening(sio) as url:
        path = url + "/socket.io/?EIO=4&transport=polling"
        text = (await asyncio.to_thread(requests.get, path, timeout=DEADLINE)).text
        assert '"pingInterval":1500' in text and '"maxPayload":2000' in text
