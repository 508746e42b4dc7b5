//! Whom an operation concerns, as a value.

use crate::ids::SocketId;
use crate::wire::text::Text;
use std::time::Duration;

/// The sockets of a namespace that an operation concerns: those in any of `rooms` (everybody when there is none), less
/// those in any of `except`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Rooms whose members are meant.
    pub rooms: Vec<Text>,
    /// Rooms whose members are left out.
    pub except: Vec<Text>,
}

impl Target {
    /// Everybody.
    pub fn everyone() -> Self {
        Self::default()
    }

    /// One socket.
    pub fn one(id: &SocketId) -> Self {
        Self { rooms: vec![id.as_str().into()], except: Vec::new() }
    }

    /// Whether nobody is singled out or left out.
    pub fn is_everyone(&self) -> bool {
        self.rooms.is_empty() && self.except.is_empty()
    }
}

/// How an event is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// May be lost when the client cannot take it now.
    pub volatile: bool,
    /// Only to clients of this server.
    pub local: bool,
    /// Is not to be compressed.
    pub no_compress: bool,
    /// How long an answer is waited for.
    pub timeout: Option<Duration>,
}
