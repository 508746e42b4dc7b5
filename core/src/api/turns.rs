//! The events of a socket with middlewares, one after another: while a middleware pauses, those behind it wait.

use crate::api::extract::MessageContext;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whose turn it is.
#[derive(Default)]
pub(crate) struct Turns {
    /// An event has its turn. Begun by the one thread that tells the events of a peer; ended under the lock.
    taken: AtomicBool,
    waiting: Mutex<VecDeque<MessageContext>>,
}

impl Turns {
    /// Takes the turn and gives the event back, unless another one has it: then it waits.
    pub(crate) fn begin(&self, event: MessageContext) -> Option<MessageContext> {
        if self.taken.load(Ordering::Acquire) {
            let mut waiting = self.waiting.lock();
            // Looked at once more: it may have ended in between, and then nobody would come for this one.
            if self.taken.load(Ordering::Relaxed) {
                waiting.push_back(event);
                return None;
            }
        }
        self.taken.store(true, Ordering::Relaxed);
        Some(event)
    }

    /// Passes the turn on to the next event, or ends it.
    pub(crate) fn pass_on(&self) -> Option<MessageContext> {
        let mut waiting = self.waiting.lock();
        let next = waiting.pop_front();
        if next.is_none() {
            // A crowd that waited once need not be remembered.
            *waiting = VecDeque::new();
            self.taken.store(false, Ordering::Release);
        }
        next
    }

    /// Nothing that waits is wanted any more.
    pub(crate) fn clear(&self) {
        let dropped = std::mem::take(&mut *self.waiting.lock());
        // Not under the lock: an event may own what the application made.
        drop(dropped);
    }
}
