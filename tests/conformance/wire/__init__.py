"""Our own client of the wire: every byte under control, nothing repaired, every wait under a deadline."""

from .engine import PollingSession, WebSocketSession
from .http import Http, Response, query
from .server import Probe, Server, Unavailable
from .socketio import Client, Packet, Refused
from .stream import DEADLINE, Closed, Silent, Stream
from .websocket import Handshake, WebSocket, frame

__all__ = [
    "DEADLINE",
    "Client",
    "Closed",
    "Handshake",
    "Http",
    "Packet",
    "PollingSession",
    "Probe",
    "Refused",
    "Response",
    "Server",
    "Silent",
    "Stream",
    "Unavailable",
    "WebSocket",
    "WebSocketSession",
    "frame",
    "query",
]
