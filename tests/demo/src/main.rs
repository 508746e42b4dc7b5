//! The demo chat: rooms that a browser talks in with the official client. What it does is written in `../README.md`.

mod chat;
mod events;
mod pages;
mod room;
mod rules;
mod settings;
mod words;

use settings::Settings;
use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

/// Bytes that may wait for one client. A history with four large pictures has to fit, and what is said meanwhile.
const MAX_BUFFERED_BYTES: usize = 16 << 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pancar-demo: {}", in_words(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_environment()?;
    let io = pancar::Server::builder()
        .max_buffered_bytes(MAX_BUFFERED_BYTES)
        .serve_client(&settings.client)
        .with_state(chat::Shared::default())
        .build()?;
    events::register(&io)?;
    io.set_fallback(pages::router(&settings.public)?);
    announce(io.listen(settings.address())?);
    asked_to_end().await?;
    io.close().await;
    Ok(())
}

/// Tells whoever started the demo where it listens: a line for programs, and one for people.
fn announce(address: SocketAddr) {
    println!("LISTENING {}", address.port());
    println!("The chat is open at http://{address}. Ctrl-C closes it.");
    std::io::stdout().flush().ok();
}

/// Ends when the process is asked to end.
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed,
    }
}

/// An error with all its causes.
fn in_words(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
