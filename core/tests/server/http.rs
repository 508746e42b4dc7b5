//! What stands in the answers: CORS, cookies, the browser bundle, addresses behind proxies.

use crate::kit::*;
use pancar::config::{Cookie, Cors, Origin, OriginPolicy};
use pancar::{Server, Socket};
use std::net::SocketAddr;

const ORIGIN: (&str, &str) = ("origin", "https://page.example");

fn with_cors(origin: Origin) -> Server {
    builder().cors(Cors { credentials: true, ..Cors::new(origin) }).build().unwrap()
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let io = with_cors(Origin::List(vec!["https://page.example".into()]));
    let address = serve(&io);
    let headers = [ORIGIN, ("access-control-request-method", "POST"), ("access-control-request-headers", "x-token")];
    let answer = ask(address, "OPTIONS", POLLING, &headers, "").await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://page.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-token"));
    assert!(answer.header("vary").unwrap().to_lowercase().contains("origin"));

    let stranger = ask(address, "OPTIONS", POLLING, &[("origin", "https://evil.example")], "").await;
    assert_eq!(stranger.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn every_answer_says_who_may_read_it() {
    let address = serve(&with_cors(Origin::Reflect));
    let opened = ask(address, "GET", POLLING, &[ORIGIN], "").await;
    let target = format!("{POLLING}&sid={}", opened.sid());
    let posted = ask(address, "POST", &target, &[ORIGIN], "40").await;
    let unknown = ask(address, "GET", &format!("{POLLING}&sid=x"), &[ORIGIN], "").await;
    assert_eq!(unknown.status, 400);
    for answer in [opened, posted, unknown] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://page.example"), "{answer:?}");
    }
}

#[tokio::test]
async fn without_cors_there_are_no_headers_and_no_preflight() {
    let address = serve(&builder().build().unwrap());
    assert_eq!(ask(address, "GET", POLLING, &[ORIGIN], "").await.header("access-control-allow-origin"), None);
    let answer = ask(address, "OPTIONS", POLLING, &[ORIGIN], "").await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (400, Some(2)));
}

#[tokio::test]
async fn a_websocket_is_opened_by_pages_of_the_server_or_of_cors() {
    let own = |address: SocketAddr| format!("http://{address}");
    let plain = serve(&builder().build().unwrap());
    assert!(Client::try_connect(plain, &[("origin", &own(plain))]).await.is_ok());
    assert_eq!(Client::try_connect(plain, &[ORIGIN]).await.err(), Some(403));
    assert!(Client::try_connect(plain, &[]).await.is_ok(), "no browser");
    let cors = serve(&with_cors(Origin::List(vec!["https://page.example".into()])));
    assert!(Client::try_connect(cors, &[ORIGIN]).await.is_ok());
    let open = serve(&builder().origin_policy(OriginPolicy::Any).build().unwrap());
    assert!(Client::try_connect(open, &[ORIGIN]).await.is_ok());
}

#[tokio::test]
async fn a_cookie_comes_with_the_first_answer_of_a_polling_session() {
    let io = builder().cookie(Cookie::default()).build().unwrap();
    let address = serve(&io);
    let opened = open(address).await;
    let cookie = format!("io={}; Path=/; HttpOnly; SameSite=Lax", opened.sid());
    assert_eq!(opened.header("set-cookie"), Some(cookie.as_str()));
    assert_eq!(post(address, &opened.sid(), "40").await.header("set-cookie"), None);
    assert!(!Client::connect(address).await.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn the_browser_bundle_is_served_with_a_tag() {
    let folder = std::env::temp_dir().join(format!("pancar-bundle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("socket.io.min.js"), "var io;").unwrap();
    std::fs::write(folder.join("secret.txt"), "secret").unwrap();
    let io = builder().serve_client(&folder).build().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let address = serve(&io);
    let file = "/socket.io/socket.io.min.js";
    let first = ask(address, "GET", file, &[], "").await;
    assert_eq!((first.status, first.body.as_str()), (200, "var io;"));
    assert!(first.header("content-type").unwrap().contains("javascript"));
    let tag = first.header("etag").unwrap();
    let again = ask(address, "GET", file, &[("if-none-match", tag)], "").await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag)));
    let head = ask(address, "HEAD", file, &[], "").await;
    assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (200, "", Some("7")));
    for other in
        ["/socket.io/secret.txt", "/socket.io/socket.io.js", "/socket.io/../secret.txt", "/socket.io/%2e%2e/secret.txt"]
    {
        assert_ne!(ask(address, "GET", other, &[], "").await.status, 200, "{other}");
    }
}

#[tokio::test]
async fn an_address_is_that_of_the_client_where_the_proxy_is_trusted() {
    let forwarded = [("x-forwarded-for", "8.8.8.8, 9.9.9.9"), ("x-forwarded-proto", "https")];
    for (trusted, address, secure) in [(None, "127.0.0.1", false), (Some("127.0.0.0/8"), "9.9.9.9", true)] {
        let trusted = serde_json::json!(trusted);
        let io = builder().option("trusted_proxies", &trusted).unwrap().build().unwrap();
        let (tell, mut told) = news();
        io.on_connect(move |socket: Socket| tell((socket.handshake().address, socket.handshake().secure)));
        let mut client = Client::try_connect(serve(&io), &forwarded).await.unwrap();
        client.joins("/").await;
        assert_eq!(told.next().await, (Some(address.parse().unwrap()), secure));
    }
}

#[tokio::test]
async fn another_path_may_be_served() {
    let io = builder().path("/chat").build().unwrap();
    let address = serve(&io);
    assert_eq!(ask(address, "GET", "/chat/?EIO=4&transport=polling", &[], "").await.status, 200);
    for other in [POLLING, "/chat?EIO=4&transport=polling", "/"] {
        assert_eq!(ask(address, "GET", other, &[], "").await.status, 404, "{other}");
    }
}

#[tokio::test]
async fn answers_of_polls_are_compressed_where_that_is_worth_it() {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.emit("large", "x".repeat(5_000))?;
        socket.compress(false).emit("plain", "x".repeat(5_000))
    });
    let address = serve(&io);
    let opened = open(address).await;
    let target = format!("{POLLING}&sid={}", opened.sid());
    post(address, &opened.sid(), "40").await;
    let plain = poll(address, &opened.sid()).await;
    assert!(plain.header("content-encoding").is_none() && plain.body.len() > 10_000);
    post(address, &opened.sid(), "42[\"x\"]").await;
    let small = ask(address, "GET", &target, &[("accept-encoding", "gzip")], "");
    io.emit("small", 1).unwrap();
    assert!(soon(small).await.header("content-encoding").is_none());
}
