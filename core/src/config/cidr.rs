//! Ranges of IP addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde_json::Value;

use super::json::{FromJson, Read, wrong};
use crate::error::Error;

/// A range of IP addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
///
/// An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) is the IPv4 address. Bits past the prefix are
/// ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The range of all addresses that share the first `prefix` bits of `address`.
    ///
    /// # Errors
    ///
    /// When the prefix is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, Error> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if prefix > bits {
            return Err(Error::option("trusted_proxies", format!("{address}/{prefix}"), ALLOWED));
        }
        match address.to_canonical() {
            // The first 96 bits of a mapped address say that it is one.
            canonical if canonical != address && prefix >= 96 => Ok(Self { address: canonical, prefix: prefix - 96 }),
            _ => Ok(Self { address, prefix }),
        }
    }

    /// Whether the range has this address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same(ours.to_bits().into(), theirs.to_bits().into(), 32 - u32::from(self.prefix))
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                same(ours.to_bits(), theirs.to_bits(), 128 - u32::from(self.prefix))
            }
            _ => false,
        }
    }
}

const ALLOWED: &str = "addresses and ranges, as 127.0.0.1, 10.0.0.0/8 or 2001:db8::/32";

/// Whether two addresses are the same but for the last `ignored` bits.
fn same(left: u128, right: u128, ignored: u32) -> bool {
    (left ^ right).checked_shr(ignored).unwrap_or(0) == 0
}

impl From<IpAddr> for Cidr {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Cidr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || Error::option("trusted_proxies", format!("{text:?}"), ALLOWED);
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        match prefix {
            None => Ok(address.into()),
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                Self::new(address, digits.parse().map_err(|_| refuse())?)
            }
            Some(_) => Err(refuse()),
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromJson for Vec<Cidr> {
    fn from_json(value: &Value) -> Read<Self> {
        if matches!(value, Value::Null | Value::Bool(false)) {
            return Ok(Self::new());
        }
        let ranges = Vec::<String>::from_json(value)?;
        let ranges = ranges.iter().map(|range| range.parse().ok()).collect::<Option<Self>>();
        ranges.map_or_else(|| wrong(value, ALLOWED), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, address: &str) -> bool {
        range.parse::<Cidr>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn ranges_have_their_addresses_and_no_others() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("10.1.2.3/8", "10.0.0.1"));
        assert!(contains("192.168.1.0/25", "192.168.1.127"));
        assert!(!contains("192.168.1.0/25", "192.168.1.128"));
        assert!(contains("127.0.0.1", "127.0.0.1"));
        assert!(!contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("0.0.0.0/0", "8.8.8.8"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("::/0", "fe80::1"));
        assert!(contains("::1", "::1"));
        assert!(!contains("::1", "127.0.0.1"));
    }

    #[test]
    fn mapped_addresses_are_version_four() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(contains("::ffff:10.0.0.0/104", "10.1.1.1"));
        assert!(contains("::ffff:10.0.0.1", "10.0.0.1"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "a/8", "10.0.0/8", "::1/256"]
        {
            let error = text.parse::<Cidr>().unwrap_err().to_string();
            assert!(error.contains("trusted_proxies"), "{text}: {error}");
        }
    }

    #[test]
    fn text_comes_back() {
        for text in ["10.0.0.0/8", "::1/128", "127.0.0.1/32"] {
            assert_eq!(text.parse::<Cidr>().unwrap().to_string(), text);
        }
    }
}
