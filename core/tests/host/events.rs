//! Events of clients of a server that listens.

use crate::client::{Frame, Wire, frame};
use crate::kit::{Host, args};
use pancar::Reason;
use pancar::host::{Flags, HubEvent};

#[test]
fn a_burst_rings_once_and_keeps_its_order() {
    let (mut host, address) = Host::listening();
    let (mut client, socket) = host.join(address);
    let rung = host.signal.count();
    let burst: Vec<u8> = (0..200).flat_map(|n| frame(0x81, format!("42[\"n\",{n}]").as_bytes())).collect();
    client.write(&burst);
    client.settle();
    assert_eq!(host.signal.count(), rung + 1);
    assert_eq!(host.server.mailbox().len(), 200);
    for n in 0..200 {
        assert_eq!(host.heard(), format!("n[{n}]"));
        socket.emit(Flags::default(), "n", &args(n)).unwrap();
    }
    for n in 0..200 {
        assert_eq!(client.said(), format!("42[\"n\",{n}]"));
    }
}

#[test]
fn values_and_attachments_come_back_as_they_went() {
    let (mut host, address) = Host::listening();
    let (mut client, _) = host.join(address);
    let text = r#"451-7["bin",{"_placeholder":true,"num":0},"ü"]"#;
    client.write(&[frame(0x81, text.as_bytes()), frame(0x82, &[1, 2, 3])].concat());
    let message = host.message();
    assert_eq!(message.args.attachments(), [&[1, 2, 3][..]]);
    message.socket.emit(Flags::default(), "bin", &message.args).unwrap();
    message.socket.ack(message.ack.unwrap(), &message.args.skip(1));
    assert_eq!(client.said(), text.replace("451-7", "451-"));
    assert_eq!(client.frame(), Frame::Binary(vec![1, 2, 3]));
    assert!(client.said().ends_with("7[\"ü\"]"));
}

#[test]
fn a_client_may_be_refused_with_a_message_and_data() {
    let (mut host, address) = Host::listening();
    let mut client = Wire::tcp(address).websocket("");
    client.open_packet();
    for (data, said) in [
        (Some(r#"{"retry":false}"#), r#"44{"message":"no \"entry\"","data":{"retry":false}}"#),
        (None, r#"44{"message":"no \"entry\""}"#),
        (Some("{not json"), r#"44{"message":"no \"entry\""}"#),
    ] {
        client.text(r#"40{"token":"t"}"#);
        match host.hub_event() {
            HubEvent::Joining(request) => {
                assert_eq!(*request.socket().auth(), r#"{"token":"t"}"#);
                assert!(request.is_pending() && request.socket().has_auth());
                request.reject("no \"entry\"", data);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(client.said(), said);
    }
    client.text("40");
    drop(host.hub_event());
    assert_eq!(client.said(), r#"44{"message":"Internal server error"}"#);
    client.text("40");
    host.accept();
}

#[test]
fn a_client_may_be_let_in_later_from_another_thread() {
    let (mut host, address) = Host::listening();
    let mut client = Wire::tcp(address).websocket("");
    client.open_packet();
    client.write(&[frame(0x81, b"40"), frame(0x81, b"42[\"early\"]")].concat());
    let HubEvent::Joining(request) = host.hub_event() else { panic!() };
    client.settle();
    assert!(host.server.mailbox().is_empty(), "what comes behind the CONNECT waits");
    assert!(std::thread::spawn(move || request.accept()).join().unwrap());
    assert!(matches!(host.hub_event(), HubEvent::Connected(_)));
    assert_eq!(host.heard(), "early[]");

    let mut gone = Wire::tcp(address).websocket("");
    gone.open_packet();
    gone.text("40");
    let HubEvent::Joining(request) = host.hub_event() else { panic!() };
    gone.write(&frame(0x88, &[]));
    assert_eq!(gone.frame(), Frame::Close(None));
    assert!(!request.is_pending());
    assert!(!request.accept(), "it went away meanwhile");
}

#[test]
fn a_socket_that_leaves_tells_its_rooms() {
    let (mut host, address) = Host::listening();
    let (mut client, socket) = host.join(address);
    socket.join(&["a".into(), "b".into()]).unwrap();
    client.text("41");
    assert_eq!(host.left(), (Reason::ClientNamespaceDisconnect, vec!["a".into(), "b".into()]));
    client.text("40");
    host.accept();
    assert!(client.said().starts_with("40{"));
    drop(client);
    assert_eq!(host.left(), (Reason::TransportClose, vec![]));

    let (mut client, socket) = host.join(address);
    socket.disconnect(false);
    assert_eq!(host.left().0, Reason::ServerNamespaceDisconnect);
    assert_eq!(client.said(), "41");
    assert_eq!(socket.emit(Flags::default(), "x", &args(1)).unwrap_err().kind(), pancar::ErrorKind::Disconnected);
}

#[test]
fn polling_clients_are_served_alike() {
    let (mut host, address) = Host::listening();
    let mut client = Wire::tcp(address);
    let sid = client.open();
    client.post(&sid, "40");
    let socket = host.accept();
    assert_eq!(client.get(&sid).1, format!("40{{\"sid\":\"{}\"}}", socket.id()));
    client.post(&sid, "42[\"a\"]\u{1e}42[\"b\",2]");
    assert_eq!([host.heard(), host.heard()], ["a[]", "b[2]"]);
    client.ask("GET", &sid, "");
    socket.emit(Flags::default(), "late", &args("x")).unwrap();
    assert_eq!(client.answer(), (200, "42[\"late\",\"x\"]".into()));
}
