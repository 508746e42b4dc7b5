//! Where a server can stand: ports, Unix sockets, other people's HTTP servers. And how it goes.

use crate::kit::*;
use axum::Router;
use axum::routing::get;
use pancar::{Ack, ErrorKind, Reason, Server, Socket, State};
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::{TcpListener, UnixStream};

fn echoing() -> Server {
    let io = builder().build().unwrap();
    io.on("ping", |ack: Ack| ack.send(()));
    io
}

#[tokio::test]
async fn a_port_that_is_taken_and_an_address_that_is_none_are_errors() {
    let io = echoing();
    let address = serve(&io);
    let taken = echoing().listen(address).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Io);
    assert!(taken.to_string().contains(&address.to_string()));
    let none = echoing().listen("nowhere").unwrap_err();
    assert_eq!(none.kind(), ErrorKind::InvalidOption);
    assert!(none.to_string().contains("\"nowhere\""));
}

#[tokio::test]
async fn a_server_may_listen_on_several_ports() {
    let io = builder().workers(2).build().unwrap();
    io.on("ping", |ack: Ack| ack.send(()));
    let (first, second) = (serve(&io), serve(&io));
    let (mut a, mut b) = (Client::join(first).await, Client::join(second).await);
    a.is_served().await;
    io.emit("x", ()).unwrap();
    assert_eq!((a.hears().await, b.hears().await), (r#"42["x"]"#.to_owned(), r#"42["x"]"#.to_owned()));
}

#[tokio::test]
async fn a_unix_socket_is_listened_on_and_removed() {
    let path = std::env::temp_dir().join(format!("pancar-{}.sock", std::process::id()));
    let io = echoing();
    io.listen_unix(&path).unwrap();
    let again = echoing().listen_unix(&path).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Io);
    assert!(again.to_string().contains("pancar-"));
    let stream = UnixStream::connect(&path).await.unwrap();
    let mut client = Client::over(stream, "localhost", &[]).await.unwrap();
    client.joins("/").await;
    client.is_served().await;
    assert_eq!(io.fetch_sockets().await.unwrap()[0].handshake()["address"], "");
    let ((), code) = tokio::join!(soon(io.close()), client.ends());
    assert_eq!(code, Some(1001));
    assert!(!path.exists());
}

async fn mounted(io: &Server) -> std::net::SocketAddr {
    let app = Router::new().route("/hello", get(|| async { "hello" })).layer(io.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

#[tokio::test]
async fn mounted_into_axum_other_paths_pass_through() {
    let io = echoing();
    let address = mounted(&io).await;
    let hello = ask(address, "GET", "/hello", &[], "").await;
    assert_eq!((hello.status, hello.body.as_str()), (200, "hello"));
    assert_eq!(ask(address, "GET", "/other", &[], "").await.status, 404);
    let mut client = Client::join(address).await;
    client.is_served().await;
    let sid = open(address).await.sid();
    assert_eq!(post(address, &sid, "40").await.body, "ok");
    assert!(poll(address, &sid).await.body.starts_with("40{"));
    io.emit("x", ()).unwrap();
    assert_eq!(client.hears().await, r#"42["x"]"#);
    assert_eq!(poll(address, &sid).await.body, r#"42["x"]"#);
}

#[tokio::test]
async fn a_mounted_server_closes_its_clients_and_leaves_the_rest_standing() {
    let io = echoing();
    let address = mounted(&io).await;
    let client = Client::join(address).await;
    soon(io.close()).await;
    assert_eq!(client.ends().await, Some(1001));
    let refused = open(address).await;
    assert_eq!((refused.status, refused.json()["message"].as_str()), (503, Some("Server shutting down")));
    assert_eq!(ask(address, "GET", "/hello", &[], "").await.body, "hello");
}

#[tokio::test]
async fn requests_that_are_not_the_servers_go_to_the_fallback() {
    let io = echoing();
    io.set_fallback(tower::service_fn(|request: ::http::Request<hyper::body::Incoming>| async move {
        let body = http_body_util::Full::new(bytes::Bytes::from(format!("you asked for {}", request.uri().path())));
        Ok::<_, Infallible>(::http::Response::new(body))
    }));
    let address = serve(&io);
    assert_eq!(ask(address, "GET", "/some/page", &[], "").await.body, "you asked for /some/page");
    Client::join(address).await.is_served().await;
}

#[tokio::test]
async fn closing_tells_everybody_and_frees_the_port() {
    let io = echoing();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let tell = tell.clone();
        socket.on_disconnect(move |reason: Reason| tell(reason));
    });
    let address = serve(&io);
    let mut client = Client::join(address).await;
    let sid = open(address).await.sid();
    post(address, &sid, "40").await;
    client.is_served().await;
    io.emit("last words", ()).unwrap();
    let closed = tokio::spawn({
        let io = io.clone();
        async move { io.closed().await }
    });
    let ((), heard) = tokio::join!(soon(io.close()), async { (client.hears().await, client.ends().await) });
    assert_eq!(heard, (r#"42["last words"]"#.to_owned(), Some(1001)));
    assert_eq!((told.next().await, told.next().await), (Reason::ServerShuttingDown, Reason::ServerShuttingDown));
    soon(closed).await.unwrap();
    assert_eq!(io.clients_count(), 0);
    let listener = std::net::TcpListener::bind(address).expect("the port is free");
    drop(listener);
    assert_eq!(io.listen("127.0.0.1:0").unwrap_err().kind(), ErrorKind::Closed);
    soon(io.close()).await;
}

#[tokio::test]
async fn a_server_that_nobody_holds_goes_on() {
    let address = {
        let io = builder().with_state(7_u8).build().unwrap();
        io.on("state", |State(state): State<u8>, _: Server, ack: Ack| ack.send(*state));
        serve(&io)
    };
    let mut client = Client::join(address).await;
    client.says(r#"421["state"]"#).await;
    assert_eq!(client.hears().await, "431[7]");
}

#[tokio::test]
async fn a_handler_may_close_the_server() {
    let io = echoing();
    io.on_connect(|socket: Socket| {
        socket.on("stop", |server: Server| async move { server.close().await });
    });
    let address = serve(&io);
    let mut client = Client::join(address).await;
    client.says(r#"42["stop"]"#).await;
    assert_eq!(client.ends().await, Some(1001));
    soon(io.closed()).await;
    assert!(std::net::TcpListener::bind(address).is_ok());
}

#[tokio::test]
async fn closing_does_not_wait_for_clients_that_do_not_read() {
    let io = builder().close_timeout(Duration::from_millis(100)).build().unwrap();
    let address = serve(&io);
    let client = Client::join(address).await;
    for _ in 0..50 {
        io.emit("x", "y".repeat(100_000)).unwrap();
    }
    soon(io.close()).await;
    drop(client);
}
