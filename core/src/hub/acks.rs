//! Answers that are awaited: of one socket or of many, with a deadline, failing as soon as the client goes.

use crate::error::{Error, Result};
use crate::hub::socket::Socket;
use crate::ids::{AckId, SocketId};
use crate::payload::Payload;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Is told how the wait for one answer ended. Called exactly once, on whatever thread that happens.
pub type OnAck = Box<dyn FnOnce(Result<Payload>) + Send>;

/// Is told how the wait for many answers ended.
pub type OnAcks = Box<dyn FnOnce(Vec<AckOutcome>) + Send>;

/// How the wait for the answer of one of many sockets ended.
#[derive(Debug)]
pub struct AckOutcome {
    /// Whose answer was awaited.
    pub id: SocketId,
    /// The arguments of the answer; else [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) or
    /// [`ErrorKind::Disconnected`](crate::ErrorKind::Disconnected).
    pub answer: Result<Payload>,
}

enum Wait {
    One(OnAck),
    Many(Arc<Collector>),
}

struct Waiting {
    wait: Wait,
    deadline: Option<Instant>,
}

/// The answers that one socket owes.
#[derive(Default)]
pub struct Acks {
    waiting: HashMap<AckId, Waiting>,
    /// The earliest deadline that stands with the shard.
    scheduled: Option<Instant>,
}

impl std::fmt::Debug for Acks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acks").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

/// A wait that has ended and is to be told so, outside of any lock.
pub struct Ended(Wait);

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ended")
    }
}

impl Ended {
    /// Tells whoever waited.
    pub fn tell(self, id: &SocketId, answer: Result<Payload>) {
        match self.0 {
            Wait::One(done) => done(answer),
            Wait::Many(collector) => collector.answered(id.clone(), answer),
        }
    }
}

impl Acks {
    /// Answers owed.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Waits for one answer; the deadline to enter with the shard, where there is an earlier one than before.
    pub fn expect(&mut self, id: AckId, done: OnAck, deadline: Option<Instant>) -> Option<Instant> {
        self.insert(id, Wait::One(done), deadline)
    }

    /// Waits for one answer of many.
    pub fn expect_of(&mut self, id: AckId, collector: Arc<Collector>, deadline: Option<Instant>) -> Option<Instant> {
        self.insert(id, Wait::Many(collector), deadline)
    }

    fn insert(&mut self, id: AckId, wait: Wait, deadline: Option<Instant>) -> Option<Instant> {
        self.waiting.insert(id, Waiting { wait, deadline });
        let deadline = deadline?;
        if self.scheduled.is_some_and(|scheduled| scheduled <= deadline) {
            return None;
        }
        self.scheduled = Some(deadline);
        Some(deadline)
    }

    /// The answer came.
    pub fn take(&mut self, id: AckId) -> Option<Ended> {
        self.waiting.remove(&id).map(|waiting| Ended(waiting.wait))
    }

    /// The socket is gone.
    pub fn take_all(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.waiting).into_values().map(|waiting| Ended(waiting.wait)).collect()
    }

    /// Those whose time is over, and when to look again.
    pub fn take_due(&mut self, now: Instant) -> (Vec<Ended>, Option<Instant>) {
        let due = |waiting: &Waiting| waiting.deadline.is_some_and(|deadline| deadline <= now);
        let ended =
            self.waiting.extract_if(|_, waiting| due(waiting)).map(|(_, waiting)| Ended(waiting.wait)).collect();
        self.scheduled = self.waiting.values().filter_map(|waiting| waiting.deadline).min();
        (ended, self.scheduled)
    }
}

/// Collects the answers of many sockets.
pub struct Collector {
    state: Mutex<Collected>,
}

struct Collected {
    missing: usize,
    outcomes: Vec<AckOutcome>,
    done: Option<OnAcks>,
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Collector")
    }
}

impl Collector {
    /// A collector of `missing` answers; with none it is done at once.
    pub fn new(missing: usize, done: OnAcks) -> Arc<Self> {
        let state = Collected { missing, outcomes: Vec::with_capacity(missing.min(1_024)), done: Some(done) };
        let collector = Arc::new(Self { state: Mutex::new(state) });
        if missing == 0 {
            collector.finish_if_complete();
        }
        collector
    }

    /// An answer could not even be waited for.
    pub fn refused(&self, id: SocketId, error: Error) {
        self.answered(id, Err(error));
    }

    fn answered(&self, id: SocketId, answer: Result<Payload>) {
        {
            let mut state = self.state.lock();
            state.missing = state.missing.saturating_sub(1);
            state.outcomes.push(AckOutcome { id, answer });
        }
        self.finish_if_complete();
    }

    fn finish_if_complete(&self) {
        let finished = {
            let mut state = self.state.lock();
            if state.missing > 0 {
                return;
            }
            let outcomes = std::mem::take(&mut state.outcomes);
            state.done.take().map(|done| (done, outcomes))
        };
        if let Some((done, outcomes)) = finished {
            done(outcomes);
        }
    }
}

/// Ends the waits of a socket that is gone.
pub fn fail_all(socket: &Socket, ended: Vec<Ended>) {
    for wait in ended {
        wait.tell(socket.id(), Err(Error::disconnected()));
    }
}

#[cfg(test)]
mod tests;
