//! The only form in which values cross a language line: JSON text and binary attachments.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json;
use crate::wire::text::Text;
use crate::wire::value;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

mod read;
mod writer;

pub use writer::PayloadWriter;

/// The arguments of an event or of an acknowledgement.
///
/// `json` is a comma separated list of JSON values without the enclosing brackets, as it stands on the wire. Where a
/// value is binary the text holds a placeholder object, `{"_placeholder":true,"num":k}`, for the k-th attachment.
/// Cloning shares the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    json: Text,
    attachments: Vec<Bytes>,
}

impl Payload {
    /// No arguments.
    pub const fn empty() -> Self {
        Self { json: Text::from_static(""), attachments: Vec::new() }
    }

    /// The arguments that `value` stands for: a tuple is several arguments, `()` is none, anything else is one.
    ///
    /// Byte buffers that serialise as bytes (such as [`Bytes`]) become attachments wherever they stand.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the value has no JSON form, for instance a map with keys that are no strings.
    pub fn from_args<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Self::from_encoded(value::encode_args(value))
    }

    /// One argument, even when `value` is a tuple.
    ///
    /// # Errors
    /// As [`Payload::from_args`].
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Self::from_encoded(value::encode_value(value))
    }

    fn from_encoded(encoded: serde_json::Result<value::Encoded>) -> Result<Self> {
        let encode = |cause| Error::new(ErrorKind::Encode, "the value cannot be written as JSON").with_source(cause);
        let encoded = encoded.map_err(encode)?;
        let json = Text::from_utf8(encoded.json.into())
            .ok_or_else(|| Error::new(ErrorKind::Encode, "the value was not written as UTF-8"))?;
        Ok(Self { json, attachments: encoded.attachments })
    }

    /// Arguments from JSON text that a caller wrote: the whole array, such as `["a",1]`.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the text is no JSON array, or when a placeholder names an attachment that is not there.
    pub fn from_json_array(array: impl Into<Text>, attachments: Vec<Bytes>, max_depth: usize) -> Result<Self> {
        let array = array.into();
        let bad = |cause| Error::new(ErrorKind::Encode, "the arguments are not a JSON array").with_source(cause);
        let inner = json::scan_array(&array, max_depth).map_err(bad)?;
        Self::from_wire(array.slice(inner), attachments)
    }

    /// Arguments as they stand on the wire: validated JSON values without the brackets, and what belongs to them.
    pub(crate) fn from_wire(json: Text, attachments: Vec<Bytes>) -> Result<Self> {
        if !attachments.is_empty() {
            let bad = |cause| Error::new(ErrorKind::Encode, "a placeholder is not valid").with_source(cause);
            json::placeholders(&json, attachments.len()).map_err(bad)?;
        }
        Ok(Self { json, attachments })
    }

    /// Arguments whose placeholders have been checked by whoever read them.
    pub(crate) fn from_checked(json: Text, attachments: Vec<Bytes>) -> Self {
        Self { json, attachments }
    }

    /// The arguments as a comma separated list of JSON values, without brackets.
    pub fn json(&self) -> &Text {
        &self.json
    }

    /// The arguments as one JSON array.
    pub fn to_json_array(&self) -> String {
        format!("[{}]", self.json)
    }

    /// The attachments, in the order of their numbers.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// Whether there is no argument.
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The JSON text of each argument.
    pub fn args(&self) -> impl Iterator<Item = &str> {
        json::split_args(&self.json)
    }

    /// The arguments from the `n`-th on, all attachments kept.
    #[must_use]
    pub fn skip(&self, n: usize) -> Self {
        let start = match self.args().nth(n) {
            Some(arg) => arg.as_ptr() as usize - self.json.as_ptr() as usize,
            None => return Self::empty(),
        };
        Self { json: self.json.slice(start..self.json.len()), attachments: self.attachments.clone() }
    }

    /// The `n`-th argument alone, all attachments kept.
    pub fn arg(&self, n: usize) -> Option<Self> {
        let arg = self.args().nth(n)?;
        let start = arg.as_ptr() as usize - self.json.as_ptr() as usize;
        let json = self.json.slice(start..start + arg.len());
        Some(Self { json, attachments: self.attachments.clone() })
    }

    /// The only argument, also where it is a list that a tuple stands for.
    pub(crate) fn decode_value<T: DeserializeOwned>(&self) -> Result<T> {
        value::decode_value(&self.json, &self.attachments).map_err(|cause| {
            Error::new(ErrorKind::Decode, "the value does not have the expected shape").with_source(cause)
        })
    }

    /// The arguments as a Rust value: a tuple takes them in order, anything else is the first one.
    ///
    /// Arguments that are missing read as `null`, so that an `Option` can take them; further ones are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when the arguments do not have the shape of `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        value::decode_args(&self.json, &self.attachments).map_err(|cause| {
            Error::new(ErrorKind::Decode, "the arguments do not have the expected shape").with_source(cause)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_can_be_counted_split_and_skipped() {
        let payload = Payload::from_args(&("a", 1, [true])).unwrap();
        assert_eq!(payload.to_json_array(), r#"["a",1,[true]]"#);
        assert_eq!(payload.args().collect::<Vec<_>>(), [r#""a""#, "1", "[true]"]);
        assert_eq!(payload.skip(1).to_json_array(), "[1,[true]]");
        assert_eq!(payload.skip(3), Payload::empty());
        assert_eq!(payload.arg(1).unwrap().decode::<u8>().unwrap(), 1);
        assert!(payload.arg(3).is_none());
    }

    #[test]
    fn an_array_written_by_a_caller_is_checked() {
        assert!(Payload::from_json_array("[1, 2]", vec![], 10).is_ok());
        assert_eq!(Payload::from_json_array("{}", vec![], 10).unwrap_err().kind(), ErrorKind::Encode);
        let stray = Payload::from_json_array(r#"[{"_placeholder":true,"num":1}]"#, vec![Bytes::new()], 10);
        assert_eq!(stray.unwrap_err().kind(), ErrorKind::Encode);
    }
}
