//! Answers that come, come late, or never come.

use super::*;
use crate::config::Config;
use crate::error::ErrorKind;
use crate::hub::target::{Flags, Target};
use crate::hub::testing::{Client, World};
use std::time::Duration;

/// How waits ended, in order.
type Ends = Arc<Mutex<Vec<String>>>;

fn shown(answer: Result<Payload>) -> String {
    match answer {
        Ok(args) => args.to_json_array(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn one(ends: &Ends) -> OnAck {
    let ends = Arc::clone(ends);
    Box::new(move |answer| ends.lock().push(shown(answer)))
}

/// Outcomes as text, those of equal kind in any order.
fn many(ends: &Ends) -> OnAcks {
    let ends = Arc::clone(ends);
    Box::new(move |outcomes| {
        let mut outcomes: Vec<_> = outcomes.into_iter().map(|outcome| shown(outcome.answer)).collect();
        outcomes.sort();
        ends.lock().push(outcomes.join(" "));
    })
}

fn within(timeout: u64) -> Flags {
    Flags { timeout: Some(Duration::from_millis(timeout)), ..Flags::default() }
}

fn ask(socket: &Arc<Socket>, flags: Flags, ends: &Ends) -> Result<()> {
    socket.emit_with_ack(flags, "q", &Payload::empty(), one(ends))
}

fn told(ends: &Ends) -> Vec<String> {
    std::mem::take(&mut *ends.lock())
}

#[test]
fn an_answer_ends_the_wait_once() {
    let (world, ends) = (World::new(Config::default()), Ends::default());
    let (client, socket) = world.joined();
    ask(&socket, Flags::default(), &ends).unwrap();
    ask(&socket, Flags::default(), &ends).unwrap();
    assert_eq!(world.hears(&client), [r#"420["q"]"#, r#"421["q"]"#]);
    client.says(r#"431["second",2]"#);
    assert_eq!(told(&ends), [r#"["second",2]"#]);
    client.says("431[]");
    client.says("4399[]");
    assert!(told(&ends).is_empty(), "twice, or never asked for");
    client.says("430[]");
    assert_eq!(told(&ends), ["[]"]);
    assert!(client.peer.is_open());
}

#[test]
fn an_answer_belongs_to_its_socket() {
    let (world, ends) = (World::new(Config::default()), Ends::default());
    let (_client, socket) = world.joined();
    let (other, _) = world.joined();
    ask(&socket, Flags::default(), &ends).unwrap();
    other.says("430[]");
    assert!(told(&ends).is_empty());
}

#[test]
fn a_wait_ends_with_its_time_and_a_late_answer_is_ignored() {
    let (world, ends) = (World::new(Config::default()), Ends::default());
    let (client, socket) = world.joined();
    let now = Instant::now();
    ask(&socket, within(200), &ends).unwrap();
    ask(&socket, within(50), &ends).unwrap();
    ask(&socket, within(900), &ends).unwrap();
    ask(&socket, Flags::default(), &ends).unwrap();
    world.reach(now + Duration::from_millis(49));
    assert!(told(&ends).is_empty());
    let after = |millis| Instant::now() + Duration::from_millis(millis);
    world.reach(after(60));
    assert_eq!(told(&ends), ["Timeout"]);
    world.reach(after(210));
    assert_eq!(told(&ends), ["Timeout"], "the other one was entered with the shard when this one came due");
    client.says("430[]");
    client.says("432[1]");
    assert_eq!(told(&ends), ["[1]"]);
    world.reach(after(1_000_000));
    assert!(told(&ends).is_empty(), "without a time it waits for ever");
}

#[test]
fn the_option_sets_the_time_where_the_call_does_not() {
    let config = Config { ack_timeout: Some(Duration::from_millis(80)), ..Config::default() };
    let (world, ends) = (World::new(config), Ends::default());
    let (_client, socket) = world.joined();
    ask(&socket, Flags::default(), &ends).unwrap();
    ask(&socket, within(100_000), &ends).unwrap();
    world.reach(Instant::now() + Duration::from_millis(90));
    assert_eq!(told(&ends), ["Timeout"]);
}

#[test]
fn all_waits_fail_as_soon_as_the_client_goes() {
    let ways: [fn(&Client, &Arc<Socket>); 4] = [
        |client, _| client.dies(),
        |client, _| client.says("41"),
        |_, socket| socket.disconnect(false),
        |_, socket| socket.disconnect(true),
    ];
    for go in ways {
        let (world, ends) = (World::new(Config::default()), Ends::default());
        let (client, socket) = world.joined();
        ask(&socket, Flags::default(), &ends).unwrap();
        ask(&socket, within(1_000), &ends).unwrap();
        go(&client, &socket);
        assert_eq!(told(&ends), ["Disconnected", "Disconnected"]);
        assert_eq!(ask(&socket, Flags::default(), &ends).unwrap_err().kind(), ErrorKind::Disconnected);
        world.reach(Instant::now() + Duration::from_secs(10));
        assert!(told(&ends).is_empty());
    }
}

#[test]
fn waits_are_bounded() {
    let config = Config { max_acks_per_socket: 2, ..Config::default() };
    let (world, ends) = (World::new(config), Ends::default());
    let (client, socket) = world.joined();
    ask(&socket, Flags::default(), &ends).unwrap();
    ask(&socket, Flags::default(), &ends).unwrap();
    let error = ask(&socket, Flags::default(), &ends).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.to_string().contains("`max_acks_per_socket` (2)"));
    assert_eq!(world.hears(&client).len(), 2, "the third was not sent");
    client.says("430[]");
    ask(&socket, Flags::default(), &ends).unwrap();
}

#[test]
fn a_broadcast_has_one_outcome_for_every_client() {
    let config = Config { max_acks_per_socket: 1, ..Config::default() };
    let (world, ends) = (World::new(config), Ends::default());
    let (answers, _) = world.joined();
    let (_silent, _) = world.joined();
    let (leaves, _) = world.joined();
    let (_busy, owing) = world.joined();
    ask(&owing, Flags::default(), &ends).unwrap();
    let namespace = world.hub.main();
    let everyone = Target::everyone();
    namespace.emit_with_ack(&everyone, within(500), "q", &Payload::empty(), many(&ends)).unwrap();
    assert_eq!(world.hears(&answers), [r#"421["q"]"#]);
    assert_eq!(world.hears(&leaves), [r#"421["q"]"#], "the same frame with the same number");
    answers.says("431[7]");
    answers.says("431[8]");
    leaves.dies();
    assert!(told(&ends).is_empty());
    world.reach(Instant::now() + Duration::from_millis(510));
    assert_eq!(told(&ends), ["Disconnected LimitExceeded Timeout [7]"]);
}

#[test]
fn a_broadcast_to_nobody_is_done_at_once() {
    let (world, ends) = (World::new(Config::default()), Ends::default());
    let target = Target { rooms: vec!["nobody".into()], except: Vec::new() };
    world.hub.main().emit_with_ack(&target, Flags::default(), "q", &Payload::empty(), many(&ends)).unwrap();
    assert_eq!(told(&ends), [""]);
}

#[test]
fn a_reserved_name_is_an_error_and_nobody_waits() {
    let (world, ends) = (World::new(Config::default()), Ends::default());
    let (_client, socket) = world.joined();
    let error = socket.emit_with_ack(Flags::default(), "disconnect", &Payload::empty(), one(&ends)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidName);
    let everyone = Target::everyone();
    let many = many(&ends);
    assert!(world.hub.main().emit_with_ack(&everyone, Flags::default(), "connect", &Payload::empty(), many).is_err());
    assert!(told(&ends).is_empty());
}

#[test]
fn a_wait_without_a_deadline_is_never_due() {
    let mut acks = Acks::default();
    let now = Instant::now();
    let later = |seconds| Some(now + Duration::from_secs(seconds));
    let nothing = || Box::new(|_| ()) as OnAck;
    assert_eq!(acks.expect(1, nothing(), None), None);
    assert_eq!(acks.expect(2, nothing(), later(5)), later(5));
    assert_eq!(acks.expect(3, nothing(), later(9)), None, "the shard looks in 5 s and then again");
    assert_eq!(acks.expect(4, nothing(), later(2)), later(2), "that is earlier");
    assert_eq!(acks.take_due(now + Duration::from_secs(1)).0.len(), 0);
    let (ended, next) = acks.take_due(now + Duration::from_secs(6));
    assert_eq!((ended.len(), next), (2, later(9)));
    assert!(acks.take(3).is_some() && acks.take(3).is_none());
    assert_eq!(acks.take_due(now + Duration::from_secs(100)).1, None);
    assert_eq!((acks.take_all().len(), acks.len()), (1, 0));
}
