//! WebSockets that a polling session is to move to. Each has a number, as one may still live when the next one comes.

use super::Peer;
use crate::proto::connection::{Input, Verdict};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// What the probing WebSocket of a peer is to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeNews {
    /// `3probe`
    Pong,
    /// It is closed.
    Close,
    /// It is the transport from now on.
    Upgraded,
}

/// The number of a probing WebSocket among those of its session.
pub type ProbeSerial = u64;

/// What the latest probing WebSocket is to hear, and its number.
#[derive(Debug, Default)]
pub(super) struct Probe {
    serial: ProbeSerial,
    news: VecDeque<ProbeNews>,
}

impl Peer {
    /// A WebSocket for this session came: its number. One that came before hears that it is to close.
    ///
    /// # Errors
    /// The verdict of a session that does not take it.
    pub fn begin_probe(self: &Arc<Self>, now: Instant) -> Result<ProbeSerial, Verdict> {
        let serial = {
            let mut machine = self.machine.lock();
            let verdict = self.step(&mut machine, Input::Probe, now);
            if verdict != Verdict::Go {
                return Err(verdict);
            }
            self.reschedule(&mut machine);
            let mut probe = self.probe.lock();
            probe.serial += 1;
            // What an earlier one did not wait to hear.
            probe.news.clear();
            probe.serial
        };
        self.task.wake();
        Ok(serial)
    }

    /// A probing WebSocket said something, or is gone: [`Input::ProbeText`] and its like. Nothing where a later one came.
    pub fn probe_input(self: &Arc<Self>, serial: ProbeSerial, input: Input, now: Instant) {
        {
            let mut machine = self.machine.lock();
            if self.probe.lock().serial != serial {
                return;
            }
            self.step(&mut machine, input, now);
            self.reschedule(&mut machine);
        }
        self.pump();
    }

    /// What a probing WebSocket is to hear next.
    pub fn probe_news(&self, serial: ProbeSerial) -> Option<ProbeNews> {
        let mut probe = self.probe.lock();
        if probe.serial == serial { probe.news.pop_front() } else { Some(ProbeNews::Close) }
    }

    /// Makes news wake the task of a probing WebSocket, unless a later one came. To be called before news are asked for.
    pub fn watch_probe(&self, serial: ProbeSerial, waker: &Waker) {
        // Under the lock, or this waker could take the place of the later one's.
        let probe = self.probe.lock();
        if probe.serial == serial {
            self.task.register(waker);
        }
    }

    /// News for the latest. The machine is locked meanwhile, so that it stays the latest.
    pub(super) fn tell_probe(&self, news: ProbeNews) {
        self.probe.lock().news.push_back(news);
        self.task.wake();
    }
}

#[cfg(test)]
mod tests;
