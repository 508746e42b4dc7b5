//! Placeholders: the objects that stand for binary attachments.

use std::ops::Range;

use super::grammar::{Scanner, Watch};
use super::{JsonError, JsonErrorKind, string};

/// An object that stands for an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Byte span of the whole object, braces included.
    pub span: Range<usize>,
    /// Index of the attachment it stands for.
    pub num: usize,
}

/// Finds the placeholders in a checked, comma separated list of values, in order of appearance.
///
/// A placeholder is an object whose key `_placeholder` is exactly `true`; with any other value it
/// is an ordinary object. Keys may be escaped, the last of equal keys counts, further keys and
/// everything below them are ignored. Its `num` must be written in plain digits and be less than
/// `attachments`; an attachment may be named several times or never. `text` is what
/// [`super::scan_event`] or [`super::scan_array`] returned a span of.
///
/// # Errors
/// [`JsonErrorKind::BadPlaceholder`] at the first placeholder with any other `num`,
/// [`JsonErrorKind::Syntax`] when the text was not checked after all.
pub fn placeholders(text: &str, attachments: usize) -> Result<Vec<Placeholder>, JsonError> {
    let mut finder = Finder { text, open: Vec::new(), found: Vec::new() };
    let mut scanner = Scanner::new(text, usize::MAX);
    if scanner.peek_token().is_some() {
        scanner.run(&mut finder)?;
        while scanner.take(b',') {
            scanner.run(&mut finder)?;
        }
        scanner.end()?;
    }
    let checked = finder.found.into_iter().map(|(span, num)| match num {
        Some(num) if num < attachments => Ok(Placeholder { span, num }),
        _ => Err(JsonError { kind: JsonErrorKind::BadPlaceholder, at: span.start }),
    });
    checked.collect()
}

/// Remembers, for every open object, whether it is a placeholder so far.
struct Finder<'a> {
    text: &'a str,
    open: Vec<Level>,
    /// Spans and numbers of the placeholders that have ended, outermost only. `None` for a number
    /// out of the question.
    found: Vec<(Range<usize>, Option<usize>)>,
}

/// One open array or object.
struct Level {
    start: usize,
    /// How many placeholders had been found when it began: those that came since lie inside it.
    found_before: usize,
    last_key: Key,
    is_placeholder: bool,
    num: Option<usize>,
}

/// The keys that matter.
#[derive(Clone, Copy)]
enum Key {
    Placeholder,
    Num,
    Other,
}

impl Watch for Finder<'_> {
    fn open(&mut self, at: usize, _object: bool) {
        self.value("");
        self.open.push(Level {
            start: at,
            found_before: self.found.len(),
            last_key: Key::Other,
            is_placeholder: false,
            num: None,
        });
    }

    fn close(&mut self, end: usize) {
        if let Some(level) = self.open.pop()
            && level.is_placeholder
        {
            self.found.truncate(level.found_before);
            self.found.push((level.start..end, level.num));
        }
    }

    fn key(&mut self, span: Range<usize>, escaped: bool) {
        let key = if escaped {
            let quoted = self.text.get(span.start - 1..span.end + 1).unwrap_or_default();
            Key::of(&string::unescape(quoted).unwrap_or_default())
        } else {
            Key::of(self.text.get(span).unwrap_or_default())
        };
        if let Some(level) = self.open.last_mut() {
            level.last_key = key;
        }
    }

    fn scalar(&mut self, span: Range<usize>) {
        self.value(self.text.get(span).unwrap_or_default());
    }
}

impl Finder<'_> {
    /// Takes note of a value below the last key. Arrays and objects come as `""`.
    fn value(&mut self, written: &str) {
        let Some(level) = self.open.last_mut() else {
            return;
        };
        match level.last_key {
            Key::Placeholder => level.is_placeholder = written == "true",
            Key::Num => level.num = plain_number(written),
            Key::Other => {}
        }
    }
}

impl Key {
    fn of(name: &str) -> Self {
        match name {
            "_placeholder" => Key::Placeholder,
            "num" => Key::Num,
            _ => Key::Other,
        }
    }
}

/// Digits and nothing else; `1.0`, `1e0`, `-0` and `"1"` are refused.
fn plain_number(written: &str) -> Option<usize> {
    if written.bytes().all(|byte| byte.is_ascii_digit()) { written.parse().ok() } else { None }
}
