//! The grammar of JSON as an iterative machine.

use std::ops::Range;

use super::string::plain_end;
use super::{JsonError, JsonErrorKind};

/// What wants to know about the values a scan passes. Every method defaults to not caring.
pub(super) trait Watch {
    /// An array or object begins; `at` is the offset of its bracket.
    fn open(&mut self, _at: usize, _object: bool) {}
    /// The innermost array or object has ended; `end` is the offset behind its bracket.
    fn close(&mut self, _end: usize) {}
    /// A key of the innermost object: its span without quotes, and whether it holds escapes.
    fn key(&mut self, _span: Range<usize>, _escaped: bool) {}
    /// A string (with quotes), number or literal.
    fn scalar(&mut self, _span: Range<usize>) {}
}

impl Watch for () {}

/// The four characters JSON calls white space.
pub(in super::super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A position in a text and the arrays and objects open there.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    max_depth: usize,
    nest: Nest,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, max_depth: usize) -> Self {
        Scanner { text: text.as_bytes(), at: 0, max_depth, nest: Nest::default() }
    }

    pub(super) fn starting_at(text: &'a str, at: usize) -> Self {
        Scanner { at, ..Scanner::new(text, usize::MAX) }
    }

    /// Offset of the next byte to read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn error_here(&self, kind: JsonErrorKind) -> JsonError {
        JsonError { kind, at: self.at }
    }

    /// Passes white space and shows the byte behind it.
    #[inline]
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Passes white space and then `byte`, if it is there.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let there = self.peek_token() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Nothing but white space may be left.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.error_here(JsonErrorKind::Syntax)),
        }
    }

    /// Passes the opening bracket of an array and stands on its first token. True when that closes
    /// it again.
    pub(super) fn enter_array(&mut self) -> Result<bool, JsonError> {
        if self.peek_token() != Some(b'[') {
            return Err(self.error_here(JsonErrorKind::NotAnArray));
        }
        self.push(false)?;
        Ok(self.peek_token() == Some(b']'))
    }

    /// Passes the closing bracket that [`Scanner::enter_array`] saw; the empty span in front of it.
    pub(super) fn leave_empty_array(&mut self) -> Range<usize> {
        let inner = self.at..self.at;
        self.close(&mut ());
        inner
    }

    /// Behind an element of the only open array: the span of the elements after it, the bracket
    /// passed.
    pub(super) fn rest_of_array(&mut self) -> Result<Range<usize>, JsonError> {
        match self.peek_token() {
            Some(b']') => Ok(self.leave_empty_array()),
            Some(b',') => {
                self.at += 1;
                self.peek_token();
                self.elements()
            }
            _ => Err(self.error_here(JsonErrorKind::Syntax)),
        }
    }

    /// On the first byte of an element of the only open array: the span up to its end, the bracket
    /// passed.
    pub(super) fn elements(&mut self) -> Result<Range<usize>, JsonError> {
        let start = self.at;
        self.run(&mut ())?;
        let inner = self.text.get(start..self.at.saturating_sub(1)).unwrap_or_default();
        let spaces = inner.iter().rev().take_while(|&&byte| is_space(char::from(byte))).count();
        Ok(start..start + inner.len() - spaces)
    }

    /// Passes values until nothing is open any more: one value when nothing was open before.
    #[inline]
    pub(super) fn run<W: Watch>(&mut self, watch: &mut W) -> Result<(), JsonError> {
        loop {
            let entered = self.value(watch)?;
            if !entered && self.after_value(watch)? {
                return Ok(());
            }
        }
    }

    /// Passes a string, the opening quote being next. True when it holds escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Result<bool, JsonError> {
        self.at = plain_end(self.text, self.at + 1);
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(false);
        }
        self.escaped_string()
    }

    /// Passes a number, its minus or first digit being next.
    #[inline]
    pub(super) fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        match self.peek() {
            Some(b'.' | b'e' | b'E' | b'0'..=b'9') => self.fraction(),
            _ => Ok(()),
        }
    }

    /// Passes a scalar or steps into an array or object. True when a value must follow.
    #[inline(always)]
    fn value<W: Watch>(&mut self, watch: &mut W) -> Result<bool, JsonError> {
        let first = self.peek_token();
        let start = self.at;
        match first {
            Some(b'"') => self.string().map(drop)?,
            Some(b'{') => return self.open(true, watch),
            Some(b'[') => return self.open(false, watch),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => return Err(self.error_here(JsonErrorKind::Syntax)),
        }
        watch.scalar(start..self.at);
        Ok(false)
    }

    /// Passes an opening bracket and, in an object, the first key. False when the bracket is closed
    /// at once.
    #[inline(always)]
    fn open<W: Watch>(&mut self, object: bool, watch: &mut W) -> Result<bool, JsonError> {
        watch.open(self.at, object);
        self.push(object)?;
        match (self.peek_token(), object) {
            (Some(b'}'), true) | (Some(b']'), false) => {
                self.close(watch);
                Ok(false)
            }
            (_, true) => self.key(watch).map(|()| true),
            (_, false) => Ok(true),
        }
    }

    /// Passes closing brackets up to the next comma (and key). True when nothing is open any more.
    #[inline(always)]
    fn after_value<W: Watch>(&mut self, watch: &mut W) -> Result<bool, JsonError> {
        while self.nest.depth > 0 {
            match (self.peek_token(), self.nest.in_object()) {
                (Some(b','), object) => {
                    self.at += 1;
                    if object {
                        self.key(watch)?;
                    }
                    return Ok(false);
                }
                (Some(b'}'), true) | (Some(b']'), false) => self.close(watch),
                _ => return Err(self.error_here(JsonErrorKind::Syntax)),
            }
        }
        Ok(true)
    }

    /// Passes a key and its colon.
    #[inline(always)]
    fn key<W: Watch>(&mut self, watch: &mut W) -> Result<(), JsonError> {
        if self.peek_token() != Some(b'"') {
            return Err(self.error_here(JsonErrorKind::Syntax));
        }
        let start = self.at + 1;
        let escaped = self.string()?;
        watch.key(start..self.at - 1, escaped);
        if self.peek_token() != Some(b':') {
            return Err(self.error_here(JsonErrorKind::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    #[inline(always)]
    fn push(&mut self, object: bool) -> Result<(), JsonError> {
        if self.nest.depth >= self.max_depth {
            return Err(self.error_here(JsonErrorKind::TooDeep));
        }
        self.at += 1;
        self.nest.push(object);
        Ok(())
    }

    #[inline(always)]
    fn close<W: Watch>(&mut self, watch: &mut W) {
        self.at += 1;
        self.nest.pop();
        watch.close(self.at);
    }

    /// The rest of a string, standing on the first byte that is not plain.
    #[cold]
    #[inline(never)]
    fn escaped_string(&mut self) -> Result<bool, JsonError> {
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(self.error_here(JsonErrorKind::Syntax)),
            }
            self.at = plain_end(self.text, self.at);
        }
        self.at += 1;
        Ok(true)
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        let valid = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
            Some(b'u') => {
                let digits = self.text.get(self.at + 1..self.at + 5);
                self.at += 4 * usize::from(digits.is_some());
                digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            }
            _ => false,
        };
        if !valid {
            return Err(self.error_here(JsonErrorKind::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    /// What may follow the integer part of a number. A digit here means a leading zero.
    fn fraction(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        match self.peek() {
            Some(b'e' | b'E') => self.at += 1,
            Some(b'0'..=b'9') => return Err(self.error_here(JsonErrorKind::Syntax)),
            _ => return Ok(()),
        }
        if let Some(b'+' | b'-') = self.peek() {
            self.at += 1;
        }
        self.digits()
    }

    /// One digit or more.
    #[inline]
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error_here(JsonErrorKind::Syntax));
        }
        Ok(())
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            self.at += rest.iter().zip(word).take_while(|(a, b)| a == b).count();
            return Err(self.error_here(JsonErrorKind::Syntax));
        }
        self.at += word.len();
        Ok(())
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

/// The open arrays and objects, one bit each: set for an object.
#[derive(Debug, Default)]
struct Nest {
    depth: usize,
    /// The innermost levels, the lowest bit being the last one opened.
    recent: u64,
    /// Full words of older levels.
    older: Vec<u64>,
}

impl Nest {
    #[inline(always)]
    fn in_object(&self) -> bool {
        self.recent & 1 == 1
    }

    #[inline(always)]
    fn push(&mut self, object: bool) {
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.older.push(self.recent);
        }
        self.depth += 1;
        self.recent = self.recent << 1 | u64::from(object);
    }

    #[inline(always)]
    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.recent >>= 1;
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.recent = self.older.pop().unwrap_or_default();
        }
    }
}
