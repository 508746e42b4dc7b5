//! How sockets come back, and how they end. And Engine.IO alone.

use crate::kit::*;
use pancar::config::Recovery;
use pancar::engine::{Application, Connection, Engine, Message};
use pancar::{Config, Reason, Socket};
use serde_json::Value;
use std::sync::Mutex;

fn field(reply: &str, key: &str) -> String {
    let (_, json) = reply.split_once('{').unwrap();
    serde_json::from_str::<Value>(&format!("{{{json}")).unwrap()[key].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_that_was_cut_off_gets_its_id_rooms_data_and_events_back() {
    let io = builder().connection_state_recovery(Recovery::default()).build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        if !socket.is_recovered() {
            socket.join("room").unwrap();
            socket.set_data(7_u8);
        }
        let data = *socket.data::<u8>().unwrap();
        tell((socket.is_recovered(), socket.rooms().len(), data));
        let tell = tell.clone();
        socket.on_disconnect(move || tell((false, 0, 0)));
    });
    let address = serve(&io);
    let mut client = Client::connect(address).await;
    client.says("40").await;
    let reply = client.hears().await;
    assert_eq!(told.next().await, (false, 2, 7));
    io.to("room").emit("news", 1).unwrap();
    let event = client.hears().await;
    let offset = event.rsplit('"').nth(1).unwrap();
    drop(client);
    assert_eq!(told.next().await, (false, 0, 0));
    io.to("room").emit("news", 2).unwrap();
    io.to("other").emit("news", 3).unwrap();
    let mut client = Client::connect(address).await;
    client.says(format!(r#"40{{"pid":"{}","offset":"{offset}"}}"#, field(&reply, "pid"))).await;
    assert!(client.hears().await.starts_with(r#"42["news",2,"#));
    let back = client.hears().await;
    assert_eq!((field(&back, "sid"), field(&back, "pid")), (field(&reply, "sid"), field(&reply, "pid")));
    assert_eq!(told.next().await, (true, 2, 7));
}

#[tokio::test]
async fn sockets_hear_why_they_ended() {
    let io = builder().build().unwrap();
    let (tell, mut told) = news();
    io.on_connect(move |socket: Socket| {
        let tell = tell.clone();
        socket.on_disconnect(move |reason: Reason| tell(reason));
        socket.on("leave me", |socket: Socket| socket.disconnect(false));
        socket.on("close me", |socket: Socket| socket.close_connection());
        socket.on("drop me", |socket: Socket| socket.disconnect(true));
    });
    let address = serve(&io);
    for (says, reason) in [
        ("41", Reason::ClientNamespaceDisconnect),
        (r#"42["leave me"]"#, Reason::ServerNamespaceDisconnect),
        (r#"42["drop me"]"#, Reason::ServerNamespaceDisconnect),
        (r#"42["close me"]"#, Reason::ForcedClose),
        ("1", Reason::TransportClose),
        ("2", Reason::TransportError),
        ("nonsense", Reason::ParseError),
        ("42{}", Reason::ParseError),
    ] {
        let mut client = Client::join(address).await;
        client.says(says).await;
        assert_eq!(told.next().await, reason, "{says}");
    }
}

#[tokio::test]
async fn a_session_goes_from_polling_to_a_websocket() {
    let io = builder().build().unwrap();
    io.on_connect(|socket: Socket| {
        socket.on("transport", |socket: Socket, ack: pancar::Ack| ack.send(socket.transport().to_string()));
    });
    let address = serve(&io);
    let sid = open(address).await.sid();
    post(address, &sid, "40").await;
    assert!(poll(address, &sid).await.body.starts_with("40{"));
    post(address, &sid, r#"421["transport"]"#).await;
    assert_eq!(poll(address, &sid).await.body, r#"431["polling"]"#);
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket&sid={sid}");
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    let text = |text: &str| Message::text(text.to_owned());
    socket.send(text("2probe")).await.unwrap();
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), text("3probe"));
    socket.send(text("5")).await.unwrap();
    socket.send(text(r#"422["transport"]"#)).await.unwrap();
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), text(r#"432["websocket"]"#));
    assert_eq!(poll(address, &sid).await.json()["code"], 3);
}

/// Gives everything back, and notes what happens.
#[derive(Default)]
struct Echo(Mutex<Vec<String>>);

impl Application for &'static Echo {
    fn opened(&self, connection: &Connection) {
        self.0.lock().unwrap().push(format!("opened by {}", connection.transport()));
        connection.send(Message::Text("welcome".into()));
    }

    fn message(&self, connection: &Connection, message: Message) {
        match message {
            Message::Text(text) if text == "panic" => panic!("a panic"),
            Message::Text(text) if text == "close" => connection.close(),
            message => connection.send(message),
        }
    }

    fn closed(&self, _: &Connection, reason: Reason) {
        self.0.lock().unwrap().push(format!("closed: {reason}"));
    }
}

#[tokio::test]
async fn engine_io_alone_passes_messages() {
    let echo: &'static Echo = Box::leak(Box::default());
    let engine = Engine::new(Config::default(), echo).unwrap();
    let address = engine.listen("127.0.0.1:0").unwrap();
    let mut client = Client::connect(address).await;
    assert_eq!(client.hears().await, "4welcome");
    client.says("4hello").await;
    assert_eq!(client.hears().await, "4hello");
    client.sends(b"\x01\x02").await;
    assert_eq!(client.gets().await, [1, 2]);
    client.says("4panic").await;
    client.says("4still there").await;
    assert_eq!(client.hears().await, "4still there");
    client.says("4close").await;
    assert_eq!(client.ends().await, Some(1000));
    let sid = open(address).await.sid();
    assert_eq!(poll(address, &sid).await.body, "4welcome");
    assert_eq!(engine.clients_count(), 1);
    soon(engine.close()).await;
    let told = echo.0.lock().unwrap().clone();
    let closed = ["closed: forced close", "closed: server shutting down"];
    assert_eq!(told, ["opened by websocket", closed[0], "opened by polling", closed[1]]);
}
