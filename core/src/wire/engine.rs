//! Engine.IO version 4 packets, and the payloads in which long-polling carries several of them.

use crate::wire::text::Text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Stands between the packets of a long-polling payload; never at its beginning or end.
pub const SEPARATOR: u8 = 0x1e;

/// A packet that a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// `0`: only a server opens.
    Open,
    /// `1`
    Close,
    /// `2`, with what follows the digit (`probe` on a probing transport).
    Ping(Text),
    /// `3`, likewise.
    Pong(Text),
    /// `4`: a message of text, without the digit.
    Message(Text),
    /// A binary message.
    Binary(Bytes),
    /// `5`
    Upgrade,
    /// `6`
    Noop,
}

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// A packet begins with its type.
    #[error("empty packet")]
    Empty,
    /// The type is no digit from 0 to 6.
    #[error("unknown packet type")]
    UnknownType,
    /// A binary message in text that is not base64.
    #[error("bad base64")]
    Base64,
}

impl Packet {
    /// Reads a packet from its text form, in which a binary message is `b` and base64.
    ///
    /// # Errors
    /// See [`PacketError`].
    pub fn parse(text: &Text) -> Result<Self, PacketError> {
        let kind = *text.as_bytes().first().ok_or(PacketError::Empty)?;
        let rest = || text.slice(1..text.len());
        match kind {
            b'4' => Ok(Self::Message(rest())),
            b'3' => Ok(Self::Pong(rest())),
            b'2' => Ok(Self::Ping(rest())),
            b'b' => STANDARD
                .decode(&text.as_bytes()[1..])
                .map(|data| Self::Binary(data.into()))
                .map_err(|_| PacketError::Base64),
            b'1' => Ok(Self::Close),
            b'0' => Ok(Self::Open),
            b'5' => Ok(Self::Upgrade),
            b'6' => Ok(Self::Noop),
            _ => Err(PacketError::UnknownType),
        }
    }
}

/// Splits the body of a POST into the text forms of its packets.
///
/// An empty body is one empty packet, which is not a legal one.
pub fn split_payload(body: &Text) -> impl Iterator<Item = Text> {
    let mut start = 0;
    let mut done = false;
    let body = body.clone();
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let rest = body.as_bytes().get(start..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == SEPARATOR).map(|at| start + at);
        done = end.is_none();
        let end = end.unwrap_or(body.len());
        let packet = body.slice(start..end);
        start = end + 1;
        Some(packet)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Packet, PacketError> {
        Packet::parse(&Text::from(text))
    }

    #[test]
    fn packets_are_told_by_their_first_character() {
        assert_eq!(parse("4hello"), Ok(Packet::Message("hello".into())));
        assert_eq!(parse("4"), Ok(Packet::Message("".into())));
        assert_eq!(parse("2probe"), Ok(Packet::Ping("probe".into())));
        assert_eq!(parse("bAQIDBA=="), Ok(Packet::Binary(Bytes::from_static(&[1, 2, 3, 4]))));
        assert_eq!(parse("b"), Ok(Packet::Binary(Bytes::new())));
        assert_eq!(parse(""), Err(PacketError::Empty));
        assert_eq!(parse("abc"), Err(PacketError::UnknownType));
        assert_eq!(parse("7"), Err(PacketError::UnknownType));
        assert_eq!(parse("é"), Err(PacketError::UnknownType));
        assert_eq!(parse("bA"), Err(PacketError::Base64));
    }

    #[test]
    fn a_payload_is_split_at_the_separator() {
        let split = |body: &str| split_payload(&Text::from(body)).map(|t| t.to_string()).collect::<Vec<_>>();
        assert_eq!(split("4a\u{1e}4b\u{1e}bAQ=="), ["4a", "4b", "bAQ=="]);
        assert_eq!(split("4a\u{1e}"), ["4a", ""]);
        assert_eq!(split(""), [""]);
    }
}
