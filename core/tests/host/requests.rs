//! HTTP requests that the host received.

use crate::client::sid_of;
use crate::kit::{Host, PATIENCE, args, quiet, until};
use http::{Request, Response};
use pancar::Reason;
use pancar::RemoteAddress;
use pancar::host::{Flags, PendingRequest, Server, Socket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// A request on its way.
pub struct Call {
    pub pending: PendingRequest,
    answered: Receiver<Response<bytes::Bytes>>,
}

pub fn call_server(server: &Server, method: &str, rest: &str, body: &str) -> Call {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/socket.io/?EIO=4&transport=polling{rest}"))
        .body(body.to_owned().into())
        .unwrap();
    request.extensions_mut().insert(RemoteAddress { ip: Some([10, 0, 0, 7].into()), secure: true });
    let (done, answered) = channel();
    let pending = server.request(request, move |answer| done.send(answer).unwrap()).unwrap();
    Call { pending, answered }
}

pub fn call(host: &Host, method: &str, rest: &str, body: &str) -> Call {
    call_server(&host.server, method, rest, body)
}

impl Call {
    pub fn answer(self) -> (u16, String) {
        let answer = self.answered.recv_timeout(PATIENCE).unwrap();
        (answer.status().as_u16(), String::from_utf8(answer.into_body().to_vec()).unwrap())
    }

    pub fn body(self) -> String {
        let (status, body) = self.answer();
        assert_eq!(status, 200, "{body}");
        body
    }
}

/// A session that polls and has joined; its `&sid=…`.
pub fn join(host: &mut Host) -> (String, Arc<Socket>) {
    let sid = sid_of(&call(host, "GET", "", "").body());
    let post = call(host, "POST", &sid, "40");
    let socket = host.accept();
    assert_eq!(post.body(), "ok");
    assert_eq!(call(host, "GET", &sid, "").body(), format!("40{{\"sid\":\"{}\"}}", socket.id()));
    (sid, socket)
}

#[test]
fn a_session_polls_through_requests_alone() {
    let mut host = Host::new(quiet());
    let (sid, socket) = join(&mut host);
    assert_eq!(socket.handshake().address, Some([10, 0, 0, 7].into()));
    assert!(socket.handshake().secure);
    let parked = call(&host, "GET", &sid, "");
    socket.emit(Flags::default(), "news", &args((1, "x"))).unwrap();
    assert_eq!(parked.body(), "42[\"news\",1,\"x\"]");
    assert_eq!(call(&host, "POST", &sid, "42[\"a\"]\u{1e}429[\"b\"]").body(), "ok");
    assert_eq!(host.heard(), "a[]");
    let asked = host.message();
    asked.socket.ack(asked.ack.unwrap(), &args("fine"));
    assert_eq!(call(&host, "GET", &sid, "").body(), "439[\"fine\"]");
    let parked = call(&host, "GET", &sid, "");
    assert_eq!(call(&host, "POST", &sid, "1").body(), "ok");
    assert_eq!(parked.body(), "6");
    assert_eq!(host.left().0, Reason::TransportClose);
    assert_eq!(call(&host, "GET", &sid, "").answer().0, 400);
}

#[test]
fn a_client_that_gives_its_get_up_ends_the_session() {
    let mut host = Host::new(quiet());
    let (sid, _) = join(&mut host);
    let parked = call(&host, "GET", &sid, "");
    drop(parked.pending);
    assert_eq!(host.left().0, Reason::TransportError);
    assert!(parked.answered.recv_timeout(PATIENCE).is_err(), "it is not answered");
    let (status, body) = call(&host, "GET", &sid, "").answer();
    assert_eq!((status, &*body), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
}

#[test]
fn requests_that_break_rules_are_refused() {
    let mut host = Host::new(quiet());
    assert_eq!(call(&host, "PUT", "", "").answer().0, 400);
    assert_eq!(call(&host, "GET", "&transport=pigeon", "").answer().0, 400);
    let (sid, _) = join(&mut host);
    let first = call(&host, "GET", &sid, "");
    assert_eq!(call(&host, "GET", &sid, "").answer().0, 400);
    assert_eq!(first.body(), "1");
    assert_eq!(host.left().0, Reason::TransportError);
    let (sid, _) = join(&mut host);
    assert_eq!(call(&host, "POST", &sid, &"x".repeat(1_000_001)).answer().0, 413);
    assert_eq!(host.left().0, Reason::PayloadTooLarge);
}

#[test]
fn an_answer_that_was_taken_may_be_let_go_of() {
    let mut host = Host::new(quiet());
    let (sid, socket) = join(&mut host);
    for n in 0..50 {
        let parked = call(&host, "GET", &sid, "");
        socket.emit(Flags::default(), "n", &args(n)).unwrap();
        assert_eq!(parked.body(), format!("42[\"n\",{n}]"));
    }
    assert!(socket.is_connected());
}

#[test]
fn a_client_that_closes_what_the_server_is_closing_ends_it_at_once() {
    let mut host = Host::new(quiet());
    let (sid, socket) = join(&mut host);
    socket.disconnect(true);
    assert_eq!(host.left().0, Reason::ServerNamespaceDisconnect);
    assert_eq!(host.server.clients_count(), 1, "it is to hear of that with its next GET");
    call(&host, "POST", &sid, "1").answer();
    until("the session has ended", || host.server.clients_count() == 0);
    assert_eq!(call(&host, "GET", &sid, "").answer().0, 400);
}
