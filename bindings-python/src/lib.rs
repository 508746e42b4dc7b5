#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! The native half of the Python package `pancar`.
//!
//! Events are pulled: threads of the server put them into mailboxes and ring a bell, which is a condition and a file
//! descriptor. They never take the GIL. `drain` makes tuples of a whole burst under one hold of it. What each function
//! does stands in `python/pancar/_core.pyi`.

mod core;
mod error;
mod event;
mod external;
mod hooks;
mod lane;
mod logs;
mod options;
mod request;
mod shared;
mod slot;
mod socket;
mod system;
mod target;
mod turn;
mod values;

use crate::core::Core;
use bytes::Bytes;
use pancar::Payload;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

/// How deep the text of `loads` may be nested.
const MAX_DEPTH: usize = 10_000;

/// Arguments from a JSON array and attachments.
#[pyfunction]
fn loads<'py>(
    py: Python<'py>,
    json_args: &Bound<'_, PyString>,
    attachments: Vec<Bound<'_, PyBytes>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let attachments = attachments.iter().map(|bytes| Bytes::copy_from_slice(bytes.as_bytes())).collect();
    let text = values::text(json_args)?.into_owned();
    let args = Payload::from_json_array(text, attachments, MAX_DEPTH).map_err(error::raised)?;
    values::read_args(py, &args, &mut values::Keys::default())
}

/// A JSON array and attachments from arguments.
#[pyfunction]
#[pyo3(signature = (args, default=None))]
fn dumps<'py>(
    py: Python<'py>,
    args: &Bound<'py, PyTuple>,
    default: Option<&Bound<'py, PyAny>>,
) -> PyResult<(String, Bound<'py, PyList>)> {
    let payload = values::payload_of(args, default)?;
    let attachments = payload.attachments().iter().map(|bytes| PyBytes::new(py, bytes));
    Ok((payload.to_json_array(), PyList::new(py, attachments)?))
}

#[pymodule(gil_used = false)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("CoreError", module.py().get_type::<error::CoreError>())?;
    module.add_class::<Core>()?;
    module.add_class::<socket::Socket>()?;
    module.add_class::<request::JoinRequest>()?;
    module.add_class::<request::MatchRequest>()?;
    module.add_class::<request::AllowRequest>()?;
    module.add_class::<request::Reply>()?;
    module.add_class::<external::Pending>()?;
    module.add_class::<external::ExternalSocket>()?;
    module.add_function(wrap_pyfunction!(loads, module)?)?;
    module.add_function(wrap_pyfunction!(dumps, module)?)?;
    for (name, kind) in [
        ("JOIN", event::JOIN),
        ("CONNECT", event::CONNECT),
        ("EVENT", event::EVENT),
        ("DISCONNECTING", event::DISCONNECTING),
        ("DISCONNECT", event::DISCONNECT),
        ("OUTGOING", event::OUTGOING),
        ("ACK", event::ACK),
        ("ACKS", event::ACKS),
        ("MATCH", event::MATCH),
        ("SERVER_SIDE", event::SERVER_SIDE),
        ("ALLOW", event::ALLOW),
        ("CONNECTION_ERROR", event::CONNECTION_ERROR),
        ("RESPONSE", event::RESPONSE),
        ("WEBSOCKET", event::WEBSOCKET),
        ("OUTBOX", event::OUTBOX),
        ("TASK", event::TASK),
        ("CLOSED", event::CLOSED),
        ("FETCHED", event::FETCHED),
        ("LOG", event::LOG),
    ] {
        module.add(name, kind)?;
    }
    module.add("VOLATILE", target::VOLATILE)?;
    module.add("LOCAL", target::LOCAL)?;
    module.add("NO_COMPRESS", target::NO_COMPRESS)?;
    Ok(())
}
