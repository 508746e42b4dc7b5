//! Whom a broadcast concerns and how it is sent.

use crate::args::{pancar_args, payload_of};
use crate::callback::{pancar_answers_fn, pancar_destroy_fn, pancar_remotes_fn, taken};
use crate::dispatch;
use crate::guard::{Done, Failure, guard};
use crate::handle::{self, Kind, kind_is, pancar_handle, pancar_socket};
use crate::namespace::Space;
use crate::results::{pancar_answers, pancar_remotes};
use crate::server::Server;
use crate::signals;
use crate::socket;
use crate::status::{PANCAR_OK, pancar_status};
use crate::view::{given, pancar_str, place, shared, texts};
use pancar_core::AckOutcome;
use pancar_core::host::{Event, Flags, Mailbox, Namespace, Target, Task};
use parking_lot::Mutex;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

/// Sockets of a namespace, and how something is sent to them: everybody, or the members of rooms, less those of other rooms.
/// The caller frees it with `pancar_target_free`. It may be used again and again; the functions that narrow it change it.
pub struct pancar_target(Mutex<Aim>);

#[derive(Clone)]
struct Aim {
    space: Arc<Space>,
    target: Target,
    flags: Flags,
}

impl Aim {
    fn namespace(&self) -> Done<Arc<Namespace>> {
        self.space.namespace()
    }

    /// Where callbacks are called: on the lane of this thread, so that a program with several has no surprise.
    fn mailbox(&self) -> Done<(Arc<Server>, Arc<Mailbox>)> {
        let server = self.space.server()?;
        let lane = dispatch::lane_of(&server).unwrap_or(0);
        let mailbox = Arc::clone(server.mailbox(lane)?);
        Ok((server, mailbox))
    }
}

fn aim(target: Option<&pancar_target>) -> Done<Aim> {
    Ok(given(target, "target")?.0.lock().clone())
}

fn change(target: *mut pancar_target, change: impl FnOnce(&mut Aim) -> Done) -> pancar_status {
    guard(|| change(&mut shared(target, "target")?.0.lock()))
}

/// Everybody in a namespace; from a socket everybody else in its namespace. The caller frees what is written to `target`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_new(
    from: pancar_handle,
    target: Option<&mut MaybeUninit<Box<pancar_target>>>,
) -> pancar_status {
    guard(|| {
        let out = place(target, "target")?;
        let (space, except) = if kind_is(from, Kind::Socket) {
            let socket = handle::socket(from)?;
            let server = socket::state(&socket)?.server()?;
            (Arc::clone(Space::of(&server, socket.namespace())?), vec![socket.id().as_str().into()])
        } else {
            (handle::space(from)?, Vec::new())
        };
        space.namespace()?;
        let target = Target { rooms: Vec::new(), except };
        out.write(Box::new(pancar_target(Mutex::new(Aim { space, target, flags: Flags::default() }))));
        Ok(())
    })
}

/// One socket, for what is sent to it in another way than `pancar_emit` does. The caller frees what is written to `target`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_one(
    socket: pancar_socket,
    target: Option<&mut MaybeUninit<Box<pancar_target>>>,
) -> pancar_status {
    guard(|| {
        let out = place(target, "target")?;
        let socket = handle::socket(socket)?;
        let server = socket::state(&socket)?.server()?;
        let space = Arc::clone(Space::of(&server, socket.namespace())?);
        let flags = Flags { local: true, ..Flags::default() };
        out.write(Box::new(pancar_target(Mutex::new(Aim { space, target: Target::one(socket.id()), flags }))));
        Ok(())
    })
}

/// The same once more, to be changed independently. The caller frees what is written to `clone`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_clone(
    target: Option<&pancar_target>,
    clone: Option<&mut MaybeUninit<Box<pancar_target>>>,
) -> pancar_status {
    guard(|| {
        let out = place(clone, "clone")?;
        out.write(Box::new(pancar_target(Mutex::new(aim(target)?))));
        Ok(())
    })
}

/// Frees a target. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_free(target: Option<Box<pancar_target>>) {
    drop(target);
}

/// Adds the members of a room; without any room everybody is meant. The id of a socket is a room, too.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_to(target: *mut pancar_target, room: pancar_str) -> pancar_status {
    change(target, |aim| {
        aim.target.rooms.push(room.copied("room")?);
        Ok(())
    })
}

/// Leaves out the members of a room.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_except(target: *mut pancar_target, room: pancar_str) -> pancar_status {
    change(target, |aim| {
        aim.target.except.push(room.copied("room")?);
        Ok(())
    })
}

/// Only clients of this server.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_local(target: *mut pancar_target) -> pancar_status {
    change(target, |aim| {
        aim.flags.local = true;
        Ok(())
    })
}

/// What is sent may be lost where a client cannot take it now.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_volatile(target: *mut pancar_target) -> pancar_status {
    change(target, |aim| {
        aim.flags.volatile = true;
        Ok(())
    })
}

/// Whether what is sent may be compressed; it may by default.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_compress(target: *mut pancar_target, compress: bool) -> pancar_status {
    change(target, |aim| {
        aim.flags.no_compress = !compress;
        Ok(())
    })
}

/// How long answers are waited for, in milliseconds; 0 takes the option `ack_timeout`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_timeout(target: *mut pancar_target, timeout_ms: u64) -> pancar_status {
    change(target, |aim| {
        aim.flags.timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms));
        Ok(())
    })
}

/// Sends an event, as `pancar_emit`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_emit(
    target: Option<&pancar_target>,
    event: pancar_str,
    args: Option<&pancar_args>,
) -> pancar_status {
    guard(|| {
        let aim = aim(target)?;
        Ok(aim.namespace()?.emit(&aim.target, aim.flags, event.to_text("event")?, &payload_of(args)?)?)
    })
}

/// Sends an event and calls back once, inside dispatch, when every client has answered, timed out or left; each has its own
/// result. The callback is called on the lane that this was called in, else on the first.
///
/// Errors: `PANCAR_INVALID_NAME` for a reserved name; the callback is then not called.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_emit_with_ack(
    target: Option<&pancar_target>,
    event: pancar_str,
    args: Option<&pancar_args>,
    callback: pancar_answers_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let callback = taken(callback, user_data, destroy)?;
        let aim = aim(target)?;
        let (_, mailbox) = aim.mailbox()?;
        let done = Box::new(move |outcomes: Vec<AckOutcome>| {
            let tell = move || {
                let answers = pancar_answers::from(outcomes);
                (callback.call)(&raw const answers, callback.pointer());
            };
            mailbox.put(Event::Task(Task(Box::new(tell))));
        });
        let (event, args) = (event.to_text("event")?, payload_of(args)?);
        Ok(aim.namespace()?.emit_with_ack(&aim.target, aim.flags, event, &args, done)?)
    })
}

/// Puts the sockets into rooms.
///
/// Errors: the first of a socket, see `pancar_socket_join`; those that can have joined.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_join(
    target: Option<&pancar_target>,
    rooms: *const pancar_str,
    count: usize,
) -> pancar_status {
    guard(|| {
        let aim = aim(target)?;
        Ok(aim.namespace()?.sockets_join(&aim.target, aim.flags, &texts(rooms, count, "rooms")?)?)
    })
}

/// Takes the sockets out of rooms.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_leave(
    target: Option<&pancar_target>,
    rooms: *const pancar_str,
    count: usize,
) -> pancar_status {
    guard(|| {
        let aim = aim(target)?;
        aim.namespace()?.sockets_leave(&aim.target, aim.flags, &texts(rooms, count, "rooms")?);
        Ok(())
    })
}

/// Disconnects the sockets; with `close` their connections end, with their sockets in all namespaces.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_disconnect(target: Option<&pancar_target>, close: bool) -> pancar_status {
    guard(|| {
        let aim = aim(target)?;
        aim.namespace()?.disconnect_sockets(&aim.target, aim.flags, close);
        Ok(())
    })
}

/// Asks what is known of the sockets, on all servers of a cluster, and calls back once, inside dispatch, on the lane that this
/// was called in, else on the first.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_target_fetch(
    target: Option<&pancar_target>,
    callback: pancar_remotes_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let callback = taken(callback, user_data, destroy)?;
        let aim = aim(target)?;
        let (server, mailbox) = aim.mailbox()?;
        let fetched = aim.namespace()?.fetch_sockets(&aim.target, aim.flags);
        let fetch = Box::pin(async move {
            let found = fetched.await;
            let tell = move || match found {
                Ok(infos) => {
                    let remotes = pancar_remotes::from(infos);
                    (callback.call)(PANCAR_OK, &raw const remotes, callback.pointer());
                }
                Err(error) => {
                    (callback.call)(Failure::from(error).status(), std::ptr::null(), callback.pointer());
                }
            };
            mailbox.put(Event::Task(Task(Box::new(tell))));
        });
        Ok(signals::left_to_the_program(|| server.host.spawn(None, fetch))?)
    })
}
