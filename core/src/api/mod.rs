//! Layer 3, the Rust face: handlers with extractors, typed emits, targets as values.

pub mod args;
pub mod broadcast;
pub mod builder;
pub mod engine;
pub mod extract;
pub mod handler;
pub mod listeners;
pub mod namespace;
pub mod pending;
pub mod server;
mod sink;
pub mod socket;
mod turns;
pub mod value;
