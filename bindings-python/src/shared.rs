//! What stands behind a `Core`, and is known to the sockets of it.

use crate::error;
use crate::lane::Lane;
use crate::slot::Slot;
use crate::socket::Socket;
use pancar::host::{self, Event, Lanes, Mailbox};
use parking_lot::Mutex;
use pyo3::exceptions::{PyIndexError, PyRuntimeError};
use pyo3::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) server: host::Server,
    lanes: Vec<Lane>,
    /// Sockets that have an object, by their slots.
    live: Mutex<HashMap<usize, Arc<Slot>>>,
    process: u32,
}

impl Shared {
    pub(crate) fn new(server: host::Server, lanes: Vec<Lane>) -> Arc<Self> {
        Arc::new(Self { server, lanes, live: Mutex::default(), process: std::process::id() })
    }

    /// Whether this is the process that made the server, not one that was forked from it: threads are not inherited.
    pub(crate) fn is_at_home(&self) -> bool {
        self.process == std::process::id()
    }

    pub(crate) fn check_process(&self) -> PyResult<()> {
        if self.is_at_home() {
            return Ok(());
        }
        Err(PyRuntimeError::new_err("the server belongs to the process that made it, not to one forked from it"))
    }

    pub(crate) fn lane(&self, lane: usize) -> PyResult<(&Lane, &Arc<Mailbox>)> {
        let found = self.lanes.get(lane).zip(self.server.lanes().get(lane));
        let count = self.lanes.len();
        found.ok_or_else(|| PyIndexError::new_err(format!("there is no lane {lane}: the server has {count}")))
    }

    /// Wakes whoever waits.
    pub(crate) fn ring_all(&self) {
        self.lanes.iter().for_each(|lane| lane.bell.ring());
    }

    /// The object of a socket, made at the first look; nothing when the socket is gone and the program has been told.
    pub(crate) fn object_of(
        self: &Arc<Self>,
        py: Python<'_>,
        socket: &Arc<host::Socket>,
    ) -> PyResult<Option<Py<Socket>>> {
        let slot = Slot::of(socket).ok_or_else(error::closed)?;
        if let Some(known) = slot.known(py) {
            return Ok(known);
        }
        // Not under a lock: this may run whatever.
        let made = Py::new(py, Socket::new(py, self, socket)?)?;
        let kept = slot.keep(py, made);
        if kept.is_some() {
            self.live.lock().entry(Arc::as_ptr(slot) as usize).or_insert_with(|| Arc::clone(slot));
        }
        Ok(kept)
    }

    /// The socket is gone, and the program has been told: its object is no longer ours.
    pub(crate) fn end(&self, socket: &host::Socket) {
        if let Some(slot) = Slot::of(socket) {
            let kept = self.live.lock().remove(&(Arc::as_ptr(slot) as usize));
            drop((slot.end(), kept));
        }
    }

    /// No event will be taken any more: lets go of all objects.
    pub(crate) fn end_all(&self) {
        let live = std::mem::take(&mut *self.live.lock());
        live.into_values().for_each(|slot| drop(slot.end()));
    }
}

/// Puts something into a mailbox that becomes a tuple, behind all that has happened.
pub(crate) fn tell(lanes: &Lanes, lane: usize, note: crate::event::Note) {
    lanes.put_last(lanes.get(lane).unwrap_or(lanes.first()), Event::Own(Box::new(note)));
}

/// Makes an error known that nobody can be told.
pub(crate) fn report(py: Python<'_>, result: PyResult<()>) {
    if let Err(error) = result {
        error.write_unraisable(py, None);
    }
}
