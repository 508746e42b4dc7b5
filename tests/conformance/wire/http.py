"""HTTP/1.1 by hand: requests as bytes, answers with their exact status, headers and body."""

import json
from dataclasses import dataclass, field
from urllib.parse import quote

from .stream import DEADLINE, Closed, Stream

BODYLESS = {204, 304}


def query(**parameters):
    """`EIO=4` and the parameters, percent-encoded; None leaves one out."""
    merged = {"EIO": "4", **parameters}
    return "&".join(f"{key}={quote(str(value), safe='')}" for key, value in merged.items() if value is not None)


@dataclass
class Response:
    """What came back. Header names are in lower case, in wire order."""

    status: int
    headers: list = field(default_factory=list)
    body: bytes = b""

    def header(self, name):
        """The value of a header, None when absent."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    @property
    def text(self):
        """The body as text."""
        return self.body.decode()

    @property
    def json(self):
        """The body as JSON."""
        return json.loads(self.body)


class Http(Stream):
    """A keep-alive connection for HTTP requests."""

    def __init__(self, address, path, receive_buffer=None):
        super().__init__(address, receive_buffer)
        self.host = f"{address[0]}:{address[1]}"
        self.path = path

    def head(self, method, query_text, headers=()):
        """The bytes of a request's head."""
        lines = [f"{method} {self.path}?{query_text} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send_request(self, method, query_text, body=None, headers=()):
        """Sends a request and returns without reading."""
        if body is not None:
            body = body.encode() if isinstance(body, str) else body
            headers = [("Content-Length", len(body)), *headers]
            if not any(name.lower() == "content-type" for name, _ in headers):
                headers.append(("Content-Type", "text/plain;charset=UTF-8"))
        self.send(self.head(method, query_text, headers) + (body or b""))

    def request(self, method, query_text, body=None, headers=(), within=DEADLINE):
        """One request and its answer."""
        self.send_request(method, query_text, body, headers)
        return self.read_response(within, method)

    def get(self, query_text, headers=(), within=DEADLINE):
        """GET and its answer."""
        return self.request("GET", query_text, None, headers, within)

    def post(self, query_text, body, headers=(), within=DEADLINE):
        """POST and its answer."""
        return self.request("POST", query_text, body, headers, within)

    def read_response(self, within=DEADLINE, method="GET"):
        """The next answer, body included."""
        head = self.read_until(b"\r\n\r\n", within).decode("latin-1").split("\r\n")
        version, status, *_ = head[0].split(" ")
        if not version.startswith("HTTP/1."):
            raise Closed(f"not an HTTP answer: {head[0]!r}")
        response = Response(int(status), [parse_header(line) for line in head[1:]])
        response.body = self.read_body(response, within, method)
        return response

    def read_body(self, response, within, method):
        """The body that belongs to a head."""
        if method == "HEAD" or response.status in BODYLESS or response.status < 200:
            return b""
        if response.header("transfer-encoding") == "chunked":
            return self.read_chunks(within)
        length = response.header("content-length")
        return self.read_to_end(within) if length is None else self.read_exactly(int(length), within)

    def read_chunks(self, within):
        """A chunked body."""
        body = b""
        while size := int(self.read_until(b"\r\n", within).split(b";")[0], 16):
            body += self.read_exactly(size, within)
            self.read_exactly(2, within)
        self.read_until(b"\r\n", within)
        return body


def parse_header(line):
    """`Name: value` as (name, value)."""
    name, _, value = line.partition(":")
    return name.lower(), value.strip()
