//! Several mailboxes, for a host that takes events on several threads: all that happens to one client comes in one of them.

use crate::host::drive;
use crate::host::mailbox::{Bell, Event, Mailbox};
use crate::hub::event::{Event as HubEvent, Sink};
use crate::hub::shard::Shard;
use parking_lot::Mutex;
use std::cell::RefCell;
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

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
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

    /// As [`deliver`](Self::deliver), for the thread that takes the events of the mailbox next.
    fn deliver_quietly(&self) {
        let mut queue = self.queue.lock();
        let (events, bytes) = &mut *queue;
        self.mailbox.put_quietly(events, std::mem::take(bytes));
    }
}

thread_local! {
    /// The lane that this thread dispatches, and what its callbacks sent to sockets of it that watch that.
    static GATHERED: RefCell<Option<(usize, Vec<HubEvent>)>> = const { RefCell::new(None) };
}

/// While it lives, what this thread sends to clients of a lane is told by [`Gathering::take`] instead of the mailbox: then a host
/// that takes it after each event hears of it before the next one.
#[derive(Debug)]
pub struct Gathering {
    mailbox: Arc<Mailbox>,
    before: Option<(usize, Vec<HubEvent>)>,
}

impl Gathering {
    /// What was sent since it was last asked.
    pub fn take(&self) -> Vec<HubEvent> {
        GATHERED
            .with_borrow_mut(|gathered| gathered.as_mut().map(|(_, events)| std::mem::take(events)).unwrap_or_default())
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        let left = GATHERED.replace(self.before.take());
        left.into_iter().flat_map(|(_, events)| events).for_each(|event| self.mailbox.put(Event::Hub(event)));
    }
}

/// The mailboxes of a host; at least one.
#[derive(Debug)]
pub struct Lanes {
    first: Arc<Mailbox>,
    others: Vec<Arc<Mailbox>>,
    /// What the workers keep back.
    kept_back: Mutex<Vec<Arc<Pending>>>,
}

impl Lanes {
    /// A mailbox for each bell, and for the first in any case.
    pub fn new(first: Bell, others: Vec<Bell>) -> Self {
        let others = others.into_iter().map(|bell| Arc::new(Mailbox::new(bell))).collect();
        Self { first: Arc::new(Mailbox::new(first)), others, kept_back: Mutex::default() }
    }

    /// Gathers on this thread what it sends to clients of a lane.
    pub fn gather(&self, lane: usize) -> Gathering {
        let mailbox = Arc::clone(self.get(lane).unwrap_or(&self.first));
        let before = GATHERED.replace(Some((Arc::as_ptr(&mailbox) as usize, Vec::new())));
        Gathering { mailbox, before }
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

    /// The event, unless it is one that this thread gathers.
    fn gathered(&self, event: HubEvent) -> Option<HubEvent> {
        let HubEvent::Outgoing { socket, .. } = &event else { return Some(event) };
        let lane = Arc::as_ptr(self.of(socket.peer().shard())) as usize;
        GATHERED.with_borrow_mut(|gathered| match gathered {
            Some((gathers, events)) if *gathers == lane => {
                events.push(event);
                None
            }
            _ => Some(event),
        })
    }

    fn pending<'a>(&self, shard: &'a Shard) -> Option<&'a Pending> {
        let pending = shard.local().get_or_init(|| {
            let pending = Arc::new(Pending { mailbox: Arc::clone(self.of(shard)), queue: Mutex::default() });
            self.kept_back.lock().push(Arc::clone(&pending));
            Box::new(pending)
        });
        pending.downcast_ref::<Arc<Pending>>().map(|pending| &**pending)
    }

    /// Puts an event into a mailbox behind all that has happened to its clients, also what workers still keep back.
    pub fn put_last(&self, mailbox: &Arc<Mailbox>, event: Event) {
        let kept_back = self.kept_back.lock();
        let own = kept_back.iter().filter(|pending| Arc::ptr_eq(&pending.mailbox, mailbox));
        own.for_each(|pending| pending.deliver());
        drop(kept_back);
        mailbox.put(event);
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
        self.all().for_each(|mailbox| self.put_last(mailbox, Event::Closed));
    }
}

impl Sink for Lanes {
    fn push(&self, event: HubEvent) {
        let Some(event) = self.gathered(event) else { return };
        match event.peer().map(|peer| Arc::clone(peer.shard())) {
            Some(shard) => self.put(&shard, Event::Hub(event)),
            None => self.first.put(Event::Hub(event)),
        }
    }

    fn end_of_turn(&self, shard: &Shard) {
        match self.pending(shard) {
            Some(pending) if drive::is_here(&pending.mailbox) => {
                pending.deliver_quietly();
                drive::take();
            }
            Some(pending) => pending.deliver(),
            None => {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::shard::BoxFuture;

    #[test]
    fn what_is_put_last_does_not_overtake_what_workers_keep_back() {
        let lanes = Lanes::new(Box::new(|| {}), vec![Box::new(|| {})]);
        let shards: Vec<_> = (0..4).map(|_| Shard::new(Instant::now(), |_: BoxFuture<()>| {})).collect();
        let ack = |token| Event::Ack { token, answer: Err(crate::Error::disconnected()) };
        (0..).zip(&shards).for_each(|(token, shard)| lanes.put(shard, ack(token)));
        assert!(lanes.all().all(|mailbox| mailbox.is_empty()), "it is kept back");
        let mailbox = lanes.of(&shards[0]);
        lanes.put_last(mailbox, ack(100));
        lanes.put(&shards[0], ack(101));
        lanes.end_of_turn(&shards[0]);
        let tokens: Vec<_> = mailbox.drain(100).iter().map(|event| format!("{event:?}")).collect();
        let own = shards.iter().filter(|shard| Arc::ptr_eq(lanes.of(shard), mailbox)).count();
        assert_eq!(tokens.len(), own + 2);
        assert!(tokens[own].contains("token: 100") && tokens[own + 1].contains("token: 101"), "{tokens:?}");
    }
}
