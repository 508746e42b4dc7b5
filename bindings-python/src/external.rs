//! Transports whose bytes another server carries, such as one that speaks ASGI.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use pancar::host::{self, Kept, Outgoing};
use pancar::{RemoteAddress, Text};
use parking_lot::Mutex;
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Headers as ASGI has them.
pub(crate) type Headers<'py> = Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)>;

fn bad(what: &str, error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{what}: {error}"))
}

/// A request from its parts, without its body.
pub(crate) fn request_of(
    method: &str,
    target: &str,
    headers: &Headers<'_>,
    remote: Option<(String, u16)>,
    secure: bool,
    kept: Option<Py<PyAny>>,
) -> PyResult<Request<()>> {
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|error| bad("method", error))?;
    *request.uri_mut() = target.parse::<Uri>().map_err(|error| bad("target", error))?;
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| bad("header", error))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| bad(name.as_str(), error))?;
        request.headers_mut().append(name, value);
    }
    let ip = remote.and_then(|(ip, _)| ip.parse().ok());
    request.extensions_mut().insert(RemoteAddress { ip, secure });
    if let Some(kept) = kept {
        request.extensions_mut().insert(Kept(Arc::new(kept)));
    }
    Ok(request)
}

type Answer<'py> = (u16, Bound<'py, PyList>, Bound<'py, PyBytes>);

/// Status, headers and body.
pub(crate) fn response_of(py: Python<'_>, response: Response<Bytes>) -> PyResult<Answer<'_>> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        PyTuple::new(py, [PyBytes::new(py, name.as_str().as_bytes()), PyBytes::new(py, value.as_bytes())])
    };
    let headers: PyResult<Vec<_>> = response.headers().iter().map(pair).collect();
    Ok((response.status().as_u16(), PyList::new(py, headers?)?, PyBytes::new(py, response.body())))
}

/// A request that is being answered. Dropped, its client is gone.
#[pyclass(frozen, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct Pending(Mutex<Option<host::IncomingRequest>>);

impl Pending {
    pub(crate) fn new(incoming: host::IncomingRequest) -> Self {
        Self(Mutex::new(Some(incoming)))
    }
}

#[pymethods]
impl Pending {
    #[pyo3(signature = (piece, more=false))]
    fn feed(&self, piece: &Bound<'_, PyBytes>, more: bool) -> bool {
        let mut incoming = self.0.lock();
        let Some(incoming) = &mut *incoming else { return false };
        let piece = piece.as_bytes();
        let wanted = piece.is_empty() || incoming.feed(Bytes::copy_from_slice(piece));
        if !more {
            incoming.end();
        }
        wanted && more
    }

    #[getter]
    fn congested(&self) -> bool {
        self.0.lock().as_ref().is_some_and(host::IncomingRequest::is_congested)
    }

    fn abort(&self) {
        let incoming = self.0.lock().take();
        drop(incoming);
    }
}

/// A WebSocket whose messages another server carries. Dropped, its client is gone.
#[pyclass(frozen, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct ExternalSocket {
    socket: host::ExternalSocket,
    rung: Arc<AtomicBool>,
}

impl ExternalSocket {
    pub(crate) fn new(socket: host::ExternalSocket, rung: Arc<AtomicBool>) -> Self {
        Self { socket, rung }
    }
}

#[pymethods]
impl ExternalSocket {
    fn text(&self, text: &Bound<'_, PyString>) -> PyResult<bool> {
        self.socket.text(Text::from(crate::values::text(text)?.into_owned()));
        Ok(!self.socket.is_ended())
    }

    fn binary(&self, data: &Bound<'_, PyBytes>) -> bool {
        self.socket.binary(Bytes::copy_from_slice(data.as_bytes()));
        !self.socket.is_ended()
    }

    fn closed(&self) {
        self.socket.closed();
    }

    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        // First: what comes from now on is told anew.
        self.rung.store(false, Ordering::Release);
        let object = |outgoing| match outgoing {
            Outgoing::Text(text) => text.as_str().into_bound_py_any(py),
            Outgoing::Binary(data) => PyBytes::new(py, &data).into_bound_py_any(py),
            Outgoing::Close(code, reason) => (code, reason).into_bound_py_any(py),
        };
        let taken: PyResult<Vec<_>> = self.socket.take().into_iter().map(object).collect();
        PyList::new(py, taken?)
    }

    #[getter]
    fn congested(&self) -> bool {
        self.socket.is_congested()
    }
}
