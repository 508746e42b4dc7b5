//! Sending to a socket or to a namespace.

use crate::args::{from_json, pancar_args, payload_of, with_payload};
use crate::callback::{Callback, pancar_ack_fn, pancar_destroy_fn, taken};
use crate::guard::{Done, Failure, guard};
use crate::handle::{self, Kind, kind_is, pancar_handle, pancar_namespace, pancar_socket};
use crate::socket;
use crate::status::{PANCAR_OK, pancar_status};
use crate::view::{pancar_bytes, pancar_str};
use pancar_core::host::{Event, Flags, Target, Task};
use pancar_core::{Payload, Result};
use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

type OnAck = extern "C" fn(pancar_socket, pancar_status, *const pancar_args, *mut c_void);

fn send(to: pancar_handle, event: pancar_str, args: &Payload) -> Done {
    let event = event.to_text("event")?;
    if kind_is(to, Kind::Socket) {
        return Ok(handle::socket(to)?.emit(Flags::default(), event, args)?);
    }
    Ok(handle::space(to)?.namespace()?.emit(&Target::everyone(), Flags::default(), event, args)?)
}

/// Sends an event to a socket, or to all sockets of a namespace (on all servers of a cluster). NULL is no arguments. Never waits
/// for the network: what is sent inside dispatch leaves when the batch of events has been handled. Any thread.
///
/// Errors: `PANCAR_INVALID_NAME` for a reserved name such as `connect`, `PANCAR_DISCONNECTED` when the socket is gone.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_emit(to: pancar_handle, event: pancar_str, args: Option<&pancar_args>) -> pancar_status {
    guard(|| with_payload(args, |payload| send(to, event, payload)))
}

/// As `pancar_emit`, with the arguments as a JSON array and attachments; see `pancar_args_from_json`.
///
/// Errors: as there and as `pancar_emit`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_emit_json(
    to: pancar_handle,
    event: pancar_str,
    json_array: pancar_str,
    attachments: *const pancar_bytes,
    count: usize,
) -> pancar_status {
    guard(|| send(to, event, &from_json(json_array, attachments, count)?))
}

/// Sends an event to a socket and calls back once, inside dispatch: with the answer, when `timeout_ms` milliseconds are over, or
/// as soon as the client is gone. 0 takes the option `ack_timeout`, which waits without end by default.
///
/// Errors: as `pancar_emit`, and `PANCAR_LIMIT_EXCEEDED` past the option `max_acks_per_socket`; the callback is then not called.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_emit_with_ack(
    to: pancar_socket,
    event: pancar_str,
    args: Option<&pancar_args>,
    timeout_ms: u64,
    callback: pancar_ack_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let callback = taken(callback, user_data, destroy)?;
        let socket = handle::socket(to)?;
        let state = socket::state(&socket)?;
        let lanes = Arc::clone(state.server()?.host.lanes());
        let shard = Arc::clone(socket.peer().shard());
        let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms));
        let done = Box::new(move |answer: Result<Payload>| {
            lanes.put(&shard, Event::Task(Task(Box::new(move || tell(to, &callback, answer)))));
        });
        let flags = Flags { timeout, ..Flags::default() };
        Ok(socket.emit_with_ack(flags, event.to_text("event")?, &payload_of(args)?, done)?)
    })
}

fn tell(socket: pancar_socket, callback: &Callback<OnAck>, answer: Result<Payload>) {
    match answer {
        Ok(payload) => {
            let args = pancar_args::from(payload);
            (callback.call)(socket, PANCAR_OK, &raw const args, callback.pointer());
        }
        Err(error) => {
            let status = Failure::from(error).status();
            (callback.call)(socket, status, std::ptr::null(), callback.pointer());
        }
    }
}

/// Sends an event to the programs on the other servers of the cluster, not to clients; see `pancar_on_server_side`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_side_emit(
    ns: pancar_namespace,
    event: pancar_str,
    args: Option<&pancar_args>,
) -> pancar_status {
    guard(|| {
        handle::space(ns)?.namespace()?.server_side_emit(event.to_text("event")?, &payload_of(args)?);
        Ok(())
    })
}
