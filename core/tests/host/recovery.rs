//! What a program sends to a client before it lets it in, and what it keeps with its request.

use crate::kit::{Host, PATIENCE, args, quiet};
use crate::messages::Carried;
use http::Request;
use pancar::Config;
use pancar::config::Recovery;
use pancar::host::{Flags, HubEvent, JoinRequest, Kept, Socket};
use std::sync::mpsc::channel;
use std::sync::{Arc, Weak};

fn joining(host: &mut Host) -> JoinRequest {
    match host.hub_event() {
        HubEvent::Joining(request) => request,
        other => panic!("{other:?}"),
    }
}

fn connected(host: &mut Host) -> Arc<Socket> {
    match host.hub_event() {
        HubEvent::Connected(socket) => socket,
        other => panic!("{other:?}"),
    }
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before)
        .and_then(|(_, rest)| rest.split_once(after))
        .map_or_else(|| panic!("{text}"), |found| found.0)
}

#[test]
fn what_is_sent_before_a_client_is_let_in_comes_back_with_it() {
    let recovery = Recovery { skip_middlewares: false, ..Recovery::default() };
    let mut host = Host::new(Config { connection_state_recovery: Some(recovery), ..quiet() });
    for has_seen_one in [true, false] {
        let mut client = Carried::open(&host);
        client.text("40");
        let request = joining(&mut host);
        let volatile = Flags { volatile: true, ..Flags::default() };
        for n in 0..2 {
            request.socket().emit(Flags::default(), "early", &args(n)).unwrap();
        }
        request.socket().emit(volatile, "gone", &args(())).unwrap();
        assert!(request.accept());
        let id = connected(&mut host).id().clone();
        let joined = client.said();
        let pid = between(&joined, "\"pid\":\"", "\"").to_owned();
        let early = [client.said(), client.said()];
        assert!(early[0].starts_with("42[\"early\",0,\"") && early[1].starts_with("42[\"early\",1,\""), "{early:?}");
        assert_eq!(client.said(), "42[\"gone\"]");
        drop(client);
        host.left();

        let offset = between(&early[0], "0,\"", "\"");
        let offset = if has_seen_one { format!(",\"offset\":\"{offset}\"") } else { String::new() };
        let mut client = Carried::open(&host);
        client.text(&format!("40{{\"pid\":\"{pid}\"{offset}}}"));
        assert!(joining(&mut host).accept());
        assert_eq!(*connected(&mut host).id(), id);
        for event in early.iter().skip(usize::from(has_seen_one)) {
            assert_eq!(client.said(), *event);
        }
        assert!(client.said().starts_with("40{"));
        drop(client);
        host.left();
    }
}

#[test]
fn what_a_host_keeps_with_a_request_lives_as_long_as_the_connection() {
    let mut host = Host::new(quiet());
    let ask = |kept: &Arc<u32>| {
        let mut request = Request::builder().uri("/socket.io/?EIO=4&transport=websocket").body(()).unwrap();
        request.extensions_mut().insert(Kept(Arc::clone(kept) as _));
        let (done, answered) = channel();
        host.server.websocket(request, Box::new(|| {}), move |answer| done.send(answer).unwrap()).unwrap();
        answered.recv_timeout(PATIENCE).unwrap().unwrap()
    };
    let kept = Arc::new(7);
    let watched: Weak<u32> = Arc::downgrade(&kept);
    let carried = ask(&kept);
    drop(kept);
    carried.text("40".into());
    let socket = host.accept();
    let back = socket.handshake().kept.clone().unwrap();
    assert_eq!(back.0.downcast_ref(), Some(&7u32));
    drop((back, socket, carried));
    host.left();
    crate::kit::until("it is let go of", || watched.upgrade().is_none());
}
