//! Layer 0, bytes: what stands on the wire. No clock, no lock, no `async`, no configuration.

pub mod engine;
pub mod frame;
pub mod json;
pub mod packet;
pub mod text;
pub mod value;
#[cfg(test)]
pub(crate) mod vectors;
