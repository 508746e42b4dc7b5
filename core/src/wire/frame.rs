//! An emitted packet as it goes out: encoded once, shared by everybody who gets it.

use crate::wire::text::Text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::sync::Arc;

/// The longest header of a WebSocket frame that a server sends (no mask).
const MAX_HEADER: usize = 10;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8a;

/// One Engine.IO message with the binary messages that must follow it, ready for every transport.
///
/// The bytes hold the WebSocket frames back to back. Over long-polling the same bytes are used past their headers.
/// Cloning copies a pointer.
#[derive(Clone, Debug)]
pub struct Burst(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: Vec<u8>,
    /// Where the first frame begins.
    start: usize,
    /// Where the text of the first frame begins.
    text_at: usize,
    /// Where the text ends.
    text_end: usize,
    /// Contents of the binary frames.
    binary: Vec<std::ops::Range<usize>>,
    compress: bool,
    /// Frames of the WebSocket layer itself, which long-polling does not know.
    control: bool,
}

impl Burst {
    /// A packet of text, the Engine.IO type digit included.
    pub fn text(parts: &[&[u8]]) -> Self {
        let length = parts.iter().map(|part| part.len()).sum();
        Self::write(length, &[], true, |text| parts.iter().for_each(|part| text.extend_from_slice(part)))
    }

    /// A packet of text of about `length` bytes, written by `write` behind what is in its vector already, and the binary
    /// messages that it announces.
    pub fn write(length: usize, attachments: &[Bytes], compress: bool, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let extra: usize = attachments.iter().map(|data| data.len() + MAX_HEADER).sum();
        let mut bytes = Vec::with_capacity(MAX_HEADER + length + extra);
        bytes.extend_from_slice(&[0; MAX_HEADER]);
        write(&mut bytes);
        let (text_at, text_end) = (MAX_HEADER, bytes.len());
        let header = Header::new(TEXT, text_end.saturating_sub(text_at));
        let start = text_at - header.as_ref().len();
        if let Some(place) = bytes.get_mut(start..text_at) {
            place.copy_from_slice(header.as_ref());
        }
        let mut binary = Vec::with_capacity(attachments.len());
        for data in attachments {
            bytes.extend_from_slice(Header::new(BINARY, data.len()).as_ref());
            let start = bytes.len();
            bytes.extend_from_slice(data);
            binary.push(start..bytes.len());
        }
        Self(Arc::new(Inner { bytes, start, text_at, text_end, binary, compress, control: false }))
    }

    /// A binary message alone.
    pub fn binary(data: &[u8]) -> Self {
        let header = Header::new(BINARY, data.len());
        let bytes = [header.as_ref(), data].concat();
        let binary = std::iter::once(header.as_ref().len()..bytes.len()).collect();
        Self(Arc::new(Inner { bytes, start: 0, text_at: 0, text_end: 0, binary, compress: true, control: false }))
    }

    /// A close frame of the WebSocket layer.
    pub fn close(code: Option<u16>, reason: &str) -> Self {
        let mut body = Vec::new();
        if let Some(code) = code {
            body.extend_from_slice(&code.to_be_bytes());
            body.extend_from_slice(reason.as_bytes().get(..reason.len().min(120)).unwrap_or_default());
        }
        Self::control(CLOSE, &body)
    }

    /// The answer to a ping of the WebSocket layer.
    pub fn pong(data: &[u8]) -> Self {
        Self::control(PONG, data)
    }

    /// Frames of the WebSocket layer that were written elsewhere.
    pub fn raw(bytes: Vec<u8>) -> Self {
        let (text_at, text_end, binary) = (0, 0, Vec::new());
        Self(Arc::new(Inner { bytes, start: 0, text_at, text_end, binary, compress: true, control: true }))
    }

    fn control(opcode: u8, body: &[u8]) -> Self {
        Self::raw([Header::new(opcode, body.len()).as_ref(), body].concat())
    }

    /// The WebSocket frames, back to back.
    pub fn websocket(&self) -> &[u8] {
        self.0.bytes.get(self.0.start..).unwrap_or_default()
    }

    /// Size on a WebSocket, in bytes; what a queue counts.
    pub fn len(&self) -> usize {
        self.websocket().len()
    }

    /// Whether there is nothing in it, which never happens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of Engine.IO packets.
    pub fn packets(&self) -> usize {
        usize::from(self.0.text_end > 0) + self.0.binary.len()
    }

    /// Whether an HTTP answer that carries it may be compressed.
    pub fn compress(&self) -> bool {
        self.0.compress
    }

    /// Whether it belongs to the WebSocket layer and means nothing to long-polling.
    pub fn is_control(&self) -> bool {
        self.0.control
    }

    /// The code and the words of a close frame, where it is one. A frame without a code has code 1005.
    pub fn as_close(&self) -> Option<(u16, &str)> {
        let body = self.websocket().strip_prefix(&[CLOSE])?.get(1..)?;
        let Some((code, words)) = body.split_first_chunk::<2>() else { return Some((1005, "")) };
        Some((u16::from_be_bytes(*code), std::str::from_utf8(words).unwrap_or_default()))
    }

    /// The messages one by one, for a host that owns the transport: text, or binary.
    pub fn messages(&self) -> impl Iterator<Item = Result<&[u8], &[u8]>> {
        let text = self.0.bytes.get(self.0.text_at..self.0.text_end).filter(|text| !text.is_empty()).map(Ok);
        let binary = self.0.binary.iter().filter_map(|range| self.0.bytes.get(range.clone())).map(Err);
        text.into_iter().chain(binary)
    }

    /// Appends the packets to a long-polling payload, which begins empty.
    pub fn append_polling(&self, payload: &mut Vec<u8>) {
        for message in self.messages() {
            if !payload.is_empty() {
                payload.push(super::engine::SEPARATOR);
            }
            match message {
                Ok(text) => payload.extend_from_slice(text),
                Err(binary) => append_base64(payload, binary),
            }
        }
    }
}

impl From<&'static str> for Burst {
    fn from(text: &'static str) -> Self {
        Self::text(&[text.as_bytes()])
    }
}

impl From<&Text> for Burst {
    fn from(text: &Text) -> Self {
        Self::text(&[text.as_bytes()])
    }
}

fn append_base64(payload: &mut Vec<u8>, data: &[u8]) {
    payload.push(b'b');
    let start = payload.len();
    payload.resize(start + data.len().div_ceil(3) * 4, 0);
    let written = payload.get_mut(start..).and_then(|space| STANDARD.encode_slice(data, space).ok());
    payload.truncate(start + written.unwrap_or(0));
}

/// The header of an unmasked frame.
struct Header {
    bytes: [u8; MAX_HEADER],
    length: usize,
}

impl Header {
    fn new(opcode: u8, payload: usize) -> Self {
        let mut bytes = [0; MAX_HEADER];
        bytes[0] = opcode;
        let length = if payload < 126 {
            bytes[1] = payload as u8;
            2
        } else if let Ok(payload) = u16::try_from(payload) {
            bytes[1] = 126;
            bytes[2..4].copy_from_slice(&payload.to_be_bytes());
            4
        } else {
            bytes[1] = 127;
            bytes[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            10
        };
        Self { bytes, length }
    }
}

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_encoding_serves_both_transports() {
        let burst = Burst::write(6, &[Bytes::from_static(&[1, 2, 3])], true, |text| text.extend_from_slice(b"451-[]"));
        assert_eq!(burst.websocket(), [&[0x81, 6][..], b"451-[]", &[0x82, 3, 1, 2, 3]].concat());
        let mut payload = Vec::new();
        burst.append_polling(&mut payload);
        burst.append_polling(&mut payload);
        assert_eq!(payload, b"451-[]\x1ebAQID\x1e451-[]\x1ebAQID");
        assert_eq!(burst.packets(), 2);
    }

    #[test]
    fn headers_take_the_shortest_form() {
        for (length, header) in [(125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let burst = Burst::binary(&vec![0; length]);
            assert_eq!(burst.len(), length + header);
        }
    }

    #[test]
    fn control_frames_never_reach_a_polling_payload() {
        let mut payload = Vec::new();
        Burst::close(Some(1001), "going away").append_polling(&mut payload);
        Burst::pong(b"x").append_polling(&mut payload);
        assert!(payload.is_empty());
        assert_eq!(Burst::close(Some(1001), "").websocket(), b"\x88\x02\x03\xe9");
    }
}
