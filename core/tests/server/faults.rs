//! Handlers that fail, and what must not suffer from it.

use crate::kit::*;
use pancar::{Ack, Data, Server, Socket};
use std::future::ready;

fn faulty() -> Server {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.on("error", || Err::<(), _>("an error"));
        socket.on("async error", || async {
            tokio::task::yield_now().await;
            Err::<(), _>("an error")
        });
        socket.on("panic", || -> () { panic!("a panic") });
        socket.on("async panic", || async {
            tokio::task::yield_now().await;
            panic!("a panic");
            #[allow(unreachable_code)]
            ()
        });
        socket.on("panic at once", || async { panic!("a panic") as () });
        socket.on("shape", |Data(_): Data<u8>| ());
        socket.on("ping", |ack: Ack| ack.send(()));
    });
    io
}

#[tokio::test]
async fn a_handler_that_fails_harms_nobody() {
    let address = serve(&faulty());
    let (mut other, mut client) = (Client::join(address).await, Client::join(address).await);
    for fault in ["error", "async error", "panic", "async panic", "panic at once", "shape"] {
        client.says(format!(r#"42["{fault}","x"]"#)).await;
        client.is_served().await;
        other.is_served().await;
    }
}

#[tokio::test]
async fn the_other_listeners_of_an_event_are_called_all_the_same() {
    let io = builder().build().unwrap();
    io.on("x", |socket: Socket| socket.emit("second", ()));
    io.on_connect(|socket: Socket| {
        socket.on("x", || -> () { panic!("a panic") });
        socket.on("x", |socket: Socket| socket.emit("first", ()));
    });
    let mut client = Client::join(serve(&io)).await;
    client.says(r#"42["x"]"#).await;
    assert_eq!(client.hears().await, r#"42["first"]"#);
    assert_eq!(client.hears().await, r#"42["second"]"#);
}

#[tokio::test]
async fn a_handler_of_connections_that_panics_leaves_the_client_connected() {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.on("ping", |ack: Ack| ack.send(()));
        panic!("a panic");
        #[allow(unreachable_code)]
        ()
    });
    Client::join(serve(&io)).await.is_served().await;
}

#[tokio::test]
async fn a_middleware_that_panics_refuses() {
    let io = builder().build().unwrap();
    io.use_(|| -> Result<(), &str> { panic!("a panic") });
    let later = io.of("/later").unwrap();
    later.use_(|| async {
        tokio::task::yield_now().await;
        panic!("a panic") as Result<(), &str>
    });
    let mut client = Client::connect(serve(&io)).await;
    client.says("40").await;
    assert_eq!(client.hears().await, r#"44{"message":"Internal server error"}"#);
    client.says("40/later,").await;
    assert_eq!(client.hears().await, r#"44/later,{"message":"Internal server error"}"#);
}

#[tokio::test]
async fn a_matcher_of_namespaces_that_panics_matches_nothing() {
    let io = builder().build().unwrap();
    io.of_matching(|name, _| {
        assert_ne!(name, "/at-once");
        let name = name.to_owned();
        async move {
            tokio::task::yield_now().await;
            assert_ne!(name, "/later");
            false
        }
    });
    io.of_matching(|name, _| ready(name == "/fine"));
    io.on("ping", |ack: Ack| ack.send(()));
    let mut client = Client::connect(serve(&io)).await;
    for name in ["/at-once", "/later", "/other"] {
        client.says(format!("40{name},")).await;
        assert_eq!(client.hears().await, format!(r#"44{name},{{"message":"Invalid namespace"}}"#));
    }
    client.joins("/fine").await;
    client.joins("/").await;
    client.is_served().await;
}

#[tokio::test]
async fn hooks_that_panic_cost_their_request_and_nothing_else() {
    let io = builder()
        .allow_request(|handshake| {
            assert!(handshake.header("x-panic").is_none(), "a panic");
            ready(Ok(()))
        })
        .build()
        .unwrap();
    io.on("ping", |ack: Ack| ack.send(()));
    let address = serve(&io);
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let request = format!("GET {POLLING} HTTP/1.1\r\nhost: a\r\nx-panic: 1\r\n\r\n");
    write.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon(read.read_to_end(&mut answer)).await.ok();
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    Client::join(address).await.is_served().await;
}
