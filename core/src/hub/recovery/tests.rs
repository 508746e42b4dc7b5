//! What is remembered, for how long, and who gets it.

use super::*;
use crate::config::Config;
use crate::hub::target::Flags;
use crate::hub::testing::{Client, World};
use crate::payload::Payload;
use std::sync::atomic::Ordering;

const KEEP: Duration = Duration::from_secs(120);

fn log() -> (Log, Instant) {
    (Log::new(Recovery::default()), Instant::now())
}

impl Log {
    /// Remembers a packet with this text; its offset.
    fn send(&mut self, target: &Target, text: &'static str, now: Instant) -> (u64, String) {
        let (number, offset) = self.next_offset();
        self.remember(number, target.clone(), Burst::from(text), now);
        (number, offset)
    }

    /// A session ends that was in `rooms` and was sent the packets up to `sent`.
    fn end(&mut self, pid: &str, rooms: &[&str], sent: u64, now: Instant) {
        let rooms = rooms.iter().map(|room| Text::from(*room)).collect();
        self.keep(Ending { pid: pid.into(), id: "id".into(), rooms, data: None, joined: 0, sent }, now);
    }

    fn missed(&mut self, pid: &str, offset: Option<&str>, now: Instant) -> Option<Vec<String>> {
        Some(self.restore(pid, offset, now)?.missed.iter().map(text).collect())
    }
}

fn text(burst: &Burst) -> String {
    String::from_utf8(burst.messages().next().unwrap().unwrap().to_vec()).unwrap()
}

fn to(rooms: &[&str], except: &[&str]) -> Target {
    let names = |list: &[&str]| list.iter().map(|name| Text::from(*name)).collect();
    Target { rooms: names(rooms), except: names(except) }
}

#[test]
fn what_was_missed_is_what_concerned_the_session() {
    let (mut log, now) = log();
    let (sent, seen) = log.send(&Target::everyone(), "seen", now);
    log.end("p", &["id", "a", "b"], sent, now);
    log.send(&Target::everyone(), "all", now);
    log.send(&to(&["a"], &[]), "a", now);
    log.send(&to(&["c"], &[]), "c", now);
    log.send(&to(&["c", "b"], &[]), "c b", now);
    log.send(&to(&[], &["a"]), "all but a", now);
    log.send(&to(&["a"], &["c"]), "a but c", now);
    log.send(&to(&["a"], &["id"]), "a but it", now);
    log.send(&to(&["id"], &[]), "it", now);
    assert_eq!(log.missed("p", Some(&seen), now).unwrap(), ["all", "a", "c b", "a but c", "it"]);
}

#[test]
fn what_was_on_its_way_when_the_connection_broke_is_sent_again() {
    let (mut log, now) = log();
    let (_, first) = log.send(&Target::everyone(), "1", now);
    log.send(&Target::everyone(), "2", now);
    let (sent, _) = log.send(&Target::everyone(), "3", now);
    log.end("p", &[], sent, now);
    assert_eq!(log.missed("p", Some(&first), now).unwrap(), ["2", "3"]);
}

#[test]
fn a_client_that_saw_no_offset_gets_all_since_it_joined() {
    let (mut log, now) = log();
    let (joined, _) = log.send(&Target::everyone(), "before", now);
    let (sent, _) = log.send(&Target::everyone(), "lost", now);
    let ending = Ending { pid: "p".into(), id: "id".into(), rooms: Vec::new(), data: None, joined, sent };
    log.keep(ending, now);
    log.send(&Target::everyone(), "away", now);
    assert_eq!(log.missed("p", None, now).unwrap(), ["lost", "away"]);

    log.end("q", &[], 0, now);
    log.send(&Target::everyone(), "away again", now);
    assert_eq!(log.missed("q", None, now).unwrap(), ["away again"], "nothing was ever sent to it");
}

#[test]
fn a_session_comes_back_once() {
    let (mut log, now) = log();
    log.end("p", &[], 0, now);
    assert!(log.keeps_sessions(now));
    assert!(log.restore("p", None, now).is_some());
    assert!(!log.keeps_sessions(now));
    assert!(log.restore("p", None, now).is_none());
    assert!(log.restore("never", None, now).is_none());
}

#[test]
fn an_offset_of_another_log_is_refused_and_the_session_stays() {
    let (mut log, now) = log();
    let (sent, own) = log.send(&Target::everyone(), "1", now);
    let (_, foreign) = Log::new(Recovery::default()).send(&Target::everyone(), "1", now);
    log.end("p", &[], sent, now);
    let (tag, number) = own.split_once('.').unwrap();
    let unknown = format!("{tag}.{:x}", 1_000);
    let strange = [
        "",
        ".",
        "x",
        "1",
        &format!("{tag}."),
        &format!("{tag}.-1"),
        &format!("{tag}.zz"),
        &format!("{tag}.{number}.1"),
    ];
    for offset in [foreign.as_str(), &unknown].iter().chain(&strange) {
        assert!(log.restore("p", Some(offset), now).is_none(), "{offset}");
    }
    assert!(log.restore("p", Some(&own), now).is_some());
}

#[test]
fn a_session_is_kept_for_its_time_and_then_swept() {
    let (mut log, now) = log();
    log.end("p", &[], 0, now);
    log.end("q", &[], 0, now);
    assert!(log.restore("p", None, now + KEEP - Duration::from_millis(1)).is_some());
    assert!(log.restore("q", None, now + KEEP).is_none());
    for number in 0..100 {
        log.end(&format!("{number}"), &[], 0, now);
    }
    log.send(&Target::everyone(), "x", now + KEEP + SWEEP);
    assert!(log.sessions.is_empty());
}

#[test]
fn packets_are_kept_for_their_time() {
    let (mut log, now) = log();
    log.send(&Target::everyone(), "old", now);
    log.send(&Target::everyone(), "young", now + KEEP);
    assert_eq!(log.packets.len(), 2);
    log.send(&Target::everyone(), "new", now + KEEP + Duration::from_millis(1));
    assert_eq!(log.packets.len(), 2);
    assert_eq!(log.bytes, log.packets.iter().map(|packet| packet.burst.len()).sum::<usize>());
}

#[test]
fn who_missed_what_was_forgotten_does_not_come_back() {
    let rules = Recovery { max_bytes: 20, ..Recovery::default() };
    let (mut log, now) = (Log::new(rules), Instant::now());
    let (sent, seen) = log.send(&Target::everyone(), "40000000", now);
    log.end("p", &[], sent, now);
    log.end("q", &[], sent, now);
    log.send(&Target::everyone(), "41111111", now);
    assert_eq!(log.missed("p", Some(&seen), now).unwrap(), ["41111111"], "what it has seen may be forgotten");
    log.send(&Target::everyone(), "42222222", now);
    log.send(&Target::everyone(), "43333333", now);
    assert!(log.bytes <= 20);
    assert!(log.restore("q", Some(&seen), now).is_none());

    let (sent, seen) = log.send(&Target::everyone(), "4", now);
    log.end("r", &[], sent, now);
    log.send(&Target::everyone(), "a packet larger than all memory", now);
    assert_eq!((log.bytes, log.packets.len()), (0, 0));
    assert!(log.restore("r", Some(&seen), now).is_none());
}

#[test]
fn a_quiet_client_comes_back_however_long_others_talked() {
    let (mut log, mut now) = log();
    let (sent, seen) = log.send(&to(&["a"], &[]), "to it", now);
    for _ in 0..1_000 {
        now += Duration::from_secs(60);
        log.send(&to(&["others"], &[]), "to others", now);
    }
    log.end("p", &["a"], sent, now);
    now += Duration::from_secs(60);
    log.send(&to(&["a"], &[]), "missed", now);
    assert_eq!(log.missed("p", Some(&seen), now).unwrap(), ["missed"]);
}

#[test]
fn credentials_are_two_strings_or_one() {
    let read = |auth: &str| credentials(auth);
    assert_eq!(read(r#"{"pid":"p","offset":"o","token":1}"#), Some(("p".into(), Some("o".into()))));
    assert_eq!(read(r#"{"pid":"p"}"#), Some(("p".into(), None)));
    for auth in ["", "{}", r#"{"pid":1}"#, r#"{"pid":"p","offset":1}"#, r#"{"offset":"o"}"#, "[]", "nonsense"] {
        assert_eq!(read(auth), None, "{auth}");
    }
}

// ------------------------------------------------------------------------------------------ with a hub around it

fn world() -> World {
    World::new(Config { connection_state_recovery: Some(Recovery::default()), ..Config::default() })
}

fn field(packet: &str, key: &str) -> String {
    let json = packet.find('{').map(|at| &packet[at..]).unwrap();
    serde_json::from_str::<serde_json::Value>(json).unwrap()[key].as_str().unwrap().to_owned()
}

/// The offset at the end of an event.
fn offset(packet: &str) -> String {
    packet.rsplit('"').nth(1).unwrap().to_owned()
}

fn emit(world: &World, text: &str) {
    let args = Payload::from_args(text).unwrap();
    world.hub.main().emit(&Target::everyone(), Flags::default(), "news", &args).unwrap();
}

fn comes_back(world: &World, pid: &str, offset: &str) -> (Client, Vec<String>) {
    let client = world.client();
    client.says(&format!(r#"40{{"pid":"{pid}","offset":"{offset}"}}"#));
    let heard = world.hears(&client);
    (client, heard)
}

/// A client that has joined and has seen one event: its socket's id, its private id, the offset.
fn met(world: &World) -> (Client, String, String, String) {
    let client = world.client();
    client.says("40");
    let reply = world.hears(&client).remove(0);
    emit(world, "first");
    let seen = offset(&world.hears(&client)[0]);
    (client, field(&reply, "sid"), field(&reply, "pid"), seen)
}

#[test]
fn a_client_that_comes_back_is_the_same_socket_and_hears_what_it_missed_first() {
    let world = world();
    let (client, id, pid, seen) = met(&world);
    let socket = world.last_socket();
    socket.join(&["lobby".into()]).unwrap();
    client.dies();
    emit(&world, "missed");
    let (_, heard) = comes_back(&world, &pid, &seen);
    assert!(heard[0].starts_with(r#"42["news","missed","#));
    assert_eq!((field(&heard[1], "sid"), field(&heard[1], "pid")), (id, pid));
    let back = world.last_socket();
    assert!(back.is_recovered() && !socket.is_recovered());
    assert!(back.rooms().contains(&"lobby".into()));
}

#[test]
fn what_was_replayed_into_a_broken_connection_is_replayed_again() {
    let world = world();
    let (client, _, pid, seen) = met(&world);
    client.dies();
    emit(&world, "missed");
    for _ in 0..3 {
        let (client, heard) = comes_back(&world, &pid, &seen);
        assert!(heard[0].starts_with(r#"42["news","missed","#), "{heard:?}");
        client.dies();
    }
}

#[test]
fn what_was_replayed_to_a_client_without_an_offset_is_replayed_again() {
    let world = world();
    let client = world.client();
    client.says("40");
    let pid = field(&world.hears(&client)[0], "pid");
    client.wire.set_room(0);
    emit(&world, "lost");
    client.dies();
    for _ in 0..3 {
        let client = world.client();
        client.says(&format!(r#"40{{"pid":"{pid}"}}"#));
        let heard = world.hears(&client);
        assert!(heard[0].starts_with(r#"42["news","lost","#), "{heard:?}");
        client.dies();
    }
}

#[test]
fn a_client_whose_old_connection_still_stands_takes_its_session_along() {
    let world = world();
    let (old, id, pid, seen) = met(&world);
    world.sink.told();
    let (_new, heard) = comes_back(&world, &pid, &seen);
    assert_eq!(field(&heard[0], "sid"), id);
    assert!(!old.peer.is_open());
    assert_eq!(world.hub.main().sockets_count(), 1);
    let told = world.sink.told();
    assert_eq!(told, ["leaving 1 rooms: transport close", "left: transport close", "connected to /"], "in this order");
}

#[test]
fn who_was_disconnected_on_purpose_does_not_come_back() {
    for client_left in [false, true] {
        let world = world();
        let (client, id, pid, seen) = met(&world);
        if client_left {
            client.says("41");
        } else {
            world.last_socket().disconnect(false);
        }
        client.dies();
        let (_, heard) = comes_back(&world, &pid, &seen);
        assert_eq!(heard.len(), 1);
        assert_ne!(field(&heard[0], "sid"), id);
        assert_ne!(field(&heard[0], "pid"), pid);
        assert!(!world.last_socket().is_recovered());
    }
}

#[test]
fn middlewares_are_passed_by_unless_they_are_wanted() {
    let rules = Recovery { skip_middlewares: false, ..Recovery::default() };
    for recovery in [Recovery::default(), rules] {
        let world = World::new(Config { connection_state_recovery: Some(recovery), ..Config::default() });
        let (client, _, pid, seen) = met(&world);
        client.dies();
        world.sink.holds.store(true, Ordering::Relaxed);
        let (_client, heard) = comes_back(&world, &pid, &seen);
        assert_eq!(heard.is_empty(), !recovery.skip_middlewares);
        assert_eq!(world.sink.asking.lock().len(), usize::from(!recovery.skip_middlewares));
    }
}

#[test]
fn volatile_events_and_those_that_want_an_answer_have_no_offset() {
    let world = world();
    let (client, ..) = met(&world);
    let namespace = world.hub.main();
    let volatile = Flags { volatile: true, ..Flags::default() };
    namespace.emit(&Target::everyone(), volatile, "v", &Payload::empty()).unwrap();
    let done = Box::new(|_: Vec<_>| ());
    namespace.emit_with_ack(&Target::everyone(), Flags::default(), "a", &Payload::empty(), done).unwrap();
    assert_eq!(world.hears(&client), [r#"42["v"]"#, r#"420["a"]"#]);
}

#[test]
fn what_is_sent_to_a_socket_that_is_away_waits_for_it() {
    let world = world();
    let (client, _, pid, seen) = met(&world);
    let socket = world.last_socket();
    client.dies();
    socket.emit(Flags::default(), "direct", &Payload::empty()).unwrap();
    let (_, heard) = comes_back(&world, &pid, &seen);
    assert!(heard[0].starts_with(r#"42["direct","#));
}

#[test]
fn a_session_whose_client_goes_before_it_is_let_in_may_come_back_again() {
    let rules = Recovery { skip_middlewares: false, ..Recovery::default() };
    let world = World::new(Config { connection_state_recovery: Some(rules), ..Config::default() });
    let (client, id, pid, seen) = met(&world);
    client.dies();
    world.sink.holds.store(true, Ordering::Relaxed);
    for answer in 0..3 {
        comes_back(&world, &pid, &seen).0.dies();
        let request = world.sink.asking.lock().pop().unwrap();
        match answer {
            0 => assert!(!request.accept()),
            1 => request.reject("too late", None),
            _ => drop(request),
        }
    }
    let (client, _) = comes_back(&world, &pid, &seen);
    assert!(world.sink.asking.lock().pop().unwrap().accept());
    assert_eq!(field(&world.hears(&client)[0], "sid"), id);
    client.dies();
    let (refused, _) = comes_back(&world, &pid, &seen);
    world.sink.asking.lock().pop().unwrap().reject("no", None);
    assert_eq!(world.hears(&refused), [r#"44{"message":"no"}"#]);
    let (client, _) = comes_back(&world, &pid, &seen);
    assert!(world.sink.asking.lock().pop().unwrap().accept());
    assert_ne!(field(&world.hears(&client)[0], "sid"), id, "refused is refused");
}
