//! What happens, as plain data, and the single way by which every language hears of it.

use crate::error::Reason;
use crate::hub::join::JoinRequest;
use crate::hub::namespace::Namespace;
use crate::hub::peer::Peer;
use crate::hub::shard::Shard;
use crate::hub::socket::Socket;
use crate::ids::AckId;
use crate::payload::Payload;
use crate::wire::text::Text;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;

/// Something that happened. The events of one client come in the order of the wire.
#[derive(Debug)]
pub enum Event {
    /// A client asks to join a namespace: run the connection middleware, then accept or reject.
    Joining(JoinRequest),
    /// A socket joined; its handlers are to be registered now.
    Connected(Arc<Socket>),
    /// An event of a client.
    Message(Message),
    /// A socket is about to leave its rooms, which are listed.
    Disconnecting {
        /// Who leaves.
        socket: Arc<Socket>,
        /// Why.
        reason: Reason,
        /// More, for people.
        detail: &'static str,
        /// Its rooms, its own one included.
        rooms: Vec<Text>,
    },
    /// A socket has left.
    Disconnected {
        /// Who left.
        socket: Arc<Socket>,
        /// Why.
        reason: Reason,
        /// More, for people.
        detail: &'static str,
    },
    /// An event was sent to a socket that watches what is sent to it.
    Outgoing {
        /// Who gets it.
        socket: Arc<Socket>,
        /// Its name.
        name: Text,
        /// Its arguments.
        args: Payload,
    },
    /// An event of another server of the cluster.
    ServerSide {
        /// The namespace in which it was sent.
        namespace: Arc<Namespace>,
        /// Its name.
        name: Text,
        /// Its arguments.
        args: Payload,
        /// The way to answer, where an answer is wanted.
        reply: Option<Reply>,
    },
    /// A dynamic namespace came into being.
    NamespaceCreated(Arc<Namespace>),
    /// A connection of a bare Engine.IO server was opened.
    Opened(Arc<Peer>),
    /// It got a message of text.
    Text(Arc<Peer>, Text),
    /// It got a binary message.
    Binary(Arc<Peer>, Bytes),
    /// It has ended.
    Closed(Arc<Peer>, Reason),
}

impl Event {
    /// The client whom it concerns.
    pub fn peer(&self) -> Option<&Arc<Peer>> {
        match self {
            Self::Joining(request) => Some(request.socket().peer()),
            Self::Connected(socket)
            | Self::Message(Message { socket, .. })
            | Self::Disconnecting { socket, .. }
            | Self::Disconnected { socket, .. }
            | Self::Outgoing { socket, .. } => Some(socket.peer()),
            Self::Opened(peer) | Self::Text(peer, _) | Self::Binary(peer, _) | Self::Closed(peer, _) => Some(peer),
            Self::ServerSide { .. } | Self::NamespaceCreated(_) => None,
        }
    }
}

/// An event of a client.
#[derive(Debug)]
pub struct Message {
    /// Who sent it.
    pub socket: Arc<Socket>,
    /// The name of the event.
    pub name: Text,
    /// Its arguments.
    pub args: Payload,
    /// The number to answer with, where the client wants an answer.
    pub ack: Option<AckId>,
}

/// The way back to a server that asked.
pub struct Reply(pub Box<dyn FnOnce(Payload) + Send>);

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reply")
    }
}

/// Where events go: the handlers of a Rust program, or the mailbox of a foreign host.
pub trait Sink: Send + Sync + 'static {
    /// Takes an event, on whatever thread it happened. Must neither block nor panic.
    fn push(&self, event: Event);

    /// A turn of the worker of a shard ends: what was kept back until then is to be taken.
    fn end_of_turn(&self, _shard: &Shard) {}

    /// Whether the reader of a connection should pause, because events are taken more slowly than they come.
    fn is_congested(&self, _shard: &Shard) -> bool {
        false
    }

    /// The last moment at which readers had to pause: `now` while they have to.
    fn last_congested(&self, _shard: &Shard, _now: Instant) -> Option<Instant> {
        None
    }

    /// Registers to be woken when congestion has passed.
    fn wake_when_clear(&self, _shard: &Shard, _waker: &std::task::Waker) {}
}
