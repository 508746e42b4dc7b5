//! The seam for foreign languages: every command takes plain data, every event is pulled from a mailbox.
//!
//! A host makes a [`Server`], registers a bell, and pulls: only the event that finds the mailbox empty rings the bell; the
//! host then drains the whole burst on a thread of its own. Threads of the server never call into the host except for the
//! bell, which must do no more than wake somebody.
//!
//! Commands are methods of [`Socket`], [`Namespace`] and [`Server`]. They take [`Target`], [`Flags`] and [`Payload`](crate::Payload),
//! never block on the network, and may be given from any thread.
//!
//! ```
//! use pancar::host::{Event, HubEvent, Server};
//! use pancar::{Config, Payload};
//!
//! let server = Server::new(Config::default(), Box::new(|| { /* wake the loop of the host */ }))?;
//! for event in server.drain(1024) {
//!     match event {
//!         Event::Hub(HubEvent::Joining(request)) => drop(request.accept()),
//!         Event::Hub(HubEvent::Message(message)) => {
//!             message.socket.emit(Default::default(), "echo", &message.args)?;
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok::<(), pancar::Error>(())
//! ```

mod doorbell;
mod drive;
mod external;
mod lanes;
mod mailbox;
mod pipe;
mod request;
mod server;

pub use crate::hub::acks::{OnAck, OnAcks};
pub use crate::hub::adapter::SocketInfo;
pub use crate::hub::event::{Event as HubEvent, Message, Reply};
pub use crate::hub::handshake::{Handshake, Kept};
pub use crate::hub::join::JoinRequest;
pub use crate::hub::namespace::Namespace;
pub use crate::hub::pattern::Pattern;
pub use crate::hub::shard::{BoxFuture, Turn};
pub use crate::hub::socket::{JsonData, Socket, SocketData};
pub use crate::hub::target::{Flags, Target};
pub use crate::net::hooks::Hooks;
pub use doorbell::Doorbell;
pub use external::{ExternalSocket, Outgoing};
pub use lanes::{Gathering, Lanes};
pub use mailbox::{Bell, Event, Mailbox, Task};
pub use pipe::Pipe;
pub use request::{IncomingRequest, PendingRequest};
pub use server::{MatchRequest, Server};
