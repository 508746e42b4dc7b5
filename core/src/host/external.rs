//! WebSockets that the host owns, at the level of messages.

use crate::error::Reason;
use crate::host::mailbox::Bell;
use crate::host::request::{Seat, whole};
use crate::hub::link::Standing;
use crate::hub::peer::{Peer, ProbeNews, ProbeSerial};
use crate::hub::shard::Busy;
use crate::net::Endpoint;
use crate::proto::connection::Input;
use crate::wire::frame::Burst;
use crate::wire::text::Text;
use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Instant;

/// The close code that stands for none.
const NO_CODE: u16 = 1005;

/// How many messages of the largest size may wait behind a switch that a POST in flight holds up.
const STASH: usize = 4;

pub(super) fn websocket(
    endpoint: &Arc<Endpoint>,
    seat: &Seat,
    request: Request<()>,
    bell: Bell,
    done: impl FnOnce(Result<ExternalSocket, Response<Bytes>>) + Send + 'static,
) {
    let endpoint = Arc::clone(endpoint);
    let busy = seat.shard.busy();
    let (mut parts, ()) = request.into_parts();
    parts.extensions.insert(Arc::clone(&seat.shard));
    seat.handle.spawn(async move {
        let _busy = busy;
        match endpoint.accept_messages(parts).await {
            Ok((peer, probe)) => done(Ok(ExternalSocket::new(peer, probe, bell))),
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

impl Outgoing {
    fn no_code() -> Self {
        Self::Close(NO_CODE, String::new())
    }

    fn append(burst: &Burst, to: &mut Vec<Self>) {
        if let Some((code, words)) = burst.as_close() {
            to.push(Self::Close(code, words.to_owned()));
        }
        to.extend(burst.messages().map(|message| match message {
            Ok(text) => Self::Text(String::from_utf8_lossy(text).into_owned().into()),
            Err(data) => Self::Binary(Bytes::copy_from_slice(data)),
        }));
    }
}

struct Ring(Bell);

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The session polls so far; the number among its probes.
    Probing(ProbeSerial),
    /// The session has let go of it, or it of the session.
    Dismissed,
    /// It is the transport of the session.
    Attached,
}

struct State {
    phase: Phase,
    /// What a probe is told, before the session's queue is its own.
    first: VecDeque<Outgoing>,
    /// What came on a probe and may not be looked at yet, and its size.
    stash: VecDeque<Input>,
    stashed: usize,
    /// The host has been told to close it, or the client is gone.
    ended: bool,
    /// Closing the server waits for it.
    busy: Option<Busy>,
}

/// A WebSocket whose messages the host carries. Dropped, it tells the server that the client is gone.
///
/// Messages of one socket are to be given one after another. What was [taken](Self::take) is to be sent before more is
/// taken: what the server still holds tells it that a client does not read.
pub struct ExternalSocket {
    peer: Arc<Peer>,
    bell: Waker,
    /// Held while a probe's messages are handed over; the bell must not call back.
    state: Mutex<State>,
}

impl std::fmt::Debug for ExternalSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalSocket").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl ExternalSocket {
    fn new(peer: Arc<Peer>, probe: Option<ProbeSerial>, bell: Bell) -> Self {
        let state = State {
            phase: probe.map_or(Phase::Attached, Phase::Probing),
            first: VecDeque::new(),
            stash: VecDeque::new(),
            stashed: 0,
            ended: false,
            busy: Some(peer.shard().busy()),
        };
        let socket = Self { peer, bell: Waker::from(Arc::new(Ring(bell))), state: Mutex::new(state) };
        socket.listen(&socket.state.lock());
        if probe.is_none() {
            socket.peer.announce();
            socket.attach(&mut socket.state.lock());
        }
        socket
    }

    /// Lets the bell ring for what is to be taken.
    fn listen(&self, state: &State) {
        match state.phase {
            Phase::Probing(serial) => self.peer.watch_probe(serial, &self.bell),
            Phase::Attached => self.peer.task().register(&self.bell),
            Phase::Dismissed => {}
        }
    }

    fn attach(&self, state: &mut State) {
        state.phase = Phase::Attached;
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
        let limit = self.peer.hub().config().max_http_buffer_size;
        let mut state = self.state.lock();
        self.digest(&mut state);
        match state.phase {
            Phase::Attached => {
                drop(state);
                if length > limit {
                    return self.peer.fail(Reason::PayloadTooLarge, "message larger than max_http_buffer_size");
                }
                self.peer.handle(input, Instant::now());
            }
            Phase::Probing(_) if length > limit => {
                self.leave(&mut state, Outgoing::Close(1009, "message larger than max_http_buffer_size".to_owned()));
            }
            Phase::Probing(_) if state.stashed > limit.saturating_mul(STASH) => {
                self.leave(&mut state, Outgoing::Close(1008, "too much before the upgrade".to_owned()));
            }
            Phase::Probing(_) => {
                state.stashed += length + size_of::<Input>();
                state.stash.push_back(input);
                self.digest(&mut state);
            }
            Phase::Dismissed => {}
        }
    }

    /// Hands the messages of a probe to the session one by one, as each may change what the next one means.
    fn digest(&self, state: &mut State) {
        while state.phase != Phase::Attached || !state.stash.is_empty() {
            // Looked at before the news: a switch that has been held up is news by the time that it is not.
            let held = self.peer.is_held();
            self.hear_news(state);
            if held && matches!(state.phase, Phase::Probing(_)) {
                return;
            }
            let Some(input) = state.stash.pop_front() else { return };
            if state.stash.is_empty() {
                state.stashed = 0;
            }
            let Phase::Probing(serial) = state.phase else {
                self.peer.handle(input, Instant::now());
                continue;
            };
            let input = match input {
                Input::Text(text) => Input::ProbeText(text),
                _ => Input::ProbeBinary,
            };
            self.peer.probe_input(serial, input, Instant::now());
        }
    }

    fn hear_news(&self, state: &mut State) {
        while let Phase::Probing(serial) = state.phase
            && let Some(news) = self.peer.probe_news(serial)
        {
            match news {
                ProbeNews::Pong => state.first.push_back(Outgoing::Text(Text::from_static("3probe"))),
                ProbeNews::Close => self.dismiss(state, Outgoing::no_code()),
                ProbeNews::Upgraded => {
                    self.attach(state);
                    self.peer.handle(Input::Attached, Instant::now());
                }
            }
        }
        if matches!(state.phase, Phase::Probing(_)) && self.peer.has_ended() {
            self.dismiss(state, Outgoing::no_code());
        }
    }

    fn dismiss(&self, state: &mut State, last: Outgoing) {
        state.phase = Phase::Dismissed;
        state.stash = VecDeque::new();
        state.first.push_back(last);
        self.bell.wake_by_ref();
    }

    /// Gives a probe up on behalf of the server.
    fn leave(&self, state: &mut State, last: Outgoing) {
        let phase = state.phase;
        self.dismiss(state, last);
        if let Phase::Probing(serial) = phase {
            self.peer.probe_input(serial, Input::ProbeEnded, Instant::now());
        }
    }

    /// Takes what is to be sent, in order; not much more than 64 KiB at a time, as what the host holds does not count as
    /// what waits for the client. The bell rings when there is more. After an [`Outgoing::Close`] nothing comes.
    pub fn take(&self) -> Vec<Outgoing> {
        let mut state = self.state.lock();
        self.listen(&state);
        self.digest(&mut state);
        let mut taken: Vec<Outgoing> = state.first.drain(..).collect();
        if state.phase == Phase::Attached {
            self.take_queue(&mut taken);
        }
        if state.ended {
            return Vec::new();
        }
        if let Some(close) = taken.iter().position(|outgoing| matches!(outgoing, Outgoing::Close(..))) {
            taken.truncate(close + 1);
            state.ended = true;
            state.busy = None;
        }
        taken
    }

    fn take_queue(&self, taken: &mut Vec<Outgoing>) {
        let mut link = self.peer.link();
        link.take_messages(&mut |burst| Outgoing::append(burst, taken));
        if link.is_queued() {
            drop(link);
            self.bell.wake_by_ref();
        } else if matches!(link.standing(), Standing::Ending | Standing::Closed) {
            taken.push(Outgoing::Close(1000, String::new()));
        }
    }

    /// Whether nothing more is wanted from the client: the last of what is to be sent has been taken, or it is gone.
    pub fn is_ended(&self) -> bool {
        self.state.lock().ended
    }

    /// Whether the host is to give no more messages until it has drained its mailbox.
    pub fn is_congested(&self) -> bool {
        self.peer.hub().sink().is_congested(self.peer.shard())
    }

    /// The client is gone.
    pub fn closed(&self) {
        let mut state = self.state.lock();
        self.hear_news(&mut state);
        state.ended = true;
        state.busy = None;
        let phase = state.phase;
        if matches!(phase, Phase::Probing(_)) {
            state.phase = Phase::Dismissed;
        }
        drop(state);
        match phase {
            Phase::Probing(serial) => self.peer.probe_input(serial, Input::ProbeEnded, Instant::now()),
            Phase::Attached => self.peer.fail(Reason::TransportClose, "the connection was closed"),
            Phase::Dismissed => {}
        }
    }
}

impl Drop for ExternalSocket {
    fn drop(&mut self) {
        self.closed();
    }
}
