"""Starts a probe as a child process and ends it by its id."""

import os
import queue
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MISSING = 89
START_DEADLINE_S = 600  # the first start may build the probe
STOP_DEADLINE_S = 15

# A busy machine never loses a client. The pings are quick because the polling client, when it disconnects, may forget
# to tell the server and then wait for the answer to its open request.
CALM = {"ping_interval": 500, "ping_timeout": 20000, "connect_timeout": 20000}


class Missing(Exception):
    """A probe that can't be built or lacks the feature here."""


def _environment(options):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROBE_")}
    probe = {f"PROBE_{name.upper()}": str(value) for name, value in {**CALM, **options}.items()}
    return {**inherited, "PORT": "0", "HOST": "127.0.0.1", **probe}


class Probe:
    """A running server under test."""

    def __init__(self, name, options):
        self.name = name
        self._complaints = []
        self._lines = queue.Queue()
        self.process = subprocess.Popen(
            ["tests/probe", name, "conformance"],
            cwd=ROOT,
            env=_environment(options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [self._read(self.process.stdout, self._lines.put), self._read(self.process.stderr, self._complaints.append)]
        self.url = f"http://127.0.0.1:{self._port()}"

    def stop(self):
        """Ends the process; a status other than 0 is an error, and so is a probe that ended by itself."""
        early = self.process.poll() is not None
        self.process.terminate()
        try:
            self.process.wait(STOP_DEADLINE_S)
        finally:
            self.process.kill()
            self.process.wait()
            for reader in self._readers:
                reader.join()
        assert not early, f"{self.name} ended by itself: {self._report()}"
        assert self.process.returncode == 0, f"{self.name} ended badly: {self._report()}"

    def _read(self, stream, take):
        def run():
            with stream:
                for line in stream:
                    take(line)
            take("")

        reader = threading.Thread(target=run, daemon=True)
        reader.start()
        return reader

    def _port(self):
        try:
            while line := self._lines.get(timeout=START_DEADLINE_S):
                if line.startswith("LISTENING "):
                    return int(line.split()[1])
        except queue.Empty:
            self.process.kill()
            raise TimeoutError(f"{self.name} did not start: {self._report()}") from None
        self.process.wait()
        self._readers[1].join()
        raise (Missing if self.process.returncode == MISSING else RuntimeError)(self._report())

    def _report(self):
        return f"status {self.process.returncode}: {''.join(self._complaints).strip()}"
