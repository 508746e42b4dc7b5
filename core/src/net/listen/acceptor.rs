//! Accepting connections, and giving them to the threads that serve them.

use crate::net::listen::Address;
use crate::net::listen::seats::{Handed, Seats};
use bytes::Bytes;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;

/// How long accepting pauses when the system has no more descriptors to give.
const BREATH: Duration = Duration::from_millis(50);

/// What accepts. Dropped, it listens no more.
pub(super) struct Acceptor {
    address: Address,
    seats: Seats,
    /// Threads end when nobody can hand them anything.
    _senders: Vec<mpsc::UnboundedSender<Handed>>,
}

impl Acceptor {
    pub(super) fn new(address: Address, seats: Seats, senders: Vec<mpsc::UnboundedSender<Handed>>) -> Self {
        Self { address, seats, _senders: senders }
    }

    /// Accepts until it is dropped.
    pub(super) async fn run(self) {
        match self.address {
            Address::Tcp(ref listener) => {
                let Ok(listener) = listener.try_clone().and_then(TcpListener::from_std) else { return };
                loop {
                    match listener.accept().await {
                        Ok((stream, remote)) => {
                            if let Ok(stream) = stream.into_std() {
                                self.seats.hand(Handed::Tcp(stream, remote, Bytes::new()));
                            }
                        }
                        Err(error) => pause(&error).await,
                    }
                }
            }
            Address::Nowhere => std::future::pending().await,
            Address::Unix(ref listener, _) => {
                let Ok(listener) = listener.try_clone().and_then(UnixListener::from_std) else { return };
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => {
                            if let Ok(stream) = stream.into_std() {
                                self.seats.hand(Handed::Unix(stream));
                            }
                        }
                        Err(error) => pause(&error).await,
                    }
                }
            }
        }
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        if let Address::Unix(_, path) = &self.address {
            std::fs::remove_file(path).ok();
        }
    }
}

/// Accepting never fails for good: a client that went away is nothing, and descriptors come back.
async fn pause(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "accepting pauses");
    tokio::time::sleep(BREATH).await;
}
