//! Whom something concerns, and how it is sent.

use pancar::Text;
use pancar::host::{Flags, Target};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::time::Duration;

pub(crate) const VOLATILE: u32 = 1;
pub(crate) const LOCAL: u32 = 2;
pub(crate) const NO_COMPRESS: u32 = 4;

/// Names of rooms or of whatever else, as Python gives them.
pub(crate) fn texts(names: Vec<String>) -> Vec<Text> {
    names.into_iter().map(Text::from).collect()
}

pub(crate) fn target(rooms: Vec<String>, except: Vec<String>) -> Target {
    Target { rooms: texts(rooms), except: texts(except) }
}

pub(crate) fn flags(bits: u32, timeout: Option<f64>) -> PyResult<Flags> {
    Ok(Flags {
        volatile: bits & VOLATILE != 0,
        local: bits & LOCAL != 0,
        no_compress: bits & NO_COMPRESS != 0,
        timeout: timeout.map(duration).transpose()?,
    })
}

pub(crate) fn duration(seconds: f64) -> PyResult<Duration> {
    // A negative one is over already.
    let time = if seconds < 0.0 { Ok(Duration::ZERO) } else { Duration::try_from_secs_f64(seconds) };
    time.map_err(|_| PyValueError::new_err(format!("{seconds} seconds are no duration")))
}
