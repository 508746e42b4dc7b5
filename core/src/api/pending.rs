//! Events that have been sent, and whose answers can be waited for.

use crate::api::args::FromArgs;
use crate::error::{Error, Result};
use crate::hub::acks::AckOutcome;
use crate::payload::Payload;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot::{self, Receiver};

/// The answer of a client to an event that has been sent: a future of it, read as a `T`.
///
/// It holds on to nothing, so it can be kept, spawned or dropped. Dropped, the event is with the client all the same, and
/// what it answers is thrown away. See [`Socket::emit_with_ack`](crate::Socket::emit_with_ack).
#[must_use = "the event has been sent; await this for the answer"]
pub struct PendingAck<T> {
    told: Told<Result<Payload>>,
    _answer: PhantomData<fn() -> T>,
}

/// The answers of many clients to an event that has been sent: a future of one outcome per client.
///
/// It holds on to nothing, so it can be kept, spawned or dropped. Dropped, the event is with the clients all the same. See
/// [`Broadcast::emit_with_ack`](crate::Broadcast::emit_with_ack).
#[must_use = "the event has been sent; await this for the answers"]
pub struct PendingAcks(Told<Vec<AckOutcome>>);

/// What will be told, or why nothing was sent.
type Told<A> = Result<Receiver<A>, Option<Error>>;

/// Sends, with what is to be called with the answer.
fn send<A: Send + 'static>(send: impl FnOnce(Box<dyn FnOnce(A) + Send>) -> Result<()>) -> Told<A> {
    let (tell, told) = oneshot::channel();
    send(Box::new(move |answer| drop(tell.send(answer)))).map(|()| told).map_err(Some)
}

/// The answer; nothing where nobody is left to give one.
fn poll<A>(told: &mut Told<A>, context: &mut Context<'_>) -> Poll<Result<Option<A>>> {
    match told {
        Ok(told) => Poll::Ready(Ok(ready!(Pin::new(told).poll(context)).ok())),
        Err(error) => Poll::Ready(error.take().map_or(Ok(None), Err)),
    }
}

impl<T> PendingAck<T> {
    pub(crate) fn new(begin: impl FnOnce(Box<dyn FnOnce(Result<Payload>) + Send>) -> Result<()>) -> Self {
        Self { told: send(begin), _answer: PhantomData }
    }
}

impl<T: FromArgs> Future for PendingAck<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let answer = ready!(poll(&mut self.told, context))?;
        Poll::Ready(T::from_args(answer.unwrap_or_else(|| Err(Error::disconnected()))?))
    }
}

impl PendingAcks {
    pub(crate) fn new(begin: impl FnOnce(Box<dyn FnOnce(Vec<AckOutcome>) + Send>) -> Result<()>) -> Self {
        Self(send(begin))
    }
}

impl Future for PendingAcks {
    type Output = Result<Vec<AckOutcome>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(ready!(poll(&mut self.0, context))?.unwrap_or_default()))
    }
}

impl<T> fmt::Debug for PendingAck<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAck").finish_non_exhaustive()
    }
}

impl fmt::Debug for PendingAcks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAcks").finish_non_exhaustive()
    }
}
