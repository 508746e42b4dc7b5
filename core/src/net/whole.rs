//! Messages that came whole: the case of nearly all. They are unmasked side by side into memory that they share; whatever else
//! there is, and whatever breaks a rule, is left to the decoder.

use crate::net::decoder::Incoming;
use crate::wire::text::Text;
use bytes::Bytes;
use std::ops::Range;

/// Bytes of messages that share memory: who keeps a message keeps so much at most besides it.
const SHARED: usize = 8 * 1024;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// A frame that is a message.
struct Frame {
    kind: u8,
    mask: [u8; 4],
    payload: Range<usize>,
}

/// The frame at the beginning of `input`, when it is a whole message of up to `limit` bytes.
fn frame(input: &[u8], limit: usize) -> Option<Frame> {
    let [kind @ (TEXT | BINARY), short, rest @ ..] = input else { return None };
    let (length, header) = match short.checked_sub(0x80)? {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let start: usize = header + 4;
    let payload = start..start.checked_add(length).filter(|end| length <= limit && *end <= input.len())?;
    let mask = *input.get(header..)?.first_chunk()?;
    Some(Frame { kind: *kind, mask, payload })
}

fn unmask(data: &mut [u8], mask: [u8; 4]) {
    let mut wide = [0; 16];
    wide.chunks_exact_mut(4).for_each(|part| part.copy_from_slice(&mask));
    let mut blocks = data.chunks_exact_mut(16);
    for block in &mut blocks {
        block.iter_mut().zip(wide).for_each(|(byte, mask)| *byte ^= mask);
    }
    blocks.into_remainder().iter_mut().zip(wide).for_each(|(byte, mask)| *byte ^= mask);
}

/// Takes whole messages of up to `limit` bytes from the beginning of `input`, and appends them; how many bytes they were.
pub fn take(input: &[u8], limit: usize, messages: &mut Vec<Incoming>) -> usize {
    let mut taken = 0;
    loop {
        let run = take_run(input.get(taken..).unwrap_or_default(), limit, messages);
        if run == 0 {
            return taken;
        }
        taken += run;
    }
}

/// Takes messages of one kind that may share memory.
fn take_run(input: &[u8], limit: usize, messages: &mut Vec<Incoming>) -> usize {
    let Some(first) = frame(input, limit) else { return 0 };
    let kind = first.kind;
    let mut shared = Vec::with_capacity(input.len().min(SHARED.max(first.payload.len())));
    let mut ends = Vec::with_capacity(16);
    let mut taken = 0;
    let mut next = Some(first);
    while let Some(frame) = next.take_if(|frame| frame.kind == kind) {
        let from = shared.len();
        if from > 0 && from + frame.payload.len() > SHARED {
            break;
        }
        let end = taken + frame.payload.end;
        shared.extend_from_slice(input.get(taken + frame.payload.start..end).unwrap_or_default());
        unmask(shared.get_mut(from..).unwrap_or_default(), frame.mask);
        ends.push(shared.len());
        taken = end;
        next = self::frame(input.get(taken..).unwrap_or_default(), limit);
    }
    let whole = append(kind, shared.into(), &ends, messages);
    if whole { taken } else { 0 }
}

/// Appends the messages that stand side by side; nothing, and false, when one is not what it says.
fn append(kind: u8, shared: Bytes, ends: &[usize], messages: &mut Vec<Incoming>) -> bool {
    let ranges = std::iter::once(0).chain(ends.iter().copied()).zip(ends.iter().copied());
    if kind == BINARY {
        messages.extend(ranges.map(|(start, end)| Incoming::Binary(shared.slice(start..end))));
        return true;
    }
    let Some(text) = Text::from_utf8(shared) else { return false };
    // Whole letters may lie across messages that are none.
    let fine = ends.iter().all(|end| text.is_char_boundary(*end));
    if fine {
        messages.extend(ranges.map(|(start, end)| Incoming::Text(text.slice(start..end))));
    }
    fine
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0x11, 0x22, 0x83, 0xf4];
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length @ 126..65_536 => frame.extend([&[0xfe][..], &(length as u16).to_be_bytes()].concat()),
            length => frame.extend([&[0xff][..], &(length as u64).to_be_bytes()].concat()),
        }
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    fn taken(input: &[u8]) -> (Vec<String>, usize) {
        let mut messages = Vec::new();
        let taken = take(input, 100_000, &mut messages);
        let shown = messages.into_iter().map(|message| match message {
            Incoming::Text(text) => text.to_string(),
            Incoming::Binary(data) => format!("{data:?}"),
        });
        (shown.collect(), taken)
    }

    #[test]
    fn whole_messages_of_any_length_are_taken_in_order() {
        for length in [0, 1, 15, 16, 17, 125, 126, 5_000, 9_000, 65_535, 65_536] {
            let long = "é".repeat(length / 2) + if length % 2 == 1 { "x" } else { "" };
            let stream =
                [masked(TEXT, b"a"), masked(TEXT, long.as_bytes()), masked(BINARY, b"b"), masked(TEXT, b"c")].concat();
            assert_eq!(taken(&stream), (vec!["a".into(), long, "b\"b\"".into(), "c".into()], stream.len()));
        }
    }

    #[test]
    fn memory_is_shared_by_few_messages_only() {
        let stream = masked(TEXT, &[b'x'; 1000]).repeat(20);
        let (messages, all) = taken(&stream);
        assert_eq!((messages.len(), all), (20, stream.len()));
        let mut messages = Vec::new();
        take(&stream, 100_000, &mut messages);
        let place = |message: &Incoming| match message {
            Incoming::Text(text) => text.as_ptr() as usize,
            Incoming::Binary(data) => data.as_ptr() as usize,
        };
        let apart = |pair: &[Incoming]| place(&pair[1]) != place(&pair[0]) + 1000;
        assert!(messages.windows(2).filter(|pair| apart(pair)).count() >= 2);
    }

    #[test]
    fn everything_else_is_left() {
        let whole = masked(TEXT, b"whole");
        let unmasked = [&[TEXT, 1][..], b"x"].concat();
        for rest in [
            masked(0x01, b"fragment"),
            masked(0x89, b"ping"),
            masked(0x88, b""),
            masked(0xc1, b"reserved bit"),
            masked(TEXT, &[b'x'; 100_001]),
            unmasked,
            whole[..whole.len() - 1].to_vec(),
            whole[..3].to_vec(),
            vec![TEXT],
            [&[TEXT, 0xff][..], &[0xff; 20]].concat(),
        ] {
            assert_eq!(taken(&[whole.clone(), rest].concat()), (vec!["whole".into()], whole.len()));
        }
    }

    #[test]
    fn a_run_with_broken_letters_is_left_to_those_who_name_the_mistake() {
        let letter = "é".as_bytes();
        assert_eq!(taken(&[masked(TEXT, &letter[..1]), masked(TEXT, &letter[1..])].concat()), (vec![], 0));
        assert_eq!(taken(&masked(TEXT, b"\xff")), (vec![], 0));
        assert_eq!(taken(&masked(BINARY, b"\xff")).0.len(), 1);
    }
}
