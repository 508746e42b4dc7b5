//! Questions that the HTTP part asks, put into a mailbox.

use crate::event::Note;
use crate::shared::tell;
use pancar::ConnectionError;
use pancar::host::{Handshake, Hooks, Lanes};
use std::sync::{Arc, OnceLock, Weak};
use tokio::sync::oneshot;

/// Where the questions go, once the server has been made.
pub(crate) type Place = Arc<OnceLock<Weak<Lanes>>>;

/// Said to a client when the program lets a question fall.
const UNANSWERED: &str = "Forbidden";

fn put(place: &Place, note: Note) {
    if let Some(lanes) = place.get().and_then(Weak::upgrade) {
        tell(&lanes, 0, note);
    }
}

pub(crate) fn hooks_of(place: &Place, allow_request: bool, connection_errors: bool) -> Hooks {
    let mut hooks = Hooks::default();
    if allow_request {
        let place = Arc::clone(place);
        hooks.allow_request = Some(Arc::new(move |handshake: Arc<Handshake>| {
            let (answer, answered) = oneshot::channel();
            put(&place, Note::Allow(handshake, answer));
            Box::pin(async move { answered.await.unwrap_or_else(|_| Err(UNANSWERED.to_owned())) })
        }));
    }
    if connection_errors {
        let place = Arc::clone(place);
        hooks.connection_error = Some(Arc::new(move |error: &ConnectionError| {
            put(&place, Note::ConnectionError(error.clone()));
        }));
    }
    hooks
}
