//! The threads that serve connections, and how a connection gets to one of them.

use crate::hub::shard::Shard;
use crate::net::endpoint::RemoteAddress;
use crate::net::listen::lent::Lender;
use crate::net::websocket::Io;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The threads, and what they are to serve.
#[derive(Clone)]
pub(super) struct Seats(pub(super) Vec<Seat>);

/// One thread.
#[derive(Clone)]
pub(super) struct Seat {
    pub(super) sender: mpsc::WeakUnboundedSender<Handed>,
    pub(super) shard: Arc<Shard>,
    pub(super) handle: tokio::runtime::Handle,
    pub(super) lender: Arc<Lender>,
}

impl Seats {
    /// The thread with the fewest connections.
    pub(super) fn least(&self) -> Option<&Seat> {
        self.0.iter().min_by_key(|seat| seat.shard.load())
    }

    /// Gives a connection to that thread.
    pub(super) fn hand(&self, connection: Handed) {
        if let Some(sender) = self.least().and_then(|seat| seat.sender.upgrade()) {
            drop(sender.send(connection));
        }
    }
}

impl std::fmt::Debug for Seats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Seats").field(&self.0.len()).finish()
    }
}

/// A connection on its way to the thread that serves it.
pub(super) enum Handed {
    /// With the bytes that were read from it already.
    Tcp(std::net::TcpStream, SocketAddr, Bytes),
    /// A stream of somebody else's.
    Other(Box<dyn Io>, RemoteAddress),
    Unix(std::os::unix::net::UnixStream),
}
