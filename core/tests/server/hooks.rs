//! Functions of the application that see requests.

use crate::kit::*;
use ::http::header::HeaderValue;
use pancar::{ConnectionError, Handshake, Refusal, Socket};
use std::future::ready;
use std::sync::Arc;

#[tokio::test]
async fn a_handshake_may_be_refused() {
    let io = builder()
        .allow_request(|handshake: Arc<Handshake>| async move {
            tokio::task::yield_now().await;
            match handshake.header("x-token") {
                Some("good") => Ok(()),
                _ => Err("not with that token".to_owned()),
            }
        })
        .build()
        .unwrap();
    let address = serve(&io);
    let refused = open(address).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json(), serde_json::json!({ "code": 4, "message": "not with that token" }));
    assert_eq!(Client::try_connect(address, &[]).await.err(), Some(403));
    let good = [("x-token", "good")];
    assert_eq!(ask(address, "GET", POLLING, &good, "").await.status, 200);
    let _client = Client::try_connect(address, &good).await.unwrap();
    assert_eq!(io.clients_count(), 2);
}

#[tokio::test]
async fn refused_requests_are_told_with_code_and_context() {
    let (tell, mut told) = news();
    let io = builder()
        .connection_error(move |error: &ConnectionError| {
            let url = error.handshake.url.to_string();
            tell((error.refusal, error.refusal.code(), !error.context.is_empty(), url));
        })
        .build()
        .unwrap();
    let address = serve(&io);
    let path = "/socket.io/?";
    for (method, query, refusal) in [
        ("GET", "EIO=4", Refusal::UnknownTransport),
        ("GET", "EIO=4&transport=polling&sid=x", Refusal::UnknownSid),
        ("POST", "EIO=4&transport=polling", Refusal::BadHandshakeMethod),
        ("GET", "EIO=4&transport=websocket", Refusal::BadRequest),
        ("GET", "EIO=3&transport=polling", Refusal::UnsupportedProtocol),
    ] {
        let answer = ask(address, method, &format!("{path}{query}"), &[], "").await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json(), serde_json::json!({ "code": refusal.code(), "message": refusal.message() }));
        assert_eq!(told.next().await, (refusal, refusal.code(), true, format!("{path}{query}")));
    }
}

#[tokio::test]
async fn headers_are_changed_first_or_always() {
    let io = builder()
        .initial_headers(|headers, handshake| {
            let query = handshake.query().count();
            headers.insert("x-initial", HeaderValue::from(query));
        })
        .headers(|headers, _| {
            headers.insert("x-always", HeaderValue::from_static("yes"));
        })
        .build()
        .unwrap();
    let address = serve(&io);
    let opened = open(address).await;
    assert_eq!((opened.header("x-initial"), opened.header("x-always")), (Some("2"), Some("yes")));
    let posted = post(address, &opened.sid(), "40").await;
    assert_eq!((posted.header("x-initial"), posted.header("x-always")), (None, Some("yes")));
    let polled = poll(address, &opened.sid()).await;
    assert_eq!((polled.header("x-initial"), polled.header("x-always")), (None, Some("yes")));
    let client = Client::connect(address).await;
    assert_eq!(client.headers["x-initial"], "2");
    assert_eq!(client.headers["x-always"], "yes");
    let unknown = poll(address, "nobody").await;
    assert_eq!(unknown.header("x-always"), Some("yes"));
}

#[tokio::test]
async fn ids_may_come_from_the_application() {
    let io = builder()
        .generate_id(|handshake: Arc<Handshake>| {
            ready(handshake.query().find(|(key, _)| key == "id").map(|(_, value)| value))
        })
        .build()
        .unwrap();
    let address = serve(&io);
    let with = |id: &str| format!("{POLLING}&id={id}");
    assert_eq!(ask(address, "GET", &with("mine"), &[], "").await.sid(), "mine");
    assert_eq!(post(address, "mine", "40").await.body, "ok");
    for bad in [with("mine"), with(""), POLLING.to_owned()] {
        let answer = ask(address, "GET", &bad, &[], "").await;
        assert_eq!((answer.status, answer.json()["code"].as_u64()), (400, Some(3)), "{bad}");
    }
    assert_eq!(io.clients_count(), 1);
}

#[tokio::test]
async fn the_private_id_is_not_the_public_one() {
    let io = builder().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| tell(socket.id().to_string()));
    let mut client = Client::connect(serve(&io)).await;
    let id = client.joins("/").await;
    assert_eq!(id, told.next().await);
    assert_ne!(client.open["sid"], id);
    assert_eq!(id.len(), 20);
}
