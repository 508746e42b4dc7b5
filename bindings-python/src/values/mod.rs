//! Values both ways, straight between Python objects and JSON text with attachments.

mod keys;
mod read;
mod write;

pub(crate) use keys::Keys;
pub(crate) use read::{read_args, read_value};
pub(crate) use write::{json_of, payload_of};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use std::borrow::Cow;

/// The text of a string. Lone surrogates, which no text on the wire can have, become U+FFFD.
pub(crate) fn text<'a>(string: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = string.to_str() {
        return Ok(Cow::Borrowed(text));
    }
    let py = string.py();
    // The method of the class itself: one of a subclass might do anything.
    let encoded = py.get_type::<PyString>().call_method1("encode", (string, "utf-16-le", "surrogatepass"))?;
    let bytes = encoded.cast::<PyBytes>()?.as_bytes();
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    Ok(Cow::Owned(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()))
}
