//! One client in one namespace.

use crate::error;
use crate::shared::Shared;
use crate::target::{flags, texts};
use crate::values::{self, json_of, payload_of, read_value};
use pancar::host::{self, JsonData};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use std::sync::{Arc, Weak};

/// One client in one namespace. The same object for the same client, always.
#[pyclass(frozen, weakref, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) socket: Arc<host::Socket>,
    shared: Weak<Shared>,
    /// The id that others may know.
    #[pyo3(get)]
    sid: Py<PyString>,
    #[pyo3(get)]
    namespace: Py<PyString>,
    #[pyo3(get)]
    lane: usize,
    state: Mutex<Option<Py<PyAny>>>,
}

impl Socket {
    pub(crate) fn new(py: Python<'_>, shared: &Arc<Shared>, socket: &Arc<host::Socket>) -> PyResult<Self> {
        Ok(Self {
            sid: PyString::new(py, socket.id().as_str()).unbind(),
            namespace: PyString::new(py, socket.namespace().name()).unbind(),
            lane: shared.server.lane_of(socket),
            socket: Arc::clone(socket),
            shared: Arc::downgrade(shared),
            state: Mutex::default(),
        })
    }

    pub(crate) fn shared(&self) -> PyResult<Arc<Shared>> {
        self.shared.upgrade().ok_or_else(error::closed)
    }

    /// The socket is gone, and the program knows.
    pub(crate) fn end(&self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.end(&self.socket);
        }
    }
}

#[pymethods]
impl Socket {
    #[getter]
    fn state(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.state.lock().as_ref().map(|state| state.clone_ref(py))
    }

    #[setter]
    fn set_state(&self, state: Option<Py<PyAny>>) {
        // What was there is dropped outside of the lock.
        let before = std::mem::replace(&mut *self.state.lock(), state);
        drop(before);
    }

    #[getter]
    fn connected(&self) -> bool {
        self.socket.is_connected()
    }

    #[getter]
    fn recovered(&self) -> bool {
        self.socket.is_recovered()
    }

    #[getter]
    fn transport(&self) -> &'static str {
        self.socket.peer().transport().as_str()
    }

    #[getter]
    fn handshake<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let handshake = handshake_of(py, self.socket.handshake())?;
        // Not by way of the core's own reading, in which large numbers are inexact.
        handshake.cast::<PyDict>()?.set_item("auth", self.auth(py)?)?;
        Ok(handshake)
    }

    #[getter]
    fn auth<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        read_value(py, self.socket.auth(), &mut values::Keys::default())
    }

    #[getter]
    fn auth_given(&self) -> bool {
        self.socket.has_auth()
    }

    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let pair = |(name, value): &(http::HeaderName, http::HeaderValue)| {
            let name = PyBytes::new(py, name.as_str().as_bytes());
            PyTuple::new(py, [name, PyBytes::new(py, value.as_bytes())])
        };
        let headers: PyResult<Vec<_>> = self.socket.handshake().headers.iter().map(pair).collect();
        PyList::new(py, headers?)
    }

    #[getter]
    fn url(&self) -> &str {
        &self.socket.handshake().url
    }

    #[getter]
    fn kept(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let kept = self.socket.handshake().kept.as_ref()?;
        kept.0.downcast_ref::<Py<PyAny>>().map(|kept| kept.clone_ref(py))
    }

    #[getter]
    fn address(&self) -> String {
        self.socket.handshake().address.map(|address| address.to_string()).unwrap_or_default()
    }

    #[getter]
    fn connection(&self) -> u64 {
        self.socket.peer().number()
    }

    #[getter]
    fn buffered_bytes(&self) -> usize {
        self.socket.peer().link().buffered_bytes()
    }

    #[getter]
    fn rooms(&self) -> Vec<String> {
        self.socket.rooms().iter().map(ToString::to_string).collect()
    }

    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        read_value(py, &self.socket.data_json(), &mut values::Keys::default())
    }

    #[setter]
    fn set_data(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let json = JsonData::new(json_of(data, "data")?).map_err(error::raised)?;
        self.socket.set_data(Some(Arc::new(json)));
        Ok(())
    }

    fn join(&self, rooms: Vec<String>) -> PyResult<()> {
        self.socket.join(&texts(rooms)).map_err(error::raised)
    }

    fn leave(&self, room: &str) {
        self.socket.leave(room);
    }

    #[pyo3(signature = (event, args, flags=0, default=None))]
    fn emit(
        &self,
        event: &Bound<'_, PyString>,
        args: &Bound<'_, PyTuple>,
        flags: u32,
        default: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let payload = payload_of(args, default)?;
        let flags = self::flags(flags, None)?;
        self.socket.emit(flags, &values::text(event)?, &payload).map_err(error::raised)
    }

    #[pyo3(signature = (event, args, timeout, token, flags=0, default=None))]
    fn emit_with_ack(
        &self,
        event: &Bound<'_, PyString>,
        args: &Bound<'_, PyTuple>,
        timeout: Option<f64>,
        token: u64,
        flags: u32,
        default: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let payload = payload_of(args, default)?;
        let flags = self::flags(flags, timeout)?;
        let server = &self.shared()?.server;
        server.emit_with_ack(&self.socket, flags, &values::text(event)?, &payload, token).map_err(error::raised)
    }

    #[pyo3(signature = (id, args, default=None))]
    fn ack(&self, id: u64, args: &Bound<'_, PyTuple>, default: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.socket.ack(id, &payload_of(args, default)?);
        Ok(())
    }

    #[pyo3(signature = (close=false))]
    fn disconnect(&self, py: Python<'_>, close: bool) {
        py.detach(|| self.socket.disconnect(close));
    }

    fn watch_outgoing(&self, watch: bool) {
        self.socket.watch_outgoing(watch);
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<Socket {} in {}>", self.sid.bind(py).to_string_lossy(), self.namespace.bind(py).to_string_lossy())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // It is locked for moments only, in which nothing of Python runs.
        match self.state.try_lock() {
            Some(state) => visit.call(state.as_ref()),
            None => Ok(()),
        }
    }

    fn __clear__(&self) {
        let state = self.state.lock().take();
        drop(state);
    }
}

/// A request as the official server shows it; `auth` is empty.
pub(crate) fn handshake_of<'py>(py: Python<'py>, handshake: &host::Handshake) -> PyResult<Bound<'py, PyAny>> {
    read_value(py, &handshake.to_json("{}").to_string(), &mut values::Keys::default())
}
