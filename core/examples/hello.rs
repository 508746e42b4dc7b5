//! Says hello to whoever says their name.
use pancar::{Data, Server, Socket};

#[tokio::main]
async fn main() -> pancar::Result<()> {
    let io = Server::new();
    io.on("hello", |socket: Socket, Data(name): Data<String>| socket.emit("hello", format!("Hello, {name}!")));
    println!("listening on http://{}", io.listen("127.0.0.1:3000")?);
    io.closed().await;
    Ok(())
}
