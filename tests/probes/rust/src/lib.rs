//! The probes of the Rust face: what `tests/probe rust` and `tests/probe rust-axum` run.

pub mod bench;
pub mod broadcast;
pub mod conformance;
pub mod engine;
pub mod options;

use pancar::{Result, Server};
use std::io::Write as _;

/// Makes the server of an app; its handlers are registered.
///
/// # Errors
/// An option that the environment sets wrongly.
pub fn server(app: &str) -> Result<Server> {
    match app {
        "bench" => bench::server(),
        _ => conformance::server(),
    }
}

/// Tells whoever started the probe where it listens.
pub fn announce(port: u16) {
    println!("LISTENING {port}");
    std::io::stdout().flush().ok();
}

/// Watches for the wish that the process ends; from this call on none is missed.
pub fn wish_to_end() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let signal = signal(SignalKind::terminate());
    async move {
        match signal {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    }
}
