//! Callbacks of the program, with the data that it wants to see in them.

use crate::admission::pancar_admission;
use crate::args::pancar_args;
use crate::event::pancar_event;
use crate::handle::pancar_socket;
use crate::results::{pancar_answers, pancar_remotes};
use crate::status::{pancar_reason, pancar_status};
use crate::view::pancar_str;
use std::ffi::c_void;

/// Is given the user data of a callback once, when that can no longer be called: it was taken off, its one call has been
/// made, its socket or server is gone, or registering it failed. On whatever thread that happens.
pub type pancar_destroy_fn = Option<extern "C" fn(user_data: *mut c_void)>;
/// A socket has joined.
pub type pancar_connection_fn = Option<extern "C" fn(socket: pancar_socket, user_data: *mut c_void) -> pancar_status>;
/// An event: from a client, to one (`pancar_on_any_outgoing`), or from another server, where `socket` is 0.
pub type pancar_event_fn =
    Option<extern "C" fn(socket: pancar_socket, event: *const pancar_event, user_data: *mut c_void) -> pancar_status>;
/// A socket leaves or has left. `detail` says more than the reason, for people; it may be empty.
pub type pancar_disconnect_fn =
    Option<extern "C" fn(socket: pancar_socket, reason: pancar_reason, detail: pancar_str, user_data: *mut c_void)>;
/// A client asks to join: `PANCAR_OK` lets it go on, `pancar_admission_reject` refuses, `pancar_admission_defer` decides later.
/// Any other status refuses with the message `Internal server error` and is logged.
pub type pancar_middleware_fn = Option<
    extern "C" fn(socket: pancar_socket, admission: *mut pancar_admission, user_data: *mut c_void) -> pancar_status,
>;
/// A middleware refused an event. `data` is NULL when it gave none.
pub type pancar_refused_fn = Option<
    extern "C" fn(
        socket: pancar_socket,
        event: *const pancar_event,
        message: pancar_str,
        data: *const pancar_args,
        user_data: *mut c_void,
    ),
>;
/// The answer of a client: `PANCAR_OK` with its arguments, or `PANCAR_TIMEOUT`, `PANCAR_DISCONNECTED` with NULL.
pub type pancar_ack_fn = Option<
    extern "C" fn(socket: pancar_socket, status: pancar_status, answer: *const pancar_args, user_data: *mut c_void),
>;
/// The answers of many clients, one for each.
pub type pancar_answers_fn = Option<extern "C" fn(answers: *const pancar_answers, user_data: *mut c_void)>;
/// What is known of sockets; NULL unless `PANCAR_OK`.
pub type pancar_remotes_fn =
    Option<extern "C" fn(status: pancar_status, found: *const pancar_remotes, user_data: *mut c_void)>;
/// Whether a dynamic namespace takes a name. `auth` is one argument, the credentials of the client.
pub type pancar_match_fn =
    Option<extern "C" fn(name: pancar_str, auth: *const pancar_args, user_data: *mut c_void) -> bool>;
/// Something to be done inside dispatch.
pub type pancar_task_fn = Option<extern "C" fn(user_data: *mut c_void)>;

/// User data that is destroyed once, when this is dropped.
#[derive(Debug)]
pub(crate) struct UserData {
    pointer: *mut c_void,
    destroy: pancar_destroy_fn,
}

// SAFETY: the contract asks of programs that their data may be used on every thread that dispatches, and destroyed on any.
unsafe impl Send for UserData {}
// SAFETY: as above; nothing is read or written through the pointer here.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, destroy: pancar_destroy_fn) -> Self {
        Self { pointer, destroy }
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            destroy(self.pointer);
        }
    }
}

/// A function of the program and its user data. Dropped, it destroys these.
#[derive(Debug)]
pub(crate) struct Callback<F> {
    pub(crate) call: F,
    pub(crate) data: UserData,
}

impl<F> Callback<F> {
    pub(crate) fn pointer(&self) -> *mut c_void {
        self.data.pointer()
    }
}

/// A callback out of what a registering function was given. The user data are taken in any case, so that they are destroyed
/// when something fails.
pub(crate) fn taken<F>(
    call: Option<F>,
    pointer: *mut c_void,
    destroy: pancar_destroy_fn,
) -> crate::guard::Done<Callback<F>> {
    let data = UserData::new(pointer, destroy);
    match call {
        Some(call) => Ok(Callback { call, data }),
        None => Err(crate::guard::Failure::null("callback")),
    }
}
