//! The outgoing half of a connection: what is queued, and the transport that takes it.

use crate::config::{BufferPolicy, Config};
use crate::error::Reason;
use crate::hub::handshake::Handshake;
use crate::hub::outbox::{Flushed, Outbox, Wire};
use crate::proto::connection::Answer;
use crate::wire::frame::Burst;
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A queue may reach this multiple of `max_buffered_bytes` before the grace of a slow client is over at once.
const HARD_CAP: usize = 4;

/// Volatile events are dropped as soon as this much waits for a client.
const VOLATILE_BYTES: usize = 64 * 1024;

/// Clients built on python-engineio refuse a polling answer of more packets unless they are told otherwise.
const PYTHON_PACKETS: usize = 16;

/// The body of a long-polling answer.
#[derive(Debug)]
pub struct PollBody {
    /// The payload.
    pub bytes: Bytes,
    /// Whether it may be compressed.
    pub compress: bool,
}

impl PollBody {
    fn fixed(text: &'static str) -> Self {
        Self { bytes: Bytes::from_static(text.as_bytes()), compress: false }
    }

    /// What a GET is told when the server has closed its session.
    pub fn farewell() -> Self {
        Self::fixed("6\u{1e}1")
    }
}

enum Mode {
    Polling {
        parked: Option<(u64, oneshot::Sender<PollBody>)>,
    },
    /// A WebSocket. Without a wire only the connection's own task may write.
    WebSocket {
        wire: Option<Arc<dyn Wire>>,
        blocked: bool,
    },
    /// A last frame is to go out, then the connection ends.
    Ending {
        wire: Option<Arc<dyn Wire>>,
        blocked: bool,
    },
    Closed,
}

/// What became of a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits, and the peer was marked before.
    Queued,
    /// It waits, and the peer is to be marked as dirty.
    Dirty,
    /// It was dropped: volatile, or the connection is closed.
    Dropped,
    /// The client does not read: it is to be closed.
    Overflow,
}

/// What a flush asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Done,
    /// Another flush in the next turn.
    Again,
    /// The connection's task has something to do: write, wait for room, or end.
    WakeTask,
    /// The connection broke.
    Broken,
    /// The client does not read: it is to be closed.
    Overflow,
    /// Whether the queue has become short enough is to be seen at this moment.
    CheckAt(Instant),
}

/// How a link stands, for the task of its WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Messages may pass. Whether the client takes no more for now, and whether the task itself has to write.
    Running { blocked: bool, write: bool },
    /// A last frame is on its way out.
    Ending,
    /// Nothing passes.
    Closed,
}

/// Limits of a queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    bytes: usize,
    packets: usize,
    grace: Duration,
    policy: BufferPolicy,
    per_poll: Option<usize>,
}

impl QueueLimits {
    /// The limits that the configuration sets for a client.
    pub fn new(config: &Config, handshake: &Handshake) -> Self {
        let python =
            || handshake.header("user-agent").is_some_and(|agent| agent.to_ascii_lowercase().contains("python"));
        Self {
            bytes: config.max_buffered_bytes,
            packets: config.max_buffered_packets,
            grace: config.buffer_grace,
            policy: config.buffer_policy,
            per_poll: config.max_packets_per_poll.or_else(|| python().then_some(PYTHON_PACKETS)),
        }
    }
}

/// The outgoing half of a connection.
pub struct Link {
    outbox: Outbox,
    mode: Mode,
    dirty: bool,
    serial: u64,
    /// Since when the queue has been too long without the client taking anything.
    lagging: Option<Instant>,
    /// When the shard looks whether it still is.
    checked_at: Option<Instant>,
    /// It has ended because of that.
    overflowed: bool,
    limits: QueueLimits,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("outbox", &self.outbox).field("dirty", &self.dirty).finish_non_exhaustive()
    }
}

impl Link {
    /// The link of a session that polls.
    pub fn polling(limits: QueueLimits) -> Self {
        let mode = Mode::Polling { parked: None };
        let outbox = Outbox::default();
        Self { outbox, mode, dirty: false, serial: 0, lagging: None, checked_at: None, overflowed: false, limits }
    }

    /// Bytes that wait for the client.
    pub fn buffered_bytes(&self) -> usize {
        self.outbox.bytes()
    }

    /// Packets that wait for the client.
    pub fn buffered_packets(&self) -> usize {
        self.outbox.packets()
    }

    /// Whether a GET waits.
    pub fn is_parked(&self) -> bool {
        matches!(&self.mode, Mode::Polling { parked: Some((_, reply)) } if !reply.is_closed())
    }

    /// Whether anything is queued.
    pub fn is_queued(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether a volatile event could leave now.
    fn is_writable(&self) -> bool {
        let open = match &self.mode {
            Mode::Polling { .. } => self.is_parked(),
            Mode::WebSocket { blocked, .. } => !blocked,
            Mode::Ending { .. } | Mode::Closed => false,
        };
        open && self.outbox.bytes() < VOLATILE_BYTES
    }

    /// Appends a burst of a running connection.
    pub fn push(&mut self, burst: Burst, volatile: bool, alone: bool) -> Pushed {
        if matches!(self.mode, Mode::Closed | Mode::Ending { .. }) || (volatile && !self.is_writable()) {
            return Pushed::Dropped;
        }
        if self.is_full()
            && let Some(pushed) = self.relieve()
        {
            return pushed;
        }
        self.outbox.push(burst, alone);
        self.mark()
    }

    fn is_full(&self) -> bool {
        self.outbox.bytes() >= self.limits.bytes || self.outbox.packets() >= self.limits.packets
    }

    fn mark(&mut self) -> Pushed {
        if std::mem::replace(&mut self.dirty, true) { Pushed::Queued } else { Pushed::Dirty }
    }

    /// The queue is full: makes room where the client takes something at once.
    fn relieve(&mut self) -> Option<Pushed> {
        if let Mode::WebSocket { wire: Some(wire), blocked: false } = &self.mode {
            let wire = Arc::clone(wire);
            let flushed = self.outbox.flush(&*wire, &mut Vec::new());
            self.note(&flushed);
        }
        if !self.is_full() {
            return None;
        }
        match self.limits.policy {
            BufferPolicy::DropNewest => Some(Pushed::Dropped),
            BufferPolicy::Disconnect => {
                (self.outbox.bytes() >= self.limits.bytes.saturating_mul(HARD_CAP)).then_some(Pushed::Overflow)
            }
        }
    }

    fn note(&mut self, flushed: &Flushed) {
        if let Mode::WebSocket { blocked, .. } | Mode::Ending { blocked, .. } = &mut self.mode {
            *blocked = matches!(flushed, Flushed::Blocked);
        }
    }

    /// Sends what is queued as far as the client takes it.
    pub fn flush(&mut self, now: Instant, scratch: &mut Vec<u8>) -> After {
        self.dirty = false;
        match &mut self.mode {
            Mode::Closed => After::Done,
            Mode::Polling { .. } => {
                self.flush_polling();
                self.judge(now)
            }
            Mode::WebSocket { wire: None, .. } => match self.judge(now) {
                After::Done => After::WakeTask,
                other => other,
            },
            Mode::WebSocket { blocked: true, .. } => self.judge(now),
            Mode::Ending { wire: None, .. } | Mode::Ending { blocked: true, .. } => After::WakeTask,
            Mode::WebSocket { wire: Some(wire), .. } | Mode::Ending { wire: Some(wire), .. } => {
                let wire = Arc::clone(wire);
                let before = self.outbox.bytes();
                let flushed = self.outbox.flush(&*wire, scratch);
                self.note(&flushed);
                if self.outbox.bytes() < before {
                    self.lagging = None;
                }
                self.after_flush(flushed, now)
            }
        }
    }

    fn after_flush(&mut self, flushed: Flushed, now: Instant) -> After {
        match flushed {
            Flushed::Broken => After::Broken,
            _ if matches!(self.mode, Mode::Ending { .. }) => After::WakeTask,
            Flushed::All => After::Done,
            Flushed::Again => {
                self.dirty = true;
                After::Again
            }
            Flushed::Blocked => match self.judge(now) {
                After::Done => After::WakeTask,
                other => other,
            },
        }
    }

    fn flush_polling(&mut self) {
        let Mode::Polling { parked } = &mut self.mode else { return };
        if self.outbox.is_empty() {
            return;
        }
        let Some((_, reply)) = parked.take_if(|(_, reply)| !reply.is_closed()) else { return };
        let (payload, compress) = self.outbox.take_polling(self.limits.per_poll, true);
        self.lagging = None;
        // A client that went away in between ends its session, so what is lost here would have been lost anyway.
        drop(reply.send(PollBody { bytes: payload.into(), compress }));
    }

    /// Whether the client has been too slow for too long. Asks for one look later, however often it is asked before that.
    pub fn judge(&mut self, now: Instant) -> After {
        let long = self.outbox.bytes() > self.limits.bytes || self.outbox.packets() > self.limits.packets;
        if !long {
            self.lagging = None;
            return After::Done;
        }
        let since = *self.lagging.get_or_insert(now);
        let until = since + self.limits.grace;
        match self.limits.policy {
            BufferPolicy::DropNewest => After::WakeTask,
            BufferPolicy::Disconnect if now >= until => After::Overflow,
            BufferPolicy::Disconnect if self.checked_at.is_some_and(|at| at > now) => After::WakeTask,
            BufferPolicy::Disconnect => {
                self.checked_at = Some(until);
                After::CheckAt(until)
            }
        }
    }

    /// A GET waits; the serial number names it, and the receiver gets its answer.
    pub fn park(&mut self) -> (u64, oneshot::Receiver<PollBody>) {
        let (reply, answer) = oneshot::channel();
        self.serial += 1;
        if let Mode::Polling { parked } = &mut self.mode {
            *parked = Some((self.serial, reply));
        }
        (self.serial, answer)
    }

    /// Takes what is queued as the answer to a GET.
    pub fn drain(&mut self) -> PollBody {
        self.lagging = None;
        let (payload, compress) = self.outbox.take_polling(self.limits.per_poll, false);
        PollBody { bytes: payload.into(), compress }
    }

    /// The client of a waiting GET went away; whether that GET was still waiting for its answer.
    pub fn unpark(&mut self, serial: u64) -> bool {
        match &mut self.mode {
            Mode::Polling { parked } => parked.take_if(|(parked, _)| *parked == serial).is_some(),
            _ => false,
        }
    }

    /// Answers the waiting GET without a message.
    pub fn answer(&mut self, answer: Answer) {
        if let Mode::Polling { parked } = &mut self.mode
            && let Some((_, reply)) = parked.take()
        {
            let text = match answer {
                Answer::Noop => "6",
                Answer::Close => "1",
            };
            drop(reply.send(PollBody::fixed(text)));
        }
    }

    /// The connection is a WebSocket from now on.
    pub fn attach(&mut self, wire: Option<Arc<dyn Wire>>) -> Pushed {
        if !matches!(self.mode, Mode::Polling { .. }) {
            return Pushed::Dropped;
        }
        self.mode = Mode::WebSocket { wire, blocked: false };
        self.mark()
    }

    /// The connection has ended for a reason: says so on a WebSocket, and takes nothing more.
    pub fn end(&mut self, reason: Reason, detail: &str) -> Pushed {
        self.lagging = None;
        if matches!(self.mode, Mode::Ending { .. } | Mode::Closed) {
            return Pushed::Dropped;
        }
        self.overflowed = reason == Reason::SlowConsumer;
        match std::mem::replace(&mut self.mode, Mode::Closed) {
            Mode::WebSocket { wire, blocked } if reason != Reason::TransportClose => {
                if reason == Reason::SlowConsumer {
                    self.outbox.clear();
                }
                let code = if reason == Reason::TransportError { 1002 } else { reason.close_code() };
                self.outbox.push(Burst::close(Some(code), detail), false);
                self.mode = Mode::Ending { wire, blocked };
                self.mark()
            }
            _ => {
                self.outbox = Outbox::default();
                Pushed::Dropped
            }
        }
    }

    /// Whether it has ended because its client did not read.
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Appends a frame of the WebSocket layer itself.
    pub fn push_control(&mut self, burst: Burst) -> Pushed {
        // A client that pings and never reads must not fill the queue.
        if !matches!(self.mode, Mode::WebSocket { .. }) || self.outbox.bytes() >= self.limits.bytes {
            return Pushed::Dropped;
        }
        self.outbox.push(burst, false);
        self.mark()
    }

    /// How the link stands.
    pub fn standing(&self) -> Standing {
        match &self.mode {
            Mode::Polling { .. } => Standing::Running { blocked: false, write: false },
            Mode::WebSocket { wire, blocked } => {
                Standing::Running { blocked: *blocked, write: wire.is_none() && self.is_queued() }
            }
            Mode::Ending { .. } => Standing::Ending,
            Mode::Closed => Standing::Closed,
        }
    }

    /// Ends with a frame of the caller's instead of one that names a reason.
    pub fn end_with(&mut self, last: Burst) -> Pushed {
        self.lagging = None;
        match std::mem::replace(&mut self.mode, Mode::Closed) {
            Mode::WebSocket { wire, blocked } => {
                self.outbox.push(last, false);
                self.mode = Mode::Ending { wire, blocked };
                self.mark()
            }
            other => {
                self.mode = other;
                Pushed::Dropped
            }
        }
    }

    /// Lets go of the transport; what is queued is lost.
    pub fn release(&mut self) {
        self.mode = Mode::Closed;
        self.outbox = Outbox::default();
    }

    /// The client takes bytes again.
    pub fn unblock(&mut self) {
        if let Mode::WebSocket { blocked, .. } | Mode::Ending { blocked, .. } = &mut self.mode {
            *blocked = false;
        }
    }

    /// Takes of what is queued as much as one write, burst by burst, for a host that writes frames itself.
    pub fn take_messages(&mut self, each: &mut dyn FnMut(&Burst)) {
        self.lagging = None;
        self.outbox.take_messages(each);
    }

    /// Takes what is queued, for a connection that only its own task may write to.
    pub fn take(&mut self, buffer: &mut Vec<u8>) -> bool {
        self.lagging = None;
        self.outbox.take_websocket(buffer)
    }
}

#[cfg(test)]
mod tests;
