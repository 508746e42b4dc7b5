"""protocol.md §9: what is in flight during an upgrade arrives exactly once and in order, both ways."""

import threading

import pytest

from wire.engine import SEPARATOR, WebSocketSession, decode
from wire.socketio import ACK, EVENT

SESSIONS = 10
PER_STAGE = 200
STAGES = ["before", "get pending", "probing", "noop seen", "after"]


class Flow:
    """One session that is upgraded while it talks and is talked to."""

    def __init__(self, server, number):
        self.server = server
        self.room = f"flow-{number}"
        self.talker = server.client()
        self.client = server.client("polling")
        self.client.call("join", self.room)
        self.down = self.up = 0

    def talk(self, send):
        """One stage: the talker floods the room, the session calls with acks and asks for events of its own."""
        for _ in range(PER_STAGE // 2):
            self.talker.emit("broadcast", {"from": "io", "to": [self.room]}, "down", self.down)
            self.down += 1
        texts = [f'42{self.up + number}["message-with-ack",{self.up + number}]' for number in range(PER_STAGE)]
        self.up += PER_STAGE
        send(texts[: PER_STAGE // 2] + [f'42["server-emit-many",{PER_STAGE // 2},"own"]'] + texts[PER_STAGE // 2 :])

    def run(self):
        """The dance, with a stage of talk between any two steps."""
        polling = self.client.session
        self.talk(lambda texts: polling.send_packets(*texts))
        polling.start_poll()
        self.talk(lambda texts: polling.send_packets(*texts))
        socket = self.server.keep(polling.probe())
        socket.send("2probe")
        self.talk(lambda texts: polling.send_packets(*texts))
        assert socket.read() == "3probe"
        polling.queue.extend(polling.finish_poll().text.split(SEPARATOR))
        polling.queue.extend(polling.poll().text.split(SEPARATOR))
        self.talk(lambda texts: polling.send_packets(*texts))
        socket.send("5")
        self.talk(lambda texts: [socket.send(text) for text in texts])
        self.client.session = WebSocketSession.adopt(socket, polling.handshake)
        self.client.session.queue.extend(decode(packet) for packet in polling.queue if packet[0] == "4")

    def check(self):
        """Everything exactly once, in order."""
        events, acks = {"down": [], "own": []}, []
        expected = self.down + self.up + len(STAGES) * (PER_STAGE // 2)
        for _ in range(expected):
            packet = self.client.read()
            if packet.type == ACK:
                acks.append((packet.id, packet.data))
            else:
                assert packet.type == EVENT, packet
                events[packet.data[0]].append(packet.data[1])
        assert acks == [(number, [number]) for number in range(self.up)]
        assert events["down"] == list(range(self.down))
        assert events["own"] == list(range(PER_STAGE // 2)) * len(STAGES)
        assert self.client.call("message-with-ack", "end") == ["end"]
        assert not self.client.inbox


@pytest.mark.parametrize("number", range(SESSIONS // 2))
def test_W_12_messages_in_flight_during_upgrades(server, number):
    """W-12; ten sessions, 1 000 calls up and 1 000 events down each."""
    for half in range(2):
        flow = Flow(server, f"{number}-{half}")
        flow.run()
        flow.check()


def test_W_12_upgrades_side_by_side(server):
    """The same, five sessions at once."""
    flows = [Flow(server, f"side-{number}") for number in range(5)]
    failures = []

    def upgrade(flow):
        try:
            flow.run()
            flow.check()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=upgrade, args=(flow,)) for flow in flows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
