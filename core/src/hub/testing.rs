//! A hub without a network: clients are driven by hand, what is written is kept, and nothing runs by itself.

use crate::config::Config;
use crate::error::Reason;
use crate::hub::event::{Event, Sink};
use crate::hub::handshake::Handshake;
use crate::hub::join::JoinRequest;
use crate::hub::outbox::Wire;
use crate::hub::peer::Peer;
use crate::hub::registry::Hub;
use crate::hub::shard::{BoxFuture, Shard, Timer};
use crate::hub::socket::Socket;
use crate::ids::Sid;
use crate::proto::connection::Input;
use crate::proto::session::Transport;
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::{Instant, SystemTime};

type Spawned = Arc<Mutex<Vec<BoxFuture<()>>>>;

/// A hub with one shard.
pub(crate) struct World {
    pub(crate) hub: Arc<Hub>,
    pub(crate) shard: Arc<Shard>,
    pub(crate) sink: Arc<Recorder>,
    pub(crate) start: Instant,
    spawned: Spawned,
}

/// Takes note of events. Lets every client in, or keeps those who ask until they are answered by hand.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) holds: AtomicBool,
    pub(crate) asking: Mutex<Vec<JoinRequest>>,
    sockets: Mutex<Vec<Arc<Socket>>>,
    told: Mutex<Vec<String>>,
}

impl Sink for Recorder {
    fn push(&self, event: Event) {
        let told = match event {
            Event::Joining(request) if self.holds.load(Ordering::Relaxed) => return self.asking.lock().push(request),
            Event::Joining(request) => {
                request.accept();
                return;
            }
            Event::Connected(socket) => {
                let told = format!("connected to {}", socket.namespace().name());
                self.sockets.lock().push(socket);
                told
            }
            Event::Message(message) => format!("{}({})", message.name, message.args.json()),
            Event::Disconnecting { reason, rooms, .. } => format!("leaving {} rooms: {reason}", rooms.len()),
            Event::Disconnected { reason, .. } => format!("left: {reason}"),
            Event::Outgoing { name, .. } => format!("outgoing {name}"),
            Event::NamespaceCreated(namespace) => format!("created {}", namespace.name()),
            other => format!("{other:?}"),
        };
        self.told.lock().push(told);
    }
}

impl Recorder {
    /// What was told since the last look.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock())
    }
}

/// Keeps what is written, as far as there is room.
pub(crate) struct FakeWire {
    room: Mutex<usize>,
    got: Mutex<Vec<u8>>,
}

impl FakeWire {
    pub(crate) fn with_room(room: usize) -> Arc<Self> {
        Arc::new(Self { room: Mutex::new(room), got: Mutex::default() })
    }

    pub(crate) fn set_room(&self, room: usize) {
        *self.room.lock() = room;
    }

    /// The frames that were written whole since the last look: text as it is, of others what they are.
    pub(crate) fn frames(&self) -> Vec<String> {
        let mut got = self.got.lock();
        let mut frames = Vec::new();
        while let Some((frame, length)) = first_frame(&got) {
            frames.push(frame);
            got.drain(..length);
        }
        frames
    }
}

impl Wire for FakeWire {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.room.lock();
        let taken = bytes.len().min(*room);
        if taken == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *room -= taken;
        self.got.lock().extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }
}

fn first_frame(bytes: &[u8]) -> Option<(String, usize)> {
    let (opcode, short) = (*bytes.first()?, usize::from(*bytes.get(1)?));
    let (length, header) = match short {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (short, 2),
    };
    let body = bytes.get(header..header + length)?;
    let shown = match opcode {
        0x81 => std::str::from_utf8(body).unwrap().to_owned(),
        0x82 => format!("binary of {length}"),
        0x88 => format!("close {}", u16::from_be_bytes([body[0], body[1]])),
        _ => format!("control {opcode:x}"),
    };
    Some((shown, header + length))
}

/// A client on a WebSocket.
pub(crate) struct Client {
    pub(crate) peer: Arc<Peer>,
    pub(crate) wire: Arc<FakeWire>,
}

impl Client {
    /// Sends a message of text.
    pub(crate) fn says(&self, text: &str) {
        self.peer.handle_all(&mut vec![Input::Text(text.into())], Instant::now());
    }

    /// The connection breaks.
    pub(crate) fn dies(&self) {
        self.peer.fail(Reason::TransportClose, "test");
    }
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        let spawned = Spawned::default();
        let into = Arc::clone(&spawned);
        let start = Instant::now();
        let shard = Shard::new(start, move |future| into.lock().push(future));
        let hub = Hub::new(config, true, None);
        let sink = Arc::new(Recorder::default());
        hub.set_sink(Arc::clone(&sink) as _);
        hub.add_shard(Arc::clone(&shard));
        Self { hub, shard, sink, start, spawned }
    }

    pub(crate) fn peer(&self, transport: Transport) -> Arc<Peer> {
        let peer = self.stranger(transport);
        self.hub.enter(&peer).unwrap();
        peer
    }

    /// A client that the hub has not taken yet.
    pub(crate) fn stranger(&self, transport: Transport) -> Arc<Peer> {
        let handshake = Handshake {
            headers: Vec::new(),
            url: "/socket.io/".into(),
            address: None,
            secure: false,
            issued: SystemTime::now(),
            kept: None,
        };
        let sid = Sid::random().unwrap();
        Peer::new(Arc::clone(&self.hub), Arc::clone(&self.shard), sid, transport, handshake, self.start)
    }

    pub(crate) fn client(&self) -> Client {
        let (peer, wire) = (self.peer(Transport::WebSocket), FakeWire::with_room(usize::MAX));
        let pushed = peer.link().attach(Some(Arc::clone(&wire) as _));
        peer.after_push(pushed);
        peer.announce();
        Client { peer, wire }
    }

    /// A client that has joined `/`, and its socket.
    pub(crate) fn joined(&self) -> (Client, Arc<Socket>) {
        let client = self.client();
        client.says("40");
        let socket = self.last_socket();
        self.hears(&client);
        self.sink.told();
        (client, socket)
    }

    /// The socket that joined last.
    pub(crate) fn last_socket(&self) -> Arc<Socket> {
        Arc::clone(self.sink.sockets.lock().last().unwrap())
    }

    /// What a client has heard since the last look.
    pub(crate) fn hears(&self, client: &Client) -> Vec<String> {
        self.settle();
        client.wire.frames()
    }

    /// Runs what was spawned and flushes what is dirty, until nothing more happens.
    pub(crate) fn settle(&self) {
        loop {
            let futures = std::mem::take(&mut *self.spawned.lock());
            let mut dirty = Vec::new();
            self.shard.take_dirty(&mut dirty);
            if futures.is_empty() && dirty.is_empty() {
                return;
            }
            for mut future in futures {
                let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(polled.is_ready(), "nothing here waits for a clock");
            }
            dirty.iter().for_each(|peer| peer.flush(Instant::now(), &mut Vec::new()));
        }
    }

    /// It is so late: what is due happens.
    pub(crate) fn reach(&self, now: Instant) {
        for timer in self.shard.take_due(now) {
            match timer {
                Timer::Peer(peer) => peer.upgrade().into_iter().for_each(|peer| peer.timer_fired(now)),
                Timer::Acks(socket) => socket.upgrade().into_iter().for_each(|socket| socket.acks_due(now)),
            }
        }
        self.settle();
    }
}
