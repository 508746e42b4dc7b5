//! Typed values in and out, listeners, middlewares.

use crate::kit::*;
use bytes::Bytes;
use pancar::{Ack, Auth, ConnectContext, Data, EventName, Handshake, Payload, Refuse, Server, Socket, State, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Picture {
    name: String,
    pixels: Bytes,
    tags: Option<Vec<String>>,
}

#[tokio::test]
async fn arguments_are_read_as_rust_values() {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.on("sum", |Data((a, b)): Data<(i64, i64)>, ack: Ack| ack.send(a + b));
        socket.on("first", |Data(text): Data<String>, ack: Ack| ack.send(text));
        socket.on("missing", |Data((a, b)): Data<(u8, Option<u8>)>, ack: Ack| ack.send((a, b.is_none())));
        socket.on("none", |Data(()): Data<()>, ack: Ack| {
            let wanted = ack.is_wanted();
            ack.send(wanted)
        });
        socket.on("raw", |args: Payload, EventName(name): EventName, ack: Ack| {
            ack.send((name.as_str().to_owned(), args.to_json_array()))
        });
        socket.on("any", |Data(value): Data<Value>, ack: Ack| ack.send(value.get("b").cloned().unwrap_or_default()));
    });
    let mut client = Client::join(serve(&io)).await;
    for (event, answer) in [
        (r#"421["sum",1,2]"#, "431[3]"),
        (r#"422["first","x","ignored"]"#, r#"432["x"]"#),
        (r#"423["missing",7]"#, "433[7,true]"),
        (r#"424["none"]"#, "434[true]"),
        (r#"425["raw",1, {"a":[]}]"#, r#"435["raw","[1, {\"a\":[]}]"]"#),
        (r#"426["any",{"a":1,"b":[null,1.5]}]"#, "436[[null,1.5]]"),
    ] {
        client.says(event).await;
        assert_eq!(client.hears().await, answer);
    }
}

#[tokio::test]
async fn bytes_are_attachments_wherever_they_stand() {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.on("picture", |socket: Socket, Data((picture, more)): Data<(Picture, Bytes)>, ack: Ack| {
            assert_eq!((picture.pixels.len(), &more[..], picture.tags.is_none()), (3, &b"xy"[..], true));
            socket.emit("copy", (1, &picture))?;
            ack.send(more)
        });
    });
    let mut client = Client::join(serve(&io)).await;
    let placeholder = |number: u8| format!(r#"{{"_placeholder":true,"num":{number}}}"#);
    client.says(format!(r#"452-7["picture",{{"name":"n","pixels":{}}},{}]"#, placeholder(1), placeholder(0))).await;
    client.sends(b"xy").await;
    client.sends(&[1, 2, 3]).await;
    let copy = format!(r#"451-["copy",1,{{"name":"n","pixels":{},"tags":null}}]"#, placeholder(0));
    assert_eq!(client.hears().await, copy);
    assert_eq!(client.gets().await, [1, 2, 3]);
    assert_eq!(client.hears().await, format!("461-7[{}]", placeholder(0)));
    assert_eq!(client.gets().await, b"xy");
}

#[tokio::test]
async fn a_tuple_is_several_arguments_and_all_else_is_one() {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.emit("tuple", (1, "two", [3.5]))?;
        socket.emit("one", vec![1, 2])?;
        socket.emit("none", ())?;
        socket.emit("payload", Payload::from_json_array("[1,[2]]", vec![], 10)?)?;
        socket.emit("quoted \"\n\u{1e}", "\u{7}é")?;
        socket.send("text")
    });
    let mut client = Client::join(serve(&io)).await;
    for heard in [
        r#"42["tuple",1,"two",[3.5]]"#,
        r#"42["one",[1,2]]"#,
        r#"42["none"]"#,
        r#"42["payload",1,[2]]"#,
        r#"42["quoted \"\n\u001e","\u0007é"]"#,
        r#"42["message","text"]"#,
    ] {
        assert_eq!(client.hears().await, heard);
    }
}

#[tokio::test]
async fn names_of_the_protocol_and_values_without_a_form_are_errors() {
    let io = builder().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let numbers = std::collections::HashMap::from([([1], 1)]);
        let errors = [socket.emit("connect", ()), io_of(&socket).emit("disconnecting", ()), socket.emit("x", numbers)];
        tell(errors.map(|result| result.unwrap_err().kind()));
    });
    let _client = Client::join(serve(&io)).await;
    use pancar::ErrorKind::{Encode, InvalidName};
    assert_eq!(told.next().await, [InvalidName, InvalidName, Encode]);
}

fn io_of(socket: &Socket) -> pancar::Namespace {
    socket.namespace()
}

#[tokio::test]
async fn listeners_come_and_go() {
    let io = builder().build().unwrap();
    io.on("x", |socket: Socket| socket.emit("of all", ()));
    io.on_connect(|socket: Socket| {
        socket.on("x", |socket: Socket| socket.emit("first", ()));
        socket.once("x", |socket: Socket| socket.emit("once", ()));
        let removed = socket.on("x", |socket: Socket| socket.emit("removed", ()));
        assert!(socket.off_listener(removed) && !socket.off_listener(removed));
        socket.on_any(|socket: Socket, EventName(name): EventName| socket.emit("any", name.as_str().to_owned()));
        socket.on("off", |socket: Socket| {
            assert!(socket.off("x") && !socket.off("x"));
        });
        socket.on("ping", |ack: Ack| ack.send(()));
    });
    let mut client = Client::join(serve(&io)).await;
    let heard = async |client: &mut Client, count| {
        let mut heard = Vec::new();
        for _ in 0..count {
            heard.push(client.hears().await);
        }
        heard
    };
    client.says(r#"42["x"]"#).await;
    let all = [r#"42["any","x"]"#, r#"42["first"]"#, r#"42["once"]"#, r#"42["of all"]"#];
    assert_eq!(heard(&mut client, 4).await, all);
    client.says(r#"42["x"]"#).await;
    assert_eq!(heard(&mut client, 3).await, [all[0], all[1], all[3]]);
    client.says(r#"42["off"]"#).await;
    client.says(r#"42["x"]"#).await;
    assert_eq!(heard(&mut client, 3).await, [r#"42["any","off"]"#, all[0], all[3]]);
    client.says(r#"42["nobody listens"]"#).await;
    client.hears().await;
    client.says(r#"420["ping"]"#).await;
    assert_eq!(heard(&mut client, 2).await, [r#"42["any","ping"]"#, "430[]"]);
}

#[tokio::test]
async fn listeners_of_all_sockets_can_be_removed() {
    let io = builder().build().unwrap();
    let connect = io.on_connect(|socket: Socket| socket.emit("connected", ()));
    let event = io.on("x", |socket: Socket| socket.emit("heard", ()));
    io.on("ping", |ack: Ack| ack.send(()));
    let address = serve(&io);
    let mut client = Client::join(address).await;
    assert_eq!(client.hears().await, r#"42["connected"]"#);
    assert!(io.off(connect) && io.off(event) && !io.off(connect) && !io.off(event));
    let mut client = Client::join(address).await;
    client.says(r#"42["x"]"#).await;
    client.is_served().await;
}

#[tokio::test]
async fn what_is_sent_can_be_watched() {
    let io = builder().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let tell = tell.clone();
        socket.on_any_outgoing(move |EventName(name): EventName, Data(arg): Data<u8>| tell((name.to_string(), arg)));
        socket.emit("direct", 1)
    });
    let mut client = Client::join(serve(&io)).await;
    client.hears().await;
    io.emit("broadcast", 2).unwrap();
    assert_eq!(told.next().await, ("direct".to_owned(), 1));
    assert_eq!(told.next().await, ("broadcast".to_owned(), 2));
}

#[derive(Deserialize)]
struct Credentials {
    token: String,
}

#[tokio::test]
async fn a_middleware_lets_in_or_refuses_with_message_and_data() {
    let io = builder().with_state(String::from("secret")).build().unwrap();
    io.use_(|Auth(credentials): Auth<Credentials>, State(secret): State<String>| async move {
        tokio::task::yield_now().await;
        if credentials.token == *secret {
            return Ok(());
        }
        Err(Refuse::new("not you").with_data(serde_json::json!({ "code": 7 })))
    });
    io.use_(|handshake: Arc<Handshake>, server: Server| {
        assert!(handshake.query().any(|(key, value)| (key.as_str(), value.as_str()) == ("EIO", "4")));
        if server.clients_count() > 0 { Ok(()) } else { Err("nobody is there") }
    });
    io.on_connect(|socket: Socket| socket.emit("welcome", socket.auth::<serde_json::Value>()?));
    let mut client = Client::connect(serve(&io)).await;
    client.says(r#"40{"token":"wrong"}"#).await;
    assert_eq!(client.hears().await, r#"44{"message":"not you","data":{"code":7}}"#);
    client.says("40").await;
    let refused = client.hears().await;
    assert!(refused.starts_with("44{") && refused.contains("not have the expected shape"), "{refused}");
    client.says(r#"40{"token":"secret"}"#).await;
    assert!(client.hears().await.starts_with("40{"));
    assert_eq!(client.hears().await, r#"42["welcome",{"token":"secret"}]"#);
}

#[tokio::test]
async fn a_middleware_of_a_socket_keeps_events_from_its_listeners() {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.use_(|EventName(name): EventName| if name == "bad" { Err("no") } else { Ok(()) });
        socket.on_error(|socket: Socket, EventName(name): EventName, refuse: Refuse| {
            socket.emit("refused", (name.as_str().to_owned(), refuse.message))
        });
        socket.on("bad", |socket: Socket| socket.emit("heard", ()));
        socket.on("good", |socket: Socket| socket.emit("heard", ()));
    });
    let mut client = Client::join(serve(&io)).await;
    client.says(r#"42["bad"]"#).await;
    client.says(r#"42["good"]"#).await;
    assert_eq!(client.hears().await, r#"42["refused","bad","no"]"#);
    assert_eq!(client.hears().await, r#"42["heard"]"#);
}

#[tokio::test]
async fn a_dynamic_namespace_shares_handlers() {
    let io = builder().build().unwrap();
    let rooms = io.of_pattern("/room-{id}").unwrap();
    rooms.on_connect(|socket: Socket| socket.emit("in", socket.namespace().name().to_owned()));
    rooms.on("who", |socket: Socket, ack: Ack| ack.send(socket.namespace().name().to_owned()));
    let mut client = Client::connect(serve(&io)).await;
    for name in ["/room-1", "/room-2"] {
        client.joins(name).await;
        assert_eq!(client.hears().await, format!(r#"42{name},["in","{name}"]"#));
        client.says(format!(r#"42{name},5["who"]"#)).await;
        assert_eq!(client.hears().await, format!(r#"43{name},5["{name}"]"#));
    }
    assert_eq!(io.namespaces().len(), 3);
    client.says("41/room-1,").await;
    client.says(r#"42/room-2,6["who"]"#).await;
    client.hears().await;
    assert_eq!(io.namespaces().len(), 2);
}

#[tokio::test]
async fn a_context_can_be_named_in_a_generic_function() {
    fn register<M: 'static>(io: &Server, handler: impl pancar::Handler<ConnectContext, M>) {
        io.on_connect(handler);
    }
    let io = builder().build().unwrap();
    register(&io, |socket: Socket| socket.emit("hello", ()));
    let mut client = Client::join(serve(&io)).await;
    assert_eq!(client.hears().await, r#"42["hello"]"#);
}
