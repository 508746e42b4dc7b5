//! A thread of the host that does the work of one of the server's: events are taken where they happen.

use crate::host::mailbox::Mailbox;
use crate::hub::shard::Shard;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Callbacks that take so long at once have kept the clients of their thread from being read.
const LONG: Duration = Duration::from_millis(100);

struct Driven {
    mailbox: Arc<Mailbox>,
    take: Box<dyn FnMut()>,
}

thread_local! {
    /// The mailbox whose events this thread takes at the end of its turns; nothing while it does.
    static DRIVEN: RefCell<Option<Driven>> = const { RefCell::new(None) };
}

/// This thread takes the events of a mailbox at the end of the turns of a shard, for as long as this lives.
pub(super) struct Driving(Arc<Mailbox>);

impl Driving {
    pub(super) fn begin(mailbox: &Arc<Mailbox>, shard: &Arc<Shard>, take: Box<dyn FnMut()>) -> Self {
        DRIVEN.set(Some(Driven { mailbox: Arc::clone(mailbox), take }));
        mailbox.set_taker(Some(Arc::clone(shard)));
        // What has come before.
        shard.ring();
        Self(Arc::clone(mailbox))
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.set_taker(None);
        DRIVEN.set(None);
    }
}

/// Whether this thread takes the events of a mailbox.
pub(super) fn is_here(mailbox: &Arc<Mailbox>) -> bool {
    DRIVEN.with_borrow(|driven| driven.as_ref().is_some_and(|driven| Arc::ptr_eq(&driven.mailbox, mailbox)))
}

/// Takes them.
pub(super) fn take() {
    let Some(mut driven) = DRIVEN.take() else { return };
    let begun = Instant::now();
    (driven.take)();
    if begun.elapsed() > LONG {
        driven.mailbox.note_pause();
    }
    DRIVEN.set(Some(driven));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::shard::BoxFuture;

    #[test]
    fn clients_are_not_taken_for_dead_that_could_not_be_read_meanwhile() {
        let mailbox = Arc::new(Mailbox::new(Box::new(|| {})));
        let shard = Shard::new(Instant::now(), |_: BoxFuture<()>| {});
        let mut calls = 0;
        let long_at_second = move || {
            calls += 1;
            if calls == 2 {
                std::thread::sleep(2 * LONG);
            }
        };
        let driving = Driving::begin(&mailbox, &shard, Box::new(long_at_second));
        assert!(is_here(&mailbox));
        take();
        assert_eq!(mailbox.last_congested(Instant::now()), None);
        take();
        assert!(mailbox.last_congested(Instant::now()).is_some());
        drop(driving);
        assert!(!is_here(&mailbox));
    }
}
