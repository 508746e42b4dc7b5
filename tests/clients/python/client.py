"""The two clients of python-socketio behind one face, each with an inbox, so that every test runs with both."""

import asyncio
import queue
import threading
from collections import defaultdict

import engineio
import engineio.payload
import socketio

DEADLINE_S = 20

# The client refuses poll answers of more than 16 packets; what a burst of events needs is not what is tested here.
engineio.payload.Payload.max_decode_packets = 10_000

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrading": ["polling", "websocket"]}


class _OrderedEngine(engineio.Client):
    """The threaded client starts a thread for each message, so that a machine under load swaps them, and mixes up
    the parts of a binary event. Here one thread takes them all in the order in which they came."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._messages = queue.SimpleQueue()
        threading.Thread(target=self._take_messages, daemon=True).start()

    def start_background_task(self, target, *args, **options):
        if target is not self.handlers.get("message"):
            return super().start_background_task(target, *args, **options)
        self._messages.put(args)

    def close(self):
        self._messages.put(None)

    def _take_messages(self):
        while (args := self._messages.get()) is not None:
            self.handlers["message"](*args)


class _OrderedClient(socketio.Client):
    def _engineio_client_class(self):
        return _OrderedEngine


class _Loop:
    """An event loop on a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(DEADLINE_S * 2)

    def close(self):
        self.run(self._drain())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _drain(self):
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Client:
    """One connection. `kind` is "sync" or "asyncio"."""

    def __init__(self, kind, mode, url):
        self.mode = mode
        self.url = url
        self.answers = {}
        self._loop = _Loop() if kind == "asyncio" else None
        self._inboxes = defaultdict(queue.Queue)
        made = socketio.AsyncClient if self._loop else _OrderedClient
        self.socket = made(reconnection=False)

    def connect(self, *namespaces, auth=None, headers=None, query=""):
        """Connects to the namespaces; a refusal is `socketio.exceptions.ConnectionError`."""
        namespaces = list(namespaces or ["/"])
        for namespace in namespaces:
            self._listen(namespace)
        self._do(
            self.socket.connect,
            self.url + query,
            headers=headers or {},
            auth=auth,
            transports=TRANSPORTS[self.mode],
            namespaces=namespaces,
            wait_timeout=DEADLINE_S,
        )
        return self

    def emit(self, event, *args, namespace="/"):
        self._do(self.socket.emit, event, args, namespace=namespace)

    def ask(self, event, *args, namespace="/"):
        """Sends an event and returns what was acknowledged: None, the only argument, or a tuple of all."""
        return self._do(self.socket.call, event, args, namespace=namespace, timeout=DEADLINE_S)

    def take(self, event, namespace="/"):
        """The arguments of the oldest event that was not taken yet; waits for one to come."""
        try:
            return self._inboxes[namespace, event].get(timeout=DEADLINE_S)
        except queue.Empty:
            waiting = {key: inbox.qsize() for key, inbox in self._inboxes.items() if not inbox.empty()}
            raise AssertionError(f"no {event} in {namespace}, but {waiting}") from None

    def take_all(self, event, namespace="/"):
        """What is here of the event, without waiting."""
        inbox = self._inboxes[namespace, event]
        return [inbox.get_nowait() for _ in range(inbox.qsize())]

    def fence(self, namespace="/"):
        """Waits until everything that the server sent to this socket before has come."""
        self.ask("message-with-ack", namespace=namespace)

    def id(self, namespace="/"):
        return self.socket.get_sid(namespace)

    @property
    def transport(self):
        return self.socket.transport()

    def disconnect(self):
        self._do(self.socket.disconnect)

    def close(self):
        self.disconnect()
        (self._loop or self.socket.eio).close()

    def _do(self, function, *args, **options):
        result = function(*args, **options)
        return self._loop.run(result) if self._loop else result

    def _listen(self, namespace):
        def heard(event, *args):
            self._inboxes[namespace, event].put(args)
            return self.answers.get(event)

        self.socket.on("*", heard, namespace=namespace)
        for event in ("connect", "connect_error", "disconnect"):
            self.socket.on(event, self._reserved(event, namespace), namespace=namespace)

    def _reserved(self, event, namespace):
        if event == "disconnect":
            return lambda reason: self._inboxes[namespace, event].put((reason,))
        return lambda *args: self._inboxes[namespace, event].put(args)
