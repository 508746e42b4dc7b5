//! A server of the program.

use crate::args::pancar_args;
use crate::callback::{Callback, pancar_destroy_fn, pancar_task_fn, taken};
use crate::config::pancar_config;
use crate::dispatch;
use crate::guard::{Done, Failure, guard, value_or};
use crate::handle::{self, Kind, REPLIES, SERVERS, SOCKETS, SPACES, TOKENS, kind_is, pancar_handle, pancar_server};
use crate::lane::Lane;
use crate::namespace::Space;
use crate::signals;
use crate::socket;
use crate::status::{PANCAR_NOT_FOUND, pancar_status};
use crate::view::{pancar_bytes, pancar_str, place};
use pancar_core::host::{self, Bell, Mailbox, Task};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd as _, IntoRawFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) type OnMatch = extern "C" fn(pancar_str, *const pancar_args, *mut c_void) -> bool;

/// What stands behind the handle of a server.
pub(crate) struct Server {
    handle: pancar_server,
    pub(crate) host: host::Server,
    lanes: Vec<Lane>,
    /// Dynamic namespaces by the numbers that the core gave them.
    parents: RwLock<Vec<(usize, Arc<Space>)>>,
    matchers: RwLock<HashMap<u64, Arc<Callback<OnMatch>>>>,
    freed: AtomicBool,
    /// Held by who looks whether all lanes have been left.
    leaving: Mutex<()>,
}

impl Server {
    fn new(config: Option<&pancar_config>) -> Done<Arc<Self>> {
        let options = config.map(|config| config.0.lock().clone()).unwrap_or_default();
        let lanes: Vec<Lane> = (0..options.lane_count()).map(|_| Lane::default()).collect();
        let mut bells = lanes.iter().map(|lane| {
            let bell = Arc::clone(lane.bell());
            Box::new(move || bell.ring()) as Bell
        });
        let first = bells.next().ok_or_else(|| Failure::argument("a server needs a lane"))?;
        let host = host::Server::with_lanes(options.config, Default::default(), first, bells.collect())?;
        Ok(Arc::new(Self {
            handle: SERVERS.reserve(),
            host,
            lanes,
            parents: RwLock::default(),
            matchers: RwLock::default(),
            freed: AtomicBool::new(false),
            leaving: Mutex::new(()),
        }))
    }

    pub(crate) fn main(self: &Arc<Self>) -> Done<Arc<Space>> {
        Ok(Arc::clone(Space::of(self, &self.host.of("/")?)?))
    }

    pub(crate) fn is_freed(&self) -> bool {
        self.freed.load(Ordering::Acquire)
    }

    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    pub(crate) fn lane(&self, lane: usize) -> Done<&Lane> {
        let count = self.lanes.len();
        let missing = || Failure::new(PANCAR_NOT_FOUND, format!("there is no lane {lane}: the server has {count}"));
        self.lanes.get(lane).ok_or_else(missing)
    }

    pub(crate) fn mailbox(&self, lane: usize) -> Done<&Arc<Mailbox>> {
        self.host.lanes().get(lane).ok_or_else(|| Failure::new(PANCAR_NOT_FOUND, "there is no such lane"))
    }

    pub(crate) fn parent(&self, number: usize) -> Option<Arc<Space>> {
        let parents = self.parents.read();
        parents.iter().find(|(known, _)| *known == number).map(|(_, space)| Arc::clone(space))
    }

    /// Adds a dynamic namespace. Its space is known before a client can ask for it.
    pub(crate) fn add_parent(&self, add: impl FnOnce() -> usize, space: Arc<Space>) {
        let mut parents = self.parents.write();
        parents.push((add(), space));
    }

    pub(crate) fn add_matcher(&self, number: u64, callback: Callback<OnMatch>) {
        self.matchers.write().insert(number, Arc::new(callback));
    }

    pub(crate) fn matcher(&self, number: u64) -> Option<Arc<Callback<OnMatch>>> {
        self.matchers.read().get(&number).cloned()
    }

    /// Lets go of everything that the program gave, unless a thread still is inside of a callback: then that one does.
    pub(crate) fn forget_when_left(self: &Arc<Self>) {
        let _leaving = self.leaving.lock();
        let lanes: Vec<_> = self.lanes.iter().map(Lane::take).collect();
        if lanes.iter().all(Result::is_ok) {
            self.forget();
        }
    }

    /// Lets go of everything that the program gave.
    fn forget(self: &Arc<Self>) {
        for socket in SOCKETS.remove_all(|socket| socket::state(socket).is_ok_and(|state| state.is_of(self))) {
            if let Ok(state) = socket::state(&socket) {
                state.forget();
            }
        }
        drop(TOKENS.remove_all(|token| token.lock().is_of(self)));
        for space in SPACES.remove_all(|space| space.is_of(self)) {
            space.clear();
        }
        let matchers = std::mem::take(&mut *self.matchers.write());
        drop(matchers);
    }
}

/// Makes a server, which listens nowhere yet. NULL for `config` means all defaults; it is read during the call. The caller
/// frees the server with `pancar_server_free`.
///
/// Errors: `PANCAR_INVALID_OPTION` for options that do not go together.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_new(
    config: Option<&pancar_config>,
    server: Option<&mut MaybeUninit<pancar_server>>,
) -> pancar_status {
    guard(|| {
        let out = place(server, "server")?;
        let server = Server::new(config)?;
        SERVERS.insert(server.handle, Arc::clone(&server));
        out.write(server.handle);
        Ok(())
    })
}

/// Frees a server and everything in it; no callback is called any more, all user data are destroyed. A server that has not
/// been closed is closed first: clients are told. The call waits for that, up to the option `close_timeout`, and for callbacks
/// that run on other threads. Inside of a callback it does not wait: dispatch returns `PANCAR_CLOSED` after that callback, and
/// user data are destroyed before it returns. 0, and a handle that has been freed, do nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_free(server: pancar_server) {
    guard(|| {
        let Some(server) = SERVERS.remove(server) else { return Ok(()) };
        server.freed.store(true, Ordering::Release);
        signals::left_to_the_program(|| server.host.close());
        server.lanes.iter().for_each(|lane| lane.bell().ring());
        if dispatch::lane_of(&server).is_none() {
            server.lanes.iter().for_each(Lane::wait_until_left);
            server.host.wait_closed();
            server.forget_when_left();
        }
        Ok(())
    });
}

/// Listens on an address: `127.0.0.1:3000`, `[::1]:0`, or `unix:` and a path. Port 0 is any free one; the port that was
/// bound goes to `port`, which may be NULL (0 for a Unix socket). A server may listen on several addresses.
///
/// Errors: `PANCAR_INVALID_OPTION` for what is no address, `PANCAR_IO` when it cannot be had, `PANCAR_CLOSED`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_listen(
    server: pancar_server,
    address: pancar_str,
    port: Option<&mut MaybeUninit<u16>>,
) -> pancar_status {
    guard(|| {
        let server = handle::server(server)?;
        let address = address.to_text("address")?;
        let bound = signals::left_to_the_program(|| match address.strip_prefix("unix:") {
            Some(path) => server.host.listen_unix(Path::new(path)).map(|()| 0),
            None => server.host.listen(address).map(|bound| bound.port()),
        })?;
        if let Some(port) = port {
            port.write(bound);
        }
        Ok(())
    })
}

/// Listens on a TCP address with TLS, for `https` and `wss`. Certificates and key are PEM; the chain begins with the server's
/// own certificate. Otherwise as `pancar_server_listen`.
///
/// Errors: as there, and `PANCAR_TLS` for certificates or a key that cannot be used.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_listen_tls(
    server: pancar_server,
    address: pancar_str,
    certificates_pem: pancar_str,
    key_pem: pancar_str,
    port: Option<&mut MaybeUninit<u16>>,
) -> pancar_status {
    guard(|| {
        let server = handle::server(server)?;
        let address = address.to_text("address")?;
        let certificates = certificates_pem.to_text("certificates_pem")?.as_bytes();
        let key = key_pem.to_text("key_pem")?.as_bytes();
        let bound = signals::left_to_the_program(|| server.host.listen_tls(address, certificates, key))?;
        if let Some(port) = port {
            port.write(bound.port());
        }
        Ok(())
    })
}

/// Hands over a TCP connection that the program accepted, with the bytes of HTTP that it has read from it already, and serves
/// it at full speed: so a program can serve pages of its own on the same port. On success `fd` belongs to the server.
///
/// Errors: `PANCAR_IO` when it is no connected socket, `PANCAR_CLOSED`; `fd` then still belongs to the caller.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_adopt(server: pancar_server, fd: i32, read_already: pancar_bytes) -> pancar_status {
    guard(|| {
        let server = handle::server(server)?;
        let head = read_already.copied("read_already")?;
        if fd < 0 {
            return Err(Failure::argument(format!("{fd} is no file descriptor")));
        }
        // SAFETY: the caller owns the descriptor and gives it away, unless this fails.
        let stream = std::net::TcpStream::from(unsafe { OwnedFd::from_raw_fd(fd) });
        let kept = match stream.try_clone() {
            Ok(kept) => kept,
            Err(cause) => {
                // It stays the caller's.
                let _ = stream.into_raw_fd();
                let error = pancar_core::Error::new(pancar_core::ErrorKind::Io, "the connection cannot be used");
                return Err(error.with_source(cause).into());
            }
        };
        let adopted = signals::left_to_the_program(|| server.host.adopt(kept, head));
        if adopted.is_err() {
            let _ = stream.into_raw_fd();
        }
        Ok(adopted?)
    })
}

/// Closes the server: it stops accepting, tells every client, and sends what waits, up to the option `close_timeout`. Returns
/// at once; when all has been dispatched `pancar_server_run` returns, and dispatch `PANCAR_CLOSED`. Closing twice is no error. Any
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_close(server: pancar_server) -> pancar_status {
    guard(|| {
        let server = handle::server(server)?;
        signals::left_to_the_program(|| server.host.close());
        Ok(())
    })
}

/// On how many threads the program may dispatch: the number of lanes. 0 for a handle that has been freed.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_lanes(server: pancar_server) -> usize {
    value_or(0, || Ok(handle::server(server)?.lanes.len()))
}

/// Figures of a server, filled by `pancar_server_stats`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct pancar_stats {
    /// `sizeof(pancar_stats)`, as `PANCAR_STATS_INIT` sets it: fields beyond are not written.
    pub size: usize,
    /// Connections, whatever namespaces they are in.
    pub clients: usize,
    /// Events that wait to be dispatched, in all lanes.
    pub waiting_events: usize,
}

/// Writes figures of the server to `stats`, whose `size` must be set: begin with `PANCAR_STATS_INIT`.
///
/// Errors: `PANCAR_INVALID_ARGUMENT` when the size is none of a version of the struct.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_stats(server: pancar_server, stats: Option<&mut pancar_stats>) -> pancar_status {
    guard(|| {
        let stats = stats.ok_or_else(|| Failure::null("stats"))?;
        let server = handle::server(server)?;
        if stats.size != size_of::<pancar_stats>() {
            return Err(Failure::argument(format!("`size` cannot be {}: begin with PANCAR_STATS_INIT", stats.size)));
        }
        stats.clients = server.host.clients_count();
        stats.waiting_events = server.host.lanes().all().map(|mailbox| mailbox.len()).sum();
        Ok(())
    })
}

/// Calls a task inside dispatch: on the lane of a socket, else on the first one. In order with the events of that lane. This is
/// how another thread of a program gets something done where its callbacks run.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_post(
    at: pancar_handle,
    task: pancar_task_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let task = task_of(taken(task, user_data, destroy)?);
        let (server, lane, _) = whereabouts(at)?;
        server.mailbox(lane)?.put(host::Event::Task(task));
        Ok(())
    })
}

/// As `pancar_post`, when a delay (milliseconds) is over. A server that closes before that destroys the user data and does not
/// call.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_post_after(
    at: pancar_handle,
    delay_ms: u64,
    task: pancar_task_fn,
    user_data: *mut c_void,
    destroy: pancar_destroy_fn,
) -> pancar_status {
    guard(|| {
        let task = host::Event::Task(task_of(taken(task, user_data, destroy)?));
        let (server, lane, socket) = whereabouts(at)?;
        let delay = Duration::from_millis(delay_ms);
        let mailbox = server.mailbox(lane)?;
        Ok(signals::left_to_the_program(|| server.host.post_after(socket.as_deref(), mailbox, delay, task))?)
    })
}

/// The server of a socket or of a namespace.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_of(
    of: pancar_handle,
    server: Option<&mut MaybeUninit<pancar_server>>,
) -> pancar_status {
    guard(|| {
        let out = place(server, "server")?;
        let (server, _, _) = whereabouts(of)?;
        out.write(server.handle);
        Ok(())
    })
}

fn task_of(callback: Callback<extern "C" fn(*mut c_void)>) -> Task {
    Task(Box::new(move || (callback.call)(callback.pointer())))
}

/// The server and the lane of whatever a handle is one of.
fn whereabouts(at: pancar_handle) -> Done<(Arc<Server>, usize, Option<Arc<host::Socket>>)> {
    if kind_is(at, Kind::Socket) {
        let socket = handle::socket(at)?;
        let state = socket::state(&socket)?;
        let (server, lane) = (state.server()?, state.lane());
        return Ok((server, lane, Some(socket)));
    }
    Ok((handle::space(at)?.server()?, 0, None))
}

/// Replies of other servers are answered while their callback runs.
pub(crate) fn lend_reply<T>(reply: Option<host::Reply>, call: impl FnOnce(pancar_handle) -> T) -> T {
    let Some(reply) = reply else { return call(0) };
    let handle = REPLIES.reserve();
    REPLIES.insert(handle, Arc::new(Mutex::new(Some(reply))));
    let result = call(handle);
    REPLIES.remove(handle);
    result
}

/// The number of the interface, `PANCAR_ABI_VERSION` of the header that it was built with.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_abi_version() -> u32 {
    value_or(0, || Ok(PANCAR_ABI_VERSION))
}

/// The version of the library, NUL-terminated, with static life.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_version() -> *const std::ffi::c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The number of the interface: it changes when a function, a number or a struct of this header changes its meaning or goes.
/// New ones come without a new number.
pub const PANCAR_ABI_VERSION: u32 = 1;
