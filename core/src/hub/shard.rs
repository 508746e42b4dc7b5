//! A share of the connections that live together: their flushes and their deadlines.
//!
//! Emitting never writes. It marks a peer as dirty on its shard, and the shard's worker flushes all dirty peers at the
//! end of its turn. Deadlines stand in one coarse queue per shard; a peer that moves a deadline into the future leaves
//! its entry where it is and looks again when that comes due.

use crate::hub::peer::Peer;
use crate::hub::socket::Socket;
use atomic_waker::AtomicWaker;
use parking_lot::Mutex;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

/// The grain of deadlines.
const GRAIN: Duration = Duration::from_millis(4);

/// A future that may be run anywhere.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What runs the futures of a shard.
pub trait Home: Send + Sync {
    /// Runs a future.
    fn spawn(&self, future: BoxFuture<()>);
    /// Calls a function as if it were one of those futures, whatever the thread.
    fn enter(&self, run: &mut dyn FnMut());
}

#[cfg(test)]
impl<F: Fn(BoxFuture<()>) + Send + Sync> Home for F {
    fn spawn(&self, future: BoxFuture<()>) {
        self(future);
    }

    fn enter(&self, run: &mut dyn FnMut()) {
        run();
    }
}

/// Whom a deadline concerns.
#[derive(Debug)]
pub enum Timer {
    /// Heartbeat, upgrade, connect deadline and so on of a connection.
    Peer(Weak<Peer>),
    /// Acknowledgements that a socket still owes.
    Acks(Weak<Socket>),
}

/// The connections of one worker.
pub struct Shard {
    dirty: Mutex<Vec<Arc<Peer>>>,
    flush_bell: AtomicWaker,
    timers: Mutex<BTreeMap<u64, Vec<Timer>>>,
    timer_bell: AtomicWaker,
    epoch: Instant,
    load: AtomicUsize,
    idle_bell: AtomicWaker,
    number: usize,
    local: OnceLock<Box<dyn Any + Send + Sync>>,
    home: Box<dyn Home>,
}

/// Shards that have been made.
static SHARDS: AtomicUsize = AtomicUsize::new(0);

impl std::fmt::Debug for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shard").finish_non_exhaustive()
    }
}

impl Shard {
    /// A shard whose futures run in `home`.
    pub fn new(now: Instant, home: impl Home + 'static) -> Arc<Self> {
        Arc::new(Self {
            dirty: Mutex::default(),
            flush_bell: AtomicWaker::new(),
            timers: Mutex::default(),
            timer_bell: AtomicWaker::new(),
            epoch: now,
            load: AtomicUsize::new(0),
            idle_bell: AtomicWaker::new(),
            number: SHARDS.fetch_add(1, Ordering::Relaxed),
            local: OnceLock::new(),
            home: Box::new(home),
        })
    }

    /// A number of its own; shards that are made together have consecutive ones.
    pub fn number(&self) -> usize {
        self.number
    }

    /// What the sink keeps with the shard.
    pub fn local(&self) -> &OnceLock<Box<dyn Any + Send + Sync>> {
        &self.local
    }

    /// Asks the worker for an end of its turn, as something waits for that.
    pub fn ring(self: &Arc<Self>) {
        Turn::ring(self);
    }

    /// Counts a connection for as long as what is returned lives.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.load.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::clone(self))
    }

    /// Connections that are counted.
    pub fn load(&self) -> usize {
        self.load.load(Ordering::Acquire)
    }

    /// Ends when no connection is counted.
    pub fn idle(&self) -> impl Future<Output = ()> {
        std::future::poll_fn(|context| {
            self.idle_bell.register(context.waker());
            if self.load() == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
    }

    /// Runs a future on the worker of this shard.
    pub fn spawn(&self, future: BoxFuture<()>) {
        self.home.spawn(future);
    }

    /// Calls a function as if the worker of this shard did: timers and tasks that it makes are the worker's.
    pub fn enter(&self, run: &mut dyn FnMut()) {
        if HERE.get() == Some(self.number) {
            run();
        } else {
            self.home.enter(run);
        }
    }

    /// This thread does nothing but the work of this shard, for as long as what is returned lives.
    pub fn begin_work(&self) -> AtWork {
        HERE.set(Some(self.number));
        AtWork(())
    }

    /// Notes that peers have something to flush. Rings once per burst.
    pub fn mark_dirty(self: &Arc<Self>, peers: impl IntoIterator<Item = Arc<Peer>>) {
        let first = {
            let mut dirty = self.dirty.lock();
            let first = dirty.is_empty();
            dirty.extend(peers);
            first
        };
        if first {
            Turn::ring(self);
        }
    }

    /// Registers the worker to be woken when a peer becomes dirty.
    pub fn on_dirty(&self, waker: &Waker) {
        self.flush_bell.register(waker);
    }

    /// Takes the dirty peers, leaving `empty` in their place.
    pub fn take_dirty(&self, empty: &mut Vec<Arc<Peer>>) {
        std::mem::swap(&mut *self.dirty.lock(), empty);
    }

    /// Enters a deadline.
    pub fn schedule(&self, at: Instant, timer: Timer) {
        let tick = self.tick(at);
        let first = {
            let mut timers = self.timers.lock();
            let first = timers.first_key_value().is_none_or(|(earliest, _)| tick < *earliest);
            timers.entry(tick).or_default().push(timer);
            first
        };
        if first {
            self.timer_bell.wake();
        }
    }

    /// Registers the worker to be woken when an earlier deadline than the first is entered.
    pub fn on_earlier(&self, waker: &Waker) {
        self.timer_bell.register(waker);
    }

    /// When the next deadline is due.
    pub fn next_deadline(&self) -> Option<Instant> {
        let tick = *self.timers.lock().first_key_value()?.0;
        Some(self.epoch + Duration::from_micros(tick * GRAIN.as_micros() as u64))
    }

    /// Takes the deadlines that are due.
    pub fn take_due(&self, now: Instant) -> Vec<Timer> {
        let tick = (now.saturating_duration_since(self.epoch).as_micros() / GRAIN.as_micros()) as u64;
        let mut timers = self.timers.lock();
        let later = timers.split_off(&(tick + 1));
        std::mem::replace(&mut *timers, later).into_values().flatten().collect()
    }

    /// The grain in which a moment lies, rounded up so that nothing fires early.
    fn tick(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.epoch).as_micros().div_ceil(GRAIN.as_micros()) as u64
    }
}

thread_local! {
    /// The shard whose work is all that this thread does.
    static HERE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A thread that does nothing but the work of a shard.
#[derive(Debug)]
pub struct AtWork(());

impl Drop for AtWork {
    fn drop(&mut self) {
        HERE.set(None);
    }
}

/// A connection that a shard counts.
#[derive(Debug)]
pub struct Busy(Arc<Shard>);

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.load.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle_bell.wake();
        }
    }
}

thread_local! {
    /// Bells that this thread owes at the end of its turn; nothing outside of a turn.
    static OWED: RefCell<Option<Vec<Arc<Shard>>>> = const { RefCell::new(None) };
}

/// A turn of a thread: what it makes dirty on whatever shard is announced once, when the turn ends.
#[derive(Debug)]
pub struct Turn {
    outermost: bool,
}

impl Turn {
    /// Begins a turn; one inside of another changes nothing.
    pub fn begin() -> Self {
        let outermost = OWED.with_borrow_mut(|owed| owed.is_none() && owed.insert(Vec::new()).is_empty());
        Self { outermost }
    }

    fn ring(shard: &Arc<Shard>) {
        let owed = OWED.with_borrow_mut(|owed| owed.as_mut().map(|owed| owed.push(Arc::clone(shard))));
        if owed.is_none() {
            shard.flush_bell.wake();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.outermost {
            let owed = OWED.with_borrow_mut(Option::take);
            owed.into_iter().flatten().for_each(|shard| shard.flush_bell.wake());
        }
    }
}

/// Runs a future to its first pause at once, and the rest on the worker of a shard.
pub fn run(shard: &Shard, mut future: BoxFuture<()>) {
    let mut context = std::task::Context::from_waker(Waker::noop());
    // A pause registers the empty waker; the worker polls once more at once and registers its own.
    let mut pending = true;
    shard.enter(&mut || pending = future.as_mut().poll(&mut context).is_pending());
    if pending {
        shard.spawn(future);
    }
}

#[cfg(test)]
mod tests;
