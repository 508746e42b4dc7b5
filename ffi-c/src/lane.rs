//! Where a thread of the program takes events: the bell that wakes it, as a condition or as a file descriptor.

use crate::guard::Done;
use crate::status::PANCAR_BUSY;
use pancar_core::{Error, ErrorKind};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

#[derive(Debug, Default)]
struct Rung {
    rung: bool,
    /// Made when the program asks for it: the end that it watches, and ours.
    pipe: Option<(UnixStream, UnixStream)>,
    /// Whether a byte is in the pipe.
    signalled: bool,
}

impl Rung {
    fn signal(&mut self) {
        if let Some((_, ours)) = self.pipe.as_mut().filter(|_| !self.signalled) {
            self.signalled = ours.write(&[1]).is_ok();
        }
    }

    fn clear(&mut self) {
        self.rung = false;
        if let Some((theirs, _)) = self.pipe.as_mut().filter(|_| self.signalled) {
            // There is one byte, or none yet.
            self.signalled = !matches!(theirs.read(&mut [0; 8]), Ok(1..));
        }
    }
}

/// Wakes whoever takes the events of a lane.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<Rung>,
    changed: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let mut state = self.state.lock();
        state.rung = true;
        state.signal();
        drop(state);
        self.changed.notify_one();
    }

    fn clear(&self) {
        self.state.lock().clear();
    }

    /// Waits until it rings; false when the time is over before.
    fn wait(&self, until: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        while !state.rung {
            match until {
                Some(until) if self.changed.wait_until(&mut state, until).timed_out() => return state.rung,
                Some(_) => {}
                None => self.changed.wait(&mut state),
            }
        }
        true
    }

    fn descriptor(&self) -> Done<RawFd> {
        let mut state = self.state.lock();
        if let Some((theirs, _)) = &state.pipe {
            return Ok(theirs.as_raw_fd());
        }
        let failed = |cause: std::io::Error| {
            Error::new(ErrorKind::Io, "there is no file descriptor to wake with").with_source(cause)
        };
        let (theirs, ours) = UnixStream::pair().map_err(failed)?;
        theirs.set_nonblocking(true).map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let descriptor = theirs.as_raw_fd();
        state.pipe = Some((theirs, ours));
        if state.rung {
            state.signal();
        }
        Ok(descriptor)
    }
}

/// One of the lanes of a server.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    bell: Arc<Bell>,
    /// Held while a thread takes events.
    taken: Mutex<()>,
    closed: AtomicBool,
}

impl Lane {
    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// The lane for one thread, until what is returned is dropped.
    pub(crate) fn take(&self) -> Done<MutexGuard<'_, ()>> {
        let busy = || crate::guard::Failure::new(PANCAR_BUSY, "the lane is being dispatched already");
        self.taken.try_lock().ok_or_else(busy)
    }

    /// Waits while a thread takes events.
    pub(crate) fn wait_until_left(&self) {
        drop(self.taken.lock());
    }

    /// Whether the last event has been taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// What is rung from now on is news.
    pub(crate) fn clear(&self) {
        self.bell.clear();
    }

    pub(crate) fn wait(&self, until: Option<Instant>) -> bool {
        self.bell.wait(until)
    }

    pub(crate) fn descriptor(&self) -> Done<RawFd> {
        self.bell.descriptor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn is_readable(descriptor: &UnixStream) -> bool {
        // A byte that is looked at must not be taken away.
        let mut copy = descriptor.try_clone().unwrap();
        matches!(copy.read(&mut [0; 1]), Ok(1))
    }

    #[test]
    fn a_ring_before_the_wait_is_not_lost() {
        let bell = Bell::default();
        bell.ring();
        assert!(bell.wait(None));
        bell.clear();
        assert!(!bell.wait(Some(Instant::now() + Duration::from_millis(1))));
    }

    #[test]
    fn the_descriptor_is_readable_until_it_is_cleared() {
        let bell = Bell::default();
        bell.ring();
        bell.descriptor().unwrap();
        bell.ring();
        let watched = bell.state.lock().pipe.as_ref().unwrap().0.try_clone().unwrap();
        bell.clear();
        assert!(!is_readable(&watched));
        bell.ring();
        assert!(is_readable(&watched));
    }
}
