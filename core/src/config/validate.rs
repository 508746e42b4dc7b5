//! What values options may have.

use std::time::Duration;

use super::Config;
use crate::error::{Error, Result};

/// The longest timer that browsers have, 24 days. Longer ones fire at once there.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
/// Sizes are 32 bit numbers in places where there are many of them.
const LARGEST: usize = u32::MAX as usize;
/// A socket's id is a room, and has this many characters.
const ID_LENGTH: usize = 20;

impl Config {
    /// Checks every option, and those that depend on each other.
    ///
    /// A server does so when it is built.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidOption`](crate::error::ErrorKind::InvalidOption) for the first wrong one; the message names
    /// the option, its value, and what is allowed.
    pub fn validate(&self) -> Result<()> {
        self.validate_endpoint()?;
        self.validate_timers()?;
        self.validate_sizes()?;
        self.validate_limits()?;
        self.validate_totals()?;
        self.cors.as_ref().map_or(Ok(()), |cors| cors.validate())?;
        self.cookie.as_ref().map_or(Ok(()), |cookie| cookie.validate())
    }

    fn validate_endpoint(&self) -> Result<()> {
        let legal = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
        if !self.path.starts_with('/') || !self.path.bytes().all(legal) {
            let allowed = "a path that begins with / and has no space, ? or #; others percent-encoded";
            return Err(Error::option("path", format!("{:?}", self.path), allowed));
        }
        if self.transports.is_empty() {
            return Err(Error::option("transports", "[]", "at least one of \"polling\" and \"websocket\""));
        }
        if let Some(folder) = self.serve_client.as_ref().filter(|folder| folder.as_os_str().is_empty()) {
            return Err(Error::option(
                "serve_client",
                format!("{folder:?}"),
                "the path of a folder; null turns it off",
            ));
        }
        self.workers.map_or(Ok(()), |workers| within("workers", workers, 1, 1024))
    }

    fn validate_timers(&self) -> Result<()> {
        timer("ping_interval", self.ping_interval)?;
        timer("ping_timeout", self.ping_timeout)?;
        timer("upgrade_timeout", self.upgrade_timeout)?;
        timer("connect_timeout", self.connect_timeout)?;
        timer("attachment_timeout", self.attachment_timeout)?;
        timer("header_timeout", self.header_timeout)?;
        timer("body_timeout", self.body_timeout)?;
        timer_or_zero("close_timeout", self.close_timeout)?;
        timer_or_zero("buffer_grace", self.buffer_grace)?;
        self.ack_timeout.map_or(Ok(()), |timeout| timer("ack_timeout", timeout))?;
        if self.ping_interval + self.ping_timeout > LONGEST {
            let sum = format!("{} ms together with ping_interval", self.ping_timeout.as_millis());
            return Err(Error::option("ping_timeout", sum, &format!("a sum up to {} ms", LONGEST.as_millis())));
        }
        match &self.connection_state_recovery {
            Some(recovery) => {
                let name = "connection_state_recovery.max_disconnection_duration";
                timer(name, recovery.max_disconnection_duration)
            }
            None => Ok(()),
        }
    }

    fn validate_sizes(&self) -> Result<()> {
        within("max_http_buffer_size", self.max_http_buffer_size, 1, LARGEST)?;
        // Four times as much is the hard limit, and must be a number too.
        within("max_buffered_bytes", self.max_buffered_bytes, 1, LARGEST / 4)?;
        within("max_buffered_packets", self.max_buffered_packets, 1, LARGEST)?;
        within("max_namespace_length", self.max_namespace_length, 1, LARGEST)?;
        within("max_room_length", self.max_room_length, ID_LENGTH, LARGEST)?;
        within("max_json_depth", self.max_json_depth, 1, 10_000)?;
        match &self.connection_state_recovery {
            Some(recovery) => at_least("connection_state_recovery.max_bytes", recovery.max_bytes, 1),
            None => Ok(()),
        }
    }

    fn validate_limits(&self) -> Result<()> {
        at_least("max_packets_per_payload", self.max_packets_per_payload, 1)?;
        within("max_attachments", self.max_attachments, 0, LARGEST)?;
        at_least("max_fragments", self.max_fragments, 1)?;
        at_least("max_namespaces_per_connection", self.max_namespaces_per_connection, 1)?;
        at_least("max_pending_connects", self.max_pending_connects, 1)?;
        at_least("max_acks_per_socket", self.max_acks_per_socket, 1)?;
        at_least("max_unjoined", self.max_unjoined, 1)
    }

    fn validate_totals(&self) -> Result<()> {
        let totals = [
            ("max_packets_per_poll", self.max_packets_per_poll),
            ("max_rooms_per_socket", self.max_rooms_per_socket),
            ("max_connections", self.max_connections),
            ("max_connections_per_address", self.max_connections_per_address),
        ];
        match totals.into_iter().find(|(_, limit)| *limit == Some(0)) {
            Some((name, _)) => Err(Error::option(name, 0, "1 or more; null for no limit")),
            None => Ok(()),
        }
    }
}

fn at_least(name: &str, value: usize, least: usize) -> Result<()> {
    if value < least { Err(Error::option(name, value, &format!("{least} or more"))) } else { Ok(()) }
}

fn within(name: &str, value: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::option(name, value, &format!("{least} to {most}")))
}

fn timer(name: &str, value: Duration) -> Result<()> {
    if (Duration::from_millis(1)..=LONGEST).contains(&value) {
        return Ok(());
    }
    Err(Error::option(name, format!("{value:?}"), &format!("1 ms to {} ms", LONGEST.as_millis())))
}

fn timer_or_zero(name: &str, value: Duration) -> Result<()> {
    if value <= LONGEST {
        return Ok(());
    }
    Err(Error::option(name, format!("{value:?}"), &format!("0 to {} ms", LONGEST.as_millis())))
}

/// Checks that each text is a token of HTTP: the name of a method, a header or a cookie.
pub(super) fn tokens(name: &str, texts: &[String]) -> Result<()> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match texts.iter().find(|text| text.is_empty() || !text.bytes().all(legal)) {
        Some(text) => Err(Error::option(name, format!("{text:?}"), "letters, digits and !#$%&'*+-.^_`|~")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::ErrorKind;

    fn check(name: &str, value: &Value) -> Result<()> {
        let mut config = Config::default();
        config.set(name, value)?;
        config.validate()
    }

    fn refused(name: &str, value: Value) {
        let error = check(name, &value).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(text.contains(&format!("`{name}")) && text.contains("allowed: "), "{text}");
    }

    #[test]
    fn the_endpoint() {
        for path in ["", "socket.io", "/a b", "/a?b", "/a#b", "/ä", "/a\n"] {
            refused("path", json!(path));
        }
        for path in ["/", "/socket.io", "/a/b/", "/%20"] {
            check("path", &json!(path)).unwrap();
        }
        refused("transports", json!([]));
        refused("serve_client", json!(""));
        refused("workers", json!(0));
        refused("workers", json!(1025));
        check("workers", &json!(1024)).unwrap();
    }

    #[test]
    fn timers() {
        for name in [
            "ping_interval",
            "ping_timeout",
            "upgrade_timeout",
            "connect_timeout",
            "attachment_timeout",
            "header_timeout",
            "body_timeout",
            "ack_timeout",
        ] {
            refused(name, json!(0));
            refused(name, json!(0.5));
            refused(name, json!(3_000_000_000_u64));
            refused(name, json!(u64::MAX));
            check(name, &json!(1)).unwrap();
        }
        for name in ["close_timeout", "buffer_grace"] {
            check(name, &json!(0)).unwrap();
            refused(name, json!(u64::MAX));
        }
        refused("ping_timeout", json!(i32::MAX));
        let recovery = |duration: u64| json!({"max_disconnection_duration": duration});
        refused("connection_state_recovery", recovery(0));
        refused("connection_state_recovery", json!({"max_bytes": 0}));
        check("connection_state_recovery", &recovery(1)).unwrap();
    }

    #[test]
    fn durations_from_code_can_not_overflow() {
        let config = Config { ping_interval: Duration::MAX, ping_timeout: Duration::MAX, ..Config::default() };
        assert!(config.validate().unwrap_err().to_string().contains("ping_interval"));
    }

    #[test]
    fn limits_of_zero() {
        for name in [
            "max_http_buffer_size",
            "max_packets_per_payload",
            "max_packets_per_poll",
            "max_fragments",
            "max_json_depth",
            "max_namespace_length",
            "max_room_length",
            "max_namespaces_per_connection",
            "max_pending_connects",
            "max_rooms_per_socket",
            "max_acks_per_socket",
            "max_buffered_bytes",
            "max_buffered_packets",
            "max_unjoined",
            "max_connections",
            "max_connections_per_address",
        ] {
            refused(name, json!(0));
        }
        for name in ["max_attachments", "max_pending_packets", "max_dynamic_namespaces", "http_compression"] {
            check(name, &json!(0)).unwrap();
        }
    }

    #[test]
    fn limits_that_are_too_large() {
        refused("max_http_buffer_size", json!(4_294_967_296_u64));
        refused("max_buffered_bytes", json!(4_294_967_296_u64));
        refused("max_json_depth", json!(10_001));
        refused("max_room_length", json!(19));
        check("max_room_length", &json!(20)).unwrap();
    }

    #[test]
    fn parts_are_checked_too() {
        refused("cookie", json!("a b"));
        refused("cors", json!({"credentials": true}));
        refused("cors", json!({"origin": "https://a/"}));
        check("cors", &json!({"origin": true, "credentials": true})).unwrap();
    }
}
