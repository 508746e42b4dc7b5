//! Namespaces that come and go, and limits on connections.

use super::*;
use crate::hub::target::{Flags, Target};
use crate::hub::testing::World;
use crate::proto::session::Transport;
use std::sync::atomic::Ordering;

fn dynamic(config: Config) -> World {
    let world = World::new(config);
    world.hub.add_parent(Matcher::Pattern(Pattern::parse("/dyn-{id}").unwrap()));
    world
}

#[test]
fn a_dynamic_namespace_comes_with_its_first_client_and_goes_with_its_last() {
    let world = dynamic(Config::default());
    let client = world.client();
    client.says("40/dyn-1,");
    assert_eq!(world.sink.told(), ["created /dyn-1", "connected to /dyn-1"]);
    assert!(world.hub.namespace("/dyn-1").is_some());
    client.says("41/dyn-1,");
    assert!(world.hub.namespace("/dyn-1").is_none());
    client.says("40/other,");
    assert_eq!(world.hears(&client)[1], r#"44/other,{"message":"Invalid namespace"}"#);
}

#[test]
fn a_dynamic_namespace_stays_where_that_is_wanted() {
    let world = dynamic(Config { cleanup_empty_child_namespaces: false, ..Config::default() });
    let client = world.client();
    client.says("40/dyn-1,");
    client.says("41/dyn-1,");
    assert!(world.hub.namespace("/dyn-1").is_some());
}

#[test]
fn a_namespace_that_somebody_is_about_to_join_stays() {
    let world = dynamic(Config::default());
    let (first, second) = (world.client(), world.client());
    first.says("40/dyn-1,");
    world.sink.holds.store(true, Ordering::Relaxed);
    second.says("40/dyn-1,");
    first.says("41/dyn-1,");
    let request = world.sink.asking.lock().pop().unwrap();
    assert!(request.accept());
    let known = world.hub.namespace("/dyn-1").expect("its client is in it");
    assert!(Arc::ptr_eq(&known, world.last_socket().namespace()));
    world.hears(&second);
    known.emit(&Target::everyone(), Flags::default(), "x", &Payload::empty()).unwrap();
    assert_eq!(world.hears(&second), [r#"42/dyn-1,["x"]"#]);
    second.says("41/dyn-1,");
    assert!(world.hub.namespace("/dyn-1").is_none());
}

#[test]
fn refused_clients_leave_no_namespaces_behind() {
    let world = dynamic(Config { max_dynamic_namespaces: 3, ..Config::default() });
    world.sink.holds.store(true, Ordering::Relaxed);
    let client = world.client();
    for number in 0..10 {
        client.says(&format!("40/dyn-{number},"));
        let request = world.sink.asking.lock().pop().expect("there is room for one");
        if number % 2 == 0 {
            request.reject("no", None);
        }
    }
    assert_eq!(world.hub.namespaces().len(), 1);
    let heard = world.hears(&client);
    assert_eq!(heard[0], r#"44/dyn-0,{"message":"no"}"#);
    assert_eq!(heard[1], r#"44/dyn-1,{"message":"Internal server error"}"#, "dropped without an answer");
}

#[test]
fn clients_that_went_away_leave_no_namespaces_behind() {
    let world = dynamic(Config::default());
    world.sink.holds.store(true, Ordering::Relaxed);
    let client = world.client();
    client.says("40/dyn-1,");
    client.dies();
    let request = world.sink.asking.lock().pop().unwrap();
    assert!(!request.is_pending());
    assert!(!request.accept());
    assert!(world.hub.namespace("/dyn-1").is_none());
}

#[test]
fn dynamic_namespaces_are_bounded() {
    let world = dynamic(Config { max_dynamic_namespaces: 2, ..Config::default() });
    let client = world.client();
    for number in 0..3 {
        client.says(&format!("40/dyn-{number},"));
    }
    assert_eq!(world.hears(&client)[2], r#"44/dyn-2,{"message":"Invalid namespace"}"#);
    client.says("41/dyn-0,");
    client.says("40/dyn-2,");
    assert!(world.hub.namespace("/dyn-2").is_some());
}

#[test]
fn with_recovery_a_namespace_stays_as_long_as_somebody_may_come_back() {
    let recovery = crate::config::Recovery {
        max_disconnection_duration: std::time::Duration::from_millis(1),
        ..crate::config::Recovery::default()
    };
    let world =
        dynamic(Config { max_dynamic_namespaces: 1, connection_state_recovery: Some(recovery), ..Config::default() });
    let client = world.client();
    client.says("40/dyn-1,");
    client.dies();
    assert!(world.hub.namespace("/dyn-1").is_some());
    // Its one millisecond has passed as soon as the clock says so.
    let since = std::time::Instant::now();
    while since.elapsed() < recovery.max_disconnection_duration {
        std::hint::spin_loop();
    }
    world.client().says("40/dyn-2,");
    assert!(world.hub.namespace("/dyn-2").is_some() && world.hub.namespace("/dyn-1").is_none());
}

#[test]
fn the_first_parent_that_takes_a_name_gets_it() {
    let world = World::new(Config::default());
    let takes = |word: &'static str| -> Predicate {
        Arc::new(move |name, _| Box::pin(std::future::ready(name.contains(word))))
    };
    world.hub.add_parent(Matcher::Predicate(takes("x")));
    world.hub.add_parent(Matcher::Pattern(Pattern::parse("/{any}").unwrap()));
    world.hub.add_parent(Matcher::Predicate(takes("a")));
    let client = world.client();
    for (name, parent) in [("/x", 0), ("/ax", 0), ("/a", 1)] {
        client.says(&format!("40{name},"));
        assert_eq!(world.hub.namespace(name).unwrap().parent(), Some(parent), "{name}");
    }
}

#[test]
fn names_are_checked() {
    let world = World::new(Config::default());
    assert_eq!(world.hub.of("chat").unwrap().name(), "/chat");
    assert!(Arc::ptr_eq(&world.hub.of("/chat").unwrap(), &world.hub.of("chat").unwrap()));
    for name in ["/a,b", &format!("/{}", "x".repeat(255))] {
        let error = world.hub.of(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidName);
        assert!(error.to_string().contains("max_namespace_length"));
    }
}

#[test]
fn a_namespace_that_is_removed_disconnects_its_clients() {
    let world = World::new(Config::default());
    world.hub.of("/a").unwrap();
    let client = world.client();
    client.says("40/a,");
    assert!(world.hub.remove_namespace("/a"));
    assert!(!world.hub.remove_namespace("/a"));
    assert_eq!(world.hears(&client)[1], "41/a,");
    client.says("40/a,");
    assert_eq!(world.hears(&client), [r#"44/a,{"message":"Invalid namespace"}"#]);
}

#[test]
fn limits_hold_also_for_those_who_were_judged_at_the_same_time() {
    let world = World::new(Config { max_connections: Some(1), ..Config::default() });
    assert_eq!(world.hub.admit(None), Ok(()));
    assert_eq!(world.hub.admit(None), Ok(()));
    let first = world.peer(Transport::Polling);
    assert_eq!(world.hub.admit(None), Err(Full::Limit("max_connections")));
    let second = world.stranger(Transport::Polling);
    assert_eq!(world.hub.enter(&second), Err(Refused::Full(Full::Limit("max_connections"))));
    assert_eq!(world.hub.clients_count(), 1);
    first.fail(Reason::TransportClose, "test");
    assert_eq!(world.hub.enter(&second), Ok(()));
    assert_eq!(world.hub.enter(&second), Err(Refused::IdTaken));
}

#[test]
fn nobody_enters_a_server_that_is_closing() {
    let world = World::new(Config::default());
    let peer = world.stranger(Transport::Polling);
    let (client, _) = world.joined();
    world.hub.close();
    assert_eq!(world.hub.enter(&peer), Err(Refused::Full(Full::Closing)));
    assert_eq!(world.hears(&client), ["close 1001"]);
    assert_eq!(world.sink.told(), ["leaving 1 rooms: server shutting down", "left: server shutting down"]);
    assert_eq!(world.hub.clients_count(), 0);
}

#[test]
fn connections_that_have_joined_nothing_are_bounded() {
    let world = World::new(Config { max_unjoined: 2, ..Config::default() });
    let (first, _second) = (world.client(), world.client());
    assert_eq!(world.hub.admit(None), Err(Full::Limit("max_unjoined")));
    first.says("40");
    assert_eq!(world.hub.admit(None), Ok(()));
    let third = world.client();
    assert!(world.hub.admit(None).is_err());
    third.dies();
    assert_eq!(world.hub.admit(None), Ok(()));
    first.dies();
    world.client();
    assert!(world.hub.admit(None).is_err(), "one that had joined is not counted twice");
}
