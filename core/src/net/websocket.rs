//! One task per WebSocket: it reads, and the shard writes. What only this task may write to, it writes itself.

use crate::error::Reason;
use crate::hub::link::{After, Standing};
use crate::hub::outbox::Wire;
use crate::hub::peer::{Peer, ProbeNews, ProbeSerial};
use crate::net::decoder::{Decoder, Incoming, Stop};
use crate::proto::connection::Input;
use crate::wire::frame::Burst;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

/// What one read may take. The connections of a thread share the memory.
const READ: usize = 64 * 1024;

/// How long a client may take to close its side after ours was closed.
const LINGER: Duration = Duration::from_secs(2);

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// A byte stream of somebody else's.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// The byte stream of a WebSocket: what is read, and what the shard may write to.
pub enum Stream {
    /// A TCP connection.
    Tcp(tcp::OwnedReadHalf),
    /// A Unix socket.
    Unix(unix::OwnedReadHalf),
    /// Anything else, TLS for instance: only its task may write.
    Other(Box<dyn Io>),
}

impl Wire for tcp::OwnedWriteHalf {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        tcp::OwnedWriteHalf::try_write(self, bytes)
    }
}

impl Wire for unix::OwnedWriteHalf {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        unix::OwnedWriteHalf::try_write(self, bytes)
    }
}

impl Stream {
    /// A TCP connection, and the wire to write to it.
    pub fn tcp(stream: TcpStream) -> (Self, Option<Arc<dyn Wire>>) {
        let (read, write) = stream.into_split();
        (Self::Tcp(read), Some(Arc::new(write)))
    }

    /// A Unix socket, and the wire to write to it.
    pub fn unix(stream: UnixStream) -> (Self, Option<Arc<dyn Wire>>) {
        let (read, write) = stream.into_split();
        (Self::Unix(read), Some(Arc::new(write)))
    }

    fn poll_read(&mut self, context: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, space),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, space),
            Self::Other(stream) => Pin::new(stream).poll_read(context, space),
        }
    }

    fn poll_room(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.as_ref().poll_write_ready(context),
            Self::Unix(stream) => stream.as_ref().poll_write_ready(context),
            Self::Other(_) => Poll::Ready(Ok(())),
        }
    }
}

/// What the task writes by itself: everything on a stream of somebody else's, and what a probe is told.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

impl Outgoing {
    fn poll(&mut self, stream: &mut Stream, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Stream::Other(stream) = stream else { return Poll::Ready(Ok(())) };
        while let Some(rest) = self.bytes.get(self.written..).filter(|rest| !rest.is_empty()) {
            let written = ready!(Pin::new(&mut *stream).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.bytes.clear();
        self.bytes.shrink_to(4 * 1024);
        self.written = 0;
        Pin::new(stream).poll_flush(context)
    }
}

/// A WebSocket and the peer that it belongs to.
pub struct Connection {
    peer: Arc<Peer>,
    stream: Stream,
    wire: Option<Arc<dyn Wire>>,
    decoder: Decoder,
    outgoing: Outgoing,
    /// Its number among the probes of the session, as long as that polls.
    probe: Option<ProbeSerial>,
    /// The session itself has let go of the probe.
    dismissed: bool,
    /// The probe has been sent its close frame, after which nothing may follow.
    farewelled: bool,
    /// What came on a probing WebSocket and may not be looked at yet.
    stash: VecDeque<Incoming>,
    /// What was read together with the HTTP request.
    early: Vec<u8>,
}

impl Connection {
    /// A WebSocket that the client has just opened. `probe` is its number where the session polls so far.
    pub fn new(
        peer: Arc<Peer>,
        (stream, wire): (Stream, Option<Arc<dyn Wire>>),
        early: Vec<u8>,
        probe: Option<ProbeSerial>,
    ) -> Self {
        let decoder = Decoder::new(peer.hub().config());
        let outgoing = Outgoing::default();
        Self {
            peer,
            stream,
            wire,
            decoder,
            outgoing,
            probe,
            dismissed: false,
            farewelled: false,
            stash: VecDeque::new(),
            early,
        }
    }

    /// Serves the WebSocket to its end.
    pub fn run(mut self) -> impl Future<Output = ()> + Send {
        if !self.is_probing() {
            self.attach();
        }
        self.take_early();
        Serving::Open(Box::new(self))
    }

    /// Says what is left to be said.
    async fn end(mut self, ended: io::Result<()>) {
        if self.is_probing() {
            self.end_probe();
            if !self.farewelled {
                self.say(Burst::close(None, "").websocket());
            }
            drop(poll_fn(|context| self.outgoing.poll(&mut self.stream, context)).await);
            self.wire = None;
        } else {
            let patience = self.peer.hub().config().close_timeout;
            drop(tokio::time::timeout(patience, poll_fn(|context| self.poll_rest(context))).await);
            self.peer.link().release();
            self.wire = None;
        }
        if ended.is_ok() {
            drop(tokio::time::timeout(LINGER, self.drain()).await);
        }
    }

    fn is_probing(&self) -> bool {
        self.probe.is_some()
    }

    fn take_early(&mut self) {
        let early = std::mem::take(&mut self.early);
        if !early.is_empty() {
            self.take(&early);
        }
    }

    fn attach(&mut self) {
        self.probe = None;
        let pushed = self.peer.link().attach(self.wire.take());
        self.peer.after_push(pushed);
    }

    /// Reads, and writes what only this task may write, until the connection ends. An error says that the client is gone.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.probe {
            Some(serial) => self.peer.watch_probe(serial, context.waker()),
            None => self.peer.task().register(context.waker()),
        }
        loop {
            if self.is_probing() && !self.hear_news() {
                return Poll::Ready(Ok(()));
            }
            if self.outgoing.poll(&mut self.stream, context)?.is_ready() && self.fill() {
                continue;
            }
            let standing = self.peer.link().standing();
            match standing {
                Standing::Ending | Standing::Closed => return Poll::Ready(Ok(())),
                Standing::Running { blocked: true, .. } if self.stream.poll_room(context)?.is_ready() => {
                    self.peer.link().unblock();
                    self.peer.flush(Instant::now(), &mut Vec::new());
                    continue;
                }
                Standing::Running { .. } => {}
            }
            if self.is_paused(context) {
                return Poll::Pending;
            }
            if !ready!(self.poll_input(context)) {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Takes what is queued for a stream that only this task may write to; whether there was something.
    fn fill(&mut self) -> bool {
        if self.is_probing() || !matches!(self.stream, Stream::Other(_)) {
            return false;
        }
        self.peer.link().take(&mut self.outgoing.bytes)
    }

    fn is_paused(&self, context: &mut Context<'_>) -> bool {
        if self.is_probing() && self.peer.is_held() {
            return true;
        }
        let sink = self.peer.hub().sink();
        if !sink.is_congested(self.peer.shard()) {
            return false;
        }
        sink.wake_when_clear(self.peer.shard(), context.waker());
        sink.is_congested(self.peer.shard())
    }

    /// Reads once; false when the client is gone.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let mut messages = Vec::new();
        let mut reply = Vec::new();
        let fed = BUFFER.with_borrow_mut(|buffer| {
            let mut space = ReadBuf::new(buffer);
            match ready!(self.stream.poll_read(context, &mut space)) {
                Ok(()) if !space.filled().is_empty() => {
                    Poll::Ready(Some(self.decoder.feed(space.filled(), &mut messages, &mut reply)))
                }
                _ => Poll::Ready(None),
            }
        });
        let Some(fed) = ready!(fed) else {
            if !self.is_probing() {
                self.peer.fail(Reason::TransportClose, "the connection was closed");
            }
            return Poll::Ready(false);
        };
        self.digest(messages, reply, fed);
        Poll::Ready(true)
    }

    fn take(&mut self, bytes: &[u8]) {
        let (mut messages, mut reply) = (Vec::new(), Vec::new());
        let fed = self.decoder.feed(bytes, &mut messages, &mut reply);
        self.digest(messages, reply, fed);
    }

    fn digest(&mut self, messages: Vec<Incoming>, reply: Vec<u8>, fed: Result<(), Stop>) {
        if self.is_probing() {
            self.stash.extend(messages);
            self.digest_stash();
        } else {
            if !reply.is_empty() && fed.is_ok() {
                let pushed = self.peer.link().push_control(Burst::raw(reply.clone()));
                self.peer.after_push(pushed);
            }
            let mut inputs: Vec<Input> = messages.into_iter().map(input).collect();
            self.peer.handle_all(&mut inputs, Instant::now());
        }
        if self.is_probing() {
            self.say(&reply);
            if let Err(stop) = fed {
                self.say(stop.last.websocket());
                self.farewelled = true;
                self.end_probe();
                self.stash.clear();
            }
            return;
        }
        if let Err(stop) = fed {
            let pushed = self.peer.link().end_with(stop.last);
            self.peer.after_push(pushed);
            self.peer.fail(stop.reason, stop.detail);
        }
    }

    /// Hands the messages of a probing WebSocket to the session one by one, as each may change what the next one means.
    fn digest_stash(&mut self) {
        while !self.peer.is_held() {
            // A switch that has been held up until now is news that changes what comes next.
            if self.is_probing() && !self.hear_news() {
                return self.stash.clear();
            }
            let Some(message) = self.stash.pop_front() else { return };
            let Some(serial) = self.probe else {
                self.peer.handle(input(message), Instant::now());
                continue;
            };
            let probe = match message {
                Incoming::Text(text) => Input::ProbeText(text),
                Incoming::Binary(_) => Input::ProbeBinary,
            };
            self.peer.probe_input(serial, probe, Instant::now());
            if !self.hear_news() {
                return self.stash.clear();
            }
        }
    }

    /// What the session tells a probing WebSocket; false when it is to be closed.
    fn hear_news(&mut self) -> bool {
        while let Some(news) = self.probe.and_then(|serial| self.peer.probe_news(serial)) {
            match news {
                ProbeNews::Pong => self.say(Burst::from("3probe").websocket()),
                ProbeNews::Close => {
                    self.dismissed = true;
                    return false;
                }
                ProbeNews::Upgraded => {
                    self.attach();
                    self.peer.handle(Input::Attached, Instant::now());
                    self.digest_stash();
                    return true;
                }
            }
        }
        !self.dismissed && !self.peer.has_ended()
    }

    fn end_probe(&mut self) {
        if !std::mem::replace(&mut self.dismissed, true)
            && let Some(serial) = self.probe
        {
            self.peer.probe_input(serial, Input::ProbeEnded, Instant::now());
        }
    }

    /// Writes a few bytes while the link still belongs to long-polling. The socket is empty, so they fit.
    fn say(&mut self, bytes: &[u8]) {
        match &self.wire {
            Some(wire) => drop(wire.try_write(bytes)),
            None => self.outgoing.bytes.extend_from_slice(bytes),
        }
    }

    /// Writes what is left.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.peer.task().register(context.waker());
        loop {
            ready!(self.outgoing.poll(&mut self.stream, context))?;
            if self.fill() {
                continue;
            }
            if !self.peer.link().is_queued() {
                break;
            }
            ready!(self.stream.poll_room(context))?;
            let mut link = self.peer.link();
            link.unblock();
            if link.flush(Instant::now(), &mut Vec::new()) == After::Broken {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        }
        match &mut self.stream {
            Stream::Other(stream) => Pin::new(stream).poll_shutdown(context),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Reads to the end, so that what was written last is not destroyed by a reset.
    async fn drain(&mut self) {
        let mut waste = vec![0; 4 * 1024];
        loop {
            let mut space = ReadBuf::new(&mut waste);
            let read = poll_fn(|context| self.stream.poll_read(context, &mut space)).await;
            if read.is_err() || space.filled().is_empty() {
                return;
            }
        }
    }
}

/// A WebSocket that is served. By hand, as an `async fn` has room for the farewell in every connection that idles.
enum Serving {
    Open(Box<Connection>),
    Ending(Pin<Box<dyn Future<Output = ()> + Send>>),
    Ended,
}

impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut *self {
                Self::Open(connection) => {
                    let ended = ready!(connection.poll(context));
                    let Self::Open(connection) = std::mem::replace(&mut *self, Self::Ended) else { continue };
                    self.set(Self::Ending(Box::pin(connection.end(ended))));
                }
                Self::Ending(ending) => {
                    ready!(ending.as_mut().poll(context));
                    self.set(Self::Ended);
                }
                Self::Ended => return Poll::Ready(()),
            }
        }
    }
}

fn input(message: Incoming) -> Input {
    match message {
        Incoming::Text(text) => Input::Text(text),
        Incoming::Binary(data) => Input::Binary(data),
    }
}
