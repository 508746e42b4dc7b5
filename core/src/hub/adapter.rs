//! What a cluster of servers needs: telling the others, and asking them.

use crate::error::Result;
use crate::hub::acks::AckOutcome;
use crate::hub::shard::BoxFuture;
use crate::hub::target::{Flags, Target};
use crate::ids::SocketId;
use crate::payload::Payload;
use crate::wire::text::Text;

/// Something that the other servers are to do with their own clients.
#[derive(Clone, Debug)]
pub enum Publish<'a> {
    /// Send an event.
    Broadcast {
        /// To whom.
        target: &'a Target,
        /// How.
        flags: Flags,
        /// The name of the event.
        name: &'a str,
        /// Its arguments.
        args: &'a Payload,
    },
    /// Put sockets into rooms.
    Join {
        /// Which sockets.
        target: &'a Target,
        /// The rooms that they join.
        rooms: &'a [Text],
    },
    /// Take sockets out of rooms.
    Leave {
        /// Which sockets.
        target: &'a Target,
        /// The rooms that they leave.
        rooms: &'a [Text],
    },
    /// Disconnect sockets.
    Disconnect {
        /// Which sockets.
        target: &'a Target,
        /// Whether their connections end too, with all namespaces.
        close: bool,
    },
    /// Tell the program on the other servers.
    ServerSideEmit {
        /// The name of the event.
        name: &'a str,
        /// Its arguments.
        args: &'a Payload,
    },
}

/// What is known of a socket, on this server or on another.
#[derive(Clone, Debug)]
pub struct SocketInfo {
    /// Its public id.
    pub id: SocketId,
    /// The rooms that it is in, its own id among them.
    pub rooms: Vec<Text>,
    /// The handshake, as the official server shows it.
    pub handshake: serde_json::Value,
    /// Its data as JSON text.
    pub data: Text,
}

/// Ties the servers of a cluster together.
///
/// This server's own clients are always served by the server itself; an adapter speaks to the others only. The default,
/// [`InMemory`], knows no others.
pub trait Adapter: Send + Sync + 'static {
    /// Tells the other servers. Must not block.
    fn publish(&self, namespace: &str, message: Publish<'_>) {
        let _ = (namespace, message);
    }

    /// The sockets on the other servers that a target means.
    fn fetch_sockets(&self, namespace: &str, target: &Target, flags: Flags) -> BoxFuture<Result<Vec<SocketInfo>>> {
        let _ = (namespace, target, flags);
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Sends an event to clients of the other servers and collects their answers.
    fn broadcast_with_ack(
        &self,
        namespace: &str,
        target: &Target,
        flags: Flags,
        name: &str,
        args: &Payload,
    ) -> BoxFuture<Result<Vec<AckOutcome>>> {
        let _ = (namespace, target, flags, name, args);
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Tells the program on the other servers and collects their answers.
    fn server_side_emit_with_ack(
        &self,
        namespace: &str,
        name: &str,
        args: &Payload,
    ) -> BoxFuture<Result<Vec<Payload>>> {
        let _ = (namespace, name, args);
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// The number of servers, this one included.
    fn server_count(&self, namespace: &str) -> BoxFuture<Result<usize>> {
        let _ = namespace;
        Box::pin(std::future::ready(Ok(1)))
    }

    /// The server closes.
    fn close(&self) {}
}

/// A cluster of one.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl Adapter for InMemory {}
