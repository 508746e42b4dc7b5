//! The least a server can do for the same load: one thread, epoll, one read and one write per burst, frames built once.
//!
//! No heartbeat, no limits, no JSON, no rooms but one, nothing refused. What a real server costs above it is the
//! server's own doing; the rest is the kernel's.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use crate::connection::ACCEPT;
use crate::frame::{self, CLOSE, TEXT};
use crate::wire::{READ_BUFFER, Wire};

const LISTENER: Token = Token(usize::MAX);
const BACKLOG: i32 = 4096;

/// A bound floor.
#[derive(Debug)]
pub struct Floor {
    listener: TcpListener,
    peers: Vec<Option<Peer>>,
    free: Vec<usize>,
    /// Ids of the room's members.
    room: Vec<usize>,
    buffer: Vec<u8>,
    /// What the bursts of this turn have for every member.
    broadcast: Vec<u8>,
}

#[derive(Debug)]
struct Peer {
    wire: Wire,
    upgraded: bool,
}

/// Where the answers to one read burst collect.
struct Answers<'a> {
    replies: Vec<u8>,
    broadcast: &'a mut Vec<u8>,
    joins: bool,
    leaves: bool,
}

impl Floor {
    /// Listens on this port of 127.0.0.1 (0 = any free one).
    pub fn bind(port: u16) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            listener: TcpListener::from_std(socket.into()),
            peers: Vec::new(),
            free: Vec::new(),
            room: Vec::new(),
            buffer: vec![0; READ_BUFFER],
            broadcast: Vec::new(),
        })
    }

    /// The port it listens on.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Serves until something on the listening side fails.
    pub fn serve(mut self) -> io::Result<Infallible> {
        let mut poll = Poll::new()?;
        poll.registry().register(&mut self.listener, LISTENER, Interest::READABLE)?;
        let mut events = Events::with_capacity(1024);
        loop {
            match poll.poll(&mut events, None) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(&poll)?,
                    Token(id) => self.receive(id, event.is_read_closed() || event.is_error()),
                }
            }
            self.broadcast();
        }
    }

    fn accept(&mut self, poll: &Poll) -> io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.adopt(stream, poll)?;
        }
    }

    fn adopt(&mut self, mut stream: TcpStream, poll: &Poll) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let id = self.free.pop().unwrap_or(self.peers.len());
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(id), interest)?;
        let peer = Some(Peer { wire: Wire::new(stream), upgraded: false });
        match self.peers.get_mut(id) {
            Some(place) => *place = peer,
            None => self.peers.push(peer),
        }
        Ok(())
    }

    fn receive(&mut self, id: usize, to_end: bool) {
        let Some(peer) = &mut self.peers[id] else {
            return;
        };
        peer.wire.flush();
        let mut answers = Answers { replies: Vec::new(), broadcast: &mut self.broadcast, joins: false, leaves: false };
        loop {
            let burst = peer.wire.read(&mut self.buffer, to_end);
            let bytes = &mut self.buffer[..burst.filled];
            let kept = answers.consume(bytes, &mut peer.upgraded);
            peer.wire.keep(&bytes[kept..]);
            if !burst.more || peer.wire.is_closed() {
                break;
            }
        }
        peer.wire.write(&answers.replies);
        let (joins, leaves) = (answers.joins, answers.leaves);
        if leaves || peer.wire.is_closed() {
            self.remove(id);
        } else if joins {
            self.room.push(id);
        }
    }

    fn remove(&mut self, id: usize) {
        self.peers[id] = None;
        self.free.push(id);
        self.room.retain(|&member| member != id);
    }

    /// One write per member for all broadcasts of this turn.
    fn broadcast(&mut self) {
        if self.broadcast.is_empty() {
            return;
        }
        for &id in &self.room {
            if let Some(peer) = &mut self.peers[id] {
                peer.wire.write(&self.broadcast);
            }
        }
        self.broadcast.clear();
    }
}

impl Answers<'_> {
    /// Answers what is complete in `bytes`; returns where the incomplete rest begins.
    fn consume(&mut self, bytes: &mut [u8], upgraded: &mut bool) -> usize {
        let mut at = 0;
        if !*upgraded {
            if !bytes.ends_with(b"\r\n\r\n") {
                return 0;
            }
            *upgraded = true;
            self.open();
            return bytes.len();
        }
        while let Some(found) = frame::parse(&bytes[at..]) {
            let payload = &mut bytes[at + found.payload.start..at + found.payload.end];
            frame::apply_mask(found.mask.unwrap_or_default(), payload);
            match found.first {
                TEXT => self.text(payload),
                CLOSE => self.leaves = true,
                _ => {}
            }
            at += found.payload.end;
        }
        at
    }

    fn open(&mut self) {
        self.replies.extend_from_slice(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ",
        );
        self.replies.extend_from_slice(ACCEPT);
        self.replies.extend_from_slice(b"\r\n\r\n");
        let open = br#"0{"sid":"aaaaaaaaaaaaaaaaaaAA","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        frame::push_server_text(open, &mut self.replies);
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        if let Some(argument) = text.strip_prefix(br#"42["echo","#) {
            let head = br#"42["echo-back","#;
            frame::push_head(TEXT, head.len() + argument.len(), &mut self.replies);
            self.replies.extend_from_slice(head);
            self.replies.extend_from_slice(argument);
        } else if text.starts_with(br#"42["bcast","#) {
            frame::push_server_text(text, self.broadcast);
        } else if text.starts_with(b"420[\"join\"") {
            self.joins = true;
            frame::push_server_text(b"430[]", &mut self.replies);
        } else if text.starts_with(b"40") {
            frame::push_server_text(br#"40{"sid":"bbbbbbbbbbbbbbbbbbAA"}"#, &mut self.replies);
        }
    }
}
