"""Listening with TLS, and clients that check the certificate."""

import asyncio
import shutil
import ssl
import subprocess

import pytest
import requests
from talk import DEADLINE

import pancar


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Paths of a certificate for 127.0.0.1 that nobody else trusts, and of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing")
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=pancar"
    where = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1]]
    subprocess.run([*command.split(), *where], check=True, capture_output=True)
    return paths


async def wss(port, certificate):
    """A WebSocket that trusts the certificate alone; what the server says first, and its answer to an event."""
    websockets = pytest.importorskip("websockets.asyncio.client")
    trust = ssl.create_default_context(cafile=str(certificate))
    url = f"wss://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
    async with asyncio.timeout(DEADLINE) if hasattr(asyncio, "timeout") else _Forever():
        async with websockets.connect(url, ssl=trust) as socket:
            opened = await socket.recv()
            await socket.send("40")
            assert (await socket.recv()).startswith('40{"sid":')
            await socket.send('420["secure"]')
            return opened, await socket.recv()


class _Forever:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None


@pytest.mark.parametrize("form", ["paths", "text", "bytes"])
async def test_asyncio(certificate, form):
    forms = {"paths": lambda path: path, "text": lambda path: path.read_text(), "bytes": lambda path: path.read_bytes()}
    certificates, key = (forms[form](path) for path in certificate)
    sio = pancar.AsyncServer()
    sio.on("secure", lambda sid: sio.socket(sid).handshake["secure"])
    port = await sio.listen("127.0.0.1", 0, certificates=certificates, key=key)
    try:
        opened, answer = await wss(port, certificate[0])
        assert opened.startswith('0{"sid":') and answer == "430[true]"
        url = f"https://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling"
        assert (await asyncio.to_thread(requests.get, url, verify=str(certificate[0]), timeout=DEADLINE)).text[:2] == "0{"
        with pytest.raises(requests.exceptions.SSLError):
            await asyncio.to_thread(requests.get, url, timeout=DEADLINE)
    finally:
        await sio.shutdown()


async def test_threads(certificate):
    sio = pancar.Server()
    sio.on("secure", lambda sid: sio.get_environ(sid)["wsgi.url_scheme"])
    sio.on("connect", lambda sid, environ: None)
    port = sio.listen("127.0.0.1", 0, certificates=str(certificate[0]), key=str(certificate[1]))
    try:
        assert (await wss(port, certificate[0]))[1] == '430["https"]'
    finally:
        sio.shutdown()
