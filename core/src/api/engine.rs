//! Bare Engine.IO: sessions and messages without Socket.IO on top.

use crate::config::Config;
use crate::error::{Reason, Result};
use crate::hub::Hub;
use crate::hub::event::{Event, Sink};
use crate::hub::handshake::Handshake;
use crate::hub::peer::Peer;
use crate::net::Endpoint;
use crate::net::hooks::Hooks;
use crate::net::listen::{self, Address, Listening, Security};
use crate::proto::session::{Close, Transport};
use crate::wire::text::Text;
use bytes::Bytes;
use parking_lot::Mutex;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A message of Engine.IO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
}

/// One client.
#[derive(Clone, Debug)]
pub struct Connection {
    peer: Arc<Peer>,
}

impl Connection {
    /// Sends a message. One to a client that is gone is dropped.
    pub fn send(&self, message: Message) {
        match message {
            Message::Text(text) => self.peer.send_text(&text),
            Message::Binary(data) => self.peer.send_binary(&data),
        }
    }

    /// The request that opened the connection.
    pub fn handshake(&self) -> &Arc<Handshake> {
        self.peer.handshake()
    }

    /// The transport in use.
    pub fn transport(&self) -> Transport {
        self.peer.transport()
    }

    /// Closes the connection after what is queued.
    pub fn close(&self) {
        self.peer.close(Close { reason: Reason::ForcedClose, detail: "closed by the server", discard: false });
    }
}

/// What an Engine.IO server does with its clients. Called on the threads that serve them, in the order of the wire.
pub trait Application: Send + Sync + 'static {
    /// A client is there.
    fn opened(&self, connection: &Connection) {
        let _ = connection;
    }

    /// A client sent a message.
    fn message(&self, connection: &Connection, message: Message);

    /// A client is gone.
    fn closed(&self, connection: &Connection, reason: Reason) {
        let _ = (connection, reason);
    }
}

struct ApplicationSink<A>(A);

impl<A: Application> Sink for ApplicationSink<A> {
    fn push(&self, event: Event) {
        let told = catch_unwind(AssertUnwindSafe(|| match event {
            Event::Opened(peer) => self.0.opened(&Connection { peer }),
            Event::Text(peer, text) => self.0.message(&Connection { peer }, Message::Text(text)),
            Event::Binary(peer, data) => self.0.message(&Connection { peer }, Message::Binary(data)),
            Event::Closed(peer, reason) => self.0.closed(&Connection { peer }, reason),
            _ => {}
        }));
        if told.is_err() {
            tracing::error!("the application of an Engine.IO server panicked");
        }
    }
}

/// A bare Engine.IO server.
///
/// ```no_run
/// use pancar::engine::{Application, Connection, Engine, Message};
/// use pancar::Config;
///
/// struct Echo;
/// impl Application for Echo {
///     fn message(&self, connection: &Connection, message: Message) {
///         connection.send(message);
///     }
/// }
///
/// # async fn run() -> pancar::Result<()> {
/// let engine = Engine::new(Config { path: "/engine.io/".into(), ..Config::default() }, Echo)?;
/// engine.listen("127.0.0.1:3000")?;
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    hub: Arc<Hub>,
    endpoint: Arc<Endpoint>,
    listening: Mutex<Vec<Arc<Listening>>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// A server with these options. It serves nobody yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) with the option, its value and what is allowed.
    pub fn new(config: Config, application: impl Application) -> Result<Self> {
        config.validate()?;
        let hub = Hub::new(config, false, None);
        hub.set_sink(Arc::new(ApplicationSink(application)));
        let endpoint = Endpoint::new(Arc::clone(&hub), Hooks::default(), None);
        Ok(Self { hub, endpoint, listening: Mutex::default() })
    }

    /// Listens on a TCP address; the address that was bound.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) for what is no address, [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be had.
    pub fn listen(&self, address: impl ToSocketAddrs + std::fmt::Debug) -> Result<SocketAddr> {
        let (listener, bound) = listen::bind(address)?;
        let listening = Arc::new(listen::start(&self.endpoint, Address::Tcp(listener), Security::Plain, None)?);
        listening.keep(());
        self.listening.lock().push(listening);
        Ok(bound)
    }

    /// Number of connections.
    pub fn clients_count(&self) -> usize {
        self.hub.clients_count()
    }

    /// Closes the server. Ends when every client has been told.
    pub async fn close(&self) {
        let listening = std::mem::take(&mut *self.listening.lock());
        self.hub.close();
        for listening in listening {
            listening.close();
            listening.ended().await;
        }
    }
}
