"""probe.md: how probes are started."""

import os
import subprocess
from pathlib import Path

import pytest

from wire.server import ROOT, UNAVAILABLE

SCRIPT = ROOT / "tests" / "probe"


@pytest.mark.parametrize("arguments", [["no-such-language"], ["official", "no-such-app"]])
def test_what_does_not_exist(arguments):
    """Exit 89 after one line on standard error."""
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, env=os.environ | {"PORT": "0"})
    assert done.returncode == UNAVAILABLE
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_the_process_is_the_server(server):
    """The script becomes the server, and says nothing but where it listens."""
    pid = server.probe.process.pid
    assert Path(f"/proc/{pid}/comm").read_text().strip() not in ("bash", "probe", "sh")
    owned = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()}
    assert any(target.startswith("socket:") for target in owned)
    assert server.probe.is_alive()
