//! The border: every function of the interface runs inside [`guard`], which turns errors and panics into a status.

use crate::status::*;
use crate::view::pancar_str;
use pancar_core::Error;
use std::borrow::Cow;
use std::cell::RefCell;
use std::error::Error as _;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a call did nothing.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    status: pancar_status,
    message: Cow<'static, str>,
}

pub(crate) type Done<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: pancar_status, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn null(what: &'static str) -> Self {
        Self::new(PANCAR_NULL_ARGUMENT, format!("`{what}` must not be NULL"))
    }

    pub(crate) fn argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(PANCAR_INVALID_ARGUMENT, message)
    }

    pub(crate) fn status(&self) -> pancar_status {
        self.status
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self::new(error.kind() as u32 as pancar_status, message)
    }
}

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::new(CString::default());
}

fn remember(message: &str) {
    let text: Vec<u8> = message.bytes().filter(|byte| *byte != 0).collect();
    let text = CString::new(text).unwrap_or_default();
    // A thread that is ending no longer has a place for it.
    LAST_ERROR.try_with(|last| last.replace(text)).ok();
}

/// The last error of this thread, for a log.
pub(crate) fn last_message() -> String {
    LAST_ERROR.try_with(|last| last.borrow().to_string_lossy().into_owned()).unwrap_or_default()
}

/// Runs the body of a function of the interface.
pub(crate) fn guard(body: impl FnOnce() -> Done) -> pancar_status {
    status_of(|| body().map(|()| PANCAR_OK))
}

/// As [`guard`], for bodies with a status of their own.
pub(crate) fn status_of(body: impl FnOnce() -> Done<pancar_status>) -> pancar_status {
    match contained(body) {
        Ok(status) => status,
        Err(failure) => {
            remember(&failure.message);
            failure.status
        }
    }
}

/// As [`guard`], for functions that return a value: `fallback` where there is none.
pub(crate) fn value_or<T>(fallback: T, body: impl FnOnce() -> Done<T>) -> T {
    contained(body).unwrap_or_else(|failure| {
        remember(&failure.message);
        fallback
    })
}

fn contained<T>(body: impl FnOnce() -> Done<T>) -> Done<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Failure::new(PANCAR_PANIC, format!("fault of the library: {what}")))
    })
}

/// Why the last failed call on the calling thread failed: NUL-terminated UTF-8, the empty text when none failed yet. It is
/// valid until the next call on this thread that fails; calls that succeed leave it alone.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_last_error() -> *const c_char {
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

/// For callbacks: makes `message` the last error of the thread and returns `PANCAR_FAILED`, so that a callback can say
/// `return pancar_fail(...)`. What a callback returns is logged and harms nobody. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_fail(message: pancar_str) -> pancar_status {
    status_of(|| Err(Failure::new(PANCAR_FAILED, message.to_text("message")?.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(guard(|| panic!("oops {}", 1)), PANCAR_PANIC);
        assert!(last_message().contains("oops 1"));
        assert_eq!(value_or(7, || panic!("oops")), 7);
    }

    #[test]
    fn success_leaves_the_last_error_alone() {
        assert_eq!(guard(|| Err(Failure::argument("a\0b"))), PANCAR_INVALID_ARGUMENT);
        assert_eq!(guard(|| Ok(())), PANCAR_OK);
        assert_eq!(last_message(), "ab");
    }

    #[test]
    fn an_error_of_the_core_keeps_its_cause() {
        let error = Error::new(pancar_core::ErrorKind::Io, "no port").with_source("taken");
        let failure = Failure::from(error);
        assert_eq!((failure.status(), &*failure.message), (PANCAR_IO, "no port: taken"));
    }
}
