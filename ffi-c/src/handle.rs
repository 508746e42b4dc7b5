//! Handles: numbers for what may go while a program still knows of it. None is used twice, so a stale one is only refused.

use crate::admission::Token;
use crate::guard::{Done, Failure};
use crate::namespace::Space;
use crate::server::Server;
use crate::status::{PANCAR_DISCONNECTED, PANCAR_INVALID_HANDLE};
use pancar_core::host::{Reply, Socket};
use parking_lot::{Mutex, RwLock};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of an object; 0 is none. It is never used for another object, and its object may go at any time: functions then
/// refuse it with `PANCAR_DISCONNECTED` (a socket) or `PANCAR_INVALID_HANDLE`.
pub type pancar_handle = u64;
/// A server. The caller frees it with `pancar_server_free`.
pub type pancar_server = pancar_handle;
/// A namespace. Where one is wanted, a server stands for its namespace `/`.
pub type pancar_namespace = pancar_handle;
/// One client in one namespace.
pub type pancar_socket = pancar_handle;
/// A decision that is still to be made.
pub type pancar_token = pancar_handle;

/// What a handle is the number of; its lowest bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Server = 1,
    Namespace = 2,
    Socket = 3,
    Token = 4,
    Reply = 5,
}

const KIND_BITS: u32 = 3;

/// Parts of a table with a lock of their own.
const PARTS: usize = 64;

/// Hashes what the program chose, not the network: handles that count up, names that it listens to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plain(u64);

/// Makes hashers of that kind.
pub(crate) type Hasher = BuildHasherDefault<Plain>;

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

impl std::hash::Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut eight = [0; 8];
            eight[..piece.len()].copy_from_slice(piece);
            self.write_u64(u64::from_le_bytes(eight));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, number: u64) {
        // The lowest bits choose the bucket, the highest seven are compared first.
        self.0 = (self.0 ^ number).wrapping_mul(ODD).rotate_left(32);
    }
}

type Part<T> = RwLock<HashMap<u64, T, Hasher>>;

/// The objects of one kind.
pub(crate) struct Table<T> {
    kind: Kind,
    next: AtomicU64,
    parts: [Part<T>; PARTS],
}

impl<T: Clone> Table<T> {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            next: AtomicU64::new(1),
            parts: [const { RwLock::new(HashMap::with_hasher(BuildHasherDefault::new())) }; PARTS],
        }
    }

    fn part(&self, handle: pancar_handle) -> &Part<T> {
        &self.parts[(handle >> KIND_BITS) as usize % PARTS]
    }

    /// A number for an object that is yet to be made.
    pub(crate) fn reserve(&self) -> pancar_handle {
        self.next.fetch_add(1, Ordering::Relaxed) << KIND_BITS | self.kind as u64
    }

    pub(crate) fn insert(&self, handle: pancar_handle, object: T) {
        self.part(handle).write().insert(handle, object);
    }

    pub(crate) fn remove(&self, handle: pancar_handle) -> Option<T> {
        self.part(handle).write().remove(&handle)
    }

    pub(crate) fn get(&self, handle: pancar_handle) -> Option<T> {
        self.part(handle).read().get(&handle).cloned()
    }

    /// Whether the number once was one of this kind.
    fn was(&self, handle: pancar_handle) -> bool {
        kind_is(handle, self.kind) && handle >> KIND_BITS < self.next.load(Ordering::Relaxed)
    }

    /// Takes out all objects that fit.
    pub(crate) fn remove_all(&self, fits: impl Fn(&T) -> bool) -> Vec<T> {
        let mut removed = Vec::new();
        for part in &self.parts {
            removed.extend(part.write().extract_if(|_, object| fits(object)).map(|(_, object)| object));
        }
        removed
    }
}

pub(crate) static SERVERS: Table<Arc<Server>> = Table::new(Kind::Server);
pub(crate) static SPACES: Table<Arc<Space>> = Table::new(Kind::Namespace);
pub(crate) static SOCKETS: Table<Arc<Socket>> = Table::new(Kind::Socket);
pub(crate) static TOKENS: Table<Arc<Mutex<Token>>> = Table::new(Kind::Token);
pub(crate) static REPLIES: Table<Arc<Mutex<Option<Reply>>>> = Table::new(Kind::Reply);

pub(crate) fn kind_is(handle: pancar_handle, kind: Kind) -> bool {
    handle & ((1 << KIND_BITS) - 1) == kind as u64
}

fn invalid(what: &'static str) -> Failure {
    Failure::new(PANCAR_INVALID_HANDLE, format!("`{what}` is no valid handle"))
}

pub(crate) fn server(handle: pancar_server) -> Done<Arc<Server>> {
    SERVERS.get(handle).ok_or_else(|| invalid("server"))
}

thread_local! {
    /// The socket whose callbacks this thread is calling: what these do mostly concerns it.
    static AT_HAND: RefCell<Option<(pancar_socket, Arc<Socket>)>> = const { RefCell::new(None) };
}

/// Finds a socket fast for as long as its callbacks run.
pub(crate) fn at_hand<T>(handle: pancar_socket, socket: &Arc<Socket>, run: impl FnOnce() -> T) -> T {
    let before = AT_HAND.replace(Some((handle, Arc::clone(socket))));
    let result = run();
    AT_HAND.set(before);
    result
}

pub(crate) fn socket(handle: pancar_socket) -> Done<Arc<Socket>> {
    let near = AT_HAND.with_borrow(|at_hand| match at_hand {
        Some((known, socket)) if *known == handle => Some(Arc::clone(socket)),
        _ => None,
    });
    if let Some(socket) = near {
        return Ok(socket);
    }
    SOCKETS.get(handle).ok_or_else(|| {
        if SOCKETS.was(handle) { Failure::new(PANCAR_DISCONNECTED, "the socket is gone") } else { invalid("socket") }
    })
}

/// A namespace, or that of a server.
pub(crate) fn space(handle: pancar_namespace) -> Done<Arc<Space>> {
    if kind_is(handle, Kind::Server) {
        return server(handle)?.main();
    }
    SPACES.get(handle).ok_or_else(|| invalid("namespace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: Table<u8> = Table::new(Kind::Token);

    #[test]
    fn numbers_are_not_used_twice() {
        let first = TABLE.reserve();
        TABLE.insert(first, 7);
        assert_eq!(TABLE.get(first), Some(7));
        assert_eq!(TABLE.remove(first), Some(7));
        assert_eq!(TABLE.get(first), None);
        assert!(TABLE.was(first));
        let second = TABLE.reserve();
        assert!(second != first && !TABLE.was(second + (1 << 20)) && !TABLE.was(0) && !TABLE.was(first ^ 1));
    }
}
