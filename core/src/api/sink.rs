//! Events to handlers: in wire order, polled where they happen, spawned only if they pause, contained if they fail.

use crate::api::extract::{ConnectContext, DisconnectContext, ErrorContext, MessageContext};
use crate::api::handler::{AnyMiddleware, Progress, Refuse};
use crate::api::listeners::{List, Listener, Rare, SocketListeners};
use crate::api::namespace::Handlers;
use crate::api::socket::Socket;
use crate::hub::event::{Event, Message, Sink};
use crate::hub::join::JoinRequest;
use crate::hub::namespace::Namespace;
use crate::hub::shard::{self, BoxFuture};
use crate::hub::socket::Socket as HubSocket;
use parking_lot::RwLock;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What the Rust face keeps: handlers of dynamic namespaces, by their numbers.
#[derive(Default)]
pub(crate) struct RustSink {
    pub(crate) parents: RwLock<Vec<Arc<Handlers>>>,
}

/// The handlers of a namespace, made at the first look.
pub(crate) fn handlers(namespace: &Namespace, sink: Option<&RustSink>) -> Arc<Handlers> {
    let made = namespace.local().get_or_init(|| {
        let inherited =
            namespace.parent().and_then(|parent| sink.and_then(|sink| sink.parents.read().get(parent).cloned()));
        inherited.unwrap_or_default()
    });
    Arc::clone(made).downcast().unwrap_or_default()
}

/// The handlers of a namespace without a count, made at the first look.
fn handlers_ref(namespace: &Namespace) -> Option<&Handlers> {
    let made: &(dyn Any + Send + Sync) = &**namespace.local().get_or_init(|| Arc::new(Handlers::default()));
    made.downcast_ref()
}

/// The listeners of a socket, made at the first look.
pub(crate) fn listeners(socket: &HubSocket) -> Arc<SocketListeners> {
    let made = socket.local().get_or_init(|| Arc::new(SocketListeners::default()));
    Arc::clone(made).downcast().unwrap_or_default()
}

/// The listeners of a socket without a count.
fn listeners_ref(socket: &HubSocket) -> Option<&SocketListeners> {
    let made: &(dyn Any + Send + Sync) = &**socket.local().get()?;
    made.downcast_ref()
}

impl Sink for RustSink {
    fn push(&self, event: Event) {
        match event {
            Event::Message(message) => receive(message),
            Event::Joining(request) => self.joining(request),
            Event::Connected(socket) => connected(&socket),
            Event::Disconnecting { socket, reason, detail, rooms } => {
                let context = DisconnectContext { socket: Socket::from(Arc::clone(&socket)), reason, detail, rooms };
                if let Some(rare) = listeners_ref(&socket).and_then(SocketListeners::rare) {
                    call_all(&rare.disconnecting.read().clone(), &context, &socket, "disconnecting");
                }
            }
            Event::Disconnected { socket, reason, detail } => {
                let context =
                    DisconnectContext { socket: Socket::from(Arc::clone(&socket)), reason, detail, rooms: Vec::new() };
                if let Some(rare) = listeners_ref(&socket).and_then(SocketListeners::rare) {
                    rare.turns.clear();
                    call_all(&rare.disconnect.read().clone(), &context, &socket, "disconnect");
                }
            }
            Event::Outgoing { socket, name, args } => {
                let context = MessageContext { socket: Socket::from(Arc::clone(&socket)), name, args, ack: None };
                if let Some(rare) = listeners_ref(&socket).and_then(SocketListeners::rare) {
                    call_all(&rare.any_outgoing.read().clone(), &context, &socket, "any outgoing");
                }
            }
            Event::ServerSide { namespace, name, args, reply } => {
                let handlers = handlers(&namespace, Some(self));
                if catch_unwind(AssertUnwindSafe(|| handlers.server_side(&name, args, reply))).is_err() {
                    tracing::error!(namespace = namespace.name().as_str(), event = name.as_str(), "a handler panicked");
                }
            }
            Event::NamespaceCreated(namespace) => drop(handlers(&namespace, Some(self))),
            Event::Opened(_) | Event::Text(..) | Event::Binary(..) | Event::Closed(..) => {}
        }
    }
}

impl RustSink {
    fn joining(&self, request: JoinRequest) {
        let handlers = handlers(request.socket().namespace(), Some(self));
        let middlewares = handlers.middlewares();
        if middlewares.is_empty() {
            request.accept();
            return;
        }
        let context = ConnectContext { socket: Socket::from(Arc::clone(request.socket())) };
        let shard = Arc::clone(request.socket().peer().shard());
        let judge = async move {
            match run_middlewares(&middlewares, &context).await {
                Ok(()) => drop(request.accept()),
                Err(refuse) => {
                    let data = refuse.data.map(|data| data.to_string());
                    request.reject(&refuse.message, data.as_deref());
                }
            }
        };
        shard::run(&shard, Box::pin(judge));
    }
}

/// Asks middlewares in their order, up to the first that refuses.
async fn run_middlewares<C>(middlewares: &[AnyMiddleware<C>], context: &C) -> Result<(), Refuse>
where
    C: Sync,
{
    for middleware in middlewares {
        let begun = catch_unwind(AssertUnwindSafe(|| middleware.run(context)));
        let outcome = match begun {
            Ok(Ok(Progress::Done(outcome))) => outcome,
            Ok(Ok(Progress::Pending(future))) => match Contained(future).await {
                Some(outcome) => outcome,
                None => Err(Refuse::new("Internal server error")),
            },
            Ok(Err(error)) => Err(Refuse::new(error.to_string())),
            Err(_) => Err(Refuse::new("Internal server error")),
        };
        outcome?;
    }
    Ok(())
}

/// Asks a function of the application. One that panics says no.
pub(crate) fn ask<F>(question: impl FnOnce() -> F) -> BoxFuture<bool>
where
    F: Future<Output = bool> + Send + 'static,
{
    let begun = catch_unwind(AssertUnwindSafe(question)).ok();
    Box::pin(async move {
        let answer = match begun {
            Some(future) => Contained(Box::pin(future)).await,
            None => None,
        };
        answer.unwrap_or_else(|| {
            tracing::error!("a function that matches namespaces panicked");
            false
        })
    })
}

fn connected(socket: &Arc<HubSocket>) {
    let handlers = handlers(socket.namespace(), None);
    let context = ConnectContext { socket: Socket::from(Arc::clone(socket)) };
    call_all(&handlers.connect(), &context, socket, "connect");
}

fn receive(message: Message) {
    let Message { socket, name, args, ack } = message;
    let context = MessageContext { socket: Socket::from(Arc::clone(&socket)), name, args, ack };
    if let Some(rare) = listeners_ref(&socket).and_then(SocketListeners::rare) {
        if !rare.middlewares.read().is_empty() {
            let Some(context) = rare.turns.begin(context) else { return };
            let shard = Arc::clone(socket.peer().shard());
            return shard::run(&shard, Box::pin(take_turns(context, socket)));
        }
        call_any(rare, &context, &socket);
    }
    dispatch(&context, &socket);
}

fn call_any(rare: &Rare, context: &MessageContext, socket: &Arc<HubSocket>) {
    let any = rare.any.read().clone();
    if !any.is_empty() {
        call_all(&any, context, socket, "any");
    }
}

/// Takes an event, and those that come while its middlewares pause, each when the one before it has been dispatched.
async fn take_turns(first: MessageContext, socket: Arc<HubSocket>) {
    let Some(rare) = listeners_ref(&socket).and_then(SocketListeners::rare) else { return };
    let mut next = Some(first);
    while let Some(context) = next {
        if socket.is_connected() {
            judge(rare, context, &socket).await;
        }
        next = rare.turns.pass_on();
    }
}

/// Asks the middlewares of the socket before the listeners.
async fn judge(rare: &Rare, context: MessageContext, socket: &Arc<HubSocket>) {
    call_any(rare, &context, socket);
    let middlewares = Arc::clone(&rare.middlewares.read());
    match run_middlewares(&middlewares, &context).await {
        Ok(()) if socket.is_connected() => dispatch(&context, socket),
        Ok(()) => {}
        Err(refuse) => {
            let context = ErrorContext { message: context, refuse };
            call_all(&rare.error.read().clone(), &context, socket, "error");
        }
    }
}

fn dispatch(context: &MessageContext, socket: &Arc<HubSocket>) {
    if let Some(listeners) = listeners_ref(socket) {
        let list = listeners.events.read().get(&context.name).cloned();
        if let Some(list) = list {
            call_all(&list, context, socket, &context.name);
            if list.iter().any(|listener| listener.is_once()) {
                listeners.events.write().forget_spent(&context.name);
            }
        }
    }
    if let Some(handlers) = handlers_ref(socket.namespace()) {
        let list = handlers.events.read().get(&context.name).cloned();
        list.iter().for_each(|list| call_all(list, context, socket, &context.name));
    }
}

/// Calls listeners in their order. One that panics or fails is logged; the others are called all the same.
fn call_all<C>(list: &List<C>, context: &C, socket: &Arc<HubSocket>, what: &str) {
    socket.peer().shard().enter(&mut || list.iter().for_each(|listener| call(listener, context, socket, what)));
}

fn call<C>(listener: &Listener<C>, context: &C, socket: &Arc<HubSocket>, what: &str) {
    let Some(handler) = listener.claim() else { return };
    match catch_unwind(AssertUnwindSafe(|| handler.run(context))) {
        Ok(Ok(Progress::Done(None))) => {}
        Ok(Ok(Progress::Done(Some(error)))) => log_failure(socket, what, &error),
        Ok(Err(error)) => log_failure(socket, what, &format!("{error:?}")),
        Ok(Ok(Progress::Pending(future))) => go_on(future, socket, what),
        Err(_) => log_failure(socket, what, "the handler panicked"),
    }
}

fn go_on(future: BoxFuture<Option<String>>, socket: &Arc<HubSocket>, what: &str) {
    let what = what.to_owned();
    let of = Arc::clone(socket);
    socket.peer().shard().spawn(Box::pin(async move {
        match Contained(future).await {
            Some(None) => {}
            Some(Some(error)) => log_failure(&of, &what, &error),
            None => log_failure(&of, &what, "the handler panicked"),
        }
    }));
}

fn log_failure(socket: &HubSocket, what: &str, error: &str) {
    let (namespace, id) = (socket.namespace().name().as_str(), socket.id().as_str());
    tracing::error!(namespace, socket = id, handler = what, error, "a handler failed");
}

/// A future whose panic is contained: it gives nothing then.
struct Contained<T>(BoxFuture<T>);

impl<T> Future for Contained<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    }
}
