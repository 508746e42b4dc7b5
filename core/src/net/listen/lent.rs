//! A worker's work, which another thread than its own may go on with: one of a host that wants to be called where it is done.

use crate::hub::shard::Shard;
use parking_lot::Mutex;
use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What a worker does until it ends.
pub struct Work {
    shard: Arc<Shard>,
    runtime: Runtime,
    serving: JoinHandle<()>,
    ended: Box<dyn FnOnce() + Send>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

impl Work {
    pub(super) fn new(
        shard: Arc<Shard>,
        runtime: Runtime,
        serving: impl Future<Output = ()> + Send + 'static,
        ended: impl FnOnce() + Send + 'static,
    ) -> Self {
        let serving = runtime.spawn(serving);
        Self { shard, runtime, serving, ended: Box::new(ended) }
    }

    /// The clients that are served.
    pub fn shard(&self) -> &Arc<Shard> {
        &self.shard
    }

    /// Works on this thread until the worker ends.
    pub fn run(mut self) {
        let _at_work = self.shard.begin_work();
        // It ends, or the runtime does.
        drop(self.runtime.block_on(&mut self.serving));
        self.end();
    }

    fn end(self) {
        let Self { runtime, ended, .. } = self;
        drop(runtime);
        ended();
    }
}

/// The way to a worker's work.
#[derive(Default)]
pub(super) struct Lender {
    asked: Notify,
    /// Who asked. Nothing can be had any more once the worker has ended or its work has been taken.
    to: Mutex<Asked>,
}

#[derive(Default)]
enum Asked {
    #[default]
    Nobody,
    By(SyncSender<Work>),
    TooLate,
}

impl Lender {
    /// The work, unless somebody else has it; waits for the worker to let go of it.
    pub(super) fn borrow(&self) -> Option<Work> {
        let (sender, receiver) = sync_channel(1);
        {
            let mut to = self.to.lock();
            if !matches!(*to, Asked::Nobody) {
                return None;
            }
            *to = Asked::By(sender);
        }
        self.asked.notify_one();
        receiver.recv().ok()
    }

    /// Works on this thread until the worker ends, or somebody takes the work over.
    pub(super) fn run(&self, mut work: Work) {
        let Work { shard, runtime, serving, .. } = &mut work;
        let at_work = shard.begin_work();
        let is_asked = runtime.block_on(async {
            tokio::select! {
                _ = serving => false,
                () = self.asked.notified() => true,
            }
        });
        drop(at_work);
        let asked = std::mem::replace(&mut *self.to.lock(), Asked::TooLate);
        match asked {
            // Who asked waits for it.
            Asked::By(sender) if is_asked => drop(sender.send(work)),
            _ => work.end(),
        }
    }
}
