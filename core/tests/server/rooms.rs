//! Rooms, and what can be done with the sockets of others.

use crate::kit::*;
use pancar::{Ack, Data, LeftRooms, Reason, Server, Socket};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Who {
    name: String,
}

/// A server whose clients say which rooms they join.
fn house() -> Server {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.on("join", |socket: Socket, Data(rooms): Data<Vec<String>>, ack: Ack| {
            socket.join(rooms)?;
            ack.send(())
        });
        socket
            .on("say", |socket: Socket, Data((room, text)): Data<(String, String)>| socket.to(room).emit("said", text));
        socket.on("ping", |ack: Ack| ack.send(()));
    });
    io
}

async fn enter(address: std::net::SocketAddr, rooms: &str) -> (Client, String) {
    let mut client = Client::connect(address).await;
    let id = client.joins("/").await;
    client.says(format!(r#"420["join",{rooms}]"#)).await;
    assert_eq!(client.hears().await, "430[]");
    (client, id)
}

#[tokio::test]
async fn an_event_reaches_those_it_is_for_once() {
    let io = house();
    let address = serve(&io);
    let (mut a, _) = enter(address, r#"["a"]"#).await;
    let (mut ab, _) = enter(address, r#"["a","b"]"#).await;
    let (mut b, b_id) = enter(address, r#"["b"]"#).await;
    a.says(r#"42["say","a","to the others"]"#).await;
    assert_eq!(ab.hears().await, r#"42["said","to the others"]"#);
    a.is_served().await;
    io.to("a").to("b").emit("once", 1).unwrap();
    io.to("a").except("b").emit("only a", 2).unwrap();
    io.except(b_id.as_str()).emit("all but one", 3).unwrap();
    io.to(b_id.as_str()).emit("one", 4).unwrap();
    io.emit("all", 5).unwrap();
    for (client, wanted) in [
        (&mut a, vec![r#"42["once",1]"#, r#"42["only a",2]"#, r#"42["all but one",3]"#, r#"42["all",5]"#]),
        (&mut ab, vec![r#"42["once",1]"#, r#"42["all but one",3]"#, r#"42["all",5]"#]),
        (&mut b, vec![r#"42["once",1]"#, r#"42["one",4]"#, r#"42["all",5]"#]),
    ] {
        for event in wanted {
            assert_eq!(client.hears().await, event);
        }
        client.is_served().await;
    }
}

#[tokio::test]
async fn sockets_are_moved_and_disconnected_from_afar() {
    let io = house();
    let address = serve(&io);
    let (mut first, first_id) = enter(address, r#"["a"]"#).await;
    let (mut second, second_id) = enter(address, r#"["b"]"#).await;
    io.to("a").sockets_join(["c", "d"]).unwrap();
    io.sockets_join("e").unwrap();
    io.to("b").sockets_leave("e");
    let rooms = |id: &str| {
        let mut rooms: Vec<_> =
            io.of("/").unwrap().socket(id).unwrap().rooms().iter().map(ToString::to_string).collect();
        rooms.retain(|room| room != id);
        rooms.sort();
        rooms.join(" ")
    };
    assert_eq!((rooms(&first_id).as_str(), rooms(&second_id).as_str()), ("a c d e", "b"));
    io.to("c").emit("moved", ()).unwrap();
    assert_eq!(first.hears().await, r#"42["moved"]"#);
    io.to("a").disconnect_sockets(false);
    assert_eq!(first.hears().await, "41");
    first.joins("/").await;
    second.is_served().await;
    io.disconnect_sockets(true);
    assert_eq!(second.hears().await, "41");
    assert_eq!(second.ends().await, Some(1000));
    assert_eq!(io.clients_count(), 0);
}

#[tokio::test]
async fn sockets_can_be_looked_at_from_afar() {
    let io = house();
    io.on_connect(|socket: Socket| {
        socket.set_data(Who { name: "one".into() });
        assert_eq!(socket.data::<Who>().unwrap().name, "one");
        assert!(socket.data::<String>().is_none());
    });
    let address = serve(&io);
    let (mut client, id) = enter(address, r#"["a"]"#).await;
    let (_other, _) = enter(address, "[]").await;
    assert_eq!(io.fetch_sockets().await.unwrap().len(), 2);
    let found = io.to("a").fetch_sockets().await.unwrap();
    let [remote] = &found[..] else { panic!("{found:?}") };
    assert_eq!(remote.id().as_str(), id);
    assert!(remote.rooms().iter().any(|room| room == "a") && remote.rooms().len() == 2);
    assert_eq!(remote.data::<Who>().unwrap(), Who { name: "one".into() });
    let handshake = remote.handshake();
    assert_eq!(handshake["query"]["transport"], "websocket");
    assert_eq!(handshake["address"], "127.0.0.1");
    remote.emit("hello", 1).unwrap();
    assert_eq!(client.hears().await, r#"42["hello",1]"#);
    remote.join("b").unwrap();
    assert_eq!(io.to("b").fetch_sockets().await.unwrap().len(), 1);
    remote.leave("b");
    assert!(io.to("b").fetch_sockets().await.unwrap().is_empty());
    remote.disconnect(false);
    assert_eq!(client.hears().await, "41");
}

#[tokio::test]
async fn a_socket_still_has_its_rooms_while_it_is_disconnecting() {
    let io = builder().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        socket.join(["a", "b"]).unwrap();
        let (before, after) = (tell.clone(), tell.clone());
        socket.on_disconnecting(move |socket: Socket, LeftRooms(rooms): LeftRooms, reason: Reason| {
            before((socket.rooms().len(), rooms.len(), reason));
        });
        socket.on_disconnect(move |socket: Socket, LeftRooms(rooms): LeftRooms, reason: Reason| {
            after((socket.rooms().len(), rooms.len(), reason));
        });
    });
    let client = Client::join(serve(&io)).await;
    client.leaves().await;
    assert_eq!(told.next().await, (3, 3, Reason::TransportClose));
    assert_eq!(told.next().await, (0, 0, Reason::TransportClose));
}

#[tokio::test]
async fn rooms_of_a_socket_are_bounded() {
    let io = builder().option("max_rooms_per_socket", &3.into()).unwrap().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let joined =
            [socket.join(["a", "b"]), socket.join("c"), socket.join(["a", "a", "b"]), socket.join("x".repeat(2_000))];
        socket.leave("b");
        let twice = [socket.join(["c", "d"]), socket.join(["d", "a", "d"])];
        tell(joined.into_iter().chain(twice).map(|result| result.err().map(|error| error.kind())).collect::<Vec<_>>());
    });
    let _client = Client::join(serve(&io)).await;
    use pancar::ErrorKind::{InvalidName, LimitExceeded};
    let refused = [None, Some(LimitExceeded), None, Some(InvalidName), Some(LimitExceeded), None];
    assert_eq!(told.next().await, refused, "one that is named twice counts once");
}
