//! Lists of listeners: cheap to read while events come, copied when they change.

use crate::api::extract::{DisconnectContext, ErrorContext, MessageContext};
use crate::api::handler::{AnyHandler, AnyMiddleware, Erased};
use crate::api::turns::Turns;
use crate::wire::text::Text;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Names a listener, so that it can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

impl ListenerId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

pub(crate) struct Listener<C> {
    id: ListenerId,
    /// Of a listener that is called once: whether it has been.
    spent: Option<AtomicBool>,
    handler: AnyHandler<C>,
}

impl<C> Listener<C> {
    /// The handler, unless its one call has been made.
    pub(crate) fn claim(&self) -> Option<&dyn Erased<C>> {
        match &self.spent {
            Some(spent) if spent.swap(true, Ordering::AcqRel) => None,
            _ => Some(&*self.handler),
        }
    }

    fn is_spent(&self) -> bool {
        self.spent.as_ref().is_some_and(|spent| spent.load(Ordering::Acquire))
    }

    pub(crate) fn is_once(&self) -> bool {
        self.spent.is_some()
    }
}

/// Listeners in the order in which they are called.
pub(crate) type List<C> = Arc<Vec<Arc<Listener<C>>>>;

fn changed<C>(list: &mut List<C>, change: impl FnOnce(&mut Vec<Arc<Listener<C>>>)) {
    let mut copy = Vec::clone(list);
    change(&mut copy);
    *list = Arc::new(copy);
}

fn listener<C>(handler: AnyHandler<C>, once: bool) -> Arc<Listener<C>> {
    Arc::new(Listener { id: ListenerId::next(), spent: once.then(AtomicBool::default), handler })
}

/// Adds a listener at the end, or at the beginning.
pub(crate) fn add<C>(list: &RwLock<List<C>>, handler: AnyHandler<C>, once: bool, first: bool) -> ListenerId {
    let listener = listener(handler, once);
    let id = listener.id;
    changed(&mut list.write(), |list| list.insert(if first { 0 } else { list.len() }, listener));
    id
}

/// Removes a listener; whether it was there.
pub(crate) fn remove<C>(list: &RwLock<List<C>>, id: ListenerId) -> bool {
    let mut list = list.write();
    let found = list.iter().any(|listener| listener.id == id);
    if found {
        changed(&mut list, |list| list.retain(|listener| listener.id != id));
    }
    found
}

/// Listeners by the name of an event, in the order of lengths, then of bytes: nearly every comparison ends with the lengths.
#[derive(Clone, Default)]
pub(crate) struct Events(Vec<(Text, List<MessageContext>)>);

impl Events {
    fn place(&self, name: &str) -> Result<usize, usize> {
        let order = |known: &str| known.len().cmp(&name.len()).then_with(|| known.cmp(name));
        self.0.binary_search_by(|(known, _)| order(known))
    }

    pub(crate) fn add(&mut self, name: &str, handler: AnyHandler<MessageContext>, once: bool) -> ListenerId {
        let listener = listener(handler, once);
        let id = listener.id;
        match self.place(name) {
            Ok(at) => changed(&mut self.0[at].1, |list| list.push(listener)),
            Err(at) => self.0.insert(at, (Text::from(name), Arc::new(vec![listener]))),
        }
        id
    }

    pub(crate) fn get(&self, name: &str) -> Option<&List<MessageContext>> {
        self.place(name).ok().map(|at| &self.0[at].1)
    }

    /// Removes the listeners of an event; whether there were any.
    pub(crate) fn clear(&mut self, name: &str) -> bool {
        self.place(name).map(|at| self.0.remove(at)).is_ok()
    }

    /// Drops the listeners of an event whose one call has been made.
    pub(crate) fn forget_spent(&mut self, name: &str) {
        if let Ok(at) = self.place(name) {
            self.retain(at, |listener| !listener.is_spent());
        }
    }

    pub(crate) fn remove(&mut self, id: ListenerId) -> bool {
        let of = |(_, list): &(Text, List<MessageContext>)| list.iter().any(|listener| listener.id == id);
        let Some(at) = self.0.iter().position(of) else { return false };
        self.retain(at, |listener| listener.id != id);
        true
    }

    fn retain(&mut self, at: usize, keep: impl Fn(&Listener<MessageContext>) -> bool) {
        let list = &mut self.0[at].1;
        changed(list, |list| list.retain(|listener| keep(listener)));
        if list.is_empty() {
            self.0.remove(at);
        }
    }
}

/// Everything that listens to one socket.
#[derive(Default)]
pub(crate) struct SocketListeners {
    pub(crate) events: RwLock<Events>,
    /// What few sockets have.
    rare: std::sync::OnceLock<Box<Rare>>,
}

#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) any: RwLock<List<MessageContext>>,
    pub(crate) any_outgoing: RwLock<List<MessageContext>>,
    pub(crate) disconnecting: RwLock<List<DisconnectContext>>,
    pub(crate) disconnect: RwLock<List<DisconnectContext>>,
    pub(crate) error: RwLock<List<ErrorContext>>,
    pub(crate) middlewares: RwLock<Arc<Vec<AnyMiddleware<MessageContext>>>>,
    pub(crate) turns: Turns,
}

impl SocketListeners {
    /// What few sockets have, to be changed.
    pub(crate) fn rare_mut(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// What few sockets have, where there is anything.
    pub(crate) fn rare(&self) -> Option<&Rare> {
        self.rare.get().map(|rare| &**rare)
    }
}
