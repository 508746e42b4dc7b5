//! Requests whose bodies the host hands over as they come.

use crate::kit::{Host, PATIENCE, quiet, until};
use crate::requests::{call, join};
use bytes::Bytes;
use http::{Request, Response};
use pancar::host::IncomingRequest;
use pancar::{Config, Reason};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const LIMIT: usize = 1000;

fn small() -> Config {
    Config { max_http_buffer_size: LIMIT, ..quiet() }
}

/// A request that has begun.
struct Begun {
    incoming: IncomingRequest,
    answered: Receiver<Response<Bytes>>,
}

fn begin_with(host: &Host, method: &str, rest: &str, headers: &[(&str, &str)]) -> Begun {
    let request = Request::builder().method(method).uri(format!("/socket.io/?EIO=4&transport=polling{rest}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let (done, answered) = channel();
    let incoming = host.server.begin_request(request.body(()).unwrap(), move |answer| done.send(answer).unwrap());
    Begun { incoming: incoming.unwrap(), answered }
}

fn post(host: &Host, sid: &str) -> Begun {
    begin_with(host, "POST", sid, &[])
}

impl Begun {
    fn feed(&self, piece: &str) -> bool {
        self.incoming.feed(Bytes::copy_from_slice(piece.as_bytes()))
    }

    fn status(&self) -> u16 {
        self.answered.recv_timeout(PATIENCE).unwrap().status().as_u16()
    }
}

#[test]
fn a_body_comes_in_pieces_and_counts_at_its_end() {
    let mut host = Host::new(quiet());
    let (sid, _socket) = join(&mut host);
    let mut begun = post(&host, &sid);
    for piece in ["42[\"a\"", ",1]\u{1e}", "42[\"b\"]"] {
        assert!(begun.feed(piece));
    }
    let waits = begun.answered.recv_timeout(Duration::from_millis(50));
    assert!(waits.is_err(), "it is answered at the end of the body");
    assert!(host.server.mailbox().is_empty());
    begun.incoming.end();
    assert_eq!(begun.status(), 200);
    assert_eq!([host.heard(), host.heard()], ["a[1]", "b[]"]);
    until("it has finished", || begun.incoming.is_finished());
    assert!(!begun.feed("42[\"late\"]"));
}

#[test]
fn what_has_no_body_is_answered_without_one() {
    let mut host = Host::new(quiet());
    let opened = begin_with(&host, "GET", "", &[]);
    assert_eq!(opened.status(), 200);
    let (sid, socket) = join(&mut host);
    let parked = begin_with(&host, "GET", &sid, &[]);
    socket.disconnect(true);
    assert_eq!(parked.status(), 200);
    assert_eq!(begin_with(&host, "POST", "&sid=nobody", &[]).status(), 400);
}

#[test]
fn a_second_post_ends_the_session_while_the_first_is_on_its_way() {
    let mut host = Host::new(quiet());
    let (sid, _socket) = join(&mut host);
    let mut first = post(&host, &sid);
    assert!(first.feed("42[\"x\""));
    assert_eq!(call(&host, "POST", &sid, "42[\"y\"]").answer().0, 400);
    assert_eq!(host.left().0, Reason::TransportError);
    first.feed("]");
    first.incoming.end();
    assert_eq!(first.status(), 400);
}

#[test]
fn a_client_that_gives_its_post_up_ends_the_session() {
    let mut host = Host::new(quiet());
    for _ in 0..200 {
        let (sid, _socket) = join(&mut host);
        let begun = post(&host, &sid);
        // A whole packet, but not the whole of what it wanted to say.
        assert!(begun.feed("42[\"half\"]"));
        drop(begun.incoming);
        assert_eq!(host.left().0, Reason::TransportError);
        assert!(begun.answered.recv_timeout(PATIENCE).is_err(), "it is not answered");
    }
}

#[test]
fn a_body_that_never_ends_is_not_waited_for() {
    let mut host = Host::new(Config { body_timeout: Duration::from_millis(50), ..quiet() });
    let (sid, _socket) = join(&mut host);
    let (began, begun) = (Instant::now(), post(&host, &sid));
    begun.feed("4");
    assert_eq!(begun.status(), 408);
    assert!(began.elapsed() >= Duration::from_millis(50));
    assert_eq!(host.left().0, Reason::TransportError);
    until("nothing more is wanted", || !begun.feed("2"));
}

#[test]
fn a_body_that_is_too_large_is_refused_by_what_it_says_of_itself_or_by_what_comes() {
    let mut host = Host::new(small());
    let (sid, _socket) = join(&mut host);
    let announced = begin_with(&host, "POST", &sid, &[("content-length", "1000000000")]);
    assert_eq!(announced.status(), 413);
    assert_eq!(host.left().0, Reason::PayloadTooLarge);
    let (sid, _socket) = join(&mut host);
    let mut slightly = post(&host, &sid);
    assert!(slightly.feed(&"4".repeat(LIMIT + 1)));
    slightly.incoming.end();
    assert_eq!(slightly.status(), 413);
    assert_eq!(host.left().0, Reason::PayloadTooLarge);
    let (sid, _socket) = join(&mut host);
    let endless = post(&host, &sid);
    until("no more is taken", || !endless.feed(&"4".repeat(LIMIT)));
    assert_eq!(endless.status(), 413);
    assert_eq!(host.left().0, Reason::PayloadTooLarge);
}

#[test]
fn a_body_waits_while_the_host_does_not_drain_and_little_of_it_is_kept() {
    let mut host = Host::new(small());
    let (sid, _socket) = join(&mut host);
    host.congest();
    let mut begun = post(&host, &sid);
    assert!(begun.incoming.is_congested());
    assert!(begun.feed("42[\"late\"]"));
    let fed = (0..100).take_while(|_| begun.feed(&" ".repeat(LIMIT))).count();
    assert!(fed < 10, "{fed} times what is allowed");
    drop(begun);
    host.relieve();
    assert_eq!(host.left().0, Reason::TransportError);
    let (sid, _socket) = join(&mut host);
    host.congest();
    begun = post(&host, &sid);
    assert!(begun.feed("42[\"late\"]"));
    begun.incoming.end();
    assert!(begun.answered.recv_timeout(Duration::from_millis(50)).is_err());
    host.relieve();
    assert!(!begun.incoming.is_congested());
    assert_eq!(begun.status(), 200);
    assert_eq!(host.heard(), "late[]");
}
