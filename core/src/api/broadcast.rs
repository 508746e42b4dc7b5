//! Whom an operation concerns and how, as a value that each step copies and extends.

use crate::api::args::IntoArgs;
use crate::api::pending::PendingAcks;
use crate::error::Result;
use crate::hub::adapter::SocketInfo;
use crate::hub::namespace::Namespace as HubNamespace;
use crate::hub::target::{Flags, Target};
use crate::ids::SocketId;
use crate::wire::text::Text;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// One room, or several.
pub trait Rooms {
    /// The names.
    fn into_rooms(self) -> Vec<Text>;
}

impl Rooms for &str {
    fn into_rooms(self) -> Vec<Text> {
        vec![self.into()]
    }
}

impl Rooms for String {
    fn into_rooms(self) -> Vec<Text> {
        vec![self.into()]
    }
}

impl Rooms for &String {
    fn into_rooms(self) -> Vec<Text> {
        vec![self.as_str().into()]
    }
}

impl Rooms for Text {
    fn into_rooms(self) -> Vec<Text> {
        vec![self]
    }
}

impl<T: Into<Text>> Rooms for Vec<T> {
    fn into_rooms(self) -> Vec<Text> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Clone + Into<Text>> Rooms for &[T] {
    fn into_rooms(self) -> Vec<Text> {
        self.iter().cloned().map(Into::into).collect()
    }
}

impl<T: Into<Text>, const N: usize> Rooms for [T; N] {
    fn into_rooms(self) -> Vec<Text> {
        self.into_iter().map(Into::into).collect()
    }
}

/// Sockets of a namespace, and how something is sent to them.
///
/// A value: every step gives a new one, so that nothing is shared by accident.
///
/// ```
/// # let io = pancar::Server::new();
/// let lobby = io.to("lobby").except("muted");
/// lobby.clone().volatile().emit("cursor", (10, 20))?;
/// lobby.emit("hello", "everybody")?;
/// # Ok::<(), pancar::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a target does nothing until something is sent to it"]
pub struct Broadcast {
    namespace: Arc<HubNamespace>,
    target: Target,
    flags: Flags,
}

impl Broadcast {
    pub(crate) fn new(namespace: Arc<HubNamespace>) -> Self {
        Self { namespace, target: Target::everyone(), flags: Flags::default() }
    }

    pub(crate) fn with_flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    /// Adds the members of a room.
    pub fn to(mut self, room: impl Into<Text>) -> Self {
        self.target.rooms.push(room.into());
        self
    }

    /// Adds the members of several rooms.
    pub fn to_all(mut self, rooms: impl Rooms) -> Self {
        self.target.rooms.extend(rooms.into_rooms());
        self
    }

    /// The same as [`to`](Self::to).
    pub fn in_(self, room: impl Into<Text>) -> Self {
        self.to(room)
    }

    /// Leaves out the members of a room.
    pub fn except(mut self, room: impl Into<Text>) -> Self {
        self.target.except.push(room.into());
        self
    }

    /// Leaves out the members of several rooms.
    pub fn except_all(mut self, rooms: impl Rooms) -> Self {
        self.target.except.extend(rooms.into_rooms());
        self
    }

    /// Only clients of this server.
    pub fn local(mut self) -> Self {
        self.flags.local = true;
        self
    }

    /// May be lost where a client cannot take it now.
    pub fn volatile(mut self) -> Self {
        self.flags.volatile = true;
        self
    }

    /// Whether compression is allowed. It is by default.
    pub fn compress(mut self, compress: bool) -> Self {
        self.flags.no_compress = !compress;
        self
    }

    /// The time within which answers must come.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.flags.timeout = Some(timeout);
        self
    }

    /// Sends an event.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName) for a reserved name,
    /// [`ErrorKind::Encode`](crate::ErrorKind::Encode) for arguments without a JSON form.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.namespace.emit(&self.target, self.flags, event, &args.into_args()?)
    }

    /// Sends an event at once, and gives a future of the answers: one outcome per client, which is its answer, a timeout, or
    /// that it left.
    ///
    /// The future borrows nothing. Whoever drops it has sent the event all the same.
    /// Without [`timeout`](Self::timeout) and without the option `ack_timeout` it waits as long as the clients are there.
    ///
    /// # Errors
    /// The future's: as [`emit`](Self::emit).
    pub fn emit_with_ack(&self, event: &str, args: impl IntoArgs) -> PendingAcks {
        PendingAcks::new(|done| self.namespace.emit_with_ack(&self.target, self.flags, event, &args.into_args()?, done))
    }

    /// What is known of the sockets, those on other servers included.
    ///
    /// # Errors
    /// [`ErrorKind::Adapter`](crate::ErrorKind::Adapter) when other servers do not answer.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>> {
        let infos = self.namespace.fetch_sockets(&self.target, self.flags).await?;
        Ok(infos.into_iter().map(|info| RemoteSocket { info, namespace: Arc::clone(&self.namespace) }).collect())
    }

    /// Puts the sockets into rooms.
    ///
    /// # Errors
    /// See [`Socket::join`](crate::Socket::join); those who can have joined.
    pub fn sockets_join(&self, rooms: impl Rooms) -> Result<()> {
        self.namespace.sockets_join(&self.target, self.flags, &rooms.into_rooms())
    }

    /// Takes the sockets out of rooms.
    pub fn sockets_leave(&self, rooms: impl Rooms) {
        self.namespace.sockets_leave(&self.target, self.flags, &rooms.into_rooms());
    }

    /// Disconnects the sockets; `close` ends their connections.
    ///
    /// Their handlers may be called before this returns; see [`Socket::disconnect`](crate::Socket::disconnect).
    pub fn disconnect_sockets(&self, close: bool) {
        self.namespace.disconnect_sockets(&self.target, self.flags, close);
    }
}

/// A socket on this server or on another: what is known of it, and what can be done with it from afar.
#[derive(Clone, Debug)]
pub struct RemoteSocket {
    info: SocketInfo,
    namespace: Arc<HubNamespace>,
}

impl RemoteSocket {
    /// The public id.
    pub fn id(&self) -> &SocketId {
        &self.info.id
    }

    /// The rooms that it was in when it was asked.
    pub fn rooms(&self) -> &[Text] {
        &self.info.rooms
    }

    /// The handshake, in the official form.
    pub fn handshake(&self) -> &serde_json::Value {
        &self.info.handshake
    }

    /// Its data, which it had when it was asked.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when the data have another shape.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T> {
        crate::payload::Payload::from_checked(self.info.data.clone(), Vec::new()).decode_value()
    }

    /// Itself as a target.
    pub fn target(&self) -> Broadcast {
        Broadcast::new(Arc::clone(&self.namespace)).to(self.info.id.as_str())
    }

    /// Sends an event to it.
    ///
    /// # Errors
    /// See [`Broadcast::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<()> {
        self.target().emit(event, args)
    }

    /// Puts it into rooms.
    ///
    /// # Errors
    /// See [`Socket::join`](crate::Socket::join).
    pub fn join(&self, rooms: impl Rooms) -> Result<()> {
        self.target().sockets_join(rooms)
    }

    /// Takes it out of rooms.
    pub fn leave(&self, rooms: impl Rooms) {
        self.target().sockets_leave(rooms);
    }

    /// Disconnects it; `close` ends its connection.
    pub fn disconnect(&self, close: bool) {
        self.target().disconnect_sockets(close);
    }
}
