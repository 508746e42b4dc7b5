//! WebSocket bytes to messages: tungstenite's rules, fed from memory that connections share. What came whole needs none of its
//! state, so most connections have none.

use crate::config::Config;
use crate::error::Reason;
use crate::net::meter::Meter;
use crate::net::whole;
use crate::wire::frame::Burst;
use crate::wire::text::Text;
use bytes::Bytes;
use std::io::{self, Read, Write};
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig, WebSocketContext};

/// What the decoder keeps of its own for each connection. Longer messages grow it for as long as they last.
const BUFFER: usize = 512;

/// Something that came.
#[derive(Debug)]
pub enum Incoming {
    /// A message of text.
    Text(Text),
    /// A binary message.
    Binary(Bytes),
}

/// Why no more is read.
#[derive(Debug)]
pub struct Stop {
    /// What the sockets hear.
    pub reason: Reason,
    /// More, for people.
    pub detail: &'static str,
    /// The last frame to send.
    pub last: Burst,
}

impl Stop {
    fn new(reason: Reason, code: u16, detail: &'static str) -> Self {
        Self { reason, detail, last: Burst::close(Some(code), detail) }
    }
}

/// The incoming half of a WebSocket.
#[derive(Debug)]
pub struct Decoder {
    /// In the middle of a message, or of a frame.
    context: Option<Box<WebSocketContext>>,
    meter: Meter,
    limit: usize,
    max_fragments: usize,
}

/// A stream that ends where the bytes end that were read, and collects what the rules answer.
struct Feed<'a> {
    input: &'a [u8],
    reply: &'a mut Vec<u8>,
}

impl Read for Feed<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.input.read(space)
    }
}

impl Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Of several pongs only the last one need be sent, RFC 6455 section 5.5.3.
        self.reply.clear();
        self.reply.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Decoder {
    /// A decoder for the connection of a client.
    pub fn new(config: &Config) -> Self {
        let (limit, max_fragments) = (config.max_http_buffer_size, config.max_fragments);
        Self { context: None, meter: Meter::default(), limit, max_fragments }
    }

    fn context(limit: usize) -> Box<WebSocketContext> {
        let options = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        Box::new(WebSocketContext::new(Role::Server, Some(options)))
    }

    /// Takes what was read, appends the messages in it, and the frames that the rules answer to `reply`.
    ///
    /// # Errors
    /// Why the connection ends. What came before it has been appended.
    pub fn feed(&mut self, mut input: &[u8], messages: &mut Vec<Incoming>, reply: &mut Vec<u8>) -> Result<(), Stop> {
        loop {
            if self.meter.is_between() {
                let whole = whole::take(input, self.limit, messages);
                input = input.get(whole..).unwrap_or_default();
            }
            if input.is_empty() {
                return Ok(());
            }
            let Some(length) = self.meter.feed(input, self.max_fragments) else {
                return Err(Stop::new(Reason::PolicyViolation, 1008, "too many fragments"));
            };
            let (frame, rest) = input.split_at(length.min(input.len()));
            self.by_the_rules(Feed { input: frame, reply }, messages)?;
            input = rest;
        }
    }

    /// Takes a frame, or a part of one.
    fn by_the_rules(&mut self, mut feed: Feed<'_>, messages: &mut Vec<Incoming>) -> Result<(), Stop> {
        let context = self.context.get_or_insert_with(|| Self::context(self.limit));
        loop {
            match context.read(&mut feed) {
                Ok(Message::Text(text)) => messages.extend(Text::from_utf8(text.into()).map(Incoming::Text)),
                Ok(Message::Binary(data)) => messages.push(Incoming::Binary(data)),
                Ok(Message::Close(_)) => return Err(closed(context, &mut feed)),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(stop(&error)),
            }
        }
        if self.meter.is_between() {
            self.context = None;
        }
        Ok(())
    }
}

/// The client closes: the frame that answers it.
fn closed(context: &mut WebSocketContext, feed: &mut Feed<'_>) -> Stop {
    // Reading on makes the rules write their answer.
    drop(context.read(feed));
    let last = if feed.reply.is_empty() { Burst::close(None, "") } else { Burst::raw(std::mem::take(feed.reply)) };
    Stop { reason: Reason::TransportClose, detail: "the client closed the WebSocket", last }
}

fn stop(error: &Error) -> Stop {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Stop::new(Reason::PayloadTooLarge, 1009, "message larger than max_http_buffer_size")
        }
        Error::Utf8(_) => Stop::new(Reason::TransportError, 1007, "invalid UTF-8"),
        Error::ConnectionClosed | Error::AlreadyClosed => Stop::new(Reason::TransportClose, 1000, "closed"),
        _ => Stop::new(Reason::TransportError, 1002, "WebSocket protocol error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    }

    fn feed(bytes: &[u8]) -> (Vec<Incoming>, Vec<u8>, Result<(), Stop>) {
        let mut decoder = Decoder::new(&Config { max_http_buffer_size: 100, ..Config::default() });
        let (mut messages, mut reply) = (Vec::new(), Vec::new());
        let result = decoder.feed(bytes, &mut messages, &mut reply);
        (messages, reply, result)
    }

    #[test]
    fn all_messages_of_one_read_come_out() {
        let (messages, reply, result) = feed(&[frame(0x81, b"4a"), frame(0x82, &[1]), frame(0x81, b"4b")].concat());
        assert!(
            matches!(&messages[..], [Incoming::Text(a), Incoming::Binary(_), Incoming::Text(b)] if a == "4a" && b == "4b")
        );
        assert!(reply.is_empty() && result.is_ok());
    }

    #[test]
    fn of_many_pings_the_last_is_answered() {
        let (_, reply, result) = feed(&[frame(0x89, b"1"), frame(0x89, b"2")].concat());
        assert!(result.is_ok());
        assert_eq!(reply, b"\x8a\x012");
    }

    #[test]
    fn broken_rules_have_their_codes() {
        let code = |bytes: &[u8]| {
            let stop = feed(bytes).2.unwrap_err();
            let close = stop.last.websocket();
            (stop.reason, u16::from_be_bytes([close[2], close[3]]))
        };
        assert_eq!(code(&frame(0x81, &[b'4'; 101])), (Reason::PayloadTooLarge, 1009));
        assert_eq!(code(&frame(0x81, b"4\xff")), (Reason::TransportError, 1007));
        assert_eq!(code(&frame(0xc1, b"4")), (Reason::TransportError, 1002));
        assert_eq!(code(&[0x81, 1, b'4']), (Reason::TransportError, 1002));
        assert_eq!(code(&frame(0x88, &[3, 232])), (Reason::TransportClose, 1000));
    }
}
