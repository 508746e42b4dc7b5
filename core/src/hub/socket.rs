//! One client in one namespace.

use crate::error::{Error, ErrorKind, Reason, Result};
use crate::hub::acks::{self, Acks, OnAck};
use crate::hub::before::Before;
use crate::hub::event::Event;
use crate::hub::handshake::Handshake;
use crate::hub::namespace::Namespace;
use crate::hub::peer::Peer;
use crate::hub::rooms::Key;
use crate::hub::shard::Timer;
use crate::ids::{AckId, SocketId};
use crate::payload::Payload;
use crate::proto::client::{Slot, Ticket};
use crate::wire::json;
use crate::wire::packet;
use crate::wire::text::Text;
use parking_lot::{Mutex, RwLock};
use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Data that a program attaches to a socket: read back as what it was, and shown to others as JSON.
pub trait SocketData: Any + Send + Sync + std::fmt::Debug {
    /// The data as JSON text.
    fn to_json(&self) -> Text;
    /// The data as what it is.
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// Data that is JSON text: how foreign hosts attach it.
#[derive(Clone, Debug)]
pub struct JsonData(Text);

impl JsonData {
    /// Data from JSON text.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the text is no JSON.
    pub fn new(text: Text) -> Result<Self> {
        let no_json = |cause| Error::new(ErrorKind::Encode, "the data are not JSON").with_source(cause);
        json::scan_value(&text, 1_000).map_err(no_json)?;
        Ok(Self(text))
    }
}

impl SocketData for JsonData {
    fn to_json(&self) -> Text {
        self.0.clone()
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

const JOINING: u8 = 0;
const CONNECTED: u8 = 1;
const GONE: u8 = 2;

/// No place in the namespace.
const NO_KEY: Key = Key::MAX;

/// What recovery needs to know of a socket.
#[derive(Debug)]
pub struct RecoveryState {
    /// The private name of the session.
    pub pid: Arc<str>,
    /// The offset with which the client came back, when it did and gave one.
    pub came_with: Option<String>,
    /// Number of the last packet when it joined.
    pub joined: AtomicU64,
    /// Number of the last packet that was queued for it.
    pub sent: AtomicU64,
}

/// One client in one namespace.
pub struct Socket {
    id: SocketId,
    ticket: Ticket,
    namespace: Arc<Namespace>,
    peer: Arc<Peer>,
    auth: Text,
    has_auth: bool,
    recovered: bool,
    recovery: Option<RecoveryState>,
    state: AtomicU8,
    key: AtomicUsize,
    watches_outgoing: AtomicBool,
    acks: Mutex<Acks>,
    before: Mutex<Option<Box<Before>>>,
    data: RwLock<Option<Arc<dyn SocketData>>>,
    /// What the face of a language keeps with the socket.
    local: OnceLock<Arc<dyn Any + Send + Sync>>,
    /// The rooms that it was in when it left.
    departed: OnceLock<Vec<Text>>,
    /// It left and cannot come back.
    for_good: AtomicBool,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id)
            .field("namespace", &self.namespace.name())
            .finish_non_exhaustive()
    }
}

/// What a socket is made of.
#[derive(Debug)]
pub struct Parts {
    /// Its public id.
    pub id: SocketId,
    /// The CONNECT that it answers.
    pub ticket: Ticket,
    /// Its namespace.
    pub namespace: Arc<Namespace>,
    /// Its connection.
    pub peer: Arc<Peer>,
    /// The credentials that the client sent, as JSON text.
    pub auth: Text,
    /// Whether it continues an earlier session.
    pub recovered: bool,
    /// What recovery needs, where it is on.
    pub recovery: Option<RecoveryState>,
    /// Data of the earlier session.
    pub data: Option<Arc<dyn SocketData>>,
}

impl Socket {
    /// A socket that has not joined yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            id: parts.id,
            ticket: parts.ticket,
            namespace: parts.namespace,
            peer: parts.peer,
            has_auth: !parts.auth.is_empty(),
            auth: if parts.auth.is_empty() { Text::from_static("{}") } else { parts.auth },
            recovered: parts.recovered,
            recovery: parts.recovery,
            state: AtomicU8::new(JOINING),
            key: AtomicUsize::new(NO_KEY),
            watches_outgoing: AtomicBool::new(false),
            acks: Mutex::default(),
            before: Mutex::default(),
            data: RwLock::new(parts.data),
            local: OnceLock::new(),
            departed: OnceLock::new(),
            for_good: AtomicBool::new(false),
        })
    }

    /// The public id.
    pub fn id(&self) -> &SocketId {
        &self.id
    }

    /// The namespace.
    pub fn namespace(&self) -> &Arc<Namespace> {
        &self.namespace
    }

    /// The connection.
    pub fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }

    /// The request that opened the connection.
    pub fn handshake(&self) -> &Arc<Handshake> {
        self.peer.handshake()
    }

    /// The credentials that the client sent, as JSON text; `{}` when it sent none.
    pub fn auth(&self) -> &Text {
        &self.auth
    }

    /// Whether the client sent credentials.
    pub fn has_auth(&self) -> bool {
        self.has_auth
    }

    /// Whether it continues an earlier session.
    pub fn is_recovered(&self) -> bool {
        self.recovered
    }

    /// Whether it has joined and not left.
    pub fn is_connected(&self) -> bool {
        self.state.load(Ordering::Acquire) == CONNECTED
    }

    /// Whether it is about to join.
    pub fn is_joining(&self) -> bool {
        self.state.load(Ordering::Acquire) == JOINING
    }

    /// Whether it left and cannot come back.
    pub fn left_for_good(&self) -> bool {
        self.for_good.load(Ordering::Acquire)
    }

    /// What recovery needs, where it is on.
    pub fn recovery(&self) -> Option<&RecoveryState> {
        self.recovery.as_ref()
    }

    /// The CONNECT that it answers.
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Its place among the namespaces of its connection.
    pub fn slot(&self) -> Slot {
        self.ticket.slot
    }

    /// Its place among the sockets of its namespace.
    pub fn key(&self) -> Key {
        self.key.load(Ordering::Acquire)
    }

    /// The socket has its place and is connected.
    pub fn seated(&self, key: Key) {
        self.key.store(key, Ordering::Release);
        self.state.store(CONNECTED, Ordering::Release);
    }

    /// Does something with what waits for a socket that is about to join. False when it is not.
    ///
    /// # Errors
    /// Those of what is done.
    pub fn while_joining(&self, with: impl FnOnce(&mut Before) -> Result<()>) -> Result<bool> {
        if self.state.load(Ordering::Acquire) != JOINING {
            return Ok(false);
        }
        let mut before = self.before.lock();
        if self.state.load(Ordering::Acquire) != JOINING {
            return Ok(false);
        }
        with(before.get_or_insert_default())?;
        Ok(true)
    }

    /// The socket will not be let in.
    pub fn give_up(&self) {
        self.state.compare_exchange(JOINING, GONE, Ordering::AcqRel, Ordering::Acquire).ok();
        let before = self.before.lock().take();
        drop(before);
    }

    /// Lets the socket in: `enter` gets what waited for that, and seats the socket. Nothing can wait any more afterwards.
    pub fn let_in(&self, enter: impl FnOnce(Before)) {
        let mut before = self.before.lock();
        enter(before.take().map(|before| *before).unwrap_or_default());
    }

    /// What the face of a language keeps with the socket.
    pub fn local(&self) -> &OnceLock<Arc<dyn Any + Send + Sync>> {
        &self.local
    }

    /// Whether [`Event::Outgoing`] is wanted for this socket.
    pub fn watches_outgoing(&self) -> bool {
        self.watches_outgoing.load(Ordering::Relaxed)
    }

    /// Asks for [`Event::Outgoing`], or no longer.
    pub fn watch_outgoing(&self, watch: bool) {
        if self.watches_outgoing.swap(watch, Ordering::Relaxed) != watch {
            self.namespace.count_watcher(watch);
        }
    }

    /// The data that the program attached.
    pub fn data(&self) -> Option<Arc<dyn SocketData>> {
        self.data.read().clone()
    }

    /// Attaches data in place of what was attached.
    pub fn set_data(&self, data: Option<Arc<dyn SocketData>>) {
        *self.data.write() = data;
    }

    /// The attached data as JSON text; `{}` when there is none.
    pub fn data_json(&self) -> Text {
        self.data().map_or_else(|| Text::from_static("{}"), |data| data.to_json())
    }

    /// Puts the socket into rooms; one that is about to join when it is let in.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a name that is too long, [`ErrorKind::LimitExceeded`] past `max_rooms_per_socket`,
    /// [`ErrorKind::Disconnected`] when the socket is gone; then it joined none of them.
    pub fn join(&self, rooms: &[Text]) -> Result<()> {
        self.namespace.join_rooms(self, rooms)
    }

    /// Takes the socket out of a room.
    pub fn leave(&self, room: &str) {
        self.namespace.leave_room(self, room);
    }

    /// Takes the socket out of all rooms, its own one included.
    pub fn leave_all(&self) {
        for room in self.rooms() {
            self.leave(&room);
        }
    }

    /// The rooms that the socket is in, its own one included.
    pub fn rooms(&self) -> Vec<Text> {
        self.namespace.rooms_of(self)
    }

    /// Answers an event of the client. Answers that come twice are the caller's mistake; clients ignore the second.
    pub fn ack(&self, id: AckId, args: &Payload) {
        if self.is_connected() {
            self.peer.push(packet::ack(self.namespace.name(), id, args));
        }
    }

    /// Begins to wait for an answer with this number.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] when the socket owes too many answers, [`ErrorKind::Disconnected`] when it is gone;
    /// `done` is then dropped without being called.
    pub fn expect_ack(self: &Arc<Self>, id: AckId, deadline: Option<Instant>, done: OnAck) -> Result<()> {
        let scheduled = {
            let mut acks = self.acks.lock();
            self.check_acks(&acks)?;
            acks.expect(id, done, deadline)
        };
        self.schedule_acks(scheduled);
        Ok(())
    }

    /// Begins to wait for the answer of this socket as one of many.
    ///
    /// # Errors
    /// As [`Socket::expect_ack`].
    pub fn expect_ack_of(
        self: &Arc<Self>,
        id: AckId,
        deadline: Option<Instant>,
        of: Arc<acks::Collector>,
    ) -> Result<()> {
        let scheduled = {
            let mut acks = self.acks.lock();
            self.check_acks(&acks)?;
            acks.expect_of(id, of, deadline)
        };
        self.schedule_acks(scheduled);
        Ok(())
    }

    fn check_acks(&self, acks: &Acks) -> Result<()> {
        if self.state.load(Ordering::Acquire) == GONE {
            return Err(Error::disconnected());
        }
        let limit = self.peer.hub().config().max_acks_per_socket;
        if acks.len() >= limit {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("`max_acks_per_socket` ({limit}) answers are awaited already"),
            ));
        }
        Ok(())
    }

    fn schedule_acks(self: &Arc<Self>, deadline: Option<Instant>) {
        if let Some(deadline) = deadline {
            self.peer.shard().schedule(deadline, Timer::Acks(Arc::downgrade(self)));
        }
    }

    /// An answer of the client came. One that nobody waits for is ignored.
    pub fn acknowledged(&self, id: AckId, args: Payload) {
        let ended = self.acks.lock().take(id);
        if let Some(ended) = ended {
            ended.tell(&self.id, Ok(args));
        }
    }

    /// An entry of this socket with the shard came due.
    pub fn acks_due(self: &Arc<Self>, now: Instant) {
        let (ended, next) = self.acks.lock().take_due(now);
        self.schedule_acks(next);
        for wait in ended {
            wait.tell(&self.id, Err(Error::timeout()));
        }
    }

    /// Disconnects the socket; `close` ends the whole connection with all its namespaces.
    pub fn disconnect(self: &Arc<Self>, close: bool) {
        if close {
            self.peer.disconnect_all();
        } else {
            self.state.compare_exchange(CONNECTED, GONE, Ordering::AcqRel, Ordering::Acquire).ok();
            self.peer.leave(self, Reason::ServerNamespaceDisconnect, true);
        }
    }

    /// The socket has been taken off its connection: tells so, and cleans up.
    pub fn left(self: &Arc<Self>, reason: Reason, detail: &'static str) {
        let sink = self.peer.hub().sink();
        let rooms = self.departed.get().cloned().unwrap_or_else(|| self.rooms());
        self.state.store(GONE, Ordering::Release);
        sink.push(Event::Disconnecting { socket: Arc::clone(self), reason, detail, rooms });
        self.depart(reason);
        let ended = self.acks.lock().take_all();
        acks::fail_all(self, ended);
        sink.push(Event::Disconnected { socket: Arc::clone(self), reason, detail });
    }

    /// Leaves the namespace, once; keeps the session where it may be recovered.
    pub fn depart(self: &Arc<Self>, reason: Reason) {
        self.departed.get_or_init(|| {
            self.for_good.store(!reason.is_recoverable(), Ordering::Release);
            self.watch_outgoing(false);
            let key = self.key.swap(NO_KEY, Ordering::AcqRel);
            self.namespace.remove(self, key, reason)
        });
    }
}
