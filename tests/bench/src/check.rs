//! Proof that every message arrived once and in order.

use std::collections::HashSet;
use std::time::Instant;

use serde::Serialize;

/// How many sent messages a connection remembers the time of; far more than may be under way.
pub const REMEMBERED: usize = 1024;

/// What one connection has received of a numbered stream.
#[derive(Debug)]
pub struct Tracker {
    /// The first number of the stream.
    first: u64,
    /// The lowest number that has not arrived.
    missing: u64,
    /// One above the highest number that has arrived.
    expected: u64,
    /// Numbers above `missing` that have arrived; empty as long as order is kept.
    ahead: HashSet<u64>,
}

/// What an arrival means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The next one.
    InOrder,
    /// One that arrived after a later one had.
    Misordered,
    /// One that had arrived before.
    Doubled,
    /// One that was never sent to this connection.
    Unknown,
}

/// Deliveries and what was wrong with them, over the whole run (warm-up and drain included).
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Tally {
    /// Messages that arrived.
    pub checked: u64,
    /// Messages that did not arrive.
    pub lost: u64,
    /// Messages that arrived again.
    pub doubled: u64,
    /// Messages whose content differs, or that belong to another connection.
    pub altered: u64,
    /// Messages that arrived after a later one of the same stream.
    pub misordered: u64,
}

impl Tracker {
    /// A stream whose first number is `first`.
    pub fn starting_at(first: u64) -> Self {
        Self { first, missing: first, expected: first, ahead: HashSet::new() }
    }

    /// Takes note of an arrival, when numbers below `sent` have been sent.
    #[inline]
    pub fn receive(&mut self, sequence: u64, sent: u64) -> Verdict {
        if sequence < self.first || sequence >= sent {
            return Verdict::Unknown;
        }
        if sequence < self.missing || self.ahead.contains(&sequence) {
            return Verdict::Doubled;
        }
        if sequence == self.missing {
            self.missing += 1;
            while !self.ahead.is_empty() && self.ahead.remove(&self.missing) {
                self.missing += 1;
            }
        } else {
            self.ahead.insert(sequence);
        }
        if sequence < self.expected {
            return Verdict::Misordered;
        }
        self.expected = sequence + 1;
        Verdict::InOrder
    }

    /// How many of the numbers below `sent` have not arrived.
    pub fn outstanding(&self, sent: u64) -> u64 {
        sent.saturating_sub(self.missing).saturating_sub(self.ahead.len() as u64)
    }
}

impl Tally {
    /// Counts one arrival; `true` when it is one that was waited for.
    #[inline]
    pub fn count(&mut self, verdict: Verdict) -> bool {
        self.checked += 1;
        match verdict {
            Verdict::InOrder => return true,
            Verdict::Misordered => {
                self.misordered += 1;
                return true;
            }
            Verdict::Doubled => self.doubled += 1,
            Verdict::Unknown => self.altered += 1,
        }
        false
    }

    /// Whether nothing was wrong.
    pub fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.altered + self.misordered == 0
    }
}

/// When the last [`REMEMBERED`] messages were sent.
#[derive(Debug)]
pub struct SendTimes(Vec<Instant>);

impl SendTimes {
    /// Nothing sent yet.
    pub fn new(now: Instant) -> Self {
        Self(vec![now; REMEMBERED])
    }

    /// Remembers that `sequence` was sent at `now`.
    #[inline]
    pub fn set(&mut self, sequence: u64, now: Instant) {
        self.0[sequence as usize % REMEMBERED] = now;
    }

    /// When `sequence` was sent.
    #[inline]
    pub fn get(&self, sequence: u64) -> Instant {
        self.0[sequence as usize % REMEMBERED]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_broken() {
        let mut tracker = Tracker::starting_at(10);
        assert_eq!(tracker.receive(10, 14), Verdict::InOrder);
        assert_eq!(tracker.receive(12, 14), Verdict::InOrder);
        assert_eq!(tracker.outstanding(14), 2);
        assert_eq!(tracker.receive(11, 14), Verdict::Misordered);
        assert_eq!(tracker.receive(12, 14), Verdict::Doubled);
        assert_eq!(tracker.receive(10, 14), Verdict::Doubled);
        assert_eq!(tracker.receive(9, 14), Verdict::Unknown);
        assert_eq!(tracker.receive(14, 14), Verdict::Unknown);
        assert_eq!(tracker.receive(13, 14), Verdict::InOrder);
        assert_eq!(tracker.outstanding(14), 0);
    }
}
