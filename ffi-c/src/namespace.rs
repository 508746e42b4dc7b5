//! Namespaces: what listens in them, and what can be asked of them.

use crate::callback::Callback;
use crate::guard::{Done, Failure, guard};
use crate::handle::{self, SPACES, pancar_namespace, pancar_server, pancar_socket};
use crate::listeners::{List, Listeners, OnEvent, clear};
use crate::server::Server;
use crate::socket;
use crate::status::{PANCAR_CLOSED, PANCAR_INVALID_ARGUMENT, PANCAR_INVALID_NAME, PANCAR_NOT_FOUND, pancar_status};
use crate::text::{TextPlace, give, pancar_text};
use crate::view::{pancar_str, place};
use pancar_core::Text;
use pancar_core::host::{Namespace, Pattern, Target};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::{Arc, Weak};

pub(crate) type OnConnection = extern "C" fn(pancar_socket, *mut c_void) -> pancar_status;
pub(crate) type Middleware =
    extern "C" fn(pancar_socket, *mut crate::admission::pancar_admission, *mut c_void) -> pancar_status;

/// What a program keeps with a namespace, or with a dynamic one for those that it will make.
pub(crate) struct Space {
    handle: pancar_namespace,
    server: Weak<Server>,
    /// Nothing for a dynamic namespace.
    namespace: Option<Weak<Namespace>>,
    inherited: Option<Arc<Space>>,
    pub(crate) listeners: Listeners,
    pub(crate) connection: List<OnConnection>,
    pub(crate) middlewares: List<Middleware>,
    server_side: RwLock<HashMap<Text, Arc<Callback<OnEvent>>>>,
}

/// A space as the core keeps it; dropped with its namespace.
struct Kept(Arc<Space>);

impl Drop for Kept {
    fn drop(&mut self) {
        SPACES.remove(self.0.handle);
    }
}

impl Space {
    fn new(server: &Arc<Server>, namespace: Option<&Arc<Namespace>>, inherited: Option<Arc<Self>>) -> Arc<Self> {
        let space = Arc::new(Self {
            handle: SPACES.reserve(),
            server: Arc::downgrade(server),
            namespace: namespace.map(Arc::downgrade),
            inherited,
            listeners: Listeners::default(),
            connection: List::default(),
            middlewares: List::default(),
            server_side: RwLock::default(),
        });
        SPACES.insert(space.handle, Arc::clone(&space));
        space
    }

    /// That of a namespace, made at the first look.
    pub(crate) fn of<'a>(server: &Arc<Server>, namespace: &'a Arc<Namespace>) -> Done<&'a Arc<Self>> {
        let kept = namespace.local().get_or_init(|| {
            let inherited = namespace.parent().and_then(|parent| server.parent(parent));
            Arc::new(Kept(Self::new(server, Some(namespace), inherited)))
        });
        let kept = kept.downcast_ref::<Kept>().map(|kept| &kept.0);
        kept.ok_or_else(|| Failure::new(PANCAR_CLOSED, "the namespace is not known"))
    }

    pub(crate) fn handle(&self) -> pancar_namespace {
        self.handle
    }

    pub(crate) fn server(&self) -> Done<Arc<Server>> {
        self.server.upgrade().ok_or_else(|| Failure::new(PANCAR_CLOSED, "the server has been freed"))
    }

    pub(crate) fn is_of(&self, server: &Arc<Server>) -> bool {
        std::ptr::eq(self.server.as_ptr(), Arc::as_ptr(server))
    }

    /// The namespace itself; a dynamic one is none.
    pub(crate) fn namespace(&self) -> Done<Arc<Namespace>> {
        let dynamic = || {
            Failure::new(
                PANCAR_INVALID_ARGUMENT,
                "a dynamic namespace has no sockets of its own: callbacks can be set on it",
            )
        };
        let namespace = self.namespace.as_ref().ok_or_else(dynamic)?;
        // Threads that are ending may hold it for a moment longer than its server.
        let freed = self.server.upgrade().is_none_or(|server| server.is_freed());
        let namespace = namespace.upgrade().filter(|_| !freed);
        namespace.ok_or_else(|| Failure::new(PANCAR_CLOSED, "the namespace is gone"))
    }

    /// The space and the one from which it inherits, that one first.
    pub(crate) fn levels(&self) -> impl Iterator<Item = &Self> {
        self.inherited.as_deref().into_iter().chain([self])
    }

    pub(crate) fn watches_outgoing(&self) -> bool {
        self.levels().any(|space| space.listeners.watches_outgoing())
    }

    /// Sockets that joined before somebody wanted to know what is sent to them.
    pub(crate) fn watch_all(&self) {
        if let Ok(namespace) = self.namespace() {
            namespace.sockets(&Target::everyone()).iter().for_each(|socket| socket.watch_outgoing(true));
        }
    }

    pub(crate) fn on_server_side(&self, event: Text, callback: Callback<OnEvent>) {
        let before = self.server_side.write().insert(event, Arc::new(callback));
        drop(before);
    }

    pub(crate) fn server_side(&self, event: &str) -> Option<Arc<Callback<OnEvent>>> {
        let find = |space: &Self| space.server_side.read().get(event).cloned();
        find(self).or_else(|| self.inherited.as_deref().and_then(find))
    }

    /// Lets go of all callbacks.
    pub(crate) fn clear(&self) {
        self.listeners.clear();
        clear(&self.connection);
        clear(&self.middlewares);
        let server_side = std::mem::take(&mut *self.server_side.write());
        drop(server_side);
    }
}

/// The namespace of a name, made where there is none. The handle lives as long as the server.
///
/// Errors: `PANCAR_INVALID_NAME` for a name that no client could send; it begins with `/`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_of(
    server: pancar_server,
    name: pancar_str,
    ns: Option<&mut MaybeUninit<pancar_namespace>>,
) -> pancar_status {
    guard(|| {
        let out = place(ns, "ns")?;
        let server = handle::server(server)?;
        let namespace = server.host.of(name.to_text("name")?)?;
        out.write(Space::of(&server, &namespace)?.handle);
        Ok(())
    })
}

/// A dynamic namespace: every name of a pattern, such as `/room-{id}`, where `{…}` stands for one or more characters other
/// than `/`. A namespace is made when the first client asks for it, and has all callbacks that were set on `ns`; it is
/// `pancar_event_namespace` or `pancar_socket_namespace` that tell which one it is.
///
/// Errors: `PANCAR_INVALID_NAME` for what is no pattern.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_of_pattern(
    server: pancar_server,
    pattern: pancar_str,
    ns: Option<&mut MaybeUninit<pancar_namespace>>,
) -> pancar_status {
    guard(|| {
        let out = place(ns, "ns")?;
        let server = handle::server(server)?;
        let text = pattern.to_text("pattern")?;
        let bad = || {
            Failure::new(PANCAR_INVALID_NAME, format!("`{text}` is no pattern: allowed is a text such as /room-{{id}}"))
        };
        let pattern = Pattern::parse(text).ok_or_else(bad)?;
        let space = Space::new(&server, None, None);
        server.add_parent(|| server.host.of_pattern(pattern), Arc::clone(&space));
        out.write(space.handle);
        Ok(())
    })
}

/// A dynamic namespace whose names a callback knows; see `pancar_of_pattern`. The callback is called inside dispatch (lane 0)
/// for every name that no namespace has.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_of_matching(
    server: pancar_server,
    callback: crate::callback::pancar_match_fn,
    user_data: *mut c_void,
    destroy: crate::callback::pancar_destroy_fn,
    ns: Option<&mut MaybeUninit<pancar_namespace>>,
) -> pancar_status {
    guard(|| {
        let callback = crate::callback::taken(callback, user_data, destroy)?;
        let out = place(ns, "ns")?;
        let server = handle::server(server)?;
        let space = Space::new(&server, None, None);
        let matcher = space.handle;
        server.add_matcher(matcher, callback);
        server.add_parent(|| server.host.of_matching(matcher), Arc::clone(&space));
        out.write(space.handle);
        Ok(())
    })
}

/// The name of a namespace. The caller frees what is written to `name`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_namespace_name(
    ns: pancar_namespace,
    name: Option<&mut MaybeUninit<Box<pancar_text>>>,
) -> pancar_status {
    let name: TextPlace<'_> = name;
    give(name, "name", || Ok(handle::space(ns)?.namespace()?.name().to_string()))
}

/// Number of sockets and of rooms of this server, the room of each socket's own included. Either place may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_namespace_counts(
    ns: pancar_namespace,
    sockets: Option<&mut MaybeUninit<usize>>,
    rooms: Option<&mut MaybeUninit<usize>>,
) -> pancar_status {
    guard(|| {
        let namespace = handle::space(ns)?.namespace()?;
        if let Some(sockets) = sockets {
            sockets.write(namespace.sockets_count());
        }
        if let Some(rooms) = rooms {
            rooms.write(namespace.rooms_count());
        }
        Ok(())
    })
}

/// The socket of an id, on this server.
///
/// Errors: `PANCAR_NOT_FOUND` where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_namespace_find(
    ns: pancar_namespace,
    id: pancar_str,
    socket: Option<&mut MaybeUninit<pancar_socket>>,
) -> pancar_status {
    guard(|| {
        let out = place(socket, "socket")?;
        let space = handle::space(ns)?;
        let id = id.to_text("id")?;
        let target = Target { rooms: vec![id.into()], except: Vec::new() };
        let found = space.namespace()?.sockets(&target).into_iter().find(|socket| socket.id().as_str() == id);
        let missing = || Failure::new(PANCAR_NOT_FOUND, format!("there is no socket {id}"));
        out.write(socket::state_of(&space.server()?, &found.ok_or_else(missing)?)?.handle());
        Ok(())
    })
}
