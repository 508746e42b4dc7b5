//! Options.

use crate::guard::{Failure, guard};
use crate::status::pancar_status;
use crate::view::{pancar_str, shared};
use pancar_core::Config;
use parking_lot::Mutex;
use serde_json::Value;

/// Options of a server that is to be made. The caller frees them with `pancar_config_free`.
pub struct pancar_config(pub(crate) Mutex<Options>);

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) config: Config,
    /// 0 for as many as workers.
    lanes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { config: Config::default(), lanes: 1 }
    }
}

impl Options {
    pub(crate) fn lane_count(&self) -> usize {
        if self.lanes == 0 { self.config.worker_count() } else { self.lanes }
    }
}

/// More threads of one program do not help.
const MAX_LANES: usize = 1_024;

/// All options at their defaults. The caller frees them.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_config_new() -> Box<pancar_config> {
    Box::new(pancar_config(Mutex::default()))
}

/// Frees options. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_config_free(config: Option<Box<pancar_config>>) {
    drop(config);
}

/// Sets an option. Names are those of the documentation, in snake case or camel case, such as `ping_interval`; values are
/// JSON, and what is no JSON is a string. Durations are milliseconds, sizes bytes.
///
/// Errors: `PANCAR_INVALID_OPTION`, and nothing changes; the last error names option, value and what is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_config_set(config: *mut pancar_config, name: pancar_str, value: pancar_str) -> pancar_status {
    guard(|| {
        let config = shared(config, "config")?;
        let text = value.to_text("value")?;
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        Ok(config.0.lock().config.set(name.to_text("name")?, &value)?)
    })
}

/// On how many threads the program will dispatch, 1 by default; see `pancar_dispatch_lane`. 0 means as many as the server has
/// threads of its own (option `workers`, by default one for each core): with so many or more `pancar_server_run` is at its fastest.
///
/// Errors: `PANCAR_INVALID_ARGUMENT` for more than 1024.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_config_set_lanes(config: *mut pancar_config, lanes: usize) -> pancar_status {
    guard(|| {
        let config = shared(config, "config")?;
        if lanes > MAX_LANES {
            return Err(Failure::argument(format!("{lanes} lanes are not allowed; allowed: up to {MAX_LANES}")));
        }
        config.0.lock().lanes = lanes;
        Ok(())
    })
}
