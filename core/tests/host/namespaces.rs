//! Namespaces: dynamic ones, and what is known of the sockets in them.

use crate::client::Wire;
use crate::kit::{Host, args};
use pancar::host::{Event, Flags, HubEvent, JsonData, MatchRequest, Pattern, Target};
use std::net::TcpStream;
use std::sync::Arc;

fn asked(host: &mut Host) -> MatchRequest {
    match host.next() {
        Event::Match(request) => request,
        other => panic!("{other:?}"),
    }
}

fn open(host: &(Host, std::net::SocketAddr)) -> Wire<TcpStream> {
    let mut client = Wire::tcp(host.1).websocket("");
    client.open_packet();
    client
}

#[test]
fn the_host_is_asked_for_names_that_do_not_exist() {
    let mut host = Host::listening();
    let parent = host.0.server.of_matching(42);
    let mut client = open(&host);
    let host = &mut host.0;

    client.text(r#"40/dyn-1,{"key":1}"#);
    let request = asked(host);
    assert_eq!((&*request.name, request.matcher), ("/dyn-1", 42));
    assert_eq!(request.auth.to_json_array(), r#"[{"key":1}]"#);
    request.answer(true);
    let HubEvent::NamespaceCreated(made) = host.hub_event() else { panic!() };
    assert_eq!((&**made.name(), made.parent()), ("/dyn-1", Some(parent)));
    let socket = host.accept();
    assert!(Arc::ptr_eq(socket.namespace(), &made));
    assert!(client.said().starts_with("40/dyn-1,{"));

    client.text("40/dyn-2,");
    asked(host).answer(false);
    assert_eq!(client.said(), r#"44/dyn-2,{"message":"Invalid namespace"}"#);
    client.text("40/dyn-3,");
    drop(asked(host));
    assert_eq!(client.said(), r#"44/dyn-3,{"message":"Invalid namespace"}"#);

    socket.disconnect(false);
    host.left();
    assert!(host.server.namespace("/dyn-1").is_none(), "it goes away with its last socket");
}

#[test]
fn patterns_are_not_asked_for() {
    let mut host = Host::listening();
    let pattern = host.0.server.of_pattern(Pattern::parse("/room-{id}").unwrap());
    let asks = host.0.server.of_matching(7);
    let mut client = open(&host);
    let host = &mut host.0;
    client.text("40/room-8,");
    let HubEvent::NamespaceCreated(made) = host.hub_event() else { panic!() };
    assert_eq!(made.parent(), Some(pattern));
    let socket = host.accept();
    assert!(client.said().starts_with("40/room-8,{"));
    client.text("42/room-8,[\"hi\"]");
    assert_eq!(host.heard(), "hi[]");
    socket.emit(Flags::default(), "ho", &args(())).unwrap();
    assert_eq!(client.said(), "42/room-8,[\"ho\"]");
    client.text("40/other,");
    let request = asked(host);
    assert_eq!(request.matcher, 7);
    request.answer(true);
    let HubEvent::NamespaceCreated(made) = host.hub_event() else { panic!() };
    assert_eq!(made.parent(), Some(asks));
    host.accept();
}

#[test]
fn what_is_known_of_sockets_holds_their_data() {
    let (mut host, address) = Host::listening();
    let (_first, socket) = host.join(address);
    let (_second, other) = host.join(address);
    assert!(JsonData::new("{".into()).is_err());
    socket.set_data(Some(Arc::new(JsonData::new(r#"{"name":"a"}"#.into()).unwrap())));
    socket.join(&["r".into()]).unwrap();
    let main = host.server.of("/").unwrap();
    let infos = main.infos(&Target { rooms: vec!["r".into()], except: vec![] });
    assert_eq!(infos.len(), 1);
    assert_eq!(infos[0].id, *socket.id());
    assert_eq!(infos[0].data, r#"{"name":"a"}"#);
    assert_eq!(infos[0].rooms.len(), 2);
    let infos = main.infos(&Target { rooms: vec![], except: vec!["r".into()] });
    assert_eq!((infos.len(), &infos[0].id, &*infos[0].data), (1, other.id(), "{}"));
}

#[test]
fn broadcasts_reach_whom_they_mean() {
    let (mut host, address) = Host::listening();
    let (mut first, a) = host.join(address);
    let (mut second, b) = host.join(address);
    a.join(&["r".into()]).unwrap();
    let main = host.server.of("/").unwrap();
    main.emit(&Target { rooms: vec!["r".into()], except: vec![] }, Flags::default(), "one", &args(1)).unwrap();
    main.emit(&Target { rooms: vec![], except: vec![a.id().as_str().into()] }, Flags::default(), "two", &args(2))
        .unwrap();
    main.emit(&Target::everyone(), Flags::default(), "all", &args(())).unwrap();
    assert_eq!([first.said(), first.said()], ["42[\"one\",1]", "42[\"all\"]"]);
    assert_eq!([second.said(), second.said()], ["42[\"two\",2]", "42[\"all\"]"]);
    b.watch_outgoing(true);
    b.emit(Flags::default(), "seen", &args(3)).unwrap();
    match host.hub_event() {
        HubEvent::Outgoing { socket, name, args } => {
            assert_eq!((socket.id(), &*name, &*args.to_json_array()), (b.id(), "seen", "[3]"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_done_with_a_socket_before_it_is_let_in_takes_effect_then() {
    let (mut host, address) = Host::listening();
    let mut client = Wire::tcp(address).websocket("");
    client.open_packet();
    client.text("40");
    let HubEvent::Joining(request) = host.hub_event() else { panic!() };
    let socket = Arc::clone(request.socket());
    socket.join(&["r".into(), "s".into(), "r".into()]).unwrap();
    socket.leave("s");
    assert_eq!(socket.rooms(), [socket.id().as_str(), "r"].map(pancar::Text::from));
    socket.emit(Flags::default(), "first", &args(1)).unwrap();
    socket.emit(Flags::default(), "second", &args(2)).unwrap();
    let main = host.server.of("/").unwrap();
    let in_room = Target { rooms: vec!["r".into()], except: vec![] };
    main.emit(&in_room, Flags::default(), "missed", &args(())).unwrap();
    assert!(request.accept());
    main.emit(&in_room, Flags::default(), "heard", &args(())).unwrap();
    assert!(client.said().starts_with("40{"));
    assert_eq!([client.said(), client.said()], ["42[\"first\",1]", "42[\"second\",2]"]);
    assert_eq!(client.said(), "42[\"heard\"]");
    assert_eq!(socket.rooms().len(), 2);
}

#[test]
fn a_socket_that_is_not_let_in_takes_nothing_any_more() {
    let (mut host, address) = Host::listening();
    let mut client = Wire::tcp(address).websocket("");
    client.open_packet();
    client.text("40");
    let HubEvent::Joining(request) = host.hub_event() else { panic!() };
    let socket = Arc::clone(request.socket());
    let large = args("x".repeat(600_000));
    socket.emit(Flags::default(), "large", &large).unwrap();
    let full = socket.emit(Flags::default(), "large", &large).unwrap_err();
    assert_eq!(full.kind(), pancar::ErrorKind::LimitExceeded);
    request.reject("no", None);
    assert_eq!(client.said(), r#"44{"message":"no"}"#);
    let gone = [socket.emit(Flags::default(), "x", &args(())), socket.join(&["r".into()])];
    gone.into_iter().for_each(|result| assert_eq!(result.unwrap_err().kind(), pancar::ErrorKind::Disconnected));
}
