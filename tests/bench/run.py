#!/usr/bin/env python3
"""Compares Pancar with the floor and with its peers; see README.md beside this file.

Every measurement is a fresh server process under one scenario of `loadgen`. Rounds are outermost and servers
innermost, so that what is compared was measured seconds apart. Python's standard library is all it needs.
"""

import argparse
import json
import os
import queue
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Name -> options of loadgen. A scenario of the runner is one of loadgen's with its settings.
SCENARIOS = {
    "echo": ["--scenario", "echo", "--connections", "100", "--depth", "8"],
    "echo-32": ["--scenario", "echo", "--connections", "100", "--depth", "32"],
    "broadcast-1000": ["--scenario", "broadcast", "--members", "1000", "--inflight", "1"],
    "broadcast-1000-w8": ["--scenario", "broadcast", "--members", "1000", "--inflight", "8"],
    "idle-5000": ["--scenario", "idle", "--connections", "5000"],
}
SERVERS = ["floor", "socketioxide", "pancar", "pancar-c", "python-socketio", "python"]
PACKAGES = ["pancar-bench", "pancar-bench-socketioxide"]
# Seconds: the first start of a probe may build it.
BUILD_PATIENCE, START_PATIENCE, STOP_PATIENCE = 1800, 30, 5


class Unavailable(Exception):
    """A server that did not come up, or a run that gave no figures."""


class Server:
    """A server process that listens on a port of its own choice; a context manager that ends it."""

    def __init__(self, command, patience, **more):
        environment = dict(os.environ, PORT="0", HOST="127.0.0.1", **more)
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        ports = queue.Queue()
        threading.Thread(target=self._read, args=(ports,), daemon=True).start()
        try:
            self.port = ports.get(timeout=patience)
        except queue.Empty:
            self.port = None
        if self.port is None:
            self.stop()
            raise Unavailable(f"{command[0]} did not say LISTENING (status {self.process.returncode})")

    def _read(self, ports):
        """Waits for the port, then keeps the pipe empty."""
        for line in self.process.stdout:
            words = line.split()
            if len(words) == 2 and words[0] == "LISTENING":
                ports.put(int(words[1]))
        ports.put(None)

    def stop(self):
        """Ends the process, by its id and gently first."""
        self.process.terminate()
        try:
            self.process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def build():
    """Builds the load generator, the floor and the peer; returns name -> path of the programs."""
    command = ["cargo", "build", "--release", "--message-format=json-render-diagnostics"]
    for package in PACKAGES:
        command += ["--package", package]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    messages = (json.loads(line) for line in done.stdout.splitlines())
    programs = (message.get("executable") for message in messages)
    return {Path(program).name: program for program in programs if program}


def available(commands):
    """Starts every server once: probes get built, and those that can't be are left out with a word."""
    up = {}
    for name, command in commands.items():
        try:
            with Server(command, BUILD_PATIENCE):
                up[name] = command
        except (Unavailable, OSError) as problem:
            print(f"{name} is left out: {problem}", file=sys.stderr)
    return up


def run_once(loadgen, command, options):
    """One fresh server under one scenario; returns loadgen's report."""
    # `available` has let tests/probe build; it need not look again.
    with Server(command, START_PATIENCE, PANCAR_PROBE_BUILT="1") as server:
        line = [loadgen, "--port", str(server.port), "--pid", str(server.process.pid), *options]
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Unavailable(done.stderr.strip() or f"loadgen: status {done.returncode}")
    return json.loads(done.stdout)


class Patience:
    """How long the whole benchmark may still wait for other programs to leave the machine alone."""

    def __init__(self, seconds):
        self.left = seconds

    def wait_for_quiet(self):
        """Returns once nobody uses the machine, or when patience has run out."""
        while self.left > 0 and busy_cores(1.0) > report.NOISY_CORES:
            self.left -= 1

    def repeats(self, figures, seconds):
        """Whether a run that was disturbed is to be repeated, which costs `seconds`."""
        if figures["other_cores"] <= report.NOISY_CORES or self.left <= 0:
            return False
        self.left -= seconds
        return True


def busy_cores(seconds):
    """Cores that the machine uses while this program sleeps."""

    def busy():
        user, nice, system, _idle, _wait, irq, softirq = map(int, open("/proc/stat").readline().split()[1:8])
        return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")

    before = busy()
    time.sleep(seconds)
    return (busy() - before) / seconds


def run_undisturbed(patience, *run):
    """`run_once`, as often as it takes to have the machine to itself."""
    while True:
        patience.wait_for_quiet()
        started = time.monotonic()
        figures = run_once(*run)
        if not patience.repeats(figures, time.monotonic() - started):
            return figures


def run_rounds(arguments, loadgen, commands):
    """All measurements: a list of {scenario, server, round, report or error}."""
    timing = ["--seconds", str(arguments.seconds), "--warmup", str(arguments.warmup)]
    patience = Patience(arguments.patience)
    runs = []
    for number in range(arguments.rounds):
        for scenario in arguments.scenarios:
            for server, command in commands.items():
                run = {"scenario": scenario, "server": server, "round": number}
                try:
                    run["report"] = run_undisturbed(patience, loadgen, command, SCENARIOS[scenario] + timing)
                except Unavailable as problem:
                    run["error"] = str(problem)
                runs.append(run)
                print(f"round {number + 1}/{arguments.rounds} {report.one_line(run)}", file=sys.stderr, flush=True)
    return runs


def machine():
    """What the figures were measured on."""
    models = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cpu": models[0] if models else os.uname().machine,
        "cores": os.cpu_count(),
        "kernel": os.uname().release,
        "load_before": round(os.getloadavg()[0], 2),
    }


def names(known):
    """An argument type: a comma-separated list of known names, in the known order."""

    def parse(text):
        wanted = text.split(",")
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
        return [name for name in known if name in wanted]

    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help="rounds (default 5; medians of fewer are noisy)")
    parser.add_argument("--seconds", type=float, help="length of a measured window (default 3)")
    parser.add_argument("--warmup", type=float, help="seconds of load before the window (default 1.5)")
    parser.add_argument("--patience", type=float, default=300, metavar="SECONDS",
                        help="how long to wait in all, and repeat runs, while other programs use the machine (default 300)")
    parser.add_argument("--quick", action="store_true", help="2 rounds, 1 s windows: for a first look, not for a result")
    parser.add_argument("--scenarios", type=names(list(SCENARIOS)), default=list(SCENARIOS), metavar="A,B")
    parser.add_argument("--servers", type=names(SERVERS), default=SERVERS, metavar="A,B")
    parser.add_argument("--out", type=Path, metavar="FILE", help="writes all runs as JSON, and the tables beside it as .md")
    parser.add_argument("--check", action="store_true", help="exit 1 when a goal is missed (README.md)")
    arguments = parser.parse_args()
    rounds, seconds, warmup = (2, 1.0, 0.5) if arguments.quick else (5, 3.0, 1.5)
    arguments.rounds = arguments.rounds or rounds
    arguments.seconds = arguments.seconds or seconds
    arguments.warmup = warmup if arguments.warmup is None else arguments.warmup
    return arguments


def main():
    arguments = parse_arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    programs = build()
    commands = {
        "floor": [programs["floor"]],
        "socketioxide": [programs["peer-socketioxide"]],
        "pancar": [str(ROOT / "tests" / "probe"), "rust", "bench"],
        "pancar-c": [str(ROOT / "tests" / "probe"), "c", "bench"],
        "python-socketio": [str(ROOT / ".venv" / "bin" / "python"), str(HERE / "peers" / "python-socketio" / "server.py")],
        "python": [str(ROOT / "tests" / "probe"), "python", "bench"],
    }
    commands = available({name: commands[name] for name in arguments.servers})
    about = machine()
    runs = run_rounds(arguments, programs["loadgen"], commands)
    summary = report.summarize(runs)
    tables = "\n\n".join(filter(None, [report.tables(summary, about, arguments), report.noise(runs)]))
    result = {"machine": about, "rounds": arguments.rounds, "seconds": arguments.seconds, "summary": summary}
    print(tables)
    print(json.dumps(result))
    if arguments.out:
        arguments.out.write_text(json.dumps({**result, "runs": runs}, indent=1) + "\n")
        arguments.out.with_suffix(".md").write_text(tables + "\n")
    if arguments.check:
        missed = report.missed_goals(summary, runs)
        print("\n".join(missed) or "all goals met", file=sys.stderr)
        return 1 if missed else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
