//! Making a server: options, hooks, state.

use crate::api::server::Server;
use crate::config::{BufferPolicy, Config, Cookie, Cors, OriginPolicy, Recovery, Transports};
use crate::error::Result;
use crate::hub::adapter::Adapter;
use crate::hub::handshake::Handshake;
use crate::net::hooks::{ConnectionError, Hooks};
use http::HeaderMap;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Options of a server before it is made.
///
/// ```
/// use pancar::Server;
/// use std::time::Duration;
///
/// let io = Server::builder()
///     .ping_interval(Duration::from_secs(10))
///     .max_http_buffer_size(100_000)
///     .build()?;
/// # Ok::<(), pancar::Error>(())
/// ```
#[derive(Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ServerBuilder {
    pub(crate) config: Config,
    pub(crate) hooks: Hooks,
    pub(crate) state: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    pub(crate) adapter: Option<Arc<dyn Adapter>>,
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

macro_rules! options {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(
            #[doc = concat!("Sets [`Config::", stringify!($name), "`].")]
            pub fn $name(mut self, value: $type) -> Self {
                self.config.$name = value;
                self
            }
        )*
    };
}

impl ServerBuilder {
    options! {
        add_trailing_slash: bool,
        transports: Transports,
        allow_upgrades: bool,
        ping_interval: Duration,
        ping_timeout: Duration,
        upgrade_timeout: Duration,
        connect_timeout: Duration,
        attachment_timeout: Duration,
        header_timeout: Duration,
        body_timeout: Duration,
        close_timeout: Duration,
        origin_policy: OriginPolicy,
        http_compression: Option<usize>,
        max_http_buffer_size: usize,
        max_packets_per_payload: usize,
        max_packets_per_poll: Option<usize>,
        max_attachments: usize,
        max_fragments: usize,
        max_json_depth: usize,
        max_namespaces_per_connection: usize,
        max_dynamic_namespaces: usize,
        cleanup_empty_child_namespaces: bool,
        max_buffered_bytes: usize,
        max_buffered_packets: usize,
        buffer_grace: Duration,
        buffer_policy: BufferPolicy,
        max_unjoined: usize,
        max_connections: Option<usize>,
        max_connections_per_address: Option<usize>,
    }

    /// Sets [`Config::path`].
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.config.path = path.into();
        self
    }

    /// Sets [`Config::cors`].
    pub fn cors(mut self, cors: Cors) -> Self {
        self.config.cors = Some(cors);
        self
    }

    /// Sets [`Config::cookie`].
    pub fn cookie(mut self, cookie: Cookie) -> Self {
        self.config.cookie = Some(cookie);
        self
    }

    /// Sets [`Config::serve_client`].
    pub fn serve_client(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.serve_client = Some(folder.into());
        self
    }

    /// Sets [`Config::workers`].
    pub fn workers(mut self, workers: usize) -> Self {
        self.config.workers = Some(workers);
        self
    }

    /// Sets [`Config::ack_timeout`].
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.config.ack_timeout = Some(timeout);
        self
    }

    /// Sets [`Config::connection_state_recovery`].
    pub fn connection_state_recovery(mut self, recovery: Recovery) -> Self {
        self.config.connection_state_recovery = Some(recovery);
        self
    }

    /// Replaces all options.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets an option by its name, from JSON. See [`Config::set`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) for an unknown name or a wrong value.
    pub fn option(mut self, name: &str, value: &serde_json::Value) -> Result<Self> {
        self.config.set(name, value)?;
        Ok(self)
    }

    /// Gives the application's state to handlers, which take it as [`State<T>`](crate::State). One value of each type.
    pub fn with_state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.state.insert(TypeId::of::<T>(), Arc::new(state));
        self
    }

    /// Ties the server to others.
    pub fn adapter(mut self, adapter: impl Adapter) -> Self {
        self.adapter = Some(Arc::new(adapter));
        self
    }

    /// Decides about every handshake; an error is the message for the client (status 403).
    pub fn allow_request<F, U>(mut self, allow: F) -> Self
    where
        F: Fn(Arc<Handshake>) -> U + Send + Sync + 'static,
        U: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.hooks.allow_request = Some(Arc::new(move |handshake| Box::pin(allow(handshake))));
        self
    }

    /// Makes the private ids of sessions; they must be unguessable and unique. Nothing refuses the handshake.
    pub fn generate_id<F, U>(mut self, generate: F) -> Self
    where
        F: Fn(Arc<Handshake>) -> U + Send + Sync + 'static,
        U: Future<Output = Option<String>> + Send + 'static,
    {
        self.hooks.generate_id = Some(Arc::new(move |handshake| Box::pin(generate(handshake))));
        self
    }

    /// Changes the headers of the first answer of a session.
    pub fn initial_headers(mut self, edit: impl Fn(&mut HeaderMap, &Handshake) + Send + Sync + 'static) -> Self {
        self.hooks.initial_headers = Some(Arc::new(edit));
        self
    }

    /// Changes the headers of every answer.
    pub fn headers(mut self, edit: impl Fn(&mut HeaderMap, &Handshake) + Send + Sync + 'static) -> Self {
        self.hooks.headers = Some(Arc::new(edit));
        self
    }

    /// Hears of refused requests.
    pub fn connection_error(mut self, hear: impl Fn(&ConnectionError) + Send + Sync + 'static) -> Self {
        self.hooks.connection_error = Some(Arc::new(hear));
        self
    }

    /// Makes the server. It serves nobody yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) with the option, its value and what is allowed.
    pub fn build(self) -> Result<Server> {
        Server::from_builder(self)
    }
}
