//! What is known of a client from the request that opened its connection.

use crate::proto::route;
use http::{HeaderName, HeaderValue};
use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The request that opened a connection, kept for as long as the connection lives.
///
/// Headers are copied, so that they do not keep the buffer of the HTTP parser alive.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The headers in the order of the wire.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Path and query of the request.
    pub url: Box<str>,
    /// The address of the client; behind a trusted proxy the one that the proxy names.
    pub address: Option<IpAddr>,
    /// Whether the connection is encrypted, at a trusted proxy or here.
    pub secure: bool,
    /// When the connection was opened.
    pub issued: SystemTime,
    /// What a host keeps with it; see [`Kept`].
    pub kept: Option<Kept>,
}

/// What a host keeps with a request that it hands over, among the extensions of the request. Where the request opens a
/// connection it comes back as [`Handshake::kept`], and is dropped with that, on any thread.
#[derive(Clone)]
pub struct Kept(pub Arc<dyn Any + Send + Sync>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

impl Handshake {
    /// The value of a header, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.as_str().eq_ignore_ascii_case(name))?;
        found.1.to_str().ok()
    }

    /// The parameters of the query. Of a key that stands twice, the last one counts.
    pub fn query(&self) -> impl Iterator<Item = (String, String)> {
        route::pairs(self.url.split_once('?').map_or("", |(_, query)| query))
    }

    /// Whether the request names the origin of a page.
    pub fn xdomain(&self) -> bool {
        self.header("origin").is_some()
    }

    /// Milliseconds since 1970 at which the connection was opened.
    pub fn issued_ms(&self) -> u64 {
        self.issued.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
    }

    /// The handshake as the official server shows it, with the given credentials (JSON text).
    pub fn to_json(&self, auth: &str) -> serde_json::Value {
        let mut headers = serde_json::Map::new();
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str()).and_modify(|old| join(old, &value)).or_insert_with(|| value.clone().into());
        }
        let query: serde_json::Map<_, _> = self.query().map(|(key, value)| (key, value.into())).collect();
        serde_json::json!({
            "headers": headers,
            "time": http_date(self.issued_ms() / 1000),
            "address": self.address.map(|address| address.to_string()).unwrap_or_default(),
            "xdomain": self.xdomain(),
            "secure": self.secure,
            "issued": self.issued_ms(),
            "url": &*self.url,
            "query": query,
            "auth": serde_json::from_str::<serde_json::Value>(auth).unwrap_or_else(|_| serde_json::json!({})),
        })
    }
}

fn join(old: &mut serde_json::Value, more: &str) {
    if let serde_json::Value::String(text) = old {
        text.push_str(", ");
        text.push_str(more);
    }
}

/// A moment (seconds since 1970) in the form that HTTP uses, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds / 86_400;
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let weekday = DAYS.get((days % 7) as usize).unwrap_or(&"");
    let month = MONTHS.get(month as usize).unwrap_or(&"");
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Year, month (from 0) and day (from 1) of a day counted from 1 January 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 1 March of the year 0, leap days fall on the ends of years.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400 + u64::from(month >= 10);
    (year, (month + 2) % 12, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_does() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(http_date(1_767_225_599), "Wed, 31 Dec 2025 23:59:59 GMT");
    }
}
