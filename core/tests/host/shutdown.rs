//! Closing: every client is told, and the host once.

use crate::client::{Frame, Wire};
use crate::kit::{Host, quiet, until};
use crate::messages::Carried;
use crate::requests::{call, join};
use pancar::host::{Event, Flags, HubEvent};
use pancar::{ErrorKind, Payload, Reason};
use std::time::Duration;

fn rest(host: &mut Host) -> Vec<Event> {
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Closed)) {
        events.push(host.next());
    }
    events
}

fn reasons(events: &[Event]) -> Vec<Reason> {
    let reason = |event: &Event| match event {
        Event::Hub(HubEvent::Disconnected { reason, .. }) => Some(*reason),
        _ => None,
    };
    events.iter().filter_map(reason).collect()
}

#[test]
fn every_client_is_told_and_the_host_once() {
    let (mut host, address) = Host::listening();
    let (mut first, socket) = host.join(address);
    let mut second = Wire::tcp(address);
    let sid = second.open();
    second.post(&sid, "40");
    let polls = host.accept();
    second.get(&sid);
    second.ask("GET", &sid, "");
    until("the GET waits", || polls.peer().link().is_parked());
    let mut carried = Carried::open(&host);
    carried.join(&mut host);
    let (sid, _) = join(&mut host);
    let parked = call(&host, "GET", &sid, "");
    assert_eq!(host.server.clients_count(), 4);

    host.server.emit_with_ack(&socket, Flags::default(), "q", &Payload::empty(), 4).unwrap();
    host.server.close();
    host.server.close();
    assert!(first.said().ends_with("[\"q\"]"));
    assert_eq!(first.frame(), Frame::Close(Some(1001)));
    drop(first);
    assert_eq!(second.answer(), (200, "1".into()));
    assert_eq!(parked.body(), "1");
    assert_eq!(carried.closed(), 1001);
    let events = rest(&mut host);
    assert_eq!(reasons(&events), [Reason::ServerShuttingDown; 4]);
    let acks = events.iter().filter(|event| matches!(event, Event::Ack { token: 4, answer: Err(_) }));
    assert_eq!(acks.count(), 1);
    assert_eq!(host.server.clients_count(), 0);

    host.server.close();
    assert!(host.server.mailbox().is_empty(), "it has closed once");
    assert_eq!(host.server.listen("127.0.0.1:0").unwrap_err().kind(), ErrorKind::Closed);
    let request = http::Request::builder().uri("/socket.io/?EIO=4&transport=polling").body(Default::default()).unwrap();
    assert_eq!(host.server.request(request, |_| ()).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_server_that_served_nobody_closes_too() {
    let mut host = Host::new(quiet());
    assert!(!host.server.wait_closed_for(Duration::from_millis(1)));
    host.server.close();
    assert!(host.server.wait_closed_for(Duration::from_secs(60)));
    assert!(matches!(host.next(), Event::Closed));
}

#[test]
fn what_a_host_puts_in_comes_back_as_what_it_is() {
    let mut host = Host::new(quiet());
    host.server.mailbox().put(Event::Own(Box::new(7)));
    let Event::Own(own) = host.next() else { panic!() };
    assert_eq!(own.downcast_ref(), Some(&7));
}

#[test]
fn a_server_that_is_dropped_closes_and_keeps_nothing() {
    let (mut host, address) = Host::listening();
    let (mut client, socket) = host.join(address);
    client.text("42[\"never taken\"]");
    client.settle();
    assert_eq!(host.server.mailbox().len(), 1);
    let weak = std::sync::Arc::downgrade(&socket);
    drop((socket, host));
    assert_eq!(client.frame(), Frame::Close(Some(1001)));
    drop(client);
    // Its threads let go of what they hold as they end.
    until("nobody keeps the socket", || weak.strong_count() == 0);
}
