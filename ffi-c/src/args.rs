//! Arguments of events: read without a JSON library, written piece by piece.

use crate::guard::{Done, Failure, guard, value_or};
use crate::status::{PANCAR_NOT_FOUND, PANCAR_WRONG_TYPE, pancar_status};
use crate::text::{TextPlace, give};
use crate::view::{given, pancar_bytes, pancar_str, pieces, place};
use pancar_core::{Payload, PayloadWriter};
use parking_lot::{Mutex, MutexGuard};
use std::mem::MaybeUninit;

mod write;

/// How deep JSON text of a program may be nested.
pub(crate) const MAX_DEPTH: usize = 1_000;

/// Arguments of an event or of an answer.
///
/// Those that a callback is given are read only and live until it returns; `pancar_args_clone` keeps them longer and shares
/// their memory. Those that the caller made can be written to as well, and are freed with `pancar_args_free`. A view into
/// arguments lives until they are written to or freed.
pub struct pancar_args(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    payload: Payload,
    /// Open while the arguments are being written.
    writer: Option<Box<PayloadWriter>>,
    /// The first write that failed.
    failed: Option<Failure>,
    /// Where the arguments stand in the text, once somebody asked.
    spans: Option<Vec<(usize, usize)>>,
    kept: Option<Box<Kept>>,
}

/// What views were given of, besides the text.
#[derive(Default)]
struct Kept {
    strings: Vec<Box<str>>,
    #[expect(clippy::vec_box, reason = "callers have pointers to them")]
    parts: Vec<Box<pancar_args>>,
}

/// Of what kind a value is.
pub type pancar_kind = i32;

/// There is no such value.
pub const PANCAR_KIND_MISSING: pancar_kind = 0;
/// Null.
pub const PANCAR_KIND_NULL: pancar_kind = 1;
/// True or false.
pub const PANCAR_KIND_BOOL: pancar_kind = 2;
/// A number.
pub const PANCAR_KIND_NUMBER: pancar_kind = 3;
/// A string.
pub const PANCAR_KIND_STRING: pancar_kind = 4;
/// An array.
pub const PANCAR_KIND_ARRAY: pancar_kind = 5;
/// An object.
pub const PANCAR_KIND_OBJECT: pancar_kind = 6;
/// Bytes.
pub const PANCAR_KIND_BINARY: pancar_kind = 7;

impl From<Payload> for pancar_args {
    fn from(payload: Payload) -> Self {
        Self(Mutex::new(Inner { payload, ..Inner::default() }))
    }
}

impl Inner {
    fn check(&self) -> Done {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Ends the writing.
    fn settle(&mut self) -> Done {
        self.check()?;
        if let Some(writer) = &self.writer {
            self.payload = PayloadWriter::clone(writer).finish()?;
            self.writer = None;
        }
        Ok(())
    }

    fn span(&mut self, index: usize) -> Option<(usize, usize)> {
        let payload = &self.payload;
        let spans = self.spans.get_or_insert_with(|| {
            let base = payload.json().as_ptr() as usize;
            let span = |arg: &str| {
                let arg = arg.trim_ascii();
                let start = arg.as_ptr() as usize - base;
                (start, start + arg.len())
            };
            payload.args().map(span).collect()
        });
        spans.get(index).copied()
    }

    fn arg(&mut self, index: usize) -> Done<&str> {
        let (start, end) =
            self.span(index).ok_or_else(|| Failure::new(PANCAR_NOT_FOUND, format!("there is no argument {index}")))?;
        Ok(self.payload.json().get(start..end).unwrap_or_default())
    }

    fn kind(&mut self, index: usize) -> pancar_kind {
        let first = self.arg(index).ok().map(|arg| arg.as_bytes().first().copied());
        let Some(first) = first else { return PANCAR_KIND_MISSING };
        match first {
            Some(b'n') => PANCAR_KIND_NULL,
            Some(b't' | b'f') => PANCAR_KIND_BOOL,
            Some(b'"') => PANCAR_KIND_STRING,
            Some(b'[') => PANCAR_KIND_ARRAY,
            Some(b'{') if self.payload.bytes(index).is_some() => PANCAR_KIND_BINARY,
            Some(b'{') => PANCAR_KIND_OBJECT,
            _ => PANCAR_KIND_NUMBER,
        }
    }

    /// The text of an argument that must be of a kind.
    fn arg_of(&mut self, index: usize, kind: pancar_kind, name: &str) -> Done<&str> {
        match self.kind(index) {
            found if found == kind || found == PANCAR_KIND_MISSING => self.arg(index),
            _ => Err(wrong(index, name)),
        }
    }

    fn string(&mut self, index: usize) -> Done<pancar_str> {
        let quoted = self.arg_of(index, PANCAR_KIND_STRING, "a string")?;
        let plain = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        if !plain.contains('\\') {
            return Ok(pancar_str::of(plain));
        }
        let one = self.payload.arg(index).unwrap_or_default();
        let text: Box<str> = one.decode::<String>()?.into();
        let view = pancar_str::of(&text);
        self.kept.get_or_insert_default().strings.push(text);
        Ok(view)
    }

    /// Keeps a part for as long as the whole.
    fn keep(&mut self, part: Payload) -> *const pancar_args {
        let part = Box::new(pancar_args::from(part));
        let pointer = std::ptr::from_ref(&*part);
        self.kept.get_or_insert_default().parts.push(part);
        pointer
    }
}

fn wrong(index: usize, name: &str) -> Failure {
    Failure::new(PANCAR_WRONG_TYPE, format!("argument {index} is not {name}"))
}

impl pancar_args {
    /// The arguments, ready to be read.
    fn read(&self) -> Done<MutexGuard<'_, Inner>> {
        let mut inner = self.0.lock();
        inner.settle()?;
        Ok(inner)
    }

    /// The arguments as they are sent.
    pub(crate) fn payload(&self) -> Done<Payload> {
        Ok(self.read()?.payload.clone())
    }

    /// Gives the arguments as they are sent, without a copy.
    fn with<T>(&self, run: impl FnOnce(&Payload) -> Done<T>) -> Done<T> {
        run(&self.read()?.payload)
    }

    /// Writes, unless something failed before.
    fn write(&self, write: impl FnOnce(&mut PayloadWriter) -> Done) -> Done {
        let mut inner = self.0.lock();
        inner.check()?;
        let Inner { payload, writer, .. } = &mut *inner;
        let written = write(writer.get_or_insert_with(|| Box::new(PayloadWriter::behind(payload))));
        inner.failed = written.as_ref().err().cloned();
        inner.spans = None;
        written
    }
}

/// Arguments of a caller, none where there is NULL.
pub(crate) fn payload_of(args: Option<&pancar_args>) -> Done<Payload> {
    args.map_or(Ok(Payload::empty()), pancar_args::payload)
}

/// As above, for the time of a call; nothing that is called may want the arguments.
pub(crate) fn with_payload<T>(args: Option<&pancar_args>, run: impl FnOnce(&Payload) -> Done<T>) -> Done<T> {
    match args {
        Some(args) => args.with(run),
        None => run(&Payload::empty()),
    }
}

/// The text of the first argument, for what takes one JSON value.
pub(crate) fn first_of(args: Option<&pancar_args>) -> Done<Option<String>> {
    let payload = payload_of(args)?;
    Ok(payload.args().next().map(str::to_owned))
}

/// Where arguments go.
type ArgsPlace<'a> = Option<&'a mut MaybeUninit<Box<pancar_args>>>;

/// No arguments, to be written to. The caller frees them.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_new() -> Box<pancar_args> {
    Box::new(pancar_args::from(Payload::empty()))
}

/// Arguments from a JSON array, such as `["a",1]`, and attachments, which are copied. Where a value is binary the text holds
/// `{"_placeholder":true,"num":k}` for the k-th attachment. The caller frees what is written to `args`.
///
/// Errors: `PANCAR_ENCODE` for what is no JSON array, or names an attachment that is not there. (Where there is none at all such an
/// object is an object like others.)
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_from_json(
    json_array: pancar_str,
    attachments: *const pancar_bytes,
    count: usize,
    args: Option<&mut MaybeUninit<Box<pancar_args>>>,
) -> pancar_status {
    guard(|| {
        let out: &mut _ = place(args, "args")?;
        let payload = from_json(json_array, attachments, count)?;
        out.write(Box::new(payload.into()));
        Ok(())
    })
}

pub(crate) fn from_json(array: pancar_str, attachments: *const pancar_bytes, count: usize) -> Done<Payload> {
    let attachments = pieces(attachments, count, "attachments")?;
    Ok(Payload::from_json_array(array.copied("json_array")?, attachments, MAX_DEPTH)?)
}

/// The same arguments once more, with a life of their own: how a callback keeps what it was given. Memory is shared. The
/// caller frees what is written to `clone`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_clone(
    args: Option<&pancar_args>,
    clone: Option<&mut MaybeUninit<Box<pancar_args>>>,
) -> pancar_status {
    derived(args, clone, "clone", |payload| payload)
}

/// The arguments without the first `count`. The caller frees what is written to `rest`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_skip(
    args: Option<&pancar_args>,
    count: usize,
    rest: Option<&mut MaybeUninit<Box<pancar_args>>>,
) -> pancar_status {
    derived(args, rest, "rest", |payload| payload.skip(count))
}

fn derived(
    args: Option<&pancar_args>,
    out: ArgsPlace<'_>,
    what: &'static str,
    derive: impl FnOnce(Payload) -> Payload,
) -> pancar_status {
    guard(|| {
        let payload = given(args, "args")?.payload()?;
        place(out, what)?.write(Box::new(derive(payload).into()));
        Ok(())
    })
}

/// Frees arguments that the caller owns. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_free(args: Option<Box<pancar_args>>) {
    drop(args);
}

/// Number of arguments; NULL has none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_len(args: Option<&pancar_args>) -> usize {
    value_or(0, || {
        let mut inner = given(args, "args")?.read()?;
        inner.span(0);
        Ok(inner.spans.as_ref().map_or(0, Vec::len))
    })
}

/// The kind of an argument: `PANCAR_KIND_MISSING` where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_kind(args: Option<&pancar_args>, index: usize) -> pancar_kind {
    value_or(PANCAR_KIND_MISSING, || Ok(given(args, "args")?.read()?.kind(index)))
}

/// What all readers do.
fn read<T>(
    args: Option<&pancar_args>,
    value: Option<&mut MaybeUninit<T>>,
    read: impl FnOnce(&mut Inner) -> Done<T>,
) -> pancar_status {
    guard(|| {
        let out = place(value, "value")?;
        out.write(read(&mut *given(args, "args")?.read()?)?);
        Ok(())
    })
}

/// A string, with its escapes resolved. The view lives as long as the arguments.
///
/// Errors: `PANCAR_NOT_FOUND` past the last argument, `PANCAR_WRONG_TYPE` for another kind. So with all readers.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_str(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<pancar_str>>,
) -> pancar_status {
    read(args, value, |inner| inner.string(index))
}

/// A whole number. One that is written with a fraction or an exponent is accepted when it is whole.
///
/// Errors: as `pancar_args_str`, and `PANCAR_WRONG_TYPE` for numbers that no `int64_t` holds.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_i64(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<i64>>,
) -> pancar_status {
    read(args, value, |inner| {
        let text = inner.arg_of(index, PANCAR_KIND_NUMBER, "a number")?;
        whole(text).ok_or_else(|| wrong(index, "a whole number of 64 bits"))
    })
}

fn whole(text: &str) -> Option<i64> {
    /// From here on not every whole number is a `double`.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let exact = || text.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT);
    text.parse().ok().or_else(|| exact().map(|number| number as i64))
}

/// A number.
///
/// Errors: as `pancar_args_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_f64(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<f64>>,
) -> pancar_status {
    read(args, value, |inner| {
        let text = inner.arg_of(index, PANCAR_KIND_NUMBER, "a number")?;
        text.parse().map_err(|_| wrong(index, "a number"))
    })
}

/// True or false.
///
/// Errors: as `pancar_args_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_bool(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<bool>>,
) -> pancar_status {
    read(args, value, |inner| Ok(inner.arg_of(index, PANCAR_KIND_BOOL, "true or false")? == "true"))
}

/// Bytes. The view lives as long as the arguments.
///
/// Errors: as `pancar_args_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_bytes(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<pancar_bytes>>,
) -> pancar_status {
    read(args, value, |inner| {
        inner.arg_of(index, PANCAR_KIND_BINARY, "binary")?;
        let bytes = inner.payload.bytes(index).ok_or_else(|| wrong(index, "binary"))?;
        Ok(pancar_bytes::of(bytes))
    })
}

/// The JSON text of an argument of any kind, as it was written; binary in it is a placeholder. The view lives as long as the
/// arguments.
///
/// Errors: `PANCAR_NOT_FOUND` past the last argument.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_json(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<pancar_str>>,
) -> pancar_status {
    read(args, value, |inner| inner.arg(index).map(pancar_str::of))
}

/// The items of an array, as arguments that live as long as the whole and are not freed.
///
/// Errors: as `pancar_args_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_items(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<*const pancar_args>>,
) -> pancar_status {
    read(args, value, |inner| {
        inner.arg_of(index, PANCAR_KIND_ARRAY, "an array")?;
        let items = inner.payload.items(index).unwrap_or_default();
        Ok(inner.keep(items))
    })
}

/// A field of an object, as a single argument that lives as long as the whole and is not freed.
///
/// Errors: as `pancar_args_str`, and `PANCAR_NOT_FOUND` where there is no such key.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_get(
    args: Option<&pancar_args>,
    index: usize,
    key: pancar_str,
    value: Option<&mut MaybeUninit<*const pancar_args>>,
) -> pancar_status {
    read(args, value, |inner| {
        let key = key.to_text("key")?;
        inner.arg_of(index, PANCAR_KIND_OBJECT, "an object")?;
        let missing = || Failure::new(PANCAR_NOT_FOUND, format!("argument {index} has no field `{key}`"));
        let field = inner.payload.field(index, key).ok_or_else(missing)?;
        Ok(inner.keep(field))
    })
}

/// All arguments as the text of one JSON array; binary is a placeholder. The caller frees what is written to `json`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_to_json(
    args: Option<&pancar_args>,
    json: Option<&mut MaybeUninit<Box<crate::text::pancar_text>>>,
) -> pancar_status {
    let json: TextPlace<'_> = json;
    give(json, "json", || Ok(given(args, "args")?.payload()?.to_json_array()))
}

/// Number of attachments: all that is binary, at whatever depth; NULL has none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_attachments(args: Option<&pancar_args>) -> usize {
    value_or(0, || Ok(given(args, "args")?.read()?.payload.attachments().len()))
}

/// An attachment by the number in its placeholder. The view lives as long as the arguments.
///
/// Errors: `PANCAR_NOT_FOUND` past the last one.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_attachment(
    args: Option<&pancar_args>,
    index: usize,
    value: Option<&mut MaybeUninit<pancar_bytes>>,
) -> pancar_status {
    read(args, value, |inner| {
        let found = inner.payload.attachments().get(index);
        let missing = || Failure::new(PANCAR_NOT_FOUND, format!("there is no attachment {index}"));
        found.map(|bytes| pancar_bytes::of(bytes)).ok_or_else(missing)
    })
}
