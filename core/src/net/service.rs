//! The server as a tower service and layer, for mounting into axum, hyper or tonic.

use crate::net::endpoint::Endpoint;
use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// Lays a server over a service: requests on the server's path are answered by the server, all others pass through.
#[derive(Clone, Debug)]
pub struct PancarLayer {
    endpoint: Arc<Endpoint>,
}

impl PancarLayer {
    pub(crate) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self { endpoint }
    }
}

impl<S> Layer<S> for PancarLayer {
    type Service = PancarService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PancarService { endpoint: Arc::clone(&self.endpoint), inner }
    }
}

/// A server in front of another service. See [`PancarLayer`].
#[derive(Clone, Debug)]
pub struct PancarService<S> {
    endpoint: Arc<Endpoint>,
    inner: S,
}

impl PancarService<NotFound> {
    pub(crate) fn alone(endpoint: Arc<Endpoint>) -> Self {
        Self { endpoint, inner: NotFound }
    }
}

type Answering<R, E> = Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>>;

impl<S, B, R> Service<Request<B>> for PancarService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<EitherBody<R>>;
    type Error = S::Error;
    type Future = Answering<EitherBody<R>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.endpoint.owns(request.uri().path()) {
            let answer = self.endpoint.respond(request);
            return Box::pin(async move { Ok(answer.await.map(EitherBody::Ours)) });
        }
        let passed = self.inner.call(request);
        Box::pin(async move { Ok(passed.await?.map(EitherBody::Theirs)) })
    }
}

/// Answers everything with 404; what stands behind a server that is mounted alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotFound;

impl<B> Service<Request<B>> for NotFound {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<B>) -> Self::Future {
        let mut answer = Response::new(Full::new(Bytes::new()));
        *answer.status_mut() = http::StatusCode::NOT_FOUND;
        std::future::ready(Ok(answer))
    }
}

/// The body of an answer: the server's own, or that of the service behind it.
#[derive(Debug)]
pub enum EitherBody<R> {
    /// The server answered.
    Ours(Full<Bytes>),
    /// The service behind it answered.
    Theirs(R),
}

impl<R> Body for EitherBody<R>
where
    R: Body + Unpin,
    R::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Ours(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Theirs(body) => Pin::new(body)
                .poll_frame(context)
                .map_ok(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
                .map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ours(body) => body.is_end_stream(),
            Self::Theirs(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ours(body) => body.size_hint(),
            Self::Theirs(body) => body.size_hint(),
        }
    }
}
