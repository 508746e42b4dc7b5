//! The load generator against the floor: both speak the protocol, and nothing gets lost between them.

use std::thread;

use pancar_bench::args::Args;
use pancar_bench::floor::Floor;
use pancar_bench::flow::Report;
use pancar_bench::scenario;

/// Runs a scenario against a floor in this process.
fn run(options: &str) -> Report {
    let floor = Floor::bind(0).expect("a free port");
    let port = floor.port().expect("bound");
    thread::spawn(|| floor.serve());
    let line = format!("--port {port} --pid {} --seconds 0.2 --warmup 0.05 {options}", std::process::id());
    let args = Args::parse(line.split(' ').map(str::to_owned)).expect("valid");
    scenario::run(&args).expect("a report")
}

#[test]
fn echoes_come_back_in_order() {
    for options in ["--depth 1", "--depth 32", "--payload 70000 --depth 4"] {
        let report = run(&format!("--scenario echo --connections 5 {options}"));
        assert!(report.is_clean() && report.units > 0, "{options}: {report:?}");
        assert!(report.cpu_us_per_unit.is_some() && report.p999_us.is_some());
    }
}

#[test]
fn broadcasts_reach_every_member() {
    for options in ["--inflight 1", "--inflight 8"] {
        let report = run(&format!("--scenario broadcast --members 50 {options}"));
        assert!(report.is_clean() && report.units > 0, "{options}: {report:?}");
    }
}

#[test]
fn idle_connections_stay() {
    let report = run("--scenario idle --connections 100");
    assert!(report.is_clean() && report.idle.is_some(), "{report:?}");
}
