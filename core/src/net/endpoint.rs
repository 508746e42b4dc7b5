//! The HTTP face of a hub: every request on the server's path is answered here, whoever listens.

use crate::hub::Hub;
use crate::hub::handshake::{Handshake, Kept};
use crate::hub::link::PollBody;
use crate::hub::peer::Peer;
use crate::hub::registry::{self, Refused};
use crate::hub::shard::Shard;
use crate::ids::Sid;
use crate::net::address::ClientAddress;
use crate::net::answer::{self, Answer};
use crate::net::hooks::{ConnectionError, Hooks};
use crate::net::static_client::StaticClient;
use crate::net::{compress, cors, polling, upgrade, worker};
use crate::proto::route::{Refusal, Route};
use crate::proto::session::Transport;
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

mod websockets;

/// The address of the other side of a connection, for servers that are mounted into somebody else's HTTP server: put it
/// into the extensions of the request. [`Server::listen`](crate::Server::listen) does so itself.
#[derive(Clone, Copy, Debug)]
pub struct RemoteAddress {
    /// The address, where the connection has one.
    pub ip: Option<IpAddr>,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

/// The HTTP face of a hub.
#[derive(Debug)]
pub struct Endpoint {
    hub: Arc<Hub>,
    hooks: Hooks,
    path: String,
    client: Option<StaticClient>,
    mounted: OnceLock<()>,
}

/// What is known of a request apart from its body.
struct Head {
    parts: Parts,
    address: ClientAddress,
}

/// A request as far as it could be begun without waiting.
enum Begun {
    Answered(Answer),
    Open(Transport),
    Poll(Result<polling::Get, Box<Answer>>),
    Post(Result<polling::Post, Box<Answer>>),
    Probe(Arc<Peer>),
}

impl Endpoint {
    /// The face of a hub; `client` is the browser bundle that it serves.
    pub fn new(hub: Arc<Hub>, hooks: Hooks, client: Option<StaticClient>) -> Arc<Self> {
        let path = hub.config().normalized_path();
        Arc::new(Self { hub, hooks, path, client, mounted: OnceLock::new() })
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Whether a request is for this server.
    pub fn owns(&self, path: &str) -> bool {
        path.starts_with(&self.path)
    }

    /// Answers a request on the server's path.
    ///
    /// What concerns a session begins in the call itself: an HTTP server may drop the future without ever polling it when
    /// the client is gone, and the session has to hear of that.
    pub fn respond<B>(self: &Arc<Self>, request: Request<B>) -> impl Future<Output = Answer> + Send + use<B>
    where
        B: Body + Send,
        B::Data: Send,
    {
        let (mut parts, body) = request.into_parts();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let head = self.head(parts);
        let begun = self.begin(&head);
        let me = Arc::clone(self);
        async move {
            let answer = me.go_on(begun, &head, upgrade, body).await;
            me.dress(answer, &head)
        }
    }

    fn head(&self, parts: Parts) -> Head {
        let remote = parts.extensions.get::<RemoteAddress>().copied();
        let ip = remote.and_then(|remote| remote.ip);
        let secure = remote.is_some_and(|remote| remote.secure);
        let address = ClientAddress::resolve(&self.hub.config().trusted_proxies, ip, secure, &parts.headers);
        Head { parts, address }
    }

    /// The headers that every answer gets.
    fn dress(&self, mut answer: Answer, head: &Head) -> Answer {
        let request = &head.parts.headers;
        if let Some(cors) = self.hub.config().cors.as_ref().filter(|_| head.parts.method != Method::OPTIONS) {
            cors::apply(cors, request, answer.headers_mut());
        }
        legacy_headers(request, answer.headers_mut());
        if let Some(edit) = &self.hooks.headers {
            edit(answer.headers_mut(), &handshake(head));
        }
        answer
    }

    /// What a request wants, as far as it can be begun without waiting.
    fn begin(&self, head: &Head) -> Begun {
        let parts = &head.parts;
        if let Some(cors) = self.hub.config().cors.as_ref().filter(|_| parts.method == Method::OPTIONS) {
            return Begun::Answered(cors::preflight(cors, parts).map(|()| Full::new(Bytes::new())));
        }
        if let Some(file) = self.file(head) {
            return Begun::Answered(file);
        }
        let wants_upgrade = upgrade::is_requested(&parts.headers);
        let query = parts.uri.query().unwrap_or("");
        let route = match Route::parse(&parts.method, query, wants_upgrade, self.hub.config()) {
            Ok(route) => route,
            Err(refusal) => return Begun::Answered(self.refuse(refusal, context(refusal), head)),
        };
        if !cors::origin_is_legal(&parts.headers) {
            return Begun::Answered(self.refuse(Refusal::BadRequest, "illegal characters in Origin", head));
        }
        self.begin_route(route, wants_upgrade, head)
    }

    fn begin_route(&self, route: Route, wants_upgrade: bool, head: &Head) -> Begun {
        let sid = match &route {
            Route::Open(transport) => return Begun::Open(*transport),
            Route::Poll(sid) | Route::Post(sid) | Route::Upgrade(sid) | Route::BadMethod(sid) => sid,
        };
        let Some(peer) = self.hub.peer(sid.as_str()) else {
            return Begun::Answered(self.refuse(Refusal::UnknownSid, "no such session", head));
        };
        match route {
            Route::Poll(_) => Begun::Poll(polling::Get::begin(peer)),
            Route::Post(_) => Begun::Post(polling::Post::begin(peer)),
            Route::Upgrade(_) if wants_upgrade => Begun::Probe(peer),
            Route::Upgrade(_) => Begun::Answered(self.refuse(Refusal::BadRequest, "no upgrade was asked for", head)),
            _ => Begun::Answered(answer::empty(StatusCode::METHOD_NOT_ALLOWED)),
        }
    }

    async fn go_on<B>(&self, begun: Begun, head: &Head, upgrade: Option<OnUpgrade>, body: B) -> Answer
    where
        B: Body + Send,
        B::Data: Send,
    {
        match begun {
            Begun::Answered(answer) => answer,
            Begun::Open(Transport::Polling) => self.open(head).await,
            Begun::Open(Transport::WebSocket) => self.open_websocket(head, upgrade).await,
            Begun::Poll(Ok(get)) => match get.answer().await {
                Ok(body) => self.finish_poll(head, body),
                Err(answer) => answer,
            },
            Begun::Post(Ok(post)) => post.answer(&head.parts.headers, body).await,
            Begun::Poll(Err(answer)) | Begun::Post(Err(answer)) => *answer,
            Begun::Probe(peer) => self.probe(peer, head, upgrade),
        }
    }

    /// A file of the browser bundle.
    fn file(&self, head: &Head) -> Option<Answer> {
        let client = self.client.as_ref()?;
        let name = head.parts.uri.path().get(self.path.len()..)?;
        let is_read = head.parts.method == Method::GET || head.parts.method == Method::HEAD;
        if !is_read || !client.contains(name) {
            return None;
        }
        let answer = client.respond(name, &head.parts.headers);
        let without_body = head.parts.method == Method::HEAD;
        Some(answer.map(|body| Full::new(if without_body { Bytes::new() } else { body })))
    }

    fn refuse(&self, refusal: Refusal, context: &'static str, head: &Head) -> Answer {
        self.report(refusal, context, head);
        answer::refusal(refusal, None)
    }

    fn report(&self, refusal: Refusal, context: &'static str, head: &Head) {
        tracing::debug!(code = refusal.code(), context, "request refused");
        if let Some(report) = &self.hooks.connection_error {
            report(&ConnectionError { refusal, context, handshake: Arc::new(handshake(head)) });
        }
    }

    /// Whether a new session may be made: limits, then the application.
    async fn admit(&self, head: &Head) -> Result<(), Answer> {
        if let Err(full) = self.hub.admit(head.address.ip) {
            return Err(self.too_many(full, head));
        }
        if let Some(allow) = &self.hooks.allow_request
            && let Err(message) = allow(Arc::new(handshake(head))).await
        {
            self.report(Refusal::Forbidden, "refused by allow_request", head);
            return Err(answer::refusal(Refusal::Forbidden, Some(&message)));
        }
        Ok(())
    }

    fn too_many(&self, full: registry::Full, head: &Head) -> Answer {
        self.report(Refusal::Forbidden, "too many connections", head);
        answer::full(full)
    }

    async fn new_sid(&self, head: &Head) -> Result<Sid, Answer> {
        let sid = match &self.hooks.generate_id {
            Some(generate) => generate(Arc::new(handshake(head))).await.map(Sid::from),
            None => Sid::random(),
        };
        sid.filter(|sid| !sid.as_str().is_empty() && self.hub.peer(sid.as_str()).is_none())
            .ok_or_else(|| self.refuse(Refusal::BadRequest, "no id could be made", head))
    }

    async fn new_peer(&self, head: &Head, transport: Transport) -> Result<Arc<Peer>, Answer> {
        self.admit(head).await?;
        let sid = self.new_sid(head).await?;
        let shard = head.parts.extensions.get::<Arc<Shard>>().cloned().or_else(|| self.mounted_shard());
        let Some(shard) = shard else { return Err(answer::full(registry::Full::Closing)) };
        let peer = Peer::new(Arc::clone(&self.hub), shard, sid, transport, handshake(head), Instant::now());
        match self.hub.enter(&peer) {
            Ok(()) => Ok(peer),
            Err(Refused::IdTaken) => Err(self.refuse(Refusal::BadRequest, "no id could be made", head)),
            Err(Refused::Full(full)) => Err(self.too_many(full, head)),
        }
    }

    /// A share on the runtime that this server is mounted into.
    fn mounted_shard(&self) -> Option<Arc<Shard>> {
        self.mounted.get_or_init(|| {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            (0..threads).for_each(|_| worker::adopt_runtime(&self.hub));
        });
        self.hub.shard()
    }

    async fn open(&self, head: &Head) -> Answer {
        let peer = match self.new_peer(head, Transport::Polling).await {
            Ok(peer) => peer,
            Err(answer) => return answer,
        };
        let payload = open_packet(&peer, Transport::Polling);
        peer.announce();
        let mut answer = self.finish_poll(head, PollBody { bytes: payload.into(), compress: true });
        if let Some(cookie) = &self.hub.config().cookie
            && let Ok(value) = HeaderValue::from_str(&cookie.header_value(peer.sid().as_str()))
        {
            answer.headers_mut().append(SET_COOKIE, value);
        }
        if let Some(edit) = &self.hooks.initial_headers {
            edit(answer.headers_mut(), peer.handshake());
        }
        answer
    }

    fn finish_poll(&self, head: &Head, body: PollBody) -> Answer {
        let threshold = self.hub.config().http_compression.filter(|_| body.compress);
        let accepted = head.parts.headers.get(ACCEPT_ENCODING);
        let (bytes, coding) = match threshold {
            Some(threshold) => compress::compress(body.bytes, accepted, threshold),
            None => (body.bytes, None),
        };
        let mut answer = answer::payload(bytes);
        if let Some(coding) = coding {
            answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        answer
    }
}

fn context(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownTransport => "the transport is missing, unknown or off",
        Refusal::UnknownSid => "no such session",
        Refusal::BadHandshakeMethod => "a session is opened by GET",
        Refusal::BadRequest => "transport and upgrade do not fit",
        Refusal::Forbidden => "forbidden",
        Refusal::UnsupportedProtocol => "EIO is not 4",
    }
}

fn handshake(head: &Head) -> Handshake {
    let parts = &head.parts;
    let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
    // No more than there are: they live as long as the connection.
    let mut headers = Vec::with_capacity(parts.headers.len());
    headers.extend(parts.headers.iter().filter_map(|(name, value)| Some((name.clone(), copy(value)?))));
    Handshake {
        headers,
        url: parts.uri.path_and_query().map_or("/", |url| url.as_str()).into(),
        address: head.address.ip,
        secure: head.address.secure,
        issued: SystemTime::now(),
        kept: parts.extensions.get::<Kept>().cloned(),
    }
}

/// The first packet of a session.
fn open_packet(peer: &Peer, transport: Transport) -> String {
    let config = peer.hub().config();
    let upgrades: &[&str] = match transport {
        Transport::Polling if config.allow_upgrades && config.transports.websocket => &["websocket"],
        _ => &[],
    };
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Open<'a> {
        sid: &'a str,
        upgrades: &'a [&'a str],
        ping_interval: u128,
        ping_timeout: u128,
        max_payload: usize,
    }
    let open = Open {
        sid: peer.sid().as_str(),
        upgrades,
        ping_interval: config.ping_interval.as_millis(),
        ping_timeout: config.ping_timeout.as_millis(),
        max_payload: config.max_http_buffer_size,
    };
    format!("0{}", serde_json::to_string(&open).unwrap_or_default())
}

/// Old versions of Internet Explorer take a payload for a page with an attack in it unless they are told not to look.
fn legacy_headers(request: &HeaderMap, answer: &mut HeaderMap) {
    let agent = request.get(USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    let contains = |word: &[u8]| agent.windows(word.len()).any(|part| part == word);
    if contains(b";MSIE") || contains(b"Trident/") {
        answer.insert(HeaderName::from_static("x-xss-protection"), HeaderValue::from_static("0"));
    }
}
