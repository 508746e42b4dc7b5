//! Transports that the host owns, at the level of messages: HTTP requests and WebSocket messages.

use crate::error::Reason;
use crate::host::mailbox::Bell;
use crate::hub::link::Standing;
use crate::hub::peer::{Peer, ProbeNews};
use crate::net::Endpoint;
use crate::proto::connection::Input;
use crate::wire::text::Text;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Instant;
use tokio::runtime::Handle;

/// A request that is being answered. Dropped, it tells the server that the client is gone.
#[derive(Debug)]
pub struct PendingRequest(tokio::task::JoinHandle<()>);

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) fn request(
    endpoint: &Arc<Endpoint>,
    handle: &Handle,
    request: Request<Bytes>,
    done: impl FnOnce(Response<Bytes>) + Send + 'static,
) -> PendingRequest {
    let answer = endpoint.respond(request.map(Full::new));
    PendingRequest(handle.spawn(async move { done(whole(answer.await).await) }))
}

async fn whole(answer: Response<Full<Bytes>>) -> Response<Bytes> {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Response::from_parts(parts, bytes)
}

pub(super) fn websocket(
    endpoint: &Arc<Endpoint>,
    handle: &Handle,
    request: Request<()>,
    bell: Bell,
    done: impl FnOnce(Result<ExternalSocket, Response<Bytes>>) + Send + 'static,
) {
    let endpoint = Arc::clone(endpoint);
    let (parts, ()) = request.into_parts();
    handle.spawn(async move {
        match endpoint.accept_messages(parts).await {
            Ok((peer, probing)) => done(Ok(ExternalSocket::new(peer, probing, bell))),
            Err(answer) => done(Err(whole(answer).await)),
        }
    });
}

/// Something that the host is to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A message of text.
    Text(Text),
    /// A binary message.
    Binary(Bytes),
    /// A close frame, then the end. Code 1005 stands for none.
    Close(u16, String),
}

struct Ring(Bell);

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A WebSocket whose messages the host carries. Dropped, it tells the server that the client is gone.
pub struct ExternalSocket {
    peer: Arc<Peer>,
    probing: AtomicBool,
    ended: AtomicBool,
    bell: Waker,
    /// What a probe is told, before the session's queue is its own.
    first: Mutex<VecDeque<Outgoing>>,
    /// What came on a probe and may not be looked at yet.
    stash: Mutex<VecDeque<Input>>,
}

impl std::fmt::Debug for ExternalSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalSocket").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl ExternalSocket {
    fn new(peer: Arc<Peer>, probing: bool, bell: Bell) -> Self {
        let socket = Self {
            peer,
            probing: AtomicBool::new(probing),
            ended: AtomicBool::new(false),
            bell: Waker::from(Arc::new(Ring(bell))),
            first: Mutex::default(),
            stash: Mutex::default(),
        };
        if probing {
            socket.peer.task().register(&socket.bell);
        } else {
            socket.peer.announce();
            socket.attach();
        }
        socket
    }

    fn attach(&self) {
        self.probing.store(false, Ordering::Release);
        self.peer.task().register(&self.bell);
        let pushed = self.peer.link().attach(None);
        self.peer.after_push(pushed);
    }

    /// The client sent a message of text.
    pub fn text(&self, text: Text) {
        self.message(text.len(), Input::Text(text));
    }

    /// The client sent a binary message.
    pub fn binary(&self, data: Bytes) {
        self.message(data.len(), Input::Binary(data));
    }

    fn message(&self, length: usize, input: Input) {
        if length > self.peer.hub().config().max_http_buffer_size {
            return self.peer.fail(Reason::PayloadTooLarge, "message larger than max_http_buffer_size");
        }
        if !self.probing.load(Ordering::Acquire) {
            self.peer.handle(input, Instant::now());
            return;
        }
        self.stash.lock().push_back(input);
        self.digest();
    }

    /// Hands the messages of a probe to the session one by one, as each may change what the next one means.
    fn digest(&self) {
        while !self.peer.is_held() {
            let Some(input) = self.stash.lock().pop_front() else { return };
            let input = match input {
                input if !self.probing.load(Ordering::Acquire) => input,
                Input::Text(text) => Input::ProbeText(text),
                _ => Input::ProbeBinary,
            };
            self.peer.handle(input, Instant::now());
            self.hear_news();
        }
    }

    fn hear_news(&self) {
        while let Some(news) = self.peer.probe_news() {
            match news {
                ProbeNews::Pong => self.first.lock().push_back(Outgoing::Text(Text::from_static("3probe"))),
                ProbeNews::Close => self.first.lock().push_back(Outgoing::Close(1005, String::new())),
                ProbeNews::Upgraded => self.attach(),
            }
        }
    }

    /// Takes what is to be sent, in order. The bell rings when there is more. After an [`Outgoing::Close`] nothing comes.
    pub fn take(&self) -> Vec<Outgoing> {
        self.peer.task().register(&self.bell);
        if self.probing.load(Ordering::Acquire) {
            self.hear_news();
            self.digest();
        }
        let mut taken: Vec<Outgoing> = self.first.lock().drain(..).collect();
        if self.probing.load(Ordering::Acquire) {
            if !self.peer.is_open() && !matches!(taken.last(), Some(Outgoing::Close(..))) {
                taken.push(Outgoing::Close(1005, String::new()));
            }
            return taken;
        }
        let mut link = self.peer.link();
        link.take_messages(&mut |burst| {
            if let Some((code, words)) = burst.as_close() {
                taken.push(Outgoing::Close(code, words.to_owned()));
            }
            taken.extend(burst.messages().map(|message| match message {
                Ok(text) => Outgoing::Text(String::from_utf8_lossy(text).into_owned().into()),
                Err(data) => Outgoing::Binary(Bytes::copy_from_slice(data)),
            }));
        });
        let over = matches!(link.standing(), Standing::Ending | Standing::Closed);
        drop(link);
        if over && !matches!(taken.last(), Some(Outgoing::Close(..))) && !self.ended.swap(true, Ordering::AcqRel) {
            taken.push(Outgoing::Close(1000, String::new()));
        }
        taken
    }

    /// The client is gone.
    pub fn closed(&self) {
        if self.probing.load(Ordering::Acquire) {
            self.peer.handle(Input::ProbeEnded, Instant::now());
        } else {
            self.peer.fail(Reason::TransportClose, "the connection was closed");
        }
    }
}

impl Drop for ExternalSocket {
    fn drop(&mut self) {
        self.closed();
    }
}
