//! Limits, and options with wrong values.

use crate::kit::*;
use pancar::{Config, Data, ErrorKind, Reason, Server, Socket};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn connections_are_bounded() {
    let io = builder().max_connections(Some(2)).build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let tell = tell.clone();
        socket.on_disconnect(move || tell(()));
    });
    let address = serve(&io);
    let client = Client::join(address).await;
    assert_eq!(open(address).await.status, 200);
    let refused = open(address).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(refused.json(), json!({ "code": 4, "message": "Too many connections" }));
    assert_eq!(Client::try_connect(address, &[]).await.err(), Some(503));
    client.leaves().await;
    told.next().await;
    assert_eq!(open(address).await.status, 200);
}

#[tokio::test]
async fn connections_that_are_judged_at_the_same_time_are_bounded_too() {
    let gate = Arc::new(tokio::sync::Barrier::new(4));
    let io = builder()
        .max_connections(Some(1))
        .allow_request(move |_| {
            let gate = Arc::clone(&gate);
            async move {
                gate.wait().await;
                Ok(())
            }
        })
        .build()
        .unwrap();
    let address = serve(&io);
    let (a, b, c, d) = tokio::join!(open(address), open(address), open(address), open(address));
    let mut statuses = [a.status, b.status, c.status, d.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503, 503, 503]);
    assert_eq!(io.clients_count(), 1);
}

#[tokio::test]
async fn connections_of_one_address_are_bounded() {
    let io = builder().max_connections_per_address(Some(1)).option("trusted_proxies", &json!("127.0.0.1")).unwrap();
    let address = serve(&io.build().unwrap());
    let from = async |ip: &str| ask(address, "GET", POLLING, &[("x-forwarded-for", ip)], "").await.status;
    assert_eq!((from("9.9.9.1").await, from("9.9.9.1").await, from("9.9.9.2").await), (200, 503, 200));
}

#[tokio::test]
async fn messages_are_bounded() {
    let io = builder().max_http_buffer_size(1_000).build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let tell = tell.clone();
        socket.on("size", |socket: Socket, Data(text): Data<String>| socket.emit("size", text.len()));
        socket.on_disconnect(move |reason: Reason| tell(reason));
    });
    let address = serve(&io);
    let mut client = Client::join(address).await;
    client.says(format!(r#"42["size","{}"]"#, "x".repeat(900))).await;
    assert_eq!(client.hears().await, r#"42["size",900]"#);
    client.says(format!(r#"42["size","{}"]"#, "x".repeat(1_000))).await;
    assert_eq!(client.ends().await, Some(1009));
    assert_eq!(told.next().await, Reason::PayloadTooLarge);
    let sid = open(address).await.sid();
    assert_eq!(post(address, &sid, "40").await.status, 200);
    let large = "x".repeat(1_001);
    assert_eq!(post(address, &sid, &large).await.status, 413);
    assert_eq!(told.next().await, Reason::PayloadTooLarge);
}

#[tokio::test]
async fn a_client_that_joins_nothing_is_closed() {
    let io = builder().connect_timeout(Duration::from_millis(50)).build().unwrap();
    let client = Client::connect(serve(&io)).await;
    assert_eq!(client.ends().await, Some(1000));
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_closed() {
    let io =
        builder().ping_interval(Duration::from_millis(30)).ping_timeout(Duration::from_millis(40)).build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let tell = tell.clone();
        socket.on_disconnect(move |reason: Reason| tell(reason));
    });
    let mut client = Client::join(serve(&io)).await;
    for _ in 0..3 {
        assert_eq!(client.hears().await, "2");
        client.says("3").await;
    }
    assert_eq!(client.ends().await, Some(1000));
    assert_eq!(told.next().await, Reason::PingTimeout);
}

#[test]
fn a_wrong_value_is_an_error_that_names_option_value_and_what_is_allowed() {
    for (name, value, words) in [
        ("ping_interval", json!("soon"), ["`ping_interval`", "\"soon\"", "milliseconds"]),
        ("pingTimeout", json!(-1), ["`ping_timeout`", "-1", "milliseconds"]),
        ("transports", json!(["webtransport"]), ["`transports`", "webtransport", "\"polling\" and \"websocket\""]),
        ("ping_intervall", json!(1), ["`ping_intervall`", "did you mean", "ping_interval"]),
    ] {
        let error = Server::builder().option(name, &value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
    }
    for (config, words) in [
        (Config { ping_interval: Duration::ZERO, ..Config::default() }, ["`ping_interval`", "0ns", "1 ms to"]),
        (Config { max_room_length: 5, ..Config::default() }, ["`max_room_length`", "5", "20 to"]),
        (Config { path: "socket.io".into(), ..Config::default() }, ["`path`", "\"socket.io\"", "begins with /"]),
        (Config { workers: Some(0), ..Config::default() }, ["`workers`", "0", "1 to 1024"]),
    ] {
        let error = Server::builder().config(config).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
    }
    let error = Server::builder().serve_client("/nowhere").build().unwrap_err();
    assert!(error.to_string().contains("`serve_client`"), "{error}");
}
