//! What the page can send, and what becomes of it.

use crate::chat::{Chat, Shared, Utterance};
use crate::words::{Receipt, Status, granted, refused};
use pancar::{Ack, Data, Payload, PendingAcks, Result, Server, Socket, SocketId, State, Value};
use std::time::Duration;

/// How long a lost visitor may take to come back.
const GRACE: Duration = Duration::from_secs(3);
/// How long those who get a message may take to say so.
const RECEIPT: Duration = Duration::from_secs(2);

/// Registers all events.
///
/// # Errors
/// None in practice: the main namespace always exists.
pub fn register(io: &Server) -> Result<()> {
    let everybody = io.of("/")?;
    everybody.on_connect(connected);
    everybody.on("enter", enter);
    everybody.on("say", say);
    everybody.on("typing", typing);
    everybody.on("presence", presence);
    everybody.on("leave", leave);
    Ok(())
}

fn connected(socket: Socket, State(chat): State<Shared>) -> Result<()> {
    socket.on_disconnect(disconnected);
    let chat = chat.lock();
    socket.emit("rooms", chat.rooms())
}

fn enter(io: Server, socket: Socket, State(shared): State<Shared>, args: Payload, ack: Ack) -> Result<()> {
    let asked: Value = args.decode()?;
    let mut chat = shared.lock();
    if !ack.is_wanted() || !socket.is_connected() {
        return Ok(());
    }
    let entry = match chat.enter(&io, &socket, &asked) {
        Ok(entry) => entry,
        Err(code) => return ack.send(refused(code)),
    };
    ack.send(granted(&entry.answer))?;
    chat.announce(&io, &socket, &entry);
    // Disconnecting calls handlers, and they ask for the lock.
    drop(chat);
    if let Some(older) = entry.replaced {
        older.emit("replaced", ()).ok();
        older.disconnect(true);
    }
    Ok(())
}

async fn say(socket: Socket, State(chat): State<Shared>, args: Payload, ack: Ack) -> Result<()> {
    let said: Value = args.decode()?;
    let Some(sent) = pass_on(&socket, &mut chat.lock(), &said, ack)? else { return Ok(()) };
    let received = sent.answers.await?.iter().filter(|outcome| outcome.answer.is_ok()).count();
    let receipt = Receipt { received, ..sent.receipt };
    chat.lock().receive(&sent.author, &receipt);
    Ok(())
}

/// A message is on its way.
struct Sent {
    author: SocketId,
    /// What the author is told, once it is known how many have received it.
    receipt: Receipt,
    answers: PendingAcks,
}

/// Keeps what was said, answers, and sends it to the others.
fn pass_on(socket: &Socket, chat: &mut Chat, said: &Value, ack: Ack) -> Result<Option<Sent>> {
    if !ack.is_wanted() {
        return Ok(None);
    }
    let Utterance { answer, message } = match chat.say(socket, said) {
        Ok(utterance) => utterance,
        Err(code) => return ack.send(refused(code)).map(|()| None),
    };
    ack.send(granted(&answer))?;
    let Some(message) = message else { return Ok(None) };
    let others = socket.to(message.room.as_str()).timeout(RECEIPT);
    let answers = others.emit_with_ack("message", Payload::from_args(&message)?);
    let receipt = Receipt { id: answer.id, received: 0, members: answer.members };
    Ok(Some(Sent { author: message.from.id, receipt, answers }))
}

fn typing(socket: Socket, State(chat): State<Shared>, Data(typing): Data<bool>) {
    chat.lock().typing(&socket, typing);
}

fn presence(io: Server, socket: Socket, State(chat): State<Shared>, Data(status): Data<Status>) {
    chat.lock().set_presence(&io, &socket, status);
}

fn leave(io: Server, socket: Socket, State(chat): State<Shared>, ack: Ack) -> Result<()> {
    if !ack.is_wanted() {
        return Ok(());
    }
    match chat.lock().leave(&io, &socket) {
        Ok(()) => ack.send(granted(())),
        Err(code) => ack.send(refused(code)),
    }
}

async fn disconnected(io: Server, socket: Socket, State(chat): State<Shared>) {
    if chat.lock().lose(&io, &socket) {
        tokio::time::sleep(GRACE).await;
        chat.lock().give_up(&io, &socket);
    }
}
