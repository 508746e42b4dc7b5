//! A connection whose bytes the host carries, for streams that cannot be handed over, such as TLS in Node.

use crate::host::mailbox::Bell;
use bytes::{Buf as _, Bytes, BytesMut};
use parking_lot::Mutex;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that wait for the host before writing pauses, and for the server before the host is asked to pause.
const LIMIT: usize = 256 * 1024;

#[derive(Default)]
struct State {
    incoming: BytesMut,
    /// More than half of the limit has been waiting since the limit was reached.
    full: bool,
    /// The host has nothing more.
    ended: bool,
    outgoing: BytesMut,
    /// The server has nothing more.
    shut: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct Shared {
    state: Mutex<State>,
    bell: Bell,
}

impl Shared {
    /// The server has nothing more.
    fn shut(&self) {
        let already = std::mem::replace(&mut self.state.lock().shut, true);
        if !already {
            (self.bell)();
        }
    }
}

/// The end of a host. Dropped, or by [`Pipe::end`], it tells the server that the client is gone.
pub struct Pipe(Arc<Shared>);

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipe")
    }
}

impl Pipe {
    /// A pipe, and the server's end of it. The bell rings when [`Pipe::take`] has something, and when [`Pipe::is_full`]
    /// no longer holds.
    pub(crate) fn new(bell: Bell) -> (Arc<Self>, PipeStream) {
        let shared = Arc::new(Shared { state: Mutex::default(), bell });
        (Arc::new(Self(Arc::clone(&shared))), PipeStream(shared))
    }

    /// Bytes came from the client. While the pipe [is full](Pipe::is_full) no more are to be read from it.
    pub fn give(&self, bytes: &[u8]) {
        let reader = {
            let mut state = self.0.state.lock();
            if state.shut {
                return;
            }
            state.incoming.extend_from_slice(bytes);
            state.full |= state.incoming.len() >= LIMIT;
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
    }

    /// Whether so much of what was given waits that the client is to be paused, until the bell rings and this says no.
    pub fn is_full(&self) -> bool {
        self.0.state.lock().full
    }

    /// Nothing more comes from the client.
    pub fn end(&self) {
        let wakers = {
            let mut state = self.0.state.lock();
            state.ended = true;
            [state.reader.take(), state.writer.take()]
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Takes the bytes that are to be sent, and whether the connection is to be closed after them. They are to be sent
    /// before more is taken: what waits here tells the server that a client does not read.
    pub fn take(&self) -> (Bytes, bool) {
        let (bytes, shut, writer) = {
            let mut state = self.0.state.lock();
            (state.outgoing.split().freeze(), state.shut, state.writer.take())
        };
        writer.into_iter().for_each(Waker::wake);
        (bytes, shut)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.end();
    }
}

/// The server's end.
pub(crate) struct PipeStream(Arc<Shared>);

impl AsyncRead for PipeStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let relieved = {
            let mut state = self.0.state.lock();
            if state.incoming.is_empty() && !state.ended {
                state.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            let count = state.incoming.len().min(space.remaining());
            space.put_slice(state.incoming.get(..count).unwrap_or_default());
            state.incoming.advance(count);
            if state.incoming.is_empty() {
                // A large message leaves no memory behind.
                state.incoming = BytesMut::new();
            }
            let relieved = state.full && state.incoming.len() < LIMIT / 2;
            state.full &= !relieved;
            relieved
        };
        if relieved {
            (self.0.bell)();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PipeStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let (count, first) = {
            let mut state = self.0.state.lock();
            if state.ended || state.shut {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let room = LIMIT.saturating_sub(state.outgoing.len());
            if room == 0 {
                state.writer = Some(context.waker().clone());
                return Poll::Pending;
            }
            let first = state.outgoing.is_empty();
            let count = room.min(bytes.len());
            state.outgoing.extend_from_slice(bytes.get(..count).unwrap_or_default());
            (count, first)
        };
        if first {
            (self.0.bell)();
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.shut();
        Poll::Ready(Ok(()))
    }
}

impl Drop for PipeStream {
    fn drop(&mut self) {
        self.0.shut();
    }
}
