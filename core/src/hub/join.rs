//! From a CONNECT to a socket: which namespace, whether it is a session come back, and the answer.

use crate::error::Reason;
use crate::hub::before::Early;
use crate::hub::event::Event;
use crate::hub::namespace::{Expected, Namespace, State};
use crate::hub::peer::Peer;
use crate::hub::recovery::{self, Log, Restored};
use crate::hub::registry::Hub;
use crate::hub::socket::{Parts, RecoveryState, Socket};
use crate::hub::target::Target;
use crate::ids::SocketId;
use crate::payload::Payload;
use crate::proto::client::Ticket;
use crate::wire::frame::Burst;
use crate::wire::json;
use crate::wire::packet::{self, EventOptions};
use crate::wire::text::Text;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A client that asks to join a namespace. It is answered once; dropped without an answer it is refused.
#[derive(Debug)]
pub struct JoinRequest {
    socket: Arc<Socket>,
    /// In a box, as events carry the request around.
    restored: Option<Box<Restored>>,
    answered: bool,
    /// Keeps the namespace until this is decided.
    _expected: Expected,
}

impl JoinRequest {
    /// The socket as it will be. It is not connected yet, but has its handshake and data.
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Lets the client in. False when it went away meanwhile.
    pub fn accept(mut self) -> bool {
        self.answered = true;
        let socket = &self.socket;
        let restored = &mut self.restored;
        let joined =
            socket.peer().accept(socket.ticket(), socket, || enter(socket, restored.take().map(|restored| *restored)));
        if !joined {
            socket.give_up();
        }
        joined
    }

    /// Refuses the client with a message and, where given, data (JSON text; what is no JSON is left out).
    pub fn reject(mut self, message: &str, data: Option<&str>) {
        self.answered = true;
        let depth = self.socket.peer().hub().config().max_json_depth;
        self.refuse(message, data.filter(|data| json::scan_value(data, depth).is_ok()));
    }

    /// Whether the client is still waiting.
    pub fn is_pending(&self) -> bool {
        self.socket.peer().is_pending(self.socket.ticket())
    }

    fn refuse(&mut self, message: &str, data: Option<&str>) {
        if self.is_pending() {
            self.restored = None;
        }
        let socket = &self.socket;
        socket.give_up();
        socket.peer().reject(socket.ticket(), socket.namespace().name(), message, data);
    }
}

impl Drop for JoinRequest {
    fn drop(&mut self) {
        if !self.answered {
            self.refuse("Internal server error", None);
        }
        // A session that came back and then went away before it was let in may come back again.
        if let (Some(restored), Some(recovery)) = (self.restored.take(), self.socket.recovery()) {
            self.socket.namespace().give_back(Arc::clone(&recovery.pid), *restored);
        }
    }
}

/// Puts the socket into its namespace and queues what it missed and the answer. The machine of its peer is locked.
fn enter(socket: &Arc<Socket>, restored: Option<Restored>) {
    let namespace = socket.namespace();
    let mut state = namespace.state().write();
    let (mut rooms, missed, known) = match restored {
        Some(Restored { session, missed, joined, sent }) => (session.rooms, missed, Some((joined, sent))),
        None => (Vec::new(), Vec::new(), None),
    };
    let pid = socket.recovery().map(|recovery| &*recovery.pid);
    let reply = packet::connect(namespace.name(), socket.id().as_str(), pid);
    let mut pushed = Vec::with_capacity(missed.len() + 1);
    let position = state.log.as_ref().map(Log::position);
    socket.let_in(|before| {
        let early: Vec<_> = before.events.into_iter().map(|event| early(socket, &mut state, event)).collect();
        let mut link = socket.peer().link();
        pushed.extend(missed.into_iter().map(|burst| link.push(burst, false, false)));
        pushed.push(link.push(reply, false, true));
        pushed.extend(early.into_iter().map(|burst| link.push(burst, false, false)));
        drop(link);
        rooms.extend(before.rooms);
        namespace.seat(socket, &rooms, &mut state);
    });
    if let (Some(recovery), Some(position)) = (socket.recovery(), position) {
        // What it was sent before is missed too by one that comes back without having seen it.
        recovery.joined.store(position, Ordering::Relaxed);
    }
    if let (Some(recovery), Some((joined, sent))) = (socket.recovery(), known) {
        // What was just queued may be lost again: then it is missed from the same packet on.
        recovery.joined.store(joined, Ordering::Relaxed);
        recovery.sent.store(sent, Ordering::Relaxed);
    }
    drop(state);
    pushed.into_iter().for_each(|pushed| socket.peer().after_push(pushed));
}

/// What an event is sent as that a socket gets first; one that clients can come back with is remembered.
fn early(socket: &Socket, state: &mut State, event: Early) -> Burst {
    let (flags, name, args) = match event {
        Early::Ready(burst) => return burst,
        Early::Numbered { flags, name, args } => (flags, name, args),
    };
    let options = EventOptions { no_compress: flags.no_compress, ..EventOptions::default() };
    let Some(log) = &mut state.log else { return packet::event(socket.namespace().name(), &name, &args, options) };
    let (number, offset) = log.next_offset();
    let options = EventOptions { offset: Some(&offset), ..options };
    let burst = packet::event(socket.namespace().name(), &name, &args, options);
    log.remember(number, Target::one(socket.id()), burst.clone(), Instant::now());
    if let Some(recovery) = socket.recovery() {
        recovery.sent.store(number, Ordering::Relaxed);
    }
    burst
}

impl Hub {
    /// A client asks to join a namespace.
    pub fn join(peer: &Arc<Peer>, ticket: Ticket, name: Text, auth: Text) {
        let hub = peer.hub();
        if let Some(expected) = hub.expect_in(&name) {
            return Self::request(peer, ticket, expected, auth);
        }
        let credentials =
            Payload::from_checked(if auth.is_empty() { Text::from_static("{}") } else { auth.clone() }, Vec::new());
        let found = hub.find_parent(&name, &credentials);
        let peer = Arc::clone(peer);
        // A name that came in a message must not keep the message alive.
        let name = Text::from(name.as_str());
        run(Arc::clone(&peer), async move {
            let expected = match found.await {
                Some(parent) => peer.hub().child(parent, &name),
                None => None,
            };
            match expected {
                Some(expected) => Self::request(&peer, ticket, expected, auth),
                None => peer.reject(ticket, &name, "Invalid namespace", None),
            }
        });
    }

    fn request(peer: &Arc<Peer>, ticket: Ticket, expected: Expected, auth: Text) {
        let namespace = Arc::clone(expected.namespace());
        let recovery = peer.hub().config().connection_state_recovery;
        let restored = recovery.and_then(|_| restore(&namespace, &auth));
        let recovered = restored.is_some();
        let Some(parts) = parts(peer, ticket, namespace, auth, restored.as_ref(), recovery.is_some()) else {
            return peer.fail(Reason::ForcedClose, "the operating system gave no randomness");
        };
        let request = JoinRequest {
            socket: Socket::new(parts),
            restored: restored.map(Box::new),
            answered: false,
            _expected: expected,
        };
        if recovered && recovery.is_some_and(|recovery| recovery.skip_middlewares) {
            request.accept();
        } else {
            peer.hub().sink().push(Event::Joining(request));
        }
    }
}

fn parts(
    peer: &Arc<Peer>,
    ticket: Ticket,
    namespace: Arc<Namespace>,
    auth: Text,
    restored: Option<&Restored>,
    recoverable: bool,
) -> Option<Parts> {
    let id = match restored {
        Some(restored) => restored.session.id.clone(),
        None => SocketId::random()?,
    };
    let (pid, came_with) = match recovery::credentials(&auth) {
        Some((pid, offset)) if restored.is_some() => (Arc::from(pid), offset),
        _ => (Arc::from(SocketId::random()?.as_str()), None),
    };
    let state = RecoveryState { pid, came_with, joined: AtomicU64::new(0), sent: AtomicU64::new(0) };
    let data = restored.and_then(|restored| restored.session.data.clone());
    let recovery = recoverable.then_some(state);
    // Credentials are kept as long as the socket; they must not keep a larger message alive.
    let auth = Text::from(auth.as_str());
    Some(Parts { id, ticket, namespace, peer: Arc::clone(peer), auth, recovered: restored.is_some(), recovery, data })
}

/// The session that the credentials name. One whose socket is still thought to be connected is taken from it: the
/// client is here, so that connection is dead. One that came back with the very same credentials is
/// not, as a session comes back once: a client that lost its connection again has seen something since.
fn restore(namespace: &Arc<Namespace>, auth: &str) -> Option<Restored> {
    let (pid, offset) = recovery::credentials(auth)?;
    if let Some(old) = namespace.socket_of_session(&pid) {
        let came_with = old.recovery().and_then(|recovery| recovery.came_with.as_ref());
        if old.is_recovered() && came_with == offset.as_ref() {
            return None;
        }
        old.depart(Reason::TransportClose);
        old.peer().fail(Reason::TransportClose, "the client came back on another connection");
    }
    namespace.restore(&pid, offset.as_deref())
}

/// Runs a future to its first pause at once, so that nothing is reordered where nothing waits, and the rest elsewhere.
fn run(peer: Arc<Peer>, future: impl Future<Output = ()> + Send + 'static) {
    crate::hub::shard::run(peer.shard(), Box::pin(future));
}
