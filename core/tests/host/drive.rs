//! A thread of the host that does the work of one of the server's.

use crate::client::{Frame, Wire};
use crate::kit::{PATIENCE, Signal, quiet};
use pancar::host::{Event, HubEvent, Server, Task};
use pancar::{Config, Reason};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

fn one_worker() -> Config {
    Config { workers: Some(1), close_timeout: Duration::from_millis(100), ..quiet() }
}

/// Time between pings, and time that clients have to answer.
const BEAT: Duration = Duration::from_millis(150);

/// What one call takes.
const AT_ONCE: usize = 2;

/// A server that a thread drives, which lets everybody in and sends back what comes.
struct Driven {
    server: Arc<Server>,
    address: SocketAddr,
    driver: JoinHandle<bool>,
    news: Receiver<News>,
}

#[derive(Debug, PartialEq)]
enum News {
    Sleeping,
    Left(Reason),
}

fn answer(event: Event, tell: &Sender<News>) {
    match event {
        Event::Hub(HubEvent::Joining(request)) => assert!(request.accept()),
        Event::Hub(HubEvent::Message(message)) if &*message.name == "sleep" => {
            tell.send(News::Sleeping).unwrap();
            std::thread::sleep(4 * BEAT);
        }
        Event::Hub(HubEvent::Message(message)) => {
            message.socket.emit(Default::default(), &message.name, &message.args).unwrap();
        }
        Event::Hub(HubEvent::Disconnected { reason, .. }) => tell.send(News::Left(reason)).unwrap(),
        Event::Task(task) => (task.0)(),
        _ => {}
    }
}

impl Driven {
    fn new(config: Config) -> Self {
        let server = Arc::new(Server::new(config, Arc::<Signal>::default().bell()).unwrap());
        let address = server.listen("127.0.0.1:0").unwrap();
        let (tell, news) = channel();
        let driving = Arc::clone(&server);
        let driver = std::thread::spawn(move || {
            let mailbox = Arc::clone(driving.mailbox());
            driving.drive(0, move || mailbox.drain(AT_ONCE).into_iter().for_each(|event| answer(event, &tell)))
        });
        Self { server, address, driver, news }
    }

    fn join(&self) -> Wire<TcpStream> {
        let mut client = Wire::websocket(Wire::tcp(self.address), "");
        client.open_packet();
        client.text("40");
        assert!(client.said().starts_with("40{"));
        client
    }

    /// The thread on which a task is called that another one puts in.
    fn thread(&self) -> ThreadId {
        let (tell, told) = channel();
        let task = Task(Box::new(move || tell.send(std::thread::current().id()).unwrap()));
        self.server.mailbox().put(Event::Task(task));
        told.recv_timeout(PATIENCE).unwrap()
    }

    /// Closes; whether the thread drove.
    fn close(self) -> bool {
        self.server.close();
        self.driver.join().unwrap()
    }
}

#[test]
fn events_are_taken_on_the_thread_that_drives_and_in_order() {
    let driven = Driven::new(one_worker());
    let mut clients: Vec<_> = (0..3).map(|_| driven.join()).collect();
    for client in &mut clients {
        (0..50).for_each(|n| client.text(&format!("42[\"n\",{n}]")));
    }
    for client in &mut clients {
        (0..50).for_each(|n| assert_eq!(client.said(), format!("42[\"n\",{n}]")));
    }
    assert_eq!(driven.thread(), driven.driver.thread().id());
    drop(clients);
    assert!(driven.close());
}

#[test]
fn what_other_threads_put_in_is_taken_though_no_client_says_anything() {
    let driven = Driven::new(one_worker());
    for _ in 0..100 {
        driven.thread();
    }
    assert!(driven.close());
}

#[test]
fn closing_ends_it_after_the_clients_have_been_told() {
    let driven = Driven::new(one_worker());
    let mut client = driven.join();
    driven.server.close();
    assert_eq!(client.frame(), Frame::Close(Some(1001)));
    drop(client);
    assert!(driven.driver.join().unwrap());
    assert_eq!(driven.news.recv_timeout(PATIENCE).unwrap(), News::Left(Reason::ServerShuttingDown));
    driven.server.wait_closed();
    assert!(driven.server.drain(10).into_iter().any(|event| matches!(event, Event::Closed)));
}

#[test]
fn a_client_that_could_not_be_read_meanwhile_is_not_taken_for_dead() {
    let driven = Driven::new(Config { ping_interval: BEAT, ping_timeout: BEAT, ..one_worker() });
    let mut client = driven.join();
    assert_eq!(client.said(), "2");
    client.text("42[\"sleep\"]");
    assert_eq!(driven.news.recv_timeout(PATIENCE).unwrap(), News::Sleeping);
    client.text("3");
    // Its answer came in time, though nobody could look.
    assert_eq!(client.said(), "2");
    client.text("3");
    assert_eq!(client.said(), "2");
    assert!(driven.news.try_recv().is_err());
    drop(client);
    assert!(driven.close());
}

#[test]
fn a_thread_drives_only_where_it_takes_all_events_of_a_worker_and_no_others() {
    let server = |config| Server::with_lanes(config, Default::default(), Box::new(|| {}), vec![]).unwrap();
    assert!(!server(one_worker()).drive(0, || {}), "it listens nowhere");
    assert!(!server(one_worker()).drive(1, || {}), "there is no such lane");
    let two = server(quiet());
    two.listen("127.0.0.1:0").unwrap();
    assert!(!two.drive(0, || {}), "there are two workers and one lane");
    let closed = server(one_worker());
    closed.listen("127.0.0.1:0").unwrap();
    closed.close();
    assert!(!closed.drive(0, || {}), "it is closed");
    let inside = server(one_worker());
    inside.listen("127.0.0.1:0").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(!runtime.block_on(async { inside.drive(0, || {}) }), "a runtime cannot run inside of another");
}

#[test]
fn only_one_thread_has_the_work() {
    let driven = Driven::new(one_worker());
    driven.thread();
    drop(driven.join());
    assert!(!driven.server.drive(0, || panic!("it is another's")));
    assert!(driven.close());
}
