//! JSON text, judged without building a tree.
//!
//! The scan accepts exactly what `serde_json` accepts for a value nobody looks at (RFC 8259, lone
//! surrogate escapes allowed, no trailing garbage), plus a depth limit of the caller's choice. It
//! never recurses, so nesting costs one bit a level and no stack, and it allocates only for an
//! escaped event name or beyond 64 levels.
//!
//! All spans are byte offsets into the text that was passed in and lie on character boundaries.

#[cfg(test)]
pub(super) mod differential;
mod grammar;
mod placeholder;
mod string;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use grammar::Scanner;
pub(super) use grammar::is_space;

pub use placeholder::{Placeholder, placeholders};
pub use string::{replace_lone_surrogates, write_string};

/// Why a text was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What was wrong.
    pub kind: JsonErrorKind,
    /// Byte offset of the offence in the text; its length when the text ended too early.
    pub at: usize,
}

/// The rule a text broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// Not JSON: a wrong or missing character, or something after the value.
    Syntax,
    /// More arrays and objects inside each other than the caller allows.
    TooDeep,
    /// An array was needed (event, acknowledgement).
    NotAnArray,
    /// An object was needed (CONNECT payload).
    NotAnObject,
    /// An event without even a name: `[]`.
    EmptyArray,
    /// An event name that is neither a string nor a number.
    BadName,
    /// A placeholder whose `num` is not a plain integer naming one of the attachments.
    BadPlaceholder,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            JsonErrorKind::Syntax => "invalid JSON",
            JsonErrorKind::TooDeep => "JSON nested too deep",
            JsonErrorKind::NotAnArray => "expected a JSON array",
            JsonErrorKind::NotAnObject => "expected a JSON object",
            JsonErrorKind::EmptyArray => "event without a name",
            JsonErrorKind::BadName => "event name is neither a string nor a number",
            JsonErrorKind::BadPlaceholder => "placeholder names no attachment",
        };
        write!(f, "{what} at byte {}", self.at)
    }
}

impl std::error::Error for JsonError {}

/// Where the parts of an event lie in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSpan {
    /// The event's name.
    pub name: Name,
    /// The arguments after the name, comma separated, without the closing bracket and outer white
    /// space. Empty when there are none.
    pub args: Range<usize>,
}

/// An event's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A string without escapes: the span between its quotes.
    Plain(Range<usize>),
    /// A string with escapes, decoded. Lone surrogates have become U+FFFD.
    Escaped(String),
    /// A number: the span of its digits as written.
    Number(Range<usize>),
}

/// Checks an event: a non-empty array whose first element is a string or a number.
///
/// `max_depth` counts the event's own array, so `["a",[1]]` needs 2.
///
/// # Errors
/// Every kind but [`JsonErrorKind::NotAnObject`] and [`JsonErrorKind::BadPlaceholder`].
pub fn scan_event(text: &str, max_depth: usize) -> Result<EventSpan, JsonError> {
    let mut scanner = Scanner::new(text, max_depth);
    if scanner.enter_array()? {
        return Err(scanner.error_here(JsonErrorKind::EmptyArray));
    }
    let name = event_name(&mut scanner, text)?;
    let args = scanner.rest_of_array()?;
    scanner.end()?;
    Ok(EventSpan { name, args })
}

/// Checks the arguments of an acknowledgement: one array, which may be empty.
///
/// Returns the span between its brackets without outer white space. `max_depth` counts the array
/// itself.
///
/// # Errors
/// [`JsonErrorKind::Syntax`], [`JsonErrorKind::TooDeep`] or [`JsonErrorKind::NotAnArray`].
pub fn scan_array(text: &str, max_depth: usize) -> Result<Range<usize>, JsonError> {
    let mut scanner = Scanner::new(text, max_depth);
    let args = if scanner.enter_array()? { scanner.leave_empty_array() } else { scanner.elements()? };
    scanner.end()?;
    Ok(args)
}

/// Checks the payload of a CONNECT: one object.
///
/// # Errors
/// [`JsonErrorKind::Syntax`], [`JsonErrorKind::TooDeep`] or [`JsonErrorKind::NotAnObject`].
pub fn scan_object(text: &str, max_depth: usize) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(text, max_depth);
    if scanner.peek_token() != Some(b'{') {
        return Err(scanner.error_here(JsonErrorKind::NotAnObject));
    }
    scanner.run(&mut ())?;
    scanner.end()
}

/// Checks one value of any kind, white space around it allowed. A scalar has depth 0, `[]` has
/// depth 1.
///
/// # Errors
/// [`JsonErrorKind::Syntax`] or [`JsonErrorKind::TooDeep`].
pub fn scan_value(text: &str, max_depth: usize) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(text, max_depth);
    scanner.run(&mut ())?;
    scanner.end()
}

/// Splits a checked, comma separated list of values at its top-level commas.
///
/// Each item is one value without the white space around it. Text that was not checked does not
/// panic: what follows the first offence comes out as one last item.
pub fn split_args(text: &str) -> SplitArgs<'_> {
    SplitArgs { text, scanner: Scanner::new(text, usize::MAX), ended: false }
}

/// The iterator behind [`split_args`].
#[derive(Debug)]
pub struct SplitArgs<'a> {
    text: &'a str,
    scanner: Scanner<'a>,
    ended: bool,
}

impl<'a> Iterator for SplitArgs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.ended || self.scanner.peek_token().is_none() {
            return None;
        }
        let start = self.scanner.at();
        if self.scanner.run(&mut ()).is_ok() {
            let end = self.scanner.at();
            if self.scanner.take(b',') || self.scanner.peek_token().is_none() {
                return self.text.get(start..end);
            }
        }
        self.ended = true;
        self.text.get(start..).map(|rest| rest.trim_end_matches(is_space))
    }
}

/// The offset just behind the value that starts at or after `at`, its depth unlimited.
pub(super) fn skip_value(text: &str, at: usize) -> Result<usize, JsonError> {
    let mut scanner = Scanner::starting_at(text, at);
    scanner.run(&mut ())?;
    Ok(scanner.at())
}

/// Takes the first element of an event's array.
fn event_name(scanner: &mut Scanner<'_>, text: &str) -> Result<Name, JsonError> {
    let start = scanner.at();
    match scanner.peek_token() {
        Some(b'"') => {
            let escaped = scanner.string()?;
            let end = scanner.at();
            if !escaped {
                return Ok(Name::Plain(start + 1..end - 1));
            }
            let quoted = text.get(start..end).unwrap_or_default();
            let name = string::unescape(quoted).ok_or(JsonError { kind: JsonErrorKind::Syntax, at: start })?;
            Ok(Name::Escaped(name))
        }
        Some(b'-' | b'0'..=b'9') => {
            scanner.number()?;
            Ok(Name::Number(start..scanner.at()))
        }
        Some(b'{' | b'[' | b't' | b'f' | b'n') => Err(scanner.error_here(JsonErrorKind::BadName)),
        _ => Err(scanner.error_here(JsonErrorKind::Syntax)),
    }
}
