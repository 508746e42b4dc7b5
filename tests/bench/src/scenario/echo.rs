//! `echo`: every connection keeps `depth` messages under way; one unit is one message there and back.

use std::io;
use std::time::Instant;

use crate::args::Args;
use crate::check::{SendTimes, Tracker};
use crate::connection::{Quiet, Traffic};
use crate::flow::{self, Flow, Measured, Report};
use crate::message::{Expected, Template};
use crate::pool::Pool;

/// Distance between the first numbers of two connections, so that a stray message is noticed.
const APART: u64 = 10_000_000_000;

struct Echo {
    flow: Flow,
    depth: usize,
    template: Template,
    expected: Expected,
    streams: Vec<Stream>,
}

/// What one connection sent and received.
struct Stream {
    sent: u64,
    tracker: Tracker,
    times: SendTimes,
}

pub(super) fn run(args: &Args) -> io::Result<Report> {
    let mut pool = Pool::new(args.target())?;
    pool.open(args.connections, &mut Quiet)?;
    let mut echo = Echo::new(args);
    flow::measure(args, "message", &mut pool, &mut echo)
}

impl Echo {
    fn new(args: &Args) -> Self {
        Self {
            flow: Flow::default(),
            depth: args.depth,
            template: Template::new("echo", args.payload),
            expected: Expected::new("echo-back", args.payload),
            streams: (0..args.connections as u64).map(Stream::new).collect(),
        }
    }
}

impl Stream {
    fn new(id: u64) -> Self {
        Self { sent: id * APART, tracker: Tracker::starting_at(id * APART), times: SendTimes::new(Instant::now()) }
    }

    #[inline]
    fn send(&mut self, template: &mut Template, now: Instant, out: &mut Vec<u8>) {
        template.push(self.sent, out);
        self.times.set(self.sent, now);
        self.sent += 1;
    }
}

impl Traffic for Echo {
    #[inline]
    fn message(&mut self, id: usize, text: &[u8], now: Instant, out: &mut Vec<u8>) {
        let stream = &mut self.streams[id];
        let Some(sequence) = self.expected.sequence(text) else {
            self.flow.altered();
            return;
        };
        let verdict = stream.tracker.receive(sequence, stream.sent);
        let counts = self.flow.arrived(verdict, stream.times.get(sequence), now);
        if counts && self.flow.sending {
            stream.send(&mut self.template, now, out);
        }
    }
}

impl Measured for Echo {
    fn flow(&mut self) -> &mut Flow {
        &mut self.flow
    }

    fn outstanding(&self) -> u64 {
        let of = |stream: &Stream| stream.tracker.outstanding(stream.sent);
        self.streams.iter().map(of).sum()
    }

    fn start(&mut self, pool: &mut Pool) {
        let mut out = Vec::new();
        for (id, stream) in self.streams.iter_mut().enumerate() {
            for _ in 0..self.depth {
                stream.send(&mut self.template, Instant::now(), &mut out);
            }
            pool.write(id, &out);
            out.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reply to `sequence`, as a correct server would send it.
    fn reply(sequence: u64) -> Vec<u8> {
        let padding: String = ('a'..='z').cycle().take(112).collect();
        format!("42[\"echo-back\",\"{sequence:016}{padding}\"]").into_bytes()
    }

    #[test]
    fn every_kind_of_wrong_delivery_is_counted() {
        let words = "--port 1 --pid 1 --scenario echo --connections 2".split(' ');
        let mut echo = Echo::new(&Args::parse(words.map(str::to_owned)).expect("valid"));
        let mut out = Vec::new();
        for _ in 0..5 {
            echo.streams[0].send(&mut echo.template, Instant::now(), &mut out);
            echo.streams[1].send(&mut echo.template, Instant::now(), &mut out);
        }
        let mut altered = reply(APART + 2);
        altered[40] ^= 1;
        let arrivals = [reply(APART), reply(APART + 3), reply(APART + 1), reply(APART + 1), altered, reply(2)];
        for text in arrivals {
            echo.message(1, &text, Instant::now(), &mut out);
        }
        let tally = echo.flow.tally;
        assert_eq!((tally.checked, tally.misordered), (6, 1));
        assert_eq!((tally.doubled, tally.altered), (1, 2));
        assert_eq!(echo.outstanding(), 5 + 2);
    }
}
