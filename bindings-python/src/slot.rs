//! The one object of a socket, for as long as the core may speak of it.

use crate::socket::Socket;
use pancar::host;
use parking_lot::Mutex;
use pyo3::prelude::*;
use std::sync::Arc;

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    /// This holds the object, and the object the socket: to be ended.
    Live(Py<Socket>),
    /// The program has been told that the socket is gone.
    Ended,
}

/// Kept with the socket of the core.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<State>);

impl Slot {
    /// That of a socket, made at the first look.
    pub(crate) fn of(socket: &host::Socket) -> Option<&Arc<Self>> {
        let kept = socket.local().get_or_init(|| Arc::new(Arc::new(Self::default())));
        kept.downcast_ref()
    }

    /// The object, or that there is none any more; nothing when there has been none yet.
    pub(crate) fn known(&self, py: Python<'_>) -> Option<Option<Py<Socket>>> {
        match &*self.0.lock() {
            State::Empty => None,
            State::Live(object) => Some(Some(object.clone_ref(py))),
            State::Ended => Some(None),
        }
    }

    /// Keeps an object, unless another thread was faster; the one that is kept.
    pub(crate) fn keep(&self, py: Python<'_>, made: Py<Socket>) -> Option<Py<Socket>> {
        let mut state = self.0.lock();
        let kept = match &*state {
            State::Empty => {
                *state = State::Live(made.clone_ref(py));
                None
            }
            State::Live(object) => Some(Some(object.clone_ref(py))),
            State::Ended => Some(None),
        };
        drop(state);
        // What was made in vain is dropped outside of the lock.
        kept.unwrap_or(Some(made))
    }

    /// Lets go of the object, which is to be dropped outside of any lock.
    pub(crate) fn end(&self) -> Option<Py<Socket>> {
        match std::mem::replace(&mut *self.0.lock(), State::Ended) {
            State::Live(object) => Some(object),
            State::Empty | State::Ended => None,
        }
    }
}
