//! Mounted into an axum application: its routes and the sockets share a port, and routes may emit.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Router, serve};
use pancar::{Ack, Server, Socket};
use tokio::net::TcpListener;

/// `POST /notify/kitchen` with a text tells everybody in the room `kitchen`.
async fn notify(State(io): State<Server>, Path(room): Path<String>, text: String) -> String {
    let told = io.to(room.as_str()).emit_with_ack("notice", text).await;
    format!("{} clients were told\n", told.map_or(0, |answers| answers.iter().filter(|one| one.answer.is_ok()).count()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let io = Server::builder().ack_timeout(std::time::Duration::from_secs(2)).build()?;
    io.on_connect(|socket: Socket| {
        socket.on("enter", |socket: Socket, pancar::Data(room): pancar::Data<String>, ack: Ack| {
            socket.join(room)?;
            ack.send("welcome")
        });
    });
    let app = Router::new()
        .route("/", get(|| async { "A Socket.IO server is under /socket.io/\n" }))
        .route("/notify/{room}", post(notify))
        .with_state(io.clone())
        .layer(io.layer());
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async move {
        tokio::signal::ctrl_c().await.ok();
        io.close().await;
    };
    serve(listener, app).with_graceful_shutdown(stop).await?;
    Ok(())
}
