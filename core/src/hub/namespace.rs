//! The sockets of a namespace and their rooms.

use crate::config::Config;
use crate::error::{Error, ErrorKind, Reason, Result};
use crate::hub::adapter::SocketInfo;
use crate::hub::recovery::{Ending, Log, Restored};
use crate::hub::registry::Hub;
use crate::hub::rooms::{Key, Rooms};
use crate::hub::socket::Socket;
use crate::hub::target::Target;
use crate::ids::AckId;
use crate::wire::text::Text;
use parking_lot::RwLock;
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

/// What the lock of a namespace guards.
#[derive(Debug)]
pub struct State {
    /// Who is where.
    pub rooms: Rooms,
    /// What recovery remembers, where it is on.
    pub log: Option<Log>,
    /// Sockets by the private names of their sessions, where recovery is on.
    pids: HashMap<Arc<str>, Weak<Socket>>,
}

/// A namespace.
pub struct Namespace {
    name: Text,
    hub: Weak<Hub>,
    /// Made on demand by a dynamic namespace.
    parent: Option<usize>,
    state: RwLock<State>,
    next_ack: AtomicU64,
    watchers: AtomicUsize,
    /// Clients that are about to join.
    expected: AtomicUsize,
    /// What the face of a language keeps with the namespace.
    local: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl std::fmt::Debug for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Namespace").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Namespace {
    /// An empty namespace; `parent` is the number of the dynamic namespace that made it.
    pub fn new(name: Text, parent: Option<usize>, hub: &Weak<Hub>, config: &Config) -> Arc<Self> {
        let log = config.connection_state_recovery.map(Log::new);
        let state = RwLock::new(State { rooms: Rooms::default(), log, pids: HashMap::new() });
        Arc::new(Self {
            name,
            hub: hub.clone(),
            parent,
            state,
            next_ack: AtomicU64::new(0),
            watchers: AtomicUsize::new(0),
            expected: AtomicUsize::new(0),
            local: OnceLock::new(),
        })
    }

    /// The name, `/` included.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The number of the dynamic namespace that made it.
    pub fn parent(&self) -> Option<usize> {
        self.parent
    }

    /// The hub, while it lives.
    pub fn hub(&self) -> Option<Arc<Hub>> {
        self.hub.upgrade()
    }

    /// What the face of a language keeps with the namespace.
    pub fn local(&self) -> &OnceLock<Arc<dyn Any + Send + Sync>> {
        &self.local
    }

    /// What the lock guards; see the module for what may be done while it is held.
    pub fn state(&self) -> &RwLock<State> {
        &self.state
    }

    /// A number under which an answer may be awaited.
    pub fn next_ack_id(&self) -> AckId {
        self.next_ack.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether any socket watches what is sent to it.
    pub fn has_watchers(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// A socket begins or ceases to watch.
    pub fn count_watcher(&self, watch: bool) {
        if watch {
            self.watchers.fetch_add(1, Ordering::Relaxed);
        } else {
            self.watchers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Number of sockets.
    pub fn sockets_count(&self) -> usize {
        self.state.read().rooms.sockets()
    }

    /// Number of rooms, those named by socket ids included.
    pub fn rooms_count(&self) -> usize {
        self.state.read().rooms.rooms()
    }

    /// All rooms with the number of their members.
    pub fn rooms(&self) -> Vec<(Text, usize)> {
        self.state.read().rooms.names().map(|(name, members)| (name.clone(), members)).collect()
    }

    /// The sockets that a target means.
    pub fn sockets(&self, target: &Target) -> Vec<Arc<Socket>> {
        let mut sockets = Vec::new();
        self.state.read().rooms.visit(target, |socket| sockets.push(Arc::clone(socket)));
        sockets
    }

    /// The socket of an id, also where it has left the room of that name.
    pub fn socket(&self, id: &str) -> Option<Arc<Socket>> {
        self.state.read().rooms.by_id(id).cloned()
    }

    /// What is known of the sockets that a target means.
    pub fn infos(&self, target: &Target) -> Vec<SocketInfo> {
        self.sockets(target).iter().map(|socket| info(socket)).collect()
    }

    /// Seats a socket: in its own room, and in those of an earlier session.
    pub fn seat(&self, socket: &Arc<Socket>, rooms: &[Text], state: &mut State) {
        let key = state.rooms.insert(Arc::clone(socket));
        state.rooms.join(key, &socket.id().as_str().into());
        for room in rooms {
            state.rooms.join(key, room);
        }
        if let (Some(recovery), Some(log)) = (socket.recovery(), &state.log) {
            recovery.joined.store(log.position(), Ordering::Relaxed);
            state.pids.insert(Arc::clone(&recovery.pid), Arc::downgrade(socket));
        }
        socket.seated(key);
    }

    /// Takes a socket out; the rooms that it was in.
    pub fn remove(&self, socket: &Arc<Socket>, key: Key, reason: Reason) -> Vec<Text> {
        let mut state = self.state.write();
        let rooms = state.rooms.rooms_of(key);
        state.rooms.remove(key);
        if let Some(recovery) = socket.recovery() {
            state.pids.remove(&recovery.pid);
            if let Some(log) = state.log.as_mut().filter(|_| reason.is_recoverable()) {
                log.keep(
                    Ending {
                        pid: Arc::clone(&recovery.pid),
                        id: socket.id().clone(),
                        rooms: rooms.clone(),
                        data: socket.data(),
                        joined: recovery.joined.load(Ordering::Relaxed),
                        sent: recovery.sent.load(Ordering::Relaxed),
                    },
                    Instant::now(),
                );
            }
        }
        let empty = state.rooms.sockets() == 0;
        drop(state);
        if empty {
            self.clean_up();
        }
        rooms
    }

    /// Whether nobody is in it, about to join, or kept to come back.
    pub fn is_deserted(&self) -> bool {
        let state = self.state.read();
        let kept = state.log.as_ref().is_some_and(|log| log.keeps_sessions(Instant::now()));
        !kept && state.rooms.sockets() == 0 && self.expected.load(Ordering::Acquire) == 0
    }

    fn clean_up(&self) {
        if self.parent.is_some()
            && let Some(hub) = self.hub()
        {
            hub.remove_if_deserted(self);
        }
    }

    /// The connected socket whose session has this private name.
    pub fn socket_of_session(&self, pid: &str) -> Option<Arc<Socket>> {
        self.state.read().pids.get(pid)?.upgrade()
    }

    /// Brings a session back, once.
    pub fn restore(&self, pid: &str, offset: Option<&str>) -> Option<Restored> {
        self.state.write().log.as_mut()?.restore(pid, offset, Instant::now())
    }

    /// A session that was brought back is kept again, as its client went away before it was let in.
    pub fn give_back(&self, pid: Arc<str>, restored: Restored) {
        if let Some(log) = self.state.write().log.as_mut() {
            log.give_back(pid, restored.session);
        }
    }

    /// Puts a socket into rooms.
    ///
    /// # Errors
    /// See [`Socket::join`].
    pub fn join_rooms(&self, socket: &Socket, rooms: &[Text]) -> Result<()> {
        let hub = self.hub().ok_or_else(Error::disconnected)?;
        let config = hub.config();
        rooms.iter().try_for_each(|room| check_room(room, config))?;
        if socket.join_before(rooms)? {
            return Ok(());
        }
        let mut state = self.state.write();
        let key = socket.key();
        if state.rooms.count_of(key) == 0 && !socket.is_connected() {
            return Err(Error::disconnected());
        }
        if let Some(limit) = config.max_rooms_per_socket {
            let new: HashSet<&str> =
                rooms.iter().map(Text::as_str).filter(|room| !state.rooms.is_in(key, room)).collect();
            if state.rooms.count_of(key) + new.len() > limit {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("a socket may be in `max_rooms_per_socket` ({limit}) rooms"),
                ));
            }
        }
        for room in rooms {
            state.rooms.join(key, room);
        }
        Ok(())
    }

    /// Takes a socket out of a room.
    pub fn leave_room(&self, socket: &Socket, room: &str) {
        if !socket.leave_before(room) {
            self.state.write().rooms.leave(socket.key(), room);
        }
    }

    /// The rooms of a socket.
    pub fn rooms_of(&self, socket: &Socket) -> Vec<Text> {
        socket.rooms_before().unwrap_or_else(|| self.state.read().rooms.rooms_of(socket.key()))
    }

    /// Puts the sockets of this server that a target means into rooms.
    ///
    /// # Errors
    /// The first error of a socket, after the others have joined.
    pub fn sockets_join_local(&self, target: &Target, rooms: &[Text]) -> Result<()> {
        let mut first = Ok(());
        for socket in self.sockets(target) {
            if let Err(error) = socket.join(rooms)
                && error.kind() != ErrorKind::Disconnected
                && first.is_ok()
            {
                first = Err(error);
            }
        }
        first
    }

    /// Takes the sockets of this server that a target means out of rooms.
    pub fn sockets_leave_local(&self, target: &Target, rooms: &[Text]) {
        for socket in self.sockets(target) {
            rooms.iter().for_each(|room| socket.leave(room));
        }
    }

    /// Disconnects the sockets of this server that a target means.
    pub fn disconnect_sockets_local(&self, target: &Target, close: bool) {
        for socket in self.sockets(target) {
            socket.disconnect(close);
        }
    }
}

/// A namespace that a client is about to join: it is not removed before that is decided.
#[derive(Debug)]
pub struct Expected(Arc<Namespace>);

impl Expected {
    /// Must be called while the namespace cannot be removed: under the lock of the namespaces.
    pub fn new(namespace: &Arc<Namespace>) -> Self {
        namespace.expected.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(namespace))
    }

    /// The namespace.
    pub fn namespace(&self) -> &Arc<Namespace> {
        &self.0
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        if self.0.expected.fetch_sub(1, Ordering::AcqRel) == 1 && self.0.parent.is_some() && self.0.sockets_count() == 0
        {
            self.0.clean_up();
        }
    }
}

fn info(socket: &Socket) -> SocketInfo {
    SocketInfo {
        id: socket.id().clone(),
        rooms: socket.rooms(),
        handshake: socket.handshake().to_json(socket.auth()),
        data: socket.data_json(),
    }
}

fn check_room(room: &str, config: &Config) -> Result<()> {
    if room.len() > config.max_room_length {
        let limit = config.max_room_length;
        return Err(Error::new(
            ErrorKind::InvalidName,
            format!("the name of a room may have `max_room_length` ({limit}) bytes"),
        ));
    }
    Ok(())
}
