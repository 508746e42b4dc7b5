//! Listening by ourselves: one thread per core, each with a runtime of its own, on which a connection lives and dies.

use crate::error::{Error, ErrorKind, Result};
use crate::hub::shard::{Busy, Shard};
use crate::net::endpoint::{Endpoint, RemoteAddress};
use crate::net::service::PancarService;
use crate::net::websocket::Io;
use crate::net::worker;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Socket, Type};
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{mpsc, watch};
use tower::Service;

mod acceptor;
mod lent;
mod prefixed;
mod seats;
use acceptor::Acceptor;
pub use lent::Work;
pub(super) use prefixed::Prefixed;
use seats::{Handed, Seat, Seats};

/// Connections that may wait in the kernel to be accepted.
const BACKLOG: i32 = 4096;

/// What the service behind the server says to requests that are not the server's.
pub type Fallback =
    tower::util::BoxCloneSyncService<Request<Incoming>, Response<UnsyncBoxBody<Bytes, BoxError>>, Infallible>;

/// An error of the service behind the server.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Where to listen.
#[derive(Debug)]
pub enum Address {
    /// TCP.
    Tcp(StdListener),
    /// A Unix socket; the file is removed when listening ends.
    Unix(StdUnixListener, PathBuf),
    /// Nowhere: connections are handed over by a host.
    Nowhere,
}

/// How connections are encrypted, where they are.
#[derive(Clone)]
pub enum Security {
    /// They are not.
    Plain,
    /// By TLS.
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

enum Accepted {
    Tcp(TcpStream, SocketAddr, Bytes),
    Other(Box<dyn Io>, RemoteAddress),
    Unix(UnixStream),
}

/// A server that listens.
#[derive(Debug)]
pub struct Listening {
    phase: watch::Sender<Phase>,
    seats: Seats,
    done: watch::Receiver<usize>,
}

impl Listening {
    /// Stops accepting. Connections that there are go on.
    pub fn stop_accepting(&self) {
        self.advance(Phase::Draining);
    }

    /// Stops accepting and lets connections end after the request that they are at.
    pub fn close(&self) {
        self.advance(Phase::Closing);
    }

    /// Serves a connection that somebody else accepted and read `head` from.
    pub fn adopt_tcp(&self, stream: std::net::TcpStream, remote: SocketAddr, head: Bytes) {
        self.seats.hand(Handed::Tcp(stream, remote, head));
    }

    /// Serves a stream of somebody else's.
    pub fn adopt_pipe(&self, stream: Box<dyn Io>, remote: RemoteAddress) {
        self.seats.hand(Handed::Other(stream, remote));
    }

    /// Where what a host asks for runs: the thread with the fewest connections, and its share.
    pub fn seat(&self) -> Option<(tokio::runtime::Handle, Arc<Shard>)> {
        self.seats.least().map(|seat| (seat.handle.clone(), Arc::clone(&seat.shard)))
    }

    /// Takes the work of a thread over, whose share is one of those `wanted`: the caller is to [do](Work::run) it.
    pub fn borrow(&self, wanted: impl Fn(&Shard) -> bool) -> Option<Work> {
        self.seats.0.iter().find(|seat| wanted(&seat.shard)).and_then(|seat| seat.lender.borrow())
    }

    /// Keeps something, and itself, for as long as it listens.
    pub fn keep(self: &Arc<Self>, what: impl Send + 'static) {
        if let Some((handle, _)) = self.seat() {
            let me = Arc::clone(self);
            // The thread ends before this does, and takes it along.
            handle.spawn(async move {
                me.ended().await;
                drop(what);
            });
        }
    }

    fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            *phase = to.max(*phase);
            later
        });
    }

    /// Ends when every thread has ended.
    pub async fn ended(&self) {
        drop(self.done.clone().wait_for(|threads| *threads == 0).await);
    }
}

/// Binds the first address that a name stands for; the address that was bound.
///
/// # Errors
/// [`ErrorKind::InvalidOption`] for what is no address, [`ErrorKind::Io`] when it cannot be had.
pub fn bind(address: impl std::net::ToSocketAddrs + std::fmt::Debug) -> Result<(StdListener, SocketAddr)> {
    let bad = || Error::new(ErrorKind::InvalidOption, format!("{address:?} is no address to listen on"));
    let resolved = address.to_socket_addrs().map_err(|cause| bad().with_source(cause))?.next().ok_or_else(bad)?;
    let listener = bind_tcp(resolved)?;
    let bound = listener.local_addr().map_err(|cause| Error::io("the listener has no address", cause))?;
    Ok((listener, bound))
}

/// Binds a TCP address.
///
/// # Errors
/// [`ErrorKind::Io`] when the address cannot be had.
pub fn bind_tcp(address: SocketAddr) -> Result<StdListener> {
    // Not by tokio, which wants a runtime for it: hosts have none.
    let bound = || -> std::io::Result<StdListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    bound().map_err(|cause| Error::io(format!("cannot listen on {address}"), cause))
}

/// Binds a Unix socket. A file that is in the way is an error.
///
/// # Errors
/// [`ErrorKind::Io`] when the path cannot be had.
pub fn bind_unix(path: &Path) -> Result<StdUnixListener> {
    // The system would give a name that nobody knows.
    if path.as_os_str().is_empty() {
        return Err(Error::option("address", "an empty path", "the path of a Unix socket"));
    }
    let listener = StdUnixListener::bind(path).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|cause| Error::io(format!("cannot listen on {}", path.display()), cause))
}

/// How far closing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// Nothing more is accepted.
    Draining,
    /// Connections are told to end.
    Closing,
}

/// Starts the threads.
///
/// # Errors
/// [`ErrorKind::Io`] when a thread or its runtime cannot be had.
pub fn start(
    endpoint: &Arc<Endpoint>,
    address: Address,
    security: Security,
    fallback: Option<Fallback>,
) -> Result<Listening> {
    let threads = endpoint.hub().config().worker_count();
    let (phase, watched) = watch::channel(Phase::Running);
    let (done, ended) = watch::channel(threads);
    let mut begun = Vec::with_capacity(threads);
    let mut seats = Seats(Vec::with_capacity(threads));
    let mut senders = Vec::with_capacity(threads);
    for _ in 0..threads {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::io("cannot make a runtime", cause))?;
        let handle = runtime.handle().clone();
        let shard = Shard::new(std::time::Instant::now(), handle.clone());
        let (sender, receiver) = mpsc::unbounded_channel();
        let lender = Arc::default();
        seats.0.push(Seat { sender: sender.downgrade(), shard: Arc::clone(&shard), handle, lender });
        senders.push(sender);
        begun.push((runtime, shard, receiver));
    }
    let mut acceptor = Some(Acceptor::new(address, seats.clone(), senders));
    for (number, (runtime, shard, receiver)) in begun.into_iter().enumerate() {
        endpoint.hub().add_shard(Arc::clone(&shard));
        let thread = Thread {
            endpoint: Arc::clone(endpoint),
            security: security.clone(),
            fallback: fallback.clone(),
            receiver,
            phase: watched.clone(),
            shard,
        };
        let acceptor = acceptor.take();
        let done = done.clone();
        let (hub, shard) = (Arc::clone(endpoint.hub()), Arc::clone(&thread.shard));
        let ended = move || {
            hub.sink().end_of_turn(&shard);
            done.send_modify(|threads| *threads -= 1);
        };
        let lender = Arc::clone(&seats.0[number].lender);
        let work = Work::new(Arc::clone(&thread.shard), runtime, thread.serve(acceptor), ended);
        std::thread::Builder::new()
            .name(format!("pancar-{number}"))
            .spawn(move || lender.run(work))
            .map_err(|cause| Error::io("cannot start a worker", cause))?;
    }
    Ok(Listening { phase, done: ended, seats })
}

struct Thread {
    endpoint: Arc<Endpoint>,
    security: Security,
    fallback: Option<Fallback>,
    receiver: mpsc::UnboundedReceiver<Handed>,
    phase: watch::Receiver<Phase>,
    shard: Arc<Shard>,
}

impl Thread {
    async fn serve(mut self, acceptor: Option<Acceptor>) {
        tokio::spawn(worker::flush(Arc::downgrade(self.endpoint.hub()), Arc::clone(&self.shard)));
        tokio::spawn(worker::watch(Arc::clone(&self.shard)));
        if let Some(acceptor) = acceptor {
            let mut phase = self.phase.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = acceptor.run() => {}
                    _ = phase.wait_for(|phase| *phase > Phase::Running) => {}
                }
            });
        }
        while let Some(handed) = self.receiver.recv().await {
            self.take(handed);
        }
        // Nothing more is accepted. Connections end as the hub closes them, within the deadline for that.
        drop(self.phase.wait_for(|phase| *phase == Phase::Closing).await);
        let patience = self.endpoint.hub().config().close_timeout + Duration::from_secs(1);
        drop(tokio::time::timeout(patience, self.shard.idle()).await);
        self.endpoint.hub().remove_shard(&self.shard);
    }

    fn take(&self, handed: Handed) {
        let connection = match handed {
            Handed::Tcp(stream, remote, head) => {
                TcpStream::from_std(stream).map(|stream| Accepted::Tcp(stream, remote, head))
            }
            Handed::Other(stream, remote) => Ok(Accepted::Other(stream, remote)),
            Handed::Unix(stream) => UnixStream::from_std(stream).map(Accepted::Unix),
        };
        let Ok(connection) = connection else { return };
        let service = self.service(&connection);
        let serving = Serving {
            header_timeout: self.endpoint.hub().config().header_timeout,
            phase: self.phase.clone(),
            _busy: self.shard.busy(),
        };
        let security = self.security.clone();
        tokio::spawn(async move {
            match connection {
                Accepted::Tcp(stream, _, head) if head.is_empty() => {
                    stream.set_nodelay(true).ok();
                    secure(stream, security, service, serving).await;
                }
                Accepted::Tcp(stream, _, head) => {
                    stream.set_nodelay(true).ok();
                    serve_http(Prefixed::new(head, stream), service, serving).await;
                }
                Accepted::Other(stream, _) => serve_http(stream, service, serving).await,
                Accepted::Unix(stream) => serve_http(stream, service, serving).await,
            }
        });
    }

    fn service(&self, connection: &Accepted) -> Http {
        let secure = !matches!(self.security, Security::Plain);
        let remote = match connection {
            Accepted::Tcp(_, remote, _) => RemoteAddress { ip: Some(remote.ip().to_canonical()), secure },
            Accepted::Other(_, remote) => *remote,
            Accepted::Unix(_) => RemoteAddress { ip: None, secure },
        };
        let shard = Arc::clone(&self.shard);
        Http { endpoint: Arc::clone(&self.endpoint), shard, remote, fallback: self.fallback.clone() }
    }
}

/// What serving one connection needs besides the service.
struct Serving {
    header_timeout: Duration,
    phase: watch::Receiver<Phase>,
    _busy: Busy,
}

async fn secure(stream: TcpStream, security: Security, service: Http, serving: Serving) {
    match security {
        Security::Plain => serve_http(stream, service, serving).await,
        #[cfg(feature = "tls")]
        Security::Tls(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(serving.header_timeout, acceptor.accept(stream)).await {
                serve_http(stream, service, serving).await;
            }
        }
    }
}

async fn serve_http<I>(stream: I, service: Http, mut serving: Serving)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request| service.call(request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(serving.header_timeout)
        .max_buf_size(32 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // A broken connection is the client's affair; whatever session it carried hears of it.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = serving.phase.wait_for(|phase| *phase == Phase::Closing) => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

/// What answers the requests of one connection.
#[derive(Clone)]
struct Http {
    endpoint: Arc<Endpoint>,
    shard: Arc<Shard>,
    remote: RemoteAddress,
    fallback: Option<Fallback>,
}

type HttpBody = UnsyncBoxBody<Bytes, BoxError>;

type Answering = Pin<Box<dyn Future<Output = Result<Response<HttpBody>, Infallible>> + Send>>;

impl Http {
    /// Takes a request. Not an `async fn`: what concerns a session begins in the call.
    fn call(&self, mut request: Request<Incoming>) -> Answering {
        request.extensions_mut().insert(self.remote);
        request.extensions_mut().insert(Arc::clone(&self.shard));
        if let Some(mut fallback) = self.fallback.clone()
            && !self.endpoint.owns(request.uri().path())
        {
            return Box::pin(async move { tower::ServiceExt::ready(&mut fallback).await?.call(request).await });
        }
        let answer = PancarService::alone(Arc::clone(&self.endpoint)).call(request);
        Box::pin(async move { answer.await.map(|answer| answer.map(BodyExt::boxed_unsync)) })
    }
}
