//! HTTP requests that the host received.

use crate::hub::shard::Shard;
use crate::net::{Endpoint, PATIENCE};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The thread on which something of the host's runs.
pub(super) struct Seat {
    pub(super) handle: Handle,
    pub(super) shard: Arc<Shard>,
}

/// A request that is being answered. Dropped, it tells the server that the client is gone.
#[derive(Debug)]
pub struct PendingRequest(tokio::task::JoinHandle<()>);

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A request whose body the host hands over as it comes. Dropped, it tells the server that the client is gone, also when
/// the body has not come to its end.
#[derive(Debug)]
pub struct IncomingRequest {
    /// Dropped first: what is given up ends while it waits for the body.
    pending: PendingRequest,
    /// Nothing once the body has ended.
    pieces: Option<UnboundedSender<Piece>>,
    endpoint: Arc<Endpoint>,
    shard: Arc<Shard>,
    /// How many bytes the host gave.
    fed: AtomicUsize,
}

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    End,
}

impl IncomingRequest {
    /// The next piece of the body. False: nothing more of it is wanted, as the request is being answered, or far too large.
    pub fn feed(&self, piece: Bytes) -> bool {
        let limit = self.endpoint.hub().config().max_http_buffer_size.saturating_mul(PATIENCE);
        if self.fed.fetch_add(piece.len(), Ordering::Relaxed) > limit {
            return false;
        }
        self.pieces.as_ref().is_some_and(|pieces| pieces.send(Piece::Data(piece)).is_ok())
    }

    /// The body has come to its end.
    pub fn end(&mut self) {
        if let Some(pieces) = self.pieces.take() {
            // What nobody waits for has been answered.
            pieces.send(Piece::End).ok();
        }
    }

    /// Whether the host is to give no more of the body until it has drained its mailbox.
    pub fn is_congested(&self) -> bool {
        self.endpoint.hub().sink().is_congested(&self.shard)
    }

    /// Whether it has been answered, or given up.
    pub fn is_finished(&self) -> bool {
        self.pending.0.is_finished()
    }
}

/// The body of a request as the host hands it over.
struct Pieces {
    received: UnboundedReceiver<Piece>,
    /// What is left of the size that was announced.
    announced: Option<u64>,
    ended: bool,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let received = std::task::ready!(self.received.poll_recv(context));
        Poll::Ready(match received {
            Some(Piece::Data(data)) => {
                self.announced = self.announced.map(|left| left.saturating_sub(data.len() as u64));
                Some(Ok(Frame::data(data)))
            }
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            // The host let go of it before its end: then nobody is answered, and this is aborted in a moment.
            None => return Poll::Pending,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(super) fn request(
    endpoint: &Arc<Endpoint>,
    seat: &Seat,
    request: Request<Bytes>,
    done: impl FnOnce(Response<Bytes>) + Send + 'static,
) -> PendingRequest {
    respond(endpoint, seat, request.map(Full::new), done)
}

pub(super) fn incoming(
    endpoint: &Arc<Endpoint>,
    seat: &Seat,
    request: Request<()>,
    done: impl FnOnce(Response<Bytes>) + Send + 'static,
) -> IncomingRequest {
    let (pieces, received) = unbounded_channel();
    let body = Pieces { received, announced: announced(request.headers()), ended: false };
    IncomingRequest {
        pending: respond(endpoint, seat, request.map(|()| body), done),
        pieces: Some(pieces),
        endpoint: Arc::clone(endpoint),
        shard: Arc::clone(&seat.shard),
        fed: AtomicUsize::new(0),
    }
}

fn respond<B>(
    endpoint: &Arc<Endpoint>,
    seat: &Seat,
    mut request: Request<B>,
    done: impl FnOnce(Response<Bytes>) + Send + 'static,
) -> PendingRequest
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    // The thread does not end before it has answered.
    let busy = seat.shard.busy();
    request.extensions_mut().insert(Arc::clone(&seat.shard));
    let answer = endpoint.respond(request);
    PendingRequest(seat.handle.spawn(async move {
        let _busy = busy;
        done(whole(answer.await).await);
    }))
}

pub(super) async fn whole(answer: Response<Full<Bytes>>) -> Response<Bytes> {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Response::from_parts(parts, bytes)
}
