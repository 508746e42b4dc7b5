//! From an HTTP request to a WebSocket.

use crate::hub::outbox::Wire;
use crate::net::answer::{self, Answer};
use crate::net::listen::Prefixed;
use crate::net::websocket::Stream;
use crate::proto::route::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::Full;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::net::{TcpStream, UnixStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What is read from, and what the shard may write to.
type Halves = (Stream, Option<Arc<dyn Wire>>);

/// Whether a request asks for a WebSocket.
pub fn is_requested(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Checks the handshake of RFC 6455 section 4.2.1 and makes the answer to it.
///
/// # Errors
/// The answer to a request that breaks a rule.
pub fn accept(method: &Method, headers: &HeaderMap) -> Result<Answer, Box<Answer>> {
    if method != Method::GET {
        return Err(answer::empty(StatusCode::METHOD_NOT_ALLOWED).into());
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(answer::wrong_version().into());
    }
    let connection = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let upgrades =
        connection.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case("upgrade"));
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
    let (Some(key), true) = (key, upgrades) else { return Err(answer::refusal(Refusal::BadRequest, None).into()) };
    let mut answer = Answer::new(Full::new(Bytes::new()));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let added = answer.headers_mut();
    added.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    added.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(value) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        added.insert(header::SEC_WEBSOCKET_ACCEPT, value);
    }
    Ok(answer)
}

/// A key is 16 bytes in base64.
fn is_key(key: &[u8]) -> bool {
    key.len() == 24 && STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// Takes the byte stream out of an upgraded connection: the socket itself where it can be had, and what was read already.
pub fn unwrap(upgraded: Upgraded) -> (Halves, Vec<u8>) {
    let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => return (tcp(parts.io.into_inner()), parts.read_buf.to_vec()),
        Err(upgraded) => upgraded,
    };
    let upgraded = match upgraded.downcast::<TokioIo<UnixStream>>() {
        Ok(parts) => return (Stream::unix(parts.io.into_inner()), parts.read_buf.to_vec()),
        Err(upgraded) => upgraded,
    };
    let upgraded = match upgraded.downcast::<TokioIo<Prefixed>>() {
        Ok(parts) => {
            let (stream, head) = parts.io.into_inner().into_parts();
            return (tcp(stream), [&parts.read_buf[..], &head].concat());
        }
        Err(upgraded) => upgraded,
    };
    match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => (tcp(parts.io.into_inner()), parts.read_buf.to_vec()),
        Err(upgraded) => ((Stream::Other(Box::new(TokioIo::new(upgraded))), None), Vec::new()),
    }
}

/// A socket that somebody else accepted may still wait to fill its packets.
fn tcp(stream: TcpStream) -> Halves {
    stream.set_nodelay(true).ok();
    Stream::tcp(stream)
}
