//! The seam for foreign languages, judged from both of its sides: by a host that pulls events, and by clients that speak
//! raw HTTP and raw WebSocket.

#![cfg(test)]

mod acks;
mod adopt;
mod bodies;
mod client;
mod drive;
mod events;
mod kit;
mod lanes;
mod messages;
mod namespaces;
mod pressure;
mod probe;
mod recovery;
mod requests;
mod shutdown;
