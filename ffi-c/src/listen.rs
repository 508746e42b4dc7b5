//! Setting and taking off callbacks.

use crate::callback::{
    Callback, pancar_connection_fn, pancar_destroy_fn, pancar_disconnect_fn, pancar_event_fn, pancar_middleware_fn,
    pancar_refused_fn, taken,
};
use crate::guard::{Done, Failure, guard};
use crate::handle::{self, Kind, kind_is, pancar_handle, pancar_namespace};
use crate::listeners::{Listeners, OnEvent, Rare, Which};
use crate::socket;
use crate::status::{PANCAR_INVALID_NAME, PANCAR_NOT_FOUND, pancar_status};
use crate::view::pancar_str;
use pancar_core::Text;
use std::ffi::c_void;

/// Names that no client's event has, and for which there are functions of their own.
const RESERVED: [&str; 4] = ["connect", "connect_error", "disconnect", "disconnecting"];

fn event_name(name: pancar_str) -> Done<Text> {
    let name = name.copied("event")?;
    if RESERVED.contains(&name.as_str()) {
        let message = format!("`{name}` is no event of a client; see pancar_on_connection and pancar_on_disconnect");
        return Err(Failure::new(PANCAR_INVALID_NAME, message));
    }
    Ok(name)
}

/// The listeners of a socket, or of a namespace.
fn with_listeners<T>(on: pancar_handle, run: impl FnOnce(&Listeners) -> Done<T>) -> Done<T> {
    if kind_is(on, Kind::Socket) {
        let socket = handle::socket(on)?;
        return run(&socket::state(&socket)?.listeners);
    }
    run(&handle::space(on)?.listeners)
}

fn register<F>(
    on: pancar_handle,
    callback: Option<F>,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
    add: impl FnOnce(&Listeners, Callback<F>) -> Done,
) -> pancar_status {
    guard(|| {
        let callback = taken(callback, user_data, destroy)?;
        with_listeners(on, |listeners| add(listeners, callback))
    })
}

fn take_off(on: pancar_handle, remove: impl FnOnce(&Listeners) -> Done<bool>) -> pancar_status {
    guard(|| match with_listeners(on, remove)? {
        true => Ok(()),
        false => Err(Failure::new(PANCAR_NOT_FOUND, "there is no such callback")),
    })
}

fn remove_rare(on: pancar_handle, remove: impl FnOnce(&Rare) -> bool) -> pancar_status {
    take_off(on, |listeners| Ok(listeners.rare().is_some_and(remove)))
}

/// Calls back for every socket that joins a namespace, before the client can know that it joined: what the callback sets on the
/// socket misses no event.
///
/// With this as with all that sets a callback: `destroy` (NULL where nothing is to be done) gets `user_data` once when the
/// callback can no longer be called, also when this call fails. Several callbacks are called in the order in which they were set.
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on_connection(
    ns: pancar_namespace,
    callback: pancar_connection_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let callback = taken(callback, user_data, destroy)?;
        handle::space(ns)?.connection.add(callback);
        Ok(())
    })
}

/// Adds a middleware that decides who may join a namespace; see `pancar_middleware_fn`. In it the socket has its handshake, data
/// and user data, but is not connected yet. Middlewares are asked in the order in which they were added, up to the first
/// that refuses.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_use(
    ns: pancar_namespace,
    callback: pancar_middleware_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let callback = taken(callback, user_data, destroy)?;
        handle::space(ns)?.middlewares.add(callback);
        Ok(())
    })
}

/// Calls back for an event of a socket, or of all sockets of a namespace. On the namespace it costs nothing per socket.
///
/// Errors: `PANCAR_INVALID_NAME` for `connect`, `connect_error`, `disconnect` and `disconnecting`, for which there are functions of
/// their own.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on(
    on: pancar_handle,
    event: pancar_str,
    callback: pancar_event_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    register(on, callback, user_data, destroy, |listeners, callback| {
        listeners.add(event_name(event)?, callback, false);
        Ok(())
    })
}

/// As `pancar_on`, for one event: the first that comes. On a namespace that is the first of all its sockets.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_once(
    on: pancar_handle,
    event: pancar_str,
    callback: pancar_event_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    register(on, callback, user_data, destroy, |listeners, callback| {
        listeners.add(event_name(event)?, callback, true);
        Ok(())
    })
}

/// Takes off the callbacks of an event that were set with this function and this user data; with NULL as function all of the
/// event. They are not called any more, and their user data are destroyed: at once, or when the event at hand has been handled.
///
/// Errors: `PANCAR_NOT_FOUND` where there was none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_off(
    on: pancar_handle,
    event: pancar_str,
    callback: pancar_event_fn,
    user_data: *mut c_void,
) -> pancar_status {
    take_off(on, |listeners| Ok(listeners.remove(event.to_text("event")?, Which(callback, user_data))))
}

/// Calls back for every event of a client, before middlewares and other callbacks; also for those that nobody else wants.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on_any(
    on: pancar_handle,
    callback: pancar_event_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    register(on, callback, user_data, destroy, |listeners, callback| {
        listeners.rare_mut().any.add(callback);
        Ok(())
    })
}

/// Takes off what `pancar_on_any` set, as `pancar_off`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_off_any(
    on: pancar_handle,
    callback: pancar_event_fn,
    user_data: *mut c_void,
) -> pancar_status {
    remove_rare(on, |rare| rare.remove_any(Which(callback, user_data)))
}

/// Calls back for every event that was sent to a socket, broadcasts included, answers not.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on_any_outgoing(
    on: pancar_handle,
    callback: pancar_event_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let callback: Callback<OnEvent> = taken(callback, user_data, destroy)?;
        if kind_is(on, Kind::Socket) {
            let socket = handle::socket(on)?;
            socket::state(&socket)?.listeners.rare_mut().any_outgoing.add(callback);
            socket.watch_outgoing(true);
        } else {
            let space = handle::space(on)?;
            space.listeners.rare_mut().any_outgoing.add(callback);
            space.watch_all();
        }
        Ok(())
    })
}

/// Takes off what `pancar_on_any_outgoing` set, as `pancar_off`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_off_any_outgoing(
    on: pancar_handle,
    callback: pancar_event_fn,
    user_data: *mut c_void,
) -> pancar_status {
    remove_rare(on, |rare| rare.remove_any_outgoing(Which(callback, user_data)))
}

/// Adds a middleware that every event of a client passes before its callbacks: `PANCAR_OK` lets it pass, `pancar_event_refuse` refuses
/// it. Any other status refuses it with the message `Internal server error` and is logged.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_use_event(
    on: pancar_handle,
    callback: pancar_event_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    register(on, callback, user_data, destroy, |listeners, callback| {
        listeners.rare_mut().middlewares.add(callback);
        Ok(())
    })
}

/// Calls back for every event that a middleware of `pancar_use_event` refused.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on_refused(
    on: pancar_handle,
    callback: pancar_refused_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    register(on, callback, user_data, destroy, |listeners, callback| {
        listeners.rare_mut().refused.add(callback);
        Ok(())
    })
}

/// Calls back when a socket is about to leave its rooms, which `pancar_socket_rooms` then still tells.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on_disconnecting(
    on: pancar_handle,
    callback: pancar_disconnect_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    register(on, callback, user_data, destroy, |listeners, callback| {
        listeners.rare_mut().disconnecting.add(callback);
        Ok(())
    })
}

/// Calls back when a socket has left. When all callbacks have returned its handle is refused, and its user data are destroyed.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on_disconnect(
    on: pancar_handle,
    callback: pancar_disconnect_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    register(on, callback, user_data, destroy, |listeners, callback| {
        listeners.rare_mut().disconnect.add(callback);
        Ok(())
    })
}

/// Calls back for an event that another server of the cluster sends with `pancar_server_side_emit`; `socket` is 0 then. One
/// callback for each event: the last that was set. An answer is given inside the callback, with `pancar_ack_send`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_on_server_side(
    ns: pancar_namespace,
    event: pancar_str,
    callback: pancar_event_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let callback = taken(callback, user_data, destroy)?;
        handle::space(ns)?.on_server_side(event.copied("event")?, callback);
        Ok(())
    })
}
