//! The server of a host.

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::host::drive::Driving;
use crate::host::external::{self, ExternalSocket};
use crate::host::lanes::Lanes;
use crate::host::mailbox::{Bell, Event, Mailbox};
use crate::host::pipe::Pipe;
use crate::host::request::{self, IncomingRequest, PendingRequest, Seat};
use crate::hub::Hub;
use crate::hub::namespace::Namespace;
use crate::hub::pattern::Pattern;
use crate::hub::registry::Matcher;
use crate::hub::shard::{BoxFuture, Shard};
use crate::hub::socket::Socket;
use crate::hub::target::{Flags, Target};
use crate::net::Endpoint;
use crate::net::RemoteAddress;
use crate::net::hooks::Hooks;
use crate::net::listen::{self, Address, Listening, Security};
use crate::payload::Payload;
use crate::wire::text::Text;
use bytes::Bytes;
use http::{Request, Response};
use parking_lot::{Condvar, Mutex};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// A client asks for a namespace that does not exist. Dropped without an answer it is refused.
#[derive(Debug)]
pub struct MatchRequest {
    /// The name that the client gave.
    pub name: Text,
    /// The credentials that it sent.
    pub auth: Payload,
    /// The number of the dynamic namespace that is asked.
    pub matcher: u64,
    answer: oneshot::Sender<bool>,
}

impl MatchRequest {
    /// Whether the dynamic namespace takes the name.
    pub fn answer(self, takes: bool) {
        // A client that went away meanwhile does not care.
        self.answer.send(takes).ok();
    }
}

/// A server whose events are pulled. Dropped, it closes, and nothing more is told.
pub struct Server {
    hub: Arc<Hub>,
    endpoint: Arc<Endpoint>,
    lanes: Arc<Lanes>,
    /// Nothing once it is closed.
    listening: Mutex<Option<Vec<Arc<Listening>>>>,
    /// Threads without a listener, for connections that the host hands over.
    workers: Mutex<Option<Arc<Listening>>>,
    ended: Arc<Ended>,
}

/// Whether closing has come to its end.
#[derive(Debug, Default)]
struct Ended {
    ended: Mutex<bool>,
    changed: Condvar,
}

impl Ended {
    fn tell(&self) {
        *self.ended.lock() = true;
        self.changed.notify_all();
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("lanes", &self.lanes).finish_non_exhaustive()
    }
}

impl Server {
    /// A server with the given options. It serves nobody yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] with the option, its value and what is allowed.
    pub fn new(config: Config, bell: Bell) -> Result<Self> {
        Self::with_hooks(config, Hooks::default(), bell)
    }

    /// As [`new`](Self::new), with functions that the HTTP part calls on threads of the server.
    ///
    /// # Errors
    /// As there.
    pub fn with_hooks(config: Config, hooks: Hooks, bell: Bell) -> Result<Self> {
        Self::with_lanes(config, hooks, bell, Vec::new())
    }

    /// As [`with_hooks`](Self::with_hooks), with a mailbox for each bell, so that the host may take events on as many
    /// threads. All that happens to one client comes in one mailbox; what concerns no client in the first.
    ///
    /// # Errors
    /// As there.
    pub fn with_lanes(config: Config, hooks: Hooks, bell: Bell, others: Vec<Bell>) -> Result<Self> {
        config.validate()?;
        let client = config.serve_client.as_deref().map(crate::net::load_client).transpose()?;
        let hub = Hub::new(config, true, None);
        let lanes = Arc::new(Lanes::new(bell, others));
        hub.set_sink(Arc::clone(&lanes) as _);
        let endpoint = Endpoint::new(Arc::clone(&hub), hooks, client);
        Ok(Self {
            hub,
            endpoint,
            lanes,
            listening: Mutex::new(Some(Vec::new())),
            workers: Mutex::default(),
            ended: Arc::default(),
        })
    }

    /// Takes up to `max` events, oldest first.
    pub fn drain(&self, max: usize) -> Vec<Event> {
        self.mailbox().drain(max)
    }

    /// The mailbox; the first where there are several.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        self.lanes.first()
    }

    /// All mailboxes.
    pub fn lanes(&self) -> &Arc<Lanes> {
        &self.lanes
    }

    /// The number of the mailbox in which all comes that happens to a socket.
    pub fn lane_of(&self, socket: &Socket) -> usize {
        self.lanes.number_of(socket.peer().shard())
    }

    /// Does on this thread what one of the server's does for the clients of a lane, until the server closes: they are read,
    /// `take` is called to take from the mailbox, and what that sent is written, without a change of threads. When this
    /// returns there may be events left, and there will be [`Event::Closed`].
    ///
    /// Returns false at once where that cannot be: when the server does not listen, when it has more threads than lanes,
    /// so that this one would have to take the events of others too, or inside of a tokio runtime.
    pub fn drive(&self, lane: usize, take: impl FnMut() + 'static) -> bool {
        let Some(mailbox) = self.lanes.get(lane) else { return false };
        if self.lanes.count() < self.config().worker_count() || tokio::runtime::Handle::try_current().is_ok() {
            return false;
        }
        let listening = self.listening.lock().clone().unwrap_or_default();
        let is_of_lane = |shard: &Shard| self.lanes.number_of(shard) == lane;
        let Some(work) = listening.iter().find_map(|listening| listening.borrow(is_of_lane)) else { return false };
        drop(listening);
        let _driving = Driving::begin(mailbox, work.shard(), Box::new(take));
        work.run();
        true
    }

    /// Runs a future on a thread of the server: that of a socket, or any.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn spawn(&self, near: Option<&Socket>, future: BoxFuture<()>) -> Result<()> {
        match near {
            Some(socket) => socket.peer().shard().spawn(future),
            None => self.seat()?.shard.spawn(future),
        }
        Ok(())
    }

    /// Puts an event of the host into a mailbox when a delay is over. It is dropped when the server closes before that.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn post_after(
        &self,
        near: Option<&Socket>,
        mailbox: &Arc<Mailbox>,
        delay: Duration,
        event: Event,
    ) -> Result<()> {
        let (lanes, mailbox) = (Arc::clone(&self.lanes), Arc::clone(mailbox));
        let wait = async move {
            tokio::time::sleep(delay).await;
            lanes.put_last(&mailbox, event);
        };
        self.spawn(near, Box::pin(wait))
    }

    /// The options.
    pub fn config(&self) -> &Config {
        self.hub.config()
    }

    /// Number of connections.
    pub fn clients_count(&self) -> usize {
        self.hub.clients_count()
    }

    /// A namespace, made when there is none of the name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a name that no client could send.
    pub fn of(&self, name: &str) -> Result<Arc<Namespace>> {
        self.hub.of(name)
    }

    /// An existing namespace.
    pub fn namespace(&self, name: &str) -> Option<Arc<Namespace>> {
        self.hub.namespace(name)
    }

    /// All namespaces.
    pub fn namespaces(&self) -> Vec<Arc<Namespace>> {
        self.hub.namespaces()
    }

    /// Adds a dynamic namespace whose names fit a pattern. [`Namespace::parent`] of a child is the number that is given.
    pub fn of_pattern(&self, pattern: Pattern) -> usize {
        self.hub.add_parent(Matcher::Pattern(pattern))
    }

    /// Adds a dynamic namespace that asks the host with [`Event::Match`], in which `matcher` is the number given here.
    /// [`Namespace::parent`] of a child is the number that is returned.
    pub fn of_matching(&self, matcher: u64) -> usize {
        let mailbox = Arc::downgrade(self.mailbox());
        self.hub.add_parent(Matcher::Predicate(Arc::new(move |name, auth| {
            let (answer, answered) = oneshot::channel();
            if let Some(mailbox) = mailbox.upgrade() {
                let request = MatchRequest { name: name.into(), auth: auth.clone(), matcher, answer };
                mailbox.put(Event::Match(request));
            }
            Box::pin(async move { answered.await.unwrap_or(false) })
        })))
    }

    /// Sends an event to a socket; its answer, a timeout or its leaving comes as [`Event::Ack`] with the token.
    ///
    /// # Errors
    /// [`ErrorKind::Disconnected`], [`ErrorKind::InvalidName`], [`ErrorKind::LimitExceeded`]; then no event comes.
    pub fn emit_with_ack(
        &self,
        socket: &Arc<Socket>,
        flags: Flags,
        name: &str,
        args: &Payload,
        token: u64,
    ) -> Result<()> {
        let (lanes, shard) = (Arc::clone(&self.lanes), Arc::clone(socket.peer().shard()));
        let done = Box::new(move |answer| lanes.put(&shard, Event::Ack { token, answer }));
        socket.emit_with_ack(flags, name, args, done)
    }

    /// Sends an event to many sockets; the outcomes of all of them come as one [`Event::Acks`] with the token.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`]; then no event comes.
    pub fn broadcast_with_ack(
        &self,
        namespace: &Namespace,
        target: &Target,
        flags: Flags,
        name: &str,
        args: &Payload,
        token: u64,
    ) -> Result<()> {
        let lanes = Arc::clone(&self.lanes);
        let done = Box::new(move |outcomes| lanes.put_last(lanes.first(), Event::Acks { token, outcomes }));
        namespace.emit_with_ack(target, flags, name, args, done)
    }

    /// Listens on a TCP address; the address that was bound.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] for what is no address, [`ErrorKind::Io`] when it cannot be had.
    pub fn listen(&self, address: impl ToSocketAddrs + std::fmt::Debug) -> Result<SocketAddr> {
        let (listener, bound) = listen::bind(address)?;
        self.start(Address::Tcp(listener), Security::Plain)?;
        Ok(bound)
    }

    /// Listens on a TCP address with TLS. Certificates and key are PEM; the chain begins with the server's own.
    ///
    /// # Errors
    /// As [`listen`](Self::listen), and [`ErrorKind::Tls`] for certificates or a key that cannot be used.
    #[cfg(feature = "tls")]
    pub fn listen_tls(
        &self,
        address: impl ToSocketAddrs + std::fmt::Debug,
        certificates: &[u8],
        key: &[u8],
    ) -> Result<SocketAddr> {
        let security = Security::Tls(crate::net::tls::acceptor(certificates, key)?);
        let (listener, bound) = listen::bind(address)?;
        self.start(Address::Tcp(listener), security)?;
        Ok(bound)
    }

    /// Listens on a Unix socket.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the path cannot be had.
    pub fn listen_unix(&self, path: &Path) -> Result<()> {
        self.start(Address::Unix(listen::bind_unix(path)?, path.to_owned()), Security::Plain).map(drop)
    }

    fn start(&self, address: Address, security: Security) -> Result<Arc<Listening>> {
        let closed = || Error::new(ErrorKind::Closed, "the server is closed");
        if self.listening.lock().is_none() {
            return Err(closed());
        }
        let started = Arc::new(listen::start(&self.endpoint, address, security, None)?);
        match &mut *self.listening.lock() {
            Some(listening) => listening.push(Arc::clone(&started)),
            None => {
                started.stop_accepting();
                started.close();
                return Err(closed());
            }
        }
        Ok(started)
    }

    /// Threads for connections that the host hands over, started at the first need.
    fn workers(&self) -> Result<Arc<Listening>> {
        let mut workers = self.workers.lock();
        if let Some(workers) = &*workers {
            return Ok(Arc::clone(workers));
        }
        let started = self.start(Address::Nowhere, Security::Plain)?;
        *workers = Some(Arc::clone(&started));
        Ok(started)
    }

    fn seat(&self) -> Result<Seat> {
        let seat = self.workers()?.seat();
        let (handle, shard) = seat.ok_or_else(|| Error::new(ErrorKind::Closed, "the server has no threads"))?;
        Ok(Seat { handle, shard })
    }

    /// Takes a TCP connection from the host, with the bytes of HTTP that were read from it already, and serves it at full
    /// speed: requests on the server's path, WebSocket included.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] when the server is closed, [`ErrorKind::Io`] when no thread can be had.
    pub fn adopt(&self, stream: std::net::TcpStream, head: Bytes) -> Result<()> {
        let remote = stream.peer_addr().map_err(|cause| Error::io("the connection has no other side", cause))?;
        stream.set_nonblocking(true).map_err(|cause| Error::io("the connection cannot be used", cause))?;
        self.workers()?.adopt_tcp(stream, remote, head);
        Ok(())
    }

    /// Takes a connection whose bytes the host carries; see [`Pipe`].
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn adopt_pipe(&self, remote: RemoteAddress, bell: Bell) -> Result<Arc<Pipe>> {
        let (pipe, stream) = Pipe::new(bell);
        self.workers()?.adopt_pipe(Box::new(stream), remote);
        Ok(pipe)
    }

    /// Answers an HTTP request that the host received, with a [`RemoteAddress`] among its extensions where that is known.
    /// `done` is called once, on a thread of the server. Dropping what is returned before that says that the client is
    /// gone; then `done` is not called.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn request(
        &self,
        request: Request<Bytes>,
        done: impl FnOnce(Response<Bytes>) + Send + 'static,
    ) -> Result<PendingRequest> {
        Ok(request::request(&self.endpoint, &self.seat()?, request, done))
    }

    /// As [`request`](Self::request), before the body is there: it is to be given piece by piece to what is returned. Its
    /// session takes the request in the call itself, so that it hears of a second one, or of a client that goes away
    /// before the end of a body. `body_timeout` and the limits of sizes are the server's business.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn begin_request(
        &self,
        request: Request<()>,
        done: impl FnOnce(Response<Bytes>) + Send + 'static,
    ) -> Result<IncomingRequest> {
        Ok(request::incoming(&self.endpoint, &self.seat()?, request, done))
    }

    /// Takes a WebSocket whose messages the host carries, with a [`RemoteAddress`] among the extensions of its request
    /// where that is known. `done` gets it, or the answer to a refused request, on a thread of the server. The bell rings
    /// when [`ExternalSocket::take`] has something, which may be before `done` is called: take once when it is.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn websocket(
        &self,
        request: Request<()>,
        bell: Bell,
        done: impl FnOnce(std::result::Result<ExternalSocket, Response<Bytes>>) + Send + 'static,
    ) -> Result<()> {
        external::websocket(&self.endpoint, &self.seat()?, request, bell, done);
        Ok(())
    }

    /// Closes the server; [`Event::Closed`] comes once, when every client has been told or `close_timeout` has passed.
    pub fn close(&self) {
        let Some(listening) = self.listening.lock().take() else { return };
        *self.workers.lock() = None;
        listening.iter().for_each(|listening| listening.stop_accepting());
        self.hub.close();
        listening.iter().for_each(|listening| listening.close());
        let (lanes, ended) = (Arc::clone(&self.lanes), Arc::clone(&self.ended));
        let wait = move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() {
                listening.iter().for_each(|listening| runtime.block_on(listening.ended()));
            }
            lanes.put_closed();
            ended.tell();
        };
        if let Err(error) = std::thread::Builder::new().name("pancar-close".into()).spawn(wait) {
            tracing::error!(%error, "closing is not waited for");
            self.lanes.put_closed();
            self.ended.tell();
        }
    }

    /// Waits until [`close`](Self::close), called before or by another thread, has come to its end. Not for threads of
    /// the server.
    pub fn wait_closed(&self) {
        let mut ended = self.ended.ended.lock();
        while !*ended {
            self.ended.changed.wait(&mut ended);
        }
    }

    /// As [`wait_closed`](Self::wait_closed), for some time; whether it has come to its end.
    pub fn wait_closed_for(&self, time: Duration) -> bool {
        let mut ended = self.ended.ended.lock();
        self.ended.changed.wait_while_for(&mut ended, |ended| !*ended, time);
        *ended
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
        // Events hold sockets, and those the way to the mailbox: nobody would ever be freed.
        self.lanes.all().for_each(|mailbox| mailbox.shut());
    }
}
