//! Layer 3, the network: tokio, hyper, tower, tungstenite, rustls. The only `async` functions of the server are here.

mod address;
mod answer;
mod compress;
mod cors;
mod decoder;
mod endpoint;
pub mod hooks;
pub mod listen;
mod meter;
mod polling;
pub mod service;
mod static_client;
#[cfg(feature = "tls")]
pub mod tls;
mod upgrade;
#[cfg(test)]
mod vectors;
mod websocket;
mod whole;
mod worker;

pub use endpoint::{Endpoint, RemoteAddress};
pub(crate) use polling::PATIENCE;
pub(crate) use static_client::StaticClient;

/// Reads the browser bundle from a folder.
pub(crate) fn load_client(folder: &std::path::Path) -> crate::error::Result<StaticClient> {
    StaticClient::load(folder)
}
