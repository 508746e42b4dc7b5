//! What a peer is sent: queued on its link, flushed by its shard.

use super::Peer;
use crate::error::Reason;
use crate::hub::link::{After, Pushed};
use crate::hub::shard::Timer;
use crate::wire::frame::Burst;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;

/// Why a client is closed whose queue stays too long.
pub(super) const NOT_READING: (Reason, &str) = (Reason::SlowConsumer, "the client does not read what is sent to it");

impl Peer {
    /// Appends a burst and marks the peer as dirty.
    pub fn push(self: &Arc<Self>, burst: Burst) {
        let pushed = self.link().push(burst, false, false);
        self.after_push(pushed);
    }

    /// As [`Peer::push`], in a write of its own.
    pub fn push_alone(self: &Arc<Self>, burst: Burst) {
        let pushed = self.link().push(burst, false, true);
        self.after_push(pushed);
    }

    /// Acts on what became of a burst. Must not be called with a lock held, except the machine's.
    pub fn after_push(self: &Arc<Self>, pushed: Pushed) {
        match pushed {
            Pushed::Queued | Pushed::Dropped => {}
            Pushed::Dirty => self.shard.mark_dirty([Arc::clone(self)]),
            Pushed::Overflow => self.overflow(),
        }
    }

    /// The client does not read. Closed from a task of its own, as the machine may be locked further up.
    fn overflow(self: &Arc<Self>) {
        let peer = Arc::clone(self);
        self.link().end(Reason::SlowConsumer, "");
        self.task.wake();
        self.shard.spawn(Box::pin(async move {
            peer.fail(NOT_READING.0, NOT_READING.1);
        }));
    }

    /// Sends what is queued.
    pub fn flush(self: &Arc<Self>, now: Instant, scratch: &mut Vec<u8>) {
        let after = self.link().flush(now, scratch);
        self.after_flush(after, now);
    }

    pub(super) fn after_flush(self: &Arc<Self>, after: After, now: Instant) {
        match after {
            After::Done => {}
            After::Again => self.shard.mark_dirty([Arc::clone(self)]),
            After::WakeTask => self.task.wake(),
            After::Broken => self.fail(Reason::TransportClose, "the connection broke while it was written to"),
            After::Overflow => self.fail(NOT_READING.0, NOT_READING.1),
            After::CheckAt(at) => {
                self.task.wake();
                if at > now {
                    self.shard.schedule(at, Timer::Peer(Arc::downgrade(self)));
                }
            }
        }
    }

    /// Sends a message of a bare Engine.IO connection.
    pub fn send_text(self: &Arc<Self>, text: &str) {
        self.push(Burst::text(&[b"4", text.as_bytes()]));
    }

    /// Sends a binary message, likewise.
    pub fn send_binary(self: &Arc<Self>, data: &Bytes) {
        self.push(Burst::binary(data));
    }
}
