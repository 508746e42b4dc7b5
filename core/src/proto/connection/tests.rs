//! Session and client together, and whatever a client may think of.

use super::*;
use crate::proto::session::Transport::{Polling, WebSocket};
use std::time::Duration;

struct Script {
    connection: Connection,
    now: Instant,
    out: Vec<Output>,
}

fn open(transport: Transport, socket_io: bool) -> Script {
    let now = Instant::now();
    Script { connection: Connection::new(transport, socket_io, &Config::default(), now), now, out: Vec::new() }
}

impl Script {
    fn handle(&mut self, input: Input) -> Verdict {
        self.connection.handle(input, self.now, &mut self.out)
    }

    fn text(&mut self, text: &str) -> Vec<Output> {
        self.handle(Input::Text(text.into()));
        std::mem::take(&mut self.out)
    }

    /// Why it ended, and what that is for people.
    fn end(&mut self) -> Option<(Reason, &'static str)> {
        self.out.drain(..).find_map(|output| match output {
            Output::Closed { reason, detail } => Some((reason, detail)),
            _ => None,
        })
    }

    fn pass_to_deadline(&mut self) {
        self.now = self.connection.deadline().unwrap();
        self.handle(Input::Timeout { deaf: None });
    }
}

#[test]
fn without_socket_io_messages_come_out_as_they_are() {
    let mut script = open(WebSocket, false);
    assert!(matches!(&script.text("4hello")[..], [Output::Text(text)] if text == "hello"));
    assert!(matches!(&script.text("bAQ==")[..], [Output::Binary(data)] if data[..] == [1]));
    script.handle(Input::Binary(Bytes::from_static(b"x")));
    assert!(matches!(&script.out[..], [Output::Binary(data)] if data[..] == *b"x"));
    assert!(script.connection.client_mut().is_none());
    let heartbeat = script.now + Config::default().ping_interval;
    assert_eq!(script.connection.deadline(), Some(heartbeat), "nobody has to join anything");
}

#[test]
fn what_is_no_packet_ends_the_connection() {
    for text in ["", "x", "7", "b*"] {
        let mut script = open(WebSocket, true);
        script.handle(Input::Text(text.into()));
        assert_eq!(script.end(), Some((Reason::ParseError, "illegal Engine.IO packet")), "{text}");
        assert!(script.text(text).is_empty(), "and only once");
    }
}

#[test]
fn what_is_no_legal_packet_of_socket_io_ends_the_connection() {
    for text in ["4", "4abc", "42{}", "42[\"x\"]", "41", "44{}"] {
        let mut script = open(Polling, true);
        script.handle(Input::Text(text.into()));
        assert_eq!(script.end().map(|(reason, _)| reason), Some(Reason::ParseError), "{text}");
    }
    let mut script = open(WebSocket, true);
    script.handle(Input::Binary(Bytes::new()));
    assert_eq!(script.end().unwrap().0, Reason::ParseError);
}

#[test]
fn a_connection_that_joins_nothing_is_closed() {
    let mut script = open(WebSocket, true);
    script.pass_to_deadline();
    assert!(matches!(&script.out[..], [Output::Queue(_)]), "a ping first");
    script.text("3");
    let until = script.connection.deadline().unwrap();
    script.pass_to_deadline();
    assert_eq!(script.end(), Some((Reason::ForcedClose, "no namespace was joined in time")));
    assert!(until <= script.now && script.connection.deadline().is_none());
}

#[test]
fn attachments_that_do_not_come_end_the_connection() {
    let mut script = open(WebSocket, true);
    script.text("40");
    let Some(client) = script.connection.client_mut() else { panic!() };
    assert!(client.accept(Ticket::FIRST, &mut Vec::new()));
    script.text(r#"451-["x"]"#);
    assert_eq!(script.connection.deadline(), Some(script.now + Config::default().attachment_timeout));
    script.pass_to_deadline();
    assert_eq!(script.end(), Some((Reason::ParseError, "attachments did not come in time")));
}

#[test]
fn a_session_that_closes_has_the_deadline_of_its_closing_only() {
    let mut script = open(Polling, true);
    let close = Close { reason: Reason::ForcedServerClose, detail: "test", discard: false };
    script.handle(Input::Close { close, parked: false, queued: false });
    assert_eq!(script.connection.deadline(), Some(script.now + Duration::from_secs(30)));
    assert!(script.text("4nonsense").is_empty());
    assert!(script.text("nonsense").is_empty());
    script.pass_to_deadline();
    assert_eq!(script.end().unwrap().0, Reason::ForcedServerClose);
}
