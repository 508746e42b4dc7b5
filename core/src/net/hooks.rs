//! Functions of the application that the HTTP part calls.

use crate::hub::handshake::Handshake;
use crate::hub::shard::BoxFuture;
use crate::proto::route::Refusal;
use http::HeaderMap;
use std::sync::Arc;

/// Decides whether a handshake may go on; an error holds the message for the client.
pub type AllowRequest = Arc<dyn Fn(Arc<Handshake>) -> BoxFuture<Result<(), String>> + Send + Sync>;
/// Changes the headers of an answer.
pub type EditHeaders = Arc<dyn Fn(&mut HeaderMap, &Handshake) + Send + Sync>;
/// Hears of refused requests.
pub type OnConnectionError = Arc<dyn Fn(&ConnectionError) + Send + Sync>;
/// Makes the private id of a new session; nothing refuses the handshake.
pub type GenerateId = Arc<dyn Fn(Arc<Handshake>) -> BoxFuture<Option<String>> + Send + Sync>;

/// A request that was refused.
#[derive(Clone, Debug)]
pub struct ConnectionError {
    /// The rule that it broke; its number and words are what the client sees.
    pub refusal: Refusal,
    /// What exactly was wrong, for people.
    pub context: &'static str,
    /// The request.
    pub handshake: Arc<Handshake>,
}

/// Functions of the application; each one may be absent.
#[derive(Clone, Default)]
pub struct Hooks {
    /// Called for every handshake, before a session is made.
    pub allow_request: Option<AllowRequest>,
    /// Called for the first answer of a session.
    pub initial_headers: Option<EditHeaders>,
    /// Called for every answer, that of a WebSocket handshake included.
    pub headers: Option<EditHeaders>,
    /// Called for every refused request.
    pub connection_error: Option<OnConnectionError>,
    /// Called for every new session. Ids must be unguessable and unique.
    pub generate_id: Option<GenerateId>,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}
