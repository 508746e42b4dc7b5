//! What the load generator and the floor are made of.
//!
//! From the bottom: [`frame`] knows WebSocket framing, [`wire`] is a socket with what did not fit yet,
//! [`connection`] is a client up to its Socket.IO connect, [`pool`] drives many of them from one thread.
//! [`check`] proves that every message arrived once, whole and in order; [`histogram`], [`process`] and
//! [`flow`] measure; a [`scenario`] puts them together. [`floor`] is the other end: the least a server can do.

pub mod args;
pub mod check;
pub mod connection;
pub mod floor;
pub mod flow;
pub mod frame;
pub mod histogram;
pub mod message;
pub mod pool;
pub mod process;
pub mod scenario;
pub mod wire;
