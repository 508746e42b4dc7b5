//! From JSON to values: byte buffers are put back.
//!
//! Text is walked once. Scalars, and everything behind the last placeholder, go to `serde_json` as
//! they are; only arrays and objects in front of it are taken apart here. No tree is built.

use bytes::Bytes;
use serde::Deserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde_json::Error;

use super::super::json;
use super::reader::{RAW_VALUE, Reader, plain_methods};

/// Decodes the arguments of an event or an acknowledgement.
///
/// `json` is a checked, comma separated list of values, `attachments` what its placeholders stand
/// for. When `T` is a tuple, tuple struct or `[T; N]` its parts take the arguments in order: those
/// that are missing count as `null`, surplus ones are ignored. `()` takes none. Any other `T` takes
/// the first argument, or `null`. Newtype structs are what they hold. A placeholder becomes any
/// type that reads byte buffers (`bytes::Bytes`, `serde_bytes`) or sequences of `u8`, anywhere in
/// `T`. Lone surrogate escapes become U+FFFD.
///
/// In an untagged enum a variant for bytes has to stand in front of one for strings: serde tries
/// bytes that are UTF-8 as a string as well.
///
/// # Errors
/// What `T` refuses, placeholders that name no attachment, values nested deeper than 127 levels.
pub fn decode_args<T: DeserializeOwned>(json: &str, attachments: &[Bytes]) -> Result<T, Error> {
    decode(json, attachments, |reader| T::deserialize(ArgsDeserializer { reader }))
}

/// Decodes exactly one value.
///
/// # Errors
/// As [`decode_args`]; further values, or none at all, are an error as well.
pub fn decode_value<T: DeserializeOwned>(json: &str, attachments: &[Bytes]) -> Result<T, Error> {
    decode(json, attachments, |mut reader| {
        let value = T::deserialize(&mut reader)?;
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(Error::custom("more than one value")),
        }
    })
}

/// Runs `read`, a second time on repaired text where the first attempt may have met lone
/// surrogates.
fn decode<T>(json: &str, attachments: &[Bytes], read: impl Fn(Reader<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let placeholders = if attachments.is_empty() {
        Vec::new()
    } else {
        json::placeholders(json, attachments.len()).map_err(Error::custom)?
    };
    read(Reader::new(json, &placeholders, attachments)).or_else(|error| {
        // The repaired copy is as long as the text: the placeholders lie where they were.
        let repaired = json::replace_lone_surrogates(json).ok_or(error)?;
        read(Reader::new(&repaired, &placeholders, attachments))
    })
}

/// Tells an argument list from a single argument by the first thing `T` asks for.
struct ArgsDeserializer<'a> {
    reader: Reader<'a>,
}

impl<'a> ArgsDeserializer<'a> {
    /// A reader of the first argument.
    fn first(mut self) -> Reader<'a> {
        match self.reader.peek() {
            Some(_) => self.reader,
            None => Reader::null(),
        }
    }
}

macro_rules! first_argument_methods {
    ($($kind:ident { $($method:ident($($arg:ident: $type:ty),*),)* })*) => {$($(
        fn $method<V: Visitor<'a>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, Error> {
            self.first().$method($($arg,)* visitor)
        }
    )*)*};
}

impl<'a> Deserializer<'a> for ArgsDeserializer<'a> {
    type Error = Error;

    plain_methods!(first_argument_methods);

    fn deserialize_tuple<V>(self, len: usize, visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        visitor.visit_seq(Arguments { reader: self.reader, first: true, left: len })
    }

    fn deserialize_tuple_struct<V>(self, _name: &'static str, len: usize, visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.first().deserialize_option(visitor)
    }

    fn deserialize_newtype_struct<V>(self, name: &'static str, visitor: V) -> Result<V::Value, Error>
    where
        V: Visitor<'a>,
    {
        if name == RAW_VALUE {
            return self.first().deserialize_newtype_struct(name, visitor);
        }
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
        self.first().deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// The arguments in order, and `null` for those that are missing.
struct Arguments<'a> {
    reader: Reader<'a>,
    first: bool,
    left: usize,
}

impl<'a> SeqAccess<'a> for Arguments<'a> {
    type Error = Error;

    fn next_element_seed<T>(&mut self, seed: T) -> Result<Option<T::Value>, Error>
    where
        T: DeserializeSeed<'a>,
    {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if self.reader.peek().is_none() {
            return seed.deserialize(&mut Reader::null()).map(Some);
        }
        if !std::mem::take(&mut self.first) {
            self.reader.expect(b',')?;
        }
        seed.deserialize(&mut self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}
