//! Long-polling: a GET waits until there is something to say, a POST brings what the client says.

use crate::error::Reason;
use crate::hub::link::PollBody;
use crate::hub::peer::{Peer, Poll};
use crate::net::answer::{self, Answer};
use crate::proto::connection::{Input, Verdict};
use crate::proto::route::Refusal;
use crate::wire::engine::split_payload;
use crate::wire::text::Text;
use bytes::{Buf, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;
use std::sync::Arc;
use std::task::Poll::{Pending, Ready};
use std::time::Instant;
use tokio::sync::oneshot;

/// How many times the allowed size of a body is read (and thrown away) so that a client hears why it was refused.
pub const PATIENCE: usize = 4;

/// Reports that a request was given up by the client, unless it is disarmed.
struct Guard {
    peer: Arc<Peer>,
    armed: Option<Armed>,
}

enum Armed {
    Get(u64),
    Post,
}

impl Drop for Guard {
    fn drop(&mut self) {
        match self.armed.take() {
            Some(Armed::Get(serial)) => {
                self.peer.link().unpark(serial);
                self.peer.handle(Input::PollAborted, Instant::now());
            }
            Some(Armed::Post) => {
                self.peer.handle(Input::PostAborted, Instant::now());
            }
            None => {}
        }
    }
}

/// A GET that its session has taken.
pub struct Get(Taken);

enum Taken {
    Ready(PollBody),
    Waits(oneshot::Receiver<PollBody>, Guard),
}

impl Get {
    /// Takes a GET.
    ///
    /// # Errors
    /// The answer to one that the session refuses.
    pub fn begin(peer: Arc<Peer>) -> Result<Self, Box<Answer>> {
        match peer.poll(Instant::now()) {
            (_, Some(Poll::Ready(body))) => Ok(Self(Taken::Ready(body))),
            (_, Some(Poll::Waits(serial, waiting))) => {
                Ok(Self(Taken::Waits(waiting, Guard { peer, armed: Some(Armed::Get(serial)) })))
            }
            (Verdict::Farewell, None) => Ok(Self(Taken::Ready(PollBody::farewell()))),
            (verdict, None) => Err(refuse(verdict).into()),
        }
    }

    /// Waits until there is something to say.
    ///
    /// # Errors
    /// The answer when the session has ended without a word.
    pub async fn answer(self) -> Result<PollBody, Answer> {
        match self.0 {
            Taken::Ready(body) => Ok(body),
            Taken::Waits(waiting, mut guard) => {
                let body = waiting.await;
                guard.armed = None;
                body.map_err(|_| answer::refusal(Refusal::UnknownSid, None))
            }
        }
    }
}

fn refuse(verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Mismatch => answer::refusal(Refusal::BadRequest, None),
        Verdict::Unknown => answer::refusal(Refusal::UnknownSid, None),
        _ => answer::empty(StatusCode::BAD_REQUEST),
    }
}

/// Why the body of a POST was not taken.
enum Bad {
    TooLarge,
    Late,
    Gone,
}

/// A POST that its session has taken.
pub struct Post(Guard);

impl Post {
    /// Takes a POST.
    ///
    /// # Errors
    /// The answer to one that the session refuses.
    pub fn begin(peer: Arc<Peer>) -> Result<Self, Box<Answer>> {
        match peer.handle(Input::Post, Instant::now()) {
            Verdict::Go => Ok(Self(Guard { peer, armed: Some(Armed::Post) })),
            verdict => Err(refuse(verdict).into()),
        }
    }

    /// Reads the body and hands its packets to the session.
    pub async fn answer<B: Body>(self, headers: &HeaderMap, body: B) -> Answer {
        let mut guard = self.0;
        let peer = Arc::clone(&guard.peer);
        if headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/octet-stream")) {
            guard.armed = None;
            return end(&peer, Reason::TransportError, "a body of octets", answer::abort(StatusCode::BAD_REQUEST));
        }
        clear(&peer).await;
        let config = peer.hub().config();
        let read = tokio::time::timeout(config.body_timeout, read(body, config.max_http_buffer_size));
        let read = read.await.unwrap_or(Err(Bad::Late));
        if matches!(read, Err(Bad::Gone)) {
            return answer::empty(StatusCode::BAD_REQUEST);
        }
        guard.armed = None;
        match read {
            Ok(body) => take(&peer, body),
            Err(Bad::Late) => {
                let answer = answer::abort(StatusCode::REQUEST_TIMEOUT);
                end(&peer, Reason::TransportError, "body_timeout has passed", answer)
            }
            Err(_) => {
                let detail = "body larger than max_http_buffer_size";
                end(&peer, Reason::PayloadTooLarge, detail, answer::abort(StatusCode::PAYLOAD_TOO_LARGE))
            }
        }
    }
}

/// Waits while events are taken more slowly than they come.
async fn clear(peer: &Peer) {
    let sink = peer.hub().sink();
    std::future::poll_fn(|context| {
        if !sink.is_congested(peer.shard()) {
            return Ready(());
        }
        // Wakes at once where it has cleared meanwhile.
        sink.wake_when_clear(peer.shard(), context.waker());
        Pending
    })
    .await;
}

fn end(peer: &Arc<Peer>, reason: Reason, detail: &'static str, answer: Answer) -> Answer {
    peer.fail(reason, detail);
    peer.handle(Input::PostEnded, Instant::now());
    answer
}

/// Reads a body of at most `limit` bytes, however long it says it is.
async fn read<B: Body>(body: B, limit: usize) -> Result<Bytes, Bad> {
    if body.size_hint().lower() > limit.saturating_mul(PATIENCE) as u64 {
        return Err(Bad::TooLarge);
    }
    let mut body = std::pin::pin!(body);
    let mut whole = BytesMut::new();
    let mut size = 0usize;
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(|_| Bad::Gone)?.into_data() else { continue };
        size = size.saturating_add(data.remaining());
        if size > limit.saturating_mul(PATIENCE) {
            break;
        }
        if size > limit {
            whole = BytesMut::new();
            continue;
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            whole.extend_from_slice(chunk);
            let length = chunk.len();
            data.advance(length);
        }
    }
    if size > limit { Err(Bad::TooLarge) } else { Ok(whole.freeze()) }
}

/// Hands the packets of a body to the session.
fn take(peer: &Arc<Peer>, body: Bytes) -> Answer {
    let Some(text) = Text::from_utf8(body) else {
        return end(peer, Reason::ParseError, "invalid UTF-8", answer::abort(StatusCode::BAD_REQUEST));
    };
    let limit = peer.hub().config().max_packets_per_payload;
    let mut inputs: Vec<Input> = split_payload(&text).take(limit + 1).map(Input::Text).collect();
    if inputs.len() > limit {
        return end(
            peer,
            Reason::ParseError,
            "more than max_packets_per_payload",
            answer::abort(StatusCode::BAD_REQUEST),
        );
    }
    let late = !peer.is_open();
    peer.handle_all(&mut inputs, Instant::now());
    peer.handle(Input::PostEnded, Instant::now());
    if late {
        return answer::refusal(Refusal::UnknownSid, None);
    }
    if peer.was_broken() { answer::abort(StatusCode::BAD_REQUEST) } else { answer::ok() }
}
