//! The Rust face over real sockets: what a program sees, and what its clients see.

mod acks;
mod events;
mod faults;
mod hooks;
mod http;
mod kit;
mod limits;
mod listen;
mod lives;
mod order;
mod rooms;
mod storm;
#[cfg(feature = "tls")]
mod tls;
