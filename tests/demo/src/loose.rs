//! Arguments of any shape: what a client sent is looked at piece by piece, and answered with the code of what is wrong.

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;

/// A value that may be anything, bytes included.
#[derive(Clone, Debug, PartialEq)]
pub enum Loose {
    /// `null`, or nothing at all.
    Nothing,
    /// Any number.
    Number(f64),
    /// A string.
    Text(String),
    /// Binary data.
    Bytes(Bytes),
    /// An object.
    Fields(HashMap<String, Loose>),
    /// What no argument of the chat is: a boolean or a list.
    Other,
}

impl Loose {
    /// A field of an object; nothing where this is no object or has no such field.
    pub fn field(&self, name: &str) -> &Loose {
        match self {
            Self::Fields(fields) => fields.get(name).unwrap_or(&Self::Nothing),
            _ => &Self::Nothing,
        }
    }

    /// The string that it is.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Loose, E> {
        Ok(Loose::Bytes(Bytes::copy_from_slice(bytes)))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Loose, E> {
        Ok(Loose::Bytes(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Loose, A::Error> {
        let mut fields = HashMap::new();
        while let Some((name, value)) = object.next_entry()? {
            fields.insert(name, value);
        }
        Ok(Loose::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pancar::Payload;

    fn sent(array: &str, attachments: Vec<Bytes>) -> Loose {
        Payload::from_json_array(array, attachments, 100).unwrap().decode().unwrap()
    }

    #[test]
    fn anything_can_be_read() {
        assert_eq!(sent("[]", vec![]), Loose::Nothing);
        assert_eq!(sent("[7]", vec![]), Loose::Number(7.0));
        assert_eq!(sent("[[1,{}]]", vec![]), Loose::Other);
        let said = sent(r#"[{"text":"hi","picture":{"data":{"_placeholder":true,"num":0}}}]"#, vec!["png".into()]);
        assert_eq!(said.field("text").text(), Some("hi"));
        assert_eq!(*said.field("picture").field("data"), Loose::Bytes("png".into()));
        assert_eq!(*said.field("picture").field("data").field("deeper"), Loose::Nothing);
    }
}
