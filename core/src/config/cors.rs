//! Cross-origin requests: who may read the answers. What is sent for it is in `net::cors`.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::json::{FromJson, Read, fields, switch, wrong};
use super::{Site, validate};
use crate::error::{Error, Result};

/// Cross-origin requests, with the meaning that the npm package `cors` gives them.
///
/// In JSON an object with the names of the fields; also just the origin, or true for the defaults.
#[derive(Clone, Debug)]
pub struct Cors {
    /// Which origins are allowed. Default [`Origin::Any`].
    pub origin: Origin,
    /// Methods that a preflight allows. Default GET, HEAD, PUT, PATCH, POST and DELETE.
    pub methods: Vec<String>,
    /// Request headers that a preflight allows. Default none: those that it asks for.
    pub allowed_headers: Option<Vec<String>>,
    /// Headers of answers that a page may read past the simple ones. Default empty.
    pub exposed_headers: Vec<String>,
    /// Whether requests may carry cookies. Default false. Browsers refuse it together with [`Origin::Any`], so that is
    /// an error; [`Origin::Reflect`] is the explicit way to trust every page with the cookies of its users.
    pub credentials: bool,
    /// How long a browser may remember a preflight. Seconds, default none: the browser's own idea (5 s).
    pub max_age: Option<u64>,
    /// Status of the answer to a preflight. Default 204; from 200 to 299.
    pub options_success_status: u16,
}

/// Which origins are allowed to read answers.
///
/// In JSON `"*"`, true (reflect), one origin, or a list of origins. A predicate can only be given by code.
#[derive(Clone)]
#[non_exhaustive]
pub enum Origin {
    /// Every origin; answers say `*`.
    Any,
    /// Every origin; answers name the one that asked.
    Reflect,
    /// One origin; answers name it whoever asked.
    Fixed(String),
    /// The origins of a list; answers name the one that asked.
    List(Vec<String>),
    /// The origins for which the function says true; answers name the one that asked. It is called on the thread of the
    /// connection and must not block.
    Predicate(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            origin: Origin::Any,
            methods: ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"].map(str::to_owned).into(),
            allowed_headers: None,
            exposed_headers: Vec::new(),
            credentials: false,
            max_age: None,
            options_success_status: 204,
        }
    }
}

impl Cors {
    /// What is right for an origin, with the defaults for all else.
    pub fn new(origin: Origin) -> Self {
        Self { origin, ..Self::default() }
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.origin.validate()?;
        if self.credentials && matches!(self.origin, Origin::Any) {
            let allowed = "with credentials: true (every origin, reflected), one origin, or a list";
            return Err(Error::option("cors.origin", "\"*\"", allowed));
        }
        if !(200..=299).contains(&self.options_success_status) {
            return Err(Error::option("cors.options_success_status", self.options_success_status, "200 to 299"));
        }
        validate::tokens("cors.methods", &self.methods)?;
        validate::tokens("cors.allowed_headers", self.allowed_headers.as_deref().unwrap_or_default())?;
        validate::tokens("cors.exposed_headers", &self.exposed_headers)
    }
}

impl Origin {
    /// Whether a page of this origin is allowed.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any | Self::Reflect => true,
            Self::Fixed(allowed) => same_origin(allowed, origin),
            Self::List(allowed) => allowed.iter().any(|allowed| same_origin(allowed, origin)),
            Self::Predicate(allows) => allows(origin),
        }
    }

    fn validate(&self) -> Result<()> {
        let origins = match self {
            Self::Fixed(origin) => std::slice::from_ref(origin),
            Self::List(origins) => origins,
            _ => return Ok(()),
        };
        match origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => Err(Error::option("cors.origin", format!("{origin:?}"), ALLOWED)),
            None => Ok(()),
        }
    }
}

const ALLOWED: &str =
    "\"*\" alone, true, or origins without path or wildcard, as https://example.com or http://localhost:3000";

/// What a browser could send: `null`, `https://example.com`, or `capacitor://localhost`, which is not of the web.
fn is_origin(text: &str) -> bool {
    let app = || {
        text.split_once("://").is_some_and(|(scheme, host)| {
            let of_web = ["http", "https", "ws", "wss"].contains(&scheme.to_ascii_lowercase().as_str());
            let legal = |byte: u8| byte.is_ascii_graphic() && !b"/*".contains(&byte);
            !of_web && !scheme.is_empty() && scheme.bytes().chain(host.bytes()).all(legal)
        })
    };
    text == "null" || (!text.contains('*') && Site::parse(text).is_some()) || app()
}

fn same_origin(allowed: &str, origin: &str) -> bool {
    allowed == origin || Site::parse(allowed).is_some_and(|allowed| Site::parse(origin) == Some(allowed))
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::Reflect => f.write_str("Reflect"),
            Self::Fixed(origin) => f.debug_tuple("Fixed").field(origin).finish(),
            Self::List(origins) => f.debug_tuple("List").field(origins).finish(),
            Self::Predicate(_) => f.write_str("Predicate(..)"),
        }
    }
}

impl FromJson for Origin {
    fn from_json(value: &Value) -> Read<Self> {
        if switch(value) == Some(true) {
            return Ok(Self::Reflect);
        }
        match value {
            Value::String(origin) if origin == "*" => Ok(Self::Any),
            Value::String(origin) if !origin.contains(',') => Ok(Self::Fixed(origin.clone())),
            Value::String(_) | Value::Array(_) => {
                let origins = Vec::<String>::from_json(value)?;
                Ok(if origins == ["*"] { Self::Any } else { Self::List(origins) })
            }
            _ => wrong(value, ALLOWED),
        }
    }
}

impl FromJson for Cors {
    const ZERO_IS_OFF: bool = true;

    fn from_json(value: &Value) -> Read<Self> {
        let mut cors = Self::default();
        if switch(value) == Some(true) {
            return Ok(cors);
        }
        if !value.is_object() {
            return Origin::from_json(value).map(Self::new);
        }
        fields(value, &FIELDS, |name, value| {
            match name {
                "origin" => cors.origin = FromJson::from_json(value)?,
                "methods" => cors.methods = FromJson::from_json(value)?,
                "allowed_headers" => cors.allowed_headers = FromJson::from_json(value)?,
                "exposed_headers" => cors.exposed_headers = FromJson::from_json(value)?,
                "credentials" => cors.credentials = FromJson::from_json(value)?,
                "max_age" => cors.max_age = FromJson::from_json(value)?,
                _ => cors.options_success_status = FromJson::from_json(value)?,
            }
            Ok(())
        })?;
        Ok(cors)
    }
}

const FIELDS: [&str; 7] =
    ["origin", "methods", "allowed_headers", "exposed_headers", "credentials", "max_age", "options_success_status"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Cors {
        let cors = Cors::from_json(&value).unwrap();
        cors.validate().unwrap();
        cors
    }

    #[test]
    fn an_origin_alone_is_enough() {
        assert!(matches!(read(json!("*")).origin, Origin::Any));
        assert!(matches!(read(json!(["*"])).origin, Origin::Any));
        assert!(matches!(read(json!(true)).origin, Origin::Any));
        assert!(matches!(read(json!({})).origin, Origin::Any));
        assert!(matches!(read(json!({"origin": true})).origin, Origin::Reflect));
        assert!(matches!(read(json!("https://a")).origin, Origin::Fixed(origin) if origin == "https://a"));
        assert!(matches!(read(json!("https://a, https://b")).origin, Origin::List(list) if list.len() == 2));
        assert!(matches!(read(json!(["https://a"])).origin, Origin::List(list) if list == ["https://a"]));
    }

    #[test]
    fn every_field_can_be_set() {
        let cors = read(json!({
            "origin": ["https://a"], "methods": "GET,POST", "allowedHeaders": ["x-token"], "exposed_headers": "x-id",
            "credentials": true, "max_age": 600, "options_success_status": 200,
        }));
        assert_eq!(cors.methods, ["GET", "POST"]);
        assert_eq!(cors.allowed_headers.unwrap(), ["x-token"]);
        assert_eq!(cors.exposed_headers, ["x-id"]);
        assert!(cors.credentials);
        assert_eq!((cors.max_age, cors.options_success_status), (Some(600), 200));
        let defaults = read(json!({"allowed_headers": null, "max_age": null}));
        assert_eq!((defaults.allowed_headers, defaults.max_age), (None, None));
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for origin in [
            json!("https://a/"),
            json!("https://*.a"),
            json!(["*", "https://a"]),
            json!("a.example"),
            json!(""),
            json!(["https://a", ""]),
            json!("https://a/path"),
            json!("app://*"),
        ] {
            let cors = Cors::from_json(&json!({"origin": origin})).unwrap();
            assert!(cors.validate().unwrap_err().to_string().contains("`cors.origin`"), "{origin}");
        }
        for wrong in [json!({"origin": false}), json!(5), json!({"origin": [1]}), json!({"preflight_continue": true})] {
            assert!(Cors::from_json(&wrong).is_err(), "{wrong}");
        }
        for origin in ["null", "capacitor://localhost", "http://localhost:3000", "https://[::1]:8443"] {
            Cors::new(Origin::Fixed(origin.to_owned())).validate().unwrap();
        }
    }

    #[test]
    fn credentials_need_a_named_origin() {
        let with = |origin| Cors { credentials: true, ..Cors::new(origin) }.validate();
        assert!(with(Origin::Any).unwrap_err().to_string().contains("credentials"));
        with(Origin::Reflect).unwrap();
        with(Origin::List(vec!["https://a".to_owned()])).unwrap();
    }

    #[test]
    fn headers_and_status_are_checked() {
        let fails = |cors: Cors, option: &str| assert!(cors.validate().unwrap_err().to_string().contains(option));
        fails(Cors { methods: vec!["GE T".to_owned()], ..Cors::default() }, "cors.methods");
        fails(Cors { allowed_headers: Some(vec!["a\r\nb".to_owned()]), ..Cors::default() }, "cors.allowed_headers");
        fails(Cors { exposed_headers: vec![String::new()], ..Cors::default() }, "cors.exposed_headers");
        fails(Cors { options_success_status: 404, ..Cors::default() }, "cors.options_success_status");
    }

    #[test]
    fn origins_are_compared_as_browsers_do() {
        let list = Origin::List(vec!["https://a.example".to_owned(), "null".to_owned(), "app://x".to_owned()]);
        assert!(list.allows("https://a.example") && list.allows("https://A.example:443"));
        assert!(list.allows("null") && list.allows("app://x"));
        assert!(!list.allows("http://a.example") && !list.allows("https://a.example.evil") && !list.allows(""));
        assert!(Origin::Any.allows("null") && Origin::Reflect.allows("x"));
        let predicate = Origin::Predicate(Arc::new(|origin| origin.ends_with(".example")));
        assert!(predicate.allows("https://b.example") && !predicate.allows("https://b"));
        assert_eq!(format!("{predicate:?}"), "Predicate(..)");
    }
}
