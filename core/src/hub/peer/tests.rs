//! Order and ends of one client's affairs.

use super::*;
use crate::config::Config;
use crate::hub::target::{Flags, Target};
use crate::hub::testing::{FakeWire, World};
use crate::payload::Payload;
use std::time::Duration;

fn emit(world: &World, name: &str) {
    world.hub.main().emit(&Target::everyone(), Flags::default(), name, &Payload::empty()).unwrap();
}

#[test]
fn the_answer_to_a_connect_comes_before_what_its_handler_emits() {
    let world = World::new(Config::default());
    let client = world.client();
    client.says("40");
    let socket = world.last_socket();
    socket.emit(Flags::default(), "hello", &Payload::empty()).unwrap();
    let heard = world.hears(&client);
    assert!(heard[0].starts_with(r#"40{"sid":""#));
    assert_eq!(heard[1..], [r#"42["hello"]"#]);
}

#[test]
fn events_are_told_in_the_order_of_the_wire() {
    let world = World::new(Config::default());
    let client = world.client();
    let mut inputs: Vec<_> = ["40", r#"42["a",1]"#, r#"42["b"]"#, "41", "40", r#"42["c"]"#]
        .into_iter()
        .map(|text| Input::Text(text.into()))
        .collect();
    client.peer.handle_all(&mut inputs, Instant::now());
    let told = world.sink.told();
    let reason = "client namespace disconnect";
    let leaving = format!("leaving 1 rooms: {reason}");
    let left = format!("left: {reason}");
    assert_eq!(told, ["connected to /", "a(1)", "b()", &leaving, &left, "connected to /", "c()"]);
}

#[test]
fn what_came_too_early_is_told_right_behind_the_connection() {
    let world = World::new(Config::default());
    world.sink.holds.store(true, Ordering::Relaxed);
    let client = world.client();
    client.says("40");
    client.says(r#"42["early",1]"#);
    client.says(r#"42["early",2]"#);
    assert!(world.sink.told().is_empty());
    assert!(world.sink.asking.lock().pop().unwrap().accept());
    assert_eq!(world.sink.told(), ["connected to /", "early(1)", "early(2)"]);
}

#[test]
fn nothing_of_a_socket_is_told_once_it_was_disconnected() {
    let world = World::new(Config::default());
    let (client, socket) = world.joined();
    socket.disconnect(false);
    client.says(r#"42["late"]"#);
    let reason = "server namespace disconnect";
    assert_eq!(world.sink.told(), [format!("leaving 1 rooms: {reason}"), format!("left: {reason}")]);
    assert_eq!(world.hears(&client), ["41"]);
    assert!(client.peer.is_open());
    assert!(socket.emit(Flags::default(), "x", &Payload::empty()).is_err());
    assert!(socket.join(&["x".into()]).is_err());
    assert!(socket.rooms().is_empty());
    socket.disconnect(false);
    assert!(world.sink.told().is_empty());
}

#[test]
fn disconnecting_with_the_connection_takes_all_namespaces() {
    let world = World::new(Config::default());
    world.hub.of("/a").unwrap();
    let (client, socket) = world.joined();
    client.says("40/a,");
    world.hears(&client);
    socket.disconnect(true);
    assert_eq!(world.hears(&client), ["41", "41/a,", "close 1000"]);
    assert!(!client.peer.is_open());
    assert_eq!(world.hub.clients_count(), 0);
}

#[test]
fn a_client_that_does_not_read_is_closed_and_its_sockets_hear_why() {
    let config = Config { max_buffered_bytes: 100, ..Config::default() };
    let world = World::new(config);
    let (client, _) = world.joined();
    client.wire.set_room(0);
    for _ in 0..100 {
        emit(&world, "0123456789");
        world.settle();
    }
    assert_eq!(world.sink.told(), ["leaving 1 rooms: slow consumer", "left: slow consumer"]);
    client.wire.set_room(usize::MAX);
    client.peer.link().unblock();
    client.peer.flush(Instant::now(), &mut Vec::new());
    assert_eq!(client.wire.frames(), ["close 1008"]);
}

#[test]
fn a_client_that_does_not_read_is_closed_after_its_grace() {
    let config = Config { max_buffered_bytes: 100, buffer_grace: Duration::from_secs(3), ..Config::default() };
    let world = World::new(config);
    let (client, _) = world.joined();
    client.wire.set_room(0);
    for _ in 0..10 {
        emit(&world, "0123456789");
    }
    world.settle();
    world.reach(Instant::now() + Duration::from_millis(2_900));
    assert!(client.peer.is_open());
    world.reach(Instant::now() + Duration::from_millis(3_100));
    assert_eq!(world.sink.told(), ["leaving 1 rooms: slow consumer", "left: slow consumer"]);
}

#[test]
fn a_client_that_lags_has_one_deadline_and_not_one_a_flush() {
    let config = Config { max_buffered_bytes: 100, buffer_grace: Duration::from_secs(3), ..Config::default() };
    let world = World::new(config);
    let (client, _) = world.joined();
    client.wire.set_room(0);
    for _ in 0..10 {
        emit(&world, "0123456789");
    }
    for _ in 0..1_000 {
        client.peer.flush(Instant::now(), &mut Vec::new());
    }
    let due = world.shard.take_due(Instant::now() + Duration::from_secs(3_600)).len();
    assert!(due < 10, "{due} timers for one client");
}

#[test]
fn a_session_moves_to_a_websocket_with_what_was_queued() {
    let world = World::new(Config::default());
    let peer = world.peer(Transport::Polling);
    let now = Instant::now();
    peer.handle(Input::Text("40".into()), now);
    let probe = peer.begin_probe(now).unwrap();
    peer.probe_input(probe, Input::ProbeText("2probe".into()), now);
    assert_eq!(peer.probe_news(probe), Some(ProbeNews::Pong));
    assert_eq!(peer.handle(Input::Post, now), Verdict::Go);
    peer.probe_input(probe, Input::ProbeText("5".into()), now);
    assert!(peer.is_held() && peer.probe_news(probe).is_none());
    emit(&world, "while held");
    peer.handle_all(&mut vec![Input::Text(r#"42["posted"]"#.into())], now);
    peer.handle(Input::PostEnded, now);
    assert_eq!(peer.probe_news(probe), Some(ProbeNews::Upgraded));
    assert_eq!(peer.transport(), Transport::WebSocket);
    let wire = FakeWire::with_room(usize::MAX);
    let pushed = peer.link().attach(Some(Arc::clone(&wire) as _));
    peer.after_push(pushed);
    emit(&world, "after");
    world.settle();
    let frames = wire.frames();
    assert!(frames[0].starts_with("40{"));
    assert_eq!(frames[1..], [r#"42["while held"]"#, r#"42["after"]"#]);
    assert_eq!(world.sink.told(), ["connected to /", "posted()"]);
}

#[test]
fn a_get_hears_what_is_emitted_while_it_waits() {
    let world = World::new(Config::default());
    let peer = world.peer(Transport::Polling);
    peer.handle(Input::Text("40".into()), Instant::now());
    let (verdict, poll) = peer.poll(Instant::now());
    assert_eq!(verdict, Verdict::Drain);
    assert!(matches!(poll, Some(Poll::Ready(body)) if body.bytes.starts_with(b"40{")));
    let (verdict, poll) = peer.poll(Instant::now());
    assert_eq!(verdict, Verdict::Park);
    let Some(Poll::Waits(_, mut answer)) = poll else { panic!("it waits") };
    emit(&world, "x");
    emit(&world, "y");
    assert!(answer.try_recv().is_err(), "emitting does not write");
    world.settle();
    assert_eq!(answer.try_recv().unwrap().bytes, "42[\"x\"]\u{1e}42[\"y\"]");
}

#[test]
fn a_get_that_waits_hears_that_the_server_closes() {
    let world = World::new(Config::default());
    let peer = world.peer(Transport::Polling);
    let (_, poll) = peer.poll(Instant::now());
    let Some(Poll::Waits(_, mut answer)) = poll else { panic!("it waits") };
    world.hub.close();
    assert_eq!(answer.try_recv().unwrap().bytes, "1");
    assert_eq!(peer.poll(Instant::now()).0, Verdict::Unknown);
}

#[test]
fn what_was_emitted_last_goes_out_before_a_websocket_is_closed() {
    let world = World::new(Config::default());
    let (client, _) = world.joined();
    emit(&world, "last words");
    world.hub.close();
    assert_eq!(world.hears(&client), [r#"42["last words"]"#, "close 1001"]);
}
