//! The HTTP answers of the protocol.

use crate::hub::registry::Full;
use crate::proto::route::Refusal;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full as Whole;

/// An answer of ours.
pub type Answer = Response<Whole<Bytes>>;

fn with(status: StatusCode, content_type: Option<&'static str>, body: Bytes) -> Answer {
    let mut answer = Response::new(Whole::new(body));
    *answer.status_mut() = status;
    if let Some(content_type) = content_type {
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    answer
}

/// A status and nothing more.
pub fn empty(status: StatusCode) -> Answer {
    with(status, None, Bytes::new())
}

/// A status after which the connection is not used again, as the rest of the request was not read.
pub fn abort(status: StatusCode) -> Answer {
    let mut answer = empty(status);
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// A payload of long-polling.
pub fn payload(body: Bytes) -> Answer {
    let mut answer = with(StatusCode::OK, Some("text/plain; charset=UTF-8"), body);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A POST was taken.
pub fn ok() -> Answer {
    let mut answer = with(StatusCode::OK, Some("text/html"), Bytes::from_static(b"ok"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A request was refused, with Engine.IO's number and words, or words of the application.
pub fn refusal(refusal: Refusal, message: Option<&str>) -> Answer {
    let status = if refusal == Refusal::Forbidden { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
    let message = message.unwrap_or(refusal.message());
    let body = serde_json::json!({ "code": refusal.code(), "message": message }).to_string();
    with(status, Some("application/json"), body.into())
}

/// There is no room for another connection.
pub fn full(full: Full) -> Answer {
    let message = match full {
        Full::Closing => "Server shutting down",
        Full::Limit(_) => "Too many connections",
    };
    let body = serde_json::json!({ "code": Refusal::Forbidden.code(), "message": message }).to_string();
    let mut answer = with(StatusCode::SERVICE_UNAVAILABLE, Some("application/json"), body.into());
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    answer
}

/// A WebSocket handshake of another version of RFC 6455.
pub fn wrong_version() -> Answer {
    let mut answer = refusal(Refusal::BadRequest, None);
    let name = HeaderName::from_static("sec-websocket-version");
    answer.headers_mut().insert(name, HeaderValue::from_static("13"));
    answer
}
