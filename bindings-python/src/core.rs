//! The server.

use crate::error::{self, raised};
use crate::event::Note;
use crate::external::{Headers, Pending, request_of};
use crate::hooks::{Place, hooks_of};
use crate::lane::{Lane, SIGNALS};
use crate::logs;
use crate::options::config_of;
use crate::shared::{Shared, tell};
use crate::socket::Socket;
use crate::system::{connection_of, without_signals};
use crate::target::{duration, flags, target, texts};
use crate::turn;
use crate::values::{self, payload_of};
use bytes::Bytes;
use pancar::ErrorKind;
use pancar::host::{self, Bell, Event, Namespace, Pattern};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// More threads of one program do not help.
const MAX_LANES: usize = 1_024;

/// A server whose events are pulled. Dropped, it closes, and nothing more is told.
#[pyclass(frozen, weakref, module = "pancar._core")]
#[derive(Debug)]
pub(crate) struct Core {
    shared: Arc<Shared>,
}

impl Drop for Core {
    fn drop(&mut self) {
        if !self.shared.is_at_home() {
            // Its threads live in another process, and so do those that hold its locks.
            std::mem::forget(Arc::clone(&self.shared));
            return;
        }
        without_signals(|| self.shared.server.close());
        self.shared.end_all();
        self.shared.ring_all();
    }
}

impl Core {
    fn server(&self) -> &host::Server {
        &self.shared.server
    }

    /// A namespace that is there; in others is nobody.
    fn namespace(&self, name: &str) -> Option<Arc<Namespace>> {
        self.server().namespace(name)
    }

    fn objects(&self, py: Python<'_>, sockets: &[Arc<host::Socket>]) -> PyResult<Vec<Py<Socket>>> {
        let objects = sockets.iter().map(|socket| self.shared.object_of(py, socket));
        objects.filter_map(PyResult::transpose).collect()
    }

    /// Starts what may start threads, which must not get signals, without the GIL.
    fn start<T: Send>(
        &self,
        py: Python<'_>,
        start: impl FnOnce(&host::Server) -> pancar::Result<T> + Send,
    ) -> PyResult<T> {
        self.shared.check_process()?;
        py.detach(|| without_signals(|| start(self.server()))).map_err(raised)
    }
}

#[pymethods]
impl Core {
    #[new]
    #[pyo3(signature = (options, *, lanes=1, allow_request=false, connection_errors=false))]
    fn new(
        options: &Bound<'_, PyMapping>,
        lanes: usize,
        allow_request: bool,
        connection_errors: bool,
    ) -> PyResult<Self> {
        if !(1..=MAX_LANES).contains(&lanes) {
            return Err(PyValueError::new_err(format!("{lanes} lanes are not allowed; allowed: 1 to {MAX_LANES}")));
        }
        let config = config_of(options)?;
        let lanes: Vec<Lane> = (0..lanes).map(|_| Lane::default()).collect();
        let mut bells: Vec<Bell> = Vec::with_capacity(lanes.len());
        for lane in &lanes {
            let bell = Arc::clone(&lane.bell);
            bells.push(Box::new(move || bell.ring()));
        }
        let others = bells.split_off(1);
        let first = bells.pop().ok_or_else(error::closed)?;
        let place = Place::default();
        let hooks = hooks_of(&place, allow_request, connection_errors);
        let server = host::Server::with_lanes(config, hooks, first, others).map_err(raised)?;
        place.set(Arc::downgrade(server.lanes())).ok();
        logs::tell_at(server.lanes());
        Ok(Self { shared: Shared::new(server, lanes) })
    }

    // Taking events.

    #[pyo3(signature = (lane=0))]
    fn fileno(&self, lane: usize) -> PyResult<i32> {
        self.shared.check_process()?;
        let (lane, mailbox) = self.shared.lane(lane)?;
        let descriptor = lane.bell.descriptor().map_err(raised)?;
        if !mailbox.is_empty() {
            lane.bell.ring();
        }
        Ok(descriptor)
    }

    #[pyo3(signature = (max=0, lane=0, hold=false))]
    fn drain<'py>(&self, py: Python<'py>, max: usize, lane: usize, hold: bool) -> PyResult<Bound<'py, PyList>> {
        self.shared.check_process()?;
        turn::end();
        let (lane, mailbox) = self.shared.lane(lane)?;
        let tuples = lane.drain(py, &self.shared, mailbox, if max == 0 { usize::MAX } else { max });
        if hold && !tuples.is_empty() {
            turn::begin();
        }
        PyList::new(py, tuples)
    }

    #[staticmethod]
    fn flush() {
        turn::end();
    }

    #[pyo3(signature = (timeout=None, lane=0))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>, lane: usize) -> PyResult<bool> {
        self.shared.check_process()?;
        turn::end();
        let (lane, mailbox) = self.shared.lane(lane)?;
        let until = match timeout {
            Some(seconds) => Instant::now().checked_add(duration(seconds)?),
            None => None,
        };
        lane.wait(py, mailbox, until)
    }

    #[pyo3(signature = (token, lane=0))]
    fn post(&self, token: u64, lane: usize) -> PyResult<()> {
        self.shared.check_process()?;
        self.shared.lane(lane)?;
        tell(self.server().lanes(), lane, Note::Task(token));
        Ok(())
    }

    #[pyo3(signature = (delay, token, lane=0))]
    fn post_after(&self, py: Python<'_>, delay: f64, token: u64, lane: usize) -> PyResult<()> {
        let mailbox = self.shared.lane(lane)?.1;
        let delay = duration(delay)?;
        self.start(py, |server| server.post_after(None, mailbox, delay, Event::Own(Box::new(Note::Task(token)))))
    }

    // Life.

    fn listen(&self, py: Python<'_>, host: String, port: u16) -> PyResult<u16> {
        self.start(py, |server| server.listen((&*host, port))).map(|bound| bound.port())
    }

    fn listen_unix(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.start(py, |server| server.listen_unix(&path))
    }

    fn listen_tls(
        &self,
        py: Python<'_>,
        host: String,
        port: u16,
        certificates: &Bound<'_, PyBytes>,
        key: &Bound<'_, PyBytes>,
    ) -> PyResult<u16> {
        let (certificates, key) = (certificates.as_bytes(), key.as_bytes());
        self.start(py, |server| server.listen_tls((&*host, port), certificates, key)).map(|bound| bound.port())
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.start(py, |server| {
            server.close();
            Ok(())
        })
    }

    fn wait_closed(&self, py: Python<'_>) -> PyResult<()> {
        self.shared.check_process()?;
        turn::end();
        while !py.detach(|| self.server().wait_closed_for(SIGNALS)) {
            py.check_signals()?;
        }
        Ok(())
    }

    #[getter]
    fn clients_count(&self) -> usize {
        self.server().clients_count()
    }

    // Namespaces.

    fn of(&self, namespace: &str) -> PyResult<()> {
        self.server().of(namespace).map(drop).map_err(raised)
    }

    fn of_pattern(&self, pattern: &str) -> PyResult<()> {
        let bad = || {
            let message = format!("`{pattern}` is no pattern: allowed is a text such as /room-{{id}}");
            error::of_kind(ErrorKind::InvalidName, message)
        };
        self.server().of_pattern(Pattern::parse(pattern).ok_or_else(bad)?);
        Ok(())
    }

    fn of_matching(&self, matcher: u64) {
        self.server().of_matching(matcher);
    }

    fn namespaces(&self) -> Vec<String> {
        self.server().namespaces().iter().map(|namespace| namespace.name().to_string()).collect()
    }

    fn sockets_count(&self, namespace: &str) -> usize {
        self.namespace(namespace).map_or(0, |namespace| namespace.sockets_count())
    }

    fn rooms_count(&self, namespace: &str) -> usize {
        self.namespace(namespace).map_or(0, |namespace| namespace.rooms_count())
    }

    fn rooms(&self, namespace: &str) -> Vec<(String, usize)> {
        let rooms = self.namespace(namespace).map(|namespace| namespace.rooms()).unwrap_or_default();
        rooms.into_iter().map(|(name, members)| (name.to_string(), members)).collect()
    }

    fn find(&self, py: Python<'_>, namespace: &str, sid: &str) -> PyResult<Option<Py<Socket>>> {
        let found = self.namespace(namespace).and_then(|namespace| namespace.socket(sid));
        found.map_or(Ok(None), |socket| self.shared.object_of(py, &socket))
    }

    #[pyo3(signature = (namespace, rooms=Vec::new(), except_=Vec::new()))]
    fn sockets(
        &self,
        py: Python<'_>,
        namespace: &str,
        rooms: Vec<String>,
        except_: Vec<String>,
    ) -> PyResult<Vec<Py<Socket>>> {
        let target = target(rooms, except_);
        let found = self.namespace(namespace).map(|namespace| py.detach(|| namespace.sockets(&target)));
        self.objects(py, &found.unwrap_or_default())
    }

    // Sending.

    #[pyo3(signature = (namespace, event, args, rooms=Vec::new(), except_=Vec::new(), flags=0, default=None))]
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn emit(
        &self,
        py: Python<'_>,
        namespace: &str,
        event: &Bound<'_, PyString>,
        args: &Bound<'_, PyTuple>,
        rooms: Vec<String>,
        except_: Vec<String>,
        flags: u32,
        default: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let payload = payload_of(args, default)?;
        let Some(namespace) = self.namespace(namespace) else { return Ok(()) };
        let (target, flags, event) = (target(rooms, except_), self::flags(flags, None)?, values::text(event)?);
        py.detach(|| namespace.emit(&target, flags, &event, &payload)).map_err(raised)
    }

    #[pyo3(signature = (namespace, event, args, rooms, except_, flags, timeout, token, default=None))]
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn emit_with_ack(
        &self,
        py: Python<'_>,
        namespace: &str,
        event: &Bound<'_, PyString>,
        args: &Bound<'_, PyTuple>,
        rooms: Vec<String>,
        except_: Vec<String>,
        flags: u32,
        timeout: Option<f64>,
        token: u64,
        default: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let payload = payload_of(args, default)?;
        let (target, flags, event) = (target(rooms, except_), self::flags(flags, timeout)?, values::text(event)?);
        let Some(namespace) = self.namespace(namespace) else {
            let lanes = self.server().lanes();
            lanes.put_last(lanes.first(), Event::Acks { token, outcomes: Vec::new() });
            return Ok(());
        };
        let send = || self.server().broadcast_with_ack(&namespace, &target, flags, &event, &payload, token);
        py.detach(send).map_err(raised)
    }

    fn fetch_sockets(
        &self,
        py: Python<'_>,
        namespace: &str,
        rooms: Vec<String>,
        except_: Vec<String>,
        flags: u32,
        token: u64,
    ) -> PyResult<()> {
        let (target, flags) = (target(rooms, except_), self::flags(flags, None)?);
        let lanes = Arc::clone(self.server().lanes());
        let Some(namespace) = self.namespace(namespace) else {
            tell(&lanes, 0, Note::Fetched(token, Ok(Vec::new())));
            return Ok(());
        };
        let fetched = py.detach(|| namespace.fetch_sockets(&target, flags));
        let wait = Box::pin(async move { tell(&lanes, 0, Note::Fetched(token, fetched.await)) });
        self.start(py, |server| server.spawn(None, wait))
    }

    fn sockets_join(
        &self,
        py: Python<'_>,
        namespace: &str,
        rooms: Vec<String>,
        except_: Vec<String>,
        flags: u32,
        join: Vec<String>,
    ) -> PyResult<()> {
        let (target, flags, join) = (target(rooms, except_), self::flags(flags, None)?, texts(join));
        let Some(namespace) = self.namespace(namespace) else { return Ok(()) };
        py.detach(|| namespace.sockets_join(&target, flags, &join)).map_err(raised)
    }

    fn sockets_leave(
        &self,
        py: Python<'_>,
        namespace: &str,
        rooms: Vec<String>,
        except_: Vec<String>,
        flags: u32,
        leave: Vec<String>,
    ) -> PyResult<()> {
        let (target, flags, leave) = (target(rooms, except_), self::flags(flags, None)?, texts(leave));
        if let Some(namespace) = self.namespace(namespace) {
            py.detach(|| namespace.sockets_leave(&target, flags, &leave));
        }
        Ok(())
    }

    fn disconnect_sockets(
        &self,
        py: Python<'_>,
        namespace: &str,
        rooms: Vec<String>,
        except_: Vec<String>,
        flags: u32,
        close: bool,
    ) -> PyResult<()> {
        let (target, flags) = (target(rooms, except_), self::flags(flags, None)?);
        if let Some(namespace) = self.namespace(namespace) {
            py.detach(|| namespace.disconnect_sockets(&target, flags, close));
        }
        Ok(())
    }

    fn server_side_emit(
        &self,
        namespace: &str,
        event: &Bound<'_, PyString>,
        args: &Bound<'_, PyTuple>,
    ) -> PyResult<()> {
        let payload = payload_of(args, None)?;
        if let Some(namespace) = self.namespace(namespace) {
            namespace.server_side_emit(&values::text(event)?, &payload);
        }
        Ok(())
    }

    // Transports of another server.

    #[pyo3(signature = (method, target, headers, remote, secure, token, kept=None))]
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn request(
        &self,
        py: Python<'_>,
        method: &str,
        target: &str,
        headers: Headers<'_>,
        remote: Option<(String, u16)>,
        secure: bool,
        token: u64,
        kept: Option<Py<PyAny>>,
    ) -> PyResult<Pending> {
        let request = request_of(method, target, &headers, remote, secure, kept)?;
        let lanes = Arc::clone(self.server().lanes());
        let done = move |response| tell(&lanes, 0, Note::Response(token, response));
        self.start(py, |server| server.begin_request(request, done)).map(Pending::new)
    }

    #[pyo3(signature = (target, headers, remote, secure, token, kept=None))]
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn websocket(
        &self,
        py: Python<'_>,
        target: &str,
        headers: Headers<'_>,
        remote: Option<(String, u16)>,
        secure: bool,
        token: u64,
        kept: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let request = request_of("GET", target, &headers, remote, secure, kept)?;
        let rung = Arc::new(AtomicBool::new(false));
        let (mailbox, told) = (Arc::clone(self.server().mailbox()), Arc::clone(&rung));
        let bell: Bell = Box::new(move || {
            if !told.swap(true, Ordering::AcqRel) {
                // What else happened is none of its business.
                mailbox.put(Event::Own(Box::new(Note::Outbox(token))));
            }
        });
        let lanes = Arc::clone(self.server().lanes());
        let done = move |result: Result<host::ExternalSocket, _>| {
            let is_open = result.is_ok();
            tell(&lanes, 0, Note::WebSocket(token, result.map(|socket| (socket, rung))));
            if is_open {
                // The bell may have rung before.
                tell(&lanes, 0, Note::Outbox(token));
            }
        };
        self.start(py, |server| server.websocket(request, bell, done))
    }

    fn adopt(&self, py: Python<'_>, fd: i32, read_already: &Bound<'_, PyBytes>) -> PyResult<()> {
        let stream = connection_of(fd)?;
        let head = Bytes::copy_from_slice(read_already.as_bytes());
        self.start(py, |server| server.adopt(stream, head))
    }
}
