//! Strings: finding their end, reading and writing their escapes.

/// The offset of the first byte at or after `at` that cannot stand in a string as it is: a quote, a
/// backslash or a control character. The length of the text when there is none.
#[inline]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    // Most strings are shorter than this, and words settle them sooner than wide blocks do.
    let short = at.saturating_add(2 * WORD);
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += WORD;
        if at == short {
            at = skip_plain_blocks(text, at);
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| is_special(byte)).unwrap_or(rest.len())
}

/// Copies a text with every lone surrogate escape (`\uD800` to `\uDFFF` without its other half)
/// turned into `\ufffd`.
///
/// `None` when there is nothing to replace. The copy is as long as the text, so spans of one fit
/// the other.
pub fn replace_lone_surrogates(text: &str) -> Option<String> {
    let mut copy = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(distance) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += distance;
        let (length, lone) = escape_at(text.as_bytes(), at);
        if lone {
            copy.push_str(text.get(copied..at)?);
            copy.push_str("\\ufffd");
            copied = at + length;
        }
        at += length;
    }
    if copied == 0 {
        return None;
    }
    copy.push_str(text.get(copied..)?);
    Some(copy)
}

/// Appends a string as JSON, quotes included, with the escapes `serde_json` uses.
pub fn write_string(out: &mut Vec<u8>, s: &str) {
    let bytes = s.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut at = 0;
    loop {
        let end = plain_end(bytes, at);
        out.extend_from_slice(bytes.get(at..end).unwrap_or_default());
        let Some(&byte) = bytes.get(end) else { break };
        write_escape(out, byte);
        at = end + 1;
    }
    out.push(b'"');
}

/// Decodes a JSON string with its quotes, lone surrogates becoming U+FFFD. `None` when it is not
/// one.
pub(super) fn unescape(quoted: &str) -> Option<String> {
    let repaired = replace_lone_surrogates(quoted);
    serde_json::from_str(repaired.as_deref().unwrap_or(quoted)).ok()
}

const WORD: usize = 8;
const BLOCK: usize = 64;

fn is_special(byte: u8) -> bool {
    // No short circuit: the compiler turns this into vector comparisons where it sees whole blocks.
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// The high bit of every special byte; bits above the lowest one set may be wrong.
///
/// The classic "has a zero byte" trick, once for each of the three questions.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; WORD]);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = word ^ (ONES * b'\\' as u64);
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | quote | backslash) & (ONES << 7)
}

/// Skips blocks without special bytes.
#[inline(never)]
fn skip_plain_blocks(text: &[u8], mut at: usize) -> usize {
    while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if block.iter().fold(false, |special, &byte| special | is_special(byte)) {
            break;
        }
        at += BLOCK;
    }
    at
}

/// The length of the escape at a backslash, and whether it is a lone surrogate. A pair of
/// surrogates counts as one.
fn escape_at(text: &[u8], at: usize) -> (usize, bool) {
    match hex_escape(text, at) {
        Some(0xd800..=0xdbff) if matches!(hex_escape(text, at + 6), Some(0xdc00..=0xdfff)) => (12, false),
        Some(0xd800..=0xdfff) => (6, true),
        Some(_) => (6, false),
        // A backslash takes one character along, which in text that is not JSON may be a long one.
        None if text.get(at + 1).is_some_and(u8::is_ascii) => (2, false),
        None => (1, false),
    }
}

/// The value of the `\uXXXX` that starts at `at`.
fn hex_escape(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..)?.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |value, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(value << 4 | digit as u16)
    })
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend([HEX[usize::from(byte >> 4 & 15)], HEX[usize::from(byte & 15)]]);
            return;
        }
    };
    out.extend([b'\\', short]);
}
