//! A host that lags makes the server read no further.

use crate::client::{Frame, Wire, frame};
use crate::kit::{Host, args, quiet};
use pancar::Config;
use pancar::host::{Event, HubEvent};
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

/// How long nothing moves before it is taken to stand still.
const STILL: Duration = Duration::from_millis(500);

const MESSAGE: usize = 60_000;

/// What the mailbox may hold: its mark, and beyond that what the worker kept back and what one read brought.
const BOUND: usize = (4 << 20) + (64 << 10) + (64 << 10) + MESSAGE;

fn numbered(number: usize) -> Vec<u8> {
    let text = format!("42[\"n\",{number},\"{}\"]", "x".repeat(MESSAGE));
    frame(0x81, text.as_bytes())
}

#[test]
fn reading_stops_while_the_host_does_not_drain_and_nothing_is_lost() {
    let (mut host, address) = Host::listening();
    let (mut client, _socket) = host.join(address);
    client.stream.set_write_timeout(Some(STILL)).unwrap();
    let total = 700;
    let mut bytes = (0..total).flat_map(numbered).collect::<Vec<_>>();
    assert!(bytes.len() > 40 << 20);
    loop {
        match client.stream.write(&bytes) {
            Ok(count) => drop(bytes.drain(..count)),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                break;
            }
        }
    }
    assert!(!bytes.is_empty(), "everything was read though nobody took it");
    assert!(host.server.mailbox().is_congested());
    let waiting = host.server.mailbox().len();
    assert!(waiting * MESSAGE <= BOUND, "{waiting} messages wait");

    let mut writer = client.stream.try_clone().unwrap();
    writer.set_write_timeout(None).unwrap();
    let rest = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
    for number in 0..total {
        let message = host.message();
        assert_eq!(message.args.args().next(), Some(number.to_string().as_str()));
        assert!(host.server.mailbox().len() * MESSAGE <= BOUND);
    }
    rest.join().unwrap();
    client.settle();
    assert!(host.server.mailbox().is_empty());
}

#[test]
fn a_post_waits_while_the_host_does_not_drain() {
    let (mut host, address) = Host::listening();
    let mut client = Wire::tcp(address);
    let sid = client.open();
    client.post(&sid, "40");
    host.accept();
    host.congest();
    let waiting = host.server.mailbox().len();
    client.ask("POST", &sid, "42[\"late\"]");
    client.stream.set_read_timeout(Some(STILL)).unwrap();
    let error = client.stream.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert_eq!(host.server.mailbox().len(), waiting);
    client.stream.set_read_timeout(Some(crate::kit::PATIENCE)).unwrap();
    host.relieve();
    assert_eq!(client.answer(), (200, "ok".into()));
    assert_eq!(host.heard(), "late[]");
}

#[test]
fn a_client_whose_pong_is_not_read_is_not_closed_for_it() {
    let (interval, timeout) = (Duration::from_millis(20), Duration::from_millis(200));
    let mut host = Host::new(Config { ping_interval: interval, ping_timeout: timeout, ..quiet() });
    let address = host.server.listen("127.0.0.1:0").unwrap();
    let mut client = Wire::websocket(Wire::tcp(address), "");
    client.open_packet();
    host.congest();
    assert_eq!(client.said(), "2");
    client.text("3");
    client.stream.set_read_timeout(Some(timeout * 2)).unwrap();
    let error = client.stream.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    client.stream.set_read_timeout(Some(crate::kit::PATIENCE)).unwrap();
    host.relieve();
    assert_eq!(client.said(), "2", "it was heard, and the pings go on");
    let Frame::Close(_) = client.frame() else { panic!("a client that does not answer is closed") };
}

#[test]
fn a_drain_with_a_bound_rings_for_what_is_left() {
    let (mut host, address) = Host::listening();
    let (mut client, _socket) = host.join(address);
    (0..5).for_each(|n| client.text(&format!("42[\"n\",{n}]")));
    client.settle();
    let rung = host.signal.count();
    assert_eq!(host.server.drain(2).len(), 2);
    assert_eq!(host.signal.count(), rung + 1);
    let left = host.server.drain(10);
    assert!(matches!(&left[..], [Event::Hub(HubEvent::Message(first)), _, _] if first.args == args(2)));
    assert_eq!(host.signal.count(), rung + 1);
}

#[test]
fn a_client_that_does_not_read_is_closed() {
    let config = Config { max_buffered_bytes: 100_000, buffer_grace: Duration::from_millis(50), ..quiet() };
    let mut host = Host::new(config);
    let address = host.server.listen("127.0.0.1:0").unwrap();
    let (mut client, socket) = host.join(address);
    let big = args("y".repeat(1_000_000));
    while socket.emit(Default::default(), "big", &big).is_ok() {}
    assert_eq!(host.left().0, pancar::Reason::SlowConsumer);
    while !matches!(client.frame(), Frame::Close(code) if code == Some(1008)) {}
}
