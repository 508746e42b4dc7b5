//! WebSocket framing, only as much as whole, uncompressed messages need.

use std::ops::Range;

/// First byte of a final text frame.
pub const TEXT: u8 = 0x81;
/// First byte of a close frame.
pub const CLOSE: u8 = 0x88;
/// First byte of a ping frame.
pub const PING: u8 = 0x89;
/// First byte of a pong frame.
pub const PONG: u8 = 0x8a;

/// The mask of every client frame. Fixed, so that frames can be built once; not zero, so that servers have to unmask.
pub const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame found at the start of a buffer; offsets count from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// FIN bit, reserved bits and opcode as they came, e.g. [`TEXT`].
    pub first: u8,
    /// The mask, when the frame came from a client.
    pub mask: Option<[u8; 4]>,
    /// Where the payload lies, still masked.
    pub payload: Range<usize>,
}

/// Finds the frame that `bytes` begin with; `None` while it is incomplete.
#[inline]
pub fn parse(bytes: &[u8]) -> Option<Frame> {
    let &[first, second, ..] = bytes else {
        return None;
    };
    let (length, mut start) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let mut mask = None;
    if second & 0x80 != 0 {
        mask = Some(bytes.get(start..start + 4)?.try_into().ok()?);
        start += 4;
    }
    let end = start.checked_add(length)?;
    (end <= bytes.len()).then_some(Frame { first, mask, payload: start..end })
}

/// Appends the head of an unmasked frame for a payload of `length` bytes.
#[inline]
pub fn push_head(first: u8, length: usize, out: &mut Vec<u8>) {
    out.push(first);
    push_length(0, length, out);
}

/// Appends a whole unmasked text frame.
pub fn push_server_text(payload: &[u8], out: &mut Vec<u8>) {
    push_head(TEXT, payload.len(), out);
    out.extend_from_slice(payload);
}

/// Appends a whole frame masked with [`MASK`] and returns where in `out` its payload begins.
pub fn push_client(first: u8, payload: &[u8], out: &mut Vec<u8>) -> usize {
    out.push(first);
    push_length(0x80, payload.len(), out);
    out.extend_from_slice(&MASK);
    let start = out.len();
    out.extend_from_slice(payload);
    apply_mask(MASK, &mut out[start..]);
    start
}

/// Masks or unmasks in place.
#[inline]
pub fn apply_mask(mask: [u8; 4], payload: &mut [u8]) {
    let wide = u32::from_ne_bytes(mask);
    let mut words = payload.chunks_exact_mut(4);
    for word in &mut words {
        let value = u32::from_ne_bytes([word[0], word[1], word[2], word[3]]) ^ wide;
        word.copy_from_slice(&value.to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

fn push_length(mask_bit: u8, length: usize, out: &mut Vec<u8>) {
    match length {
        0..126 => out.push(mask_bit | length as u8),
        126..0x1_0000 => {
            out.push(mask_bit | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(mask_bit | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_frames_of_every_length_form_come_back() {
        for length in [0, 1, 125, 126, 127, 0xffff, 0x1_0000] {
            let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let mut bytes = Vec::new();
            let start = push_client(TEXT, &payload, &mut bytes);
            let frame = parse(&bytes).expect("whole");
            assert_eq!(frame.payload, start..bytes.len());
            apply_mask(frame.mask.expect("masked"), &mut bytes[start..]);
            assert_eq!(bytes[start..], payload[..]);
        }
    }

    #[test]
    fn a_frame_is_found_only_when_it_is_whole() {
        let mut bytes = Vec::new();
        push_server_text(&[b'x'; 200], &mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length]), None);
        }
        bytes.push(TEXT);
        assert_eq!(parse(&bytes).expect("whole").payload, 4..204);
    }
}
