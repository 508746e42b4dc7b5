//! Layer 2, shared state: who is connected, who is in which room, what is queued for whom.
//!
//! The only locks of the crate that more than one connection meets are here. They are taken in this order and never
//! held while a handler of the application runs:
//!
//! 1. a peer's machine ([`peer`])
//! 2. a namespace's rooms ([`rooms`]), its recovery log inside
//! 3. what waits for a socket that is about to join ([`before`])
//! 4. a peer's link ([`link`])
//! 5. leaves: news for a peer's probe, a socket's acks and data, a shard's lists
//!
//! Events leave through one [`event::Sink`]. Of one peer, one thread at a time delivers, in wire order.

pub mod acks;
pub mod adapter;
pub mod before;
pub mod cluster;
pub mod emit;
pub mod event;
pub mod handshake;
pub mod join;
pub mod link;
pub mod namespace;
pub mod outbox;
pub mod pattern;
pub mod peer;
pub mod recovery;
pub mod registry;
pub mod rooms;
pub mod shard;
pub mod socket;
pub mod target;
#[cfg(test)]
pub(crate) mod testing;

pub use registry::Hub;
