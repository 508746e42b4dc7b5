//! A chat with names and rooms: middleware, typed data, acknowledgements, broadcasts, a tidy end.
//!
//! ```js
//! const socket = io("http://localhost:3000", { auth: { name: "Ada" } });
//! socket.on("said", (room, name, text) => console.log(`${room}: ${name}: ${text}`));
//! await socket.emitWithAck("enter", "kitchen"); // who is there
//! socket.emit("say", "kitchen", "hello");
//! ```

use pancar::config::{Cors, Origin};
use pancar::{Ack, Auth, Data, LeftRooms, Refuse, Result, Server, Socket};
use serde::{Deserialize, Serialize};

/// Who somebody is: what a client sends when it connects, and what is kept with its socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Person {
    name: String,
}

fn name_of(socket: &Socket) -> String {
    socket.data::<Person>().map_or_else(|| "somebody".to_owned(), |person| person.name.clone())
}

/// Only those with a name come in.
fn introduce(socket: Socket, Auth(person): Auth<Person>) -> Result<(), Refuse> {
    if person.name.trim().is_empty() {
        return Err(Refuse::new("what is your name?"));
    }
    socket.set_data(person);
    Ok(())
}

/// Tells the names of those who are in the room.
async fn enter(socket: Socket, Data(room): Data<String>, ack: Ack) -> Result<()> {
    socket.join(room.as_str())?;
    socket.to(room.as_str()).emit("entered", (&room, name_of(&socket)))?;
    let there = socket.namespace().to(room.as_str()).fetch_sockets().await?;
    let names = there.iter().map(|remote| remote.data::<Person>().map(|person| person.name));
    ack.send([names.collect::<Result<Vec<_>>>()?])
}

fn say(socket: Socket, Data((room, text)): Data<(String, String)>) -> Result<()> {
    if !socket.rooms().iter().any(|joined| *joined == room.as_str()) {
        return socket.emit("mistake", "enter the room first");
    }
    socket.namespace().to(room.as_str()).emit("said", (room, name_of(&socket), text))
}

fn leave(socket: Socket, LeftRooms(rooms): LeftRooms) -> Result<()> {
    for room in rooms.iter().filter(|room| **room != socket.id().as_str()) {
        socket.to(room.clone()).emit("left", (room.as_str(), name_of(&socket)))?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let io = Server::builder().cors(Cors::new(Origin::Any)).build()?;
    io.use_(introduce);
    io.on("enter", enter);
    io.on("say", say);
    io.on_connect(|socket: Socket| {
        socket.on_disconnecting(leave);
    });
    println!("listening on http://{}", io.listen("127.0.0.1:3000")?);
    tokio::signal::ctrl_c().await.ok();
    io.close().await;
    Ok(())
}
