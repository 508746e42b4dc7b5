//! A stream of messages under measurement: warm-up, window, drain, and the report of it.

use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::args::Args;
use crate::check::{Tally, Verdict};
use crate::connection::Traffic;
use crate::histogram::Histogram;
use crate::pool::Pool;
use crate::process::{Memory, Process, Span};

/// Without a single arrival for so long a run is given up, and what is under way counts as lost.
const STALL: Duration = Duration::from_secs(5);

/// Counters that every message stream shares.
#[derive(Debug, Default)]
pub struct Flow {
    /// Correctness, over the whole run.
    pub tally: Tally,
    /// Whether new messages are to be sent.
    pub sending: bool,
    units: u64,
    measuring: bool,
    latency: Histogram,
}

/// Traffic that can be measured.
pub trait Measured: Traffic {
    /// Its counters.
    fn flow(&mut self) -> &mut Flow;
    /// Messages sent and not arrived.
    fn outstanding(&self) -> u64;
    /// Sends the first messages.
    fn start(&mut self, pool: &mut Pool);
}

impl Flow {
    /// Counts an arrival that was sent at `sent`; `true` when it is one that was waited for.
    #[inline]
    pub fn arrived(&mut self, verdict: Verdict, sent: Instant, now: Instant) -> bool {
        if !self.tally.count(verdict) {
            return false;
        }
        self.units += 1;
        if self.measuring {
            self.latency.record(now.saturating_duration_since(sent));
        }
        true
    }

    /// Counts a message with wrong content.
    pub fn altered(&mut self) {
        self.tally.count(Verdict::Unknown);
    }
}

/// One line of JSON: what was measured, all times in µs, all memory in KiB.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// What one unit is.
    pub unit: &'static str,
    /// Units inside the window.
    pub units: u64,
    /// Length of the window in seconds.
    pub seconds: f64,
    /// Units per second.
    pub rate: f64,
    /// CPU time of the server per unit; absent when nothing arrived.
    pub cpu_us_per_unit: Option<f64>,
    /// CPU time of the load generator per unit.
    pub client_cpu_us_per_unit: Option<f64>,
    /// Cores that everybody else on the machine used; above about 0.1 the figures are not to be trusted.
    pub other_cores: f64,
    /// Latency that half of the messages stay within.
    pub p50_us: Option<f64>,
    /// Latency that 99 % stay within.
    pub p99_us: Option<f64>,
    /// Latency that 99.9 % stay within.
    pub p999_us: Option<f64>,
    /// Memory of the server right after the window.
    pub memory: Memory,
    /// Whether messages arrived as they should.
    #[serde(flatten)]
    pub tally: Tally,
    /// Connections that the server ended.
    pub closed: u64,
    /// Whether the run was given up because nothing arrived any more.
    pub stalled: bool,
    /// `broadcast`: `join`s sent again because no acknowledgement came within a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_retries: Option<u64>,
    /// `idle`: memory per connection and CPU while nothing happens.
    #[serde(flatten)]
    pub idle: Option<Idle>,
}

/// What idle connections cost.
#[derive(Debug, Default, Serialize)]
pub struct Idle {
    /// Growth of resident memory per connection.
    pub rss_kib_per_connection: f64,
    /// Growth of heap and stacks per connection.
    pub anonymous_kib_per_connection: f64,
    /// CPU time of the server per second while all connections idle, in ms.
    pub idle_cpu_ms_per_s: f64,
}

impl Report {
    /// A report with the figures of one window.
    pub fn of(args: &Args, unit: &'static str, units: u64, span: Span) -> Self {
        let seconds = span.wall.as_secs_f64();
        Self {
            scenario: args.scenario.clone(),
            unit,
            units,
            seconds,
            rate: units as f64 / seconds,
            cpu_us_per_unit: span.server_us_per(units),
            other_cores: span.other_cores(),
            client_cpu_us_per_unit: span.client_us_per(units),
            ..Self::default()
        }
    }

    /// Whether every message arrived once, whole and in order, and nobody was thrown out.
    pub fn is_clean(&self) -> bool {
        self.tally.is_clean() && self.closed == 0 && !self.stalled
    }
}

/// Warms up, measures one window, drains.
pub fn measure<T: Measured>(args: &Args, unit: &'static str, pool: &mut Pool, traffic: &mut T) -> io::Result<Report> {
    let process = Process::new(args.pid)?;
    traffic.flow().sending = true;
    traffic.start(pool);
    let mut stalled = drive(pool, traffic, args.warmup)?;

    let before = traffic.flow().units;
    traffic.flow().measuring = true;
    let window = process.window()?;
    stalled = stalled || drive(pool, traffic, args.window)?;
    let span = window.end(&process)?;
    traffic.flow().measuring = false;
    let units = traffic.flow().units - before;
    let memory = process.memory()?;

    let lost = drain(pool, traffic)?;
    let flow = traffic.flow();
    flow.tally.lost += lost;
    Ok(Report {
        p50_us: flow.latency.quantile_us(0.5),
        p99_us: flow.latency.quantile_us(0.99),
        p999_us: flow.latency.quantile_us(0.999),
        memory,
        tally: flow.tally,
        closed: pool.gone(),
        stalled,
        ..Report::of(args, unit, units, span)
    })
}

/// Keeps the load up for `time`; `true` when it stalled.
fn drive<T: Measured>(pool: &mut Pool, traffic: &mut T, time: Duration) -> io::Result<bool> {
    let end = Instant::now() + time;
    let (mut progress, mut since) = (traffic.flow().units, Instant::now());
    loop {
        pool.turn(traffic)?;
        let now = Instant::now();
        if now >= end {
            return Ok(false);
        }
        if traffic.flow().units > progress {
            (progress, since) = (traffic.flow().units, now);
        } else if now - since > STALL {
            return Ok(true);
        }
    }
}

/// Stops sending and waits for what is under way; returns how much never came.
fn drain<T: Measured>(pool: &mut Pool, traffic: &mut T) -> io::Result<u64> {
    traffic.flow().sending = false;
    let mut since = Instant::now();
    let mut left = traffic.outstanding();
    while left > 0 && since.elapsed() < STALL {
        pool.turn(traffic)?;
        let now_left = traffic.outstanding();
        if now_left < left {
            (left, since) = (now_left, Instant::now());
        }
    }
    // A second copy would arrive right behind the first.
    pool.run_for(Duration::from_millis(50), traffic)?;
    Ok(traffic.outstanding())
}
