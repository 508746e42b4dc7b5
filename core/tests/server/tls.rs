//! Encrypted connections.

use crate::kit::*;
use pancar::{Ack, ErrorKind, Server, Socket};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// A certificate for `localhost` that signs itself, and its key, both in PEM; and a connector that trusts it.
fn identity() -> (String, String, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    (made.cert.pem(), made.signing_key.serialize_pem(), TlsConnector::from(Arc::new(config)))
}

#[tokio::test]
async fn a_websocket_runs_over_tls() {
    let (certificate, key, connector) = identity();
    let io = builder().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| tell(socket.handshake().secure));
    io.on("ping", |ack: Ack| ack.send(()));
    io.on("large", |socket: Socket| socket.emit("large", "x".repeat(300_000)));
    let address = io.listen_tls("127.0.0.1:0", certificate.as_bytes(), key.as_bytes()).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = soon(connector.connect(ServerName::try_from("localhost").unwrap(), stream)).await.unwrap();
    let mut client = Client::over(stream, "localhost", &[]).await.unwrap();
    client.joins("/").await;
    assert!(told.next().await);
    client.is_served().await;
    client.says(r#"42["large"]"#).await;
    assert_eq!(client.hears().await.len(), 300_000 + r#"42["large",""]"#.len());
    io.emit("x", 1).unwrap();
    assert_eq!(client.hears().await, r#"42["x",1]"#);
    let ((), code) = tokio::join!(soon(io.close()), client.ends());
    assert_eq!(code, Some(1001));
}

#[tokio::test]
async fn who_does_not_speak_tls_is_not_heard() {
    let (certificate, key, _) = identity();
    let io = builder().build().unwrap();
    let address = io.listen_tls("127.0.0.1:0", certificate.as_bytes(), key.as_bytes()).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    stream.write_all(format!("GET {POLLING} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.ok();
    assert!(!answer.starts_with(b"HTTP"));
    assert_eq!(io.clients_count(), 0);
}

#[test]
fn what_is_no_certificate_or_no_key_is_an_error() {
    let ((certificate, key, _), (_, other_key, _)) = (identity(), identity());
    for (certificate, key) in
        [("nonsense", key.as_str()), (&certificate, "nonsense"), (&certificate, &other_key), ("", "")]
    {
        let error = Server::new().listen_tls("127.0.0.1:0", certificate.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    }
}
