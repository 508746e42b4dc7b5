//! Connection state recovery: sessions that ended are kept for a while, and packets that they missed are replayed.

use crate::config::Recovery;
use crate::hub::socket::SocketData;
use crate::hub::target::Target;
use crate::ids::SocketId;
use crate::wire::frame::Burst;
use crate::wire::text::Text;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A session that may come back.
#[derive(Debug)]
pub struct Session {
    /// The public id that the socket had.
    pub id: SocketId,
    /// The rooms that it was in.
    pub rooms: Vec<Text>,
    /// Its data.
    pub data: Option<Arc<dyn SocketData>>,
    /// Number of the last packet that was remembered when it went.
    last: u64,
    /// Number of the last packet when it joined.
    joined: u64,
    /// Number of the last packet that was queued for it; 0 when there was none.
    sent: u64,
    until: Instant,
}

impl Session {
    /// The number of the last packet that the client need not get, when it has seen those up to `seen`.
    fn position(&self, seen: Option<u64>) -> u64 {
        match seen {
            Some(seen) if seen < self.sent => seen,
            None if self.sent > 0 => self.joined,
            _ => self.last,
        }
    }
}

/// A session that ends and is to be kept.
#[derive(Debug)]
pub struct Ending {
    /// The private name under which the client may ask for it.
    pub pid: Arc<str>,
    /// The public id of the socket.
    pub id: SocketId,
    /// Its rooms.
    pub rooms: Vec<Text>,
    /// Its data.
    pub data: Option<Arc<dyn SocketData>>,
    /// [`Log::position`] when it joined.
    pub joined: u64,
    /// Number of the last packet that was queued for it.
    pub sent: u64,
}

#[derive(Debug)]
struct Remembered {
    number: u64,
    at: Instant,
    target: Target,
    burst: Burst,
}

/// What is needed to bring a session back.
#[derive(Debug)]
pub struct Restored {
    /// The session.
    pub session: Session,
    /// What it missed, oldest first.
    pub missed: Vec<Burst>,
    /// Number of the last packet that it need not get.
    pub joined: u64,
    /// Number of the last packet that it missed; 0 when there is none.
    pub sent: u64,
}

/// The memory of one namespace.
#[derive(Debug)]
pub struct Log {
    packets: VecDeque<Remembered>,
    bytes: usize,
    next: u64,
    sessions: HashMap<Arc<str>, Session>,
    rules: Recovery,
    swept: Option<Instant>,
    /// Begins every offset, so that a string of the application is not taken for one.
    tag: Box<str>,
}

/// How often sessions that were never reclaimed are looked for.
const SWEEP: Duration = Duration::from_secs(10);

impl Log {
    /// An empty memory.
    pub fn new(rules: Recovery) -> Self {
        let tag = SocketId::random().map_or_else(|| "o".into(), |id| id.as_str().chars().take(6).collect());
        Self { packets: VecDeque::new(), bytes: 0, next: 1, sessions: HashMap::new(), rules, swept: None, tag }
    }

    /// The number of the next packet, and its offset as clients see it.
    pub fn next_offset(&mut self) -> (u64, String) {
        let number = self.next;
        self.next += 1;
        (number, format!("{}.{number:x}", self.tag))
    }

    /// The number in an offset; nothing when the text is no offset that this log gave.
    fn number(&self, offset: &str) -> Option<u64> {
        let digits = offset.strip_prefix(&*self.tag)?.strip_prefix('.')?;
        u64::from_str_radix(digits, 16).ok().filter(|number| *number < self.next)
    }

    /// The number of the last packet.
    pub fn position(&self) -> u64 {
        self.next - 1
    }

    /// Remembers a packet.
    pub fn remember(&mut self, number: u64, target: Target, burst: Burst, now: Instant) {
        self.forget_old(now);
        self.bytes += burst.len();
        self.packets.push_back(Remembered { number, at: now, target, burst });
        while self.bytes > self.rules.max_bytes {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        match self.packets.pop_front() {
            Some(packet) => self.bytes = self.bytes.saturating_sub(packet.burst.len()),
            None => self.bytes = 0,
        }
    }

    fn forget_old(&mut self, now: Instant) {
        let keep = self.rules.max_disconnection_duration;
        while self.packets.front().is_some_and(|packet| now.saturating_duration_since(packet.at) > keep) {
            self.drop_oldest();
        }
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) > SWEEP) {
            self.swept = Some(now);
            self.sessions.retain(|_, session| session.until > now);
        }
    }

    /// Keeps the session of a socket that went.
    pub fn keep(&mut self, ending: Ending, now: Instant) {
        self.forget_old(now);
        let Ending { pid, id, rooms, data, joined, sent } = ending;
        let until = now + self.rules.max_disconnection_duration;
        let last = self.position();
        self.sessions.insert(pid, Session { id, rooms, data, last, joined, sent, until });
    }

    /// Keeps a session again that was brought back in vain.
    pub fn give_back(&mut self, pid: Arc<str>, session: Session) {
        self.sessions.insert(pid, session);
    }

    /// Whether any session may still come back.
    pub fn keeps_sessions(&self, now: Instant) -> bool {
        self.sessions.values().any(|session| session.until > now)
    }

    /// Brings a session back, once. `offset` is that of the last packet that the client has seen; a client that has
    /// seen none sends none. Nothing when the session is not kept or what the client missed was forgotten.
    pub fn restore(&mut self, pid: &str, offset: Option<&str>, now: Instant) -> Option<Restored> {
        let seen = match offset {
            Some(offset) => Some(self.number(offset)?),
            None => None,
        };
        let session = self.sessions.remove(pid).filter(|session| session.until > now)?;
        let position = session.position(seen);
        let kept_from = self.packets.front().map_or(self.next, |packet| packet.number);
        if position + 1 < kept_from {
            return None;
        }
        let after = self.packets.iter().filter(|packet| packet.number > position);
        let missed: Vec<_> = after.filter(|packet| concerns(&packet.target, &session.rooms)).collect();
        Some(Restored {
            joined: position,
            sent: missed.last().map_or(0, |packet| packet.number),
            missed: missed.into_iter().map(|packet| packet.burst.clone()).collect(),
            session,
        })
    }
}

fn concerns(target: &Target, rooms: &[Text]) -> bool {
    let any = |names: &[Text]| names.iter().any(|name| rooms.contains(name));
    (target.rooms.is_empty() || any(&target.rooms)) && !any(&target.except)
}

/// The credentials of a client that wants its session back: private id and offset.
pub fn credentials(auth: &str) -> Option<(String, Option<String>)> {
    #[derive(serde::Deserialize)]
    struct Fields {
        pid: String,
        offset: Option<String>,
    }
    let fields: Fields = serde_json::from_str(auth).ok()?;
    Some((fields.pid, fields.offset))
}

#[cfg(test)]
mod tests;
