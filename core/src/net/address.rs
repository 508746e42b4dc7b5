//! Who a client is and under which name it reached the server, seen past the proxies in between.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use http::header::{FORWARDED, HOST, HeaderName};

use crate::config::Cidr;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where a request came from and went to, in the client's eyes.
///
/// What proxies say about it is believed only of those that the configuration trusts; any client can send their
/// headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    /// The address of the client. None where the connection has none, as with a Unix socket, or its host did not tell.
    pub(crate) ip: Option<IpAddr>,
    /// Whether the client speaks TLS.
    pub(crate) secure: bool,
    /// Host and port that the client named. None when it named none, or several.
    pub(crate) host: Option<String>,
}

impl ClientAddress {
    /// Finds it out from the peer of the connection, whether that speaks TLS, and the headers of a request.
    ///
    /// The chain of proxies is read from its end, where each trusted one has added the address that it was called from.
    /// The first address that is no trusted proxy is the client, whatever may stand before it. Scheme and host are
    /// those that the outermost trusted proxy names.
    pub(crate) fn resolve(trusted: &[Cidr], peer: Option<IpAddr>, secure: bool, headers: &HeaderMap) -> Self {
        let direct = Self { ip: peer.map(|peer| peer.to_canonical()), secure, host: host(headers) };
        match direct.ip {
            Some(peer) if is_trusted(trusted, peer) => direct.forwarded(trusted, peer, headers),
            _ => direct,
        }
    }

    fn forwarded(self, trusted: &[Cidr], peer: IpAddr, headers: &HeaderMap) -> Self {
        // A proxy knows one of the two and lets the other pass, so that both together can't be believed.
        if headers.contains_key(FORWARDED) && !headers.contains_key(X_FORWARDED_FOR) {
            let addresses =
                from_the_end(headers, &FORWARDED).map(|element| parameter(element, "for").and_then(address));
            let (ip, hops) = walk(trusted, peer, addresses);
            let element = added_by(hops, headers, &FORWARDED);
            let of = |name| element.and_then(|element| parameter(element, name));
            return self.seen(ip, of("proto"), of("host"));
        }
        let (ip, hops) = walk(trusted, peer, from_the_end(headers, &X_FORWARDED_FOR).map(address));
        let of = |name| added_by(hops, headers, name).filter(|value| !value.is_empty());
        self.seen(ip, of(&X_FORWARDED_PROTO), of(&X_FORWARDED_HOST))
    }

    fn seen(self, ip: IpAddr, scheme: Option<&str>, host: Option<&str>) -> Self {
        let secure = match scheme.map(str::to_ascii_lowercase).as_deref() {
            Some("https" | "wss") => true,
            Some("http" | "ws") => false,
            _ => self.secure,
        };
        Self { ip: Some(ip), secure, host: host.map(str::to_owned).or(self.host) }
    }
}

/// The client of a chain, and how many entries of it were written by trusted proxies (at least one).
fn walk(trusted: &[Cidr], peer: IpAddr, addresses: impl Iterator<Item = Option<IpAddr>>) -> (IpAddr, usize) {
    let (mut client, mut hops) = (peer, 0);
    for address in addresses {
        hops += 1;
        match address {
            Some(address) => client = address,
            // A trusted proxy does not tell. What stands before may be anybody's.
            None => break,
        }
        if !is_trusted(trusted, client) {
            break;
        }
    }
    (client, hops.max(1))
}

fn is_trusted(trusted: &[Cidr], address: IpAddr) -> bool {
    trusted.iter().any(|range| range.contains(address))
}

/// The entries of a list header, last first. An entry that is no text is empty; it must not spoil what others have
/// added.
fn from_the_end<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    entries.map(|entry| str::from_utf8(entry).unwrap_or_default().trim())
}

/// The entry that the proxy so many hops away has added; where only nearer ones add something, the outermost.
fn added_by<'a>(hops: usize, headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    from_the_end(headers, name).take(hops).last()
}

/// A parameter of an element of `Forwarded`, RFC 7239: `for="[::1]:80";proto=https`.
///
/// Quoted strings with `,` or `;` in them are no addresses, and so are not read as one string.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    element.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        (key.trim().eq_ignore_ascii_case(name) && !value.is_empty()).then_some(value)
    })
}

/// An address with or without port.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse::<IpAddr>().ok().or_else(with_port).or_else(bracketed)?;
    Some(address.to_canonical())
}

fn host(headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        lines.iter().map(line).fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
    }

    fn resolve(peer: &str, lines: &[(&'static str, &str)]) -> ClientAddress {
        let trusted = ["10.0.0.0/8", "::1"].map(|range| range.parse().unwrap());
        ClientAddress::resolve(&trusted, Some(peer.parse().unwrap()), false, &headers(lines))
    }

    fn ip(peer: &str, lines: &[(&'static str, &str)]) -> String {
        resolve(peer, lines).ip.unwrap().to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_the_client_itself() {
        let spoofed = [
            ("host", "a.example"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil"),
            ("forwarded", "for=1.1.1.1;proto=https;host=evil"),
        ];
        let client = resolve("9.9.9.9", &spoofed);
        let host = Some("a.example".to_owned());
        assert_eq!(client, ClientAddress { ip: Some([9, 9, 9, 9].into()), secure: false, host });
        assert_eq!(
            ClientAddress::resolve(&[], Some([10, 0, 0, 1].into()), true, &headers(&spoofed)).ip,
            Some([10, 0, 0, 1].into())
        );
    }

    #[test]
    fn an_unknown_peer_is_trusted_in_nothing() {
        let everyone = ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        let client = ClientAddress::resolve(&everyone, None, true, &headers(&[("x-forwarded-for", "1.1.1.1")]));
        assert_eq!(client, ClientAddress { ip: None, secure: true, host: None });
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", "1.1.1.1")]), "1.1.1.1");
        assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.2")]), "1.1.1.1");
        assert_eq!(
            ip("10.0.0.1", &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1,10.0.0.2")]),
            "1.1.1.1"
        );
        assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")]), "10.0.0.3");
        assert_eq!(ip("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(ip("::ffff:10.0.0.1", &[("x-forwarded-for", "::ffff:1.1.1.1")]), "1.1.1.1");
        assert_eq!(ip("::1", &[("x-forwarded-for", "2001:db8::1")]), "2001:db8::1");
    }

    #[test]
    fn what_is_no_address_ends_the_chain() {
        for junk in
            ["", "unknown", "_hidden", "1.1.1", "1.1.1.1.1", "[::1", "::1]", "a:80", "1.1.1.1:99999", "\u{e4}", "[]"]
        {
            let chain = format!("6.6.6.6, {junk}");
            assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", &chain)]), "10.0.0.1", "{junk}");
            assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", &format!("{chain}, 10.0.0.2"))]), "10.0.0.2", "{junk}");
            assert_eq!(ip("10.0.0.1", &[("forwarded", &format!("for=6.6.6.6, for={junk}"))]), "10.0.0.1", "{junk}");
        }
    }

    #[test]
    fn ports_and_brackets_are_taken_off() {
        for (text, address) in [
            ("1.1.1.1:80", "1.1.1.1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            (" 1.1.1.1\t", "1.1.1.1"),
        ] {
            assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", text)]), address);
        }
    }

    #[test]
    fn the_standard_header_is_read_too() {
        let client = resolve(
            "10.0.0.1",
            &[("host", "inner"), ("forwarded", "For=\"[2001:db8::1]:4711\"; Proto=HTTPS;host=\"a.example:8443\"")],
        );
        assert_eq!(client.ip, Some("2001:db8::1".parse().unwrap()));
        assert!(client.secure);
        assert_eq!(client.host.as_deref(), Some("a.example:8443"));
        assert_eq!(ip("10.0.0.1", &[("forwarded", "for=6.6.6.6, for=1.1.1.1, for=10.0.0.2")]), "1.1.1.1");
        // An opened quote of the client does not swallow what the proxy adds.
        assert_eq!(ip("10.0.0.1", &[("forwarded", "for=\"6.6.6.6, for=1.1.1.1")]), "1.1.1.1");
        assert_eq!(ip("10.0.0.1", &[("forwarded", "proto=https")]), "10.0.0.1");
        assert_eq!(ip("10.0.0.1", &[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.1.1.1")]), "1.1.1.1");
    }

    #[test]
    fn scheme_and_host_are_those_of_the_outermost_proxy() {
        let seen = |lines: &[(&'static str, &str)]| {
            let client = resolve("10.0.0.1", lines);
            (client.secure, client.host.unwrap_or_default())
        };
        assert_eq!(
            seen(&[("x-forwarded-proto", "https"), ("x-forwarded-host", "a"), ("host", "b")]),
            (true, "a".to_owned())
        );
        assert_eq!(
            seen(&[("x-forwarded-proto", "gopher"), ("x-forwarded-host", ""), ("host", "b")]),
            (false, "b".to_owned())
        );
        // One proxy: what the client sent stands before what the proxy added.
        assert!(!seen(&[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https, http")]).0);
        // Two proxies, and both have added something.
        assert!(seen(&[("x-forwarded-for", "1.1.1.1, 10.0.0.2"), ("x-forwarded-proto", "http, https, http")]).0);
        // Two proxies, and only one has.
        assert!(seen(&[("x-forwarded-for", "1.1.1.1, 10.0.0.2"), ("x-forwarded-proto", "wss")]).0);
        assert!(seen(&[("forwarded", "for=6.6.6.6;proto=http, for=1.1.1.1;proto=https, for=10.0.0.2;proto=http")]).0);
    }

    #[test]
    fn several_hosts_are_none() {
        assert_eq!(resolve("9.9.9.9", &[("host", "a"), ("host", "b")]).host, None);
        assert_eq!(resolve("9.9.9.9", &[("host", "\u{e4}")]).host, None);
    }

    #[test]
    fn no_input_is_too_strange() {
        let pieces = [
            "for=",
            "\"",
            ",",
            ";",
            "1.1.1.1",
            "[",
            "]",
            ":",
            "10.0.0.9",
            " ",
            "=",
            "\\",
            "::",
            "%",
            "proto=https",
            "\u{ff}",
        ];
        let mut state = 7_u32;
        for _ in 0..5_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(pieces[(state >> 24) as usize % pieces.len()]);
            }
            assert!(resolve("10.0.0.1", &[("x-forwarded-for", &text), ("x-forwarded-proto", &text)]).ip.is_some());
            let with_real = format!("{text}, for=1.1.1.1");
            assert_eq!(ip("10.0.0.1", &[("forwarded", &with_real)]), "1.1.1.1", "{text}");
            assert_eq!(ip("10.0.0.1", &[("x-forwarded-for", &text), ("x-forwarded-for", "2.2.2.2")]), "2.2.2.2");
        }
    }
}
