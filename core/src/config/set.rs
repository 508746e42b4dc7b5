//! Setting options by name, for every language and for environments.

use serde_json::Value;

use super::json::{FromJson, Read, snake_case};
use super::{Config, options};
use crate::error::{Error, ErrorKind, Result};

/// How many near names an unknown one is answered with.
const NEAR: usize = 3;

type Assign = fn(&mut Config, &Value) -> Read<()>;

macro_rules! table {
    ($($field:ident $(by $read:path)?),* $(,)?) => {
        /// Every option by its name.
        const OPTIONS: &[(&str, Assign)] = &[$((stringify!($field), |config, value| {
            config.$field = table!(@read value $(, $read)?);
            Ok(())
        })),*];

        /// Does nothing, but does not compile when a field of the configuration is missing in the table.
        const _: fn(&Config) = |Config { $($field: _),* }| ();
    };
    (@read $value:ident) => { FromJson::from_json($value)? };
    (@read $value:ident, $read:path) => { $read($value)? };
}

table! {
    path, add_trailing_slash, transports, allow_upgrades, serve_client, workers,
    ping_interval, ping_timeout, upgrade_timeout, connect_timeout, attachment_timeout, header_timeout, body_timeout,
    close_timeout, ack_timeout,
    cors, origin_policy, cookie, http_compression by options::compression, trusted_proxies,
    max_http_buffer_size, max_packets_per_payload, max_packets_per_poll, max_attachments, max_fragments, max_json_depth,
    max_namespace_length, max_room_length, max_namespaces_per_connection, max_pending_connects, max_pending_packets,
    max_dynamic_namespaces, cleanup_empty_child_namespaces, max_rooms_per_socket, max_acks_per_socket,
    max_buffered_bytes, max_buffered_packets, buffer_grace, buffer_policy,
    connection_state_recovery, max_unjoined, max_connections, max_connections_per_address,
}

impl Config {
    /// Sets an option by its name, as it is written here or in camel case, from JSON.
    ///
    /// Durations are numbers of milliseconds; switches may be 1 and 0; `null` or `false` turns off what can be off. On
    /// an error nothing has changed. Whether the value makes sense together with others is checked by
    /// [`Config::validate`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidOption`] for a value of the wrong shape, and for an unknown name, with those that are near.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<()> {
        let name = snake_case(name);
        match OPTIONS.iter().find(|(known, _)| *known == name) {
            Some((_, assign)) => assign(self, value).map_err(|wrong| wrong.into_error(&name)),
            None => Err(unknown(&name)),
        }
    }

    /// The names of all options that [`Config::set`] knows.
    pub fn option_names() -> impl Iterator<Item = &'static str> {
        OPTIONS.iter().map(|(name, _)| *name)
    }
}

fn unknown(name: &str) -> Error {
    let near = near(name);
    let context = if near.is_empty() {
        format!("option `{name}` is unknown; there are {}", Config::option_names().collect::<Vec<_>>().join(", "))
    } else {
        format!("option `{name}` is unknown; did you mean {}?", near.join(" or "))
    };
    Error::new(ErrorKind::InvalidOption, context)
}

/// The options whose names are a few letters away, or which the name is a part of; nearest first.
fn near(name: &str) -> Vec<&'static str> {
    let reach = (name.len() / 3).clamp(2, 6);
    let mut near: Vec<(usize, &str)> = Config::option_names()
        .filter_map(|known| match distance(name, known) {
            letters if letters <= reach => Some((letters, known)),
            _ if name.len() > 3 && (known.contains(name) || name.contains(known)) => Some((reach + 1, known)),
            _ => None,
        })
        .collect();
    near.sort_by_key(|(letters, _)| *letters);
    near.into_iter().take(NEAR).map(|(_, known)| known).collect()
}

/// How many letters have to be put in, taken out or changed.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.bytes().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        row[0] = before;
        for (column, to) in right.bytes().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            before = changed.min(diagonal + 1).min(before + 1);
            row[column + 1] = before;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::config::{BufferPolicy, Origin, OriginPolicy, Recovery, Transports};

    fn set(name: &str, value: Value) -> Config {
        let mut config = Config::default();
        config.set(name, &value).unwrap();
        config
    }

    fn refused(name: &str, value: Value) -> String {
        let mut config = Config::default();
        let before = format!("{config:?}");
        let error = config.set(name, &value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert_eq!(format!("{config:?}"), before);
        error.to_string()
    }

    #[test]
    fn options_of_each_kind() {
        assert_eq!(set("ping_interval", json!(300)).ping_interval, Duration::from_millis(300));
        assert_eq!(set("path", json!("/chat")).path, "/chat");
        assert!(!set("allow_upgrades", json!(0)).allow_upgrades);
        assert_eq!(set("transports", json!(["websocket"])).transports, Transports::WEBSOCKET);
        assert_eq!(set("origin_policy", json!("any")).origin_policy, OriginPolicy::Any);
        assert_eq!(set("buffer_policy", json!("drop_newest")).buffer_policy, BufferPolicy::DropNewest);
        assert_eq!(set("max_http_buffer_size", json!(1e8)).max_http_buffer_size, 100_000_000);
        assert_eq!(set("max_packets_per_poll", json!(16)).max_packets_per_poll, Some(16));
        assert_eq!(set("ack_timeout", json!(500)).ack_timeout, Some(Duration::from_millis(500)));
        assert_eq!(set("ack_timeout", json!(null)).ack_timeout, None);
        assert_eq!(set("http_compression", json!(0)).http_compression, None);
        assert_eq!(set("http_compression", json!(1)).http_compression, Some(1024));
        assert_eq!(set("serve_client", json!("dist")).serve_client, Some("dist".into()));
        assert_eq!(set("workers", json!(2)).workers, Some(2));
        assert_eq!(set("trusted_proxies", json!("10.0.0.0/8, ::1")).trusted_proxies.len(), 2);
        assert!(set("trusted_proxies", json!(null)).trusted_proxies.is_empty());
        assert!(set("cookie", json!(true)).cookie.is_some());
        assert!(set("cookie", json!(0)).cookie.is_none());
        assert!(matches!(set("cors", json!("*")).cors.unwrap().origin, Origin::Any));
        assert_eq!(set("connection_state_recovery", json!(1)).connection_state_recovery, Some(Recovery::default()));
        assert_eq!(set("connection_state_recovery", json!(0)).connection_state_recovery, None);
    }

    #[test]
    fn camel_case_is_the_same_option() {
        assert_eq!(set("pingTimeout", json!(200)).ping_timeout, Duration::from_millis(200));
        assert_eq!(set("maxHttpBufferSize", json!(7)).max_http_buffer_size, 7);
    }

    #[test]
    fn wrong_values_name_option_value_and_what_is_allowed() {
        let text = refused("ping_interval", json!("soon"));
        assert!(
            text.contains("`ping_interval`") && text.contains("\"soon\"") && text.contains("milliseconds"),
            "{text}"
        );
        let text = refused("cors", json!({"max_age": -1}));
        assert!(text.contains("`cors.max_age`") && text.contains("-1"), "{text}");
        assert!(refused("max_connections", json!(true)).contains("null turns it off"));
        assert!(refused("serve_client", json!(true)).contains("folder"));
        refused("transports", json!(null));
        refused("ping_timeout", json!(false));
        refused("connection_state_recovery", json!({"max_disconnection": 1}));
    }

    #[test]
    fn unknown_names_list_near_ones() {
        assert!(refused("ping_intervall", json!(1)).contains("did you mean ping_interval?"));
        assert!(refused("max_payload", json!(1)).contains("is unknown"));
        assert!(refused("maxConnection", json!(1)).contains("max_connections"));
        assert!(refused("recovery", json!(1)).contains("connection_state_recovery"));
        let text = refused("x", json!(1));
        assert!(text.contains("there are") && text.contains("ping_timeout"), "{text}");
        refused("", json!(1));
        refused("ü", json!(1));
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn every_option_can_be_set_to_its_default() {
        let defaults = json!({
            "path": "/socket.io/", "ping_interval": 25_000, "max_fragments": 16_384, "close_timeout": 5_000,
            "cleanup_empty_child_namespaces": true, "max_json_depth": 1_000, "buffer_grace": 1_000, "cors": false,
        });
        let mut config = Config::default();
        for (name, value) in defaults.as_object().unwrap() {
            config.set(name, value).unwrap();
        }
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }
}
