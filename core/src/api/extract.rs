//! The arguments of handlers: what can be taken from what happened.

use crate::api::server::Server;
use crate::api::socket::Socket;
use crate::error::{Error, ErrorKind, Reason, Result};
use crate::hub::handshake::Handshake;
use crate::ids::AckId;
use crate::payload::Payload;
use crate::wire::text::Text;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Can be taken from a context `C`, and so be an argument of its handlers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from `{C}`",
    note = "in every handler: `Socket`, `Server`, `State<T>`, `Arc<Handshake>`, `Auth<T>`",
    note = "in handlers of events: also `Data<T>`, `Payload`, `Ack`, `EventName`",
    note = "in handlers of disconnecting and disconnect: also `Reason`, `Detail`"
)]
pub trait Extract<C>: Sized {
    /// Takes it.
    ///
    /// # Errors
    /// When it is not there, or has not the expected shape; the handler is not called then.
    fn extract(context: &C) -> Result<Self>;
}

/// A client joins a namespace, or asks to.
#[derive(Clone, Debug)]
pub struct ConnectContext {
    pub(crate) socket: Socket,
}

/// An event came, or is being sent to a socket.
#[derive(Clone, Debug)]
pub struct MessageContext {
    pub(crate) socket: Socket,
    pub(crate) name: Text,
    pub(crate) args: Payload,
    pub(crate) ack: Option<AckId>,
}

/// A socket leaves, or has left.
#[derive(Clone, Debug)]
pub struct DisconnectContext {
    pub(crate) socket: Socket,
    pub(crate) reason: Reason,
    pub(crate) detail: &'static str,
    pub(crate) rooms: Vec<Text>,
}

/// A middleware of a socket refused an event.
#[derive(Clone, Debug)]
pub struct ErrorContext {
    pub(crate) message: MessageContext,
    pub(crate) refuse: super::handler::Refuse,
}

/// A context that concerns a socket.
pub trait OfSocket {
    /// The socket.
    fn socket(&self) -> &Socket;
}

impl OfSocket for ConnectContext {
    fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl OfSocket for MessageContext {
    fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl OfSocket for DisconnectContext {
    fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl OfSocket for ErrorContext {
    fn socket(&self) -> &Socket {
        &self.message.socket
    }
}

impl<C: OfSocket> Extract<C> for Socket {
    fn extract(context: &C) -> Result<Self> {
        Ok(context.socket().clone())
    }
}

impl<C: OfSocket> Extract<C> for Server {
    fn extract(context: &C) -> Result<Self> {
        context.socket().server()
    }
}

impl<C: OfSocket> Extract<C> for Arc<Handshake> {
    fn extract(context: &C) -> Result<Self> {
        Ok(Arc::clone(context.socket().handshake()))
    }
}

/// State of the application, given to the server with [`with_state`](crate::ServerBuilder::with_state).
#[derive(Clone, Debug)]
pub struct State<T>(pub Arc<T>);

impl<C: OfSocket, T: Send + Sync + 'static> Extract<C> for State<T> {
    fn extract(context: &C) -> Result<Self> {
        let server = context.socket().server()?;
        server.state::<T>().map(State).ok_or_else(|| {
            let name = std::any::type_name::<T>();
            Error::new(ErrorKind::InvalidOption, format!("no state of type `{name}` was given to the server"))
        })
    }
}

/// The credentials that the client sent when it joined; `{}` when it sent none.
#[derive(Clone, Debug)]
pub struct Auth<T>(pub T);

impl<C: OfSocket, T: DeserializeOwned> Extract<C> for Auth<T> {
    fn extract(context: &C) -> Result<Self> {
        context.socket().auth().map(Auth)
    }
}

/// The arguments of an event as a Rust value: a tuple takes them in order, anything else is the first one.
#[derive(Clone, Debug)]
pub struct Data<T>(pub T);

impl<T: DeserializeOwned> Extract<MessageContext> for Data<T> {
    fn extract(context: &MessageContext) -> Result<Self> {
        context.args.decode().map(Data)
    }
}

impl Extract<MessageContext> for Payload {
    fn extract(context: &MessageContext) -> Result<Self> {
        Ok(context.args.clone())
    }
}

/// The name of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventName(pub Text);

impl Extract<MessageContext> for EventName {
    fn extract(context: &MessageContext) -> Result<Self> {
        Ok(Self(context.name.clone()))
    }
}

/// The way to answer an event, where the client wants an answer.
#[derive(Debug)]
pub struct Ack {
    socket: Socket,
    id: Option<AckId>,
}

impl Ack {
    /// Whether the client wants an answer.
    pub fn is_wanted(&self) -> bool {
        self.id.is_some()
    }

    /// Answers, once. Does nothing when no answer is wanted.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the value has no JSON form; no answer is sent then.
    pub fn send(self, args: impl crate::api::args::IntoArgs) -> Result<()> {
        if let Some(id) = self.id {
            self.socket.inner().ack(id, &args.into_args()?);
        }
        Ok(())
    }
}

impl Extract<MessageContext> for Ack {
    fn extract(context: &MessageContext) -> Result<Self> {
        Ok(Self { socket: context.socket.clone(), id: context.ack })
    }
}

impl Extract<DisconnectContext> for Reason {
    fn extract(context: &DisconnectContext) -> Result<Self> {
        Ok(context.reason)
    }
}

/// More about why a socket left, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail(pub &'static str);

impl Extract<DisconnectContext> for Detail {
    fn extract(context: &DisconnectContext) -> Result<Self> {
        Ok(Self(context.detail))
    }
}

/// The rooms that a socket was in when it left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftRooms(pub Vec<Text>);

impl Extract<DisconnectContext> for LeftRooms {
    fn extract(context: &DisconnectContext) -> Result<Self> {
        Ok(Self(context.rooms.clone()))
    }
}

impl Extract<ErrorContext> for super::handler::Refuse {
    fn extract(context: &ErrorContext) -> Result<Self> {
        Ok(context.refuse.clone())
    }
}

impl Extract<ErrorContext> for EventName {
    fn extract(context: &ErrorContext) -> Result<Self> {
        Ok(Self(context.message.name.clone()))
    }
}

impl Extract<ErrorContext> for Payload {
    fn extract(context: &ErrorContext) -> Result<Self> {
        Ok(context.message.args.clone())
    }
}
