//! The Socket.IO side of a connection, message by message.

use super::*;
use crate::proto::connection::Output;

/// A client, what time it is, and the tickets of its CONNECTs in their order.
pub(super) struct Script {
    pub(super) client: Client,
    pub(super) now: Instant,
    pub(super) tickets: Vec<Ticket>,
}

pub(super) fn open() -> Script {
    open_with(&Config::default())
}

pub(super) fn open_with(config: &Config) -> Script {
    let now = Instant::now();
    Script { client: Client::new(config, now), now, tickets: Vec::new() }
}

/// A client that has joined `/`.
pub(super) fn joined() -> Script {
    let mut script = open();
    script.join("/");
    script
}

impl Script {
    pub(super) fn text(&mut self, text: &str) -> Result<Vec<String>, Violation> {
        let mut out = Vec::new();
        self.client.text(&text.into(), self.now, &mut out)?;
        Ok(self.show(out))
    }

    pub(super) fn binary(&mut self, data: &'static [u8]) -> Result<Vec<String>, Violation> {
        let mut out = Vec::new();
        self.client.binary(Bytes::from_static(data), &mut out)?;
        Ok(self.show(out))
    }

    /// The server lets the last CONNECT in.
    pub(super) fn accept(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        assert!(self.client.accept(self.ticket(), &mut out));
        self.show(out)
    }

    pub(super) fn ticket(&self) -> Ticket {
        *self.tickets.last().unwrap()
    }

    pub(super) fn join(&mut self, namespace: &str) -> Slot {
        self.text(&format!("0{namespace},")).unwrap();
        self.accept();
        self.ticket().slot
    }

    fn show(&mut self, out: Vec<Output>) -> Vec<String> {
        out.into_iter().map(|output| self.show_one(output)).collect()
    }

    fn show_one(&mut self, output: Output) -> String {
        match output {
            Output::Join { ticket, namespace, auth } => {
                self.tickets.push(ticket);
                format!("join {namespace} {auth}")
            }
            Output::Event { slot, name, args, ack } => {
                let wanted = ack.map(|id| format!(" ack {id}")).unwrap_or_default();
                let binary = match args.attachments().len() {
                    0 => String::new(),
                    count => format!(" +{count}"),
                };
                format!("{slot}: {name}({}){binary}{wanted}", args.json())
            }
            Output::Ack { slot, id, args } => {
                format!("{slot}: answer {id}({}) +{}", args.json(), args.attachments().len())
            }
            Output::Leave { slot } => format!("{slot}: left"),
            Output::Queue(burst) => {
                let text = burst.messages().next().unwrap().unwrap();
                format!("send {}", std::str::from_utf8(text).unwrap())
            }
            other => panic!("a client never asks for {other:?}"),
        }
    }
}

#[test]
fn a_client_asks_to_join_with_its_credentials() {
    let mut script = open();
    assert_eq!(script.text("0").unwrap(), ["join / "]);
    assert_eq!(script.text(r#"0/admin,{"token":"x"}"#).unwrap(), [r#"join /admin {"token":"x"}"#]);
    assert!(script.tickets.iter().all(|ticket| script.client.is_pending(*ticket)));
}

#[test]
fn events_answers_and_leaving_reach_the_slot_of_their_namespace() {
    let mut script = joined();
    assert_eq!(script.join("/a"), 1);
    assert_eq!(script.text(r#"2["x",1,"y"]"#).unwrap(), [r#"0: x(1,"y")"#]);
    assert_eq!(script.text(r#"2/a,7["x"]"#).unwrap(), ["1: x() ack 7"]);
    assert_eq!(script.text("3/a,12[1]").unwrap(), ["1: answer 12(1) +0"]);
    assert_eq!(script.text("1").unwrap(), ["0: left"]);
    assert_eq!(script.text(r#"2/a,["x"]"#).unwrap(), ["1: x()"], "the others stay");
}

#[test]
fn nothing_but_a_connect_is_legal_for_a_namespace_that_was_not_joined() {
    for packet in
        [r#"2["x"]"#, "31[]", "1", r#"2/b,["x"]"#, "1/b,", r#"51-["x",{"_placeholder":true,"num":0}]"#, "61-1[1]"]
    {
        assert!(open().text(packet).is_err(), "{packet}");
    }
    for packet in [r#"2/b,["x"]"#, "3/b,1[]", "1/b,", r#"51-/b,["x"]"#] {
        assert!(joined().text(packet).is_err(), "{packet}");
    }
}

#[test]
fn every_packet_that_is_no_legal_one_is_a_violation_with_words() {
    let bad = [
        ("", "unknown type"),
        ("4{}", "unknown type"),
        ("7", "unknown type"),
        (r#"5["x"]"#, "illegal number of attachments"),
        (r#"50-["x"]"#, "illegal number of attachments"),
        (r#"511-["x"]"#, "too many attachments"),
        ("3[]", "illegal acknowledgement id"),
        (r#"29007199254740992["x"]"#, "illegal acknowledgement id"),
        ("1{}", "unexpected payload"),
        (r#"2["disconnect"]"#, "reserved event name"),
        (r#"2["connect_error",1]"#, "reserved event name"),
        ("2{}", "invalid payload"),
        ("2[", "invalid payload"),
        ("0[]", "invalid payload"),
    ];
    for (packet, words) in bad {
        let violation = joined().text(packet).unwrap_err();
        assert!(violation.contains(words), "{packet}: {violation}");
    }
    let long = format!("0/{}", "x".repeat(255));
    assert!(open().text(&long).unwrap_err().contains("namespace name too long"));
}

#[test]
fn a_namespace_is_joined_once() {
    let mut pending = open();
    pending.text("0").unwrap();
    assert!(pending.text("0").unwrap_err().contains("twice"));
    assert!(joined().text("0").unwrap_err().contains("twice"));
}

#[test]
fn packets_that_come_before_the_answer_wait_for_it_in_their_order() {
    let mut script = open();
    script.text("0").unwrap();
    assert!(script.text(r#"2["a"]"#).unwrap().is_empty());
    assert!(script.text(r#"51-["b",{"_placeholder":true,"num":0}]"#).unwrap().is_empty());
    assert!(script.binary(b"x").unwrap().is_empty());
    assert!(script.text("30[]").unwrap().is_empty());
    assert!(script.text("1").unwrap().is_empty());
    let told = script.accept();
    assert_eq!(told, ["0: a()", r#"0: b({"_placeholder":true,"num":0}) +1"#, "0: answer 0() +0", "0: left"]);
    assert!(script.text(r#"2["late"]"#).is_err(), "it has left");
}

#[test]
fn packets_that_wait_are_bounded() {
    let mut script = open_with(&Config { max_pending_packets: 3, ..Config::default() });
    script.text("0").unwrap();
    for _ in 0..3 {
        script.text(r#"2["x"]"#).unwrap();
    }
    assert!(script.text(r#"2["x"]"#).is_err());
    let mut none = open_with(&Config { max_pending_packets: 0, ..Config::default() });
    none.text("0").unwrap();
    assert!(none.text(r#"2["x"]"#).is_err());
}

#[test]
fn connects_that_wait_are_bounded() {
    let mut script = open_with(&Config { max_pending_connects: 2, ..Config::default() });
    script.text("0/a,").unwrap();
    script.text("0/b,").unwrap();
    assert_eq!(script.text("0/c,").unwrap(), [r#"send 44/c,{"message":"Too many namespaces"}"#]);
    script.accept();
    assert_eq!(script.text("0/c,").unwrap(), ["join /c "], "one of them was answered");
}

#[test]
fn namespaces_are_bounded() {
    let mut script = open_with(&Config { max_namespaces_per_connection: 2, ..Config::default() });
    script.join("/a");
    let slot = script.join("/b");
    assert_eq!(script.text("0/c,").unwrap(), [r#"send 44/c,{"message":"Too many namespaces"}"#]);
    assert!(script.client.leave(slot));
    assert_eq!(script.join("/c"), slot, "the place of one that has ended is taken");
    script.text("1/a,").unwrap();
    assert_eq!(script.text("0/b,").unwrap(), ["join /b "]);
}

#[test]
fn names_that_are_refused_do_not_pile_up() {
    let mut script = open();
    for number in 0..10_000 {
        script.text(&format!("0/{number},")).unwrap();
        assert!(script.client.reject(script.ticket()));
    }
    assert!(script.client.memberships.len() <= Config::default().max_namespaces_per_connection);
    for number in 0..10_000 {
        script.join(&format!("/n{number}"));
        script.text(&format!("1/n{number},")).unwrap();
    }
    assert!(script.client.memberships.len() <= Config::default().max_namespaces_per_connection);
}

#[test]
fn what_is_in_flight_when_the_server_disconnects_is_ignored() {
    let mut script = joined();
    assert!(script.client.leave(0));
    assert!(!script.client.leave(0), "once");
    assert!(script.text(r#"2["x"]"#).unwrap().is_empty());
    assert!(script.text("31[]").unwrap().is_empty());
    assert!(script.text(r#"51-["x",{"_placeholder":true,"num":0}]"#).unwrap().is_empty());
    assert!(script.binary(b"x").unwrap().is_empty());
    assert!(script.text("1").unwrap().is_empty(), "both sides disconnected at once");
    assert_eq!(script.text("0").unwrap(), ["join / "]);
}

#[test]
fn what_is_in_flight_when_the_server_refuses_is_ignored() {
    let mut script = open();
    script.text("0").unwrap();
    script.text(r#"2["early"]"#).unwrap();
    let ticket = script.ticket();
    assert!(script.client.reject(ticket));
    assert!(!script.client.reject(ticket), "once");
    assert!(!script.client.accept(ticket, &mut Vec::new()));
    assert!(script.text(r#"2["late"]"#).unwrap().is_empty());
    script.text("0").unwrap();
    assert!(script.accept().is_empty(), "the early one is forgotten");
}

#[test]
fn attachments_in_flight_when_the_server_disconnects_are_taken_to_their_end() {
    let mut script = joined();
    script.text(r#"52-["x"]"#).unwrap();
    script.binary(b"1").unwrap();
    script.client.leave(0);
    assert!(script.binary(b"2").unwrap().is_empty());
    assert_eq!(script.join("/"), 0);
    assert_eq!(script.text(r#"2["x"]"#).unwrap(), ["0: x()"]);
}

#[test]
fn a_client_that_left_may_come_back_and_its_old_ticket_counts_no_more() {
    let mut script = open();
    script.text("0").unwrap();
    let first = script.ticket();
    script.accept();
    script.text("1").unwrap();
    assert!(script.text(r#"2["x"]"#).is_err(), "it left by itself: nothing is in flight");
    script.text("0").unwrap();
    let second = script.ticket();
    assert_eq!(first.slot, second.slot);
    assert_ne!(first, second);
    assert!(!script.client.is_pending(first) && script.client.is_pending(second));
    assert!(!script.client.accept(first, &mut Vec::new()));
    assert!(!script.client.reject(first));
    assert!(!script.client.leave(second.slot), "it is not in yet");
    script.accept();
}

#[test]
fn a_slot_that_is_free_is_taken_by_another_namespace() {
    let mut script = joined();
    script.join("/a");
    script.text("1").unwrap();
    assert_eq!(script.join("/b"), 0);
    assert_eq!(script.join("/"), 2);
    assert!(!script.client.leave(7), "no such slot");
}
