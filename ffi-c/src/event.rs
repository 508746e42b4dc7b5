//! What a callback is told of an event, and the way to answer or refuse it.

use crate::args::{first_of, pancar_args, payload_of};
use crate::guard::{Done, guard, status_of};
use crate::handle::{self, Kind, REPLIES, kind_is, pancar_namespace, pancar_socket};
use crate::status::{PANCAR_REFUSED, pancar_status};
use crate::view::{given, pancar_str};
use pancar_core::Text;
use parking_lot::Mutex;

/// How a client that wants an answer gets it: a plain value that may be copied and kept. With `socket` 0 none is wanted.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct pancar_ack {
    /// Who asked.
    pub socket: pancar_socket,
    /// The number of the question.
    pub id: u64,
}

impl pancar_ack {
    pub(crate) const NONE: Self = Self { socket: 0, id: 0 };
}

/// An event; lives until the callback returns that was given it.
pub struct pancar_event {
    pub(crate) name: Text,
    pub(crate) args: pancar_args,
    pub(crate) ack: pancar_ack,
    pub(crate) namespace: pancar_namespace,
    pub(crate) refusal: Mutex<Option<Refusal>>,
}

/// What a middleware says to whom it refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// JSON text.
    pub(crate) data: Option<String>,
}

impl Refusal {
    pub(crate) fn new(message: pancar_str, data: Option<&pancar_args>) -> Done<Self> {
        Ok(Self { message: message.to_text("message")?.to_owned(), data: first_of(data)? })
    }
}

/// The name of the event, for the time of the callback.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_event_name(event: Option<&pancar_event>) -> pancar_str {
    event.map_or(pancar_str::EMPTY, |event| pancar_str::of(&event.name))
}

/// The arguments of the event, for the time of the callback; never NULL for an event.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_event_args(event: Option<&pancar_event>) -> *const pancar_args {
    event.map_or(std::ptr::null(), |event| std::ptr::from_ref(&event.args))
}

/// The way to answer the event; `socket` is 0 when the client wants no answer.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_event_ack(event: Option<&pancar_event>) -> pancar_ack {
    event.map_or(pancar_ack::NONE, |event| event.ack)
}

/// The namespace of the event; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_event_namespace(event: Option<&pancar_event>) -> pancar_namespace {
    event.map_or(0, |event| event.namespace)
}

/// Refuses an event, in a callback of `pancar_use_event`: `return pancar_event_refuse(...)`. Those of `pancar_on_refused` get
/// the message and, where given, the first argument of `data`; the listeners of the event are not called.
///
/// Returns `PANCAR_REFUSED`; another status says that it could not be done.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_event_refuse(
    event: Option<&pancar_event>,
    message: pancar_str,
    data: Option<&pancar_args>,
) -> pancar_status {
    status_of(|| {
        let refusal = Refusal::new(message, data)?;
        *given(event, "event")?.refusal.lock() = Some(refusal);
        Ok(PANCAR_REFUSED)
    })
}

/// Answers an event, once, from any thread, inside the callback or later. NULL is an answer without arguments. Where no answer
/// is wanted it does nothing and is `PANCAR_OK`; an event of another server is answered inside its callback only.
///
/// Errors: `PANCAR_DISCONNECTED` when the client has gone.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_ack_send(ack: pancar_ack, args: Option<&pancar_args>) -> pancar_status {
    guard(|| {
        if ack.socket == 0 {
            return Ok(());
        }
        let payload = payload_of(args)?;
        if kind_is(ack.socket, Kind::Reply) {
            let reply = REPLIES.remove(ack.socket).and_then(|reply| reply.lock().take());
            return match reply {
                Some(reply) => {
                    (reply.0)(payload);
                    Ok(())
                }
                None => {
                    Err(crate::guard::Failure::argument("the event has been answered, or its callback has returned"))
                }
            };
        }
        handle::socket(ack.socket)?.ack(ack.id, &payload);
        Ok(())
    })
}
