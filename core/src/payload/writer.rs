//! Arguments written piece by piece.

use crate::error::{Error, ErrorKind, Result};
use crate::payload::Payload;
use crate::wire::json;
use crate::wire::text::Text;
use bytes::Bytes;
use std::io::Write as _;

/// How deep JSON text that a caller wrote may be nested.
const MAX_DEPTH: usize = 1_000;

/// Writes arguments one after the other, for callers that have no value of a Rust type.
///
/// A call that fails changes nothing.
///
/// ```
/// use pancar::PayloadWriter;
///
/// let mut writer = PayloadWriter::default();
/// writer.string("move")?;
/// writer.begin_object()?;
/// writer.key("x")?;
/// writer.integer(1)?;
/// writer.end_object()?;
/// assert_eq!(writer.finish()?.to_json_array(), r#"["move",{"x":1}]"#);
/// # Ok::<(), pancar::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PayloadWriter {
    /// UTF-8, as only texts are written.
    json: Vec<u8>,
    attachments: Vec<Bytes>,
    open: Vec<Level>,
    /// Something stands at the outermost level.
    begun: bool,
}

/// An array or an object that has begun and not ended.
#[derive(Clone, Copy, Debug)]
enum Level {
    Array { begun: bool },
    Object { begun: bool, keyed: bool },
}

fn misplaced(what: &'static str) -> Error {
    Error::new(ErrorKind::Encode, what)
}

impl PayloadWriter {
    /// A writer that goes on behind arguments.
    pub fn behind(payload: &Payload) -> Self {
        Self {
            json: payload.json().as_bytes().to_vec(),
            attachments: payload.attachments().to_vec(),
            open: Vec::new(),
            begun: !payload.is_empty(),
        }
    }

    /// Makes room for a value: whatever has to stand before it is written.
    fn place(&mut self) -> Result<()> {
        let begun = match self.open.last_mut() {
            None => &mut self.begun,
            Some(Level::Array { begun }) => begun,
            Some(Level::Object { keyed, .. }) => {
                if !std::mem::take(keyed) {
                    return Err(misplaced("a value in an object needs a key before it"));
                }
                return Ok(());
            }
        };
        if std::mem::replace(begun, true) {
            self.json.push(b',');
        }
        Ok(())
    }

    /// A value that has a JSON text.
    fn value(&mut self, text: impl std::fmt::Display) -> Result<()> {
        self.place()?;
        // Writing into memory does not fail.
        write!(self.json, "{text}").ok();
        Ok(())
    }

    /// A string.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] where no value may stand: in an object before a key. So with all values.
    pub fn string(&mut self, value: &str) -> Result<()> {
        self.place()?;
        json::write_string(&mut self.json, value);
        Ok(())
    }

    /// A whole number. JavaScript reads those beyond 2^53 inexactly.
    ///
    /// # Errors
    /// As [`string`](Self::string).
    pub fn integer(&mut self, value: i64) -> Result<()> {
        self.value(value)
    }

    /// A number.
    ///
    /// # Errors
    /// As [`string`](Self::string), and for infinities and what is no number: JSON has no such values.
    pub fn number(&mut self, value: f64) -> Result<()> {
        let number = serde_json::Number::from_f64(value)
            .ok_or_else(|| Error::new(ErrorKind::Encode, format!("JSON has no number {value}")))?;
        self.value(number)
    }

    /// True or false.
    ///
    /// # Errors
    /// As [`string`](Self::string).
    pub fn boolean(&mut self, value: bool) -> Result<()> {
        self.value(value)
    }

    /// Null.
    ///
    /// # Errors
    /// As [`string`](Self::string).
    pub fn null(&mut self) -> Result<()> {
        self.value("null")
    }

    /// Bytes, which become an attachment.
    ///
    /// # Errors
    /// As [`string`](Self::string).
    pub fn bytes(&mut self, value: Bytes) -> Result<()> {
        self.place()?;
        self.placeholder(value);
        Ok(())
    }

    fn placeholder(&mut self, value: Bytes) {
        // Writing into memory does not fail.
        write!(self.json, r#"{{"_placeholder":true,"num":{}}}"#, self.attachments.len()).ok();
        self.attachments.push(value);
    }

    /// One value as JSON text.
    ///
    /// # Errors
    /// As [`string`](Self::string), and when the text is not exactly one JSON value.
    pub fn json(&mut self, value: &str) -> Result<()> {
        let bad = |cause| Error::new(ErrorKind::Encode, "the text is not one JSON value").with_source(cause);
        json::scan_value(value, MAX_DEPTH).map_err(bad)?;
        self.value(value)
    }

    /// The `n`-th of other arguments, with what is binary in it.
    ///
    /// # Errors
    /// As [`string`](Self::string), and when there is no such argument.
    pub fn argument(&mut self, of: &Payload, n: usize) -> Result<()> {
        let arg = of.args().nth(n).ok_or_else(|| misplaced("there is no argument of this number"))?;
        let bad = |cause| Error::new(ErrorKind::Encode, "a placeholder is not valid").with_source(cause);
        let binary = if of.attachments().is_empty() {
            Vec::new()
        } else {
            json::placeholders(arg, of.attachments().len()).map_err(bad)?
        };
        self.place()?;
        let mut written = 0;
        for placeholder in binary {
            self.json.extend_from_slice(arg.get(written..placeholder.span.start).unwrap_or_default().as_bytes());
            self.placeholder(of.attachments().get(placeholder.num).cloned().unwrap_or_default());
            written = placeholder.span.end;
        }
        self.json.extend_from_slice(arg.get(written..).unwrap_or_default().as_bytes());
        Ok(())
    }

    /// Begins an array; the values that follow are its items.
    ///
    /// # Errors
    /// As [`string`](Self::string).
    pub fn begin_array(&mut self) -> Result<()> {
        self.begin(b'[', Level::Array { begun: false })
    }

    /// Begins an object; a key and a value follow in turn.
    ///
    /// # Errors
    /// As [`string`](Self::string).
    pub fn begin_object(&mut self) -> Result<()> {
        self.begin(b'{', Level::Object { begun: false, keyed: false })
    }

    fn begin(&mut self, bracket: u8, level: Level) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(misplaced("arrays and objects are nested too deeply"));
        }
        self.place()?;
        self.json.push(bracket);
        self.open.push(level);
        Ok(())
    }

    /// The key of the value that follows.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] outside of an object, and behind another key.
    pub fn key(&mut self, key: &str) -> Result<()> {
        match self.open.last_mut() {
            Some(Level::Object { begun, keyed }) if !*keyed => {
                *keyed = true;
                if std::mem::replace(begun, true) {
                    self.json.push(b',');
                }
            }
            Some(Level::Object { .. }) => return Err(misplaced("a key needs a value behind it")),
            _ => return Err(misplaced("a key stands in an object only")),
        }
        json::write_string(&mut self.json, key);
        self.json.push(b':');
        Ok(())
    }

    /// Ends the array that began last.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when that is no array.
    pub fn end_array(&mut self) -> Result<()> {
        if !matches!(self.open.last(), Some(Level::Array { .. })) {
            return Err(misplaced("no array is to be ended here"));
        }
        self.open.pop();
        self.json.push(b']');
        Ok(())
    }

    /// Ends the object that began last.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when that is no object, or when a key still waits for its value.
    pub fn end_object(&mut self) -> Result<()> {
        if !matches!(self.open.last(), Some(Level::Object { keyed: false, .. })) {
            return Err(misplaced("no object is to be ended here"));
        }
        self.open.pop();
        self.json.push(b'}');
        Ok(())
    }

    /// What has been written.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when an array or an object has not been ended, or when JSON text that was given holds a
    /// placeholder of an attachment that is not there.
    pub fn finish(self) -> Result<Payload> {
        if !self.open.is_empty() {
            return Err(misplaced("an array or an object has not been ended"));
        }
        let json = Text::from_utf8(self.json.into()).ok_or_else(|| misplaced("what was written is no text"))?;
        Payload::from_wire(json, self.attachments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut PayloadWriter) -> Result<()>) -> Payload {
        let mut writer = PayloadWriter::default();
        write(&mut writer).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn every_kind_of_value() {
        let payload = written(|writer| {
            writer.string("a\"\n")?;
            writer.integer(i64::MIN)?;
            writer.number(0.5)?;
            writer.boolean(true)?;
            writer.null()?;
            writer.json(r#"{"raw": [1]}"#)?;
            writer.bytes(Bytes::from_static(b"xyz"))
        });
        let json = r#"["a\"\n",-9223372036854775808,0.5,true,null,{"raw": [1]},{"_placeholder":true,"num":0}]"#;
        assert_eq!(payload.to_json_array(), json);
        assert_eq!(payload.bytes(6).unwrap(), "xyz");
    }

    #[test]
    fn nested_values_get_their_commas() {
        let payload = written(|writer| {
            writer.begin_array()?;
            writer.begin_array()?;
            writer.end_array()?;
            writer.integer(1)?;
            writer.begin_object()?;
            writer.key("a")?;
            writer.begin_object()?;
            writer.end_object()?;
            writer.key("b")?;
            writer.null()?;
            writer.end_object()?;
            writer.end_array()?;
            writer.integer(2)
        });
        assert_eq!(payload.to_json_array(), r#"[[[],1,{"a":{},"b":null}],2]"#);
    }

    #[test]
    fn what_stands_in_the_wrong_place_is_refused_and_changes_nothing() {
        let mut writer = PayloadWriter::default();
        assert!(writer.key("a").is_err());
        assert!(writer.end_array().is_err());
        assert!(writer.number(f64::NAN).is_err());
        assert!(writer.json("1,2").is_err());
        writer.begin_object().unwrap();
        assert!(writer.string("no key").is_err());
        assert!(writer.begin_array().is_err());
        assert!(writer.end_array().is_err());
        writer.key("a").unwrap();
        assert!(writer.key("b").is_err());
        assert!(writer.end_object().is_err());
        assert!(writer.clone().finish().is_err());
        writer.null().unwrap();
        writer.end_object().unwrap();
        assert_eq!(writer.finish().unwrap().to_json_array(), r#"[{"a":null}]"#);
    }

    #[test]
    fn arguments_of_others_bring_their_attachments() {
        let of = written(|writer| {
            writer.bytes(Bytes::from_static(b"left out"))?;
            writer.begin_array()?;
            writer.bytes(Bytes::from_static(b"one"))?;
            writer.bytes(Bytes::from_static(b"two"))?;
            writer.end_array()
        });
        let payload = written(|writer| {
            writer.bytes(Bytes::from_static(b"zero"))?;
            writer.argument(&of, 1)?;
            assert!(writer.argument(&of, 2).is_err());
            Ok(())
        });
        assert_eq!(payload.attachments(), ["zero", "one", "two"]);
        assert_eq!(payload.items(1).unwrap().bytes(1).unwrap(), "two");
    }

    #[test]
    fn a_writer_goes_on_behind_arguments() {
        let first = written(|writer| writer.bytes(Bytes::from_static(b"a")));
        let mut writer = PayloadWriter::behind(&first);
        writer.bytes(Bytes::from_static(b"b")).unwrap();
        let both = writer.finish().unwrap();
        assert_eq!((both.bytes(0).unwrap(), both.bytes(1).unwrap()), (&"a".into(), &"b".into()));
        assert_eq!(PayloadWriter::behind(&Payload::empty()).finish().unwrap(), Payload::empty());
    }

    #[test]
    fn depth_is_limited() {
        let mut writer = PayloadWriter::default();
        (0..MAX_DEPTH).for_each(|_| writer.begin_array().unwrap());
        assert!(writer.begin_array().is_err());
    }
}
