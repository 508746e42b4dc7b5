//! Strings that come again and again: keys of objects and names of events.

use pyo3::prelude::*;
use pyo3::types::PyString;

/// Longer ones are made anew.
const LONGEST: usize = 48;
const SLOTS: usize = 512;

/// The strings that were met last, in a table of fixed size. Python's own table of interned strings would keep whatever
/// clients make up: some versions never let go of it.
#[derive(Debug)]
pub(crate) struct Keys(Vec<Option<(Box<str>, Py<PyString>)>>);

impl Default for Keys {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| None).collect())
    }
}

impl Keys {
    /// The string of a text.
    pub(crate) fn string<'py>(&mut self, py: Python<'py>, text: &str) -> Bound<'py, PyString> {
        let Some(slot) = self.slot(text) else { return PyString::new(py, text) };
        if let Some((known, string)) = slot
            && **known == *text
        {
            return string.bind(py).clone();
        }
        let string = PyString::new(py, text);
        *slot = Some((text.into(), string.clone().unbind()));
        string
    }

    fn slot(&mut self, text: &str) -> Option<&mut Option<(Box<str>, Py<PyString>)>> {
        if text.len() > LONGEST {
            return None;
        }
        // FNV-1a.
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        self.0.get_mut((hash ^ (hash >> 32)) as usize % SLOTS)
    }
}
