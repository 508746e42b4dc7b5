//! What the core logs, taken where events are: its threads must not wait for the GIL.

use crate::event::Note;
use crate::shared::tell;
use pancar::host::Lanes;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, Weak};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Records beyond that are lost, the oldest first.
const MOST: usize = 1_000;

/// Level, module and text.
pub(crate) type Entry = (u8, &'static str, String);

/// What is logged belongs to no server: all are told that there is something, and the first that looks takes it.
struct Book {
    entries: VecDeque<Entry>,
    servers: Vec<(Weak<Lanes>, Arc<AtomicBool>)>,
}

static BOOK: Mutex<Book> = Mutex::new(Book { entries: VecDeque::new(), servers: Vec::new() });

/// From now on a server tells what is logged.
pub(crate) fn tell_at(lanes: &Arc<Lanes>) {
    static ONCE: Once = Once::new();
    // The core of this module has no other subscriber.
    ONCE.call_once(|| tracing::subscriber::set_global_default(Logs).unwrap_or_default());
    let mut book = BOOK.lock();
    book.servers.retain(|(lanes, _)| lanes.strong_count() > 0);
    book.servers.push((Arc::downgrade(lanes), Arc::default()));
}

fn write(entry: Entry) {
    let mut book = BOOK.lock();
    if book.entries.len() >= MOST {
        book.entries.pop_front();
    }
    book.entries.push_back(entry);
    let untold = book.servers.iter().filter(|(_, told)| !told.swap(true, Ordering::AcqRel));
    let untold: Vec<_> = untold.filter_map(|(lanes, told)| Some((lanes.upgrade()?, Arc::clone(told)))).collect();
    drop(book);
    untold.iter().for_each(|(lanes, told)| tell(lanes, 0, Note::Logs(Arc::clone(told))));
}

/// What nobody has taken yet, for a server that was told of it.
pub(crate) fn take(told: &AtomicBool) -> VecDeque<Entry> {
    let mut book = BOOK.lock();
    told.store(false, Ordering::Release);
    std::mem::take(&mut book.entries)
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
        write((number(metadata.level()), metadata.target(), text));
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
