//! Socket.IO version 5 packets: reading what clients send, writing what they get.

use crate::ids::{AckId, MAX_ACK_ID};
use crate::payload::Payload;
use crate::wire::frame::Burst;
use crate::wire::json::{self, JsonError, Name};
use crate::wire::text::Text;
use bytes::Bytes;
use std::ops::Range;

/// Names that the protocol keeps for itself: a client that sends one as an event is closed, and nobody may emit one.
pub const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Limits that reading a packet needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Binary attachments of one packet.
    pub attachments: usize,
    /// Nesting of the JSON.
    pub depth: usize,
    /// Bytes in the name of a namespace.
    pub namespace: usize,
}

/// A packet that a client sent, without its attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The namespace, `/` included.
    pub namespace: Text,
    /// What it says.
    pub body: Body,
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The client wants to join; the JSON object holds its credentials, empty when it sent none.
    Connect(Text),
    /// The client leaves.
    Disconnect,
    /// An event; `args` is the inside of the array behind the name.
    Event { name: Text, args: Text, ack: Option<AckId>, attachments: usize },
    /// The answer to an event of the server.
    Ack { id: AckId, args: Text, attachments: usize },
}

/// Why a packet is not legal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// The first character is no type that a client may send.
    #[error("unknown packet type")]
    UnknownType,
    /// The number of attachments is missing, zero, or no number.
    #[error("illegal number of attachments")]
    BadAttachments,
    /// More attachments than are allowed.
    #[error("too many attachments")]
    TooManyAttachments,
    /// The name of the namespace is too long.
    #[error("namespace name too long")]
    NamespaceTooLong,
    /// The acknowledgement id is missing or too large.
    #[error("illegal acknowledgement id")]
    BadAckId,
    /// A packet that carries nothing carries something.
    #[error("unexpected payload")]
    UnexpectedPayload,
    /// The event has a name that the protocol keeps for itself.
    #[error("reserved event name")]
    Reserved,
    /// There is no JSON where it has to begin.
    #[error("no JSON of the right kind")]
    NotJson,
    /// The JSON is not what it has to be.
    #[error("invalid payload: {0}")]
    Json(#[from] JsonError),
}

const EVENT: u8 = b'2';
const ACK: u8 = b'3';
const BINARY_EVENT: u8 = b'5';
const BINARY_ACK: u8 = b'6';

impl Packet {
    /// Reads the text of a packet (without the Engine.IO digit).
    ///
    /// # Errors
    /// See [`PacketError`]; any of them ends the connection.
    pub fn parse(text: &Text, limits: Limits) -> Result<Self, PacketError> {
        let kind = *text.as_bytes().first().ok_or(PacketError::UnknownType)?;
        if !matches!(kind, b'0'..=b'3' | b'5' | b'6') {
            return Err(PacketError::UnknownType);
        }
        let mut reader = Reader { text, at: 1 };
        let attachments = match kind {
            BINARY_EVENT | BINARY_ACK => reader.attachments(limits.attachments)?,
            _ => 0,
        };
        let namespace = reader.namespace(limits.namespace)?;
        let body = match kind {
            EVENT | BINARY_EVENT => reader.event(attachments, limits.depth)?,
            ACK | BINARY_ACK => reader.ack(attachments, limits.depth)?,
            b'0' => Body::Connect(reader.credentials(limits.depth)?),
            _ if reader.rest().is_empty() => Body::Disconnect,
            _ => return Err(PacketError::UnexpectedPayload),
        };
        Ok(Self { namespace, body })
    }
}

struct Reader<'a> {
    text: &'a Text,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The JSON behind the header, which begins at once: no encoder writes a space there.
    fn json(&self, first: u8) -> Result<&str, PacketError> {
        Some(self.rest()).filter(|rest| rest.as_bytes().first() == Some(&first)).ok_or(PacketError::NotJson)
    }

    /// A part of what is left.
    fn part(&self, range: Range<usize>) -> Text {
        self.text.slice(self.at + range.start..self.at + range.end)
    }

    /// Digits at the current place: their value (saturating) and how many there were.
    fn digits(&mut self) -> (u64, usize) {
        let mut value = 0u64;
        let mut count = 0;
        for byte in self.rest().bytes().take_while(u8::is_ascii_digit) {
            value = value.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
            count += 1;
        }
        self.at += count;
        (value, count)
    }

    fn attachments(&mut self, limit: usize) -> Result<usize, PacketError> {
        let (count, digits) = self.digits();
        if digits == 0 || count == 0 || !self.rest().starts_with('-') {
            return Err(PacketError::BadAttachments);
        }
        self.at += 1;
        usize::try_from(count).ok().filter(|count| *count <= limit).ok_or(PacketError::TooManyAttachments)
    }

    fn namespace(&mut self, limit: usize) -> Result<Text, PacketError> {
        if !self.rest().starts_with('/') {
            return Ok(Text::from_static("/"));
        }
        let length = self.rest().bytes().position(|byte| byte == b',');
        let end = length.map_or(self.text.len(), |length| self.at + length);
        if end - self.at > limit {
            return Err(PacketError::NamespaceTooLong);
        }
        let name = self.text.slice(self.at..end);
        self.at = if length.is_some() { end + 1 } else { end };
        Ok(name)
    }

    fn ack_id(&mut self) -> Result<Option<AckId>, PacketError> {
        match self.digits() {
            (_, 0) => Ok(None),
            (id, _) if id <= MAX_ACK_ID => Ok(Some(id)),
            _ => Err(PacketError::BadAckId),
        }
    }

    fn event(&mut self, attachments: usize, depth: usize) -> Result<Body, PacketError> {
        let ack = self.ack_id()?;
        let array = self.json(b'[')?;
        let span = json::scan_event(array, depth)?;
        let name = match span.name {
            Name::Plain(range) | Name::Number(range) => self.part(range),
            Name::Escaped(name) => Text::from(name),
        };
        if is_reserved(&name) {
            return Err(PacketError::Reserved);
        }
        Ok(Body::Event { name, args: self.part(span.args), ack, attachments })
    }

    fn ack(&mut self, attachments: usize, depth: usize) -> Result<Body, PacketError> {
        let id = self.ack_id()?.ok_or(PacketError::BadAckId)?;
        let array = self.json(b'[')?;
        let inner = json::scan_array(array, depth)?;
        Ok(Body::Ack { id, args: self.part(inner), attachments })
    }

    fn credentials(&mut self, depth: usize) -> Result<Text, PacketError> {
        if self.rest().is_empty() {
            return Ok(Text::default());
        }
        let text = self.json(b'{')?;
        json::scan_object(text, depth)?;
        Ok(self.part(0..text.len()))
    }
}

/// Whether the protocol keeps an event name for itself.
pub fn is_reserved(name: &str) -> bool {
    // The first letter rules out nearly all names without a comparison.
    matches!(name.as_bytes().first(), Some(b'c' | b'd' | b'n' | b'r')) && RESERVED.contains(&name)
}

/// How an event is to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventOptions<'a> {
    /// The number under which the answer is awaited.
    pub ack: Option<AckId>,
    /// The offset for connection state recovery, appended as a last argument.
    pub offset: Option<&'a str>,
    /// Forbids compression.
    pub no_compress: bool,
}

/// Bytes that a packet has besides names and arguments, nearly always.
const AROUND: usize = 48;

/// Writes an event.
pub fn event(namespace: &str, name: &str, args: &Payload, options: EventOptions<'_>) -> Burst {
    let length = AROUND + namespace.len() + name.len() + args.json().len() + options.offset.map_or(0, str::len);
    Burst::write(length, args.attachments(), !options.no_compress, |text| {
        head(text, EVENT, args.attachments().len(), namespace, options.ack);
        text.push(b'[');
        json::write_string(text, name);
        if !args.is_empty() {
            text.push(b',');
            text.extend_from_slice(args.json().as_bytes());
        }
        if let Some(offset) = options.offset {
            text.push(b',');
            json::write_string(text, offset);
        }
        text.push(b']');
    })
}

/// Writes the answer to an event of a client.
pub fn ack(namespace: &str, id: AckId, args: &Payload) -> Burst {
    let length = AROUND + namespace.len() + args.json().len();
    Burst::write(length, args.attachments(), true, |text| {
        head(text, ACK, args.attachments().len(), namespace, Some(id));
        text.push(b'[');
        text.extend_from_slice(args.json().as_bytes());
        text.push(b']');
    })
}

/// Writes the acceptance of a client, with the private session id where recovery is on.
pub fn connect(namespace: &str, sid: &str, pid: Option<&str>) -> Burst {
    let length = AROUND + namespace.len() + sid.len() + pid.map_or(0, str::len);
    Burst::write(length, &[], true, |text| {
        head(text, b'0', 0, namespace, None);
        text.extend_from_slice(b"{\"sid\":");
        json::write_string(text, sid);
        if let Some(pid) = pid {
            text.extend_from_slice(b",\"pid\":");
            json::write_string(text, pid);
        }
        text.push(b'}');
    })
}

/// Writes the refusal of a client: a message, and further data as JSON text where there is any.
pub fn connect_error(namespace: &str, message: &str, data: Option<&str>) -> Burst {
    let length = AROUND + namespace.len() + message.len() + data.map_or(0, str::len);
    Burst::write(length, &[], true, |text| {
        head(text, b'4', 0, namespace, None);
        text.extend_from_slice(b"{\"message\":");
        json::write_string(text, message);
        if let Some(data) = data {
            text.extend_from_slice(b",\"data\":");
            text.extend_from_slice(data.as_bytes());
        }
        text.push(b'}');
    })
}

/// Writes that the server disconnects the client from a namespace.
pub fn disconnect(namespace: &str) -> Burst {
    Burst::write(AROUND + namespace.len(), &[], true, |text| head(text, b'1', 0, namespace, None))
}

/// Writes the beginning of a packet, up to its JSON.
fn head(out: &mut Vec<u8>, kind: u8, attachments: usize, namespace: &str, ack: Option<AckId>) {
    out.push(b'4');
    match (kind, attachments) {
        (EVENT, 1..) => push_number(out, BINARY_EVENT, attachments as u64, Some(b'-')),
        (ACK, 1..) => push_number(out, BINARY_ACK, attachments as u64, Some(b'-')),
        _ => out.push(kind),
    }
    if namespace != "/" {
        out.extend_from_slice(namespace.as_bytes());
        out.push(b',');
    }
    if let Some(id) = ack {
        push_digits(out, id);
    }
}

fn push_number(out: &mut Vec<u8>, kind: u8, number: u64, end: Option<u8>) {
    out.push(kind);
    push_digits(out, number);
    out.extend(end);
}

fn push_digits(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A packet whose attachments are still on their way.
#[derive(Debug)]
pub struct Assembly {
    packet: Packet,
    wanted: usize,
    got: Vec<Bytes>,
    bytes: usize,
}

impl Assembly {
    /// Begins to collect the attachments that `packet` announces.
    pub fn new(packet: Packet, wanted: usize) -> Self {
        Self { packet, wanted, got: Vec::new(), bytes: 0 }
    }

    /// Takes the next attachment; whether it was the last one.
    pub fn push(&mut self, data: Bytes) -> bool {
        self.bytes += data.len();
        self.got.push(data);
        self.got.len() >= self.wanted
    }

    /// Bytes collected so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The packet and its attachments.
    pub fn finish(self) -> (Packet, Vec<Bytes>) {
        (self.packet, self.got)
    }
}

#[cfg(test)]
mod tests;
