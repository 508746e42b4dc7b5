//! Where a thread of the program takes events.

use crate::guard::Done;
use crate::status::PANCAR_BUSY;
use pancar_core::host::Doorbell;
use parking_lot::{Mutex, MutexGuard};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// One of the lanes of a server.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    bell: Arc<Doorbell>,
    /// Held while a thread takes events.
    taken: Mutex<()>,
    closed: AtomicBool,
}

impl Lane {
    pub(crate) fn bell(&self) -> &Arc<Doorbell> {
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
        Ok(self.bell.descriptor()?)
    }
}
