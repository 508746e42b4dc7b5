//! Errors of the core as an exception.

use pancar::{Error, ErrorKind};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use std::error::Error as _;

create_exception!(
    pancar._core,
    CoreError,
    PyException,
    "The core refused something. `kind` is the number of the reason."
);

/// An error of the core, to be raised.
pub(crate) fn raised(error: Error) -> PyErr {
    let message = match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    of_kind(error.kind(), message)
}

/// As one of the core.
pub(crate) fn of_kind(kind: ErrorKind, message: impl Into<String>) -> PyErr {
    let message = message.into();
    Python::attach(|py| {
        let raised = CoreError::new_err(message);
        match raised.value(py).setattr("kind", kind as u32) {
            Ok(()) => raised,
            Err(error) => error,
        }
    })
}

pub(crate) fn closed() -> PyErr {
    of_kind(ErrorKind::Closed, "the server is closed")
}
