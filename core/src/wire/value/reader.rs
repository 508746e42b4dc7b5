//! A value of a text with placeholders, read as if the attachments stood in it.

use bytes::Bytes;
use serde::Deserializer;
use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use serde_json::Error;

use super::super::json::{self, JsonError, Placeholder};
use super::key::KeyDeserializer;

/// The name by which `serde_json` asks itself for the text of a value.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// How deep arrays and objects may nest: what `serde_json` allows.
const MAX_DEPTH: usize = 127;

/// A position in a text with placeholders.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// The placeholders that begin at or behind `at`.
    placeholders: &'a [Placeholder],
    attachments: &'a [Bytes],
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, placeholders: &'a [Placeholder], attachments: &'a [Bytes]) -> Self {
        Reader { text, at: 0, depth: 0, placeholders, attachments }
    }

    /// Reads the argument that nobody sent.
    pub(super) fn null() -> Self {
        Reader::new("null", &[], &[])
    }

    /// Passes white space and shows the byte behind it.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let spaces = rest.iter().take_while(|&&byte| json::is_space(char::from(byte))).count();
        self.at += spaces;
        rest.get(spaces).copied()
    }

    /// Passes white space and `byte`, which must be there.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(Error::custom(format_args!("expected `{}` at byte {}", char::from(byte), self.at)));
        }
        self.at += 1;
        Ok(())
    }

    /// Passes one value, whatever it is; its text.
    fn skip(&mut self) -> Result<&'a str, Error> {
        self.peek();
        let start = self.at;
        // At the end of the text there is no value: let `serde_json` say so in its words.
        if start < self.text.len() {
            self.at = json::skip_value(self.text, start).map_err(Error::custom::<JsonError>)?;
        }
        let passed = self.placeholders.partition_point(|found| found.span.start < self.at);
        self.placeholders = self.placeholders.get(passed..).unwrap_or_default();
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Passes a placeholder, if one is next; what it stands for.
    fn attachment(&mut self) -> Option<&'a Bytes> {
        let (next, rest) = self.placeholders.split_first()?;
        self.peek();
        if next.span.start != self.at {
            return None;
        }
        self.placeholders = rest;
        self.at = next.span.end;
        self.attachments.get(next.num)
    }

    /// True when the next value may hold attachments: then it is taken apart here.
    fn is_mixed(&mut self) -> bool {
        !self.placeholders.is_empty() && matches!(self.peek(), Some(b'[' | b'{'))
    }

    /// Reads a value that may be or hold attachments; `plain` reads it from JSON when it does not.
    fn value<V: Visitor<'a>>(
        &mut self,
        visitor: V,
        plain: impl FnOnce(&mut JsonDeserializer<'a>, V) -> Result<V::Value, Error>,
    ) -> Result<V::Value, Error> {
        if !self.is_mixed() {
            return plain_value(self.skip()?, |json| plain(json, visitor));
        }
        if let Some(bytes) = self.attachment() {
            return visitor.visit_byte_buf(bytes.to_vec());
        }
        if self.peek() == Some(b'[') {
            self.nested(b'[', b']', |inside| visitor.visit_seq(inside))
        } else {
            self.nested(b'{', b'}', |inside| visitor.visit_map(inside))
        }
    }

    /// Reads a value that is no attachment.
    fn scalar<V: Visitor<'a>>(
        &mut self,
        visitor: V,
        plain: impl FnOnce(&mut JsonDeserializer<'a>, V) -> Result<V::Value, Error>,
    ) -> Result<V::Value, Error> {
        match self.attachment() {
            Some(bytes) => Err(Error::invalid_type(Unexpected::Bytes(bytes), &visitor)),
            None => self.value(visitor, plain),
        }
    }

    /// Reads an array, or an attachment as if it were an array of its bytes.
    fn sequence<V: Visitor<'a>>(
        &mut self,
        visitor: V,
        plain: impl FnOnce(&mut JsonDeserializer<'a>, V) -> Result<V::Value, Error>,
    ) -> Result<V::Value, Error> {
        match self.attachment() {
            Some(bytes) => {
                let mut elements = SeqDeserializer::new(bytes.iter().copied());
                let value = visitor.visit_seq(&mut elements)?;
                elements.end()?;
                Ok(value)
            }
            None => self.value(visitor, plain),
        }
    }

    /// Reads what lies between two brackets, all of it.
    fn nested<T>(
        &mut self,
        open: u8,
        close: u8,
        read: impl FnOnce(&mut Inside<'_, 'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.expect(open)?;
        if self.depth == MAX_DEPTH {
            return Err(Error::custom("recursion limit exceeded"));
        }
        self.depth += 1;
        let value = read(&mut Inside { reader: self, close, first: true })?;
        self.depth -= 1;
        self.expect(close)?;
        Ok(value)
    }
}

type JsonDeserializer<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

/// Reads one value that is the whole text.
pub(super) fn plain_value<'a, T>(
    text: &'a str,
    read: impl FnOnce(&mut JsonDeserializer<'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = read(&mut json)?;
    json.end()?;
    Ok(value)
}

/// Hands a macro the methods that need no thought of their own, by how they take an attachment.
macro_rules! plain_methods {
    ($generate:ident) => {
        $generate! {
            value {
                deserialize_any(), deserialize_bytes(), deserialize_byte_buf(), deserialize_map(),
                deserialize_struct(name: &'static str, fields: &'static [&'static str]),
            }
            scalar {
                deserialize_bool(), deserialize_i8(), deserialize_i16(), deserialize_i32(),
                deserialize_i64(), deserialize_i128(), deserialize_u8(), deserialize_u16(),
                deserialize_u32(), deserialize_u64(), deserialize_u128(), deserialize_f32(),
                deserialize_f64(), deserialize_char(), deserialize_str(), deserialize_string(),
                deserialize_identifier(), deserialize_unit_struct(name: &'static str),
            }
            sequence {
                deserialize_seq(),
            }
        }
    };
}

pub(super) use plain_methods;

macro_rules! reader_methods {
    ($($kind:ident { $($method:ident($($arg:ident: $type:ty),*),)* })*) => {$($(
        fn $method<V: Visitor<'a>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, Error> {
            self.$kind(visitor, |json, visitor| json.$method($($arg,)* visitor))
        }
    )*)*};
}

impl<'a> Deserializer<'a> for &mut Reader<'a> {
    type Error = Error;

    plain_methods!(reader_methods);

    fn deserialize_tuple<V>(self, len: usize, visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        self.sequence(visitor, |json, visitor| json.deserialize_tuple(len, visitor))
    }

    fn deserialize_tuple_struct<V>(self, _name: &'static str, len: usize, visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.scalar(visitor, |json, visitor| json.deserialize_unit(visitor))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_mixed() {
            return visitor.visit_some(self);
        }
        plain_value(self.skip()?, |json| json.deserialize_option(visitor))
    }

    fn deserialize_newtype_struct<V>(self, name: &'static str, visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        if name != RAW_VALUE && self.is_mixed() {
            return visitor.visit_newtype_struct(self);
        }
        plain_value(self.skip()?, |json| json.deserialize_newtype_struct(name, visitor))
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
        if let Some(bytes) = self.attachment() {
            return Err(Error::invalid_type(Unexpected::Bytes(bytes), &visitor));
        }
        if self.is_mixed() && self.peek() == Some(b'{') {
            return self.nested(b'{', b'}', |inside| visitor.visit_enum(inside));
        }
        plain_value(self.skip()?, |json| json.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }
}

/// The elements of an array, the entries of an object, or the one entry of an enum's object.
struct Inside<'r, 'a> {
    reader: &'r mut Reader<'a>,
    close: u8,
    first: bool,
}

impl<'a> Inside<'_, 'a> {
    /// Stands on the next element or key. False at the closing bracket.
    fn advance(&mut self) -> Result<bool, Error> {
        if self.reader.peek() == Some(self.close) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.reader.expect(b',')?;
        }
        Ok(true)
    }

    /// Passes a key and its colon.
    fn key<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<K::Value, Error> {
        let key = seed.deserialize(KeyDeserializer { quoted: self.reader.skip()? })?;
        self.reader.expect(b':')?;
        Ok(key)
    }
}

impl<'a> SeqAccess<'a> for &mut Inside<'_, 'a> {
    type Error = Error;

    fn next_element_seed<T>(&mut self, seed: T) -> Result<Option<T::Value>, Error>
    where
        T: DeserializeSeed<'a>,
    {
        if !self.advance()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'a> MapAccess<'a> for &mut Inside<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K>(&mut self, seed: K) -> Result<Option<K::Value>, Error>
    where
        K: DeserializeSeed<'a>,
    {
        if !self.advance()? {
            return Ok(None);
        }
        self.key(seed).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'a> EnumAccess<'a> for &mut Inside<'_, 'a> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T>(self, seed: T) -> Result<(T::Value, Self), Error>
    where
        T: DeserializeSeed<'a>,
    {
        let variant = self.key(seed)?;
        Ok((variant, self))
    }
}

impl<'a> VariantAccess<'a> for &mut Inside<'_, 'a> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        serde::Deserialize::deserialize(&mut *self.reader)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }

    fn tuple_variant<V: Visitor<'a>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.reader.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        self.reader.deserialize_struct("", fields, visitor)
    }
}
