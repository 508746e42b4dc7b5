//! Arguments written piece by piece; the first failure sticks.

use super::pancar_args;
use crate::guard::{Done, Failure, guard};
use crate::status::{PANCAR_NOT_FOUND, pancar_status};
use crate::view::{given, pancar_bytes, pancar_str, shared};
use pancar_core::PayloadWriter;

fn add(args: *mut pancar_args, write: impl FnOnce(&mut PayloadWriter) -> Done) -> pancar_status {
    guard(|| shared(args, "args")?.write(write))
}

/// Adds a string.
///
/// Errors: `PANCAR_ENCODE` where no value may stand: in an object before a key. So with all that adds. The first failure sticks:
/// whatever is done with the arguments from then on gives its status, so that one check is enough for a row of writes, such
/// as that of the `pancar_emit` which follows.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_str(args: *mut pancar_args, value: pancar_str) -> pancar_status {
    add(args, |writer| Ok(writer.string(value.to_text("value")?)?))
}

/// Adds a whole number. JavaScript reads those beyond 2^53 inexactly.
///
/// Errors: as `pancar_args_add_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_i64(args: *mut pancar_args, value: i64) -> pancar_status {
    add(args, |writer| Ok(writer.integer(value)?))
}

/// Adds a number.
///
/// Errors: as `pancar_args_add_str`, and `PANCAR_ENCODE` for infinities and NaN, which JSON does not have.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_f64(args: *mut pancar_args, value: f64) -> pancar_status {
    add(args, |writer| Ok(writer.number(value)?))
}

/// Adds true or false.
///
/// Errors: as `pancar_args_add_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_bool(args: *mut pancar_args, value: bool) -> pancar_status {
    add(args, |writer| Ok(writer.boolean(value)?))
}

/// Adds null.
///
/// Errors: as `pancar_args_add_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_null(args: *mut pancar_args) -> pancar_status {
    add(args, |writer| Ok(writer.null()?))
}

/// Adds bytes, which are copied and become an attachment.
///
/// Errors: as `pancar_args_add_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_bytes(args: *mut pancar_args, value: pancar_bytes) -> pancar_status {
    add(args, |writer| Ok(writer.bytes(value.copied("value")?)?))
}

/// Adds one value as JSON text.
///
/// Errors: as `pancar_args_add_str`, and `PANCAR_ENCODE` for what is not exactly one JSON value.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_json(args: *mut pancar_args, json: pancar_str) -> pancar_status {
    add(args, |writer| Ok(writer.json(json.to_text("json")?)?))
}

/// Adds an argument of others, with all that is binary in it.
///
/// Errors: as `pancar_args_add_str`, and `PANCAR_NOT_FOUND` where `from` has no such argument.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_add_arg(
    args: *mut pancar_args,
    from: Option<&pancar_args>,
    index: usize,
) -> pancar_status {
    guard(|| {
        // Read first: both may be the same.
        let from = given(from, "from").and_then(pancar_args::payload);
        shared(args, "args")?.write(|writer| {
            let from = from?;
            match from.args().nth(index) {
                Some(_) => Ok(writer.argument(&from, index)?),
                None => Err(Failure::new(PANCAR_NOT_FOUND, format!("there is no argument {index}"))),
            }
        })
    })
}

/// Begins an array: what is added next are its items, up to `pancar_args_end_array`.
///
/// Errors: as `pancar_args_add_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_begin_array(args: *mut pancar_args) -> pancar_status {
    add(args, |writer| Ok(writer.begin_array()?))
}

/// Ends the array that began last.
///
/// Errors: `PANCAR_ENCODE` when that is no array.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_end_array(args: *mut pancar_args) -> pancar_status {
    add(args, |writer| Ok(writer.end_array()?))
}

/// Begins an object: a key and a value follow in turn, up to `pancar_args_end_object`.
///
/// Errors: as `pancar_args_add_str`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_begin_object(args: *mut pancar_args) -> pancar_status {
    add(args, |writer| Ok(writer.begin_object()?))
}

/// The key of the value that is added next.
///
/// Errors: `PANCAR_ENCODE` outside of an object, and behind another key.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_key(args: *mut pancar_args, key: pancar_str) -> pancar_status {
    add(args, |writer| Ok(writer.key(key.to_text("key")?)?))
}

/// Ends the object that began last.
///
/// Errors: `PANCAR_ENCODE` when that is no object, or when a key still waits for its value.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_args_end_object(args: *mut pancar_args) -> pancar_status {
    add(args, |writer| Ok(writer.end_object()?))
}
