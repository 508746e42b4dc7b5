//! Many clients on one thread.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use socket2::{Domain, Socket, Type};

use crate::connection::{Connection, Scratch, Traffic};
use crate::wire::READ_BUFFER;

/// Connections per source address: `connect` becomes slow beyond about 14 000 ports of one address.
const PER_ADDRESS: usize = 10_000;
/// Connections that may be on their way to ready at the same time.
const OPENING: usize = 64;
/// How long [`Pool::open`] waits for progress.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait inside one turn.
const TICK: Duration = Duration::from_millis(20);

/// All clients; a connection's id is its place, counted from 0.
#[derive(Debug)]
pub struct Pool {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    target: SocketAddrV4,
    scratch: Scratch,
    ready: usize,
    gone: u64,
}

impl Pool {
    /// No clients yet, all of them going to `target`.
    pub fn new(target: SocketAddrV4) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            connections: Vec::new(),
            target,
            scratch: Scratch { read: vec![0; READ_BUFFER], out: Vec::new() },
            ready: 0,
            gone: 0,
        })
    }

    /// Adds `count` clients and waits until all have joined `/`.
    pub fn open<T: Traffic>(&mut self, count: usize, traffic: &mut T) -> io::Result<()> {
        let goal = self.connections.len() + count;
        let (mut progress, mut since) = (self.ready, Instant::now());
        while self.ready < goal {
            while self.connections.len() < goal.min(self.ready + OPENING) {
                self.connect()?;
            }
            self.turn(traffic)?;
            if self.gone > 0 {
                return Err(io::Error::other("the server refused or closed a connection"));
            }
            if self.ready > progress {
                (progress, since) = (self.ready, Instant::now());
            } else if since.elapsed() > PATIENCE {
                return Err(io::Error::other("the server stopped accepting connections"));
            }
        }
        Ok(())
    }

    /// Ends all connections politely.
    pub fn close_all(&mut self) {
        for connection in &mut self.connections {
            connection.leave();
        }
        self.connections.clear();
        self.ready = 0;
    }

    /// Connections that the server ended so far.
    pub fn gone(&self) -> u64 {
        self.gone
    }

    /// Writes whole frames to one connection.
    pub fn write(&mut self, id: usize, frames: &[u8]) {
        self.connections[id].wire.write(frames);
    }

    /// Takes turns for `time`.
    pub fn run_for<T: Traffic>(&mut self, time: Duration, traffic: &mut T) -> io::Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn(traffic)?;
        }
        Ok(())
    }

    /// Waits (20 ms at most) until something is readable, reads all of it, then gives `traffic` its turn.
    pub fn turn<T: Traffic>(&mut self, traffic: &mut T) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(TICK)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Err(_) => return Ok(()),
            Ok(()) => {}
        }
        for event in &self.events {
            let id = event.token().0;
            let connection = &mut self.connections[id];
            if connection.is_gone() {
                continue;
            }
            let was_ready = connection.is_ready();
            connection.wire.flush();
            let to_end = event.is_read_closed() || event.is_error();
            if event.is_readable() || to_end {
                connection.receive(id, to_end, &mut self.scratch, traffic);
            }
            self.ready += usize::from(connection.is_ready() && !was_ready);
            self.gone += u64::from(connection.is_gone());
        }
        traffic.turn(self);
        Ok(())
    }

    fn connect(&mut self) -> io::Result<()> {
        let id = self.connections.len();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if id >= PER_ADDRESS {
            let host = 1 + (id / PER_ADDRESS) as u8;
            let source = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0);
            // Otherwise a port is reserved for all destinations, those of earlier runs in TIME_WAIT included.
            setsockopt(&socket, IpBindAddressNoPort, &true)?;
            socket.bind(&source.into())?;
        }
        socket.connect(&self.target.into())?;
        socket.set_tcp_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(socket.into());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(id), interest)?;
        self.connections.push(Connection::start(stream));
        Ok(())
    }
}
