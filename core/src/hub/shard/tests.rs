//! Deadlines and bells of a shard.

use super::*;
use crate::config::Config;
use crate::hub::testing::World;
use crate::proto::session::Transport;
use parking_lot::Mutex;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Wake};

/// Remembers whether it was rung.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Bell {
    fn has_rung(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

fn shard() -> (Arc<Shard>, Instant) {
    let now = Instant::now();
    (Shard::new(now, |_| ()), now)
}

fn nobody() -> Timer {
    Timer::Acks(Weak::new())
}

const MICRO: Duration = Duration::from_micros(1);

#[test]
fn nothing_fires_early_and_nothing_later_than_a_grain() {
    let (shard, now) = shard();
    for micros in [0, 1, 3_999, 4_000, 4_001, 1_000_000, 3_600_000_123] {
        let at = now + Duration::from_micros(micros);
        shard.schedule(at, nobody());
        let next = shard.next_deadline().unwrap();
        assert!(next >= at && next < at + GRAIN, "{micros}");
        if micros > 0 {
            assert!(shard.take_due(at - MICRO).is_empty(), "{micros}");
        }
        assert!(shard.take_due(next - MICRO.min(next - now)).is_empty() || next == now);
        assert_eq!(shard.take_due(next).len(), usize::from(next > now));
        assert_eq!(shard.next_deadline(), None);
    }
}

#[test]
fn what_is_due_comes_in_the_order_of_time_and_the_rest_stays() {
    let (shard, now) = shard();
    let world = World::new(Config::default());
    let peers: Vec<_> = (0..3).map(|_| world.peer(Transport::Polling)).collect();
    let second = Duration::from_secs(1);
    for (peer, seconds) in peers.iter().zip([2, 1, 3]) {
        shard.schedule(now + second * seconds, Timer::Peer(Arc::downgrade(peer)));
    }
    let due = shard.take_due(now + second * 2);
    let due: Vec<_> =
        due.iter().map(|timer| matches!(timer, Timer::Peer(peer) if peer.ptr_eq(&Arc::downgrade(&peers[0])))).collect();
    assert_eq!(due, [false, true], "the one of second 1, then the one of second 2");
    assert_eq!(shard.take_due(now + second * 3).len(), 1);
}

#[test]
fn a_moment_in_the_past_is_due_at_once() {
    let (shard, now) = shard();
    shard.schedule(now.checked_sub(Duration::from_secs(5)).unwrap_or(now), nobody());
    assert_eq!(shard.take_due(now).len(), 1);
}

#[test]
fn the_watch_is_woken_by_an_earlier_deadline_only() {
    let (shard, now) = shard();
    let bell = Arc::new(Bell::default());
    let second = Duration::from_secs(1);
    let ring = |seconds| {
        shard.on_earlier(&Arc::clone(&bell).into());
        shard.schedule(now + second * seconds, nobody());
        bell.has_rung()
    };
    assert!(ring(5), "the first one");
    assert!(!ring(9));
    assert!(!ring(5));
    assert!(ring(2));
}

#[test]
fn the_bell_rings_once_a_burst() {
    let (shard, _) = shard();
    let world = World::new(Config::default());
    let peer = world.peer(Transport::Polling);
    let bell = Arc::new(Bell::default());
    let mark = || {
        shard.on_dirty(&Arc::clone(&bell).into());
        shard.mark_dirty([Arc::clone(&peer)]);
        bell.has_rung()
    };
    assert!(mark());
    assert!(!mark() && !mark());
    let mut dirty = Vec::new();
    shard.take_dirty(&mut dirty);
    assert_eq!(dirty.len(), 3);
    assert!(mark());
}

#[test]
fn a_shard_is_idle_when_its_last_connection_ends() {
    let (shard, _) = shard();
    let bell = Arc::new(Bell::default());
    let waker = Arc::clone(&bell).into();
    let mut context = Context::from_waker(&waker);
    let (first, second) = (shard.busy(), shard.busy());
    let mut idle = std::pin::pin!(shard.idle());
    assert!(idle.as_mut().poll(&mut context).is_pending());
    drop(first);
    assert!(!bell.has_rung());
    assert_eq!(shard.load(), 1);
    drop(second);
    assert!(bell.has_rung());
    assert!(idle.as_mut().poll(&mut context).is_ready());
}

#[test]
fn a_future_runs_at_once_and_is_spawned_only_where_it_pauses() {
    let spawned = Arc::new(Mutex::new(0));
    let count = Arc::clone(&spawned);
    let shard = Shard::new(Instant::now(), move |_| *count.lock() += 1);
    run(&shard, Box::pin(std::future::ready(())));
    assert_eq!(*spawned.lock(), 0);
    run(&shard, Box::pin(std::future::pending()));
    assert_eq!(*spawned.lock(), 1);
}
