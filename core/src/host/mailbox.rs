//! Events for a host: one wake per burst, drained in bulk, with pressure when the host lags.

use crate::error::Result;
use crate::host::server::MatchRequest;
use crate::hub::acks::AckOutcome;
use crate::hub::event::Event as HubEvent;
use crate::hub::shard::Shard;
use crate::payload::Payload;
use parking_lot::{Mutex, RwLock};
use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::Instant;

/// Bytes of undrained events at which reading from clients pauses. It goes on at half of it.
const HIGH_WATER: usize = 4 << 20;

/// What an event counts besides its arguments.
const EVENT_BYTES: usize = 128;

/// Wakes the host. Called on threads of the server and on those of callers; it must neither block nor call back.
pub type Bell = Box<dyn Fn() + Send + Sync>;

/// Something for the host.
#[derive(Debug)]
pub enum Event {
    /// Something that happened to a client.
    Hub(HubEvent),
    /// The answer to [`Server::emit_with_ack`](crate::host::Server::emit_with_ack).
    Ack {
        /// What the host gave to tell answers apart.
        token: u64,
        /// The arguments, a timeout, or that the client left.
        answer: Result<Payload>,
    },
    /// The answers to [`Server::broadcast_with_ack`](crate::host::Server::broadcast_with_ack).
    Acks {
        /// What the host gave to tell answers apart.
        token: u64,
        /// One for each client.
        outcomes: Vec<AckOutcome>,
    },
    /// A client asks for a namespace that does not exist; does a dynamic one of the host take it?
    Match(MatchRequest),
    /// Something that the host itself put in, to be called where events are taken.
    Task(Task),
    /// Something that the host itself put in, as whatever it is.
    Own(Box<dyn Any + Send>),
    /// The server has closed.
    Closed,
}

/// What a host puts into a mailbox of its own.
pub struct Task(pub Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task")
    }
}

impl Event {
    /// What it counts towards the limit of the mailbox.
    pub(super) fn bytes(&self) -> usize {
        EVENT_BYTES
            + match self {
                Self::Hub(HubEvent::Message(message)) => size(&message.args),
                Self::Hub(HubEvent::Outgoing { args, .. } | HubEvent::ServerSide { args, .. }) => size(args),
                Self::Hub(HubEvent::Joining(request)) => request.socket().auth().len(),
                Self::Hub(HubEvent::Text(_, text)) => text.len(),
                Self::Hub(HubEvent::Binary(_, data)) => data.len(),
                Self::Ack { answer: Ok(args), .. } => size(args),
                Self::Acks { outcomes, .. } => {
                    let answers = outcomes.iter().map(|outcome| outcome.answer.as_ref().map_or(0, size));
                    answers.map(|answer| answer + EVENT_BYTES).sum()
                }
                Self::Match(request) => request.name.len() + size(&request.auth),
                _ => 0,
            }
    }
}

fn size(args: &Payload) -> usize {
    let attachments: usize = args.attachments().iter().map(bytes::Bytes::len).sum();
    args.json().len() + attachments
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    bytes: usize,
    /// Readers that pause.
    paused: Vec<Waker>,
    /// When readers last went on.
    relieved: Option<Instant>,
    /// Nobody drains it any more.
    shut: bool,
}

impl Queue {
    /// Readers that go on, if enough has been taken.
    fn relieve(&mut self, congested: &AtomicBool) -> Vec<Waker> {
        if self.bytes >= HIGH_WATER / 2 {
            return Vec::new();
        }
        if congested.swap(false, Ordering::AcqRel) {
            self.relieved = Some(Instant::now());
        }
        std::mem::take(&mut self.paused)
    }
}

/// The mailbox of a host.
pub struct Mailbox {
    queue: Mutex<Queue>,
    congested: AtomicBool,
    bell: Bell,
    /// Whose worker takes the events, instead of whoever hears the bell.
    taker: RwLock<Option<Arc<Shard>>>,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox").field("events", &self.len()).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// An empty mailbox.
    pub fn new(bell: Bell) -> Self {
        Self { queue: Mutex::default(), congested: AtomicBool::new(false), bell, taker: RwLock::default() }
    }

    /// Lets the worker of a shard know of events at the end of its turns, or again whoever hears the bell.
    pub(super) fn set_taker(&self, taker: Option<Arc<Shard>>) {
        *self.taker.write() = taker;
    }

    fn ring(&self) {
        match &*self.taker.read() {
            Some(shard) => shard.ring(),
            None => (self.bell)(),
        }
    }

    /// Notes that nothing could be read from clients until now.
    pub(super) fn note_pause(&self) {
        self.queue.lock().relieved = Some(Instant::now());
    }

    /// Number of events that wait.
    pub fn len(&self) -> usize {
        self.queue.lock().events.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether so much waits that no more is read from clients. A host that carries messages itself is to give no more
    /// either until it has drained.
    pub fn is_congested(&self) -> bool {
        self.congested.load(Ordering::Acquire)
    }

    /// Puts an event in; rings when it is the first.
    pub fn put(&self, event: Event) {
        let first = {
            let mut queue = self.queue.lock();
            if queue.shut {
                // What the event holds may want the mailbox when it is dropped.
                drop(queue);
                return drop(event);
            }
            let first = queue.events.is_empty();
            queue.bytes += event.bytes();
            if queue.bytes >= HIGH_WATER {
                self.congested.store(true, Ordering::Release);
            }
            queue.events.push_back(event);
            first
        };
        if first {
            self.ring();
        }
    }

    /// Puts events in, which count `bytes`; rings when there was none.
    pub(super) fn put_all(&self, events: &mut Vec<Event>, bytes: usize) {
        if self.put_quietly(events, bytes) {
            self.ring();
        }
    }

    /// As [`put_all`](Self::put_all), but does not ring; whether it should.
    pub(super) fn put_quietly(&self, events: &mut Vec<Event>, bytes: usize) -> bool {
        let mut queue = self.queue.lock();
        if queue.shut {
            drop(queue);
            events.clear();
            return false;
        }
        let first = queue.events.is_empty();
        queue.bytes += bytes;
        if queue.bytes >= HIGH_WATER {
            self.congested.store(true, Ordering::Release);
        }
        queue.events.extend(events.drain(..));
        first
    }

    /// Takes up to `max` events, oldest first. When some are left the bell rings again, so that a host may take turns.
    pub fn drain(&self, max: usize) -> Vec<Event> {
        let mut events = VecDeque::new();
        self.drain_into(&mut events, max);
        events.into()
    }

    /// As [`drain`](Self::drain), behind what is in `events` already, whose memory is used again.
    pub fn drain_into(&self, events: &mut VecDeque<Event>, max: usize) {
        let (awake, more) = {
            let mut queue = self.queue.lock();
            if queue.events.len() <= max && events.is_empty() {
                std::mem::swap(&mut queue.events, events);
                queue.bytes = 0;
            } else {
                let count = queue.events.len().min(max);
                let taken = queue.events.drain(..count);
                let before = events.len();
                events.extend(taken);
                let bytes: usize = events.iter().skip(before).map(Event::bytes).sum();
                queue.bytes = queue.bytes.saturating_sub(bytes);
            }
            (queue.relieve(&self.congested), !queue.events.is_empty())
        };
        awake.into_iter().for_each(Waker::wake);
        if more {
            self.ring();
        }
    }

    /// When too much waited last.
    pub(super) fn last_congested(&self, now: Instant) -> Option<Instant> {
        let queue = self.queue.lock();
        if self.is_congested() { Some(now) } else { queue.relieved }
    }

    /// Registers to be woken when enough has been drained.
    pub(super) fn wake_when_clear(&self, waker: &Waker) {
        let mut queue = self.queue.lock();
        if self.is_congested() {
            queue.paused.push(waker.clone());
        } else {
            waker.wake_by_ref();
        }
    }

    /// Drops what waits and what comes.
    pub(super) fn shut(&self) {
        let (events, awake) = {
            let mut queue = self.queue.lock();
            queue.shut = true;
            queue.bytes = 0;
            (std::mem::take(&mut queue.events), queue.relieve(&self.congested))
        };
        awake.into_iter().for_each(Waker::wake);
        drop(events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    fn mailbox() -> (Mailbox, Arc<AtomicUsize>) {
        let rung = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&rung);
        let ring = move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        (Mailbox::new(Box::new(ring)), rung)
    }

    #[test]
    fn the_bell_rings_once_per_burst() {
        let (mailbox, rung) = mailbox();
        (0..100).for_each(|_| mailbox.put(Event::Closed));
        assert_eq!(rung.load(Ordering::SeqCst), 1);
        assert_eq!(mailbox.drain(1000).len(), 100);
        mailbox.put(Event::Closed);
        assert_eq!(rung.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_a_bounded_drain_leaves_rings_again() {
        let (mailbox, rung) = mailbox();
        (0..3).for_each(|_| mailbox.put(Event::Closed));
        assert_eq!(mailbox.drain(2).len(), 2);
        assert_eq!(rung.load(Ordering::SeqCst), 2);
        assert_eq!(mailbox.drain(2).len(), 1);
        assert_eq!(rung.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn readers_pause_when_the_host_lags_and_go_on_when_it_has_drained() {
        struct Count(AtomicUsize);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let (mailbox, _) = mailbox();
        mailbox.put(Event::Closed);
        mailbox.drain(1);
        assert_eq!(mailbox.last_congested(Instant::now()), None);
        let big = || Event::Ack { token: 0, answer: Payload::from_args(&"x".repeat(1 << 20)) };
        (0..4).for_each(|_| mailbox.put(big()));
        assert!(mailbox.is_congested());
        let later = Instant::now() + Duration::from_secs(1);
        assert_eq!(mailbox.last_congested(later), Some(later));
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        mailbox.wake_when_clear(&Waker::from(Arc::clone(&woken)));
        mailbox.drain(1);
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
        mailbox.drain(2);
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(!mailbox.is_congested());
        let relieved = mailbox.last_congested(later);
        assert!(relieved.is_some_and(|relieved| relieved < later));
        mailbox.drain(1);
        assert_eq!(mailbox.last_congested(later), relieved, "nothing had to pause meanwhile");
    }
}
