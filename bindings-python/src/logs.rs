//! What the core logs, put into the mailbox of a server: its threads must not wait for the GIL.

use crate::event::Note;
use crate::shared::tell;
use pancar::host::Lanes;
use parking_lot::Mutex;
use std::fmt::Write as _;
use std::sync::{Arc, Once, Weak};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Servers that are there. What is logged belongs to none of them; the first one tells it.
static PLACES: Mutex<Vec<Weak<Lanes>>> = Mutex::new(Vec::new());

/// From now on a server tells what is logged.
pub(crate) fn tell_at(lanes: &Arc<Lanes>) {
    static ONCE: Once = Once::new();
    // The core of this module has no other subscriber.
    ONCE.call_once(|| tracing::subscriber::set_global_default(Logs).unwrap_or_default());
    let mut places = PLACES.lock();
    places.retain(|place| place.strong_count() > 0);
    places.push(Arc::downgrade(lanes));
}

struct Logs;

impl Subscriber for Logs {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("pancar") && *metadata.level() <= Level::DEBUG
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let text = line.message + &line.fields;
        let metadata = event.metadata();
        let lanes = PLACES.lock().iter().find_map(Weak::upgrade);
        if let Some(lanes) = lanes {
            tell(&lanes, 0, Note::Log(number(metadata.level()), metadata.target(), text));
        }
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// The level as `logging` has it.
fn number(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        _ => 10,
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string does not fail.
        if field.name() == "message" {
            write!(self.message, "{value:?}").ok();
        } else {
            write!(self.fields, " {}={value:?}", field.name()).ok();
        }
    }
}
