//! Lists of listeners: cheap to read while events come, copied when they change.

use crate::api::extract::{DisconnectContext, ErrorContext, MessageContext};
use crate::api::handler::{AnyHandler, AnyMiddleware, Erased};
use crate::api::turns::Turns;
use crate::wire::text::Text;
use parking_lot::RwLock;
use std::collections::HashMap;
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

/// Listeners by the name of an event.
#[derive(Default)]
pub(crate) struct Events {
    by_name: RwLock<HashMap<Text, List<MessageContext>>>,
}

impl Events {
    pub(crate) fn add(&self, name: &str, handler: AnyHandler<MessageContext>, once: bool) -> ListenerId {
        let listener = listener(handler, once);
        let id = listener.id;
        let mut events = self.by_name.write();
        changed(events.entry(Text::from(name)).or_default(), |list| list.push(listener));
        id
    }

    pub(crate) fn get(&self, name: &str) -> Option<List<MessageContext>> {
        self.by_name.read().get(name).cloned()
    }

    /// Removes the listeners of an event; whether there were any.
    pub(crate) fn clear(&self, name: &str) -> bool {
        self.by_name.write().remove(name).is_some()
    }

    /// Drops the listeners of an event whose one call has been made.
    pub(crate) fn forget_spent(&self, name: &str) {
        let mut events = self.by_name.write();
        let Some(list) = events.get_mut(name) else { return };
        changed(list, |list| list.retain(|listener| !listener.is_spent()));
        if list.is_empty() {
            events.remove(name);
        }
    }

    pub(crate) fn remove(&self, id: ListenerId) -> bool {
        let mut events = self.by_name.write();
        let Some((name, list)) = events.iter_mut().find(|(_, list)| list.iter().any(|listener| listener.id == id))
        else {
            return false;
        };
        changed(list, |list| list.retain(|listener| listener.id != id));
        if list.is_empty() {
            let name = name.clone();
            events.remove(&name);
        }
        true
    }
}

/// Everything that listens to one socket.
#[derive(Default)]
pub(crate) struct SocketListeners {
    pub(crate) events: Events,
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
