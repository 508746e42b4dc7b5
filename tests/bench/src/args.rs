//! The command line of `loadgen`.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use crate::check::REMEMBERED;

/// Shown when the command line is not understood.
pub const USAGE: &str = "usage: loadgen --port PORT --pid PID --scenario echo|broadcast|idle
  [--seconds 3]        length of the measured window
  [--warmup 1.5]       seconds of the same load before it
  [--connections 100]  connections of echo and idle
  [--depth 8]          echo: messages under way per connection
  [--members 1000]     broadcast: sockets in the room
  [--inflight 1]       broadcast: broadcasts under way
  [--payload 128]      bytes of text in a message's argument
  [--strict]           exit 1 when a message was lost, doubled, altered or misordered";

/// What to load, how hard and for how long.
#[derive(Debug, Clone)]
pub struct Args {
    /// Port of the server on 127.0.0.1.
    pub port: u16,
    /// Process id of the server; its children count as well.
    pub pid: i32,
    /// Name of the scenario.
    pub scenario: String,
    /// Length of the measured window.
    pub window: Duration,
    /// Length of the same load before the window.
    pub warmup: Duration,
    /// Connections of `echo` and `idle`.
    pub connections: usize,
    /// Messages under way per connection in `echo`.
    pub depth: usize,
    /// Sockets in the room of `broadcast`.
    pub members: usize,
    /// Broadcasts under way at any time.
    pub inflight: usize,
    /// Bytes of text in a message's argument.
    pub payload: usize,
    /// Whether an incorrect delivery makes the load generator fail.
    pub strict: bool,
}

impl Args {
    /// Reads `--name value` pairs. The error is one line for the user.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self::defaults();
        while let Some(name) = words.next() {
            if name == "--strict" {
                args.strict = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            args.set(&name, &value)?;
        }
        args.checked()
    }

    /// Where the server listens.
    pub fn target(&self) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port)
    }

    fn defaults() -> Self {
        Self {
            port: 0,
            pid: 0,
            scenario: String::new(),
            window: Duration::from_secs(3),
            warmup: Duration::from_millis(1500),
            connections: 100,
            depth: 8,
            members: 1000,
            inflight: 1,
            payload: 128,
            strict: false,
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--port" => self.port = number(name, value)?,
            "--pid" => self.pid = number(name, value)?,
            "--scenario" => self.scenario = value.to_owned(),
            "--seconds" => self.window = seconds(name, value)?,
            "--warmup" => self.warmup = seconds(name, value)?,
            "--connections" => self.connections = number(name, value)?,
            "--depth" => self.depth = number(name, value)?,
            "--members" => self.members = number(name, value)?,
            "--inflight" => self.inflight = number(name, value)?,
            "--payload" => self.payload = number(name, value)?,
            _ => return Err(format!("unknown option {name}")),
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, String> {
        let under_way = 1..=REMEMBERED / 4;
        if self.port == 0 || self.pid <= 0 || self.scenario.is_empty() {
            return Err("--port, --pid and --scenario are needed".to_owned());
        }
        if !under_way.contains(&self.depth) || !under_way.contains(&self.inflight) {
            return Err(format!("--depth and --inflight go from 1 to {}", under_way.end()));
        }
        if self.connections == 0 || self.members == 0 {
            return Err("--connections and --members are at least 1".to_owned());
        }
        Ok(self)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name}: {value} is not a number it can take"))
}

fn seconds(name: &str, value: &str) -> Result<Duration, String> {
    let seconds = number::<f64>(name, value)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{name}: {value} is not a duration"))
}
