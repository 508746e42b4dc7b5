"""A TCP connection that reads exactly what is asked for, before a deadline."""

import contextlib
import socket
import struct
import sys
import time

DEADLINE = 5.0
CHUNK = 1 << 16


class Closed(Exception):
    """The other side ended it. `code` is the status of a WebSocket close frame or of an HTTP answer, if any."""

    def __init__(self, detail="closed", code=None, response=None):
        super().__init__(f"{detail} (code {code})" if code is not None else detail)
        self.code = code
        self.response = response


class Silent(Exception):
    """Nothing came before the deadline; the connection is still there."""


def unread(local, remote):
    """Bytes that the socket with these addresses, of whatever process, has received and not read; from Linux's table."""
    wanted = [hex_address(*local), hex_address(*remote)]
    with open("/proc/net/tcp") as table:
        lines = (line.split() for line in table)
        return next((int(line[4].partition(":")[2], 16) for line in lines if line[1:3] == wanted), 0)


def hex_address(host, port):
    """An IPv4 address as /proc/net/tcp writes it: the bytes of the host in the order of the machine."""
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"


class Stream:
    """One TCP connection. `receive_buffer` asks the kernel for a small window, for clients that never read."""

    def __init__(self, address, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def send(self, data, within=DEADLINE):
        """Hands everything to the kernel."""
        try:
            self.socket.settimeout(within)
            self.socket.sendall(data)
        except TimeoutError:
            raise Silent("the other side does not read") from None
        except OSError as error:
            raise Closed(str(error)) from None

    def settle(self, within=DEADLINE):
        """Waits until the other side, on this machine, has read all that was sent."""
        deadline = time.monotonic() + within
        while unread(self.socket.getpeername(), self.socket.getsockname()):
            if time.monotonic() > deadline:
                raise Silent("the other side does not read")

    def fill(self, deadline):
        """Reads at least one byte into the buffer; False at the end of the stream."""
        try:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = self.socket.recv(CHUNK)
        except TimeoutError:
            raise Silent("nothing came") from None
        except OSError:
            return False
        self.buffer += chunk
        return bool(chunk)

    def read_until(self, delimiter, within=DEADLINE):
        """The bytes before the delimiter, which is consumed."""
        deadline = time.monotonic() + within
        while (end := self.buffer.find(delimiter)) < 0:
            if not self.fill(deadline):
                raise Closed(f"end of stream after {bytes(self.buffer[:200])!r}")
        line = bytes(self.buffer[:end])
        del self.buffer[: end + len(delimiter)]
        return line

    def read_exactly(self, size, within=DEADLINE):
        """Exactly `size` bytes."""
        deadline = time.monotonic() + within
        while len(self.buffer) < size:
            if not self.fill(deadline):
                raise Closed(f"end of stream after {bytes(self.buffer[:200])!r}")
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def read_to_end(self, within=DEADLINE):
        """Everything up to the end of the stream."""
        deadline = time.monotonic() + within
        while self.fill(deadline):
            pass
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def ends(self, within=DEADLINE):
        """True when the other side closes before the deadline, whatever it sends before."""
        try:
            self.read_to_end(within)
        except Silent:
            return False
        return True

    def half_close(self):
        """Says that nothing more will be sent."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def abort(self):
        """Closes with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        """Closes in the ordinary way."""
        self.socket.close()
