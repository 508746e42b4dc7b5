//! A namespace and its handlers.

use crate::api::args::IntoArgs;
use crate::api::broadcast::{Broadcast, RemoteSocket};
use crate::api::extract::{ConnectContext, MessageContext};
use crate::api::handler::{self, AnyHandler, AnyMiddleware, Handler, Middleware};
use crate::api::listeners::{self, Events, List, ListenerId};
use crate::api::socket::Socket;
use crate::error::Result;
use crate::hub::event::Reply;
use crate::hub::namespace::Namespace as HubNamespace;
use crate::hub::target::Target;
use crate::payload::Payload;
use crate::wire::text::Text;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

type OnServerSide = Arc<dyn Fn(Payload) -> Option<Payload> + Send + Sync>;

/// The handlers of a namespace. Children of a dynamic namespace share those of their parent.
#[derive(Default)]
pub struct Handlers {
    connect: RwLock<List<ConnectContext>>,
    middlewares: RwLock<Arc<Vec<AnyMiddleware<ConnectContext>>>>,
    pub(crate) events: RwLock<Events>,
    server_side: RwLock<HashMap<Text, OnServerSide>>,
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handlers")
    }
}

impl Handlers {
    pub(crate) fn connect(&self) -> List<ConnectContext> {
        self.connect.read().clone()
    }

    pub(crate) fn middlewares(&self) -> Arc<Vec<AnyMiddleware<ConnectContext>>> {
        self.middlewares.read().clone()
    }

    pub(crate) fn server_side(&self, name: &str, args: Payload, reply: Option<Reply>) {
        let handler = self.server_side.read().get(name).cloned();
        let answer = handler.and_then(|handler| handler(args));
        if let (Some(reply), Some(answer)) = (reply, answer) {
            (reply.0)(answer);
        }
    }

    fn add_connect(&self, handler: AnyHandler<ConnectContext>) -> ListenerId {
        listeners::add(&self.connect, handler, false, false)
    }

    fn add_middleware(&self, middleware: AnyMiddleware<ConnectContext>) {
        let mut list = self.middlewares.write();
        let mut copy = Vec::clone(&list);
        copy.push(middleware);
        *list = Arc::new(copy);
    }
}

/// A namespace: a meeting place of its own on the same connections.
///
/// Cheap to clone, usable from anywhere.
///
/// ```
/// use pancar::{Data, Server, Socket};
///
/// let io = Server::new();
/// io.of("/chat")?.on_connect(|socket: Socket| {
///     socket.on("say", |socket: Socket, Data(text): Data<String>| {
///         socket.broadcast().emit("said", text)
///     });
/// });
/// # Ok::<(), pancar::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Namespace {
    pub(crate) inner: Arc<HubNamespace>,
    pub(crate) handlers: Arc<Handlers>,
}

/// A dynamic namespace: namespaces that come into being when a client asks for them, and share these handlers.
#[derive(Clone, Debug)]
pub struct DynamicNamespace {
    pub(crate) handlers: Arc<Handlers>,
}

macro_rules! registering {
    ($type:ty) => {
        impl $type {
            /// Adds a handler that is called for every client that joins.
            ///
            /// It registers the listeners of the socket. What it registers before its first pause misses no event.
            pub fn on_connect<M: 'static>(&self, handler: impl Handler<ConnectContext, M>) -> ListenerId {
                self.handlers.add_connect(handler::erase(handler))
            }

            /// Adds a listener for an event of all sockets: cheaper than one per socket.
            ///
            /// It is called after the listeners of the socket itself.
            pub fn on<M: 'static>(&self, event: &str, handler: impl Handler<MessageContext, M>) -> ListenerId {
                self.handlers.events.write().add(event, handler::erase(handler), false)
            }

            /// Removes a listener that [`on`](Self::on) or [`on_connect`](Self::on_connect) added; whether it was there.
            pub fn off(&self, id: ListenerId) -> bool {
                self.handlers.events.write().remove(id) || listeners::remove(&self.handlers.connect, id)
            }

            /// Adds a middleware that every client passes before it joins, in the order in which they were added.
            ///
            /// A client that it refuses gets the message and the data of the [`Refuse`](crate::Refuse).
            pub fn use_<M: 'static>(&self, middleware: impl Middleware<ConnectContext, M>) {
                self.handlers.add_middleware(handler::erase_middleware(middleware));
            }

            /// Sets what is done with an event that another server of the cluster sends with `server_side_emit`. What the
            /// function gives is the answer, where one is wanted.
            pub fn on_server_side(
                &self,
                event: &str,
                handler: impl Fn(Payload) -> Option<Payload> + Send + Sync + 'static,
            ) {
                self.handlers.server_side.write().insert(Text::from(event), Arc::new(handler));
            }
        }
    };
}

registering!(Namespace);
registering!(DynamicNamespace);

impl Namespace {
    /// The name, `/` included.
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// Number of sockets on this server.
    pub fn sockets_count(&self) -> usize {
        self.inner.sockets_count()
    }

    /// Number of rooms on this server, each socket's own one included.
    pub fn rooms_count(&self) -> usize {
        self.inner.rooms_count()
    }

    /// The sockets on this server.
    pub fn sockets(&self) -> Vec<Socket> {
        self.inner.sockets(&Target::everyone()).into_iter().map(Socket::from).collect()
    }

    /// A socket on this server, by its id.
    pub fn socket(&self, id: &str) -> Option<Socket> {
        let target = Target { rooms: vec![id.into()], except: Vec::new() };
        let found = self.inner.sockets(&target).into_iter().find(|socket| socket.id().as_str() == id);
        found.map(Socket::from)
    }

    fn everyone(&self) -> Broadcast {
        Broadcast::new(Arc::clone(&self.inner))
    }

    /// Sends an event to everybody in the namespace.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName) for a reserved name,
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) for arguments without a JSON form.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.everyone().emit(event, args)
    }

    /// The members of a room; more rooms may be added.
    pub fn to(&self, room: impl Into<Text>) -> Broadcast {
        self.everyone().to(room)
    }

    /// The same as [`to`](Self::to).
    pub fn in_(&self, room: impl Into<Text>) -> Broadcast {
        self.everyone().to(room)
    }

    /// Everybody but the members of a room.
    pub fn except(&self, room: impl Into<Text>) -> Broadcast {
        self.everyone().except(room)
    }

    /// Everybody on this server.
    pub fn local(&self) -> Broadcast {
        self.everyone().local()
    }

    /// Everybody who can take an event now.
    pub fn volatile(&self) -> Broadcast {
        self.everyone().volatile()
    }

    /// Everybody, with compression allowed or not.
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.everyone().compress(compress)
    }

    /// Everybody, with a time within which answers must come.
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        self.everyone().timeout(timeout)
    }

    /// What is known of all sockets, those on other servers included.
    ///
    /// # Errors
    /// [`ErrorKind::Adapter`](crate::ErrorKind::Adapter) when other servers do not answer.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>> {
        self.everyone().fetch_sockets().await
    }

    /// Puts all sockets into rooms.
    ///
    /// # Errors
    /// See [`Socket::join`].
    pub fn sockets_join(&self, rooms: impl crate::api::broadcast::Rooms) -> Result<()> {
        self.everyone().sockets_join(rooms)
    }

    /// Takes all sockets out of rooms.
    pub fn sockets_leave(&self, rooms: impl crate::api::broadcast::Rooms) {
        self.everyone().sockets_leave(rooms);
    }

    /// Disconnects all sockets; `close` ends their connections.
    ///
    /// Their handlers may be called before this returns; see [`Socket::disconnect`](crate::Socket::disconnect).
    pub fn disconnect_sockets(&self, close: bool) {
        self.everyone().disconnect_sockets(close);
    }

    /// Sends an event to the other servers of the cluster.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) for arguments without a JSON form.
    pub fn server_side_emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.inner.server_side_emit(event, &args.into_args()?);
        Ok(())
    }

    /// Sends an event to the other servers of the cluster and collects their answers.
    ///
    /// # Errors
    /// As [`server_side_emit`](Self::server_side_emit), and [`ErrorKind::Adapter`](crate::ErrorKind::Adapter) when servers do not answer.
    pub async fn server_side_emit_with_ack(&self, event: &str, args: impl IntoArgs) -> Result<Vec<Payload>> {
        self.inner.server_side_emit_with_ack(event, &args.into_args()?).await
    }
}
