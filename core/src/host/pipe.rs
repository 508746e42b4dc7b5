//! A connection whose bytes the host carries, for streams that cannot be handed over, such as TLS in Node.

use crate::host::mailbox::Bell;
use bytes::{Buf as _, Bytes, BytesMut};
use parking_lot::Mutex;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that wait for the host before writing pauses.
const LIMIT: usize = 256 * 1024;

#[derive(Default)]
struct State {
    incoming: BytesMut,
    /// The host has nothing more.
    ended: bool,
    outgoing: BytesMut,
    /// The server has nothing more.
    shut: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The end of a host. [`Pipe::end`] tells the server that the client is gone.
pub struct Pipe {
    state: Mutex<State>,
    bell: Bell,
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipe")
    }
}

impl Pipe {
    /// A pipe, and the server's end of it. The bell rings when [`Pipe::take`] has something.
    pub(crate) fn new(bell: Bell) -> (Arc<Self>, PipeStream) {
        let pipe = Arc::new(Self { state: Mutex::default(), bell });
        let stream = PipeStream { pipe: Arc::clone(&pipe) };
        (pipe, stream)
    }

    /// Bytes came from the client.
    pub fn give(&self, bytes: &[u8]) {
        let reader = {
            let mut state = self.state.lock();
            state.incoming.extend_from_slice(bytes);
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
    }

    /// Nothing more comes from the client.
    pub fn end(&self) {
        let wakers = {
            let mut state = self.state.lock();
            state.ended = true;
            [state.reader.take(), state.writer.take()]
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Takes the bytes that are to be sent, and whether the connection is to be closed after them.
    pub fn take(&self) -> (Bytes, bool) {
        let (bytes, shut, writer) = {
            let mut state = self.state.lock();
            (state.outgoing.split().freeze(), state.shut, state.writer.take())
        };
        writer.into_iter().for_each(Waker::wake);
        (bytes, shut)
    }
}

/// The server's end.
pub(crate) struct PipeStream {
    pipe: Arc<Pipe>,
}

impl AsyncRead for PipeStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.pipe.state.lock();
        if state.incoming.is_empty() && !state.ended {
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = state.incoming.len().min(space.remaining());
        space.put_slice(state.incoming.get(..count).unwrap_or_default());
        state.incoming.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PipeStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let (count, first) = {
            let mut state = self.pipe.state.lock();
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
            (self.pipe.bell)();
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let first = !std::mem::replace(&mut self.pipe.state.lock().shut, true);
        if first {
            (self.pipe.bell)();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for PipeStream {
    fn drop(&mut self) {
        let first = !std::mem::replace(&mut self.pipe.state.lock().shut, true);
        if first {
            (self.pipe.bell)();
        }
    }
}
