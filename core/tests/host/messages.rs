//! WebSockets whose messages the host carries.

use crate::client::sid_of;
use crate::kit::{Host, PATIENCE, Signal, args, quiet};
use bytes::Bytes;
use http::{Request, Response};
use pancar::config::{Cors, Origin};
use pancar::host::{ExternalSocket, Flags, Hooks, Outgoing, Server, Socket};
use pancar::{Config, Handshake, Reason};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

/// The client and the part of the host that carries its messages.
#[derive(Debug)]
pub struct Carried {
    pub socket: ExternalSocket,
    signal: Arc<Signal>,
    taken: VecDeque<Outgoing>,
}

/// A WebSocket; else the status that it is refused with.
pub fn connect(host: &Host, rest: &str) -> Result<Carried, u16> {
    ask(&host.server, rest, &[]).map_err(|answer| answer.status().as_u16())
}

/// A WebSocket that is asked for with some headers; else the answer.
fn ask(server: &Server, rest: &str, headers: &[(&str, &str)]) -> Result<Carried, Box<Response<Bytes>>> {
    let request = Request::builder().uri(format!("/socket.io/?EIO=4&transport=websocket{rest}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let signal = Arc::<Signal>::default();
    let (done, answered) = channel();
    let done = move |answer| done.send(answer).unwrap();
    server.websocket(request.body(()).unwrap(), signal.bell(), done).unwrap();
    let socket = answered.recv_timeout(PATIENCE).unwrap()?;
    Ok(Carried { socket, signal, taken: VecDeque::new() })
}

impl Carried {
    /// A session of its own.
    pub fn open(host: &Host) -> Self {
        let mut carried = connect(host, "").unwrap();
        sid_of(&carried.said());
        carried
    }

    pub fn join(&mut self, host: &mut Host) -> Arc<Socket> {
        self.text("40");
        let socket = host.accept();
        assert_eq!(self.said(), format!("40{{\"sid\":\"{}\"}}", socket.id()));
        socket
    }

    pub fn text(&self, text: &str) {
        self.socket.text(text.into());
    }

    pub fn next(&mut self) -> Outgoing {
        let Self { socket, signal, taken } = self;
        signal.wait(|| {
            if taken.is_empty() {
                taken.extend(socket.take());
            }
            taken.pop_front()
        })
    }

    pub fn said(&mut self) -> String {
        match self.next() {
            Outgoing::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// The next thing is the end; its code.
    pub fn closed(&mut self) -> u16 {
        let Outgoing::Close(code, _) = self.next() else { panic!() };
        assert!(self.taken.is_empty());
        for _ in 0..3 {
            assert_eq!(self.socket.take(), [], "nothing comes after the end");
        }
        code
    }
}

#[test]
fn a_session_lives_on_messages_alone() {
    let mut host = Host::new(quiet());
    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    assert_eq!(socket.peer().transport().as_str(), "websocket");
    for n in 0..100 {
        client.text(&format!("42[\"n\",{n}]"));
    }
    for n in 0..100 {
        assert_eq!(host.heard(), format!("n[{n}]"));
        socket.emit(Flags::default(), "n", &args(n)).unwrap();
    }
    for n in 0..100 {
        assert_eq!(client.said(), format!("42[\"n\",{n}]"));
    }
    client.text(r#"451-["bin",{"_placeholder":true,"num":0}]"#);
    client.socket.binary(Bytes::from_static(&[1, 2, 3]));
    let message = host.message();
    socket.emit(Flags::default(), "bin", &message.args).unwrap();
    assert_eq!(client.said(), r#"451-["bin",{"_placeholder":true,"num":0}]"#);
    assert_eq!(client.next(), Outgoing::Binary(Bytes::from_static(&[1, 2, 3])));
}

#[test]
fn the_bell_rings_once_until_something_is_taken() {
    let mut host = Host::new(quiet());
    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    assert_eq!(client.socket.take(), []);
    let rung = client.signal.count();
    for n in 0..1000 {
        socket.emit(Flags::default(), "n", &args(n)).unwrap();
    }
    let first = client.said();
    assert_eq!(first, "42[\"n\",0]");
    while client.said() != "42[\"n\",999]" {}
    let often = client.signal.count() - rung;
    assert!(often < 500, "{often} rings");
}

#[test]
fn a_client_that_goes_away_is_a_transport_close() {
    let mut host = Host::new(quiet());
    let mut client = Carried::open(&host);
    client.join(&mut host);
    drop(client);
    assert_eq!(host.left().0, Reason::TransportClose);
    let mut client = Carried::open(&host);
    client.join(&mut host);
    assert!(!client.socket.is_ended());
    client.socket.closed();
    assert!(client.socket.is_ended());
    assert_eq!(host.left().0, Reason::TransportClose);
    assert_eq!(client.socket.take(), [], "there is nobody to tell");
    let mut client = Carried::open(&host);
    client.join(&mut host);
    client.text("1");
    assert_eq!(host.left().0, Reason::TransportClose);
    assert_eq!(client.closed(), 1000);
    drop(client);
    assert_eq!(host.server.clients_count(), 0);
}

#[test]
fn a_client_hears_why_it_is_closed() {
    let mut host = Host::new(quiet());
    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    client.text(&"4".repeat(1_000_001));
    assert_eq!(host.left().0, Reason::PayloadTooLarge);
    assert_eq!(client.closed(), 1009);
    assert!(!socket.is_connected());

    let mut client = Carried::open(&host);
    client.join(&mut host);
    client.text("4abc");
    assert_eq!(host.left().0, Reason::ParseError);
    assert_eq!(client.closed(), 1008);
    assert!(client.socket.is_ended());

    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    socket.emit(Flags::default(), "last", &args("words")).unwrap();
    socket.disconnect(true);
    assert_eq!(host.left().0, Reason::ServerNamespaceDisconnect);
    assert_eq!([client.said(), client.said()], ["42[\"last\",\"words\"]", "41"]);
    assert_eq!(client.closed(), 1000);
}

#[test]
fn a_client_that_takes_nothing_is_closed() {
    let config = Config { max_buffered_bytes: 10_000, buffer_grace: Duration::from_millis(20), ..quiet() };
    let mut host = Host::new(config);
    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    socket.emit(Flags::default(), "big", &args("z".repeat(15_000))).unwrap();
    assert_eq!(host.left().0, Reason::SlowConsumer);
    assert_eq!(client.closed(), 1008);

    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    for _ in 0..20 {
        socket.emit(Flags::default(), "big", &args("z".repeat(15_000))).unwrap();
        assert_eq!(client.said().len(), 15_000 + 12, "one that takes may have more");
    }
}

#[test]
fn what_is_no_session_is_refused() {
    let host = Host::new(Config { allow_upgrades: false, ..quiet() });
    assert_eq!(connect(&host, "&sid=nobody").err(), Some(400));
    assert_eq!(connect(&host, "&EIO=3").err(), Some(400));
    assert_eq!(connect(&host, "&transport=polling").err(), Some(400));
    let sid = sid_of(&crate::requests::call(&host, "GET", "", "").body());
    assert_eq!(connect(&host, &sid).err(), Some(400), "upgrades are off");
}

#[test]
fn refusals_have_the_headers_that_every_answer_has() {
    let config = Config { cors: Some(Cors::new(Origin::List(vec!["https://a.example".to_owned()]))), ..quiet() };
    let edit =
        |headers: &mut http::HeaderMap, _: &Handshake| drop(headers.insert("x-served-by", "us".parse().unwrap()));
    let hooks = Hooks { headers: Some(Arc::new(edit)), ..Hooks::default() };
    let server = Server::with_hooks(config, hooks, Arc::<Signal>::default().bell()).unwrap();
    for (rest, origin, status, allowed) in [
        ("&sid=nobody", "https://a.example", 400, Some("https://a.example")),
        ("&EIO=3", "https://a.example", 400, Some("https://a.example")),
        ("", "https://b.example", 403, None),
        ("", "https://\u{e4}.example", 400, None),
    ] {
        let refused = ask(&server, rest, &[("origin", origin)]).unwrap_err();
        let header = |name: &str| refused.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(refused.status(), status, "{rest} {origin}");
        assert_eq!(header("access-control-allow-origin"), allowed, "{rest} {origin}");
        assert_eq!((header("vary"), header("x-served-by")), (Some("Origin"), Some("us")), "{rest} {origin}");
    }
}

#[test]
fn little_is_taken_at_a_time_so_that_the_server_knows_what_waits() {
    let mut host = Host::new(quiet());
    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    let text = "x".repeat(10_000);
    (0..50).for_each(|n| socket.emit(Flags::default(), "n", &args((n, &*text))).unwrap());
    let mut all = Vec::new();
    while all.len() < 50 {
        let rung = client.signal.count();
        let taken = client.socket.take();
        assert!(taken.len() <= 7, "{} messages at a time", taken.len());
        all.extend(taken);
        assert!(all.len() == 50 || client.signal.count() > rung, "it rings for the rest");
        assert!(socket.peer().link().buffered_bytes() <= (50 - all.len()) * 10_100);
    }
    for (n, outgoing) in all.into_iter().enumerate() {
        assert_eq!(outgoing, Outgoing::Text(format!("42[\"n\",{n},\"{text}\"]").into()));
    }
}

#[test]
fn a_client_that_does_not_read_is_not_taken_for_one_that_went_away() {
    let mut host = Host::new(Config { max_buffered_bytes: 1000, ..quiet() });
    let mut client = Carried::open(&host);
    let socket = client.join(&mut host);
    let (release, held) = channel::<()>();
    // The host hears of the end, and closes, before the server itself comes to it.
    host.server.spawn(Some(&socket), Box::pin(async move { held.recv().unwrap_or_default() })).unwrap();
    let text = args("x".repeat(1000));
    while !matches!(client.socket.take().last(), Some(Outgoing::Close(1008, _))) {
        (0..100).for_each(|_| socket.emit(Flags::default(), "flood", &text).unwrap());
    }
    client.socket.closed();
    drop(release);
    assert_eq!(host.left().0, Reason::SlowConsumer);
}
