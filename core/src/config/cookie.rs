//! The cookie that tells load balancers which session a request belongs to.

use std::fmt::Write as _;

use serde_json::Value;

use super::json::{FromJson, Read, fields, switch, wrong};
use super::validate;
use crate::error::{Error, Result};

/// A cookie with the session's id. It is set once and never looked at; it makes a load balancer send a session's
/// requests to the server that knows it.
///
/// In JSON true for the defaults, a name, or an object with the names of the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Name. Default `io`.
    pub name: String,
    /// Path that it is sent under. Default `/`; none for the path of the request that it answers.
    pub path: Option<String>,
    /// Domain that it is sent to. Default none: the host that set it.
    pub domain: Option<String>,
    /// How long it lives. Seconds, default none: until the browser closes.
    pub max_age: Option<u64>,
    /// Whether it is hidden from scripts. Default true.
    pub http_only: bool,
    /// Whether it is sent over TLS only. Default false.
    pub secure: bool,
    /// Whether it is sent along from other sites. Default [`SameSite::Lax`]; none leaves it to the browser.
    pub same_site: Option<SameSite>,
}

/// Whether a cookie is sent along with requests that begin on another site.
///
/// In JSON `"strict"`, `"lax"` or `"none"`; true is strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when the user goes to the site.
    Lax,
    /// Always. Browsers take it only together with `secure`.
    None,
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: "io".to_owned(),
            path: Some("/".to_owned()),
            domain: None,
            max_age: None,
            http_only: true,
            secure: false,
            same_site: Some(SameSite::Lax),
        }
    }
}

impl Cookie {
    /// The value of `Set-Cookie` for a session's id: `io=…; Path=/; HttpOnly; SameSite=Lax`.
    pub fn header_value(&self, id: &str) -> String {
        let mut text = format!("{}={id}", self.name);
        // Writing to a string can't fail.
        if let Some(seconds) = self.max_age {
            let _ = write!(text, "; Max-Age={seconds}");
        }
        if let Some(domain) = &self.domain {
            let _ = write!(text, "; Domain={domain}");
        }
        if let Some(path) = &self.path {
            let _ = write!(text, "; Path={path}");
        }
        text.push_str(if self.http_only { "; HttpOnly" } else { "" });
        text.push_str(if self.secure { "; Secure" } else { "" });
        text.push_str(self.same_site.map_or("", SameSite::attribute));
        text
    }

    pub(super) fn validate(&self) -> Result<()> {
        validate::tokens("cookie.name", std::slice::from_ref(&self.name))?;
        let attribute = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b';');
        if let Some(path) = self.path.as_deref().filter(|path| !path.starts_with('/') || !attribute(path)) {
            return Err(Error::option("cookie.path", format!("{path:?}"), "a path that begins with / and has no ;"));
        }
        let host = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        };
        if let Some(domain) = self.domain.as_deref().filter(|domain| !host(domain)) {
            return Err(Error::option("cookie.domain", format!("{domain:?}"), "a domain name"));
        }
        if self.same_site == Some(SameSite::None) && !self.secure {
            return Err(Error::option("cookie.same_site", "\"none\" without secure", "\"none\" together with secure"));
        }
        Ok(())
    }
}

impl SameSite {
    fn attribute(self) -> &'static str {
        match self {
            Self::Strict => "; SameSite=Strict",
            Self::Lax => "; SameSite=Lax",
            Self::None => "; SameSite=None",
        }
    }
}

impl FromJson for SameSite {
    fn from_json(value: &Value) -> Read<Self> {
        match value.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("strict") => Ok(Self::Strict),
            Some("lax") => Ok(Self::Lax),
            Some("none") => Ok(Self::None),
            None if switch(value) == Some(true) => Ok(Self::Strict),
            _ => wrong(value, "\"strict\", \"lax\" or \"none\""),
        }
    }
}

impl FromJson for Cookie {
    const ZERO_IS_OFF: bool = true;

    fn from_json(value: &Value) -> Read<Self> {
        let mut cookie = Self::default();
        if switch(value) == Some(true) {
            return Ok(cookie);
        }
        if let Value::String(name) = value {
            return Ok(Self { name: name.clone(), ..cookie });
        }
        fields(value, &["name", "path", "domain", "max_age", "http_only", "secure", "same_site"], |name, value| {
            match name {
                "name" => cookie.name = FromJson::from_json(value)?,
                "path" => cookie.path = FromJson::from_json(value)?,
                "domain" => cookie.domain = FromJson::from_json(value)?,
                "max_age" => cookie.max_age = FromJson::from_json(value)?,
                "http_only" => cookie.http_only = FromJson::from_json(value)?,
                "secure" => cookie.secure = FromJson::from_json(value)?,
                _ => cookie.same_site = FromJson::from_json(value)?,
            }
            Ok(())
        })?;
        Ok(cookie)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Cookie {
        Cookie::from_json(&value).unwrap()
    }

    #[test]
    fn the_default_is_that_of_the_official_server() {
        assert_eq!(read(json!(true)).header_value("abc"), "io=abc; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(read(json!("lb")).header_value("abc"), "lb=abc; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(read(json!({})), Cookie::default());
    }

    #[test]
    fn every_attribute_can_be_set() {
        let cookie = read(json!({
            "name": "s", "path": "/a", "domain": "a.example", "maxAge": 60, "httpOnly": false, "secure": true,
            "same_site": "none",
        }));
        cookie.validate().unwrap();
        assert_eq!(cookie.header_value("x"), "s=x; Max-Age=60; Domain=a.example; Path=/a; Secure; SameSite=None");
        assert_eq!(read(json!({"path": null, "same_site": false, "http_only": 0})).header_value("x"), "io=x");
        assert_eq!(read(json!({"same_site": true})).same_site, Some(SameSite::Strict));
    }

    #[test]
    fn what_would_break_the_header_is_refused() {
        let fails = |value, option: &str| {
            let error = read(value).validate().unwrap_err().to_string();
            assert!(error.contains(option), "{error}");
        };
        for name in ["", "a b", "a=b", "a;b", "a\r\nb", "ä", "\"io\""] {
            fails(json!(name), "cookie.name");
        }
        for path in ["", "a", "/a;b", "/a\nb"] {
            fails(json!({"path": path}), "cookie.path");
        }
        fails(json!({"domain": "a;b"}), "cookie.domain");
        fails(json!({"same_site": "none"}), "cookie.same_site");
        assert!(Cookie::from_json(&json!({"nam": "x"})).is_err());
        assert!(Cookie::from_json(&json!(7)).is_err());
        assert!(Cookie::from_json(&json!({"same_site": "maybe"})).is_err());
    }
}
