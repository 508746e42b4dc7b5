//! From JSON text and attachments to Python objects.

use crate::values::Keys;
use bytes::Bytes;
use pancar::Payload;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use std::ops::Range;

/// The arguments of an event or of an answer.
pub(crate) fn read_args<'py>(py: Python<'py>, args: &Payload, keys: &mut Keys) -> PyResult<Bound<'py, PyTuple>> {
    let mut binary = args.binary_spans();
    binary.reverse();
    PyTuple::new(py, Reader { py, text: args.json(), at: 0, binary, keys }.values()?)
}

/// One JSON value.
pub(crate) fn read_value<'py>(py: Python<'py>, json: &str, keys: &mut Keys) -> PyResult<Bound<'py, PyAny>> {
    let mut values = Reader { py, text: json, at: 0, binary: Vec::new(), keys }.values()?;
    values.pop().ok_or_else(bad)
}

/// The core checked the text: this is not met.
#[cold]
fn bad() -> PyErr {
    PyValueError::new_err("the text is not JSON")
}

/// An array or an object that has begun and not ended.
enum Level<'py> {
    /// Where among the values its items begin.
    Array(usize),
    /// What it has so far, and the key of the value that follows.
    Object(Bound<'py, PyDict>, Bound<'py, PyString>),
}

/// Reads text that has been checked. Keeps its own stack: text may be nested more deeply than a thread's stack can take.
struct Reader<'a, 'py> {
    py: Python<'py>,
    text: &'a str,
    at: usize,
    /// What is binary, the next one last.
    binary: Vec<(Range<usize>, &'a Bytes)>,
    keys: &'a mut Keys,
}

impl<'a, 'py> Reader<'a, 'py> {
    fn values(mut self) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let mut values = Vec::new();
        let mut open = Vec::new();
        while let Some(byte) = self.token() {
            if let Some(value) = self.begin(byte, &mut open, values.len())? {
                self.place(value, &mut open, &mut values)?;
            }
        }
        if open.is_empty() { Ok(values) } else { Err(bad()) }
    }

    /// Reads a value, or the beginning of one that holds others.
    fn begin(&mut self, byte: u8, open: &mut Vec<Level<'py>>, count: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.py;
        Ok(Some(match byte {
            b'"' => self.string()?.into_any(),
            b'{' => match self.attachment() {
                Some(bytes) => bytes,
                None => return self.begin_object(open),
            },
            b'[' => {
                self.at += 1;
                if self.token() != Some(b']') {
                    open.push(Level::Array(count));
                    return Ok(None);
                }
                self.at += 1;
                PyList::empty(py).into_any()
            }
            b't' => self.word("true", PyBool::new(py, true).to_owned().into_any())?,
            b'f' => self.word("false", PyBool::new(py, false).to_owned().into_any())?,
            b'n' => self.word("null", py.None().into_bound(py))?,
            _ => self.number()?,
        }))
    }

    fn begin_object(&mut self, open: &mut Vec<Level<'py>>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.at += 1;
        let dict = PyDict::new(self.py);
        if self.token() == Some(b'}') {
            self.at += 1;
            return Ok(Some(dict.into_any()));
        }
        let key = self.key()?;
        open.push(Level::Object(dict, key));
        Ok(None)
    }

    /// Puts a value where it belongs, and ends what ends with it.
    fn place(
        &mut self,
        mut value: Bound<'py, PyAny>,
        open: &mut Vec<Level<'py>>,
        values: &mut Vec<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        loop {
            let ends = match open.last_mut() {
                None | Some(Level::Array(_)) => {
                    values.push(value);
                    b']'
                }
                Some(Level::Object(dict, key)) => {
                    dict.set_item(&*key, value)?;
                    b'}'
                }
            };
            match self.token() {
                Some(b',') => {
                    self.at += 1;
                    if let Some(Level::Object(_, key)) = open.last_mut() {
                        *key = self.key()?;
                    }
                    return Ok(());
                }
                None if open.is_empty() => return Ok(()),
                Some(byte) if byte == ends => self.at += 1,
                _ => return Err(bad()),
            }
            value = match open.pop() {
                Some(Level::Array(start)) => PyList::new(self.py, values.drain(start..))?.into_any(),
                Some(Level::Object(dict, _)) => dict.into_any(),
                None => return Err(bad()),
            };
        }
    }

    /// The next byte that is no space.
    fn token(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if !self.rest().starts_with(word) {
            return Err(bad());
        }
        self.at += word.len();
        Ok(value)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The bytes for which the object that begins here stands.
    fn attachment(&mut self) -> Option<Bound<'py, PyAny>> {
        let (span, bytes) = self.binary.pop_if(|(span, _)| span.start == self.at)?;
        self.at = span.end;
        Some(PyBytes::new(self.py, bytes).into_any())
    }

    fn key(&mut self) -> PyResult<Bound<'py, PyString>> {
        if self.token() != Some(b'"') {
            return Err(bad());
        }
        let (text, escaped) = self.quoted()?;
        let key = if escaped { self.keys.string(self.py, &unescaped(text)?) } else { self.keys.string(self.py, text) };
        if self.token() != Some(b':') {
            return Err(bad());
        }
        self.at += 1;
        Ok(key)
    }

    fn string(&mut self) -> PyResult<Bound<'py, PyString>> {
        let (text, escaped) = self.quoted()?;
        Ok(if escaped { PyString::new(self.py, &unescaped(text)?) } else { PyString::new(self.py, text) })
    }

    /// What stands between the quotes, and whether something in it is escaped.
    fn quoted(&mut self) -> PyResult<(&'a str, bool)> {
        let text = self.rest().get(1..).ok_or_else(bad)?;
        let bytes = text.as_bytes();
        let mut end = 0;
        let mut escaped = false;
        loop {
            let rest = bytes.get(end..).unwrap_or_default();
            end += memchr::memchr2(b'"', b'\\', rest).ok_or_else(bad)?;
            if bytes.get(end) == Some(&b'"') {
                break;
            }
            escaped = true;
            end += 2;
        }
        self.at += end + 2;
        Ok((text.get(..end).ok_or_else(bad)?, escaped))
    }

    fn number(&mut self) -> PyResult<Bound<'py, PyAny>> {
        let rest = self.rest();
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !is_part(&byte)).unwrap_or(rest.len());
        let text = rest.get(..length).filter(|text| !text.is_empty()).ok_or_else(bad)?;
        self.at += length;
        if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            return self.float(text);
        }
        match text.parse::<i64>() {
            Ok(number) => Ok(number.into_pyobject(self.py)?.into_any()),
            // Python refuses to read numbers of thousands of digits, which take long.
            Err(_) => self.py.get_type::<PyInt>().call1((text,)).or_else(|_| self.float(text)),
        }
    }

    fn float(&self, text: &str) -> PyResult<Bound<'py, PyAny>> {
        let number = text.parse().map_err(|_| bad())?;
        Ok(PyFloat::new(self.py, number).into_any())
    }
}

/// The text of a string in which something is escaped. Lone surrogates become U+FFFD.
fn unescaped(quoted: &str) -> PyResult<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut after = escape.chars();
        match after.next().ok_or_else(bad)? {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'u' => {
                rest = units(escape, &mut text)?;
                continue;
            }
            itself => text.push(itself),
        }
        rest = after.as_str();
    }
    text.push_str(rest);
    Ok(text)
}

/// A run of `uXXXX`, which may hold pairs; what follows it.
fn units<'a>(first: &'a str, text: &mut String) -> PyResult<&'a str> {
    let mut units = Vec::new();
    let mut rest = first;
    loop {
        let digits = rest.get(1..5).ok_or_else(bad)?;
        units.push(u16::from_str_radix(digits, 16).map_err(|_| bad())?);
        rest = rest.get(5..).unwrap_or_default();
        match rest.strip_prefix('\\') {
            Some(more) if more.starts_with('u') => rest = more,
            _ => break,
        }
    }
    text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Ok(rest)
}
