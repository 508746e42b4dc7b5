//! A client: HTTP and WebSocket, byte by byte, over whatever carries bytes.

use crate::kit::PATIENCE;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

pub struct Wire<S> {
    pub stream: S,
    read: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    Binary(Vec<u8>),
    Close(Option<u16>),
    Pong(Vec<u8>),
}

/// The head of a request that asks for a WebSocket.
pub fn upgrade_head(sid: &str) -> String {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket{sid} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
}

/// A frame as a client sends it, with a mask that changes nothing.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut bytes = match length {
        0..126 => vec![first, 0x80 | length as u8],
        126..65_536 => [&[first, 0xfe][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[first, 0xff][..], &(length as u64).to_be_bytes()].concat(),
    };
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

impl Wire<TcpStream> {
    pub fn tcp(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::new(stream)
    }
}

impl<S: Read + Write> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn more(&mut self) {
        let mut space = [0; 16 * 1024];
        let count = self.stream.read(&mut space).unwrap();
        assert!(count > 0, "the server closed the connection");
        self.read.extend_from_slice(&space[..count]);
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            self.more();
        }
        self.read.drain(..count).collect()
    }

    // -------------------------------------------------------------------------------------------- HTTP

    fn head(&mut self) -> (u16, String) {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more();
        };
        let head = String::from_utf8(self.take(end)).unwrap().to_lowercase();
        (head[9..12].parse().unwrap(), head)
    }

    /// Reads an answer: status and body.
    pub fn answer(&mut self) -> (u16, String) {
        let (status, head) = self.head();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = self.take(length.map_or(0, |length| length.parse().unwrap()));
        (status, String::from_utf8(body).unwrap())
    }

    pub fn ask(&mut self, method: &str, rest: &str, body: &str) {
        let length = body.len();
        let head = format!(
            "{method} /socket.io/?EIO=4&transport=polling{rest} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n"
        );
        self.write(&[head.as_bytes(), body.as_bytes()].concat());
    }

    pub fn get(&mut self, rest: &str) -> (u16, String) {
        self.ask("GET", rest, "");
        self.answer()
    }

    pub fn post(&mut self, rest: &str, body: &str) {
        self.ask("POST", rest, body);
        assert_eq!(self.answer(), (200, "ok".to_owned()));
    }

    /// Opens a session that polls; `&sid=…`.
    pub fn open(&mut self) -> String {
        let (status, body) = self.get("");
        assert_eq!(status, 200);
        sid_of(&body)
    }

    // -------------------------------------------------------------------------------------------- WebSocket

    pub fn websocket(mut self, sid: &str) -> Self {
        self.write(upgrade_head(sid).as_bytes());
        self.upgraded();
        self
    }

    /// Reads the answer to a handshake.
    pub fn upgraded(&mut self) {
        let (status, head) = self.head();
        assert_eq!(status, 101);
        assert!(head.contains("sec-websocket-accept: icx+yqv66kxgm0fcwalwlflwtai="), "{head}");
    }

    pub fn text(&mut self, text: &str) {
        self.write(&frame(0x81, text.as_bytes()));
    }

    pub fn frame(&mut self) -> Frame {
        let head = self.take(2);
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.take(2).try_into().unwrap())),
            127 => u64::from_be_bytes(self.take(8).try_into().unwrap()) as usize,
            length => usize::from(length),
        };
        let payload = self.take(length);
        match head[0] {
            0x81 => Frame::Text(String::from_utf8(payload).unwrap()),
            0x82 => Frame::Binary(payload),
            0x88 => Frame::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            0x8a => Frame::Pong(payload),
            other => panic!("{other:x}"),
        }
    }

    /// The next message is text.
    pub fn said(&mut self) -> String {
        match self.frame() {
            Frame::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the server has taken all that was sent so far.
    pub fn settle(&mut self) {
        self.write(&frame(0x89, b"?"));
        assert_eq!(self.frame(), Frame::Pong(b"?".to_vec()));
    }

    /// Reads the packet that opens a session; `&sid=…`.
    pub fn open_packet(&mut self) -> String {
        sid_of(&self.said())
    }
}

/// `&sid=…` of an open packet.
pub fn sid_of(open: &str) -> String {
    let at = open.strip_prefix("0{\"sid\":\"").unwrap_or_else(|| panic!("{open}"));
    format!("&sid={}", at.split('"').next().unwrap())
}
