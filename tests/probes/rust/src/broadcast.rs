//! The part of app `conformance` that sends to, and asks of, many sockets.

use crate::conformance::{ACK_TIMEOUT, OneOrMany, sorted};
use pancar::{Ack, Broadcast, Data, Payload, Result, Socket, Value};
use serde_json::json;

/// Options of `broadcast` and `broadcast-with-ack`; what is absent is not set.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Options {
    from: Option<String>,
    to: Vec<String>,
    except: Vec<String>,
    volatile: bool,
    compress: Option<bool>,
    local: bool,
}

/// The answer to `broadcast-with-ack`.
#[derive(Debug, serde::Serialize)]
struct Responses {
    error: Option<&'static str>,
    responses: Vec<Value>,
}

impl Options {
    fn target(self, socket: &Socket) -> Broadcast {
        let everyone =
            if self.from.as_deref() == Some("io") { socket.namespace().compress(true) } else { socket.broadcast() };
        let mut target = everyone.to_all(self.to).except_all(self.except);
        if self.volatile {
            target = target.volatile();
        }
        if let Some(compress) = self.compress {
            target = target.compress(compress);
        }
        if self.local {
            target = target.local();
        }
        target
    }
}

/// Registers the events.
pub fn register(socket: &Socket) {
    socket.on("broadcast", |socket: Socket, Data((options, event)): Data<(Options, String)>, args: Payload| {
        options.target(&socket).emit(&event, args.skip(2))
    });
    socket.on("broadcast-with-ack", broadcast_with_ack);
    socket.on("fetch-sockets", fetch_sockets);
    socket.on("sockets-join", |socket: Socket, Data((rooms, join)): Data<(Vec<String>, OneOrMany)>| {
        everyone_in(&socket, rooms).sockets_join(join.into_vec())
    });
    socket.on("sockets-leave", |socket: Socket, Data((rooms, leave)): Data<(Vec<String>, OneOrMany)>| {
        everyone_in(&socket, rooms).sockets_leave(leave.into_vec());
    });
    socket.on("disconnect-sockets", |socket: Socket, Data((rooms, close)): Data<(Vec<String>, Option<bool>)>| {
        everyone_in(&socket, rooms).disconnect_sockets(close.unwrap_or(false));
    });
}

fn everyone_in(socket: &Socket, rooms: Vec<String>) -> Broadcast {
    socket.namespace().compress(true).to_all(rooms)
}

async fn broadcast_with_ack(
    socket: Socket,
    Data((options, event)): Data<(Options, String)>,
    args: Payload,
    ack: Ack,
) -> Result<()> {
    let outcomes = options.target(&socket).timeout(ACK_TIMEOUT).emit_with_ack(&event, args.skip(2)).await?;
    let failed = outcomes.iter().any(|outcome| outcome.answer.is_err());
    let answers = outcomes.into_iter().filter_map(|outcome| outcome.answer.ok());
    let responses = answers.map(|answer| answer.decode()).collect::<Result<_>>()?;
    ack.send(Responses { error: failed.then_some("timeout"), responses })
}

async fn fetch_sockets(socket: Socket, Data(rooms): Data<Vec<String>>, ack: Ack) -> Result<()> {
    let mut found = Vec::new();
    for other in everyone_in(&socket, rooms).fetch_sockets().await? {
        let data: serde_json::Value = other.data()?;
        found.push(json!({ "id": other.id(), "rooms": sorted(other.rooms()), "data": data }));
    }
    found.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
    ack.send((found,))
}
