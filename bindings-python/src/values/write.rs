//! From Python objects to JSON text and attachments.

use crate::error;
use crate::values;
use bytes::Bytes;
use pancar::{Payload, PayloadWriter, Text};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple};
use std::fmt::Write as _;

/// How deep values may be nested, calls of `default` included.
const MAX_DEPTH: usize = 1_000;

/// Arguments of an event or of an answer. What has no JSON form is given to `default`, which returns what has.
pub(crate) fn payload_of(args: &Bound<'_, PyTuple>, default: Option<&Bound<'_, PyAny>>) -> PyResult<Payload> {
    let mut writer = Writer { out: PayloadWriter::default(), default, binary: true, depth: 0 };
    for (index, value) in args.iter_borrowed().enumerate() {
        writer.value(&value).map_err(|failure| failure.at(Segment::Index(index)).raised("args"))?;
    }
    writer.out.finish().map_err(error::raised)
}

/// One value that may hold nothing binary, as JSON text; `name` is how errors call it.
pub(crate) fn json_of(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Text> {
    let mut writer = Writer { out: PayloadWriter::default(), default: None, binary: false, depth: 0 };
    writer.value(value).map_err(|failure| failure.raised(name))?;
    Ok(writer.out.finish().map_err(error::raised)?.json().clone())
}

/// Where in a value something is.
enum Segment {
    Index(usize),
    Key(String),
}

/// Why a value cannot be written.
enum Cause {
    /// Its type has no JSON form.
    Type(String),
    /// Its value has none.
    Value(String),
    /// Something else was raised.
    Raised(PyErr),
}

struct Failure {
    cause: Cause,
    /// Where it is, the innermost first.
    path: Vec<Segment>,
}

type Written = Result<(), Box<Failure>>;

impl Failure {
    fn new(cause: Cause) -> Box<Self> {
        Box::new(Self { cause, path: Vec::new() })
    }

    fn at(mut self: Box<Self>, segment: Segment) -> Box<Self> {
        self.path.push(segment);
        self
    }

    fn raised(self, root: &str) -> PyErr {
        let mut path = root.to_owned();
        for segment in self.path.iter().rev().take(12) {
            // Writing into a string does not fail.
            match segment {
                Segment::Index(index) => write!(path, "[{index}]").ok(),
                Segment::Key(key) => write!(path, ".{key}").ok(),
            };
        }
        if self.path.len() > 12 {
            path.push('…');
        }
        match self.cause {
            Cause::Type(what) => PyTypeError::new_err(format!("{path}: {what}")),
            Cause::Value(what) => PyValueError::new_err(format!("{path}: {what}")),
            Cause::Raised(error) => error,
        }
    }
}

impl From<PyErr> for Box<Failure> {
    fn from(error: PyErr) -> Self {
        Failure::new(Cause::Raised(error))
    }
}

impl From<pancar::Error> for Box<Failure> {
    fn from(error: pancar::Error) -> Self {
        Failure::new(Cause::Value(error.to_string()))
    }
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().fully_qualified_name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}

struct Writer<'a, 'py> {
    out: PayloadWriter,
    default: Option<&'a Bound<'py, PyAny>>,
    /// Whether bytes may stand in it.
    binary: bool,
    depth: usize,
}

impl<'py> Writer<'_, 'py> {
    fn value(&mut self, value: &Bound<'py, PyAny>) -> Written {
        // The most frequent first; subclasses come after all of them.
        if let Ok(string) = value.cast_exact::<PyString>() {
            return self.string(string);
        }
        if let Ok(number) = value.cast_exact::<PyInt>() {
            return self.integer(number);
        }
        if let Ok(dict) = value.cast_exact::<PyDict>() {
            return self.dict(dict);
        }
        if let Ok(list) = value.cast_exact::<PyList>() {
            return self.list(list);
        }
        if value.is_none() {
            return Ok(self.out.null()?);
        }
        if let Ok(truth) = value.cast_exact::<PyBool>() {
            return Ok(self.out.boolean(truth.is_true())?);
        }
        if let Ok(number) = value.cast_exact::<PyFloat>() {
            return self.float(number.value());
        }
        self.rare(value)
    }

    #[inline(never)]
    fn rare(&mut self, value: &Bound<'py, PyAny>) -> Written {
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.nested(|writer| writer.tuple(tuple));
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return self.bytes(Bytes::copy_from_slice(bytes.as_bytes()));
        }
        if let Ok(bytes) = value.cast::<PyByteArray>() {
            return self.bytes(bytes.to_vec().into());
        }
        if let Ok(view) = value.cast::<PyMemoryView>() {
            let bytes = view.call_method0("tobytes")?;
            let bytes = bytes.cast::<PyBytes>().map_err(PyErr::from)?;
            return self.bytes(Bytes::copy_from_slice(bytes.as_bytes()));
        }
        if let Ok(string) = value.cast::<PyString>() {
            return self.string(string);
        }
        if let Ok(number) = value.cast::<PyInt>() {
            return self.integer(number);
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            return self.dict(dict);
        }
        if let Ok(list) = value.cast::<PyList>() {
            return self.list(list);
        }
        if let Ok(number) = value.cast::<PyFloat>() {
            return self.float(number.value());
        }
        self.other(value)
    }

    fn other(&mut self, value: &Bound<'py, PyAny>) -> Written {
        let Some(default) = self.default else {
            let name = type_name(value);
            return Err(Failure::new(Cause::Type(format!("a value of type {name} has no JSON form"))));
        };
        let other = default.call1((value,))?;
        self.nested(|writer| writer.value(&other))
    }

    fn string(&mut self, string: &Bound<'py, PyString>) -> Written {
        Ok(self.out.string(&values::text(string)?)?)
    }

    fn integer(&mut self, number: &Bound<'py, PyInt>) -> Written {
        match number.extract::<i64>() {
            Ok(number) => Ok(self.out.integer(number)?),
            Err(_) => Ok(self.out.json(&digits(number)?)?),
        }
    }

    /// Not a number and infinity are null, as in JavaScript.
    fn float(&mut self, number: f64) -> Written {
        if number.is_finite() {
            self.out.number(number)?;
        } else {
            self.out.null()?;
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: Bytes) -> Written {
        if !self.binary {
            return Err(Failure::new(Cause::Type("bytes cannot stand here: they have no JSON form".to_owned())));
        }
        Ok(self.out.bytes(bytes)?)
    }

    /// One level deeper.
    fn nested(&mut self, write: impl FnOnce(&mut Self) -> Written) -> Written {
        if self.depth >= MAX_DEPTH {
            let what = format!("nested more than {MAX_DEPTH} deep, or in itself");
            return Err(Failure::new(Cause::Value(what)));
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }

    fn list(&mut self, list: &Bound<'py, PyList>) -> Written {
        self.nested(|writer| {
            writer.out.begin_array()?;
            // By number: `default` may change the list meanwhile.
            let mut index = 0;
            while index < list.len() {
                let Ok(item) = list.get_item(index) else { break };
                writer.value(&item).map_err(|failure| failure.at(Segment::Index(index)))?;
                index += 1;
            }
            Ok(writer.out.end_array()?)
        })
    }

    fn tuple(&mut self, tuple: &Bound<'py, PyTuple>) -> Written {
        self.out.begin_array()?;
        for (index, item) in tuple.iter_borrowed().enumerate() {
            self.value(&item).map_err(|failure| failure.at(Segment::Index(index)))?;
        }
        Ok(self.out.end_array()?)
    }

    fn dict(&mut self, dict: &Bound<'py, PyDict>) -> Written {
        self.nested(|writer| {
            writer.out.begin_object()?;
            for (key, value) in entries(dict)? {
                writer.key(&key)?;
                writer.value(&value).map_err(|failure| failure.at(Segment::Key(shown(&key))))?;
            }
            Ok(writer.out.end_object()?)
        })
    }

    /// Keys that are no strings become such as `json.dumps` has them.
    fn key(&mut self, key: &Bound<'py, PyAny>) -> Written {
        if let Ok(string) = key.cast::<PyString>() {
            return Ok(self.out.key(&values::text(string)?)?);
        }
        if key.is_none() {
            return Ok(self.out.key("null")?);
        }
        if let Ok(truth) = key.cast_exact::<PyBool>() {
            return Ok(self.out.key(if truth.is_true() { "true" } else { "false" })?);
        }
        if let Ok(number) = key.cast::<PyInt>() {
            return Ok(self.out.key(&digits(number)?)?);
        }
        if let Ok(number) = key.cast::<PyFloat>() {
            return Ok(self.out.key(&float_key(number)?)?);
        }
        let name = type_name(key);
        let what = format!("keys must be str, int, float, bool or None, not {name}");
        Err(Failure::new(Cause::Type(what)))
    }
}

/// The entries as they are now: `default`, or another thread, may change the dictionary.
fn entries<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let entries = std::cell::RefCell::new(Vec::with_capacity(dict.len()));
    dict.locked_for_each(|key, value| {
        entries.borrow_mut().push((key, value));
        Ok(())
    })?;
    Ok(entries.into_inner())
}

/// An integer of whatever size, as `int` writes it, not a subclass.
fn digits(number: &Bound<'_, PyInt>) -> PyResult<String> {
    number.py().get_type::<PyInt>().call_method1("__repr__", (number,))?.extract()
}

/// A number as a key, as `json.dumps` has it.
fn float_key(number: &Bound<'_, PyFloat>) -> PyResult<String> {
    match number.value() {
        value if value.is_nan() => Ok("NaN".to_owned()),
        f64::INFINITY => Ok("Infinity".to_owned()),
        f64::NEG_INFINITY => Ok("-Infinity".to_owned()),
        _ => number.py().get_type::<PyFloat>().call_method1("__repr__", (number,))?.extract(),
    }
}

fn shown(key: &Bound<'_, PyAny>) -> String {
    key.str().map_or_else(|_| "?".to_owned(), |text| text.to_string_lossy().into_owned())
}
