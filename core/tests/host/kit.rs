//! A small host: it drains on its own thread when the bell has rung.

use crate::client::Wire;
use pancar::host::{Event, HubEvent, Message, Server, Socket};
use pancar::{Config, Payload, Reason};
use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// After this long nothing is coming any more, and the test has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a bell wakes.
#[derive(Debug, Default)]
pub struct Signal {
    rung: Mutex<usize>,
    moved: Condvar,
}

impl Signal {
    pub fn bell(self: &Arc<Self>) -> Box<dyn Fn() + Send + Sync> {
        let me = Arc::clone(self);
        Box::new(move || me.ring())
    }

    fn ring(&self) {
        *self.rung.lock().unwrap() += 1;
        self.moved.notify_all();
    }

    /// How often it has rung.
    pub fn count(&self) -> usize {
        *self.rung.lock().unwrap()
    }

    /// Looks again and again, whenever the bell has rung, until there is something.
    pub fn wait<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = self.count();
            if let Some(found) = look() {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            let rung = self.rung.lock().unwrap();
            drop(self.moved.wait_timeout_while(rung, left, |now| *now == seen).unwrap());
            assert_ne!(self.count(), seen, "nothing came");
        }
    }
}

pub struct Host {
    pub server: Server,
    pub signal: Arc<Signal>,
    drained: VecDeque<Event>,
}

pub fn quiet() -> Config {
    Config { workers: Some(2), http_compression: None, ..Config::default() }
}

impl Host {
    pub fn new(config: Config) -> Self {
        let signal = Arc::<Signal>::default();
        let server = Server::new(config, signal.bell()).unwrap();
        Self { server, signal, drained: VecDeque::new() }
    }

    pub fn listening() -> (Self, SocketAddr) {
        let host = Self::new(quiet());
        let address = host.server.listen("127.0.0.1:0").unwrap();
        (host, address)
    }

    /// The next event.
    pub fn next(&mut self) -> Event {
        let Self { server, signal, drained } = self;
        signal.wait(|| {
            if drained.is_empty() {
                drained.extend(server.drain(1000));
            }
            drained.pop_front()
        })
    }

    pub fn hub_event(&mut self) -> HubEvent {
        match self.next() {
            Event::Hub(event) => event,
            other => panic!("{other:?}"),
        }
    }

    /// Lets the next client in.
    pub fn accept(&mut self) -> Arc<Socket> {
        match self.hub_event() {
            HubEvent::Joining(request) => assert!(request.accept()),
            other => panic!("{other:?}"),
        }
        match self.hub_event() {
            HubEvent::Connected(socket) => socket,
            other => panic!("{other:?}"),
        }
    }

    pub fn message(&mut self) -> Message {
        match self.hub_event() {
            HubEvent::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// The next event is a message; shown as `name[arguments]`.
    pub fn heard(&mut self) -> String {
        let message = self.message();
        format!("{}{}", message.name, message.args.to_json_array())
    }

    /// The next two events tell that a socket leaves; why, and the rooms that it was in besides its own.
    pub fn left(&mut self) -> (Reason, Vec<String>) {
        let (id, rooms) = match self.hub_event() {
            HubEvent::Disconnecting { socket, rooms, .. } => (socket.id().clone(), rooms),
            other => panic!("{other:?}"),
        };
        match self.hub_event() {
            HubEvent::Disconnected { socket, reason, .. } => {
                assert_eq!(*socket.id(), id);
                assert!(!socket.is_connected());
                let others = rooms.iter().filter(|room| room.as_str() != id.as_str());
                (reason, others.map(ToString::to_string).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Fills the mailbox up to the mark at which nothing more is read from clients.
    pub fn congest(&self) {
        let filling = args("x".repeat(1 << 20));
        while !self.server.mailbox().is_congested() {
            self.server.mailbox().put(Event::Ack { token: u64::MAX, answer: Ok(filling.clone()) });
        }
    }

    /// Takes what [`Host::congest`] put in.
    pub fn relieve(&mut self) {
        while self.server.mailbox().is_congested() {
            self.drained.extend(self.server.drain(1000));
        }
        self.drained.retain(|event| !matches!(event, Event::Ack { token: u64::MAX, .. }));
    }

    /// A client over TCP that has joined the main namespace by WebSocket.
    pub fn join(&mut self, address: SocketAddr) -> (Wire<TcpStream>, Arc<Socket>) {
        let mut client = Wire::websocket(Wire::tcp(address), "");
        client.open_packet();
        client.text("40");
        let socket = self.accept();
        assert_eq!(client.said(), format!("40{{\"sid\":\"{}\"}}", socket.id()));
        (client, socket)
    }
}

/// Looks again and again for what nobody rings a bell for.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "it never came to be that {what}");
        std::thread::yield_now();
    }
}

pub fn args<T: serde::Serialize>(value: T) -> Payload {
    Payload::from_args(&value).unwrap()
}
