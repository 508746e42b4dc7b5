//! Memory of the caller. The only file that reads through raw pointers.

use crate::guard::{Done, Failure};
use crate::status::PANCAR_INVALID_UTF8;
use pancar_core::{Bytes, Text};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

/// A piece of UTF-8 text that belongs to somebody else. NULL with length 0 is the empty text.
///
/// Given to a function it is read during the call only. What a function returns lives as long as its documentation says, and
/// is not NUL-terminated.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct pancar_str {
    /// The first byte.
    pub data: *const c_char,
    /// Number of bytes.
    pub len: usize,
}

/// A piece of memory that belongs to somebody else. NULL with length 0 is the empty piece.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct pancar_bytes {
    /// The first byte.
    pub data: *const u8,
    /// Number of bytes.
    pub len: usize,
}

impl pancar_str {
    pub(crate) const EMPTY: Self = Self { data: std::ptr::null(), len: 0 };

    /// A view of text that must live as long as the documentation of the function that returns it says.
    pub(crate) fn of(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), len: text.len() }
    }

    /// The text, for the time of the call.
    pub(crate) fn to_text<'a>(self, what: &'static str) -> Done<&'a str> {
        let bytes = piece(self.data.cast(), self.len, what)?;
        std::str::from_utf8(bytes)
            .map_err(|error| Failure::new(PANCAR_INVALID_UTF8, format!("`{what}` is not UTF-8: {error}")))
    }

    /// A copy of the text.
    pub(crate) fn copied(self, what: &'static str) -> Done<Text> {
        self.to_text(what).map(Text::from)
    }
}

impl pancar_bytes {
    /// A view of bytes, as [`pancar_str::of`].
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// A copy of the bytes.
    pub(crate) fn copied(self, what: &'static str) -> Done<Bytes> {
        piece(self.data, self.len, what).map(Bytes::copy_from_slice)
    }
}

fn piece<'a>(data: *const u8, len: usize, what: &'static str) -> Done<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Failure::null(what));
    }
    if len > isize::MAX as usize {
        return Err(Failure::argument(format!("the length of `{what}` cannot be {len}")));
    }
    // SAFETY: not NULL, and the caller vouches for `len` readable bytes that stay as they are during the call.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// A list of the caller.
pub(crate) fn list<'a, T>(items: *const T, count: usize, what: &'static str) -> Done<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(Failure::null(what));
    }
    if count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Failure::argument(format!("the length of `{what}` cannot be {count}")));
    }
    // SAFETY: not NULL, and the caller vouches for `count` items that stay as they are during the call.
    Ok(unsafe { std::slice::from_raw_parts(items, count) })
}

/// Copies of the texts of a list.
pub(crate) fn texts(items: *const pancar_str, count: usize, what: &'static str) -> Done<Vec<Text>> {
    list(items, count, what)?.iter().map(|item| item.copied(what)).collect()
}

/// Copies of the bytes of a list.
pub(crate) fn pieces(items: *const pancar_bytes, count: usize, what: &'static str) -> Done<Vec<Bytes>> {
    list(items, count, what)?.iter().map(|item| item.copied(what)).collect()
}

/// What a pointer points to.
pub(crate) fn given<'a, T>(pointer: Option<&'a T>, what: &'static str) -> Done<&'a T> {
    pointer.ok_or_else(|| Failure::null(what))
}

/// What a pointer of a caller points to, who may change it through this interface, and on several threads.
pub(crate) fn shared<'a, T: Sync>(pointer: *mut T, what: &'static str) -> Done<&'a T> {
    // SAFETY: NULL, or an object of this library that the caller has not freed.
    given(unsafe { pointer.as_ref() }, what)
}

/// Where an output goes.
pub(crate) fn place<'a, T>(
    pointer: Option<&'a mut MaybeUninit<T>>,
    what: &'static str,
) -> Done<&'a mut MaybeUninit<T>> {
    pointer.ok_or_else(|| Failure::null(what))
}

/// A NUL-terminated text as a view; NULL is the empty text. The view lives as long as the text. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_cstr(text: *const c_char) -> pancar_str {
    if text.is_null() {
        return pancar_str::EMPTY;
    }
    // SAFETY: not NULL, and the caller vouches for a NUL at its end.
    let text = unsafe { CStr::from_ptr(text) };
    pancar_str { data: text.as_ptr(), len: text.count_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::*;

    #[test]
    fn texts_are_checked() {
        assert_eq!(pancar_str::EMPTY.to_text("x").unwrap(), "");
        assert_eq!(pancar_cstr(c"hello".as_ptr()).to_text("x").unwrap(), "hello");
        assert_eq!(pancar_cstr(std::ptr::null()).len, 0);
        let null = pancar_str { data: std::ptr::null(), len: 1 };
        assert_eq!(null.to_text("x").unwrap_err().status(), PANCAR_NULL_ARGUMENT);
        let bad = pancar_str { data: b"\xff".as_ptr().cast(), len: 1 };
        assert_eq!(bad.to_text("x").unwrap_err().status(), PANCAR_INVALID_UTF8);
        let long = pancar_str { data: b"x".as_ptr().cast(), len: usize::MAX };
        assert_eq!(long.to_text("x").unwrap_err().status(), PANCAR_INVALID_ARGUMENT);
    }
}
