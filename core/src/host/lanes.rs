//! Several mailboxes, for a host that takes events on several threads: all that happens to one client comes in one of them.

use crate::host::mailbox::{Bell, Event, Mailbox};
use crate::hub::event::{Event as HubEvent, Sink};
use crate::hub::shard::Shard;
use parking_lot::Mutex;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// Bytes of events that a worker keeps back until the end of its turn.
const KEPT_BACK: usize = 64 << 10;

/// What a worker keeps back, so that a whole turn of it is one entry of the mailbox's lock and one ring of its bell.
struct Pending {
    mailbox: Arc<Mailbox>,
    queue: Mutex<(Vec<Event>, usize)>,
}

impl Pending {
    /// Hands over what was kept back. In order also when two threads do.
    fn deliver(&self) {
        let mut queue = self.queue.lock();
        let (events, bytes) = &mut *queue;
        if !events.is_empty() {
            self.mailbox.put_all(events, std::mem::take(bytes));
        }
    }
}

/// The mailboxes of a host; at least one.
#[derive(Debug)]
pub struct Lanes {
    first: Arc<Mailbox>,
    others: Vec<Arc<Mailbox>>,
}

impl Lanes {
    /// A mailbox for each bell, and for the first in any case.
    pub fn new(first: Bell, others: Vec<Bell>) -> Self {
        let others = others.into_iter().map(|bell| Arc::new(Mailbox::new(bell))).collect();
        Self { first: Arc::new(Mailbox::new(first)), others }
    }

    /// Number of mailboxes.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// The first mailbox, in which also comes what concerns no client.
    pub fn first(&self) -> &Arc<Mailbox> {
        &self.first
    }

    /// The mailbox of a number.
    pub fn get(&self, lane: usize) -> Option<&Arc<Mailbox>> {
        lane.checked_sub(1).map_or(Some(&self.first), |other| self.others.get(other))
    }

    /// The number of the mailbox of the clients of a shard.
    pub fn number_of(&self, shard: &Shard) -> usize {
        shard.number() % self.count()
    }

    /// The mailbox of the clients of a shard.
    pub fn of(&self, shard: &Shard) -> &Arc<Mailbox> {
        self.get(self.number_of(shard)).unwrap_or(&self.first)
    }

    /// All mailboxes.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Mailbox>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn pending<'a>(&self, shard: &'a Shard) -> Option<&'a Pending> {
        let pending = shard
            .local()
            .get_or_init(|| Box::new(Pending { mailbox: Arc::clone(self.of(shard)), queue: Mutex::default() }));
        pending.downcast_ref()
    }

    /// Puts an event in behind all that happened to the clients of a shard.
    pub fn put(&self, shard: &Arc<Shard>, event: Event) {
        let Some(pending) = self.pending(shard) else { return };
        let (first, full) = {
            let mut queue = pending.queue.lock();
            queue.1 += event.bytes();
            queue.0.push(event);
            (queue.0.len() == 1, queue.1 >= KEPT_BACK)
        };
        if full {
            pending.deliver();
        } else if first {
            shard.ring();
        }
    }

    /// The server has closed: the last event of every mailbox.
    pub fn put_closed(&self) {
        self.all().for_each(|mailbox| mailbox.put(Event::Closed));
    }
}

impl Sink for Lanes {
    fn push(&self, event: HubEvent) {
        match event.peer().map(|peer| Arc::clone(peer.shard())) {
            Some(shard) => self.put(&shard, Event::Hub(event)),
            None => self.first.put(Event::Hub(event)),
        }
    }

    fn end_of_turn(&self, shard: &Shard) {
        if let Some(pending) = self.pending(shard) {
            pending.deliver();
        }
    }

    fn is_congested(&self, shard: &Shard) -> bool {
        self.of(shard).is_congested()
    }

    fn last_congested(&self, shard: &Shard, now: Instant) -> Option<Instant> {
        self.of(shard).last_congested(now)
    }

    fn wake_when_clear(&self, shard: &Shard, waker: &Waker) {
        self.of(shard).wake_when_clear(waker);
    }
}
