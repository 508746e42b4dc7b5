//! What the library has to say, given to a function of the program.

use crate::callback::UserData;
use crate::guard::{Failure, guard};
use crate::status::pancar_status;
use crate::view::pancar_str;
use std::ffi::c_void;
use std::fmt::Write as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// How much it matters what is logged.
pub type pancar_level = i32;

/// Something failed.
pub const PANCAR_LEVEL_ERROR: pancar_level = 1;
/// Something may be wrong.
pub const PANCAR_LEVEL_WARN: pancar_level = 2;
/// Something worth knowing.
pub const PANCAR_LEVEL_INFO: pancar_level = 3;
/// What helps to find a fault.
pub const PANCAR_LEVEL_DEBUG: pancar_level = 4;
/// Everything.
pub const PANCAR_LEVEL_TRACE: pancar_level = 5;

/// Is told what the library has to say, on any thread, several at once. It must not call the library.
pub type pancar_log_fn = Option<extern "C" fn(level: pancar_level, message: pancar_str, user_data: *mut c_void)>;

type Log = extern "C" fn(pancar_level, pancar_str, *mut c_void);

struct Logger {
    most: pancar_level,
    log: Log,
    data: UserData,
}

fn level_of(level: &Level) -> pancar_level {
    match *level {
        Level::ERROR => PANCAR_LEVEL_ERROR,
        Level::WARN => PANCAR_LEVEL_WARN,
        Level::INFO => PANCAR_LEVEL_INFO,
        Level::DEBUG => PANCAR_LEVEL_DEBUG,
        _ => PANCAR_LEVEL_TRACE,
    }
}

/// One line: the message, and the fields behind it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing into a string does not fail.
        match field.name() {
            "message" => write!(self.message, "{value:?}").ok(),
            name => write!(self.fields, " {name}={value:?}").ok(),
        };
    }
}

impl Subscriber for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && level_of(metadata.level()) <= self.most
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        line.message.push_str(&line.fields);
        (self.log)(level_of(event.metadata().level()), pancar_str::of(&line.message), self.data.pointer());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Sets what is told what the library has to say, up to a level: failed callbacks among it, which are errors. Once in the life
/// of the process; without it nothing is logged.
///
/// Errors: `PANCAR_INVALID_ARGUMENT` the second time, and for a level that there is not.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_set_logger(most: pancar_level, log: pancar_log_fn, user_data: *mut c_void) -> pancar_status {
    guard(|| {
        let log = log.ok_or_else(|| Failure::null("log"))?;
        if !(PANCAR_LEVEL_ERROR..=PANCAR_LEVEL_TRACE).contains(&most) {
            return Err(Failure::argument(format!("{most} is no level: allowed are 1 (errors) to 5 (everything)")));
        }
        let logger = Logger { most, log, data: UserData::new(user_data, None) };
        tracing::subscriber::set_global_default(logger).map_err(|_| Failure::argument("a logger has been set already"))
    })
}
