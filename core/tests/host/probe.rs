//! Sessions that poll through requests, and move to a WebSocket whose messages the host carries.

use crate::client::sid_of;
use crate::kit::{Host, args, quiet};
use crate::messages::connect;
use crate::requests::{call, join};
use pancar::host::Flags;
use pancar::{Config, Reason, Transport};
use std::time::Duration;

#[test]
fn a_session_moves_to_a_websocket() {
    let mut host = Host::new(quiet());
    let (sid, socket) = join(&mut host);
    let parked = call(&host, "GET", &sid, "");
    let mut client = connect(&host, &sid).unwrap();
    assert_eq!(client.socket.take(), []);
    client.text("2probe");
    assert_eq!(client.said(), "3probe");
    assert_eq!(parked.body(), "6");
    socket.emit(Flags::default(), "between", &args(())).unwrap();
    assert_eq!(call(&host, "POST", &sid, "42[\"posted\"]").body(), "ok");
    client.text("5");
    client.text("42[\"after\"]");
    assert_eq!([host.heard(), host.heard()], ["posted[]", "after[]"]);
    assert_eq!(client.said(), "42[\"between\"]");
    assert_eq!(socket.peer().transport(), Transport::WebSocket);
    socket.emit(Flags::default(), "now", &args(())).unwrap();
    assert_eq!(client.said(), "42[\"now\"]");
    assert_eq!(call(&host, "GET", &sid, "").answer().0, 400);
    assert_eq!(connect(&host, &sid).err(), Some(400), "it has moved");
    drop(client);
    assert_eq!(host.left().0, Reason::TransportClose);
}

#[test]
fn a_switch_waits_for_a_post_in_flight() {
    let mut host = Host::new(quiet());
    let (sid, socket) = join(&mut host);
    let mut client = connect(&host, &sid).unwrap();
    client.text("2probe");
    assert_eq!(client.said(), "3probe");
    host.congest();
    let post = call(&host, "POST", &sid, "42[\"posted\"]");
    client.text("5");
    client.text("42[\"after\",1]");
    assert_eq!(socket.peer().transport(), Transport::Polling);
    client.text("42[\"after\",2]");
    host.relieve();
    assert_eq!(post.body(), "ok");
    // Before the bell of the switch has been heard: messages are not lost in between.
    client.text("42[\"after\",3]");
    assert_eq!(host.heard(), "posted[]");
    assert_eq!([host.heard(), host.heard(), host.heard()], ["after[1]", "after[2]", "after[3]"]);
    socket.emit(Flags::default(), "now", &args(())).unwrap();
    assert_eq!(client.said(), "42[\"now\"]");
}

#[test]
fn a_switch_that_waited_is_heard_by_its_bell() {
    let mut host = Host::new(quiet());
    let (sid, socket) = join(&mut host);
    let mut client = connect(&host, &sid).unwrap();
    client.text("2probe");
    assert_eq!(client.said(), "3probe");
    host.congest();
    let post = call(&host, "POST", &sid, "42[\"posted\"]");
    client.text("5");
    client.text("42[\"after\"]");
    assert_eq!(client.socket.take(), []);
    host.relieve();
    socket.emit(Flags::default(), "queued", &args(())).unwrap();
    assert_eq!(client.said(), "42[\"queued\"]");
    assert_eq!(post.body(), "ok");
    assert_eq!([host.heard(), host.heard()], ["posted[]", "after[]"]);
}

#[test]
fn a_client_that_goes_away_in_a_switch_that_waited_is_gone() {
    let mut host = Host::new(quiet());
    let (sid, _) = join(&mut host);
    let mut client = connect(&host, &sid).unwrap();
    client.text("2probe");
    assert_eq!(client.said(), "3probe");
    host.congest();
    let post = call(&host, "POST", &sid, "42[\"posted\"]");
    client.text("5");
    host.relieve();
    assert_eq!(post.body(), "ok");
    drop(client);
    assert_eq!(host.heard(), "posted[]");
    assert_eq!(host.left().0, Reason::TransportClose);
}

#[test]
fn a_probe_that_fails_leaves_the_session() {
    let mut host = Host::new(quiet());
    let (sid, socket) = join(&mut host);
    let mut garbage = connect(&host, &sid).unwrap();
    assert_eq!(connect(&host, &sid).err(), Some(400), "one at a time");
    garbage.text("4hello");
    assert_eq!(garbage.closed(), 1005);
    let mut large = connect(&host, &sid).unwrap();
    large.text("2probe");
    assert_eq!(large.said(), "3probe");
    large.text(&"x".repeat(1_000_001));
    assert_eq!(large.closed(), 1009);
    let leaves = connect(&host, &sid).unwrap();
    leaves.text("2probe");
    drop(leaves);

    let mut client = connect(&host, &sid).unwrap();
    // What is left of earlier probes says nothing about this one.
    garbage.text("2probe");
    drop(garbage);
    large.socket.closed();
    drop(large);
    let parked = call(&host, "GET", &sid, "");
    socket.emit(Flags::default(), "still", &args(())).unwrap();
    assert_eq!(parked.body(), "42[\"still\"]");
    client.text("2probe");
    assert_eq!(client.said(), "3probe");
    client.text("5");
    client.text("42[\"here\"]");
    assert_eq!(host.heard(), "here[]");
    assert!(socket.is_connected());
}

#[test]
fn a_probe_hears_that_its_time_is_over_and_that_its_session_ended() {
    let mut host = Host::new(Config { upgrade_timeout: Duration::from_millis(50), ..quiet() });
    let (sid, socket) = join(&mut host);
    let mut silent = connect(&host, &sid).unwrap();
    assert_eq!(silent.closed(), 1005);
    assert!(socket.is_connected());
    drop(silent);

    let mut host = Host::new(quiet());
    let (sid, _) = join(&mut host);
    let mut probe = connect(&host, &sid).unwrap();
    call(&host, "POST", &sid, "1").body();
    assert_eq!(probe.closed(), 1005);
    assert_eq!(host.left().0, Reason::TransportClose);
}

#[test]
fn a_session_that_has_not_joined_may_move_first() {
    let mut host = Host::new(quiet());
    let sid = sid_of(&call(&host, "GET", "", "").body());
    let mut client = connect(&host, &sid).unwrap();
    client.text("2probe");
    assert_eq!(client.said(), "3probe");
    client.text("5");
    client.join(&mut host);
}
