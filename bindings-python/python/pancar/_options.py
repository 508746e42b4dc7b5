"""The options of a server: python-socketio's names and seconds on this side, the core's names and milliseconds on the other."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Options of the core that are durations: seconds here.
DURATIONS = frozenset(
    "ping_interval ping_timeout upgrade_timeout connect_timeout attachment_timeout header_timeout body_timeout"
    " close_timeout ack_timeout buffer_grace".split()
)
# Options of the core that are taken as they are.
PLAIN = frozenset(
    "path add_trailing_slash transports allow_upgrades serve_client workers cors origin_policy trusted_proxies"
    " max_http_buffer_size max_packets_per_payload max_packets_per_poll max_attachments max_fragments max_json_depth"
    " max_namespace_length max_room_length max_namespaces_per_connection max_pending_connects max_pending_packets"
    " max_dynamic_namespaces cleanup_empty_child_namespaces max_rooms_per_socket max_acks_per_socket max_buffered_bytes"
    " max_buffered_packets buffer_policy max_unjoined max_connections max_connections_per_address".split()
)
# Options that are read here.
OWN = frozenset(
    "async_mode async_handlers always_connect namespaces logger engineio_logger json default cors_allowed_origins"
    " cors_credentials http_compression compression_threshold cookie monitor_clients connection_state_recovery"
    " allow_request client_manager serializer socketio_path".split()
)
MODES = (None, "asgi", "threading")
ELSEWHERE = ("aiohttp", "sanic", "tornado", "eventlet", "gevent", "gevent_uwsgi")


@dataclass
class Options:
    """What a server was told."""

    core: dict[str, object]
    default: Callable[[Any], Any] | None = None
    async_handlers: bool = True
    always_connect: bool = False
    namespaces: list[str] | str = field(default_factory=lambda: ["/"])
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("pancar.server"))
    engineio_logger: logging.Logger | None = None
    #: Seconds.
    close_timeout: float = 5
    allow_request: Callable[..., Any] | None = None
    origin_allowed: Callable[..., Any] | None = None


def read(given: Mapping[str, Any]) -> Options:
    """The options of a server; raises TypeError for an unknown name, ValueError for what is not to be had."""
    known = DURATIONS | PLAIN | OWN
    for name in given:
        if name not in known:
            raise TypeError(_unknown(name, known))
    _refuse_what_is_missing(given)
    options = Options(core={name: value for name, value in given.items() if name in PLAIN})
    options.core.update((name, _milliseconds(name, given[name])) for name in DURATIONS & given.keys())
    if "socketio_path" in given:
        options.core["path"] = f"/{given['socketio_path'].strip('/')}/"
    options.default = _default(given)
    options.async_handlers = bool(given.get("async_handlers", True))
    options.close_timeout = given.get("close_timeout", options.close_timeout)
    options.always_connect = bool(given.get("always_connect", False))
    options.namespaces = given.get("namespaces") or ["/"]
    options.logger = _logger(given.get("logger", False), "pancar.server") or options.logger
    options.engineio_logger = _logger(given.get("engineio_logger", False), "pancar.engine")
    options.allow_request = given.get("allow_request")
    _read_http(given, options)
    return options


def _unknown(name: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, known, 3, 0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known))}"
    return f"option {name!r} is unknown; {hint}"


def _refuse_what_is_missing(given: Mapping[str, Any]) -> None:
    mode = given.get("async_mode")
    if mode in ELSEWHERE:
        raise ValueError(f"async_mode {mode!r} is not to be had: use listen() or run(), ASGIApp or WSGIApp")
    if mode not in MODES:
        raise ValueError(f"async_mode {mode!r} is unknown; there are 'asgi' and 'threading'")
    if given.get("client_manager") is not None:
        raise ValueError("client_manager is not to be had: a server is alone so far")
    if given.get("serializer", "default") not in ("default", None):
        raise ValueError("serializer is not to be had: only the default one is")
    if given.get("cors") is not None and given.get("cors_allowed_origins") is not None:
        raise TypeError("cors and cors_allowed_origins are two names for one thing: give one")


def _milliseconds(name: str, seconds: Any) -> object:
    # A pair is an interval and a grace period, which the core has as the timeout alone.
    if name == "ping_interval" and isinstance(seconds, (tuple, list)):
        seconds = seconds[0]
    if seconds is None or isinstance(seconds, bool):
        return seconds
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"option {name!r} is a number of seconds, not {seconds!r}")
    # Rounded, as 0.07 is 70.00000000000001 of them.
    return round(seconds * 1000, 6)


def _logger(given: Any, name: str) -> logging.Logger | None:
    if given is False or given is None:
        return None
    if given is not True:
        return given  # type: ignore[no-any-return]  # whatever has the methods of a logger
    logger = logging.getLogger(name)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())
    return logger


def _default(given: Mapping[str, Any]) -> Callable[[Any], Any] | None:
    """The hook for values that have no JSON form: given, or made of what a module for JSON does with them."""
    default, module = given.get("default"), given.get("json")
    if default is not None and not callable(default):
        raise TypeError(f"default is a function that gives a value with a JSON form, not {default!r}")
    if module is None or default is not None:
        return default
    dumps, loads = getattr(module, "dumps", None), getattr(module, "loads", None)
    if not callable(dumps) or not callable(loads):
        raise TypeError(f"json is a module or an object with dumps and loads, not {module!r}")
    return lambda value: loads(dumps(value))


def _read_http(given: Mapping[str, Any], options: Options) -> None:
    core = options.core
    compression = given.get("http_compression", True)
    if isinstance(compression, (bool, type(None))):
        threshold = given.get("compression_threshold", 1024)
        core["http_compression"] = {"threshold": threshold} if compression else False
    else:
        core["http_compression"] = compression
    if given.get("cookie") is not None:
        core["cookie"] = _cookie(given["cookie"])
    if "connection_state_recovery" in given:
        core["connection_state_recovery"] = _recovery(given["connection_state_recovery"])
    if "cors" not in given:
        _cors(given, options)


def _cors(given: Mapping[str, Any], options: Options) -> None:
    """Same origin by default; '*' every one; [] no checks and no headers; else one, a list, or whom a function allows."""
    origins, credentials = given.get("cors_allowed_origins"), bool(given.get("cors_credentials", True))
    core = options.core
    if origins is None:
        return
    if origins == []:
        core["origin_policy"] = "any"
        return
    if callable(origins):
        options.origin_allowed = origins
        core["cors"] = {"origin": True, "credentials": credentials}
        return
    if origins == "*" or (not isinstance(origins, str) and "*" in origins):
        # A wildcard is not for requests with cookies; then the origin that asks is named.
        core["cors"] = {"origin": True, "credentials": True} if credentials else "*"
        return
    names = [origins] if isinstance(origins, str) else list(origins)
    core["cors"] = {"origin": names, "credentials": credentials}


_COOKIE_NAMES: dict[str, str] = {"httponly": "http_only", "samesite": "same_site", "max-age": "max_age"}


def _cookie(given: Any) -> object:
    if not isinstance(given, Mapping):
        return given
    cookie: dict[str, object] = {}
    for name, value in given.items():
        if callable(value):
            raise TypeError(f"cookie: {name} can't be a function")
        known = str(_COOKIE_NAMES.get(name.lower(), name))
        cookie[known] = value.lower() if known == "same_site" and isinstance(value, str) else value
    return cookie


def _recovery(given: Any) -> object:
    if not isinstance(given, Mapping):
        return given
    recovery = dict(given)
    if "max_disconnection_duration" in recovery:
        recovery["max_disconnection_duration"] = recovery["max_disconnection_duration"] * 1000
    return recovery
