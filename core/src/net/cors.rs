//! Cross-origin requests on the wire: CORS headers, and which pages may open a WebSocket.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{Response, StatusCode};

use super::address::ClientAddress;
use crate::config::{Config, Cors, Origin, OriginPolicy, Site};

/// The answer to `OPTIONS`, as the npm package `cors` gives it: it says what is allowed, and the browser refuses the
/// rest.
pub(crate) fn preflight(cors: &Cors, request: &Parts) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(cors.options_success_status).unwrap_or(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    allow_origin(cors, &request.headers, headers);
    insert(headers, ACCESS_CONTROL_ALLOW_METHODS, &cors.methods.join(","));
    match &cors.allowed_headers {
        Some(allowed) => insert(headers, ACCESS_CONTROL_ALLOW_HEADERS, &allowed.join(",")),
        None => reflect_headers(&request.headers, headers),
    }
    if let Some(seconds) = cors.max_age {
        headers.insert(ACCESS_CONTROL_MAX_AGE, seconds.into());
    }
    insert(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.exposed_headers.join(","));
    headers.insert(CONTENT_LENGTH, 0.into());
    response
}

/// Adds the CORS headers of any other answer.
pub(crate) fn apply(cors: &Cors, request: &HeaderMap, response: &mut HeaderMap) {
    allow_origin(cors, request, response);
    insert(response, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.exposed_headers.join(","));
}

/// Whether a WebSocket may be opened by whoever asks for it.
///
/// Browsers let every page open one, and send the user's cookies along. So an `Origin` must be the server's own or one
/// that CORS allows. Clients that are no browser send none, and pass.
pub(crate) fn websocket_origin_allowed(config: &Config, headers: &HeaderMap, client: &ClientAddress) -> bool {
    if config.origin_policy == OriginPolicy::Any || !headers.contains_key(ORIGIN) {
        return true;
    }
    let Some(origin) = origin(headers) else {
        return false;
    };
    config.cors.as_ref().is_some_and(|cors| cors.origin.allows(origin)) || is_own(origin, client)
}

/// Whether the `Origin` of a request, if there is one, is a single line of printable ASCII.
pub(crate) fn origin_is_legal(headers: &HeaderMap) -> bool {
    !headers.contains_key(ORIGIN) || origin(headers).is_some()
}

/// Whether an origin is the server's own. TLS may end in front of a server that is reached by plain HTTP, so there a
/// page of `https` under the same `Host` is its own as well. Not the other way about: whoever sits on the way can make
/// a page of `http`.
fn is_own(origin: &str, client: &ClientAddress) -> bool {
    let (Some(host), Some(page)) = (client.host.as_deref(), Site::parse(origin)) else { return false };
    [client.secure, true].into_iter().filter_map(|secure| Site::new(secure, host)).any(|own| own == page)
}

/// The `Origin` of a request, if it is there once and legal.
fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => origin.to_str().ok().filter(|origin| !origin.contains('\t')),
        _ => None,
    }
}

fn allow_origin(cors: &Cors, request: &HeaderMap, response: &mut HeaderMap) {
    match &cors.origin {
        Origin::Any => insert(response, ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        Origin::Fixed(origin) => {
            insert(response, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            vary(response, "Origin");
        }
        by_request => {
            if let Some(origin) = origin(request).filter(|origin| by_request.allows(origin)) {
                insert(response, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            }
            // Also where it is not allowed: a cache must not give that answer to those who are.
            vary(response, "Origin");
        }
    }
    if cors.credentials {
        response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

fn reflect_headers(request: &HeaderMap, response: &mut HeaderMap) {
    vary(response, "Access-Control-Request-Headers");
    if let Some(asked) = request.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|asked| !asked.is_empty()) {
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
}

/// Inserts a header, unless it would be empty. Texts of a validated configuration are always legal.
fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    match HeaderValue::from_str(text) {
        Ok(value) if !text.is_empty() => drop(headers.insert(name, value)),
        _ => {}
    }
}

/// Adds a field to `Vary`, keeping what is there.
pub(crate) fn vary(headers: &mut HeaderMap, field: &str) {
    let lines = headers.get_all(VARY).iter().filter_map(|line| line.to_str().ok());
    let mut fields: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    if fields.iter().any(|present| *present == "*" || present.eq_ignore_ascii_case(field)) {
        return;
    }
    fields.push(field);
    let fields = fields.join(", ");
    insert(headers, VARY, &fields);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Request;

    use super::*;

    fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn from(origin: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_bytes(origin.as_bytes()).unwrap());
        headers
    }

    fn ask(cors: &Cors, lines: &[(&str, &str)]) -> Response<()> {
        let request = lines.iter().fold(Request::options("/"), |request, (name, value)| request.header(*name, *value));
        preflight(cors, &request.body(()).unwrap().into_parts().0)
    }

    fn list(origins: &[&str]) -> Cors {
        Cors::new(Origin::List(origins.iter().map(|origin| (*origin).to_owned()).collect()))
    }

    #[test]
    fn a_preflight_says_what_is_allowed() {
        let response =
            ask(&Cors::default(), &[("origin", "https://a"), ("access-control-request-headers", "x-a, x-b")]);
        let headers = response.headers();
        assert_eq!(response.status(), 204);
        assert_eq!(text(headers, "access-control-allow-origin"), Some("*"));
        assert_eq!(text(headers, "access-control-allow-methods"), Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
        assert_eq!(text(headers, "access-control-allow-headers"), Some("x-a, x-b"));
        assert_eq!(text(headers, "vary"), Some("Access-Control-Request-Headers"));
        assert_eq!(text(headers, "content-length"), Some("0"));
        assert_eq!(headers.len(), 5);
    }

    #[test]
    fn every_field_has_its_header() {
        let cors = Cors {
            methods: vec!["GET".to_owned(), "POST".to_owned()],
            allowed_headers: Some(vec!["x-token".to_owned(), "x-id".to_owned()]),
            exposed_headers: vec!["x-time".to_owned()],
            credentials: true,
            max_age: Some(600),
            options_success_status: 200,
            ..list(&["https://a"])
        };
        let response = ask(&cors, &[("origin", "https://a"), ("access-control-request-headers", "x-other")]);
        let headers = response.headers();
        assert_eq!(response.status(), 200);
        assert_eq!(text(headers, "access-control-allow-origin"), Some("https://a"));
        assert_eq!(text(headers, "access-control-allow-methods"), Some("GET,POST"));
        assert_eq!(text(headers, "access-control-allow-headers"), Some("x-token,x-id"));
        assert_eq!(text(headers, "access-control-expose-headers"), Some("x-time"));
        assert_eq!(text(headers, "access-control-allow-credentials"), Some("true"));
        assert_eq!(text(headers, "access-control-max-age"), Some("600"));
        assert_eq!(text(headers, "vary"), Some("Origin"));
    }

    #[test]
    fn a_preflight_without_headers_to_ask_for() {
        let response = ask(&Cors { allowed_headers: Some(vec![]), ..Cors::new(Origin::Reflect) }, &[]);
        assert_eq!(text(response.headers(), "access-control-allow-headers"), None);
        assert_eq!(text(response.headers(), "access-control-allow-origin"), None);
        let response = ask(&Cors::new(Origin::Reflect), &[("origin", "null")]);
        assert_eq!(text(response.headers(), "access-control-allow-origin"), Some("null"));
        assert_eq!(text(response.headers(), "vary"), Some("Origin, Access-Control-Request-Headers"));
        assert_eq!(text(response.headers(), "access-control-allow-headers"), None);
    }

    #[test]
    fn answers_name_the_origin() {
        let allowed = |cors: &Cors, origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            apply(cors, &origin.map(from).unwrap_or_default(), &mut headers);
            let allowed = text(&headers, "access-control-allow-origin").map(str::to_owned);
            (allowed, text(&headers, "vary").map(str::to_owned))
        };
        let vary = || Some("Origin".to_owned());
        let a = || Some("https://a".to_owned());
        assert_eq!(allowed(&Cors::default(), None), (Some("*".to_owned()), None));
        assert_eq!(allowed(&Cors::new(Origin::Fixed("https://a".to_owned())), Some("https://b")), (a(), vary()));
        assert_eq!(allowed(&list(&["https://a", "https://b"]), Some("https://a")), (a(), vary()));
        assert_eq!(allowed(&list(&["https://a"]), Some("https://b")), (None, vary()));
        assert_eq!(allowed(&list(&["https://a"]), None), (None, vary()));
        assert_eq!(allowed(&Cors::new(Origin::Reflect), Some("https://a")), (a(), vary()));
        let predicate = Cors::new(Origin::Predicate(Arc::new(|origin| origin == "https://a")));
        assert_eq!(allowed(&predicate, Some("https://a")), (a(), vary()));
        assert_eq!(allowed(&predicate, Some("https://b")), (None, vary()));
    }

    #[test]
    fn answers_have_no_preflight_headers() {
        let mut headers = HeaderMap::new();
        let cors = Cors { exposed_headers: vec!["x-id".to_owned()], credentials: true, ..Cors::new(Origin::Reflect) };
        apply(&cors, &from("https://a"), &mut headers);
        assert_eq!(text(&headers, "access-control-expose-headers"), Some("x-id"));
        assert_eq!(text(&headers, "access-control-allow-credentials"), Some("true"));
        assert_eq!(headers.len(), 4);
    }

    #[test]
    fn vary_is_added_once_to_what_is_there() {
        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        vary(&mut headers, "Origin");
        vary(&mut headers, "origin");
        assert_eq!(text(&headers, "vary"), Some("Accept-Encoding, Origin"));
        headers.insert(VARY, HeaderValue::from_static("*"));
        vary(&mut headers, "Origin");
        assert_eq!(text(&headers, "vary"), Some("*"));
    }

    fn allowed(config: &Config, secure: bool, host: &str, origin: &str) -> bool {
        let client = ClientAddress { ip: None, secure, host: Some(host.to_owned()) };
        websocket_origin_allowed(config, &from(origin), &client)
    }

    #[test]
    fn a_websocket_from_the_own_origin_passes() {
        let config = Config::default();
        assert!(allowed(&config, false, "a.example", "http://a.example"));
        assert!(allowed(&config, true, "a.example", "https://a.example:443"));
        assert!(allowed(&config, true, "A.example:443", "https://a.example"));
        assert!(allowed(&config, false, "[::1]:3000", "http://[::1]:3000"));
        for origin in [
            "https://a.example:8443",
            "https://b.example",
            "http://b.example",
            "http://a.example:8080",
            "null",
            "http://a.example.evil",
            "",
            "file://",
            "http://a.example@evil",
            "http://a.example/",
        ] {
            assert!(!allowed(&config, false, "a.example", origin), "{origin}");
        }
        assert!(!allowed(&config, false, "", "http://"));
    }

    #[test]
    fn where_tls_ends_before_us_the_origin_may_be_the_secure_one() {
        let config = Config::default();
        assert!(allowed(&config, false, "a.example", "https://a.example"));
        assert!(allowed(&config, false, "a.example:443", "https://a.example"));
        assert!(allowed(&config, false, "a.example", "https://a.example:443"));
        assert!(allowed(&config, false, "a.example:8443", "https://a.example:8443"));
        assert!(!allowed(&config, false, "a.example:80", "https://a.example"));
        assert!(!allowed(&config, false, "a.example:8080", "https://a.example"));
        for origin in ["http://a.example", "ws://a.example", "http://a.example:443", "http://b.example"] {
            assert!(!allowed(&config, true, "a.example", origin), "{origin}");
        }
    }

    #[test]
    fn a_websocket_without_origin_passes() {
        let client = ClientAddress { ip: None, secure: false, host: None };
        assert!(websocket_origin_allowed(&Config::default(), &HeaderMap::new(), &client));
        assert!(!websocket_origin_allowed(&Config::default(), &from("http://a"), &client));
    }

    #[test]
    fn a_websocket_from_an_origin_that_cors_allows_passes() {
        let with = |cors| Config { cors: Some(cors), ..Config::default() };
        let config = with(list(&["https://b"]));
        assert!(allowed(&config, false, "a", "https://b") && allowed(&config, false, "a", "http://a"));
        assert!(!allowed(&config, false, "a", "https://c"));
        assert!(allowed(&with(Cors::default()), false, "a", "https://c"));
        assert!(allowed(&with(Cors::new(Origin::Reflect)), false, "a", "null"));
        let predicate = Origin::Predicate(Arc::new(|origin| origin.starts_with("https://")));
        assert!(allowed(&with(Cors::new(predicate.clone())), false, "a", "https://c"));
        assert!(!allowed(&with(Cors::new(predicate)), false, "a", "http://c"));
    }

    #[test]
    fn the_policy_can_let_everyone_pass() {
        let config = Config { origin_policy: OriginPolicy::Any, ..Config::default() };
        assert!(allowed(&config, false, "a", "https://b"));
    }

    #[test]
    fn behind_a_trusted_proxy_the_origin_is_the_public_one() {
        let mut headers = from("https://a.example");
        headers.insert("host", HeaderValue::from_static("10.0.0.7:3000"));
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        headers.insert("x-forwarded-host", HeaderValue::from_static("a.example"));
        let config = Config { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Config::default() };
        let allowed = |peer: [u8; 4]| {
            let client = ClientAddress::resolve(&config.trusted_proxies, Some(peer.into()), false, &headers);
            websocket_origin_allowed(&config, &headers, &client)
        };
        assert!(allowed([10, 0, 0, 1]));
        assert!(!allowed([9, 9, 9, 9]));
    }

    #[test]
    fn legal_origins() {
        assert!(origin_is_legal(&HeaderMap::new()));
        assert!(origin_is_legal(&from("https://a")));
        assert!(origin_is_legal(&from("anything printable")));
        assert!(!origin_is_legal(&from("https://\u{e4}")));
        assert!(!origin_is_legal(&from("https://a\tb")));
        let mut twice = from("https://a");
        twice.append(ORIGIN, HeaderValue::from_static("https://a"));
        assert!(!origin_is_legal(&twice));
    }
}
