//! Web origins: scheme, host and port, compared as browsers do.

/// Where a page or a server lives: `https://example.com:8443`, with the port that goes without saying filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    secure: bool,
    host: &'a str,
    port: u16,
}

impl<'a> Site<'a> {
    /// The site of an `Origin` header. None for `null`, for schemes that are not of the web, and for what is no origin.
    pub(crate) fn parse(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        // Some clients that are no browser name the scheme of the WebSocket.
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return None,
        };
        Self::new(secure, authority)
    }

    /// The site of a server that was reached under this `Host`.
    pub(crate) fn new(secure: bool, authority: &'a str) -> Option<Self> {
        let (host, port) = split_port(authority)?;
        let port = port.unwrap_or(if secure { 443 } else { 80 });
        Some(Self { secure, host, port })
    }
}

impl PartialEq for Site<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.secure == other.secure && self.port == other.port && self.host.eq_ignore_ascii_case(other.host)
    }
}

/// `host:port`, `host` or `[v6]:port`. An empty port is none.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at(end_of_host);
    let legal = |byte: u8| byte.is_ascii_graphic() && !br#"/\?#@<>^|%"`{}"#.contains(&byte);
    if host.is_empty() || !host.bytes().all(legal) {
        return None;
    }
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((host, None)),
        None => None,
        Some("") => Some((host, None)),
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => Some((host, Some(digits.parse().ok()?))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        match (Site::parse(left), Site::parse(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        }
    }

    #[test]
    fn default_ports_and_case_do_not_matter() {
        assert!(same("https://a.example", "https://A.example:443"));
        assert!(same("http://a.example:80", "http://a.example"));
        assert!(same("HTTP://a.example", "ws://a.example:"));
        assert!(same("https://[::1]:8443", "wss://[::1]:8443"));
        assert!(!same("https://a.example", "http://a.example"));
        assert!(!same("https://a.example", "https://a.example:80"));
        assert!(!same("http://a.example:443", "https://a.example:443"));
        assert!(!same("https://a.example", "https://a.example.evil"));
    }

    #[test]
    fn what_is_no_origin_has_no_site() {
        for text in [
            "",
            "null",
            "a.example",
            "https://",
            "https://:80",
            "https://a/",
            "https://a?x",
            "https://u@a",
            "https://a:b",
            "https://a:99999",
            "https://a:+1",
            "https://[::1",
            "https://[::1]x",
            "https://a:1:2",
            "file://a",
            "https://a b",
            "https://a\\b",
            "://a",
            "https://\u{e4}",
        ] {
            assert!(Site::parse(text).is_none(), "{text}");
        }
    }
}
