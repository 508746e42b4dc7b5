"""A probe process, and one test's view of it."""

import json
import os
import selectors
import subprocess
import tempfile
import time
from pathlib import Path

from .engine import PollingSession, WebSocketSession
from .http import Http, query
from .socketio import Client
from .stream import DEADLINE, Closed, Stream
from .websocket import Handshake, WebSocket

ROOT = Path(__file__).resolve().parents[3]
UNAVAILABLE = 89
START_DEADLINE = 600.0
STOP_DEADLINE = 10.0


class Unavailable(Exception):
    """The probe can't be had on this machine; the message says why."""


def environment(options, built):
    """The environment of a probe with these options."""
    own = {
        f"PROBE_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in options.items()
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROBE_")}
    return {**inherited, **own, "PORT": "0", "HOST": "127.0.0.1"} | ({"PANCAR_PROBE_BUILT": "1"} if built else {})


class Probe:
    """One running server process."""

    def __init__(self, language, app, options, built=False):
        self.app = app
        self.transports = options.get("transports", ["polling", "websocket"])
        self.path = options.get("path", "/engine.io/" if app == "engine" else "/socket.io/")
        self.errors = tempfile.TemporaryFile(mode="w+", errors="replace")
        self.process = subprocess.Popen(
            [ROOT / "tests" / "probe", language, app],
            env=environment(options, built),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.address = ("127.0.0.1", self.read_port())

    def read_port(self):
        """The port of the `LISTENING` line."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline() if selector.select(START_DEADLINE) else b""
        word, _, port = line.decode().partition(" ")
        if word == "LISTENING":
            return int(port)
        self.kill()
        reason = f"exit {self.process.returncode}, said {line!r}, {self.error_tail()}"
        raise Unavailable(reason) if self.process.returncode == UNAVAILABLE else RuntimeError(reason)

    def error_tail(self):
        """The end of what it wrote to standard error."""
        self.errors.seek(0)
        return self.errors.read()[-2000:]

    def is_alive(self):
        """True while the process runs."""
        return self.process.poll() is None

    def resident_bytes(self):
        """Resident memory of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def processor_seconds(self):
        """User and system time that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        """Ends the process at once unless it is about to end by itself."""
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Server:
    """A probe as one test sees it: makes connections of its own and closes them at the end of the test."""

    def __init__(self, probe):
        self.probe = probe
        self.address, self.path = probe.address, probe.path
        self.connections = []
        self.watcher = None

    def keep(self, connection):
        """Remembers what is to be closed."""
        self.connections.append(connection)
        return connection

    def close(self):
        """Closes every connection of the test."""
        for connection in self.connections:
            connection.close()

    def stream(self):
        """A bare TCP connection."""
        return self.keep(Stream(self.address))

    def http(self, path=None):
        """A connection for HTTP requests."""
        return self.keep(Http(self.address, path or self.path))

    def websocket(self, query_text=None, early=b"", receive_buffer=None, **how):
        """An open WebSocket; a handshake of its own by default."""
        handshake = Handshake(query(transport="websocket") if query_text is None else query_text, **how)
        return self.keep(WebSocket.open(self.address, self.path, handshake, early, receive_buffer))

    def refusal(self, query_text, **how):
        """The HTTP answer to a WebSocket upgrade that must be refused."""
        try:
            self.websocket(query_text, **how)
        except Closed as closed:
            assert closed.response is not None, "closed without an answer"
            return closed.response
        raise AssertionError("the upgrade was accepted")

    def session(self, transport, **how):
        """An open Engine.IO session."""
        kind = PollingSession if transport == "polling" else WebSocketSession
        return self.keep(kind(self.address, self.path, **how))

    def client(self, transport="websocket", nsp="/", auth=None, **how):
        """A Socket.IO client that has joined and consumed `auth` (with an offset behind it where recovery is on)."""
        client = Client(self.session(transport, **how))
        client.connect(nsp, auth)
        assert client.expect("auth", nsp)[0] == (auth or {})
        return client

    def observer(self):
        """One more client, to ask the server questions; the same one all through the test."""
        self.watcher = self.watcher or self.client()
        return self.watcher

    def settle(self):
        """Some round trips of another client: what was sent before them has been read by now."""
        for _ in range(3):
            self.observer().call("message-with-ack")

    def log(self, socket_id):
        """What the probe logged about a socket: a list of (event, reason)."""
        return [(entry["event"], entry["reason"]) for entry in self.observer().ask("log") if entry["id"] == socket_id]

    def reason(self, socket_id, within=DEADLINE):
        """Waits until the socket is disconnected; the reason. Asserts that it happens once, `disconnecting` first."""
        deadline = time.monotonic() + within
        while not any(event == "disconnect" for event, _ in self.log(socket_id)):
            assert time.monotonic() < deadline, f"{socket_id} is still connected"
        ends = [entry for entry in self.log(socket_id) if entry[0] in ("disconnecting", "disconnect")]
        assert [event for event, _ in ends] == ["disconnecting", "disconnect"], ends
        assert len({reason for _, reason in ends}) == 1, ends
        return ends[0][1]

    def until(self, condition, within=DEADLINE):
        """Asks until the answer is true."""
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, "it never became true"

    def still_works(self):
        """Another client can join and talk, over every transport that is on."""
        for transport in self.probe.transports:
            session = self.session(transport)
            if self.probe.app == "engine":
                session.send("ping", b"\x01")
                assert [session.read(), session.read()] == ["ping", b"\x01"]
            else:
                client = Client(session)
                client.connect()
                event = "ack" if self.probe.app == "bench" else "message-with-ack"
                assert client.call(event, ["ping", b"\x01"]) == [["ping", b"\x01"]]
            session.close()
