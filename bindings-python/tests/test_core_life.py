"""Lifetimes: nothing leaks, and nothing hangs or crashes, whatever ends first."""

from __future__ import annotations

import gc
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import pytest
from core_client import Client, Host, running

from pancar import _core

MANY = 10_000


class Kept:
    """Something that the idiom layer keeps with a socket."""

    def __init__(self, sock: object) -> None:
        self.sock = sock


def memory() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def come_and_go(host: Host, client: Client, count: int) -> list[weakref.ref[object]]:
    gone: list[weakref.ref[object]] = []
    names = [f"/{number}" for number in range(50)]
    for name in names:
        host.core.of(name)
    for _ in range(count // len(names)):
        client.send(*[f'40{name},{{"a":1}}' for name in names])
        left = joined = 0
        while left < len(names):
            assert host.core.wait(5.0)
            for event in host.core.drain():
                if event[0] == _core.JOIN:
                    sock = event[2]
                    sock.state = Kept(sock)
                    gone.append(weakref.ref(sock))
                    event[1].accept()
                    joined += 1
                elif event[0] == _core.DISCONNECT:
                    assert event[1].state.sock is event[1]
                    left += 1
            if joined == len(names):
                joined = 0
                client.send(*[f'42{name},["x",{{"b":[1]}}]' for name in names], *[f"41{name}," for name in names])
    return gone


def test_many_sockets_leave_nothing_behind() -> None:
    with running({"max_pending_connects": 100}) as (host, port), Client(port) as client:
        reader = threading.Thread(target=lambda: swallow(client), daemon=True)
        reader.start()
        come_and_go(host, client, 1_000)
        gc.collect()
        before = memory()
        gone = come_and_go(host, client, MANY)
        gc.collect()
        assert len(gone) == MANY
        assert sum(ref() is not None for ref in gone) == 0
        assert memory() - before < 4 << 20
        assert host.core.sockets_count("/1") == 0


def swallow(client: Client) -> None:
    try:
        while True:
            client.receive()
    except (ConnectionError, OSError):
        pass


def test_the_object_of_a_socket_is_always_the_same() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        sock.state = 5
        number = id(sock)
        del sock
        gc.collect()
        (again,) = host.core.sockets("/")
        assert id(again) == number and again.state == 5
        client.send('42["x"]')
        assert host.next(_core.EVENT)[1] is again


def test_refused_clients_leave_nothing_behind() -> None:
    with running() as (host, port), Client(port) as client:
        refs = []
        for answer in ("reject", "drop", "late"):
            client.connect()
            event = host.next(_core.JOIN)
            event[2].state = Kept(event[2])
            refs.append(weakref.ref(event[2]))
            if answer == "reject":
                event[1].reject("no")
            elif answer == "late":
                client.close()
                while event[1].pending:
                    time.sleep(0.01)
                assert event[1].accept() is False
            del event
        gc.collect()
        assert [ref() for ref in refs] == [None] * 3


def test_a_server_that_is_dropped_lets_go_of_all() -> None:
    host = Host()
    client = Client(host.listen())
    sock = host.join(client)
    sock.state = Kept(sock)
    gone = weakref.ref(sock)
    client.send('42["x"]')
    time.sleep(0.05)
    del sock, host
    gc.collect()
    assert gone() is None
    with pytest.raises(ConnectionError):
        client.receive()
    client.close()


def test_a_socket_outlives_its_server() -> None:
    host = Host()
    client = Client(host.listen())
    sock = host.join(client)
    del host
    gc.collect()
    with pytest.raises(_core.CoreError) as caught:
        sock.emit_with_ack("x", (), 1.0, 1)
    assert caught.value.kind in (5, 8)
    assert sock.sid and isinstance(sock.rooms, list)
    client.close()


def test_threads_emit_while_another_takes_events() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        count, threads = 500, 4

        def work(number: int) -> None:
            for index in range(count):
                sock.emit("n", (number, index))
                host.core.emit("/", "all", (number,), ["nobody"])
                if index % 50 == 0:
                    host.core.sockets("/")
                    time.sleep(0.001)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        seen: dict[int, int] = {}
        for _ in range(count * threads):
            number, index = _core.loads(client.receive()[2:], [])[1:]
            assert seen.get(number, 0) == index, "the order of a thread is kept"
            seen[number] = index + 1
        for worker in workers:
            worker.join()


def test_what_is_held_leaves_together_at_flush() -> None:
    with running() as (host, port), Client(port) as client:
        sock = host.join(client)
        client.send('42["x"]')
        host.core.wait()
        assert len(host.core.drain(hold=True)) == 1
        sock.emit("a", ())
        sock.emit("b", ())
        client._socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.receive()
        client._socket.settimeout(5)
        host.core.flush()
        assert [client.receive(), client.receive()] == ['42["a"]', '42["b"]']
        host.core.flush()


def test_waiting_ends_with_a_task_and_with_the_time() -> None:
    with running() as (host, _):
        assert not host.core.wait(0.0) and not host.core.wait(-1)
        begin = time.monotonic()
        assert not host.core.wait(0.25)
        assert 0.2 < time.monotonic() - begin < 2
        threading.Timer(0.05, host.core.post, (4,)).start()
        assert host.core.wait() and host.core.drain() == [(_core.TASK, 4)]
        for seconds in (math.nan, math.inf, 1e300):
            with pytest.raises(ValueError, match="no duration"):
                host.core.wait(seconds)


def test_the_file_descriptor_is_readable_while_events_wait() -> None:
    import select

    with running() as (host, _):
        fd = host.core.fileno()
        assert fd == host.core.fileno()
        assert select.select([fd], [], [], 0)[0] == []
        host.core.post(1)
        host.core.post(2)
        assert select.select([fd], [], [], 1)[0] == [fd]
        assert len(host.core.drain(1)) == 1
        assert select.select([fd], [], [], 1)[0] == [fd]
        assert len(host.core.drain()) == 1
        assert select.select([fd], [], [], 0)[0] == []


def test_threads_of_the_server_get_no_signals() -> None:
    with running() as _:
        everything = set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}
        masks = []
        time.sleep(0.2)  # a thread names itself
        for task in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{task}/status") as status:
                lines = dict(line.split(":", 1) for line in status)
            if lines["Name"].strip().startswith("pancar"):
                masks.append(int(lines["SigBlk"], 16))
        assert masks
        assert all(mask >> (number - 1) & 1 for mask in masks for number in everything if number < 32)


def run(program: str, timeout: float = 20, **more: object) -> subprocess.CompletedProcess[str]:
    folder = os.path.dirname(__file__)
    text = f"import sys; sys.path.insert(0, {folder!r})\n" + textwrap.dedent(program)
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=timeout, check=False)


@pytest.mark.parametrize(
    "ending",
    [
        "pass",
        "sys.exit(0)",
        "os._exit(0)",
        "host.core.close()",
        "threading.Thread(target=host.core.wait, daemon=True).start(); time.sleep(0.05)",
        "threading.Thread(target=host.core.wait_closed, daemon=True).start(); time.sleep(0.05)",
        "client.send('42[\"x\"]'); del host",
        "sock.state = Kept = type('Kept', (), {'__del__': lambda self: host.core.post(1)})()",
    ],
)
def test_the_interpreter_ends_with_a_server_that_runs(ending: str) -> None:
    program = f"""
    import os, threading, time
    from core_client import Client, Host
    host = Host()
    client = Client(host.listen())
    sock = host.join(client)
    {ending}
    """
    done = run(program)
    assert (done.returncode, done.stderr) == (0, "")


def test_control_c_ends_a_wait() -> None:
    program = """
    import os, signal, threading
    from core_client import Host
    host = Host()
    host.listen()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        host.core.wait()
    except KeyboardInterrupt:
        print("interrupted")
    """
    done = run(program)
    assert done.stdout == "interrupted\n", done.stderr


def test_a_forked_process_leaves_the_server_alone() -> None:
    program = """
    import os
    from core_client import Client, Host
    host = Host()
    client = Client(host.listen())
    sock = host.join(client)
    child = os.fork()
    if child == 0:
        for call in (host.core.drain, host.core.wait, host.core.close, host.core.fileno, host.listen):
            try:
                call()
                os._exit(1)
            except RuntimeError as error:
                assert "forked" in str(error)
        del sock, host, client
        import gc
        gc.collect()
        sys.exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    sock.emit("still", (1,))
    assert client.receive() == '42["still",1]'
    host.close()
    print("fine")
    """
    done = run(program)
    assert done.stdout == "fine\n", done.stderr  # newer Pythons warn of threads


def test_errors_have_their_kinds_and_words() -> None:
    for options, words in [
        ({"ping_intervall": 1}, "did you mean ping_interval"),
        ({"ping_interval": "x"}, "ping_interval"),
        ({"max_json_depth": 0}, "max_json_depth"),
    ]:
        with pytest.raises(_core.CoreError, match=words) as caught:
            _core.Core(options)
        assert caught.value.kind == 1
    with pytest.raises(TypeError, match="cors: a value of type object"):
        _core.Core({"cors": object()})
    with pytest.raises(ValueError, match="0 lanes"):
        _core.Core({}, lanes=0)
    with running() as (host, port):
        for call, kind in [
            (lambda: host.core.listen("127.0.0.1", port), 9),
            (lambda: host.core.of("/a,b"), 2),
            (lambda: host.core.emit("/", "connect", ()), 2),
            (lambda: host.core.listen_tls("127.0.0.1", 0, b"", b""), 10),
        ]:
            with pytest.raises(_core.CoreError) as caught:
                call()
            assert caught.value.kind == kind
        with pytest.raises(TypeError):
            host.core.emit("/", "x", (), "room")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            host.core.emit("/", "x", [1])  # type: ignore[arg-type]
        with pytest.raises(OSError):
            host.core.adopt(10_000, b"")
        with pytest.raises(ValueError):
            host.core.adopt(-1, b"")
