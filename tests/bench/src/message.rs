//! Messages that carry a sequence number: built once, patched per use, recognised byte for byte.

use crate::frame::{self, MASK, TEXT};

/// Digits of a sequence number on the wire.
const DIGITS: usize = 16;

/// A framed and masked event `42["NAME","<sequence><padding>"]` of which only the digits change.
#[derive(Debug)]
pub struct Template {
    bytes: Vec<u8>,
    /// Offset of the digits from the start of the frame.
    digits: usize,
    /// Offset of the digits from the start of the payload, which decides their part of the mask.
    phase: usize,
}

impl Template {
    /// A template for `event` whose argument is `payload` bytes long (at least the digits).
    pub fn new(event: &str, payload: usize) -> Self {
        let (prefix, suffix) = around(event, payload);
        let text = [prefix.as_slice(), &[b'0'; DIGITS], &suffix].concat();
        let mut bytes = Vec::new();
        let start = frame::push_client(TEXT, &text, &mut bytes);
        Self { bytes, digits: start + prefix.len(), phase: prefix.len() }
    }

    /// Appends the message with this number.
    #[inline]
    pub fn push(&mut self, sequence: u64, out: &mut Vec<u8>) {
        let mut rest = sequence;
        for at in (0..DIGITS).rev() {
            let digit = b'0' + (rest % 10) as u8;
            self.bytes[self.digits + at] = digit ^ MASK[(self.phase + at) % MASK.len()];
            rest /= 10;
        }
        out.extend_from_slice(&self.bytes);
    }
}

/// The event that is to come back, all but its number.
#[derive(Debug)]
pub struct Expected {
    prefix: Vec<u8>,
    suffix: Vec<u8>,
}

impl Expected {
    /// What a [`Template`] of the same length becomes when it is sent back as `event`.
    pub fn new(event: &str, payload: usize) -> Self {
        let (prefix, suffix) = around(event, payload);
        Self { prefix, suffix }
    }

    /// The number in `text`; `None` when any other byte differs.
    #[inline]
    pub fn sequence(&self, text: &[u8]) -> Option<u64> {
        let rest = text.strip_prefix(self.prefix.as_slice())?;
        let digits = rest.strip_suffix(self.suffix.as_slice())?;
        if digits.len() != DIGITS || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |number, digit: &u8| number * 10 + u64::from(digit - b'0');
        Some(digits.iter().fold(0, number))
    }
}

fn around(event: &str, payload: usize) -> (Vec<u8>, Vec<u8>) {
    let padding = (b'a'..=b'z').cycle().take(payload.saturating_sub(DIGITS));
    let prefix = format!("42[\"{event}\",\"").into_bytes();
    (prefix, padding.chain(*b"\"]").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_goes_out_and_comes_back() {
        let mut template = Template::new("echo", 128);
        let expected = Expected::new("echo", 128);
        for sequence in [0, 7, 1_234_567_890, 9_999_999_999_999_999] {
            let mut bytes = Vec::new();
            template.push(sequence, &mut bytes);
            let frame = frame::parse(&bytes).expect("whole");
            let text = &mut bytes[frame.payload];
            frame::apply_mask(MASK, text);
            assert_eq!(expected.sequence(text), Some(sequence));
            assert_eq!(text.len(), 128 + "42[\"echo\",\"\"]".len());
        }
    }

    #[test]
    fn an_altered_byte_is_noticed() {
        let expected = Expected::new("echo", 20);
        assert_eq!(expected.sequence(b"42[\"echo\",\"0000000000000012abcd\"]"), Some(12));
        assert_eq!(expected.sequence(b"42[\"echo\",\"0000000000000012abcx\"]"), None);
        assert_eq!(expected.sequence(b"42[\"echo\",\"000000000000001 abcd\"]"), None);
    }
}
