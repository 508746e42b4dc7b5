//! The golden vectors of `tests/vectors`, as far as they concern requests and rows of messages.

use crate::config::Config;
use crate::payload::Payload;
use crate::proto::client::Client;
use crate::proto::connection::Output;
use crate::proto::route::{Refusal, Route};
use crate::wire::vectors::{bytes, load};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Instant;

#[test]
fn requests_are_routed_or_refused() {
    let vectors = load("engineio_requests");
    assert!(vectors.len() > 50);
    for vector in vectors {
        let method = vector["method"].as_str().unwrap().parse().unwrap();
        let query = vector["query"].as_str().unwrap();
        let route = Route::parse(&method, query, vector["upgrade"] == true, &Config::default());
        let Some(code) = vector.get("code") else {
            assert!(route.is_ok(), "{vector}");
            continue;
        };
        let refusal = match route {
            Err(refusal) => refusal,
            // No session is there in these vectors, so whatever names one is refused where it is looked up.
            Ok(Route::Open(_)) => panic!("{vector}"),
            Ok(_) => Refusal::UnknownSid,
        };
        assert_eq!(Value::from(refusal.code()), *code, "{vector}");
        assert_eq!(refusal.message(), vector["message"], "{vector}");
    }
}

/// Feeds a row of messages to a client that has joined what it needs: what came out, and whether all was legal.
fn run(frames: &[Value]) -> (Vec<Value>, bool) {
    let now = Instant::now();
    let mut client = Client::new(&Config::default(), now);
    let mut out = Vec::new();
    for namespace in ["/", "/a"] {
        client.text(&format!("0{namespace},").as_str().into(), now, &mut out).unwrap();
        let Some(Output::Join { ticket, .. }) = out.pop() else { panic!("no join") };
        assert!(client.accept(ticket, &mut out));
    }
    let legal = frames.iter().all(|frame| match frame.get("text") {
        Some(text) => client.text(&text.as_str().unwrap().into(), now, &mut out).is_ok(),
        None => client.binary(bytes(&frame["binary"]), &mut out).is_ok(),
    });
    (out.into_iter().map(show).collect(), legal)
}

fn show(output: Output) -> Value {
    let (kind, slot, name, args, id) = match output {
        Output::Event { slot, name, args, ack } => (2, slot, Some(name), args, ack),
        Output::Ack { slot, id, args } => (3, slot, None, args, Some(id)),
        other => panic!("{other:?}"),
    };
    let name = name.map(|name| Value::from(name.as_str()));
    let data: Vec<Value> = name.into_iter().chain(args.args().map(|arg| place(arg, &args))).collect();
    let nsp = ["/", "/a"][slot];
    let mut shown = json!({ "type": kind, "nsp": nsp, "data": data });
    if let Some(id) = id {
        shown["id"] = id.into();
    }
    shown
}

/// An argument with the attachments in their places.
fn place(arg: &str, args: &Payload) -> Value {
    let mut value: Value = serde_json::from_str(arg).unwrap();
    fill(&mut value, args);
    value
}

fn fill(value: &mut Value, args: &Payload) {
    match value {
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            let number = fields["num"].as_u64().unwrap() as usize;
            *value = json!({ "$binary": STANDARD.encode(&args.attachments()[number]) });
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, args)),
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, args)),
        _ => {}
    }
}

#[test]
fn rows_of_messages_become_packets() {
    let vectors = load("socketio_sequences");
    assert!(vectors.len() > 10);
    for vector in vectors {
        let (packets, legal) = run(vector["frames"].as_array().unwrap());
        assert_eq!(Value::from(packets), vector["packets"], "{}", vector["name"]);
        assert_eq!(legal, vector["valid"] == true, "{}", vector["name"]);
    }
}
