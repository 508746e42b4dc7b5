//! `broadcast`: one sender, `members` receivers in a room, `inflight` broadcasts under way; one unit is one delivery.
//!
//! A broadcast counts as done when every member has it; only then its successor goes out.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::check::{SendTimes, Tracker};
use crate::connection::{Quiet, Traffic};
use crate::flow::{self, Flow, Measured, Report};
use crate::frame::{self, TEXT};
use crate::message::{Expected, Template};
use crate::pool::Pool;

/// How long a `join` may go unanswered before it is sent again.
const JOIN_PATIENCE: Duration = Duration::from_secs(1);
/// How often a `join` is sent at most.
const JOIN_ATTEMPTS: u32 = 5;

struct Broadcast {
    flow: Flow,
    inflight: usize,
    template: Template,
    expected: Expected,
    /// Broadcasts sent so far; the next one's number.
    sent: u64,
    times: SendTimes,
    members: Vec<Tracker>,
    /// Members still to be reached, for every broadcast from number `oldest` on.
    missing: VecDeque<usize>,
    oldest: u64,
    incomplete: usize,
}

pub(super) fn run(args: &Args) -> io::Result<Report> {
    let mut pool = Pool::new(args.target())?;
    // The sender comes last, with an id of `members`.
    pool.open(args.members + 1, &mut Quiet)?;
    let join_retries = join(&mut pool, args.members)?;
    let mut broadcast = Broadcast::new(args);
    let report = flow::measure(args, "delivery", &mut pool, &mut broadcast)?;
    Ok(Report { join_retries: Some(join_retries), ..report })
}

impl Broadcast {
    fn new(args: &Args) -> Self {
        Self {
            flow: Flow::default(),
            inflight: args.inflight,
            template: Template::new("bcast", args.payload),
            expected: Expected::new("bcast", args.payload),
            sent: 0,
            times: SendTimes::new(Instant::now()),
            members: (0..args.members).map(|_| Tracker::starting_at(0)).collect(),
            missing: VecDeque::new(),
            oldest: 0,
            incomplete: 0,
        }
    }

    /// Sends as many broadcasts as are missing under way, in one write.
    fn refill(&mut self, pool: &mut Pool) {
        if self.incomplete >= self.inflight || !self.flow.sending {
            return;
        }
        let now = Instant::now();
        let mut out = Vec::new();
        while self.incomplete < self.inflight {
            self.template.push(self.sent, &mut out);
            self.times.set(self.sent, now);
            self.missing.push_back(self.members.len());
            self.incomplete += 1;
            self.sent += 1;
        }
        pool.write(self.members.len(), &out);
    }

    #[inline]
    fn delivered(&mut self, sequence: u64) {
        let missing = &mut self.missing[(sequence - self.oldest) as usize];
        *missing -= 1;
        if *missing > 0 {
            return;
        }
        self.incomplete -= 1;
        while self.missing.front() == Some(&0) {
            self.missing.pop_front();
            self.oldest += 1;
        }
    }
}

impl Traffic for Broadcast {
    #[inline]
    fn message(&mut self, id: usize, text: &[u8], now: Instant, _: &mut Vec<u8>) {
        let (Some(member), Some(sequence)) = (self.members.get_mut(id), self.expected.sequence(text)) else {
            self.flow.altered();
            return;
        };
        let verdict = member.receive(sequence, self.sent);
        if self.flow.arrived(verdict, self.times.get(sequence), now) {
            self.delivered(sequence);
        }
    }

    fn turn(&mut self, pool: &mut Pool) {
        self.refill(pool);
    }
}

impl Measured for Broadcast {
    fn flow(&mut self) -> &mut Flow {
        &mut self.flow
    }

    fn outstanding(&self) -> u64 {
        let of = |member: &Tracker| member.outstanding(self.sent);
        self.members.iter().map(of).sum()
    }

    fn start(&mut self, pool: &mut Pool) {
        self.refill(pool);
    }
}

/// Which members have an answer to their `join`.
struct Joining {
    joined: Vec<bool>,
    left: usize,
}

impl Traffic for Joining {
    fn message(&mut self, id: usize, text: &[u8], _: Instant, _: &mut Vec<u8>) {
        let Some(joined) = self.joined.get_mut(id) else {
            return;
        };
        if text.starts_with(b"430[") && !*joined {
            *joined = true;
            self.left -= 1;
        }
    }
}

/// Lets the first `members` connections join the room; returns how many had to ask again.
fn join(pool: &mut Pool, members: usize) -> io::Result<u64> {
    let mut request = Vec::new();
    frame::push_client(TEXT, br#"420["join","room"]"#, &mut request);
    let mut joining = Joining { joined: vec![false; members], left: members };
    let mut retries = 0;
    for attempt in 0..JOIN_ATTEMPTS {
        if attempt > 0 {
            retries += joining.left as u64;
        }
        for id in (0..members).filter(|&id| !joining.joined[id]) {
            pool.write(id, &request);
        }
        let end = Instant::now() + JOIN_PATIENCE;
        while joining.left > 0 && Instant::now() < end {
            pool.turn(&mut joining)?;
        }
        if joining.left == 0 {
            return Ok(retries);
        }
    }
    Err(io::Error::other(format!("{} joins went unanswered", joining.left)))
}
