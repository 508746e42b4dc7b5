"""Options, markers and fixtures: one probe per language, app and set of options, shared by the tests of a worker."""

import json
import re

import pytest

from wire import Packet, Probe, Server, Unavailable
from wire.socketio import encode

DEFAULT_PROBES = ["rust", "rust-axum"]

# Most tests are not about time: no heartbeat, no connect deadline gets in their way.
CALM = {"ping_interval": 25000, "ping_timeout": 20000, "connect_timeout": 45000}


# Probes whose listener belongs to somebody else.
MOUNTED = {"rust-axum", "python-asgi", "node-attach"}

# Those of them that see whole messages: handshake and frames of a WebSocket are somebody else's too.
CARRIED = {"python-asgi"}

MOST_PROBES = 8

# Tests of security.md's rows.
HOSTILE = re.compile(r"test_[HWS]_\d\d_")


def pytest_addoption(parser):
    parser.addoption(
        "--probe", action="append", metavar="NAME", help="probe to judge, repeatable (default: rust and rust-axum)"
    )


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "options(app=..., **options): the probe's app and server options, over calm defaults"
    )
    config.addinivalue_line(
        "markers", "own_listener: about the listener, which is not the probe's own in a mounted one"
    )
    config.addinivalue_line(
        "markers", "own_framing: about bytes of a WebSocket that a probe which gets whole messages never sees"
    )
    config.addinivalue_line("markers", "beyond_official: advice that the official server does not follow")


def pytest_generate_tests(metafunc):
    if "probe_name" in metafunc.fixturenames:
        metafunc.parametrize("probe_name", metafunc.config.getoption("--probe") or DEFAULT_PROBES, scope="session")


def pytest_collection_modifyitems(config, items):
    def is_kept(item):
        name = getattr(item, "callspec", None) and item.callspec.params.get("probe_name")
        return not (
            (name == "official" and item.get_closest_marker("beyond_official"))
            or (name in MOUNTED and item.get_closest_marker("own_listener"))
            or (name in CARRIED and item.get_closest_marker("own_framing"))
        )

    config.hook.pytest_deselected(items=[item for item in items if not is_kept(item)])
    items[:] = [item for item in items if is_kept(item)]


class Probes:
    """The running probes of this worker, the least recently used one first."""

    def __init__(self):
        self.running = {}
        self.started = set()
        self.failures = {}

    def get(self, language, app, options):
        """A running probe with these options."""
        key = (language, app, json.dumps(options, sort_keys=True))
        probe = self.running.pop(key, None) or self.start(key, options)
        self.running[key] = probe
        return probe

    def start(self, key, options):
        """A new process."""
        language, app, _ = key
        while len(self.running) >= MOST_PROBES:
            self.running.pop(next(iter(self.running))).stop()
        self.give_up_on_what_failed_before(key)
        try:
            probe = Probe(language, app, options, self.has_built(language))
        except (Unavailable, RuntimeError) as failure:
            self.failures[key] = failure
            give_up(failure)
        self.started.add(language)
        return probe

    def give_up_on_what_failed_before(self, key):
        """Tries nothing twice, nor a language that failed three times and never started."""
        of_language = [failure for other, failure in self.failures.items() if other[0] == key[0]]
        if key in self.failures:
            give_up(self.failures[key])
        if len(of_language) >= 3 and key[0] not in self.started:
            give_up(of_language[0])

    def has_built(self, language):
        """True when a probe of this language has been started, so that building it again is needless."""
        return language in self.started

    def forget(self, probe):
        """Lets the next test start a fresh one."""
        self.running = {key: other for key, other in self.running.items() if other is not probe}

    def stop(self):
        """Ends every process."""
        for probe in self.running.values():
            probe.process.terminate()
        for probe in self.running.values():
            probe.stop()


def give_up(failure):
    """Skips the test where the probe can't be had on this machine, fails it where it should have started."""
    if isinstance(failure, Unavailable):
        pytest.skip(str(failure))
    pytest.fail(str(failure))


@pytest.fixture(scope="session")
def probes():
    running = Probes()
    yield running
    running.stop()


def wanted(request):
    """(app, options) of a test: its markers, the nearest one last, over the calm defaults."""
    options = dict(CALM)
    for marker in reversed(list(request.node.iter_markers("options"))):
        options.update(marker.kwargs)
    return options.pop("app", "conformance"), {name: value for name, value in options.items() if value is not None}


@pytest.fixture
def probe(request, probes, probe_name):
    """The shared process; fails the test that ended it."""
    app, options = wanted(request)
    running = probes.get(probe_name, app, options)
    yield running
    if not running.is_alive():
        probes.forget(running)
        pytest.fail(f"the server died: exit {running.process.returncode}, {running.error_tail()}")


def leave(request, view):
    """Closes the connections of a test. What was hostile must have left the server working for others."""
    view.close()
    if HOSTILE.match(request.node.name):
        view.still_works()
        view.close()


@pytest.fixture
def server(request, probe):
    """The server as this test sees it."""
    view = Server(probe)
    yield view
    leave(request, view)


@pytest.fixture
def fresh_server(request, probes, probe_name):
    """A server of this test's own, for what would disturb others: memory, shutdown."""
    app, options = wanted(request)
    try:
        own = Probe(probe_name, app, options, probes.has_built(probe_name))
    except (Unavailable, RuntimeError) as failure:
        give_up(failure)
    view = Server(own)
    yield view
    try:
        leave(request, view)
    finally:
        own.stop()


@pytest.fixture(params=["polling", "websocket"])
def transport(request):
    """Runs the test once per transport."""
    return request.param


@pytest.fixture(params=["/", "/custom"])
def nsp(request):
    """Runs the test in the main and in another namespace."""
    return request.param


class Echo:
    """How to be echoed by an app: raw messages by `engine`, `message` events by `conformance`."""

    def __init__(self, app):
        self.raw = app == "engine"

    def join(self, session):
        """Makes the session one that stays."""
        if not self.raw:
            session.send("0")
            assert session.read().startswith('0{"sid":')
            assert session.read() == '2["auth",{}]'
        return session

    def say(self, *values):
        """The messages to send for these texts and bytes."""
        return list(values) if self.raw else encode(Packet(2, data=["message", *values]))

    def hear(self, *values):
        """The messages that come back."""
        return list(values) if self.raw else encode(Packet(2, data=["message-back", *values]))

    def works(self, session, *values):
        """Sends and compares what comes back."""
        session.send(*self.say(*values))
        expected = self.hear(*values)
        assert [session.read() for _ in expected] == expected


@pytest.fixture(params=["conformance", pytest.param("engine", marks=pytest.mark.options(app="engine"))])
def echo(request):
    """Runs the test on the Socket.IO app and on the bare Engine.IO app."""
    return Echo(request.param)
