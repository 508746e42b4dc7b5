//! From method and query to what a request wants, or a refusal with Engine.IO's numeric code.

use crate::config::Config;
use crate::ids::Sid;
use crate::proto::session::Transport;
use http::Method;

/// What a request on the server's path wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Open a session.
    Open(Transport),
    /// Receive.
    Poll(Sid),
    /// Send.
    Post(Sid),
    /// Bring a WebSocket to a session that polls.
    Upgrade(Sid),
    /// A method that long-polling does not know, on a session: status 405.
    BadMethod(Sid),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Refusal {
    /// The transport is missing, not known, or switched off.
    UnknownTransport = 0,
    /// There is no such session.
    UnknownSid = 1,
    /// A session is opened by GET.
    BadHandshakeMethod = 2,
    /// The request does not fit the session or the transport.
    BadRequest = 3,
    /// The application, the Origin policy or a limit said no.
    Forbidden = 4,
    /// Not version 4 of the protocol.
    UnsupportedProtocol = 5,
}

impl Refusal {
    /// The number on the wire.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The words on the wire.
    pub fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSid => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedProtocol => "Unsupported protocol version",
        }
    }
}

/// The parameters of the query that the protocol knows.
#[derive(Debug, Default)]
struct Query {
    transport: Option<String>,
    sid: Option<String>,
    eio: Option<String>,
}

impl Query {
    fn parse(query: &str) -> Self {
        let mut known = Self::default();
        for (key, value) in pairs(query) {
            match key.as_str() {
                "transport" => known.transport = Some(value),
                "sid" => known.sid = Some(value),
                "EIO" => known.eio = Some(value),
                _ => {}
            }
        }
        known.sid = known.sid.filter(|sid| !sid.is_empty());
        known
    }
}

/// The parameters of a query in order, `%` and `+` decoded. Of a key that stands twice, the last one counts.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(key), decode(value))
    })
}

fn decode(text: &str) -> String {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(hex);
        match (byte, escape) {
            (_, Some(value)) => {
                out.push(value);
                at += 2;
            }
            (b'+', None) => out.push(b' '),
            (byte, None) => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

impl Route {
    /// Reads what a request wants; `upgrade` says whether it asks for a WebSocket.
    ///
    /// # Errors
    /// The first rule that it breaks, in the official order.
    pub fn parse(method: &Method, query: &str, upgrade: bool, config: &Config) -> Result<Self, Refusal> {
        let query = Query::parse(query);
        let transport = match query.transport.as_deref() {
            Some("polling") if config.transports.polling => Transport::Polling,
            Some("websocket") if config.transports.websocket => Transport::WebSocket,
            _ => return Err(Refusal::UnknownTransport),
        };
        if upgrade != (transport == Transport::WebSocket) && (upgrade || query.sid.is_none()) {
            return Err(if query.sid.is_none() && method != Method::GET {
                Refusal::BadHandshakeMethod
            } else {
                Refusal::BadRequest
            });
        }
        match query.sid {
            Some(sid) => Ok(Self::existing(method, Sid::from(sid), transport, upgrade)),
            None if method != Method::GET => Err(Refusal::BadHandshakeMethod),
            None if query.eio.as_deref() != Some("4") => Err(Refusal::UnsupportedProtocol),
            None => Ok(Self::Open(transport)),
        }
    }

    fn existing(method: &Method, sid: Sid, transport: Transport, upgrade: bool) -> Self {
        match (transport, method) {
            (Transport::WebSocket, _) if upgrade => Self::Upgrade(sid),
            // Without an upgrade this can only be answered by the session: unknown, or not its transport.
            (Transport::WebSocket, _) => Self::Upgrade(sid),
            (Transport::Polling, &Method::GET) => Self::Poll(sid),
            (Transport::Polling, &Method::POST) => Self::Post(sid),
            _ => Self::BadMethod(sid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, query: &str, upgrade: bool) -> Result<Route, Refusal> {
        Route::parse(&method, query, upgrade, &Config::default())
    }

    #[test]
    fn legal_requests() {
        assert_eq!(route(Method::GET, "EIO=4&transport=polling", false), Ok(Route::Open(Transport::Polling)));
        assert_eq!(route(Method::GET, "EIO=4&transport=websocket", true), Ok(Route::Open(Transport::WebSocket)));
        assert_eq!(route(Method::GET, "transport=polling&sid=a%41", false), Ok(Route::Poll("aA".into())));
        assert_eq!(route(Method::POST, "transport=polling&sid=a&sid=b", false), Ok(Route::Post("b".into())));
        assert_eq!(route(Method::GET, "transport=websocket&sid=a", true), Ok(Route::Upgrade("a".into())));
        assert_eq!(route(Method::PUT, "transport=polling&sid=a", false), Ok(Route::BadMethod("a".into())));
    }

    #[test]
    fn refusals_come_in_the_official_order() {
        assert_eq!(route(Method::GET, "", false), Err(Refusal::UnknownTransport));
        assert_eq!(route(Method::GET, "EIO=4&transport=webtransport", true), Err(Refusal::UnknownTransport));
        assert_eq!(route(Method::POST, "transport=polling", false), Err(Refusal::BadHandshakeMethod));
        assert_eq!(route(Method::GET, "transport=polling", false), Err(Refusal::UnsupportedProtocol));
        assert_eq!(route(Method::GET, "EIO=3&transport=websocket", true), Err(Refusal::UnsupportedProtocol));
        assert_eq!(route(Method::GET, "EIO=4&transport=websocket", false), Err(Refusal::BadRequest));
        assert_eq!(route(Method::GET, "EIO=4&transport=polling", true), Err(Refusal::BadRequest));
        assert_eq!(route(Method::GET, "EIO=4&transport=polling&sid=", false), Ok(Route::Open(Transport::Polling)));
    }

    #[test]
    fn queries_are_decoded_without_trust() {
        let all = |query| pairs(query).collect::<Vec<_>>();
        assert_eq!(
            all("a=1+2&b=%zz&c&=x&d=%C3%A9%ff"),
            [
                ("a".to_owned(), "1 2".to_owned()),
                ("b".to_owned(), "%zz".to_owned()),
                ("c".to_owned(), String::new()),
                (String::new(), "x".to_owned()),
                ("d".to_owned(), "é\u{fffd}".to_owned()),
            ]
        );
    }
}
