//! Looking into arguments without building a tree.

use crate::payload::Payload;
use crate::wire::json;
use crate::wire::text::Text;
use bytes::Bytes;
use std::ops::Range;

impl Payload {
    /// The bytes of the `n`-th argument, where it is binary.
    ///
    /// ```
    /// # use pancar::{Bytes, Payload};
    /// let payload = Payload::from_args(&("a", Bytes::from_static(b"abc")))?;
    /// assert_eq!(payload.bytes(1), Some(&Bytes::from_static(b"abc")));
    /// assert_eq!(payload.bytes(0), None);
    /// # Ok::<(), pancar::Error>(())
    /// ```
    pub fn bytes(&self, n: usize) -> Option<&Bytes> {
        if self.attachments.is_empty() {
            return None;
        }
        let arg = self.args().nth(n)?.trim_ascii();
        let found = json::placeholders(arg, self.attachments.len()).ok()?;
        let whole = found.into_iter().find(|placeholder| placeholder.span == (0..arg.len()))?;
        self.attachments.get(whole.num)
    }

    /// Where in the text something is binary, from front to back, and its bytes.
    ///
    /// ```
    /// # use pancar::{Bytes, Payload};
    /// let payload = Payload::from_args(&("a", Bytes::from_static(b"abc")))?;
    /// let (span, bytes) = payload.binary_spans().remove(0);
    /// assert_eq!(payload.json().get(span), Some(r#"{"_placeholder":true,"num":0}"#));
    /// assert_eq!(bytes, b"abc".as_slice());
    /// # Ok::<(), pancar::Error>(())
    /// ```
    pub fn binary_spans(&self) -> Vec<(Range<usize>, &Bytes)> {
        if self.attachments.is_empty() {
            return Vec::new();
        }
        let found = json::placeholders(&self.json, self.attachments.len()).unwrap_or_default();
        found.into_iter().filter_map(|found| Some((found.span, self.attachments.get(found.num)?))).collect()
    }

    /// The items of the `n`-th argument as arguments, where it is an array. The memory is shared.
    pub fn items(&self, n: usize) -> Option<Self> {
        let inner = inside(self.args().nth(n)?, '[', ']')?;
        Some(Self { json: self.shared(inner), attachments: self.attachments.clone() })
    }

    /// A field of the `n`-th argument as the only argument, where it is an object with such a key. Of a key that stands
    /// twice the last one counts. The memory is shared.
    pub fn field(&self, n: usize, key: &str) -> Option<Self> {
        let inner = inside(self.args().nth(n)?, '{', '}')?;
        let value = Fields(inner).filter(|(name, _)| is_key(name, key)).last()?.1;
        Some(Self { json: self.shared(value), attachments: self.attachments.clone() })
    }

    /// A part of the text as a text that shares its memory.
    fn shared(&self, part: &str) -> Text {
        let start = part.as_ptr() as usize - self.json.as_ptr() as usize;
        self.json.slice(start..start + part.len())
    }
}

fn inside(arg: &str, open: char, close: char) -> Option<&str> {
    arg.trim_ascii().strip_prefix(open)?.strip_suffix(close).map(str::trim_ascii)
}

/// The fields of a checked object: quoted keys and values.
struct Fields<'a>(&'a str);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_ascii_start();
        let (name, rest) = rest.split_at(string_end(rest)?);
        let rest = rest.trim_ascii_start().strip_prefix(':')?;
        let value = json::split_args(rest).next()?;
        let end = value.as_ptr() as usize + value.len() - rest.as_ptr() as usize;
        let rest = rest.get(end..)?.trim_ascii_start();
        self.0 = rest.strip_prefix(',').unwrap_or(rest);
        Some((name, value.trim_ascii()))
    }
}

fn is_key(quoted: &str, key: &str) -> bool {
    match quoted.get(1..quoted.len() - 1) {
        Some(plain) if !plain.contains('\\') => plain == key,
        _ => serde_json::from_str::<String>(quoted).is_ok_and(|name| name == key),
    }
}

/// Where the string at the beginning of a checked text ends.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.starts_with('"').then_some(())?;
    let end = text.bytes().skip(1).position(|byte| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end
    })?;
    Some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(json: &str) -> Payload {
        Payload::from_json_array(json, vec![Bytes::from_static(b"zero"), Bytes::from_static(b"one")], 10).unwrap()
    }

    #[test]
    fn an_argument_is_binary_only_as_a_whole() {
        let payload = payload(
            r#"[ {"_placeholder":true,"num":1} ,[{"_placeholder":true,"num":0}],{"num":0,"_placeholder":true},1]"#,
        );
        assert_eq!(payload.bytes(0).unwrap(), "one");
        assert_eq!(payload.bytes(1), None);
        assert_eq!(payload.bytes(2).unwrap(), "zero");
        assert_eq!(payload.bytes(3), None);
        assert_eq!(payload.bytes(4), None);
        assert_eq!(payload.items(1).unwrap().bytes(0).unwrap(), "zero");
    }

    #[test]
    fn items_of_an_array() {
        let payload = payload(r#"[ [ 1 , "a,]" , [2] ] , [], {}, "[]"]"#);
        let items = payload.items(0).unwrap();
        assert_eq!(items.args().map(str::trim_ascii).collect::<Vec<_>>(), ["1", r#""a,]""#, "[2]"]);
        assert!(payload.items(1).unwrap().is_empty());
        assert!(payload.items(2).is_none());
        assert!(payload.items(3).is_none());
        assert!(payload.items(4).is_none());
    }

    #[test]
    fn fields_of_an_object() {
        let payload = payload(r#"[{"a" : 1, "b\"," : {"a":2} , "a":3, "\u0063": "x", "": null, "\\": 9 }, 1]"#);
        let field = |key| payload.field(0, key).map(|value| value.json().to_string());
        assert_eq!(field("a").unwrap(), "3");
        assert_eq!(field("b\",").unwrap(), r#"{"a":2}"#);
        assert_eq!(field("c").unwrap(), r#""x""#);
        assert_eq!(field("").unwrap(), "null");
        assert_eq!(field("\\").unwrap(), "9");
        assert_eq!(field("d"), None);
        assert!(payload.field(1, "a").is_none());
    }
}
