//! The hub: every connection and every namespace of a server.

use crate::config::Config;
use crate::error::{Error, ErrorKind, Reason, Result};
use crate::hub::adapter::{Adapter, InMemory};
use crate::hub::event::{Event, Sink};
use crate::hub::namespace::{Expected, Namespace};
use crate::hub::pattern::Pattern;
use crate::hub::peer::Peer;
use crate::hub::shard::{BoxFuture, Shard};
use crate::ids::Sid;
use crate::payload::Payload;
use crate::proto::session::Close;
use crate::wire::text::Text;
use parking_lot::{Mutex, RwLock};
use std::any::Any;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Decides whether a dynamic namespace takes a name, given the credentials of the client.
pub type Predicate = Arc<dyn Fn(&str, &Payload) -> BoxFuture<bool> + Send + Sync>;

/// Which names a dynamic namespace takes.
#[derive(Clone)]
pub enum Matcher {
    /// Those of a pattern.
    Pattern(Pattern),
    /// Those that a function lets pass.
    Predicate(Predicate),
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pattern(pattern) => f.debug_tuple("Pattern").field(&pattern.as_str()).finish(),
            Self::Predicate(_) => f.write_str("Predicate"),
        }
    }
}

/// Why a new connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The server is closing.
    Closing,
    /// A limit on connections is reached.
    Limit(&'static str),
}

/// Why a connection could not be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its id is that of another one.
    IdTaken,
    /// There is no room for it any more.
    Full(Full),
}

#[derive(Default)]
struct Sessions {
    by_sid: HashMap<Sid, Arc<Peer>>,
    by_address: HashMap<IpAddr, usize>,
}

/// Every connection and every namespace of a server.
pub struct Hub {
    config: Config,
    socket_io: bool,
    sink: OnceLock<Arc<dyn Sink>>,
    adapter: Arc<dyn Adapter>,
    sessions: Mutex<Sessions>,
    unjoined: AtomicUsize,
    namespaces: RwLock<HashMap<Text, Arc<Namespace>>>,
    children: AtomicUsize,
    parents: RwLock<Vec<Matcher>>,
    shards: RwLock<Vec<Arc<Shard>>>,
    turn: AtomicUsize,
    closing: AtomicBool,
    main: Arc<Namespace>,
    /// What the face of a language keeps with the hub.
    owner: OnceLock<Weak<dyn Any + Send + Sync>>,
    me: Weak<Self>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("socket_io", &self.socket_io).finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub with a configuration that has been checked.
    pub fn new(config: Config, socket_io: bool, adapter: Option<Arc<dyn Adapter>>) -> Arc<Self> {
        Arc::new_cyclic(|me| {
            let main = Namespace::new(Text::from_static("/"), None, me, &config);
            let namespaces = HashMap::from([(main.name().clone(), Arc::clone(&main))]);
            Self {
                config,
                socket_io,
                sink: OnceLock::new(),
                adapter: adapter.unwrap_or_else(|| Arc::new(InMemory)),
                sessions: Mutex::default(),
                unjoined: AtomicUsize::new(0),
                namespaces: RwLock::new(namespaces),
                children: AtomicUsize::new(0),
                parents: RwLock::default(),
                shards: RwLock::default(),
                turn: AtomicUsize::new(0),
                closing: AtomicBool::new(false),
                main,
                owner: OnceLock::new(),
                me: me.clone(),
            }
        })
    }

    /// The main namespace.
    pub fn main(&self) -> Arc<Namespace> {
        Arc::clone(&self.main)
    }

    /// What the face of a language keeps with the hub, while it lives.
    pub fn owner(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.owner.get()?.upgrade()
    }

    /// Sets what the face of a language keeps with the hub; the first call counts.
    pub fn set_owner(&self, owner: Weak<dyn Any + Send + Sync>) {
        self.owner.set(owner).ok();
    }

    /// The options.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether Socket.IO is spoken, and not Engine.IO alone.
    pub fn speaks_socket_io(&self) -> bool {
        self.socket_io
    }

    /// Sets where events go; the first call counts.
    pub fn set_sink(&self, sink: Arc<dyn Sink>) {
        self.sink.set(sink).ok();
    }

    /// Where events go.
    pub fn sink(&self) -> &dyn Sink {
        struct Nowhere;
        impl Sink for Nowhere {
            fn push(&self, _event: Event) {}
        }
        self.sink.get().map_or(&Nowhere, |sink| &**sink)
    }

    /// What ties this server to others.
    pub fn adapter(&self) -> &Arc<dyn Adapter> {
        &self.adapter
    }

    /// Adds a worker's share.
    pub fn add_shard(&self, shard: Arc<Shard>) {
        self.shards.write().push(shard);
    }

    /// Takes a worker's share away; its connections are closed by whoever ran it.
    pub fn remove_shard(&self, shard: &Arc<Shard>) {
        self.shards.write().retain(|known| !Arc::ptr_eq(known, shard));
    }

    /// All shares.
    pub fn shards(&self) -> Vec<Arc<Shard>> {
        self.shards.read().clone()
    }

    /// A share for a new connection, in turn.
    pub fn shard(&self) -> Option<Arc<Shard>> {
        let shards = self.shards.read();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        shards.get(turn % shards.len().max(1)).cloned()
    }

    /// Whether a new connection from an address may be taken.
    pub fn admit(&self, address: Option<IpAddr>) -> Result<(), Full> {
        self.check_limits(&self.sessions.lock(), address)
    }

    fn check_limits(&self, sessions: &Sessions, address: Option<IpAddr>) -> Result<(), Full> {
        if self.is_closing() {
            return Err(Full::Closing);
        }
        if self.unjoined.load(Ordering::Relaxed) >= self.config.max_unjoined && self.socket_io {
            return Err(Full::Limit("max_unjoined"));
        }
        if self.config.max_connections.is_some_and(|limit| sessions.by_sid.len() >= limit) {
            return Err(Full::Limit("max_connections"));
        }
        let from = address.and_then(|address| sessions.by_address.get(&address)).copied().unwrap_or(0);
        if self.config.max_connections_per_address.is_some_and(|limit| from >= limit) {
            return Err(Full::Limit("max_connections_per_address"));
        }
        Ok(())
    }

    /// Enters a connection. The limits are checked once more: others may have come since it was admitted, and a server
    /// that is closing would not close it.
    pub fn enter(&self, peer: &Arc<Peer>) -> Result<(), Refused> {
        let mut sessions = self.sessions.lock();
        if sessions.by_sid.contains_key(peer.sid()) {
            return Err(Refused::IdTaken);
        }
        self.check_limits(&sessions, peer.handshake().address).map_err(Refused::Full)?;
        sessions.by_sid.insert(peer.sid().clone(), Arc::clone(peer));
        if self.config.max_connections_per_address.is_some()
            && let Some(address) = peer.handshake().address
        {
            *sessions.by_address.entry(address).or_default() += 1;
        }
        self.unjoined.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A connection has ended.
    pub fn forget(&self, peer: &Peer) {
        let mut sessions = self.sessions.lock();
        if sessions.by_sid.remove(peer.sid().as_str()).is_none() {
            return;
        }
        if let Some(address) = peer.handshake().address
            && let Some(count) = sessions.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                sessions.by_address.remove(&address);
            }
        }
        if !peer.has_joined() {
            self.count_joined();
        }
    }

    /// A connection has joined its first namespace, or never will.
    pub fn count_joined(&self) {
        self.unjoined.fetch_sub(1, Ordering::Relaxed);
    }

    /// The connection with a private id.
    pub fn peer(&self, sid: &str) -> Option<Arc<Peer>> {
        self.sessions.lock().by_sid.get(sid).cloned()
    }

    /// Number of connections.
    pub fn clients_count(&self) -> usize {
        self.sessions.lock().by_sid.len()
    }

    /// All connections.
    pub fn peers(&self) -> Vec<Arc<Peer>> {
        self.sessions.lock().by_sid.values().cloned().collect()
    }

    /// An existing namespace.
    pub fn namespace(&self, name: &str) -> Option<Arc<Namespace>> {
        self.namespaces.read().get(name).cloned()
    }

    /// An existing namespace that a client is about to join.
    pub fn expect_in(&self, name: &str) -> Option<Expected> {
        self.namespaces.read().get(name).map(Expected::new)
    }

    /// All namespaces.
    pub fn namespaces(&self) -> Vec<Arc<Namespace>> {
        self.namespaces.read().values().cloned().collect()
    }

    /// A namespace, made when there is none of the name. A missing `/` at the beginning is added.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a name that no client could send: with a comma, or too long.
    pub fn of(&self, name: &str) -> Result<Arc<Namespace>> {
        let name = if name.starts_with('/') { name.to_owned() } else { format!("/{name}") };
        let limit = self.config.max_namespace_length;
        if name.contains(',') || name.len() > limit {
            let rule =
                format!("namespace `{name}`: a name has no comma and at most `max_namespace_length` ({limit}) bytes");
            return Err(Error::new(ErrorKind::InvalidName, rule));
        }
        let mut namespaces = self.namespaces.write();
        let made = namespaces.entry(name.as_str().into());
        Ok(Arc::clone(made.or_insert_with(|| Namespace::new(name.as_str().into(), None, &self.me, &self.config))))
    }

    /// Removes a namespace; its sockets are disconnected. Whether there was one.
    pub fn remove_namespace(&self, name: &str) -> bool {
        let Some(namespace) = self.namespaces.write().remove(name) else { return false };
        if namespace.parent().is_some() {
            self.children.fetch_sub(1, Ordering::Relaxed);
        }
        namespace.disconnect_sockets_local(&crate::hub::target::Target::everyone(), false);
        true
    }

    /// Adds a dynamic namespace; its number. They are asked in the order in which they were added.
    pub fn add_parent(&self, matcher: Matcher) -> usize {
        let mut parents = self.parents.write();
        parents.push(matcher);
        parents.len() - 1
    }

    /// The first dynamic namespace that takes a name.
    pub fn find_parent(&self, name: &str, auth: &Payload) -> BoxFuture<Option<usize>> {
        let mut pending = Vec::new();
        for (number, matcher) in self.parents.read().iter().enumerate() {
            match matcher {
                Matcher::Pattern(pattern) if pattern.matches(name) => {
                    pending.push((number, Box::pin(std::future::ready(true)) as BoxFuture<bool>));
                    break;
                }
                Matcher::Pattern(_) => {}
                Matcher::Predicate(predicate) => pending.push((number, predicate(name, auth))),
            }
        }
        Box::pin(async move {
            for (number, matches) in pending {
                if matches.await {
                    return Some(number);
                }
            }
            None
        })
    }

    /// The child of a dynamic namespace, made when there is none; nothing when there are too many.
    pub fn child(&self, parent: usize, name: &Text) -> Option<Expected> {
        let (made, expected) = {
            let mut namespaces = self.namespaces.write();
            if let Some(namespace) = namespaces.get(name) {
                return Some(Expected::new(namespace));
            }
            if !self.has_room_for_child(&mut namespaces) {
                return None;
            }
            let namespace = Namespace::new(name.clone(), Some(parent), &self.me, &self.config);
            namespaces.insert(name.clone(), Arc::clone(&namespace));
            self.children.fetch_add(1, Ordering::Relaxed);
            let expected = Expected::new(&namespace);
            (namespace, expected)
        };
        self.sink().push(Event::NamespaceCreated(made));
        Some(expected)
    }

    /// Whether another dynamic namespace may be made, after those have gone that only recovery kept and keeps no longer.
    fn has_room_for_child(&self, namespaces: &mut HashMap<Text, Arc<Namespace>>) -> bool {
        let limit = self.config.max_dynamic_namespaces;
        if self.config.cleanup_empty_child_namespaces && self.children.load(Ordering::Relaxed) >= limit {
            let before = namespaces.len();
            namespaces.retain(|_, namespace| namespace.parent().is_none() || !namespace.is_deserted());
            self.children.fetch_sub(before - namespaces.len(), Ordering::Relaxed);
        }
        self.children.load(Ordering::Relaxed) < limit
    }

    /// A dynamic namespace may have lost its last socket.
    pub fn remove_if_deserted(&self, namespace: &Namespace) {
        if !self.config.cleanup_empty_child_namespaces || namespace.parent().is_none() {
            return;
        }
        let mut namespaces = self.namespaces.write();
        let same = namespaces.get(namespace.name()).is_some_and(|known| std::ptr::eq(&**known, namespace));
        if same && namespace.is_deserted() {
            namespaces.remove(namespace.name());
            self.children.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether the server is closing.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Stops taking connections and closes those that there are, with reason `server shutting down`.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        for peer in self.peers() {
            let reason = Reason::ServerShuttingDown;
            peer.close(Close { reason, detail: "server shutting down", discard: true });
        }
        self.adapter.close();
    }
}

#[cfg(test)]
mod tests;
