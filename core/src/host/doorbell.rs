//! What a bell may do: wake a thread of the host that waits, or make a file descriptor readable.

use crate::error::{Error, Result};
use parking_lot::{Condvar, Mutex};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

#[derive(Debug, Default)]
struct Rung {
    rung: bool,
    /// Made when the host asks for it: the end that it watches, and ours.
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

/// Wakes whoever takes the events of a mailbox: as a condition, and as a file descriptor.
#[derive(Debug, Default)]
pub struct Doorbell {
    state: Mutex<Rung>,
    changed: Condvar,
}

impl Doorbell {
    /// Wakes who waits, and who will before it is [cleared](Self::clear).
    pub fn ring(&self) {
        let mut state = self.state.lock();
        state.rung = true;
        state.signal();
        drop(state);
        self.changed.notify_one();
    }

    /// What is rung from now on is news. To be called before events are taken, not after.
    pub fn clear(&self) {
        self.state.lock().clear();
    }

    /// Waits until it rings; false when the time is over before.
    pub fn wait(&self, until: Option<Instant>) -> bool {
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

    /// A file descriptor that is readable from a ring until it is cleared. It stays the bell's; it is not to be read from.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when the system has none left.
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state.lock();
        if let Some((theirs, _)) = &state.pipe {
            return Ok(theirs.as_raw_fd());
        }
        let failed = |cause| Error::io("there is no file descriptor to wake with", cause);
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
        let bell = Doorbell::default();
        bell.ring();
        assert!(bell.wait(None));
        bell.clear();
        assert!(!bell.wait(Some(Instant::now() + Duration::from_millis(1))));
    }

    #[test]
    fn the_descriptor_is_readable_until_it_is_cleared() {
        let bell = Doorbell::default();
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
