//! Functions as handlers: their arguments are extracted, their errors are logged and contained.

use crate::api::extract::Extract;
use crate::hub::shard::BoxFuture;
use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

/// What a handler may return: nothing, or a result whose error is logged.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    note = "return `()` or `Result<(), E>` where `E` can be displayed, or a future of one of them"
)]
pub trait Outcome {
    /// The error, in words.
    fn failure(self) -> Option<String>;
}

impl Outcome for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// How far a handler came.
pub enum Progress<T> {
    /// It has ended.
    Done(T),
    /// It has begun and goes on.
    Pending(BoxFuture<T>),
}

impl<T> std::fmt::Debug for Progress<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done(_) => "Done",
            Self::Pending(_) => "Pending",
        })
    }
}

/// Marks a handler that is an ordinary function.
#[derive(Debug)]
pub struct Plain;

/// Marks a handler that returns a future.
#[derive(Debug)]
pub struct Async;

/// A function that can handle what happens in a context `C`.
///
/// Implemented for functions and closures of up to eight arguments, each of which can be extracted from the context, that
/// return an [`Outcome`] or a future of one. `M` only keeps the implementations apart.
///
/// # Threads
///
/// A handler is called on the worker of the socket's connection, and its future is polled there: with
/// [`Server::listen`](crate::Server::listen) that is one thread, which other connections share. What takes long or
/// blocks belongs into `tokio::task::spawn_blocking` or a thread of your own, or they all wait. `tokio::spawn` and
/// timers inside of a handler are those of that worker.
///
/// What a call of the program brings about is told inside that call, on the caller's thread: `emit` calls
/// `on_any_outgoing`, [`disconnect`](crate::Socket::disconnect) calls `on_disconnecting` and `on_disconnect`. Their
/// futures go on at the worker if they pause.
#[diagnostic::on_unimplemented(
    message = "this function cannot be a handler here",
    label = "not a handler for `{C}`",
    note = "every argument must be extractable from the context (such as `Socket`, `Data<T>`, `Payload`, `Ack`, `State<T>`), \
            with `T` deserialisable",
    note = "it must return `()` or `Result<(), E>`, or a future of one of them that is `Send`",
    note = "captured values must be `Send + Sync + 'static`; clone an `Arc` into the closure and use `async move`"
)]
pub trait Handler<C, M>: Send + Sync + 'static {
    /// Calls the function; its error in words is what it gives.
    ///
    /// # Errors
    /// When an argument cannot be extracted; the function is not called then.
    fn call(&self, context: &C) -> crate::Result<Progress<Option<String>>>;
}

/// A function that lets something pass or refuses it.
///
/// Implemented as [`Handler`] is, for those that return `Result<(), E>`, or a future of it, where `E` becomes a [`Refuse`].
#[diagnostic::on_unimplemented(
    message = "this function cannot be a middleware here",
    label = "not a middleware for `{C}`",
    note = "every argument must be extractable from the context (such as `Socket`, `Auth<T>`, `State<T>`)",
    note = "it must return `Result<(), E>`, or a future of it that is `Send`, where `E: Into<Refuse>`"
)]
pub trait Middleware<C, M>: Send + Sync + 'static {
    /// Calls the function.
    ///
    /// # Errors
    /// When an argument cannot be extracted; the function is not called then.
    fn call(&self, context: &C) -> crate::Result<Progress<Result<(), Refuse>>>;
}

macro_rules! handlers {
    ($($argument:ident)*) => {
        #[allow(non_snake_case)]
        impl<C, O, F, $($argument,)*> Handler<C, (Plain, O, $($argument,)*)> for F
        where
            F: Fn($($argument,)*) -> O + Send + Sync + 'static,
            O: Outcome,
            $($argument: Extract<C>,)*
        {
            fn call(&self, _context: &C) -> crate::Result<Progress<Option<String>>> {
                $(let $argument = $argument::extract(_context)?;)*
                Ok(Progress::Done(self($($argument,)*).failure()))
            }
        }

        #[allow(non_snake_case)]
        impl<C, O, F, U, $($argument,)*> Handler<C, (Async, U, $($argument,)*)> for F
        where
            F: Fn($($argument,)*) -> U + Send + Sync + 'static,
            U: Future<Output = O> + Send + 'static,
            O: Outcome + 'static,
            $($argument: Extract<C>,)*
        {
            fn call(&self, _context: &C) -> crate::Result<Progress<Option<String>>> {
                $(let $argument = $argument::extract(_context)?;)*
                let future = self($($argument,)*);
                Ok(begin(Box::pin(async move { future.await.failure() })))
            }
        }

        #[allow(non_snake_case)]
        impl<C, E, F, $($argument,)*> Middleware<C, (Plain, E, $($argument,)*)> for F
        where
            F: Fn($($argument,)*) -> Result<(), E> + Send + Sync + 'static,
            E: Into<Refuse>,
            $($argument: Extract<C>,)*
        {
            fn call(&self, _context: &C) -> crate::Result<Progress<Result<(), Refuse>>> {
                $(let $argument = $argument::extract(_context)?;)*
                Ok(Progress::Done(self($($argument,)*).map_err(Into::into)))
            }
        }

        #[allow(non_snake_case)]
        impl<C, E, F, U, $($argument,)*> Middleware<C, (Async, U, $($argument,)*)> for F
        where
            F: Fn($($argument,)*) -> U + Send + Sync + 'static,
            U: Future<Output = Result<(), E>> + Send + 'static,
            E: Into<Refuse> + 'static,
            $($argument: Extract<C>,)*
        {
            fn call(&self, _context: &C) -> crate::Result<Progress<Result<(), Refuse>>> {
                $(let $argument = $argument::extract(_context)?;)*
                let future = self($($argument,)*);
                Ok(begin(Box::pin(async move { future.await.map_err(Into::into) })))
            }
        }
    };
}

handlers!();
handlers!(T1);
handlers!(T1 T2);
handlers!(T1 T2 T3);
handlers!(T1 T2 T3 T4);
handlers!(T1 T2 T3 T4 T5);
handlers!(T1 T2 T3 T4 T5 T6);
handlers!(T1 T2 T3 T4 T5 T6 T7);
handlers!(T1 T2 T3 T4 T5 T6 T7 T8);

/// Runs a future to its first pause. It is polled once more at once by whoever takes it on.
fn begin<O>(mut future: BoxFuture<O>) -> Progress<O> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(outcome) => Progress::Done(outcome),
        std::task::Poll::Pending => Progress::Pending(future),
    }
}

/// A handler whose type is forgotten.
pub(crate) type AnyHandler<C> = Arc<dyn Erased<C>>;

/// A middleware whose type is forgotten.
pub(crate) type AnyMiddleware<C> = Arc<dyn ErasedMiddleware<C>>;

pub(crate) trait Erased<C>: Send + Sync {
    fn run(&self, context: &C) -> crate::Result<Progress<Option<String>>>;
}

pub(crate) trait ErasedMiddleware<C>: Send + Sync {
    fn run(&self, context: &C) -> crate::Result<Progress<Result<(), Refuse>>>;
}

struct Typed<H, M> {
    handler: H,
    _marker: PhantomData<fn() -> M>,
}

impl<C, M: 'static, H: Handler<C, M>> Erased<C> for Typed<H, M> {
    fn run(&self, context: &C) -> crate::Result<Progress<Option<String>>> {
        self.handler.call(context)
    }
}

impl<C, M: 'static, H: Middleware<C, M>> ErasedMiddleware<C> for Typed<H, M> {
    fn run(&self, context: &C) -> crate::Result<Progress<Result<(), Refuse>>> {
        self.handler.call(context)
    }
}

/// Forgets the type of a handler.
pub(crate) fn erase<C, M: 'static>(handler: impl Handler<C, M>) -> AnyHandler<C> {
    Arc::new(Typed { handler, _marker: PhantomData })
}

/// Forgets the type of a middleware.
pub(crate) fn erase_middleware<C, M: 'static>(handler: impl Middleware<C, M>) -> AnyMiddleware<C> {
    Arc::new(Typed { handler, _marker: PhantomData })
}

/// Why a middleware refuses: a message, and further data where there is any. A client that wanted to join gets both.
#[derive(Clone, Debug, PartialEq)]
pub struct Refuse {
    /// For people.
    pub message: String,
    /// For programs.
    pub data: Option<serde_json::Value>,
}

impl Refuse {
    /// A refusal with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }

    /// Adds data.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<serde_json::Value>) -> Self {
        self.data = Some(data.into());
        self
    }
}

impl Display for Refuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refuse {}

impl From<&str> for Refuse {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for Refuse {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<crate::Error> for Refuse {
    fn from(error: crate::Error) -> Self {
        Self::new(error.to_string())
    }
}
