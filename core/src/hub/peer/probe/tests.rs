//! Two probes of one session: the earlier one's time is over, and it has not heard of that when the later one comes.

use super::*;
use crate::config::Config;
use crate::hub::testing::World;
use crate::proto::session::Transport;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn woken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// A session, its two probes, and a moment when the second one is there.
fn overtaken(world: &World) -> (Arc<Peer>, [ProbeSerial; 2], Instant) {
    let peer = world.peer(Transport::Polling);
    let first = peer.begin_probe(world.start).unwrap();
    assert_eq!(peer.begin_probe(world.start), Err(Verdict::Mismatch), "one at a time");
    peer.probe_input(first, Input::ProbeText("2probe".into()), world.start);
    let now = world.start + world.hub.config().upgrade_timeout;
    peer.timer_fired(now);
    let second = peer.begin_probe(now).unwrap();
    (peer, [first, second], now)
}

#[test]
fn an_earlier_probe_hears_only_that_it_is_to_close() {
    let world = World::new(Config::default());
    let (peer, [first, second], now) = overtaken(&world);
    peer.probe_input(second, Input::ProbeText("2probe".into()), now);
    assert_eq!(peer.probe_news(first), Some(ProbeNews::Close));
    assert_eq!(peer.probe_news(first), Some(ProbeNews::Close), "however often it asks");
    assert_eq!(peer.probe_news(second), Some(ProbeNews::Pong));
    assert_eq!(peer.probe_news(second), None);
}

#[test]
fn what_an_earlier_probe_says_or_does_is_nothing_to_the_session() {
    let world = World::new(Config::default());
    let (peer, [first, second], now) = overtaken(&world);
    peer.probe_input(second, Input::ProbeText("2probe".into()), now);
    peer.probe_input(first, Input::ProbeText("4garbage".into()), now);
    peer.probe_input(first, Input::ProbeBinary, now);
    peer.probe_input(first, Input::ProbeText("5".into()), now);
    peer.probe_input(first, Input::ProbeEnded, now);
    assert_eq!(peer.transport(), Transport::Polling);
    assert_eq!(peer.probe_news(second), Some(ProbeNews::Pong));
    peer.probe_input(second, Input::ProbeText("5".into()), now);
    assert_eq!(peer.probe_news(second), Some(ProbeNews::Upgraded));
    assert_eq!(peer.transport(), Transport::WebSocket);
}

#[test]
fn news_wake_the_latest_probe_whoever_watches_last() {
    let world = World::new(Config::default());
    let peer = world.peer(Transport::Polling);
    let [early, late] = [Arc::<Count>::default(), Arc::<Count>::default()];
    let first = peer.begin_probe(world.start).unwrap();
    peer.watch_probe(first, &Arc::clone(&early).into());
    let now = world.start + world.hub.config().upgrade_timeout;
    peer.timer_fired(now);
    assert_eq!(early.woken(), 1);
    peer.watch_probe(first, &Arc::clone(&early).into());
    let second = peer.begin_probe(now).unwrap();
    assert_eq!(early.woken(), 1, "it hears that another one came");
    peer.watch_probe(second, &Arc::clone(&late).into());
    peer.watch_probe(first, &Arc::clone(&early).into());
    peer.probe_input(second, Input::ProbeText("2probe".into()), now);
    assert_eq!((early.woken(), late.woken()), (0, 1));
}
