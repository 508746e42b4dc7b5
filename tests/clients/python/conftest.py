"""Options and fixtures: every test runs on each probe, with both clients, over each transport."""

import contextlib
import itertools
import os

import pytest
from client import Client
from probe import Missing, Probe

_numbers = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--probe", action="append", metavar="NAME", help="probe to judge, repeatable (default: rust)")


def pytest_configure(config):
    config.addinivalue_line("markers", "options(**options): the probe's server options, over calm defaults")


def pytest_generate_tests(metafunc):
    if "probe_name" in metafunc.fixturenames:
        metafunc.parametrize("probe_name", metafunc.config.getoption("--probe") or ["rust"], scope="session")


@pytest.fixture(scope="session")
def probes():
    """One running probe for each name and set of options."""
    with contextlib.ExitStack() as stack:
        running = {}

        def start(name, options):
            key = (name, tuple(sorted(options.items())))
            if key not in running:
                try:
                    running[key] = Probe(name, options)
                    stack.callback(running[key].stop)
                except Missing as reason:
                    running[key] = reason
            if isinstance(running[key], Missing):
                pytest.skip(str(running[key]))
            return running[key]

        yield start


@pytest.fixture
def probe(probes, probe_name, request):
    marker = request.node.get_closest_marker("options")
    return probes(probe_name, marker.kwargs if marker else {})


@pytest.fixture(params=["sync", "asyncio"])
def kind(request):
    return request.param


@pytest.fixture(params=["polling", "websocket", "upgrading"])
def mode(request):
    return request.param


@pytest.fixture
def make(probe, kind, mode):
    """Makes clients that are not connected yet and are closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def new(url=None):
            client = Client(kind, mode, url or probe.url)
            stack.callback(client.close)
            return client

        yield new


@pytest.fixture
def client(make):
    """A connected client that has taken its `auth` event."""
    connected = make().connect()
    connected.take("auth")
    return connected


@pytest.fixture
def namespace():
    """A dynamic namespace that no other test uses."""
    return f"/dyn-{os.getpid()}{next(_numbers):06}"
