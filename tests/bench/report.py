"""Medians, tables and goals of `run.py`. CPU is µs of the server per unit, latency µs, memory KiB."""

from statistics import median

OURS, PEER, FLOOR = "pancar", "socketioxide", "floor"
# Goal: the most that our CPU per unit may be of the peer's.
MOST_OF_PEER = {"echo": 0.4, "broadcast-1000": 0.7, "broadcast-1000-w8": 0.7}
# Goal: the most that a face's CPU per unit may be of the Rust face's.
MOST_OF_OURS = {"pancar-c": {"echo": 1.3}}
# A face, and the server that its users would take otherwise.
RIVALS = {"python": "python-socketio"}
# Goal: the most that a face's CPU per unit may be of its rival's.
MOST_OF_RIVAL = {"python": {"echo": 1 / 10, "broadcast-1000": 1 / 12, "broadcast-1000-w8": 1 / 12}}
# Goal: the most that a face's memory per idle connection may be of its rival's.
MOST_MEMORY_OF_RIVAL = {"python": 1 / 4}
# Cores used by other programs from which on a warning is given.
NOISY_CORES = 0.1
# Goal: the most resident memory per idle connection, in KiB.
MOST_IDLE_KIB = 8
FIGURES = ["cpu_us_per_unit", "client_cpu_us_per_unit", "other_cores", "rate", "p50_us", "p99_us", "p999_us"]
IDLE_FIGURES = ["rss_kib_per_connection", "anonymous_kib_per_connection", "idle_cpu_ms_per_s"]
COUNTS = ["checked", "lost", "doubled", "altered", "misordered", "closed", "join_retries"]


def one_line(run):
    """A run as a line of progress."""
    name = f"{run['scenario']} {run['server']}:"
    if "error" in run:
        return f"{name} {run['error']}"
    figures = run["report"]
    idle = figures.get("rss_kib_per_connection")
    memory = f", {idle:.1f} KiB each" if idle is not None else ""
    return f"{name} {number(figures['cpu_us_per_unit'])} µs, {figures['rate']:,.0f}/s{memory}{wrong(figures, ', ')}"


def wrong(counts, lead=""):
    """What was not as it should be, in words; empty when nothing was."""
    kinds = ["misordered", "lost", "doubled", "altered", "closed"]
    found = [f"{counts[kind]:,} {kind}" for kind in kinds if counts.get(kind)]
    return lead + ", ".join(found) if found else ""


def summarize(runs):
    """Scenario -> server -> medians over the rounds, sums of counts, and ratios to floor and peer."""
    summary = {}
    for run in runs:
        summary.setdefault(run["scenario"], {}).setdefault(run["server"], []).append(run)
    return {
        scenario: {server: summarize_server(server, own, servers) for server, own in servers.items()}
        for scenario, servers in summary.items()
    }


def summarize_server(server, own, servers):
    """The rounds of one server in one scenario, `servers` being all runs of that scenario."""
    reports = [run["report"] for run in own if "report" in run]
    result = {"runs": len(reports), "errors": [run["error"] for run in own if "error" in run]}
    if not reports:
        return result
    result["unit"] = reports[0]["unit"]
    for name in FIGURES + IDLE_FIGURES:
        values = [report[name] for report in reports if report.get(name) is not None]
        result[name] = rounded(median(values)) if values else None
    for name in COUNTS:
        result[name] = sum(report.get(name) or 0 for report in reports)
    result["stalled"] = sum(report["stalled"] for report in reports)
    result["rss_kib"] = median(report["memory"]["rss"] for report in reports)
    result["spread"] = rounded(spread([report["cpu_us_per_unit"] for report in reports if report["cpu_us_per_unit"]]))
    result["of_floor"] = rounded(ratio(own, servers.get(FLOOR, [])))
    result["of_peer"] = rounded(ratio(own, servers.get(PEER, [])))
    result["of_ours"] = rounded(ratio(own, servers.get(OURS, [])))
    result["of_rival"] = rounded(ratio(own, servers.get(RIVALS.get(server), [])))
    result["memory_of_rival"] = rounded(ratio(own, servers.get(RIVALS.get(server), []), memory))
    return result


def rounded(value):
    """Four digits behind the point are more than was measured."""
    return None if value is None else round(value, 4)


def spread(values):
    """(max - min) / median: how far the rounds lie apart."""
    return (max(values) - min(values)) / median(values) if values else None


def ratio(own, base, figure=None):
    """Median of the ratios of a figure (CPU) within one round; rounds in which either failed do not count."""
    figure = figure or cpu
    base_by_round = {run["round"]: figure(run) for run in base}
    pairs = [(figure(run), base_by_round.get(run["round"])) for run in own]
    ratios = [mine / theirs for mine, theirs in pairs if mine and theirs]
    return median(ratios) if ratios else None


def cpu(run):
    """CPU µs per unit of a run, if it has any."""
    return run.get("report", {}).get("cpu_us_per_unit")


def memory(run):
    """KiB per idle connection of a run, if it has any."""
    return run.get("report", {}).get("rss_kib_per_connection")


def number(value):
    """Three significant digits, a dash for nothing."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}"


def percent(value):
    return "-" if value is None else f"{value:.0%}"


def tables(summary, about, arguments):
    """All results as markdown."""
    head = (
        f"{about['cpu']}, {about['cores']} cores, Linux {about['kernel']}; {arguments.rounds} rounds of"
        f" {arguments.seconds:g} s, medians; load before {about['load_before']}"
    )
    flows = {name: servers for name, servers in summary.items() if not name.startswith("idle")}
    idles = {name: servers for name, servers in summary.items() if name.startswith("idle")}
    parts = [head]
    if flows:
        parts.append(flow_table(flows))
    if idles:
        parts.append(idle_table(idles))
    return "\n\n".join(parts)


def noise(runs):
    """A warning when other programs ran on the machine; `None` when they did not."""
    cores = [run["report"]["other_cores"] for run in runs if "report" in run]
    noisy = sum(value > NOISY_CORES for value in cores)
    if not noisy:
        return None
    return f"Other programs used up to {max(cores):.1f} cores during {noisy} of {len(cores)} runs: repeat on an idle machine."


def table(columns, rows):
    """A markdown table; the first two columns are text."""
    lines = [columns, ["---", "---"] + ["---:"] * (len(columns) - 2)] + rows
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def rows(summary, cells):
    """One row per scenario and server; a server without figures shows why."""
    result = []
    for scenario, servers in summary.items():
        for server, figures in servers.items():
            name = f"{scenario} ({figures.get('unit', '-')})"
            result.append([name, server] + (cells(figures) if figures["runs"] else figures["errors"][:1]))
    return result


def flow_table(summary):
    """CPU, rate, latency and correctness of the message streams."""
    columns = ["scenario (unit)", "server", "CPU µs per unit", "spread", "× floor", "× socketioxide", "× pancar", "× rival", "units/s"]
    columns += ["p50 µs", "p99 µs", "misordered", "lost, doubled, altered"]

    def cells(figures):
        checked = max(figures["checked"], 1)
        numbers = [figures[name] for name in ["of_floor", "of_peer", "of_ours", "of_rival", "rate", "p50_us", "p99_us"]]
        late = f"{figures['misordered'] / checked:.1%}" if figures["misordered"] else "0"
        bad = ", ".join(str(figures[kind]) for kind in ["lost", "doubled", "altered"])
        cost = [number(figures["cpu_us_per_unit"]), percent(figures["spread"])]
        return cost + [number(value) for value in numbers] + [late, bad]

    return table(columns, rows(summary, cells))


def idle_table(summary):
    """Memory and CPU of idle connections."""
    columns = ["scenario (unit)", "server", "RSS KiB per connection", "heap KiB per connection", "RSS × rival"]
    columns += ["CPU µs per unit", "spread", "× floor", "× socketioxide", "idle CPU ms/s"]

    def cells(figures):
        held = [number(figures[name]) for name in [*IDLE_FIGURES[:2], "memory_of_rival"]]
        cost = [number(figures["cpu_us_per_unit"]), percent(figures["spread"])]
        rest = [figures["of_floor"], figures["of_peer"], figures["idle_cpu_ms_per_s"]]
        return held + cost + [number(value) for value in rest]

    return table(columns, rows(summary, cells))


def missed_goals(summary, runs):
    """One line for every goal that was missed; a goal that could not be measured is missed."""
    missed = []
    for scenario, most in MOST_OF_PEER.items():
        value = summary.get(scenario, {}).get(OURS, {}).get("of_peer")
        if value is None or value > most:
            missed.append(f"MISSED {scenario}: {number(value)} × {PEER}, goal {most}")
    for face, goals in MOST_OF_OURS.items():
        for scenario, most in goals.items():
            value = summary.get(scenario, {}).get(face, {}).get("of_ours")
            if value is None or value > most:
                missed.append(f"MISSED {scenario}: {face} {number(value)} × {OURS}, goal {most}")
    missed += missed_by_faces(summary)
    idle = summary.get("idle-5000", {}).get(OURS, {}).get("rss_kib_per_connection")
    if idle is None or idle > MOST_IDLE_KIB:
        missed.append(f"MISSED idle-5000: {number(idle)} KiB per connection, goal {MOST_IDLE_KIB}")
    for run in runs:
        problem = run.get("error") or wrong(run["report"]) or ("stalled" if run["report"]["stalled"] else "")
        if run["server"] in [OURS, *MOST_OF_OURS, *RIVALS] and problem:
            missed.append(f"MISSED {run['scenario']} {run['server']}, round {run['round'] + 1}: {problem}")
    return missed


def missed_by_faces(summary):
    """The same for what faces promise in comparison with their rivals."""
    missed = []
    for face, goals in MOST_OF_RIVAL.items():
        for scenario, most in goals.items():
            value = summary.get(scenario, {}).get(face, {}).get("of_rival")
            if value is None or value > most:
                missed.append(f"MISSED {scenario}: {face} {number(value)} × {RIVALS[face]}, goal {number(most)}")
    for face, most in MOST_MEMORY_OF_RIVAL.items():
        value = summary.get("idle-5000", {}).get(face, {}).get("memory_of_rival")
        if value is None or value > most:
            missed.append(f"MISSED idle-5000: {face} {number(value)} × memory of {RIVALS[face]}, goal {most}")
    return missed
