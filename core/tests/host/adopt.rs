//! Connections that the host hands over, or whose bytes it carries.

use crate::client::{Frame, Wire, frame, upgrade_head};
use crate::kit::{Host, Signal, args, quiet};
use bytes::Bytes;
use pancar::host::{Flags, Pipe};
use pancar::{Reason, RemoteAddress};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// The listener of somebody else's server.
struct Door(TcpListener);

impl Door {
    fn open() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (Self(listener), address)
    }

    /// Accepts a connection, reads `count` bytes and hands over.
    fn pass(&self, host: &Host, count: usize) {
        let (mut stream, _) = self.0.accept().unwrap();
        let mut head = vec![0; count];
        stream.read_exact(&mut head).unwrap();
        host.server.adopt(stream, Bytes::from(head)).unwrap();
    }
}

/// Joins by WebSocket with a first message that comes together with the handshake, `count` bytes of all that being read
/// by the host.
fn join_early(host: &mut Host, count: impl Fn(usize, usize) -> usize) -> Wire<TcpStream> {
    let (door, address) = Door::open();
    let mut client = Wire::tcp(address);
    let (head, early) = (upgrade_head(""), frame(0x81, b"40"));
    client.write(&[head.as_bytes(), &early].concat());
    door.pass(host, count(head.len(), early.len()));
    client.upgraded();
    client.open_packet();
    let socket = host.accept();
    assert_eq!(socket.handshake().address, Some([127, 0, 0, 1].into()));
    assert!(client.said().starts_with("40{"));
    client
}

#[test]
fn a_websocket_is_handed_over_with_whatever_was_read() {
    let mut host = Host::new(quiet());
    let counts: [fn(usize, usize) -> usize; 5] =
        [|_, _| 0, |_, _| 10, |head, _| head, |head, _| head + 3, |head, early| head + early];
    for count in counts {
        let mut client = join_early(&mut host, count);
        client.text("42[\"hi\"]");
        let message = host.message();
        message.socket.emit(Flags::default(), "ho", &message.args).unwrap();
        assert_eq!(client.said(), "42[\"ho\"]");
        client.write(&frame(0x88, &1000u16.to_be_bytes()));
        assert_eq!(client.frame(), Frame::Close(Some(1000)));
        assert_eq!(host.left().0, Reason::TransportClose);
    }
}

#[test]
fn a_session_polls_and_moves_on_connections_that_are_handed_over() {
    let mut host = Host::new(quiet());
    let (door, address) = Door::open();
    let mut polling = Wire::tcp(address);
    polling.ask("GET", "", "");
    door.pass(&host, 40);
    let sid = crate::client::sid_of(&polling.answer().1);
    polling.post(&sid, "40");
    let socket = host.accept();
    assert!(polling.get(&sid).1.starts_with("40{"));
    polling.ask("GET", &sid, "");

    let mut websocket = Wire::tcp(address);
    let head = upgrade_head(&sid);
    websocket.write(head.as_bytes());
    door.pass(&host, head.len());
    websocket.upgraded();
    websocket.text("2probe");
    assert_eq!(websocket.said(), "3probe");
    assert_eq!(polling.answer(), (200, "6".into()));
    websocket.write(&[frame(0x81, b"5"), frame(0x81, b"42[\"moved\"]")].concat());
    assert_eq!(host.heard(), "moved[]");
    socket.emit(Flags::default(), "yes", &args(())).unwrap();
    assert_eq!(websocket.said(), "42[\"yes\"]");
    assert_eq!(polling.get(&sid).0, 400);
    drop(websocket);
    assert_eq!(host.left().0, Reason::TransportClose);
}

/// A client whose bytes the host carries.
struct Carrier {
    pipe: Arc<Pipe>,
    signal: Arc<Signal>,
    waiting: Bytes,
}

impl Read for Carrier {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let Self { pipe, signal, waiting } = self;
        if waiting.is_empty() {
            *waiting = signal.wait(|| {
                let (bytes, over) = pipe.take();
                (over || !bytes.is_empty()).then_some(bytes)
            });
        }
        let count = waiting.len().min(space.len());
        space[..count].copy_from_slice(&waiting.split_to(count));
        Ok(count)
    }
}

impl Write for Carrier {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.signal.wait(|| (!self.pipe.is_full()).then_some(()));
        let count = bytes.len().min(10_000);
        self.pipe.give(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn carry(host: &Host) -> Wire<Carrier> {
    let signal = Arc::<Signal>::default();
    let remote = RemoteAddress { ip: Some([10, 0, 0, 9].into()), secure: true };
    let pipe = host.server.adopt_pipe(remote, signal.bell()).unwrap();
    Wire::new(Carrier { pipe, signal, waiting: Bytes::new() })
}

#[test]
fn both_transports_work_on_bytes_that_are_carried() {
    let mut host = Host::new(quiet());
    let mut polling = carry(&host);
    let sid = polling.open();
    polling.post(&sid, "40");
    let socket = host.accept();
    assert!(socket.handshake().secure);
    assert_eq!(socket.handshake().address, Some([10, 0, 0, 9].into()));
    assert!(polling.get(&sid).1.starts_with("40{"));
    polling.ask("GET", &sid, "");
    socket.emit(Flags::default(), "late", &args(1)).unwrap();
    assert_eq!(polling.answer(), (200, "42[\"late\",1]".into()));
    polling.ask("GET", &sid, "");

    let mut websocket = carry(&host).websocket(&sid);
    websocket.text("2probe");
    assert_eq!(websocket.said(), "3probe");
    assert_eq!(polling.answer(), (200, "6".into()));
    websocket.text("5");
    let big = "b".repeat(900_000);
    websocket.text(&format!("42[\"big\",\"{big}\"]"));
    let message = host.message();
    socket.emit(Flags::default(), "big", &message.args).unwrap();
    assert_eq!(websocket.said(), format!("42[\"big\",\"{big}\"]"));
    websocket.settle();
    drop(websocket);
    assert_eq!(host.left().0, Reason::TransportClose);
}

#[test]
fn the_end_of_a_pipe_is_told_both_ways() {
    let mut host = Host::new(quiet());
    let mut client = carry(&host).websocket("");
    client.open_packet();
    client.text("40");
    let socket = host.accept();
    assert!(client.said().starts_with("40{"));
    client.stream.pipe.end();
    assert_eq!(host.left().0, Reason::TransportClose);
    drop((client, socket));

    let mut client = carry(&host).websocket("");
    client.open_packet();
    client.text("40");
    let socket = host.accept();
    assert!(client.said().starts_with("40{"));
    socket.disconnect(true);
    assert_eq!(client.said(), "41");
    assert_eq!(client.frame(), Frame::Close(Some(1000)));
    client.write(&frame(0x88, &1000u16.to_be_bytes()));
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0, "the connection is to be closed");

    let mut parked = carry(&host);
    let sid = parked.open();
    parked.post(&sid, "40");
    host.left();
    host.accept();
    assert!(parked.get(&sid).1.starts_with("40{"));
    parked.ask("GET", &sid, "");
    parked.stream.pipe.end();
    assert_eq!(host.left().0, Reason::TransportError);
}

#[test]
fn a_pipe_fills_while_the_host_does_not_drain() {
    let mut host = Host::new(quiet());
    let mut client = carry(&host).websocket("");
    client.open_packet();
    client.text("40");
    host.accept();
    assert!(client.said().starts_with("40{"));
    host.congest();
    let pipe = Arc::clone(&client.stream.pipe);
    let mut sent = 0;
    while !pipe.is_full() {
        pipe.give(&frame(0x81, format!("42[\"n\",{sent},\"{}\"]", "x".repeat(10_000)).as_bytes()));
        sent += 1;
        assert!(sent < 100, "a pipe that nobody reads is never full");
    }
    host.relieve();
    for n in 0..sent {
        assert_eq!(host.message().args.args().next(), Some(n.to_string().as_str()));
    }
    client.settle();
    assert!(!pipe.is_full());
}
