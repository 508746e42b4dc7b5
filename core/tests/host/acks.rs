//! Answers that the host awaits.

use crate::kit::{Host, args};
use pancar::host::{Event, Flags, Target};
use pancar::{AckOutcome, ErrorKind, Payload, Result};
use std::time::Duration;

fn shown(answer: &Result<Payload>) -> String {
    answer.as_ref().map_or_else(|error| format!("{:?}", error.kind()), |args| args.to_json_array())
}

fn ack(host: &mut Host) -> (u64, String) {
    match host.next() {
        Event::Ack { token, answer } => (token, shown(&answer)),
        other => panic!("{other:?}"),
    }
}

fn acks(host: &mut Host) -> (u64, Vec<AckOutcome>) {
    match host.next() {
        Event::Acks { token, outcomes } => (token, outcomes),
        other => panic!("{other:?}"),
    }
}

fn soon() -> Flags {
    Flags { timeout: Some(Duration::from_millis(20)), ..Flags::default() }
}

#[test]
fn an_answer_comes_with_its_token() {
    let (mut host, address) = Host::listening();
    let (mut client, socket) = host.join(address);
    host.server.emit_with_ack(&socket, Flags::default(), "q", &args(1), 77).unwrap();
    host.server.emit_with_ack(&socket, Flags::default(), "q", &args(2), 78).unwrap();
    let ids = [client.said(), client.said()].map(|asked| asked[2..asked.find('[').unwrap()].to_owned());
    client.text(&format!("43{}[\"second\"]", ids[1]));
    client.text(&format!("43{}[\"first\",[]]", ids[0]));
    client.text(&format!("43{}[\"again\"]", ids[0]));
    assert_eq!(ack(&mut host), (78, "[\"second\"]".into()));
    assert_eq!(ack(&mut host), (77, "[\"first\",[]]".into()));
    client.text("42[\"on\"]");
    assert_eq!(host.heard(), "on[]", "an answer that nobody waits for is nothing");
}

#[test]
fn a_wait_ends_in_a_timeout_or_with_the_client() {
    let (mut host, address) = Host::listening();
    let (client, socket) = host.join(address);
    host.server.emit_with_ack(&socket, Flags::default(), "q", &args(1), 1).unwrap();
    host.server.emit_with_ack(&socket, soon(), "q", &args(2), 2).unwrap();
    assert_eq!(ack(&mut host), (2, "Timeout".into()));
    drop(client);
    assert!(matches!(host.next(), Event::Hub(pancar::host::HubEvent::Disconnecting { .. })));
    assert_eq!(ack(&mut host), (1, "Disconnected".into()));
    assert!(matches!(host.next(), Event::Hub(pancar::host::HubEvent::Disconnected { .. })));
    let late = host.server.emit_with_ack(&socket, Flags::default(), "q", &args(3), 3).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Disconnected);
    let reserved = host.server.emit_with_ack(&socket, Flags::default(), "connect", &args(3), 3).unwrap_err();
    assert_eq!(reserved.kind(), ErrorKind::InvalidName);
    assert!(host.server.mailbox().is_empty(), "a call that failed tells nothing");
}

#[test]
fn a_broadcast_collects_every_outcome() {
    let (mut host, address) = Host::listening();
    let (mut answers, first) = host.join(address);
    let (silent, second) = host.join(address);
    let (leaves, third) = host.join(address);
    let main = host.server.of("/").unwrap();
    let flags = Flags { timeout: Some(Duration::from_millis(300)), ..Flags::default() };
    host.server.broadcast_with_ack(&main, &Target::everyone(), flags, "q", &args(()), 9).unwrap();
    let asked = answers.said();
    answers.text(&asked.replace("[\"q\"]", "[\"yes\"]").replacen("42", "43", 1));
    drop(leaves);
    assert_eq!(host.left().0, pancar::Reason::TransportClose);
    let (token, outcomes) = acks(&mut host);
    assert_eq!((token, outcomes.len()), (9, 3));
    for (socket, expected) in [(first, "[\"yes\"]"), (second, "Timeout"), (third, "Disconnected")] {
        let outcome = outcomes.iter().find(|outcome| outcome.id == *socket.id()).unwrap();
        assert_eq!(shown(&outcome.answer), expected);
    }
    drop(silent);
}

#[test]
fn a_broadcast_to_nobody_is_answered_at_once() {
    let (mut host, _) = Host::listening();
    let main = host.server.of("/").unwrap();
    let nobody = Target { rooms: vec!["empty".into()], except: vec![] };
    host.server.broadcast_with_ack(&main, &nobody, Flags::default(), "q", &args(()), 5).unwrap();
    let (token, outcomes) = acks(&mut host);
    assert_eq!((token, outcomes.len()), (5, 0));
}
