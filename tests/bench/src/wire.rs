//! A non-blocking socket with the bytes that did not fit: half a frame read, half a burst not yet written.

use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;

/// Size of the buffer that all connections of a thread read into, in bytes. No frame may be longer.
pub const READ_BUFFER: usize = 256 * 1024;

/// One socket, registered edge-triggered for reading and writing.
#[derive(Debug)]
pub struct Wire {
    /// The socket itself, for registering.
    pub stream: TcpStream,
    partial: Vec<u8>,
    unsent: Vec<u8>,
    closed: bool,
}

/// What one read brought.
#[derive(Debug)]
pub struct Burst {
    /// How many bytes at the front of the buffer are to be looked at, what was kept before included.
    pub filled: usize,
    /// Whether the socket may hold more.
    pub more: bool,
}

impl Wire {
    /// Takes over a connected, non-blocking socket.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, partial: Vec::new(), unsent: Vec::new(), closed: false }
    }

    /// Whether the other side went away.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Reads once, behind what [`Wire::keep`] kept. With `to_end` a short read does not count as the last one.
    #[inline]
    pub fn read(&mut self, buffer: &mut [u8], to_end: bool) -> Burst {
        let kept = self.partial.len();
        buffer[..kept].copy_from_slice(&self.partial);
        self.partial.clear();
        let room = buffer.len() - kept;
        match self.stream.read(&mut buffer[kept..]) {
            Ok(read) if read > 0 => Burst { filled: kept + read, more: to_end || read == room },
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.partial.extend_from_slice(&buffer[..kept]);
                Burst::nothing()
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                self.partial.extend_from_slice(&buffer[..kept]);
                Burst { filled: 0, more: true }
            }
            _ => {
                self.closed = true;
                Burst::nothing()
            }
        }
    }

    /// Keeps the beginning of a frame for the next read.
    #[inline]
    pub fn keep(&mut self, rest: &[u8]) {
        if rest.len() >= READ_BUFFER {
            self.closed = true;
        } else if !rest.is_empty() {
            self.partial.extend_from_slice(rest);
        }
    }

    /// Writes `bytes` now, as far as the socket takes them, and keeps the rest. At most one `send` in the usual case.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.closed {
            return;
        }
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return;
        }
        let written = self.send(bytes);
        self.unsent.extend_from_slice(&bytes[written..]);
    }

    /// Goes on with what did not fit before; called when the socket became writable.
    #[inline]
    pub fn flush(&mut self) {
        if self.unsent.is_empty() || self.closed {
            return;
        }
        let unsent = std::mem::take(&mut self.unsent);
        let written = self.send(&unsent);
        self.unsent.extend_from_slice(&unsent[written..]);
    }

    fn send(&mut self, mut bytes: &[u8]) -> usize {
        let all = bytes.len();
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.closed = true;
                    break;
                }
            }
        }
        all - bytes.len()
    }
}

impl Burst {
    fn nothing() -> Self {
        Self { filled: 0, more: false }
    }
}
