//! `tests/probe rust-axum`: the server is a layer of an axum application.

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::routing::get;
use pancar::{RemoteAddress, Server};
use pancar_probe_rust::{announce, options, server, wish_to_end};
use std::net::SocketAddr;

/// Tells the server the address of the client, which only axum knows.
async fn remote_address(ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    let ip = Some(address.ip());
    request.extensions_mut().insert(RemoteAddress { ip, secure: false });
    request
}

fn app(io: &Server) -> Router {
    let routes = Router::new().route("/", get(|| async { "an axum application" }));
    routes.layer(io.layer()).layer(axum::middleware::map_request(remote_address))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "conformance".to_owned());
    let end = wish_to_end();
    let io = server(&name)?;
    let listener = tokio::net::TcpListener::bind(options::address()).await?;
    announce(listener.local_addr()?.port());
    let service = app(&io).into_make_service_with_connect_info::<SocketAddr>();
    let closing = async move {
        end.await;
        io.close().await;
    };
    axum::serve(listener, service).with_graceful_shutdown(closing).await?;
    Ok(())
}
