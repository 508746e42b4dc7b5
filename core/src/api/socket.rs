//! One client in one namespace.

use crate::api::args::{FromArgs, IntoArgs};
use crate::api::broadcast::{Broadcast, Rooms};
use crate::api::extract::{DisconnectContext, ErrorContext, MessageContext};
use crate::api::handler::{self, Handler, Middleware};
use crate::api::listeners::{self, ListenerId, SocketListeners};
use crate::api::namespace::Namespace;
use crate::api::pending::PendingAck;
use crate::api::server::Server;
use crate::api::sink;
use crate::error::{Error, ErrorKind, Result};
use crate::hub::handshake::Handshake;
use crate::hub::socket::{Socket as HubSocket, SocketData};
use crate::hub::target::Flags;
use crate::ids::SocketId;
use crate::payload::Payload;
use crate::proto::session::{Close, Transport};
use crate::wire::text::Text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// One client in one namespace.
///
/// Cheap to clone, usable from anywhere, also after the client has gone: then emits are errors and rooms are empty.
///
/// ```
/// use pancar::{Ack, Data, Server, Socket};
///
/// let io = Server::new();
/// io.on_connect(|socket: Socket| {
///     socket.on("add", |Data((a, b)): Data<(i64, i64)>, ack: Ack| ack.send(a + b));
/// });
/// ```
#[derive(Clone)]
pub struct Socket {
    inner: Arc<HubSocket>,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl From<Arc<HubSocket>> for Socket {
    fn from(inner: Arc<HubSocket>) -> Self {
        Self { inner }
    }
}

/// Typed data of a socket.
struct Typed<T>(Arc<T>);

impl<T> std::fmt::Debug for Typed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<T>())
    }
}

impl<T: Serialize + Send + Sync + 'static> SocketData for Typed<T> {
    fn to_json(&self) -> Text {
        serde_json::to_string(&*self.0).map_or_else(|_| Text::from_static("null"), Text::from)
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        Arc::clone(&self.0) as _
    }
}

impl Socket {
    pub(crate) fn inner(&self) -> &Arc<HubSocket> {
        &self.inner
    }

    fn listeners(&self) -> Arc<SocketListeners> {
        sink::listeners(&self.inner)
    }

    /// The public id.
    pub fn id(&self) -> &SocketId {
        self.inner.id()
    }

    /// The namespace.
    pub fn namespace(&self) -> Namespace {
        let inner = Arc::clone(self.inner.namespace());
        Namespace { handlers: sink::handlers(&inner, None), inner }
    }

    pub(crate) fn server(&self) -> Result<Server> {
        Server::of_hub(self.inner.peer().hub()).ok_or_else(|| Error::new(ErrorKind::Closed, "the server is gone"))
    }

    /// Whether it has joined and not left.
    pub fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }

    /// Whether it continues an earlier session, with the same id, rooms and data.
    pub fn is_recovered(&self) -> bool {
        self.inner.is_recovered()
    }

    /// The request that opened the connection.
    pub fn handshake(&self) -> &Arc<Handshake> {
        self.inner.handshake()
    }

    /// The handshake in the official form: `auth`, `query`, `headers`, `address`, `secure`, `xdomain`, `url`, `issued`, `time`.
    pub fn handshake_json(&self) -> serde_json::Value {
        self.inner.handshake().to_json(self.inner.auth())
    }

    /// The credentials that the client sent when it joined.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when they have another shape.
    pub fn auth<T: DeserializeOwned>(&self) -> Result<T> {
        Payload::from_checked(self.inner.auth().clone(), Vec::new()).decode_value()
    }

    /// The transport in use.
    pub fn transport(&self) -> Transport {
        self.inner.peer().transport()
    }

    /// Bytes that wait to be taken by the client's connection.
    pub fn buffered_bytes(&self) -> usize {
        self.inner.peer().link().buffered_bytes()
    }

    /// Packets that wait to be taken by the client's connection.
    pub fn buffered_packets(&self) -> usize {
        self.inner.peer().link().buffered_packets()
    }

    /// Adds a listener for an event. Several are called in the order in which they were added.
    pub fn on<M: 'static>(&self, event: &str, handler: impl Handler<MessageContext, M>) -> ListenerId {
        self.listeners().events.write().add(event, handler::erase(handler), false)
    }

    /// Adds a listener that is called for the next event of the name and then removed.
    pub fn once<M: 'static>(&self, event: &str, handler: impl Handler<MessageContext, M>) -> ListenerId {
        self.listeners().events.write().add(event, handler::erase(handler), true)
    }

    /// Removes all listeners of an event; whether there were any.
    pub fn off(&self, event: &str) -> bool {
        self.listeners().events.write().clear(event)
    }

    /// Removes one listener of whatever kind; whether it was there.
    pub fn off_listener(&self, id: ListenerId) -> bool {
        let listeners = self.listeners();
        if listeners.events.write().remove(id) {
            return true;
        }
        let Some(rare) = listeners.rare() else { return false };
        let removed = listeners::remove(&rare.any, id)
            || listeners::remove(&rare.any_outgoing, id)
            || listeners::remove(&rare.disconnecting, id)
            || listeners::remove(&rare.disconnect, id)
            || listeners::remove(&rare.error, id);
        self.inner.watch_outgoing(!rare.any_outgoing.read().is_empty());
        removed
    }

    /// Adds a listener that is called for every event that comes, before any other.
    pub fn on_any<M: 'static>(&self, handler: impl Handler<MessageContext, M>) -> ListenerId {
        listeners::add(&self.listeners().rare_mut().any, handler::erase(handler), false, false)
    }

    /// As [`on_any`](Self::on_any), before those that there are.
    pub fn prepend_any<M: 'static>(&self, handler: impl Handler<MessageContext, M>) -> ListenerId {
        listeners::add(&self.listeners().rare_mut().any, handler::erase(handler), false, true)
    }

    /// Adds a listener that is called for every event that is sent to this socket. Acknowledgements are no events.
    pub fn on_any_outgoing<M: 'static>(&self, handler: impl Handler<MessageContext, M>) -> ListenerId {
        let id = listeners::add(&self.listeners().rare_mut().any_outgoing, handler::erase(handler), false, false);
        self.inner.watch_outgoing(true);
        id
    }

    /// Adds a listener that is called when the socket is about to leave its rooms.
    pub fn on_disconnecting<M: 'static>(&self, handler: impl Handler<DisconnectContext, M>) -> ListenerId {
        listeners::add(&self.listeners().rare_mut().disconnecting, handler::erase(handler), false, false)
    }

    /// Adds a listener that is called when the socket has left.
    pub fn on_disconnect<M: 'static>(&self, handler: impl Handler<DisconnectContext, M>) -> ListenerId {
        listeners::add(&self.listeners().rare_mut().disconnect, handler::erase(handler), false, false)
    }

    /// Adds a listener that is called when a middleware of this socket refuses an event.
    pub fn on_error<M: 'static>(&self, handler: impl Handler<ErrorContext, M>) -> ListenerId {
        listeners::add(&self.listeners().rare_mut().error, handler::erase(handler), false, false)
    }

    /// Adds a middleware that every event of this client passes before its listeners.
    ///
    /// An event that it refuses goes to [`on_error`](Self::on_error) instead. The client is not told. While a middleware
    /// pauses, the later events of this client in this namespace wait, so that handlers start in the order of the wire.
    /// Those that still wait when the client leaves are dropped.
    pub fn use_<M: 'static>(&self, middleware: impl Middleware<MessageContext, M>) {
        let listeners = self.listeners();
        let mut list = listeners.rare_mut().middlewares.write();
        let mut copy = Vec::clone(&list);
        copy.push(handler::erase_middleware(middleware));
        *list = Arc::new(copy);
    }

    fn plain(&self) -> SocketOperator {
        SocketOperator { socket: self.clone(), flags: Flags::default() }
    }

    /// Sends an event to this client.
    ///
    /// # Errors
    /// [`ErrorKind::Disconnected`] when it is gone, [`ErrorKind::InvalidName`] for a reserved name, [`ErrorKind::Encode`] for
    /// arguments without a JSON form.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.inner.emit(Flags::default(), event, &args.into_args()?)
    }

    /// Sends an event named `message`.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn send(&self, args: impl IntoArgs) -> Result<()> {
        self.emit("message", args)
    }

    /// Sends an event at once, and gives a future of the answer of this client.
    ///
    /// The future borrows nothing. Whoever drops it has sent the event all the same.
    ///
    /// ```
    /// # use pancar::{Result, Socket};
    /// async fn ask(socket: Socket) -> Result<()> {
    ///     let (age, name): (u8, String) = socket.emit_with_ack("who", ()).await?;
    ///     socket.emit("known", (name, age))
    /// }
    /// ```
    ///
    /// # Errors
    /// The future's: as [`emit`](Self::emit), [`ErrorKind::Timeout`] after [`timeout`](Self::timeout) or the option `ack_timeout`,
    /// [`ErrorKind::Disconnected`] as soon as the client goes, [`ErrorKind::Decode`] when the answer has another shape.
    pub fn emit_with_ack<T: FromArgs>(&self, event: &str, args: impl IntoArgs) -> PendingAck<T> {
        self.plain().emit_with_ack(event, args)
    }

    /// This client, with a time within which its answer must come.
    pub fn timeout(&self, timeout: Duration) -> SocketOperator {
        self.plain().timeout(timeout)
    }

    /// This client, if it can take an event now.
    pub fn volatile(&self) -> SocketOperator {
        self.plain().volatile()
    }

    /// This client, with compression allowed or not.
    pub fn compress(&self, compress: bool) -> SocketOperator {
        self.plain().compress(compress)
    }

    /// Everybody else in the namespace.
    pub fn broadcast(&self) -> Broadcast {
        self.plain().broadcast()
    }

    /// The other members of a room.
    pub fn to(&self, room: impl Into<Text>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// The same as [`to`](Self::to).
    pub fn in_(&self, room: impl Into<Text>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Everybody else but the members of a room.
    pub fn except(&self, room: impl Into<Text>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// Everybody else on this server.
    pub fn local(&self) -> Broadcast {
        self.broadcast().local()
    }

    /// Puts the socket into one or several rooms.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a name that is too long, [`ErrorKind::LimitExceeded`] past `max_rooms_per_socket`,
    /// [`ErrorKind::Disconnected`] when it is gone; then it joined none of them.
    pub fn join(&self, rooms: impl Rooms) -> Result<()> {
        self.inner.join(&rooms.into_rooms())
    }

    /// Takes the socket out of one or several rooms.
    pub fn leave(&self, rooms: impl Rooms) {
        for room in rooms.into_rooms() {
            self.inner.leave(&room);
        }
    }

    /// Takes the socket out of all rooms, its own one included.
    pub fn leave_all(&self) {
        self.inner.leave_all();
    }

    /// The rooms that the socket is in, its own one included.
    pub fn rooms(&self) -> Vec<Text> {
        self.inner.rooms()
    }

    /// Attaches data in place of what was attached. Others see it through `fetch_sockets`.
    pub fn set_data<T: Serialize + Send + Sync + 'static>(&self, data: T) {
        self.inner.set_data(Some(Arc::new(Typed(Arc::new(data)))));
    }

    /// The attached data, if they are of this type.
    pub fn data<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.inner.data()?.as_any().downcast().ok()
    }

    /// Disconnects the socket; `close` ends the whole connection with all its namespaces.
    ///
    /// `on_disconnecting` and `on_disconnect` may be called before this returns, on the caller's stack. So hold no lock
    /// that they take. Called by a handler of the same client, it returns first.
    pub fn disconnect(&self, close: bool) {
        self.inner.disconnect(close);
    }

    /// Closes the connection below, with all its namespaces, for the reason `forced close`. Handlers may be called before
    /// this returns, as with [`disconnect`](Self::disconnect).
    pub fn close_connection(&self) {
        let reason = crate::error::Reason::ForcedClose;
        self.inner.peer().close(Close { reason, detail: "closed by the server", discard: false });
    }
}

/// One client, and how something is sent to it. A value, as [`Broadcast`] is.
#[derive(Clone, Debug)]
#[must_use = "a target does nothing until something is sent to it"]
pub struct SocketOperator {
    socket: Socket,
    flags: Flags,
}

impl SocketOperator {
    /// May be lost when the client cannot take it now.
    pub fn volatile(mut self) -> Self {
        self.flags.volatile = true;
        self
    }

    /// Whether compression is allowed. It is by default.
    pub fn compress(mut self, compress: bool) -> Self {
        self.flags.no_compress = !compress;
        self
    }

    /// The time within which the answer must come.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.flags.timeout = Some(timeout);
        self
    }

    /// Everybody else in the namespace.
    pub fn broadcast(self) -> Broadcast {
        let namespace = Arc::clone(self.socket.inner.namespace());
        Broadcast::new(namespace).with_flags(self.flags).except(self.socket.id().as_str())
    }

    /// The other members of a room.
    pub fn to(self, room: impl Into<Text>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Sends an event.
    ///
    /// # Errors
    /// See [`Socket::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.socket.inner.emit(self.flags, event, &args.into_args()?)
    }

    /// Sends an event at once, and gives a future of the answer.
    ///
    /// # Errors
    /// See [`Socket::emit_with_ack`].
    pub fn emit_with_ack<T: FromArgs>(&self, event: &str, args: impl IntoArgs) -> PendingAck<T> {
        PendingAck::new(|done| self.socket.inner.emit_with_ack(self.flags, event, &args.into_args()?, done))
    }
}
