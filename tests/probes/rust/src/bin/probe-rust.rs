//! `tests/probe rust`: the server listens by itself.

use pancar_probe_rust::{announce, engine, options, server, wish_to_end};

#[tokio::main(flavor = "current_thread")]
async fn main() -> pancar::Result<()> {
    let app = std::env::args().nth(1).unwrap_or_else(|| "conformance".to_owned());
    let (host, port) = options::address();
    let end = wish_to_end();
    if app == "engine" {
        let engine = engine::server()?;
        announce(engine.listen((host.as_str(), port))?.port());
        end.await;
        engine.close().await;
        return Ok(());
    }
    let io = server(&app)?;
    announce(io.listen((host.as_str(), port))?.port());
    end.await;
    io.close().await;
    Ok(())
}
