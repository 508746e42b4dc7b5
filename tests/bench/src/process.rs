//! What the server costs, seen from outside: CPU of all its threads and memory, its children included.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use serde::Serialize;

/// A server: a process and the children it had when it was looked at.
#[derive(Debug)]
pub struct Process {
    pids: Vec<i32>,
}

/// Memory of a server, in KiB.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Memory {
    /// Resident pages.
    pub rss: u64,
    /// Resident pages, shared ones counted in proportion.
    pub pss: u64,
    /// Resident pages that belong to no file: heap and stacks.
    pub anonymous: u64,
}

/// What happened between two looks at the clocks.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Wall time.
    pub wall: Duration,
    /// CPU time of the server, all threads, kernel and user.
    pub server: Duration,
    /// CPU time of the load generator.
    pub client: Duration,
    /// CPU time of everybody else on the machine, in ticks of 10 ms.
    pub others: Duration,
}

/// A window that has begun.
#[derive(Debug)]
pub struct Window {
    started: Instant,
    server: Duration,
    client: Duration,
    machine: Duration,
}

impl Process {
    /// Looks up `pid` and its children.
    pub fn new(pid: i32) -> io::Result<Self> {
        let mut pids = vec![pid];
        let mut at = 0;
        while at < pids.len() {
            pids.extend(children(pids[at]));
            at += 1;
        }
        fs::metadata(format!("/proc/{pid}"))?;
        Ok(Self { pids })
    }

    /// CPU time so far, in nanoseconds' resolution (`clock_getcpuclockid`, not the ticks of `/proc`).
    pub fn cpu(&self) -> io::Result<Duration> {
        self.pids.iter().try_fold(Duration::ZERO, |sum, &pid| {
            let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid))?;
            Ok(sum + Duration::from(clock_gettime(clock)?))
        })
    }

    /// Memory now.
    pub fn memory(&self) -> io::Result<Memory> {
        let mut sum = Memory::default();
        for pid in &self.pids {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            for line in rollup.lines() {
                let mut words = line.split_ascii_whitespace();
                let (Some(name), Some(value)) = (words.next(), words.next()) else {
                    continue;
                };
                let kib = value.parse().unwrap_or(0);
                match name {
                    "Rss:" => sum.rss += kib,
                    "Pss:" => sum.pss += kib,
                    "Anonymous:" => sum.anonymous += kib,
                    _ => {}
                }
            }
        }
        Ok(sum)
    }

    /// Begins a window.
    pub fn window(&self) -> io::Result<Window> {
        Ok(Window { started: Instant::now(), machine: machine_cpu()?, client: own_cpu()?, server: self.cpu()? })
    }
}

impl Window {
    /// Ends the window.
    pub fn end(self, process: &Process) -> io::Result<Span> {
        let server = process.cpu()? - self.server;
        let client = own_cpu()? - self.client;
        let machine = machine_cpu()?.saturating_sub(self.machine);
        Ok(Span { server, client, others: machine.saturating_sub(server + client), wall: self.started.elapsed() })
    }
}

impl Span {
    /// CPU time of the server per unit, in µs; `None` without units.
    pub fn server_us_per(&self, units: u64) -> Option<f64> {
        per(self.server, units)
    }

    /// CPU time of the load generator per unit, in µs; `None` without units.
    pub fn client_us_per(&self, units: u64) -> Option<f64> {
        per(self.client, units)
    }

    /// Cores that everybody else on the machine used.
    pub fn other_cores(&self) -> f64 {
        self.others.as_secs_f64() / self.wall.as_secs_f64()
    }
}

/// Lifts the soft limit of open files to the hard one and returns it.
pub fn raise_file_limit() -> io::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

fn per(time: Duration, units: u64) -> Option<f64> {
    (units > 0).then(|| time.as_secs_f64() * 1e6 / units as f64)
}

fn own_cpu() -> io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// CPU time that the whole machine has used, interrupts included, time stolen by other machines not.
fn machine_cpu() -> io::Result<Duration> {
    /// Milliseconds per tick of `/proc/stat`, whatever the kernel's own clock does.
    const TICK: u64 = 10;
    let stat = fs::read_to_string("/proc/stat")?;
    let ticks = stat.lines().next().unwrap_or_default().split_ascii_whitespace();
    let ticks: Vec<u64> = ticks.skip(1).flat_map(str::parse).collect();
    let &[user, nice, system, _idle, _iowait, irq, softirq, ..] = ticks.as_slice() else {
        return Err(io::Error::other("/proc/stat has an unknown form"));
    };
    let busy = user + nice + system + irq + softirq;
    Ok(Duration::from_millis(busy * TICK))
}

fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let numbers = |list: String| -> Vec<i32> { list.split_ascii_whitespace().flat_map(str::parse).collect() };
    lists.flat_map(numbers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_uses_cpu_and_memory() {
        let me = Process::new(std::process::id() as i32).expect("alive");
        let window = me.window().expect("clock");
        while window.started.elapsed() < Duration::from_millis(5) {}
        let span = window.end(&me).expect("clock");
        assert!(span.server > Duration::ZERO && span.client > Duration::ZERO);
        assert!(me.memory().expect("rollup").rss > 100);
    }
}
