//! The small types of options.

use std::time::Duration;

use serde_json::Value;

use super::json::{FromJson, Read, Wrong, fields, switch, wrong};

/// Size from which polling answers are compressed by default, in bytes.
pub(super) const COMPRESSION_THRESHOLD: usize = 1024;

/// The transports that clients may use. By default all.
///
/// In JSON a list of names, `["polling", "websocket"]`, or one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transports {
    /// HTTP long-polling.
    pub polling: bool,
    /// WebSocket.
    pub websocket: bool,
}

impl Default for Transports {
    fn default() -> Self {
        Self { polling: true, websocket: true }
    }
}

impl Transports {
    /// Only HTTP long-polling.
    pub const POLLING: Self = Self { polling: true, websocket: false };
    /// Only WebSocket.
    pub const WEBSOCKET: Self = Self { polling: false, websocket: true };

    /// Whether no transport is left.
    pub fn is_empty(self) -> bool {
        !self.polling && !self.websocket
    }
}

/// Which pages may open a WebSocket. Clients that are no browser send no `Origin` and may always.
///
/// In JSON `"same_origin_or_cors"` or `"any"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginPolicy {
    /// Pages of the server's own origin (where it speaks plain HTTP also those of `https` under the same `Host`, as TLS
    /// may end in front of it), and those that `cors` allows.
    #[default]
    SameOriginOrCors,
    /// Every page. Then a page that a user visits can act with that user's cookies, unless the application checks
    /// something that the page can't know.
    Any,
}

/// What happens to a client that does not take what is queued for it.
///
/// In JSON `"disconnect"` or `"drop_newest"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BufferPolicy {
    /// The connection is closed with `slow consumer`.
    #[default]
    Disconnect,
    /// What is emitted to it is dropped until the queue is below the limits again. The client is not told.
    DropNewest,
}

/// Connection state recovery.
///
/// In JSON true or 1 for the defaults, or an object with the names of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// How long a session is kept after its client was cut off.
    ///
    /// Milliseconds in JSON, default 120 s. Read when a socket disconnects. A client that comes back later is new.
    pub max_disconnection_duration: Duration,
    /// Whether a client that is recovered goes past the middlewares of the namespace.
    ///
    /// Default true. Read at a CONNECT that recovers. When false, a middleware may refuse it although it was let in
    /// before.
    pub skip_middlewares: bool,
    /// How many bytes of packets each namespace keeps for those who were cut off.
    ///
    /// Bytes, default 16 MiB. Read at every broadcast. The oldest packets go first; who missed one of them is not
    /// recovered.
    pub max_bytes: usize,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { max_disconnection_duration: Duration::from_secs(120), skip_middlewares: true, max_bytes: 16 << 20 }
    }
}

impl FromJson for Transports {
    fn from_json(value: &Value) -> Read<Self> {
        let mut transports = Self { polling: false, websocket: false };
        for name in Vec::<String>::from_json(value)? {
            match name.as_str() {
                "polling" => transports.polling = true,
                "websocket" => transports.websocket = true,
                _ => return wrong(value, "a list of \"polling\" and \"websocket\""),
            }
        }
        Ok(transports)
    }
}

impl FromJson for OriginPolicy {
    fn from_json(value: &Value) -> Read<Self> {
        match value.as_str() {
            Some("same_origin_or_cors") => Ok(Self::SameOriginOrCors),
            Some("any") => Ok(Self::Any),
            _ => wrong(value, "\"same_origin_or_cors\" or \"any\""),
        }
    }
}

impl FromJson for BufferPolicy {
    fn from_json(value: &Value) -> Read<Self> {
        match value.as_str() {
            Some("disconnect") => Ok(Self::Disconnect),
            Some("drop_newest") => Ok(Self::DropNewest),
            _ => wrong(value, "\"disconnect\" or \"drop_newest\""),
        }
    }
}

impl FromJson for Recovery {
    const ZERO_IS_OFF: bool = true;

    fn from_json(value: &Value) -> Read<Self> {
        let mut recovery = Self::default();
        if switch(value) == Some(true) {
            return Ok(recovery);
        }
        let known = ["max_disconnection_duration", "skip_middlewares", "max_bytes"];
        fields(value, &known, |name, value| {
            match name {
                "max_disconnection_duration" => recovery.max_disconnection_duration = FromJson::from_json(value)?,
                "skip_middlewares" => recovery.skip_middlewares = FromJson::from_json(value)?,
                _ => recovery.max_bytes = FromJson::from_json(value)?,
            }
            Ok::<_, Wrong>(())
        })?;
        Ok(recovery)
    }
}

/// The threshold of compression: a switch, a number of bytes, or an object with `threshold`.
pub(super) fn compression(value: &Value) -> Read<Option<usize>> {
    match (value, switch(value)) {
        (Value::Null, _) | (_, Some(false)) => Ok(None),
        (_, Some(true)) => Ok(Some(COMPRESSION_THRESHOLD)),
        (Value::Object(_), _) => {
            let mut threshold = COMPRESSION_THRESHOLD;
            fields(value, &["threshold"], |_, value| {
                threshold = FromJson::from_json(value)?;
                Ok(())
            })?;
            Ok(Some(threshold))
        }
        _ => usize::from_json(value).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn transports_are_a_list_or_a_name() {
        let read = |value| Transports::from_json(&value);
        assert_eq!(read(json!(["polling", "websocket"])).unwrap(), Transports::default());
        assert_eq!(read(json!(["websocket"])).unwrap(), Transports::WEBSOCKET);
        assert_eq!(read(json!("polling")).unwrap(), Transports::POLLING);
        assert_eq!(read(json!("polling,websocket")).unwrap(), Transports::default());
        assert!(read(json!([])).unwrap().is_empty());
        assert!(read(json!(["webtransport"])).is_err());
        assert!(read(json!(1)).is_err());
    }

    #[test]
    fn compression_is_a_switch_or_a_threshold() {
        for off in [json!(null), json!(false), json!(0)] {
            assert_eq!(compression(&off).unwrap(), None);
        }
        assert_eq!(compression(&json!(1)).unwrap(), Some(1024));
        assert_eq!(compression(&json!(true)).unwrap(), Some(1024));
        assert_eq!(compression(&json!({})).unwrap(), Some(1024));
        assert_eq!(compression(&json!(64)).unwrap(), Some(64));
        assert_eq!(compression(&json!({"threshold": 0})).unwrap(), Some(0));
        assert!(compression(&json!({"level": 9})).is_err());
        assert!(compression(&json!("gzip")).is_err());
    }

    #[test]
    fn recovery_is_a_switch_or_an_object() {
        assert_eq!(Recovery::from_json(&json!(1)).unwrap(), Recovery::default());
        assert_eq!(Recovery::from_json(&json!({})).unwrap(), Recovery::default());
        let given = json!({"max_disconnection_duration": 500, "skipMiddlewares": false, "max_bytes": 10});
        let recovery = Recovery::from_json(&given).unwrap();
        assert_eq!(recovery.max_disconnection_duration, Duration::from_millis(500));
        assert!(!recovery.skip_middlewares);
        assert_eq!(recovery.max_bytes, 10);
        assert!(Recovery::from_json(&json!("yes")).is_err());
    }

    #[test]
    fn policies_have_names() {
        assert_eq!(OriginPolicy::from_json(&json!("any")).unwrap(), OriginPolicy::Any);
        assert_eq!(BufferPolicy::from_json(&json!("drop_newest")).unwrap(), BufferPolicy::DropNewest);
        assert!(OriginPolicy::from_json(&json!("none")).is_err());
        assert!(BufferPolicy::from_json(&json!(1)).is_err());
    }
}
