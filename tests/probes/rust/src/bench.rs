//! App `bench`: the library's default options, four events, no logging.

use crate::options;
use pancar::{Ack, Config, Data, Payload, Result, Server, Socket};

/// The server.
///
/// # Errors
/// An option that the environment sets wrongly.
pub fn server() -> Result<Server> {
    let mut config = Config::default();
    options::from_environment(&mut config)?;
    let io = Server::builder().config(config).build()?;
    io.on_connect(|socket: Socket| {
        socket.on("echo", |socket: Socket, args: Payload| socket.emit("echo-back", args));
        socket.on("ack", |args: Payload, ack: Ack| ack.send(args));
        socket.on("join", |socket: Socket, Data(room): Data<String>, ack: Ack| {
            socket.join(room)?;
            ack.send(())
        });
        socket.on("bcast", |io: Server, args: Payload| io.to("room").emit("bcast", args));
    });
    Ok(io)
}
