//! Questions of the core, to be answered once.

use crate::socket::Socket;
use crate::values::{json_of, payload_of};
use pancar::host;
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use tokio::sync::oneshot;

/// A client asks to join a namespace. Dropped without an answer it is refused.
#[pyclass(frozen, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct JoinRequest {
    request: Mutex<Option<host::JoinRequest>>,
    socket: Py<Socket>,
}

impl JoinRequest {
    pub(crate) fn new(request: host::JoinRequest, socket: Py<Socket>) -> Self {
        Self { request: Mutex::new(Some(request)), socket }
    }

    fn take(&self) -> Option<host::JoinRequest> {
        self.request.lock().take()
    }
}

/// An argument that may be left out, where `None` is not that.
pub(crate) enum Given<'py> {
    No,
    Yes(Bound<'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Yes(value.to_owned()))
    }
}

#[pymethods]
impl JoinRequest {
    fn accept(&self) -> bool {
        let Some(request) = self.take() else { return false };
        let accepted = request.accept();
        if !accepted {
            self.socket.get().end();
        }
        accepted
    }

    #[pyo3(signature = (message, data=Given::No), text_signature = "($self, message, data=...)")]
    fn reject(&self, message: &Bound<'_, PyString>, data: Given<'_>) -> PyResult<()> {
        let data = match &data {
            Given::Yes(data) => Some(json_of(data, "data")?),
            Given::No => None,
        };
        let message = crate::values::text(message)?;
        if let Some(request) = self.take() {
            request.reject(&message, data.as_deref());
            self.socket.get().end();
        }
        Ok(())
    }

    #[getter]
    fn pending(&self) -> bool {
        self.request.lock().as_ref().is_some_and(host::JoinRequest::is_pending)
    }
}

impl Drop for JoinRequest {
    fn drop(&mut self) {
        if let Some(request) = self.take() {
            drop(request);
            self.socket.get().end();
        }
    }
}

/// Does a dynamic namespace take a name? Dropped without an answer it does not.
#[pyclass(frozen, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct MatchRequest(pub(crate) Mutex<Option<host::MatchRequest>>);

#[pymethods]
impl MatchRequest {
    fn answer(&self, takes: bool) {
        if let Some(request) = self.0.lock().take() {
            request.answer(takes);
        }
    }
}

/// May a handshake go on? Dropped without an answer it may not.
#[pyclass(frozen, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct AllowRequest(pub(crate) Mutex<Option<oneshot::Sender<Result<(), String>>>>);

#[pymethods]
impl AllowRequest {
    fn answer(&self, refuse_with: Option<String>) {
        if let Some(answer) = self.0.lock().take() {
            // A client that went away meanwhile does not care.
            answer.send(refuse_with.map_or(Ok(()), Err)).ok();
        }
    }
}

/// The way to answer another server.
#[pyclass(frozen, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct Reply(pub(crate) Mutex<Option<host::Reply>>);

#[pymethods]
impl Reply {
    fn send(&self, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        let payload = payload_of(args, None)?;
        let reply = self.0.lock().take();
        if let Some(reply) = reply {
            (reply.0)(payload);
        }
        Ok(())
    }
}
