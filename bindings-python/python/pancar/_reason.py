"""Why a client left."""

from __future__ import annotations

_WORDS = {
    "client namespace disconnect": "client disconnect",
    "server namespace disconnect": "server disconnect",
    "forced close": "server disconnect",
    "forced server close": "server disconnect",
    "server shutting down": "server disconnect",
}


class DisconnectReason(str):
    """A reason in the words of python-socketio; what has none there is told in words of its own.

    ``official`` is the word of the JavaScript server, ``detail`` more for people, often empty.
    """

    __slots__ = ("detail", "official")

    official: str
    detail: str

    def __new__(cls, official: str, detail: str = "") -> DisconnectReason:
        reason = super().__new__(cls, _WORDS.get(official, official))
        reason.official = official
        reason.detail = detail
        return reason


class Reason:
    """The reasons that disconnect handlers get, as strings: ``AsyncServer.reason.PING_TIMEOUT``."""

    #: The server disconnected the client, or is closing.
    SERVER_DISCONNECT = "server disconnect"
    #: The client left the namespace.
    CLIENT_DISCONNECT = "client disconnect"
    #: The client did not answer a ping in time.
    PING_TIMEOUT = "ping timeout"
    #: The client closed its connection.
    TRANSPORT_CLOSE = "transport close"
    #: The connection broke.
    TRANSPORT_ERROR = "transport error"
    #: The client sent what is no legal packet.
    PARSE_ERROR = "parse error"
    #: The client sent a message larger than ``max_http_buffer_size``.
    PAYLOAD_TOO_LARGE = "payload too large"
    #: The client did not read what was sent to it.
    SLOW_CONSUMER = "slow consumer"
    #: The client went past another limit.
    POLICY_VIOLATION = "policy violation"
