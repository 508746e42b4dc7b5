//! Every option of a server: what it means, its unit, its default, when it is read and what follows from it.
//!
//! A server takes its [`Config`] when it is built and checks it once, with [`Config::validate`]. What is changed
//! afterwards has no effect on it.

mod cidr;
mod cookie;
mod cors;
mod json;
mod options;
mod set;
mod site;
mod validate;

use std::path::PathBuf;
use std::time::Duration;

pub use cidr::Cidr;
pub use cookie::{Cookie, SameSite};
pub use cors::{Cors, Origin};
pub use options::{BufferPolicy, OriginPolicy, Recovery, Transports};
pub(crate) use site::Site;

/// The options of a server.
///
/// ```
/// # use pancar::Config;
/// # use std::time::Duration;
/// let config = Config { ping_interval: Duration::from_secs(10), ..Config::default() };
/// config.validate()?;
/// # Ok::<(), pancar::Error>(())
/// ```
///
/// Every face of the library sets the same options by their names here, through [`Config::set`].
#[derive(Clone, Debug)]
pub struct Config {
    // ------------------------------------------------------------------ endpoint and transports
    /// Path that the server answers under.
    ///
    /// Default `/socket.io/`. Read when the server is built, as [`Config::normalized_path`]. A request whose path
    /// does not begin with it goes past the server.
    pub path: String,
    /// Whether `path` ends with `/` even where it is written without.
    ///
    /// Default true. Read when the server is built. When false, `/socket.io` and everything that begins so matches.
    pub add_trailing_slash: bool,
    /// The transports that clients may use.
    ///
    /// Default both. Read at every request. A transport that is off is answered like an unknown one (code 0).
    pub transports: Transports,
    /// Whether a session that began with polling may move to WebSocket.
    ///
    /// Default true. Read at the handshake: when false, the client is told of no upgrades and a probe is refused.
    pub allow_upgrades: bool,
    /// Folder with the browser bundle (`socket.io.min.js` and so on), served under `path`.
    ///
    /// Default none: nothing is served. Read when the server is built, the files too. A folder without the bundle is
    /// an error then.
    pub serve_client: Option<PathBuf>,
    /// Threads that serve connections when the server listens by itself.
    ///
    /// Default none: one for each available core. From 1 to 1024. Read when listening begins. A connection stays on the
    /// thread that accepted it.
    pub workers: Option<usize>,

    // ------------------------------------------------------------------ time
    /// How often the server pings a client.
    ///
    /// A [`Duration`] here, milliseconds on the wire. Default 25 s. Read when a session opens, and told to the client.
    pub ping_interval: Duration,
    /// How long a client may stay silent after a ping before it is closed with `ping timeout`.
    ///
    /// A [`Duration`] here, milliseconds on the wire. Default 20 s. Read when a session opens, and told to the client,
    /// which gives up on a server that is silent for `ping_interval` and `ping_timeout` together. It does not run out
    /// while a host (see [`host`](crate::host)) lags so far that nothing is read of its clients; it begins anew then.
    pub ping_timeout: Duration,
    /// How long an upgrade to WebSocket may take.
    ///
    /// Default 10 s. Read when the probe arrives. After it the probe is closed; the session goes on with polling.
    pub upgrade_timeout: Duration,
    /// How long a connection may go without having joined a namespace.
    ///
    /// Default 45 s. Read when a session opens. After it the connection is closed.
    pub connect_timeout: Duration,
    /// How long the attachments of a packet may take to arrive after its text.
    ///
    /// Default 10 s. Read when such a text arrives. After it the connection is closed with `parse error`.
    pub attachment_timeout: Duration,
    /// How long the head of a request, and a TLS handshake before it, may take to arrive.
    ///
    /// Default 10 s. Read when a connection is accepted by a listener of the server's own. After it the connection is
    /// closed.
    pub header_timeout: Duration,
    /// How long the body of a POST may take to arrive.
    ///
    /// Default 30 s. Read when the request arrives. After it the request is answered with 408 and the session closed.
    pub body_timeout: Duration,
    /// How long closing the server waits for what is still queued to be written.
    ///
    /// Default 5 s; zero does not wait. Read when the server closes. What is unwritten then is lost.
    pub close_timeout: Duration,
    /// How long an acknowledgement is waited for where the call itself gives no timeout.
    ///
    /// Default none: as long as the client is connected. Read when an event is emitted. After it the wait fails with a
    /// timeout.
    pub ack_timeout: Option<Duration>,

    // ------------------------------------------------------------------ HTTP
    /// Cross-origin requests.
    ///
    /// Default none: no CORS headers, so a browser lets only pages of the same origin read the answers, and `OPTIONS`
    /// is refused. Read at every request.
    pub cors: Option<Cors>,
    /// Which pages may open a WebSocket. Browsers send one with cookies from any page, and CORS does not stop them.
    ///
    /// Default [`OriginPolicy::SameOriginOrCors`]. Read at every WebSocket handshake. Other pages are refused.
    /// Behind a proxy that ends TLS and keeps `Host`, pages of `https` under that `Host` are of the same origin too,
    /// whether or not the proxy is named in `trusted_proxies`; one that rewrites `Host` has to be. Where the server
    /// itself speaks TLS, pages of `http` never are.
    pub origin_policy: OriginPolicy,
    /// A cookie with the session's id in the first answer of a polling session, for load balancers.
    ///
    /// Default none. Read at the handshake. The server itself never looks at it.
    pub cookie: Option<Cookie>,
    /// Compression of polling answers: how many bytes an answer must have to be compressed.
    ///
    /// Default 1024; none turns it off. Read at every answer. Takes `gzip` or `deflate`, as the client accepts. Without
    /// the feature `compression` nothing is compressed. In JSON, 1 or true is the default threshold and 0 is off;
    /// `{"threshold": 0}` compresses everything.
    pub http_compression: Option<usize>,
    /// Proxies whose `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host` or `Forwarded` are believed.
    ///
    /// Default none: these headers are ignored, as any client can send them. Read at every handshake. A client's
    /// address is then the last one of the chain that is no trusted proxy. Where `X-Forwarded-For` is present,
    /// `Forwarded` is ignored.
    pub trusted_proxies: Vec<Cidr>,

    // ------------------------------------------------------------------ what a client may send
    /// Size of the largest message or POST body from a client.
    ///
    /// Bytes, default 1 000 000, at most 4 294 967 295. Read when a session opens, and told to the client. A larger
    /// body is answered with 413, a larger WebSocket message closes with 1009.
    pub max_http_buffer_size: usize,
    /// Largest number of Engine.IO packets in the body of one POST.
    ///
    /// Default 10 000. Read at every POST. More closes the session with `parse error`.
    pub max_packets_per_payload: usize,
    /// Largest number of Engine.IO packets in one polling answer; the rest stays queued for the next.
    ///
    /// Default none: whatever is queued, but 16 where the client's `User-Agent` says that it is a Python program: clients
    /// built on python-engineio refuse answers of more. Read when a session opens.
    pub max_packets_per_poll: Option<usize>,
    /// Largest number of attachments of one packet from a client.
    ///
    /// Default 10; 0 refuses binary events. Read when a packet arrives. More closes the connection with `parse error`.
    pub max_attachments: usize,
    /// Largest number of fragments of one WebSocket message.
    ///
    /// Default 16 384. Read when a WebSocket opens. More closes it with 1008.
    pub max_fragments: usize,
    /// How deep arrays and objects of a packet may be nested.
    ///
    /// Default 1 000, at most 10 000. Read when a packet arrives. Deeper closes the connection with `parse error`.
    pub max_json_depth: usize,

    // ------------------------------------------------------------------ namespaces and rooms
    /// Length of the longest namespace that a client may name.
    ///
    /// Bytes, default 255. Read when a packet arrives. A longer name closes the connection with `parse error`.
    pub max_namespace_length: usize,
    /// Length of the longest room.
    ///
    /// Bytes, default 1 024, at least 20 (a socket's id is a room). Read when a room is joined. A longer one is an
    /// error to the caller.
    pub max_room_length: usize,
    /// How many namespaces one connection may have joined.
    ///
    /// Default 100. Read at every CONNECT. Further ones are refused.
    pub max_namespaces_per_connection: usize,
    /// How many CONNECTs of one connection may wait for a middleware at the same time.
    ///
    /// Default 10. Read at every CONNECT. Further ones are refused.
    pub max_pending_connects: usize,
    /// How many packets for a namespace are kept while its CONNECT waits for a middleware.
    ///
    /// Default 64. Read when such a packet arrives. More closes the connection.
    pub max_pending_packets: usize,
    /// How many namespaces that were made on demand may exist at the same time, over all clients.
    ///
    /// Default 10 000. Read at a CONNECT to a new one. Further ones are refused.
    pub max_dynamic_namespaces: usize,
    /// Whether a namespace that was made on demand goes away with its last socket.
    ///
    /// Default true. Read when a socket leaves. When false, such namespaces stay until the server closes.
    pub cleanup_empty_child_namespaces: bool,
    /// How many rooms one socket may be in, its own one included.
    ///
    /// Default none: no limit. Read when a room is joined. More is an error to the caller.
    pub max_rooms_per_socket: Option<usize>,
    /// How many acknowledgements of one socket may be awaited at the same time.
    ///
    /// Default 10 000. Read when an event is emitted. More is an error to the caller.
    pub max_acks_per_socket: usize,

    // ------------------------------------------------------------------ slow clients
    /// How many bytes may be queued for a connection that does not take them.
    ///
    /// Bytes, default 1 MiB, at most 1 GiB. Read when something is queued. See `buffer_policy`.
    pub max_buffered_bytes: usize,
    /// How many packets may be queued for a connection that does not take them.
    ///
    /// Default 1 024. Read when something is queued. See `buffer_policy`.
    pub max_buffered_packets: usize,
    /// How long a queue may stay above `max_buffered_bytes` or `max_buffered_packets` while the client takes nothing.
    ///
    /// Default 1 s; zero acts at once. Read when a queue passes a limit. At four times `max_buffered_bytes` the policy
    /// acts without waiting.
    pub buffer_grace: Duration,
    /// What happens to a client whose queue is too long.
    ///
    /// Default [`BufferPolicy::Disconnect`]. Read when that happens.
    pub buffer_policy: BufferPolicy,

    // ------------------------------------------------------------------ recovery and totals
    /// Connection state recovery: a client that was cut off gets its id, rooms and missed events back.
    ///
    /// Default none: every reconnection is a new socket. Read when the server is built.
    pub connection_state_recovery: Option<Recovery>,
    /// How many connections may exist that have not joined a namespace yet.
    ///
    /// Default 10 000. Read at every handshake. Further handshakes are answered with 503.
    pub max_unjoined: usize,
    /// How many connections may exist.
    ///
    /// Default none: no limit. Read at every handshake. Further handshakes are answered with 503.
    pub max_connections: Option<usize>,
    /// How many connections may exist from one address, as `trusted_proxies` tells it.
    ///
    /// Default none: no limit. Read at every handshake. Further handshakes are answered with 503.
    pub max_connections_per_address: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            path: "/socket.io/".to_owned(),
            add_trailing_slash: true,
            transports: Transports::default(),
            allow_upgrades: true,
            serve_client: None,
            workers: None,
            ping_interval: seconds(25),
            ping_timeout: seconds(20),
            upgrade_timeout: seconds(10),
            connect_timeout: seconds(45),
            attachment_timeout: seconds(10),
            header_timeout: seconds(10),
            body_timeout: seconds(30),
            close_timeout: seconds(5),
            ack_timeout: None,
            cors: None,
            origin_policy: OriginPolicy::default(),
            cookie: None,
            http_compression: Some(options::COMPRESSION_THRESHOLD),
            trusted_proxies: Vec::new(),
            max_http_buffer_size: 1_000_000,
            max_packets_per_payload: 10_000,
            max_packets_per_poll: None,
            max_attachments: 10,
            max_fragments: 16_384,
            max_json_depth: 1_000,
            max_namespace_length: 255,
            max_room_length: 1_024,
            max_namespaces_per_connection: 100,
            max_pending_connects: 10,
            max_pending_packets: 64,
            max_dynamic_namespaces: 10_000,
            cleanup_empty_child_namespaces: true,
            max_rooms_per_socket: None,
            max_acks_per_socket: 10_000,
            max_buffered_bytes: 1 << 20,
            max_buffered_packets: 1_024,
            buffer_grace: seconds(1),
            buffer_policy: BufferPolicy::default(),
            connection_state_recovery: None,
            max_unjoined: 10_000,
            max_connections: None,
            max_connections_per_address: None,
        }
    }
}

impl Config {
    /// On how many threads connections are served: [`workers`](Self::workers), or the number of available cores.
    pub fn worker_count(&self) -> usize {
        self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// The prefix of the request path that the server answers under.
    ///
    /// The last `/` of `path` is taken off, and put back unless `add_trailing_slash` is false. Never empty.
    pub fn normalized_path(&self) -> String {
        let bare = self.path.strip_suffix('/').unwrap_or(&self.path);
        if self.add_trailing_slash || bare.is_empty() { format!("{bare}/") } else { bare.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_as_the_official_server_does() {
        let path = |path: &str, add_trailing_slash| {
            Config { path: path.to_owned(), add_trailing_slash, ..Config::default() }.normalized_path()
        };
        assert_eq!(path("/socket.io/", true), "/socket.io/");
        assert_eq!(path("/socket.io", true), "/socket.io/");
        assert_eq!(path("/socket.io/", false), "/socket.io");
        assert_eq!(path("/socket.io", false), "/socket.io");
        assert_eq!(path("/a//", true), "/a//");
        assert_eq!(path("/", true), "/");
        assert_eq!(path("/", false), "/");
    }

    #[test]
    fn the_defaults_are_valid() {
        Config::default().validate().unwrap();
    }
}
