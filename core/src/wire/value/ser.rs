//! From values to JSON: byte buffers are lifted out.

use std::cell::Cell;
use std::io;

use bytes::Bytes;
use serde::ser::{Serialize, Serializer};
use serde_json::Error;
use serde_json::ser::{Compound, Formatter};

/// Values as they travel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Compact JSON in UTF-8: values separated by commas, without brackets around them.
    pub json: Vec<u8>,
    /// The byte buffers that `json` has placeholders for, in order of appearance.
    pub attachments: Vec<Bytes>,
}

/// Encodes the arguments of an event or an acknowledgement.
///
/// A tuple, tuple struct or `[T; N]` stands for several arguments, `()` for none; anything else (a
/// struct, a `Vec`, an `Option`) is one argument. References, boxes and newtype structs are what
/// they hold. NaN and the infinities become `null`.
///
/// # Errors
/// What the value's own `Serialize` refuses, and maps with keys that are no strings.
pub fn encode_args<T: Serialize + ?Sized>(value: &T) -> Result<Encoded, Error> {
    let mut encoded = Encoded::with_room();
    let shape = Cell::new(Shape::One);
    let mut json = json_serializer(&mut encoded, &shape);
    value.serialize(ArgsSerializer { json: &mut json, shape: &shape })?;
    if shape.get() == Shape::Several {
        encoded.json.pop();
    }
    Ok(encoded)
}

/// Encodes exactly one value: a tuple becomes a JSON array, `()` becomes `null`.
///
/// # Errors
/// As [`encode_args`].
pub fn encode_value<T: Serialize + ?Sized>(value: &T) -> Result<Encoded, Error> {
    let mut encoded = Encoded::with_room();
    let shape = Cell::new(Shape::One);
    value.serialize(&mut json_serializer(&mut encoded, &shape))?;
    Ok(encoded)
}

impl Encoded {
    /// Nothing yet, with room for a small event: saves the growth that most events would need.
    fn with_room() -> Self {
        Encoded { json: Vec::with_capacity(128), attachments: Vec::new() }
    }
}

type JsonSerializer<'a> = serde_json::Serializer<&'a mut Vec<u8>, Lift<'a>>;

fn json_serializer<'a>(encoded: &'a mut Encoded, shape: &'a Cell<Shape>) -> JsonSerializer<'a> {
    let lift = Lift { attachments: &mut encoded.attachments, shape };
    serde_json::Serializer::with_formatter(&mut encoded.json, lift)
}

/// What the outermost value has turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One value, or none.
    One,
    /// A list of arguments whose opening bracket is about to be written, and must not be.
    Opening,
    /// A list of arguments written without its opening bracket.
    Several,
}

/// Writes compact JSON, except for byte buffers and the opening bracket of an argument list.
struct Lift<'a> {
    attachments: &'a mut Vec<Bytes>,
    shape: &'a Cell<Shape>,
}

impl Formatter for Lift<'_> {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.shape.get() == Shape::Opening {
            self.shape.set(Shape::Several);
            return Ok(());
        }
        writer.write_all(b"[")
    }

    fn write_byte_array<W>(&mut self, writer: &mut W, value: &[u8]) -> io::Result<()>
    where
        W: io::Write + ?Sized,
    {
        let num = self.attachments.len();
        self.attachments.push(Bytes::copy_from_slice(value));
        write!(writer, r#"{{"_placeholder":true,"num":{num}}}"#)
    }
}

/// Tells an argument list from a single argument by the first thing a value asks for.
struct ArgsSerializer<'a, 'b> {
    json: &'a mut JsonSerializer<'b>,
    shape: &'a Cell<Shape>,
}

type Parts<'a, 'b> = Compound<'a, &'b mut Vec<u8>, Lift<'b>>;

/// Methods that write one argument of a plain type.
macro_rules! one_argument {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.json.$method(value)
        }
    )*};
}

impl<'a, 'b> Serializer for ArgsSerializer<'a, 'b> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a, 'b>;
    type SerializeTuple = Parts<'a, 'b>;
    type SerializeTupleStruct = Parts<'a, 'b>;
    type SerializeTupleVariant = Parts<'a, 'b>;
    type SerializeMap = Parts<'a, 'b>;
    type SerializeStruct = Parts<'a, 'b>;
    type SerializeStructVariant = Parts<'a, 'b>;

    one_argument! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_tuple(self, len: usize) -> Result<Parts<'a, 'b>, Error> {
        self.shape.set(Shape::Opening);
        self.json.serialize_tuple(len)
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Parts<'a, 'b>, Error> {
        self.serialize_tuple(len)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_newtype_struct<T>(self, _: &'static str, value: &T) -> Result<(), Error>
    where
        T: Serialize + ?Sized,
    {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.json.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.json.serialize_some(value)
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<(), Error> {
        self.json.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.json.serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'a, 'b>, Error> {
        self.json.serialize_tuple_variant(name, index, variant, len)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'a, 'b>, Error> {
        self.json.serialize_struct_variant(name, index, variant, len)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Parts<'a, 'b>, Error> {
        self.json.serialize_seq(len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Parts<'a, 'b>, Error> {
        self.json.serialize_map(len)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Parts<'a, 'b>, Error> {
        self.json.serialize_struct(name, len)
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.json.collect_str(value)
    }
}
