//! Layer 1, machines: the rules of the two protocols. Bytes and the time go in, outputs come out.
//!
//! Nothing here touches a socket, a clock or a lock, so all of it is tested with a scripted wire and a virtual clock.

pub mod client;
pub mod connection;
pub mod route;
pub mod session;
#[cfg(test)]
mod vectors;
