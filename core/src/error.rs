//! What can go wrong, as types: [`Error`] for a caller, [`Reason`] for a socket that left.

use std::borrow::Cow;
use std::fmt;

/// The class of an [`Error`]: what a program may branch on.
///
/// The numbers are the codes of the C interface and attributes in Python and Node. They are explicit and only ever
/// appended to, and an unknown one is still a valid error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// An option has a value that is not allowed. The context names option, value and what is allowed.
    InvalidOption = 1,
    /// A name (of an event, a namespace or a room) that may not be used.
    InvalidName = 2,
    /// A value that could not be written as JSON.
    Encode = 3,
    /// A payload that did not have the expected shape.
    Decode = 4,
    /// The socket is gone, or went while an answer was awaited.
    Disconnected = 5,
    /// Nobody answered in time.
    Timeout = 6,
    /// A limit of the configuration was reached.
    LimitExceeded = 7,
    /// The server is closed, or is not running.
    Closed = 8,
    /// The operating system refused.
    Io = 9,
    /// Certificate or key could not be used.
    Tls = 10,
    /// A request to the other servers of the cluster failed.
    Adapter = 11,
    /// A connection middleware or handler refused.
    Refused = 12,
}

/// An error of this crate: a kind to branch on, a context to read, and the cause where there is one.
#[derive(thiserror::Error)]
#[error("{context}")]
pub struct Error {
    kind: ErrorKind,
    context: Cow<'static, str>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of the given kind with a context for people.
    pub fn new(kind: ErrorKind, context: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, context: context.into(), source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// An option that has a value which is not allowed.
    pub(crate) fn option(name: &str, value: impl fmt::Display, allowed: &str) -> Self {
        Self::new(ErrorKind::InvalidOption, format!("option `{name}`: {value} is not allowed; allowed: {allowed}"))
    }

    pub(crate) fn disconnected() -> Self {
        Self::new(ErrorKind::Disconnected, "the socket has been disconnected")
    }

    pub(crate) fn timeout() -> Self {
        Self::new(ErrorKind::Timeout, "operation has timed out")
    }

    pub(crate) fn io(context: impl Into<Cow<'static, str>>, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, context).with_source(source)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.context)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

/// Why a socket left.
///
/// [`Reason::as_str`] gives the official server's words, and further ones where a client broke a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Reason {
    /// The connection broke: aborted request, overlapping requests, a WebSocket error, a ping from the client.
    TransportError = 1,
    /// The client closed the connection.
    TransportClose = 2,
    /// The server closed the connection of this client.
    ForcedClose = 3,
    /// The server closed a client that was in no legal state.
    ForcedServerClose = 4,
    /// The client did not answer a ping in time.
    PingTimeout = 5,
    /// The client sent something that is no legal packet.
    ParseError = 6,
    /// The server is closing.
    ServerShuttingDown = 7,
    /// The client left the namespace.
    ClientNamespaceDisconnect = 8,
    /// The server disconnected the socket from the namespace.
    ServerNamespaceDisconnect = 9,
    /// The client sent a message larger than `max_http_buffer_size`.
    PayloadTooLarge = 10,
    /// The client did not read what was sent to it, and the queue passed its limit.
    SlowConsumer = 11,
    /// The client went past a limit that is not one of size, such as the number of fragments of a message.
    PolicyViolation = 12,
}

impl Reason {
    /// The reason in words, as the official server says it where it has the same reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TransportError => "transport error",
            Self::TransportClose => "transport close",
            Self::ForcedClose => "forced close",
            Self::ForcedServerClose => "forced server close",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ServerShuttingDown => "server shutting down",
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::PayloadTooLarge => "payload too large",
            Self::SlowConsumer => "slow consumer",
            Self::PolicyViolation => "policy violation",
        }
    }

    /// The WebSocket close code that goes with the reason, RFC 6455 section 7.4.1.
    pub fn close_code(self) -> u16 {
        match self {
            Self::ServerShuttingDown => 1001,
            Self::PayloadTooLarge => 1009,
            Self::ParseError | Self::SlowConsumer | Self::PolicyViolation => 1008,
            _ => 1000,
        }
    }

    /// Whether a session that ended for this reason may be recovered.
    pub fn is_recoverable(self) -> bool {
        matches!(
            self,
            Self::TransportError
                | Self::TransportClose
                | Self::ForcedClose
                | Self::ForcedServerClose
                | Self::PingTimeout
                | Self::ServerShuttingDown
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
