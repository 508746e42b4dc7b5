//! A host that takes events on several threads.

use crate::client::Wire;
use crate::kit::{Signal, quiet};
use pancar::host::{Event, Flags, HubEvent, Server, Socket, Task};
use pancar::{Config, Payload};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

/// A server with lanes, whose events are taken from whichever has some.
struct Lanes {
    server: Server,
    signal: Arc<Signal>,
    address: SocketAddr,
}

impl Lanes {
    fn new(count: usize) -> Self {
        let signal = Arc::<Signal>::default();
        let config = Config { workers: Some(4), ..quiet() };
        let others = (1..count).map(|_| signal.bell()).collect();
        let server = Server::with_lanes(config, Default::default(), signal.bell(), others).unwrap();
        let address = server.listen("127.0.0.1:0").unwrap();
        Self { server, signal, address }
    }

    /// The next event of any lane, and the number of that.
    fn next(&self) -> (usize, Event) {
        self.signal.wait(|| {
            let lanes = self.server.lanes();
            (0..lanes.count()).find_map(|lane| Some((lane, lanes.get(lane)?.drain(1).pop()?)))
        })
    }

    fn join(&self) -> (Wire<std::net::TcpStream>, usize, Arc<Socket>) {
        let mut client = Wire::websocket(Wire::tcp(self.address), "");
        client.open_packet();
        client.text("40");
        let (asked, request) = self.next();
        let Event::Hub(HubEvent::Joining(request)) = request else { panic!("{request:?}") };
        assert!(request.accept());
        let (joined, socket) = self.next();
        let Event::Hub(HubEvent::Connected(socket)) = socket else { panic!("{socket:?}") };
        assert!(client.said().starts_with("40"));
        assert_eq!((asked, joined), (self.server.lane_of(&socket), self.server.lane_of(&socket)));
        (client, joined, socket)
    }
}

#[test]
fn all_that_happens_to_a_client_comes_in_its_lane_and_in_order() {
    let lanes = Lanes::new(3);
    let mut clients: Vec<_> = (0..8).map(|_| lanes.join()).collect();
    let used: std::collections::HashSet<_> = clients.iter().map(|(_, lane, _)| *lane).collect();
    assert!(used.len() > 1, "clients are spread over lanes");
    for (client, _, _) in &mut clients {
        (0..50).for_each(|n| client.text(&format!("42[\"n\",{n}]")));
    }
    let mut heard = HashMap::new();
    for _ in 0..clients.len() * 50 {
        let (lane, event) = lanes.next();
        let Event::Hub(HubEvent::Message(message)) = event else { panic!("{event:?}") };
        assert_eq!(lane, lanes.server.lane_of(&message.socket));
        let next = heard.entry(message.socket.id().clone()).or_insert(0);
        assert_eq!(message.args.json().as_str(), next.to_string());
        *next += 1;
    }
}

#[test]
fn an_answer_comes_in_order_with_the_events_of_its_client() {
    let lanes = Lanes::new(2);
    let mut clients: Vec<_> = (0..4).map(|_| lanes.join()).collect();
    for (client, own, socket) in &mut clients {
        let own = *own;
        lanes.server.emit_with_ack(socket, Flags::default(), "q", &Payload::empty(), 7).unwrap();
        let asked = client.said();
        let id = &asked[2..asked.find('[').unwrap()];
        client.text("42[\"before\"]");
        client.text(&format!("43{id}[]"));
        client.text("42[\"behind\"]");
        let shown = [(); 3].map(|()| match lanes.next() {
            (lane, Event::Hub(HubEvent::Message(message))) if lane == own => message.name.to_string(),
            (lane, Event::Ack { token: 7, answer: Ok(_) }) if lane == own => "answer".into(),
            other => panic!("{other:?}"),
        });
        assert_eq!(shown, ["before", "answer", "behind"]);
    }
}

#[test]
fn a_task_comes_when_its_delay_is_over_where_it_is_wanted() {
    let lanes = Lanes::new(2);
    let (_client, lane, socket) = lanes.join();
    let (tell, told) = mpsc::channel();
    let other = 1 - lane;
    let mailbox = lanes.server.lanes().get(other).unwrap();
    let task = Task(Box::new(move || tell.send("done").unwrap()));
    lanes.server.post_after(Some(&socket), mailbox, Duration::from_millis(5), Event::Task(task)).unwrap();
    let (came, event) = lanes.next();
    let Event::Task(task) = event else { panic!("{event:?}") };
    assert_eq!(came, other);
    assert!(told.try_recv().is_err(), "nothing runs before the host runs it");
    (task.0)();
    assert_eq!(told.recv().unwrap(), "done");
}

#[test]
fn every_lane_hears_that_the_server_has_closed_and_hears_nothing_more() {
    let lanes = Lanes::new(3);
    let (_client, lane, _socket) = lanes.join();
    lanes.server.close();
    lanes.server.wait_closed();
    for number in 0..3 {
        let mut events = lanes.server.lanes().get(number).unwrap().drain(100);
        assert!(matches!(events.pop(), Some(Event::Closed)));
        let left = if number == lane { 2 } else { 0 };
        assert_eq!(events.len(), left, "who leaves, and has left");
    }
    assert!(lanes.server.lanes().get(3).is_none());
}

#[test]
fn what_a_thread_sends_while_it_gathers_is_told_to_it_at_once() {
    let lanes = Lanes::new(2);
    let (mut client, own, socket) = lanes.join();
    socket.watch_outgoing(true);
    let send = |name| socket.emit(Flags::default(), name, &Payload::empty()).unwrap();
    {
        let elsewhere = lanes.server.lanes().gather(1 - own);
        send("first");
        assert!(elsewhere.take().is_empty(), "the socket is of another lane");
        let here = lanes.server.lanes().gather(own);
        send("second");
        let gathered = here.take();
        assert!(matches!(&gathered[..], [HubEvent::Outgoing { name, .. }] if name.as_str() == "second"));
        send("third");
    }
    let told = [(); 2].map(|()| match lanes.next() {
        (lane, Event::Hub(HubEvent::Outgoing { name, .. })) if lane == own => name.to_string(),
        other => panic!("{other:?}"),
    });
    let mut told = told.to_vec();
    told.sort();
    assert_eq!(told, ["first", "third"], "what nobody took is told as ever");
    assert_eq!(
        [client.said(), client.said(), client.said()],
        ["first", "second", "third"].map(|n| format!("42[\"{n}\"]"))
    );
}
