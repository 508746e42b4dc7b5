//! Options, by name and value.

use crate::error;
use crate::values;
use pancar::Config;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

/// Options from names and values. Values are those of JSON; durations are milliseconds.
pub(crate) fn config_of(options: &Bound<'_, PyMapping>) -> PyResult<Config> {
    let mut config = Config::default();
    for item in options.items()? {
        let (name, value): (Bound<'_, PyString>, Bound<'_, PyAny>) = item.extract()?;
        let name = values::text(&name)?;
        let json = values::json_of(&value, &name)?;
        // What the writer wrote is JSON.
        let value = serde_json::from_str(&json).unwrap_or(serde_json::Value::Null);
        config.set(&name, &value).map_err(error::raised)?;
    }
    Ok(config)
}
