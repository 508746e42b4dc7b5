//! The names of sessions and sockets, and the numbers of acknowledgements.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Random bytes in an id: 120 bits, 20 characters of base64url.
const ID_BYTES: usize = 15;

fn random_id() -> Option<Arc<str>> {
    let mut bytes = [0u8; ID_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    let mut text = [0u8; 20];
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).ok()?;
    std::str::from_utf8(text.get(..written)?).ok().map(Arc::from)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A new id of 120 random bits, or nothing when the operating system has no randomness to give.
            pub fn random() -> Option<Self> {
                random_id().map(Self)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id! {
    /// The private id of a transport session. Whoever holds it may speak for the client, so it is never logged whole.
    Sid
}

id! {
    /// The public id of a socket: one per client and namespace, unrelated to the session's [`Sid`].
    SocketId
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(4).collect();
        write!(f, "Sid({shown}…)")
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketId({})", self.0)
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for SocketId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The number under which an acknowledgement is awaited; at most 2^53 - 1, what a JavaScript number holds exactly.
pub type AckId = u64;

/// The largest acknowledgement id that is accepted from a client.
pub const MAX_ACK_ID: AckId = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_twenty_url_safe_characters_and_differ() {
        let first = Sid::random().unwrap();
        assert_eq!(first.as_str().len(), 20);
        assert!(first.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_ne!(first, Sid::random().unwrap());
    }

    #[test]
    fn the_private_id_is_not_shown_whole() {
        let sid = Sid::from("abcdefghijklmnopqrst");
        assert!(!format!("{sid:?}").contains("efgh"));
    }
}
