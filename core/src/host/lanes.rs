//! Several mailboxes, for a host that takes events on several threads: all that happens to one client comes in one of them.

use crate::host::mailbox::{Bell, Event, Mailbox};
use crate::hub::event::{Event as HubEvent, Sink};
use crate::hub::shard::Shard;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

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

    /// The server has closed: the last event of every mailbox.
    pub fn put_closed(&self) {
        self.all().for_each(|mailbox| mailbox.put(Event::Closed));
    }
}

impl Sink for Lanes {
    fn push(&self, event: HubEvent) {
        let mailbox = event.peer().map_or(&self.first, |peer| self.of(peer.shard()));
        mailbox.put(Event::Hub(event));
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
