//! Where one thread of the program takes events.

use crate::event::Teller;
use crate::shared::{Shared, report};
use crate::values::Keys;
use pancar::host::{Doorbell, Event, Mailbox};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After so long a wait looks whether Python has signals to handle.
pub(crate) const SIGNALS: Duration = Duration::from_millis(100);

/// Memory that a lane uses again and again, while a thread takes events.
#[derive(Debug, Default)]
struct Scratch {
    events: VecDeque<Event>,
    keys: Keys,
}

#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) bell: Arc<Doorbell>,
    /// Nothing while it is in use: making objects of Python may run whatever, another drain too.
    scratch: Mutex<Option<Box<Scratch>>>,
}

impl Lane {
    /// Takes up to `max` events, as tuples.
    pub(crate) fn drain<'py>(
        &self,
        py: Python<'py>,
        shared: &Arc<Shared>,
        mailbox: &Mailbox,
        max: usize,
    ) -> Vec<Bound<'py, PyTuple>> {
        let mut scratch = self.scratch.lock().take().unwrap_or_default();
        self.bell.clear();
        mailbox.drain_into(&mut scratch.events, max);
        let mut tuples = Vec::with_capacity(scratch.events.len());
        let mut teller = Teller { py, shared, keys: &mut scratch.keys };
        for event in scratch.events.drain(..) {
            // One that cannot be told, for want of memory, must not take others with it.
            report(py, teller.tuple(event).map(|tuple| tuples.extend(tuple)));
        }
        *self.scratch.lock() = Some(scratch);
        tuples
    }

    /// Waits without the GIL until there are events; false when the time is over before.
    pub(crate) fn wait(&self, py: Python<'_>, mailbox: &Mailbox, until: Option<Instant>) -> PyResult<bool> {
        loop {
            if !mailbox.is_empty() {
                return Ok(true);
            }
            let next = Instant::now() + SIGNALS;
            let slice = until.map_or(next, |until| until.min(next));
            if py.detach(|| self.bell.wait(Some(slice))) && mailbox.is_empty() {
                // Of events that have been taken. What came in between has rung before it is cleared.
                self.bell.clear();
                if !mailbox.is_empty() {
                    self.bell.ring();
                }
            }
            if mailbox.is_empty() && until.is_some_and(|until| Instant::now() >= until) {
                return Ok(false);
            }
            py.check_signals()?;
        }
    }
}
