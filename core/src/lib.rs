#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! Pancar: a Socket.IO server.
//!
//! Clients and server keep a lasting two-way connection and talk in named events: `emit` on one side, `on` on the other,
//! over WebSocket when it can be had and HTTP long-polling when it cannot. Every client of Socket.IO version 3 and 4
//! (protocol 5) can connect.
//!
//! ```no_run
//! use pancar::{Ack, Data, Server, Socket};
//!
//! # async fn run() -> pancar::Result<()> {
//! let io = Server::new();
//! io.on_connect(|socket: Socket| {
//!     socket.on("hello", |socket: Socket, Data(name): Data<String>| socket.emit("hello", format!("Hello, {name}!")));
//!     socket.on("sum", |Data((a, b)): Data<(i64, i64)>, ack: Ack| ack.send(a + b));
//! });
//! io.listen("127.0.0.1:3000")?;
//! io.closed().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Threads
//!
//! A connection lives on one worker: a thread of [`Server::listen`] with a runtime of its own, or the runtime that the
//! server is mounted into. Handlers of its sockets are called there, in the order of the wire; see [`Handler`].
//!
//! # Layers
//!
//! `wire` (bytes) ← `proto` (machines without I/O) ← `hub` (shared state) ← `net` (tokio and hyper), `api` (this face) and
//! [`host`] (the seam for other languages). An arrow points to what may be used; nothing points back.

mod api;
pub mod config;
mod error;
pub mod host;
mod hub;
mod ids;
mod net;
mod payload;
mod proto;
mod wire;

pub use api::args::{FromArgs, IntoArgs};
pub use api::broadcast::{Broadcast, RemoteSocket, Rooms};
pub use api::builder::ServerBuilder;
pub use api::extract::{
    Ack, Auth, ConnectContext, Data, Detail, DisconnectContext, ErrorContext, EventName, Extract, LeftRooms,
    MessageContext, OfSocket, State,
};
pub use api::handler::{Async, Handler, Middleware, Outcome, Plain, Progress, Refuse};
pub use api::listeners::ListenerId;
pub use api::namespace::{DynamicNamespace, Namespace};
pub use api::pending::{PendingAck, PendingAcks};
pub use api::server::Server;
pub use api::socket::{Socket, SocketOperator};
pub use api::value::Value;
pub use bytes::Bytes;
pub use config::Config;
pub use error::{Error, ErrorKind, Reason, Result};
pub use hub::acks::AckOutcome;
pub use hub::handshake::Handshake;
pub use ids::{AckId, Sid, SocketId};
pub use net::RemoteAddress;
pub use net::hooks::ConnectionError;
pub use net::service::{EitherBody, NotFound, PancarLayer, PancarService};
pub use payload::{Payload, PayloadWriter};
pub use proto::route::Refusal;
pub use proto::session::Transport;
pub use wire::text::Text;

/// What ties servers to a cluster.
pub mod adapter {
    pub use crate::hub::adapter::{Adapter, InMemory, Publish, SocketInfo};
    pub use crate::hub::shard::BoxFuture;
    pub use crate::hub::target::{Flags, Target};
}

/// Bare Engine.IO: sessions and messages without Socket.IO on top.
pub mod engine {
    pub use crate::api::engine::{Application, Connection, Engine, Message};
}
