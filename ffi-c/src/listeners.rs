//! Lists of callbacks: cheap to read while events come, copied when they change.

use crate::args::pancar_args;
use crate::callback::Callback;
use crate::event::pancar_event;
use crate::handle::Hasher;
use crate::handle::pancar_socket;
use crate::status::{pancar_reason, pancar_status};
use crate::view::pancar_str;
use pancar_core::Text;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

pub(crate) type OnEvent = extern "C" fn(pancar_socket, *const pancar_event, *mut c_void) -> pancar_status;
pub(crate) type OnDisconnect = extern "C" fn(pancar_socket, pancar_reason, pancar_str, *mut c_void);
pub(crate) type OnRefused =
    extern "C" fn(pancar_socket, *const pancar_event, pancar_str, *const pancar_args, *mut c_void);

/// A callback in a list.
#[derive(Debug)]
pub(crate) struct Entry<F> {
    callback: Callback<F>,
    once: bool,
    /// Its one call has been made, or it was taken off.
    spent: AtomicBool,
}

impl<F> Entry<F> {
    /// The callback, if it may be called now.
    pub(crate) fn claim(&self) -> Option<&Callback<F>> {
        let spent = if self.once { self.spent.swap(true, Ordering::AcqRel) } else { self.is_spent() };
        (!spent).then_some(&self.callback)
    }

    pub(crate) fn is_once(&self) -> bool {
        self.once
    }

    fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Acquire)
    }

    fn take_off(&self) {
        self.spent.store(true, Ordering::Release);
    }
}

/// What is called, in this order, as it stood when it was looked at.
pub(crate) type Entries<F> = Arc<Vec<Arc<Entry<F>>>>;

/// Callbacks in the order in which they were added.
#[derive(Debug)]
pub(crate) struct List<F>(RwLock<Entries<F>>);

impl<F> Default for List<F> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

fn entry<F>(callback: Callback<F>, once: bool) -> Arc<Entry<F>> {
    Arc::new(Entry { callback, once, spent: AtomicBool::new(false) })
}

fn with<F>(entries: &Entries<F>, one: Arc<Entry<F>>) -> Entries<F> {
    Arc::new(entries.iter().cloned().chain([one]).collect())
}

/// The entries that stay; the others are taken off.
fn without<F>(entries: &Entries<F>, goes: impl Fn(&Entry<F>) -> bool) -> Entries<F> {
    let (gone, staying): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|entry| goes(entry));
    gone.iter().for_each(|entry| entry.take_off());
    Arc::new(staying)
}

impl<F> List<F> {
    pub(crate) fn add(&self, callback: Callback<F>) {
        let one = entry(callback, false);
        let mut entries = self.0.write();
        *entries = with(&entries, one);
    }

    pub(crate) fn all(&self) -> Entries<F> {
        self.0.read().clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.read().is_empty()
    }

    /// Takes off those that fit; whether there were any.
    fn remove(&self, goes: impl Fn(&Entry<F>) -> bool) -> bool {
        // Those that go are dropped, and their user data destroyed, when the lock no longer is held.
        let before = {
            let mut entries = self.0.write();
            let staying = without(&entries, goes);
            std::mem::replace(&mut *entries, staying)
        };
        before.len() != self.0.read().len()
    }

    fn clear(&self) {
        self.remove(|_| true);
    }
}

/// Which callbacks of an event are meant: one function with its user data, or all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Which(pub(crate) Option<OnEvent>, pub(crate) *mut c_void);

impl Which {
    fn is(self, entry: &Entry<OnEvent>) -> bool {
        self.0.is_none_or(|call| std::ptr::fn_addr_eq(call, entry.callback.call) && entry.callback.pointer() == self.1)
    }
}

/// Everything that listens to a socket, or to all sockets of a namespace.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    events: RwLock<HashMap<Text, Entries<OnEvent>, Hasher>>,
    rare: OnceLock<Box<Rare>>,
}

/// What few have.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub(crate) any: List<OnEvent>,
    pub(crate) any_outgoing: List<OnEvent>,
    pub(crate) middlewares: List<OnEvent>,
    pub(crate) refused: List<OnRefused>,
    pub(crate) disconnecting: List<OnDisconnect>,
    pub(crate) disconnect: List<OnDisconnect>,
}

impl Listeners {
    pub(crate) fn add(&self, event: Text, callback: Callback<OnEvent>, once: bool) {
        let one = entry(callback, once);
        let mut events = self.events.write();
        let entries = events.entry(event).or_default();
        *entries = with(entries, one);
    }

    pub(crate) fn of(&self, event: &str) -> Option<Entries<OnEvent>> {
        let events = self.events.read();
        if events.is_empty() { None } else { events.get(event).cloned() }
    }

    /// Takes off callbacks of an event; whether there were any.
    pub(crate) fn remove(&self, event: &str, which: Which) -> bool {
        self.remove_if(event, |entry| which.is(entry))
    }

    /// Lets go of those whose one call has been made.
    pub(crate) fn forget_spent(&self, event: &str) {
        self.remove_if(event, Entry::is_spent);
    }

    fn remove_if(&self, event: &str, goes: impl Fn(&Entry<OnEvent>) -> bool) -> bool {
        let before = {
            let mut events = self.events.write();
            let Some(entries) = events.get_mut(event) else { return false };
            let staying = without(entries, goes);
            let count = staying.len();
            let before = std::mem::replace(entries, staying);
            if count == 0 {
                events.remove(event);
            }
            (before.len() != count, before)
        };
        before.0
    }

    pub(crate) fn rare_mut(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    pub(crate) fn rare(&self) -> Option<&Rare> {
        self.rare.get().map(|rare| &**rare)
    }

    pub(crate) fn watches_outgoing(&self) -> bool {
        self.rare().is_some_and(|rare| !rare.any_outgoing.is_empty())
    }

    /// Takes everything off.
    pub(crate) fn clear(&self) {
        let events = std::mem::take(&mut *self.events.write());
        events.values().flat_map(|entries| entries.iter()).for_each(|entry| entry.take_off());
        drop(events);
        if let Some(rare) = self.rare() {
            rare.any.clear();
            rare.any_outgoing.clear();
            rare.middlewares.clear();
            rare.refused.clear();
            rare.disconnecting.clear();
            rare.disconnect.clear();
        }
    }
}

impl Rare {
    pub(crate) fn remove_any(&self, which: Which) -> bool {
        self.any.remove(|entry| which.is(entry))
    }

    pub(crate) fn remove_any_outgoing(&self, which: Which) -> bool {
        self.any_outgoing.remove(|entry| which.is(entry))
    }
}

/// Clears a list whose callbacks are kept elsewhere.
pub(crate) fn clear<F>(list: &List<F>) {
    list.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::UserData;
    use std::sync::atomic::AtomicUsize;

    extern "C" fn nothing(_: pancar_socket, _: *const pancar_event, _: *mut c_void) -> pancar_status {
        0
    }

    extern "C" fn count(data: *mut c_void) {
        // SAFETY: the tests give a counter that lives long enough.
        unsafe { &*data.cast::<AtomicUsize>() }.fetch_add(1, Ordering::SeqCst);
    }

    fn callback(destroyed: &AtomicUsize) -> Callback<OnEvent> {
        let pointer = std::ptr::from_ref(destroyed).cast_mut().cast();
        Callback { call: nothing, data: UserData::new(pointer, Some(count)) }
    }

    #[test]
    fn user_data_are_destroyed_once() {
        let destroyed = AtomicUsize::new(0);
        let listeners = Listeners::default();
        listeners.add("a".into(), callback(&destroyed), false);
        listeners.add("a".into(), callback(&destroyed), true);
        listeners.add("b".into(), callback(&destroyed), false);
        let seen = listeners.of("a").unwrap();
        assert!(seen[1].claim().is_some() && seen[1].claim().is_none());
        listeners.forget_spent("a");
        assert_eq!(destroyed.load(Ordering::SeqCst), 0, "somebody still looks at it");
        drop(seen);
        assert_eq!(destroyed.load(Ordering::SeqCst), 1);
        assert!(listeners.remove("a", Which(None, std::ptr::null_mut())));
        assert!(!listeners.remove("a", Which(None, std::ptr::null_mut())));
        listeners.clear();
        assert_eq!(destroyed.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn what_was_taken_off_is_not_called_any_more() {
        let destroyed = AtomicUsize::new(0);
        let listeners = Listeners::default();
        listeners.add("a".into(), callback(&destroyed), false);
        let seen = listeners.of("a").unwrap();
        let other = Which(Some(nothing), std::ptr::null_mut());
        assert!(!listeners.remove("a", other), "the user data are other ones");
        let pointer = std::ptr::from_ref(&destroyed).cast_mut().cast();
        assert!(listeners.remove("a", Which(Some(nothing), pointer)));
        assert!(seen[0].claim().is_none());
    }
}
