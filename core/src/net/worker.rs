//! What runs a shard: one future that flushes dirty peers and one that watches deadlines.

use crate::hub::Hub;
use crate::hub::shard::{BoxFuture, Home, Shard, Timer};
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Instant;

/// Ends every turn: the sink gets what it kept back, and dirty peers are flushed. Never ends itself.
///
/// The runtime runs this after the connections that were ready before the bell rang, so that what a whole burst of
/// reads emitted leaves with one write per peer.
pub async fn flush(hub: Weak<Hub>, shard: Arc<Shard>) {
    let mut dirty = Vec::new();
    let mut scratch = Vec::new();
    poll_fn(|context| {
        shard.on_dirty(context.waker());
        if let Some(hub) = hub.upgrade() {
            hub.sink().end_of_turn(&shard);
        }
        shard.take_dirty(&mut dirty);
        if !dirty.is_empty() {
            let now = Instant::now();
            for peer in dirty.drain(..) {
                peer.flush(now, &mut scratch);
            }
            // What became dirty meanwhile rang the bell, as the list was empty then.
        }
        Poll::<()>::Pending
    })
    .await;
}

/// Hands out deadlines that come due. Never ends.
pub async fn watch(shard: Arc<Shard>) {
    loop {
        let due = shard.take_due(Instant::now());
        let now = Instant::now();
        for timer in due {
            match timer {
                Timer::Peer(peer) => {
                    if let Some(peer) = peer.upgrade() {
                        peer.timer_fired(now);
                    }
                }
                Timer::Acks(socket) => {
                    if let Some(socket) = socket.upgrade() {
                        socket.acks_due(now);
                    }
                }
            }
        }
        next(&shard).await;
    }
}

/// Ends when the next deadline is due, or when an earlier one was entered.
async fn next(shard: &Shard) {
    let first = shard.next_deadline();
    let sleep = async {
        match first {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    };
    let earlier = poll_fn(|context| {
        shard.on_earlier(context.waker());
        if shard.next_deadline() == first { Poll::Pending } else { Poll::Ready(()) }
    });
    tokio::select! {
        () = sleep => {}
        () = earlier => {}
    }
}

/// Adds a share to a hub whose worker runs on the current tokio runtime.
pub fn adopt_runtime(hub: &Arc<Hub>) {
    let handle = tokio::runtime::Handle::current();
    let spawner = handle.clone();
    let shard = Shard::new(Instant::now(), spawner);
    handle.spawn(flush(Arc::downgrade(hub), Arc::clone(&shard)));
    handle.spawn(watch(Arc::clone(&shard)));
    hub.add_shard(shard);
}

impl Home for tokio::runtime::Handle {
    fn spawn(&self, future: BoxFuture<()>) {
        drop(Self::spawn(self, future));
    }

    fn enter(&self, run: &mut dyn FnMut()) {
        let is_here = Self::try_current().is_ok_and(|current| current.id() == self.id());
        let _guard = (!is_here).then(|| Self::enter(self));
        run();
    }
}
