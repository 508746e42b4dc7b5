//! App `conformance`: every behaviour that the suites judge from outside.

use crate::{broadcast, options};
use pancar::{
    Ack, Auth, Data, DynamicNamespace, EventName, Namespace, Payload, Reason, Refuse, Result, Server, ServerBuilder,
    Socket, State, Value,
};
use serde_json::json;
use std::sync::Mutex;
use std::time::Duration;

/// How long the probe waits for an acknowledgement.
pub const ACK_TIMEOUT: Duration = Duration::from_millis(500);

/// What the whole server has seen of sockets that left.
#[derive(Debug, Default)]
pub struct Log(Mutex<Vec<serde_json::Value>>);

impl Log {
    fn add(&self, socket: &Socket, event: &str, reason: &str) {
        let entry = json!({ "id": socket.id(), "event": event, "reason": reason });
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(entry);
    }

    fn entries(&self) -> Vec<serde_json::Value> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

/// Names of events, in order.
#[derive(Debug, Default)]
struct Names(Mutex<Vec<String>>);

impl Names {
    fn add(&self, name: &str) {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(name.to_owned());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

/// The server.
///
/// # Errors
/// An option that the environment sets wrongly.
pub fn server() -> Result<Server> {
    let builder = ServerBuilder::default().config(options::conformance("/socket.io/")?).with_state(Log::default());
    let io = builder.build()?;
    serve(&io.of("/")?);
    serve(&io.of("/custom")?);
    let guarded = io.of("/guarded")?;
    guarded.use_(guard);
    serve(&guarded);
    let dynamic: DynamicNamespace = io.of_matching(|name, _| std::future::ready(is_dynamic(name)));
    dynamic.on_connect(connected);
    Ok(io)
}

fn is_dynamic(name: &str) -> bool {
    name.strip_prefix("/dyn-").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn guard(Auth(auth): Auth<Value>) -> std::result::Result<(), Refuse> {
    if auth.get("token").and_then(Value::as_str) == Some("secret") {
        return Ok(());
    }
    Err(Refuse::new("unauthorized").with_data(json!({ "code": 401 })))
}

fn serve(namespace: &Namespace) {
    namespace.on_connect(connected);
    namespace.on_server_side("server-side", {
        let namespace = namespace.clone();
        move |args| {
            namespace.local().emit("server-side-seen", args).ok();
            None
        }
    });
}

fn connected(socket: Socket, State(log): State<Log>, Auth(auth): Auth<Value>) -> Result<()> {
    record_names(&socket);
    record_leaving(&socket, log);
    register_messages(&socket);
    register_rooms(&socket);
    register_listeners(&socket);
    register_questions(&socket);
    broadcast::register(&socket);
    socket.emit("auth", auth)
}

fn record_names(socket: &Socket) {
    let seen = std::sync::Arc::new(Names::default());
    let sent = std::sync::Arc::new(Names::default());
    let (record_seen, record_sent) = (seen.clone(), sent.clone());
    socket.on_any(move |EventName(name): EventName| record_seen.add(&name));
    socket.on_any_outgoing(move |EventName(name): EventName| record_sent.add(&name));
    socket.on("seen", move |ack: Ack| ack.send(vec_arg(seen.all())));
    socket.on("sent", move |ack: Ack| ack.send(vec_arg(sent.all())));
}

/// One argument that is a list.
fn vec_arg<T>(list: Vec<T>) -> (Vec<T>,) {
    (list,)
}

fn record_leaving(socket: &Socket, log: std::sync::Arc<Log>) {
    let (leaving, left) = (log.clone(), log.clone());
    socket
        .on_disconnecting(move |socket: Socket, reason: Reason| leaving.add(&socket, "disconnecting", reason.as_str()));
    socket.on_disconnect(move |socket: Socket, reason: Reason| left.add(&socket, "disconnect", reason.as_str()));
    socket.on("log", move |ack: Ack| ack.send(vec_arg(log.entries())));
}

fn register_messages(socket: &Socket) {
    socket.on("message", |socket: Socket, args: Payload| socket.emit("message-back", args));
    socket.on("message-with-ack", |args: Payload, ack: Ack| ack.send(args));
    socket.on("emit-with-ack", ask);
    socket.on("throw", || -> std::result::Result<(), String> { panic!("the probe was asked to throw") });
    socket.on("slow", |socket: Socket, Data((ms, value)): Data<(u64, Value)>| async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        socket.emit("slow-done", value)
    });
    socket.on("server-emit-many", |socket: Socket, Data((n, event)): Data<(u64, String)>| {
        (0..n).try_for_each(|i| socket.emit(&event, i))
    });
    socket.on("volatile-many", |socket: Socket, Data((n, size)): Data<(u64, usize)>| {
        let text = "x".repeat(size);
        (0..n).try_for_each(|_| socket.volatile().emit("v", &text))
    });
    socket.on("disconnect-me", |socket: Socket, Data(close): Data<Option<bool>>| {
        socket.disconnect(close.unwrap_or(false));
    });
}

async fn ask(socket: Socket, State(log): State<Log>, args: Payload) -> Result<()> {
    let answer = socket.timeout(ACK_TIMEOUT).emit_with_ack::<Payload>("emit-with-ack", args).await;
    match answer {
        Ok(answer) => socket.emit("emit-with-ack-back", answer),
        Err(error) if error.kind() == pancar::ErrorKind::Timeout => socket.emit("emit-with-ack-failed", "timeout"),
        Err(_) => {
            log.add(&socket, "emit-with-ack-failed", "disconnected");
            Ok(())
        }
    }
}

fn register_rooms(socket: &Socket) {
    socket.on("join", |socket: Socket, Data(rooms): Data<OneOrMany>, ack: Ack| {
        socket.join(rooms.into_vec())?;
        ack.send(())
    });
    socket.on("leave", |socket: Socket, Data(room): Data<String>, ack: Ack| {
        socket.leave(room);
        ack.send(())
    });
    socket.on("rooms", |socket: Socket, ack: Ack| ack.send(vec_arg(sorted(socket.rooms()))));
}

/// A room, or a list of rooms.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The rooms.
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(room) => vec![room],
            Self::Many(rooms) => rooms,
        }
    }
}

/// Rooms as sorted strings.
pub fn sorted(rooms: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    let mut rooms: Vec<String> = rooms.into_iter().map(|room| room.to_string()).collect();
    rooms.sort();
    rooms
}

fn register_listeners(socket: &Socket) {
    socket.on("once", |socket: Socket, ack: Ack| {
        socket.once("once-event", |socket: Socket| socket.emit("once-seen", ()));
        ack.send(())
    });
    socket.on("removable", |socket: Socket| socket.emit("removable-seen", ()));
    socket.on("off", |socket: Socket, ack: Ack| {
        socket.off("removable");
        ack.send(())
    });
    socket.use_(|EventName(name): EventName| if name == "blocked" { Err(Refuse::new("blocked")) } else { Ok(()) });
    socket.on_error(|socket: Socket, refuse: Refuse| socket.emit("error-seen", refuse.message));
}

fn register_questions(socket: &Socket) {
    socket.on("set-data", |socket: Socket, Data(value): Data<Value>, ack: Ack| {
        socket.set_data(value);
        ack.send(())
    });
    socket.on("get-data", |socket: Socket, ack: Ack| match socket.data::<Value>() {
        Some(data) => ack.send(&*data),
        None => ack.send(json!({})),
    });
    socket.on("handshake", |socket: Socket, ack: Ack| ack.send(socket.handshake_json()));
    socket.on("transport", |socket: Socket, ack: Ack| ack.send(socket.transport().as_str()));
    socket.on("counts", |io: Server, socket: Socket, ack: Ack| {
        let namespace = socket.namespace();
        let (sockets, rooms) = (namespace.sockets_count(), namespace.rooms_count());
        ack.send(json!({ "clients": io.clients_count(), "sockets": sockets, "rooms": rooms }))
    });
    socket.on("server-side", |socket: Socket, args: Payload| socket.namespace().server_side_emit("server-side", args));
}
