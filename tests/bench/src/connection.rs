//! One Socket.IO client over WebSocket: the way to a joined namespace `/`, heartbeats, and whole messages after that.

use std::time::Instant;

use mio::net::TcpStream;

use crate::frame::{self, CLOSE, PING, PONG, TEXT};
use crate::wire::Wire;

/// The request of every client; key and answer are the example pair of RFC 6455, so that a floor needs no SHA-1.
pub const UPGRADE: &[u8] = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n\
Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// What `Sec-WebSocket-Accept` has to be.
pub const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Takes what clients receive once they are connected.
pub trait Traffic {
    /// A text message for connection `id`, read at `now`. What is appended to `out` (whole masked frames) is
    /// written to the same connection when its read burst is over.
    fn message(&mut self, id: usize, text: &[u8], now: Instant, out: &mut Vec<u8>);

    /// Everything that was readable has been read.
    fn turn(&mut self, pool: &mut crate::pool::Pool) {
        let _ = pool;
    }
}

/// Traffic that expects nothing and ignores everything.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Traffic for Quiet {
    fn message(&mut self, _: usize, _: &[u8], _: Instant, _: &mut Vec<u8>) {}
}

/// Buffers that all connections of a thread share.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) read: Vec<u8>,
    pub(crate) out: Vec<u8>,
}

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Http,
    Opening,
    Connecting,
    Ready,
    Gone,
}

/// One client.
#[derive(Debug)]
pub struct Connection {
    pub(crate) wire: Wire,
    stage: Stage,
}

impl Connection {
    /// A client on a connected socket; sends the upgrade request.
    pub(crate) fn start(stream: TcpStream) -> Self {
        let mut wire = Wire::new(stream);
        wire.write(UPGRADE);
        Self { wire, stage: Stage::Http }
    }

    /// Whether `/` has been joined.
    pub(crate) fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// Whether the connection ended, whoever ended it.
    pub(crate) fn is_gone(&self) -> bool {
        self.stage == Stage::Gone
    }

    /// Says goodbye the WebSocket way; the socket closes on drop.
    pub(crate) fn leave(&mut self) {
        let mut bytes = Vec::new();
        frame::push_client(CLOSE, &1000u16.to_be_bytes(), &mut bytes);
        self.wire.write(&bytes);
    }

    /// Reads all there is, answers it in one write.
    pub(crate) fn receive<T: Traffic>(&mut self, id: usize, to_end: bool, scratch: &mut Scratch, traffic: &mut T) {
        let Scratch { read, out } = scratch;
        loop {
            let burst = self.wire.read(read, to_end);
            let kept = self.consume(id, &read[..burst.filled], out, traffic);
            self.wire.keep(&read[kept..burst.filled]);
            if !burst.more || self.is_gone() {
                break;
            }
        }
        self.wire.write(out);
        out.clear();
        if self.wire.is_closed() {
            self.stage = Stage::Gone;
        }
    }

    /// Handles what is complete in `bytes`; returns where the incomplete rest begins.
    fn consume<T: Traffic>(&mut self, id: usize, bytes: &[u8], out: &mut Vec<u8>, traffic: &mut T) -> usize {
        let mut at = 0;
        if self.stage == Stage::Http {
            at = self.upgraded(bytes);
            if at == 0 {
                return 0;
            }
        }
        let now = Instant::now();
        while let Some(found) = frame::parse(&bytes[at..]) {
            let payload = &bytes[at + found.payload.start..at + found.payload.end];
            match found.first {
                TEXT => self.text(id, payload, now, out, traffic),
                PING => drop(frame::push_client(PONG, payload, out)),
                CLOSE => self.stage = Stage::Gone,
                // Nothing else is expected, so the scenario gets to count it as altered.
                _ => traffic.message(id, b"", now, out),
            }
            at += found.payload.end;
        }
        at
    }

    /// The length of the answer to [`UPGRADE`]; 0 while it is incomplete.
    fn upgraded(&mut self, bytes: &[u8]) -> usize {
        let Some(head) = find(bytes, b"\r\n\r\n") else {
            return 0;
        };
        let answer = &bytes[..head];
        let agreed = answer.starts_with(b"HTTP/1.1 101") && find(answer, ACCEPT).is_some();
        self.stage = if agreed { Stage::Opening } else { Stage::Gone };
        head + 4
    }

    #[inline]
    fn text<T: Traffic>(&mut self, id: usize, text: &[u8], now: Instant, out: &mut Vec<u8>, traffic: &mut T) {
        match (self.stage, text) {
            (_, b"2") => drop(frame::push_client(TEXT, b"3", out)),
            (_, b"1" | b"41") => self.stage = Stage::Gone,
            (Stage::Ready, _) => traffic.message(id, text, now, out),
            (Stage::Opening, [b'0', b'{', ..]) => {
                self.stage = Stage::Connecting;
                frame::push_client(TEXT, b"40", out);
            }
            (Stage::Connecting, [b'4', b'0', b'{', ..]) => self.stage = Stage::Ready,
            _ => self.stage = Stage::Gone,
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
