//! One client in one namespace.

use crate::args::pancar_args;
use crate::callback::{UserData, pancar_destroy_fn};
use crate::guard::{Done, Failure, guard, value_or};
use crate::handle::{self, SOCKETS, pancar_namespace, pancar_socket};
use crate::listeners::Listeners;
use crate::namespace::Space;
use crate::server::Server;
use crate::status::{PANCAR_CLOSED, PANCAR_NOT_FOUND, pancar_status};
use crate::text::{TextPlace, give, list_of, pancar_list, pancar_text};
use crate::view::{pancar_str, place, texts};
use pancar_core::host::{JsonData, Socket};
use pancar_core::{Payload, Text};
use parking_lot::Mutex;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::{Arc, Weak};

/// What a program keeps with a socket.
pub(crate) struct State {
    handle: pancar_socket,
    server: Weak<Server>,
    lane: usize,
    pub(crate) listeners: Listeners,
    user_data: Mutex<Option<UserData>>,
    /// Its rooms, while callbacks are told that it leaves them.
    leaving: Mutex<Vec<Text>>,
}

impl State {
    pub(crate) fn handle(&self) -> pancar_socket {
        self.handle
    }

    pub(crate) fn lane(&self) -> usize {
        self.lane
    }

    pub(crate) fn server(&self) -> Done<Arc<Server>> {
        self.server.upgrade().ok_or_else(|| Failure::new(PANCAR_CLOSED, "the server has been freed"))
    }

    pub(crate) fn set_leaving(&self, rooms: Vec<Text>) {
        *self.leaving.lock() = rooms;
    }

    pub(crate) fn is_of(&self, server: &Arc<Server>) -> bool {
        std::ptr::eq(self.server.as_ptr(), Arc::as_ptr(server))
    }

    /// The socket is gone for good.
    pub(crate) fn forget(&self) {
        SOCKETS.remove(self.handle);
        self.release();
    }

    /// The socket has left: lets go of callbacks and data.
    pub(crate) fn release(&self) {
        self.listeners.clear();
        let user_data = self.user_data.lock().take();
        drop(user_data);
    }
}

/// What the program keeps with a socket, made at the first look.
pub(crate) fn state_of<'a>(server: &Arc<Server>, socket: &'a Arc<Socket>) -> Done<&'a State> {
    socket.local().get_or_init(|| {
        let handle = SOCKETS.reserve();
        SOCKETS.insert(handle, Arc::clone(socket));
        Arc::new(State {
            handle,
            server: Arc::downgrade(server),
            lane: server.host.lane_of(socket),
            listeners: Listeners::default(),
            user_data: Mutex::default(),
            leaving: Mutex::default(),
        })
    });
    state(socket)
}

/// As above, where it has been made; sockets that have a handle have one.
pub(crate) fn state(socket: &Socket) -> Done<&State> {
    let made = socket.local().get().and_then(|made| made.downcast_ref());
    made.ok_or_else(|| Failure::new(PANCAR_CLOSED, "the socket is not known"))
}

/// The id that others may know. The caller frees what is written to `id`.
///
/// Errors, here and in all functions of a socket: `PANCAR_DISCONNECTED` when it is gone, which it is once the callbacks of
/// `pancar_on_disconnect` have returned. (With the option `connection_state_recovery` a client that may come back can still be
/// sent to: it gets that when it is back.) Any thread, likewise in all.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_id(
    socket: pancar_socket,
    id: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let id: TextPlace<'_> = id;
    give(id, "id", || Ok(handle::socket(socket)?.id().to_string()))
}

/// The namespace.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_namespace(
    socket: pancar_socket,
    ns: Option<&mut MaybeUninit<pancar_namespace>>,
) -> pancar_status {
    guard(|| {
        let out = place(ns, "ns")?;
        let socket = handle::socket(socket)?;
        out.write(Space::of(&state(&socket)?.server()?, socket.namespace())?.handle());
        Ok(())
    })
}

/// Whether the socket has joined and not left.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_connected(socket: pancar_socket) -> bool {
    value_or(false, || Ok(handle::socket(socket)?.is_connected()))
}

/// Whether the socket continues an earlier session, see the option `connection_state_recovery`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_recovered(socket: pancar_socket) -> bool {
    value_or(false, || Ok(handle::socket(socket)?.is_recovered()))
}

/// The transport in use: `polling` or `websocket`. The caller frees what is written to `transport`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_transport(
    socket: pancar_socket,
    transport: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let transport: TextPlace<'_> = transport;
    give(transport, "transport", || Ok(handle::socket(socket)?.peer().transport().as_str().to_owned()))
}

/// The handshake as a JSON object in the form of the official server: `headers`, `time`, `address`, `xdomain`, `secure`,
/// `issued` (milliseconds since 1970), `url`, `query`, `auth`. The caller frees what is written to `json`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_handshake(
    socket: pancar_socket,
    json: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let json: TextPlace<'_> = json;
    give(json, "json", || {
        let socket = handle::socket(socket)?;
        Ok(socket.handshake().to_json(socket.auth()).to_string())
    })
}

/// The credentials that the client sent, as the only argument; `{}` when it sent none. The caller frees what is written to
/// `auth`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_auth(
    socket: pancar_socket,
    auth: Option<&mut MaybeUninit<Box<pancar_args>>>,
) -> pancar_status {
    guard(|| {
        let out = place(auth, "auth")?;
        let socket = handle::socket(socket)?;
        let one = format!("[{}]", socket.auth());
        let payload = Payload::from_json_array(one, Vec::new(), crate::args::MAX_DEPTH + 1)?;
        out.write(Box::new(payload.into()));
        Ok(())
    })
}

/// A header of the request that opened the connection; the case of its name does not matter. The caller frees what is
/// written to `value`.
///
/// Errors: `PANCAR_NOT_FOUND` where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_header(
    socket: pancar_socket,
    name: pancar_str,
    value: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let value: TextPlace<'_> = value;
    give(value, "value", || {
        let name = name.to_text("name")?;
        let socket = handle::socket(socket)?;
        let found = socket.handshake().header(name).map(str::to_owned);
        found.ok_or_else(|| Failure::new(PANCAR_NOT_FOUND, format!("there is no header {name}")))
    })
}

/// A parameter of the query of the request that opened the connection. The caller frees what is written to `value`.
///
/// Errors: `PANCAR_NOT_FOUND` where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_query(
    socket: pancar_socket,
    name: pancar_str,
    value: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let value: TextPlace<'_> = value;
    give(value, "value", || {
        let name = name.to_text("name")?;
        let socket = handle::socket(socket)?;
        let found = socket.handshake().query().filter(|(key, _)| key == name).last();
        found
            .map(|(_, value)| value)
            .ok_or_else(|| Failure::new(PANCAR_NOT_FOUND, format!("there is no parameter {name}")))
    })
}

/// The address of the client, such as `192.0.2.1`; behind a trusted proxy the one that the proxy names, empty where there is
/// none (Unix sockets). The caller frees what is written to `address`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_address(
    socket: pancar_socket,
    address: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let address: TextPlace<'_> = address;
    give(address, "address", || {
        let address = handle::socket(socket)?.handshake().address;
        Ok(address.map(|address| address.to_string()).unwrap_or_default())
    })
}

/// Puts the socket into rooms: all of them, or none when it fails.
///
/// Errors: `PANCAR_INVALID_NAME` for a name that is too long, `PANCAR_LIMIT_EXCEEDED` past `max_rooms_per_socket`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_join(socket: pancar_socket, rooms: *const pancar_str, count: usize) -> pancar_status {
    guard(|| Ok(handle::socket(socket)?.join(&texts(rooms, count, "rooms")?)?))
}

/// Takes the socket out of a room; it need not be in it.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_leave(socket: pancar_socket, room: pancar_str) -> pancar_status {
    guard(|| {
        handle::socket(socket)?.leave(room.to_text("room")?);
        Ok(())
    })
}

/// The rooms that the socket is in, that of its own id included; in a callback of `pancar_on_disconnecting` those that it
/// leaves. The caller frees what is written to `rooms`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_rooms(
    socket: pancar_socket,
    rooms: Option<&mut MaybeUninit<Box<pancar_list>>>,
) -> pancar_status {
    guard(|| {
        let out = place(rooms, "rooms")?;
        let socket = handle::socket(socket)?;
        let leaving = state(&socket)?.leaving.lock().clone();
        out.write(list_of(if leaving.is_empty() { socket.rooms() } else { leaving }));
        Ok(())
    })
}

/// Disconnects the socket. With `close` the whole connection ends, with the client's sockets in all namespaces. The callbacks
/// are called by dispatch later.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_disconnect(socket: pancar_socket, close: bool) -> pancar_status {
    guard(|| {
        handle::socket(socket)?.disconnect(close);
        Ok(())
    })
}

/// Sets the data of the socket: one JSON value in place of what was there. It is shown to all servers of a cluster by
/// `pancar_target_fetch`, and kept by connection state recovery.
///
/// Errors: `PANCAR_ENCODE` for what is no JSON.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_set_data(socket: pancar_socket, json: pancar_str) -> pancar_status {
    guard(|| {
        let socket = handle::socket(socket)?;
        socket.set_data(Some(Arc::new(JsonData::new(json.copied("json")?)?)));
        Ok(())
    })
}

/// The data of the socket as JSON text, `{}` at first. The caller frees what is written to `json`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_data(
    socket: pancar_socket,
    json: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let json: TextPlace<'_> = json;
    give(json, "json", || Ok(handle::socket(socket)?.data_json().to_string()))
}

/// Keeps a pointer of the program with the socket, in place of the one that was there. `destroy` gets it when it is replaced
/// or when the socket is gone, after the callbacks of `pancar_on_disconnect`; also when this call fails.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_set_user_data(
    socket: pancar_socket,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let data = UserData::new(user_data, destroy);
        let socket = handle::socket(socket)?;
        let before = state(&socket)?.user_data.lock().replace(data);
        drop(before);
        Ok(())
    })
}

/// The pointer that `pancar_socket_set_user_data` keeps with the socket; NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_user_data(socket: pancar_socket) -> *mut c_void {
    value_or(std::ptr::null_mut(), || {
        let socket = handle::socket(socket)?;
        let data = state(&socket)?.user_data.lock();
        Ok(data.as_ref().map_or(std::ptr::null_mut(), UserData::pointer))
    })
}

/// Bytes that wait to be taken by the client.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_socket_queued(socket: pancar_socket, bytes: Option<&mut MaybeUninit<usize>>) -> pancar_status {
    guard(|| {
        let out = place(bytes, "bytes")?;
        out.write(handle::socket(socket)?.peer().link().buffered_bytes());
        Ok(())
    })
}
