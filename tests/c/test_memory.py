"""The probes of C and C++ with a thousand clients, under valgrind and with sanitizers: no error, no leak."""

import resource
import selectors
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tools import ROOT, SANITIZE, SANITIZER_ENVIRONMENT, VALGRIND, build, has
from wire import Client, PollingSession, WebSocketSession
from wire.server import environment

CLIENTS = 1000
AT_ONCE = 8
START_DEADLINE = 60
STOP_DEADLINE = 60

# Nobody is asked for a sign of life, nor is a connection without a request closed; those who left are not waited for.
OPTIONS = {"ping_interval": 600000, "connect_timeout": 600000, "header_timeout": 600000, "close_timeout": 200}


@pytest.fixture(scope="module", autouse=True)
def _descriptors():
    """Enough for each client, in the server, too."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Server:
    """A probe that is being watched."""

    def __init__(self, command, options, variables):
        self.output = tempfile.TemporaryFile(mode="w+", errors="replace")
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env=environment(options, built=True) | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.output,
        )
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline() if selector.select(START_DEADLINE) else b""
        self.address = ("127.0.0.1", int(line.removeprefix(b"LISTENING ") or 0))

    def stop(self):
        """Its exit status, and what it and its watchers said."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = f"killed, with {self.process.wait()}"
        self.output.seek(0)
        return status, self.output.read()


def visit(address, number):
    """A client that has been through everything."""
    kind = WebSocketSession if number % 2 else PollingSession
    nsp = "/custom" if number % 3 == 0 else "/"
    client = Client(kind(address, "/socket.io/"))
    client.connect(nsp, {"number": number})
    assert client.call("message-with-ack", "a", b"\x00\x01", nsp=nsp) == ["a", b"\x00\x01"]
    client.emit("message", {"é": [1, 2.5, None]}, b"\xff" * 100, nsp=nsp)
    client.emit("emit-with-ack", number, nsp=nsp)
    client.answer(client.wait(lambda packet: packet.type == 2 and packet.event[0] == "emit-with-ack"), b"\x07")
    client.call("join", f"room-{number % 10}", nsp=nsp)
    client.call("set-data", {"number": number}, nsp=nsp)
    client.emit("throw", nsp=nsp)
    client.call("once", nsp=nsp)
    client.call("off", nsp=nsp)
    return client


def go(number, client):
    """A quarter each: polite, lost, and both over the other transport; few stay for the end."""
    if number % 100 == 0:
        return
    if number % 4 < 2:
        client.leave()
    else:
        client.vanish()


def use(address):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        clients = list(pool.map(lambda number: visit(address, number), range(CLIENTS)))
        asker = Client(WebSocketSession(address, "/socket.io/"))
        asker.connect()
        assert asker.ask("counts")["clients"] == CLIENTS + 1
        asker.emit("broadcast", {"to": ["room-1"]}, "hello", b"\x01")
        asker.call("broadcast-with-ack", {"to": ["room-2"]}, "hello")
        assert asker.ask("fetch-sockets", ["room-3"])
        list(pool.map(go, range(CLIENTS), clients))
    return clients


def survives(command, options=OPTIONS, **variables):
    server = Server(command, options, variables)
    clients = []
    try:
        clients = use(server.address)
    finally:
        status, output = server.stop()
        print(f"exit {status}\n{output[-20000:]}")
    assert status == 0 and len(clients) == CLIENTS
    assert "ERROR: " not in output and "runtime error" not in output


def probe(folder, language, library, *flags):
    sources = sorted((ROOT / "tests/probes" / language).glob(f"*.{language}"))
    compiler = "g++" if language == "cpp" else "gcc"
    return build(folder / "probe", sources, library, *flags, compiler=compiler)


def test_under_valgrind(library, tmp_path):
    if not has("valgrind"):
        pytest.skip("valgrind is missing")
    survives([*VALGRIND, probe(tmp_path, "c", library)])


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_with_sanitizers(language, library, tmp_path):
    program = probe(tmp_path, language, library, *SANITIZE)
    survives([program], {**OPTIONS, "lanes": 2}, **SANITIZER_ENVIRONMENT)
