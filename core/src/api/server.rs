//! The server: everybody who is connected.

use crate::api::args::IntoArgs;
use crate::api::broadcast::{Broadcast, RemoteSocket, Rooms};
use crate::api::builder::ServerBuilder;
use crate::api::extract::{ConnectContext, MessageContext};
use crate::api::handler::{Handler, Middleware};
use crate::api::listeners::ListenerId;
use crate::api::namespace::{DynamicNamespace, Handlers, Namespace};
use crate::api::sink::{self, RustSink};
use crate::error::{Error, ErrorKind, Result};
use crate::hub::Hub;
use crate::hub::pattern::Pattern;
use crate::hub::registry::Matcher;
use crate::net::Endpoint;
use crate::net::listen::{self, Address, BoxError, Fallback, Listening, Security};
use crate::net::service::{NotFound, PancarLayer, PancarService};
use crate::payload::Payload;
use crate::wire::text::Text;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use parking_lot::{Mutex, RwLock};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tower::{Service, ServiceExt as _};

/// A Socket.IO server: all connections, all namespaces.
///
/// Cheap to clone, usable from anywhere. One that listens goes on when nobody holds it, until it is closed. What can be
/// said of a namespace can be said of the server and then concerns the main namespace, `/`.
///
/// ```no_run
/// use pancar::{Data, Server, Socket};
///
/// # async fn run() -> pancar::Result<()> {
/// let io = Server::new();
/// io.on_connect(|socket: Socket| {
///     socket.on("message", |socket: Socket, Data(text): Data<String>| socket.emit("message", text));
/// });
/// io.listen("127.0.0.1:3000")?;
/// io.closed().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    hub: Arc<Hub>,
    endpoint: Arc<Endpoint>,
    sink: Arc<RustSink>,
    state: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    listening: Mutex<Vec<Arc<Listening>>>,
    fallback: RwLock<Option<Fallback>>,
    closing: tokio::sync::watch::Sender<bool>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// A server with the default options.
    pub fn new() -> Self {
        Self::make(ServerBuilder::default(), None)
    }

    /// Options for a server.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    pub(crate) fn from_builder(builder: ServerBuilder) -> Result<Self> {
        builder.config.validate()?;
        let client = match &builder.config.serve_client {
            Some(folder) => Some(crate::net::load_client(folder)?),
            None => None,
        };
        Ok(Self::make(builder, client))
    }

    fn make(builder: ServerBuilder, client: Option<crate::net::StaticClient>) -> Self {
        let hub = Hub::new(builder.config, true, builder.adapter);
        let sink = Arc::new(RustSink::default());
        hub.set_sink(Arc::clone(&sink) as _);
        let endpoint = Endpoint::new(Arc::clone(&hub), builder.hooks, client);
        let (closing, _) = tokio::sync::watch::channel(false);
        let (listening, fallback) = (Mutex::default(), RwLock::default());
        let inner = Inner { hub, endpoint, sink, state: builder.state, listening, fallback, closing };
        let server = Self { inner: Arc::new(inner) };
        let main = server.inner.hub.main();
        sink::handlers(&main, Some(&server.inner.sink));
        server.inner.hub.set_owner(Arc::downgrade(&server.inner) as Weak<dyn Any + Send + Sync>);
        server
    }

    /// The server that a hub belongs to.
    pub(crate) fn of_hub(hub: &Hub) -> Option<Self> {
        let inner = hub.owner()?.downcast::<Inner>().ok()?;
        Some(Self { inner })
    }

    /// The state of a type that was given to the builder.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.inner.state.get(&TypeId::of::<T>())?.clone().downcast().ok()
    }

    /// Number of connections, of whatever transport and namespace.
    pub fn clients_count(&self) -> usize {
        self.inner.hub.clients_count()
    }

    fn main(&self) -> Namespace {
        let inner = self.inner.hub.main();
        Namespace { handlers: sink::handlers(&inner, Some(&self.inner.sink)), inner }
    }

    /// A namespace, made when there is none of the name. A missing `/` at the beginning is added.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a name with a comma, or longer than `max_namespace_length`.
    pub fn of(&self, name: &str) -> Result<Namespace> {
        let inner = self.inner.hub.of(name)?;
        Ok(Namespace { handlers: sink::handlers(&inner, Some(&self.inner.sink)), inner })
    }

    /// Namespaces that are made when a client asks for one whose name fits a pattern: `{name}` stands for one or more
    /// characters other than `/`.
    ///
    /// ```
    /// # use pancar::{Server, Socket};
    /// # let io = Server::new();
    /// io.of_pattern("/tenant-{id}")?.on_connect(|socket: Socket| println!("{}", socket.namespace().name()));
    /// # Ok::<(), pancar::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a pattern that does not begin with `/` or has a brace without its partner.
    pub fn of_pattern(&self, pattern: &str) -> Result<DynamicNamespace> {
        let parsed = Pattern::parse(pattern).ok_or_else(|| {
            Error::new(ErrorKind::InvalidName, format!("`{pattern}` is no pattern such as `/room-{{id}}`"))
        })?;
        Ok(self.add_parent(Matcher::Pattern(parsed)))
    }

    /// Namespaces that are made when a client asks for one that the function lets pass, given its name and the credentials.
    pub fn of_matching<F, U>(&self, matches: F) -> DynamicNamespace
    where
        F: Fn(&str, &Payload) -> U + Send + Sync + 'static,
        U: Future<Output = bool> + Send + 'static,
    {
        self.add_parent(Matcher::Predicate(Arc::new(move |name, auth| sink::ask(|| matches(name, auth)))))
    }

    fn add_parent(&self, matcher: Matcher) -> DynamicNamespace {
        let handlers = Arc::new(Handlers::default());
        let mut parents = self.inner.sink.parents.write();
        parents.push(Arc::clone(&handlers));
        self.inner.hub.add_parent(matcher);
        DynamicNamespace { handlers }
    }

    /// All namespaces.
    pub fn namespaces(&self) -> Vec<Namespace> {
        let make = |inner: Arc<crate::hub::namespace::Namespace>| Namespace {
            handlers: sink::handlers(&inner, Some(&self.inner.sink)),
            inner,
        };
        self.inner.hub.namespaces().into_iter().map(make).collect()
    }

    /// Removes a namespace; its sockets are disconnected. Whether there was one.
    pub fn remove_namespace(&self, name: &str) -> bool {
        self.inner.hub.remove_namespace(name)
    }

    /// See [`Namespace::on_connect`].
    pub fn on_connect<M: 'static>(&self, handler: impl Handler<ConnectContext, M>) -> ListenerId {
        self.main().on_connect(handler)
    }

    /// See [`Namespace::use_`].
    pub fn use_<M: 'static>(&self, middleware: impl Middleware<ConnectContext, M>) {
        self.main().use_(middleware);
    }

    /// See [`Namespace::on`].
    pub fn on<M: 'static>(&self, event: &str, handler: impl Handler<MessageContext, M>) -> ListenerId {
        self.main().on(event, handler)
    }

    /// See [`Namespace::off`].
    pub fn off(&self, id: ListenerId) -> bool {
        self.main().off(id)
    }

    /// See [`Namespace::on_server_side`].
    pub fn on_server_side(&self, event: &str, handler: impl Fn(Payload) -> Option<Payload> + Send + Sync + 'static) {
        self.main().on_server_side(event, handler);
    }

    /// See [`Namespace::server_side_emit`].
    ///
    /// # Errors
    /// See there.
    pub fn server_side_emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.main().server_side_emit(event, args)
    }

    /// See [`Namespace::emit`].
    ///
    /// # Errors
    /// See there.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.main().emit(event, args)
    }

    /// See [`Namespace::to`].
    pub fn to(&self, room: impl Into<Text>) -> Broadcast {
        self.main().to(room)
    }

    /// See [`Namespace::to`].
    pub fn in_(&self, room: impl Into<Text>) -> Broadcast {
        self.main().to(room)
    }

    /// See [`Namespace::except`].
    pub fn except(&self, room: impl Into<Text>) -> Broadcast {
        self.main().except(room)
    }

    /// See [`Namespace::local`].
    pub fn local(&self) -> Broadcast {
        self.main().local()
    }

    /// See [`Namespace::volatile`].
    pub fn volatile(&self) -> Broadcast {
        self.main().volatile()
    }

    /// See [`Namespace::compress`].
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.main().compress(compress)
    }

    /// See [`Namespace::timeout`].
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        self.main().timeout(timeout)
    }

    /// See [`Namespace::fetch_sockets`].
    ///
    /// # Errors
    /// See there.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>> {
        self.main().fetch_sockets().await
    }

    /// See [`Namespace::sockets_join`].
    ///
    /// # Errors
    /// See there.
    pub fn sockets_join(&self, rooms: impl Rooms) -> Result<()> {
        self.main().sockets_join(rooms)
    }

    /// See [`Namespace::sockets_leave`].
    pub fn sockets_leave(&self, rooms: impl Rooms) {
        self.main().sockets_leave(rooms);
    }

    /// See [`Namespace::disconnect_sockets`].
    pub fn disconnect_sockets(&self, close: bool) {
        self.main().disconnect_sockets(close);
    }

    /// Sets the service that answers requests which are not the server's, when the server listens by itself.
    pub fn set_fallback<S, B>(&self, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let boxed =
            service.map_response(|answer: Response<B>| answer.map(|body| body.map_err(Into::into).boxed_unsync()));
        *self.inner.fallback.write() = Some(tower::util::BoxCloneSyncService::new(boxed));
    }

    /// Listens on a TCP address, with threads of its own; the address that was bound. Port 0 is any free one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] for what is no address, [`ErrorKind::Io`] when it cannot be had.
    pub fn listen(&self, address: impl ToSocketAddrs + std::fmt::Debug) -> Result<SocketAddr> {
        self.listen_with(address, Security::Plain)
    }

    fn listen_with(&self, address: impl ToSocketAddrs + std::fmt::Debug, security: Security) -> Result<SocketAddr> {
        let (listener, bound) = listen::bind(address)?;
        self.start(Address::Tcp(listener), security)?;
        Ok(bound)
    }

    /// Listens on a Unix socket. The file must not exist; it is removed when the server closes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the path cannot be had.
    pub fn listen_unix(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.start(Address::Unix(listen::bind_unix(path)?, path.to_owned()), Security::Plain)
    }

    /// Listens on a TCP address with TLS: certificate chain and private key in PEM.
    ///
    /// # Errors
    /// As [`listen`](Self::listen), and [`ErrorKind::Tls`] when certificate or key cannot be used.
    #[cfg(feature = "tls")]
    pub fn listen_tls(
        &self,
        address: impl ToSocketAddrs + std::fmt::Debug,
        certificates: &[u8],
        key: &[u8],
    ) -> Result<SocketAddr> {
        self.listen_with(address, Security::Tls(crate::net::tls::acceptor(certificates, key)?))
    }

    fn start(&self, address: Address, security: Security) -> Result<()> {
        if self.inner.hub.is_closing() {
            return Err(Error::new(ErrorKind::Closed, "the server is closed"));
        }
        let fallback = self.inner.fallback.read().clone();
        let listening = Arc::new(listen::start(&self.inner.endpoint, address, security, fallback)?);
        listening.keep(Arc::clone(&self.inner));
        self.inner.listening.lock().push(Arc::clone(&listening));
        if self.inner.hub.is_closing() {
            listening.close();
        }
        Ok(())
    }

    /// The server as a tower layer: requests on its path are its own, all others pass through.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use pancar::Server;
    ///
    /// let io = Server::new();
    /// let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(io.layer());
    /// ```
    pub fn layer(&self) -> PancarLayer {
        PancarLayer::new(Arc::clone(&self.inner.endpoint))
    }

    /// The server as a tower service that answers 404 to requests which are not on its path.
    pub fn service(&self) -> PancarService<NotFound> {
        PancarService::alone(Arc::clone(&self.inner.endpoint))
    }

    /// Closes the server: nothing more is accepted, every client is told, what is queued is written within
    /// `close_timeout`, and every socket ends with the reason `server shutting down`. Ends when that is done; a handler
    /// that calls it is not waited for.
    pub async fn close(&self) {
        let listening = self.inner.listening.lock().clone();
        listening.iter().for_each(|listening| listening.stop_accepting());
        self.inner.hub.close();
        listening.iter().for_each(|listening| listening.close());
        self.inner.closing.send_replace(true);
        self.closed().await;
        // What is left are the shares of a runtime that this server is mounted into. Nobody else waits for their last words.
        let patience = self.inner.hub.config().close_timeout;
        for shard in self.inner.hub.shards() {
            drop(tokio::time::timeout(patience, shard.idle()).await);
        }
    }

    /// Ends when the server has been closed.
    pub async fn closed(&self) {
        drop(self.inner.closing.subscribe().wait_for(|closing| *closing).await);
        let listening = self.inner.listening.lock().clone();
        for listening in listening {
            listening.ended().await;
        }
    }
}
