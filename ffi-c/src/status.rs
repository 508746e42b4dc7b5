//! Numbers that cross the line: what a call came to, why a socket left. Explicit, and only ever appended to.

use pancar_core::Reason;
use std::ffi::{CStr, c_char};

/// What a call came to: `PANCAR_OK`, or why it did nothing. `pancar_last_error` says more.
pub type pancar_status = i32;

/// Done.
pub const PANCAR_OK: pancar_status = 0;
/// An option has a value that is not allowed. The last error names option, value and what is allowed.
pub const PANCAR_INVALID_OPTION: pancar_status = 1;
/// A name (of an event, a namespace or a room) that may not be used.
pub const PANCAR_INVALID_NAME: pancar_status = 2;
/// A value that could not be written as JSON, or a text that is no JSON.
pub const PANCAR_ENCODE: pancar_status = 3;
/// A value that does not have the expected shape.
pub const PANCAR_DECODE: pancar_status = 4;
/// The socket is gone, or went while an answer was awaited.
pub const PANCAR_DISCONNECTED: pancar_status = 5;
/// Nobody answered in time, or nothing came.
pub const PANCAR_TIMEOUT: pancar_status = 6;
/// A limit of the options was reached.
pub const PANCAR_LIMIT_EXCEEDED: pancar_status = 7;
/// The server is closed.
pub const PANCAR_CLOSED: pancar_status = 8;
/// The operating system refused.
pub const PANCAR_IO: pancar_status = 9;
/// Certificate or key cannot be used.
pub const PANCAR_TLS: pancar_status = 10;
/// A request to the other servers of the cluster failed.
pub const PANCAR_ADAPTER: pancar_status = 11;
/// A middleware refused.
pub const PANCAR_REFUSED: pancar_status = 12;
/// A fault of this library. It was contained; please report it.
pub const PANCAR_PANIC: pancar_status = 100;
/// An argument that must not be NULL is.
pub const PANCAR_NULL_ARGUMENT: pancar_status = 101;
/// A handle that never was one of the right kind, or whose object is gone.
pub const PANCAR_INVALID_HANDLE: pancar_status = 102;
/// A text is not UTF-8.
pub const PANCAR_INVALID_UTF8: pancar_status = 103;
/// An argument has a value that makes no sense here.
pub const PANCAR_INVALID_ARGUMENT: pancar_status = 104;
/// There is such a value, but it is of another kind: no string, no number and so on.
pub const PANCAR_WRONG_TYPE: pancar_status = 105;
/// There is no such argument, key, header or socket.
pub const PANCAR_NOT_FOUND: pancar_status = 106;
/// The lane is being dispatched already: further up on this thread, or on another.
pub const PANCAR_BUSY: pancar_status = 107;
/// Returned by a middleware that decides later.
pub const PANCAR_PENDING: pancar_status = 108;
/// Returned by a callback that failed; see `pancar_fail`.
pub const PANCAR_FAILED: pancar_status = 109;

/// Why a socket left.
pub type pancar_reason = i32;

/// The connection broke.
pub const PANCAR_REASON_TRANSPORT_ERROR: pancar_reason = 1;
/// The client closed the connection.
pub const PANCAR_REASON_TRANSPORT_CLOSE: pancar_reason = 2;
/// The server closed the connection of this client.
pub const PANCAR_REASON_FORCED_CLOSE: pancar_reason = 3;
/// The server closed a client that was in no legal state.
pub const PANCAR_REASON_FORCED_SERVER_CLOSE: pancar_reason = 4;
/// The client did not answer a ping in time.
pub const PANCAR_REASON_PING_TIMEOUT: pancar_reason = 5;
/// The client sent something that is no legal packet.
pub const PANCAR_REASON_PARSE_ERROR: pancar_reason = 6;
/// The server is closing.
pub const PANCAR_REASON_SERVER_SHUTTING_DOWN: pancar_reason = 7;
/// The client left the namespace.
pub const PANCAR_REASON_CLIENT_NAMESPACE_DISCONNECT: pancar_reason = 8;
/// The server disconnected the socket from the namespace.
pub const PANCAR_REASON_SERVER_NAMESPACE_DISCONNECT: pancar_reason = 9;
/// The client sent a message larger than the option `max_http_buffer_size`.
pub const PANCAR_REASON_PAYLOAD_TOO_LARGE: pancar_reason = 10;
/// The client did not read what was sent to it, and the queue passed its limit.
pub const PANCAR_REASON_SLOW_CONSUMER: pancar_reason = 11;
/// The client went past a limit that is not one of size.
pub const PANCAR_REASON_POLICY_VIOLATION: pancar_reason = 12;

pub(crate) fn number(reason: Reason) -> pancar_reason {
    reason as u32 as pancar_reason
}

fn status_words(status: pancar_status) -> &'static CStr {
    match status {
        PANCAR_OK => c"ok",
        PANCAR_INVALID_OPTION => c"invalid option",
        PANCAR_INVALID_NAME => c"invalid name",
        PANCAR_ENCODE => c"cannot be written as JSON",
        PANCAR_DECODE => c"does not have the expected shape",
        PANCAR_DISCONNECTED => c"disconnected",
        PANCAR_TIMEOUT => c"timed out",
        PANCAR_LIMIT_EXCEEDED => c"a limit was reached",
        PANCAR_CLOSED => c"the server is closed",
        PANCAR_IO => c"the operating system refused",
        PANCAR_TLS => c"certificate or key cannot be used",
        PANCAR_ADAPTER => c"the other servers did not answer",
        PANCAR_REFUSED => c"refused by a middleware",
        PANCAR_PANIC => c"fault of the library",
        PANCAR_NULL_ARGUMENT => c"an argument is NULL",
        PANCAR_INVALID_HANDLE => c"not a valid handle",
        PANCAR_INVALID_UTF8 => c"not UTF-8",
        PANCAR_INVALID_ARGUMENT => c"not a valid argument",
        PANCAR_WRONG_TYPE => c"a value of another kind",
        PANCAR_NOT_FOUND => c"not found",
        PANCAR_BUSY => c"already dispatching",
        PANCAR_PENDING => c"decided later",
        PANCAR_FAILED => c"a callback failed",
        _ => c"unknown status",
    }
}

fn reason_words(reason: pancar_reason) -> &'static CStr {
    match reason {
        PANCAR_REASON_TRANSPORT_ERROR => c"transport error",
        PANCAR_REASON_TRANSPORT_CLOSE => c"transport close",
        PANCAR_REASON_FORCED_CLOSE => c"forced close",
        PANCAR_REASON_FORCED_SERVER_CLOSE => c"forced server close",
        PANCAR_REASON_PING_TIMEOUT => c"ping timeout",
        PANCAR_REASON_PARSE_ERROR => c"parse error",
        PANCAR_REASON_SERVER_SHUTTING_DOWN => c"server shutting down",
        PANCAR_REASON_CLIENT_NAMESPACE_DISCONNECT => c"client namespace disconnect",
        PANCAR_REASON_SERVER_NAMESPACE_DISCONNECT => c"server namespace disconnect",
        PANCAR_REASON_PAYLOAD_TOO_LARGE => c"payload too large",
        PANCAR_REASON_SLOW_CONSUMER => c"slow consumer",
        PANCAR_REASON_POLICY_VIOLATION => c"policy violation",
        _ => c"unknown reason",
    }
}

/// A status in a few words, NUL-terminated, with static life. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_status_text(status: pancar_status) -> *const c_char {
    status_words(status).as_ptr()
}

/// A reason in the words of the official server where it has the same reason, such as `transport close`; NUL-terminated,
/// with static life. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_reason_text(reason: pancar_reason) -> *const c_char {
    reason_words(reason).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pancar_core::ErrorKind;

    #[test]
    fn the_numbers_are_those_of_the_core() {
        assert_eq!(ErrorKind::InvalidOption as i32, PANCAR_INVALID_OPTION);
        assert_eq!(ErrorKind::Disconnected as i32, PANCAR_DISCONNECTED);
        assert_eq!(ErrorKind::Timeout as i32, PANCAR_TIMEOUT);
        assert_eq!(ErrorKind::Refused as i32, PANCAR_REFUSED);
    }

    #[test]
    fn reasons_have_the_words_of_the_core() {
        let all = [
            Reason::TransportError,
            Reason::TransportClose,
            Reason::ForcedClose,
            Reason::ForcedServerClose,
            Reason::PingTimeout,
            Reason::ParseError,
            Reason::ServerShuttingDown,
            Reason::ClientNamespaceDisconnect,
            Reason::ServerNamespaceDisconnect,
            Reason::PayloadTooLarge,
            Reason::SlowConsumer,
            Reason::PolicyViolation,
        ];
        for reason in all {
            assert_eq!(reason_words(number(reason)).to_str().unwrap(), reason.as_str());
        }
        assert_eq!(reason_words(99).to_str().unwrap(), "unknown reason");
    }
}
