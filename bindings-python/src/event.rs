//! What happens, as tuples of Python.

use crate::external::{ExternalSocket, response_of};
use crate::logs;
use crate::request::{AllowRequest, JoinRequest, MatchRequest, Reply};
use crate::shared::Shared;
use crate::socket::{Socket, handshake_of};
use crate::values::{Keys, read_args, read_value};
use bytes::Bytes;
use http::Response;
use pancar::host::{self, Event, Handshake, HubEvent, SocketInfo};
use pancar::{AckOutcome, ConnectionError, Payload, Reason};
use parking_lot::Mutex;
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::oneshot;

pub(crate) const JOIN: u8 = 1;
pub(crate) const CONNECT: u8 = 2;
pub(crate) const EVENT: u8 = 3;
pub(crate) const DISCONNECTING: u8 = 4;
pub(crate) const DISCONNECT: u8 = 5;
pub(crate) const OUTGOING: u8 = 6;
pub(crate) const ACK: u8 = 7;
pub(crate) const ACKS: u8 = 8;
pub(crate) const MATCH: u8 = 9;
pub(crate) const SERVER_SIDE: u8 = 10;
pub(crate) const ALLOW: u8 = 11;
pub(crate) const CONNECTION_ERROR: u8 = 12;
pub(crate) const RESPONSE: u8 = 13;
pub(crate) const WEBSOCKET: u8 = 14;
pub(crate) const OUTBOX: u8 = 15;
pub(crate) const TASK: u8 = 16;
pub(crate) const CLOSED: u8 = 17;
pub(crate) const FETCHED: u8 = 18;
pub(crate) const LOG: u8 = 19;

/// What this face itself puts into a mailbox.
pub(crate) enum Note {
    Task(u64),
    Fetched(u64, pancar::Result<Vec<SocketInfo>>),
    Allow(Arc<Handshake>, oneshot::Sender<Result<(), String>>),
    ConnectionError(ConnectionError),
    Response(u64, Response<Bytes>),
    /// The flag tells whether the program has been told that there is something to take.
    WebSocket(u64, Result<(host::ExternalSocket, Arc<AtomicBool>), Response<Bytes>>),
    Outbox(u64),
    /// Something was logged. The flag says that the program has been told.
    Logs(Arc<AtomicBool>),
}

type Tuple<'py> = PyResult<Option<Bound<'py, PyTuple>>>;

/// Makes tuples, all of them under one hold of the GIL.
pub(crate) struct Teller<'a, 'py> {
    pub(crate) py: Python<'py>,
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) keys: &'a mut Keys,
}

macro_rules! tuple {
    ($py:expr, $($item:expr),+ $(,)?) => {
        PyTuple::new($py, [$($item.into_bound_py_any($py)?),+]).map(Some)
    };
}

impl<'py> Teller<'_, 'py> {
    /// The tuple of an event; nothing where the program has nothing to do with it.
    pub(crate) fn tuple(&mut self, event: Event) -> Tuple<'py> {
        let py = self.py;
        match event {
            Event::Hub(event) => self.happened(event),
            Event::Ack { token, answer } => {
                let (status, args) = self.answer(answer)?;
                tuple!(py, ACK, token, status, args)
            }
            Event::Acks { token, outcomes } => {
                let answers: PyResult<Vec<_>> = outcomes.into_iter().map(|outcome| self.outcome(outcome)).collect();
                tuple!(py, ACKS, token, answers?)
            }
            Event::Match(request) => {
                let (name, matcher) = (request.name.to_string(), request.matcher);
                let auth = read_value(py, request.auth.json(), self.keys)?;
                tuple!(py, MATCH, MatchRequest(Mutex::new(Some(request))), name, auth, matcher)
            }
            Event::Closed => tuple!(py, CLOSED),
            Event::Own(note) => note.downcast().map_or(Ok(None), |note| self.noted(*note)),
            Event::Task(task) => {
                (task.0)();
                Ok(None)
            }
        }
    }

    fn object(&self, socket: &Arc<host::Socket>) -> PyResult<Option<Py<Socket>>> {
        self.shared.object_of(self.py, socket)
    }

    fn happened(&mut self, event: HubEvent) -> Tuple<'py> {
        let py = self.py;
        match event {
            HubEvent::Message(message) => {
                let Some(socket) = self.object(&message.socket)? else { return Ok(None) };
                let name = self.keys.string(py, &message.name);
                let args = read_args(py, &message.args, self.keys)?;
                tuple!(py, EVENT, socket, name, args, message.ack)
            }
            HubEvent::Joining(request) => {
                let Some(socket) = self.object(request.socket())? else { return Ok(None) };
                tuple!(py, JOIN, JoinRequest::new(request, socket.clone_ref(py)), socket)
            }
            HubEvent::Connected(socket) => {
                let Some(socket) = self.object(&socket)? else { return Ok(None) };
                tuple!(py, CONNECT, socket)
            }
            HubEvent::Disconnecting { socket, reason, detail, rooms } => {
                let Some(socket) = self.object(&socket)? else { return Ok(None) };
                let rooms: Vec<_> = rooms.iter().map(|room| room.as_str()).collect();
                tuple!(py, DISCONNECTING, socket, reason.as_str(), detail, rooms)
            }
            HubEvent::Disconnected { socket, reason, detail } => self.disconnected(&socket, reason, detail),
            HubEvent::Outgoing { socket, name, args } => {
                let Some(socket) = self.object(&socket)? else { return Ok(None) };
                tuple!(py, OUTGOING, socket, self.keys.string(py, &name), read_args(py, &args, self.keys)?)
            }
            HubEvent::ServerSide { namespace, name, args, reply } => {
                let args = read_args(py, &args, self.keys)?;
                let reply = reply.map(|reply| Reply(Mutex::new(Some(reply))));
                tuple!(py, SERVER_SIDE, namespace.name().as_str(), name.as_str(), args, reply)
            }
            HubEvent::NamespaceCreated(_)
            | HubEvent::Opened(_)
            | HubEvent::Text(..)
            | HubEvent::Binary(..)
            | HubEvent::Closed(..) => Ok(None),
        }
    }

    fn disconnected(&mut self, socket: &Arc<host::Socket>, reason: Reason, detail: &str) -> Tuple<'py> {
        let object = self.object(socket);
        self.shared.end(socket);
        let Some(object) = object? else { return Ok(None) };
        tuple!(self.py, DISCONNECT, object, reason.as_str(), detail)
    }

    /// Status and arguments of an answer.
    fn answer(&mut self, answer: pancar::Result<Payload>) -> PyResult<(u32, Option<Bound<'py, PyTuple>>)> {
        match answer {
            Ok(args) => Ok((0, Some(read_args(self.py, &args, self.keys)?))),
            Err(error) => Ok((error.kind() as u32, None)),
        }
    }

    fn outcome(&mut self, outcome: AckOutcome) -> PyResult<(String, u32, Option<Bound<'py, PyTuple>>)> {
        let (status, args) = self.answer(outcome.answer)?;
        Ok((outcome.id.to_string(), status, args))
    }

    fn noted(&mut self, note: Note) -> Tuple<'py> {
        let py = self.py;
        match note {
            Note::Task(token) => tuple!(py, TASK, token),
            Note::Fetched(token, found) => {
                let (kind, found) = match found {
                    Ok(infos) => (0, Some(infos.iter().map(|info| self.info(info)).collect::<PyResult<Vec<_>>>()?)),
                    Err(error) => (error.kind() as u32, None),
                };
                tuple!(py, FETCHED, token, kind, found)
            }
            Note::Allow(handshake, answer) => {
                let handshake = handshake_of(py, &handshake)?;
                tuple!(py, ALLOW, AllowRequest(Mutex::new(Some(answer))), handshake)
            }
            Note::ConnectionError(error) => {
                let handshake = handshake_of(py, &error.handshake)?;
                let refusal = error.refusal;
                tuple!(py, CONNECTION_ERROR, refusal.code(), refusal.message(), error.context, handshake)
            }
            Note::Response(token, response) => {
                let (status, headers, body) = response_of(py, response)?;
                tuple!(py, RESPONSE, token, status, headers, body)
            }
            Note::WebSocket(token, Ok((socket, rung))) => {
                tuple!(py, WEBSOCKET, token, ExternalSocket::new(socket, rung))
            }
            Note::WebSocket(token, Err(refused)) => tuple!(py, WEBSOCKET, token, response_of(py, refused)?),
            Note::Outbox(token) => tuple!(py, OUTBOX, token),
            Note::Logs(told) => {
                let entries = logs::take(&told);
                if entries.is_empty() {
                    return Ok(None);
                }
                tuple!(py, LOG, Vec::from(entries))
            }
        }
    }

    fn info(&mut self, info: &SocketInfo) -> PyResult<Bound<'py, PyTuple>> {
        let py = self.py;
        let rooms = PyList::new(py, info.rooms.iter().map(|room| room.as_str()))?;
        let data = read_value(py, &info.data, self.keys)?;
        let handshake = read_value(py, &info.handshake.to_string(), self.keys)?;
        let handshake = handshake.cast_into::<PyDict>()?;
        (info.id.as_str(), rooms, data, handshake).into_pyobject(py)
    }
}
