//! App `bench` of the probes on socketioxide: default options, axum, tokio's multi-thread runtime, no Nagle.
//!
//! `PORT` from the environment (0 = any free one), prints `LISTENING <port>`.

use std::io;

use axum::serve::ListenerExt;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", on_connect);
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(3000))).await?;
    println!("LISTENING {}", listener.local_addr()?.port());
    let listener = listener.tap_io(|stream| {
        // Without it the peer would be measured waiting for acknowledgements; a failure only costs time.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, axum::Router::new().layer(layer)).await
}

async fn on_connect(socket: SocketRef) {
    socket.on("echo", async |socket: SocketRef, Data(x): Data<Value>| {
        let _ = socket.emit("echo-back", &x);
    });
    socket.on("ack", async |Data(x): Data<Value>, ack: AckSender| {
        let _ = ack.send(&x);
    });
    socket.on("join", async |socket: SocketRef, Data(room): Data<String>, ack: AckSender| {
        socket.join(room);
        let _ = ack.send(&());
    });
    socket.on("bcast", async |io: SocketIo, Data(payload): Data<Value>| {
        let _ = io.to("room").emit("bcast", &payload).await;
    });
}
