"""App `conformance`: every behaviour that the suites judge from outside."""

import functools
import re

import options
import pancar
from messages import Messages
from pancar.exceptions import ConnectionRefusedError
from questions import Questions
from rooms import Rooms

DYNAMIC = re.compile(r"^/dyn-[0-9]+\Z")


def server():
    """The server."""
    sio = pancar.AsyncServer(**options.conformance())
    log = []
    parts = [Messages(sio, log), Rooms(sio), Questions(sio, log)]
    for namespace in ("/", "/custom", "/guarded", DYNAMIC):
        for part in parts:
            register(sio, part, namespace)
    for namespace in ("/", "/custom", "/guarded"):
        sio.on_server_side("server-side", functools.partial(server_side, sio, namespace), namespace)
    sio.use(guard, namespace="/guarded")
    return sio


def register(sio, part, namespace):
    """Registers the methods `on_…`, which get namespace and id. Those of a pattern get the namespace anyway."""
    for name in dir(part):
        if name.startswith("on_"):
            method = getattr(part, name)
            handler = method if namespace is DYNAMIC else functools.partial(method, namespace)
            sio.on(name.removeprefix("on_").replace("_", "-"), handler, namespace=namespace)


def guard(socket):
    """Lets in who knows the word."""
    auth = socket.auth
    if not isinstance(auth, dict) or auth.get("token") != "secret":
        raise ConnectionRefusedError("unauthorized", {"code": 401})


def server_side(sio, namespace, *args):
    """Another server of the cluster tells everyone here."""
    sio.emit("server-side-seen", args, namespace=namespace, ignore_queue=True)
