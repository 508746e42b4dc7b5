//! Keys of objects.

use serde::Deserializer;
use serde::de::{Error as _, Visitor};
use serde_json::Error;

use super::super::json::is_space;
use super::reader::plain_value;

/// A key of an object, read as `serde_json` reads keys: numbers and booleans may be meant by them.
pub(super) struct KeyDeserializer<'a> {
    pub(super) quoted: &'a str,
}

impl<'a> KeyDeserializer<'a> {
    /// The key without its quotes, as it is written.
    fn unquoted(&self) -> &'a str {
        self.quoted.trim_matches('"')
    }
}

macro_rules! text_keys {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            plain_value(self.quoted, |json| json.$method(visitor))
        }
    )*};
}

macro_rules! number_keys {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            let key = self.unquoted();
            // `serde_json` would pass over white space, which has no place in a key.
            let numeric = key.starts_with(|c: char| c == '-' || c.is_ascii_digit());
            if !numeric || key.ends_with(is_space) {
                return Err(Error::custom("expected a number in quotes as key"));
            }
            plain_value(key, |json| json.$method(visitor))
        }
    )*};
}

impl<'a> Deserializer<'a> for KeyDeserializer<'a> {
    type Error = Error;

    text_keys! {
        deserialize_any deserialize_bytes deserialize_byte_buf deserialize_char deserialize_str
        deserialize_string deserialize_identifier deserialize_ignored_any
    }

    number_keys! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.unquoted() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Error::custom("expected a boolean in quotes as key")),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V>(self, _: &'static str, visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        plain_value(self.quoted, |json| json.deserialize_enum(name, variants, visitor))
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        unit unit_struct seq tuple tuple_struct map struct
    }
}
