//! The golden vectors of `tests/vectors`, as far as they concern bytes.

use crate::payload::Payload;
use crate::wire::engine;
use crate::wire::frame::Burst;
use crate::wire::json;
use crate::wire::packet::{self, Body, EventOptions, Limits, Packet};
use crate::wire::text::Text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

/// The vectors of a file.
pub(crate) fn load(name: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Bytes of a vector, which are written in base64.
pub(crate) fn bytes(value: &Value) -> Bytes {
    STANDARD.decode(value.as_str().unwrap()).unwrap().into()
}

/// A list of JSON values without brackets, with brackets.
fn list(args: &str) -> Vec<Value> {
    serde_json::from_str(&format!("[{args}]")).unwrap()
}

const LIMITS: Limits = Limits { attachments: 10, depth: 1_000, namespace: 255 };

/// What a packet says, in the words of the vectors; nothing for what is refused, at its text or at its placeholders.
fn read(wire: &str) -> Option<Value> {
    let packet = Packet::parse(&wire.into(), LIMITS).ok()?;
    let nsp = packet.namespace.as_str();
    let mut said = match packet.body {
        Body::Connect(auth) if auth.is_empty() => json!({ "type": 0 }),
        Body::Connect(auth) => json!({ "type": 0, "data": serde_json::from_str::<Value>(&auth).unwrap() }),
        Body::Disconnect => json!({ "type": 1 }),
        Body::Event { name, args, ack, attachments } => {
            check_placeholders(&args, attachments)?;
            let mut data = vec![Value::from(name.as_str())];
            data.extend(list(&args));
            numbered(if attachments == 0 { 2 } else { 5 }, data, ack, attachments)
        }
        Body::Ack { id, args, attachments } => {
            check_placeholders(&args, attachments)?;
            numbered(if attachments == 0 { 3 } else { 6 }, list(&args), Some(id), attachments)
        }
    };
    said["nsp"] = nsp.into();
    Some(said)
}

fn check_placeholders(args: &str, attachments: usize) -> Option<()> {
    (attachments == 0 || json::placeholders(args, attachments).is_ok()).then_some(())
}

fn numbered(kind: u8, data: Vec<Value>, id: Option<u64>, attachments: usize) -> Value {
    let mut said = json!({ "type": kind, "data": data });
    if let Some(id) = id {
        said["id"] = id.into();
    }
    if attachments > 0 {
        said["attachments"] = attachments.into();
    }
    said
}

/// What a vector says that a packet says.
fn expected(vector: &Value) -> Value {
    let mut expected = json!({});
    for key in ["type", "nsp", "id", "attachments", "data"] {
        if let Some(value) = vector.get(key) {
            expected[key] = value.clone();
        }
    }
    if let Some(name) = vector.get("name") {
        expected["data"][0] = name.clone();
    }
    expected
}

#[test]
fn packets_of_clients_are_read_or_refused() {
    let mut judged = 0;
    for vector in load("socketio_packets").iter().filter(|vector| vector["from_client"] != false) {
        let wire = vector["wire"].as_str().unwrap();
        let wanted = (vector["valid"] == true).then(|| expected(vector));
        assert_eq!(read(wire), wanted, "{wire}");
        judged += 1;
    }
    assert!(judged > 150);
}

#[test]
fn what_only_a_server_sends_is_refused() {
    for vector in load("socketio_packets").iter().filter(|vector| vector["from_client"] == false) {
        assert_eq!(read(vector["wire"].as_str().unwrap()), None, "{vector}");
    }
}

/// A packet written by us, where we write packets like it.
fn written(wire: &str, vector: &Value) -> Option<Burst> {
    let nsp = vector["nsp"].as_str().unwrap();
    let data = vector.get("data");
    match vector["type"].as_u64().unwrap() {
        0 => Some(packet::connect(nsp, data?["sid"].as_str()?, data?["pid"].as_str())),
        1 => Some(packet::disconnect(nsp)),
        4 => {
            let more = data?.get("data").map(Value::to_string);
            Some(packet::connect_error(nsp, data?["message"].as_str()?, more.as_deref()))
        }
        _ => match Packet::parse(&wire.into(), LIMITS).unwrap().body {
            Body::Event { name, args, ack, attachments } => {
                let options = EventOptions { ack, ..EventOptions::default() };
                Some(packet::event(nsp, &name, &payload(args, attachments), options))
            }
            Body::Ack { id, args, attachments } => Some(packet::ack(nsp, id, &payload(args, attachments))),
            _ => None,
        },
    }
}

fn payload(args: Text, attachments: usize) -> Payload {
    Payload::from_checked(args, vec![Bytes::new(); attachments])
}

#[test]
fn canonical_packets_are_written_as_they_were_read() {
    let mut judged = 0;
    for vector in
        load("socketio_packets").iter().filter(|vector| vector["valid"] == true && vector["canonical"] != false)
    {
        let wire = vector["wire"].as_str().unwrap();
        let Some(burst) = written(wire, vector).filter(|_| vector.get("name").is_none()) else { continue };
        let text = burst.messages().next().unwrap().unwrap();
        assert_eq!(std::str::from_utf8(text).unwrap(), format!("4{wire}"));
        judged += 1;
    }
    assert!(judged > 20);
}

/// An Engine.IO packet in the words of the vectors.
fn engine_packet(packet: engine::Packet) -> Value {
    use engine::Packet as P;
    let (kind, text) = match packet {
        P::Binary(data) => return json!({ "type": 4, "binary": STANDARD.encode(data) }),
        P::Open => (0, Text::default()),
        P::Close => (1, Text::default()),
        P::Ping(text) => (2, text),
        P::Pong(text) => (3, text),
        P::Message(text) => (4, text),
        P::Upgrade => (5, Text::default()),
        P::Noop => (6, Text::default()),
    };
    if text.is_empty() { json!({ "type": kind }) } else { json!({ "type": kind, "text": text.as_str() }) }
}

/// The data of packets that carry none for a server is not kept.
fn without_idle_text(mut vector: Value) -> Value {
    let keeps = matches!(vector["type"].as_u64(), Some(2..=4));
    let empty = vector["text"] == "";
    vector.as_object_mut().unwrap().retain(|key, _| match key.as_str() {
        "type" | "binary" => true,
        "text" => keeps && !empty,
        _ => false,
    });
    vector
}

#[test]
fn engine_packets_are_read_or_refused() {
    let vectors = load("engineio_packets");
    assert!(vectors.len() > 30);
    for vector in vectors {
        let wire = vector["wire"].as_str().unwrap();
        let read = engine::Packet::parse(&wire.into()).ok().map(engine_packet);
        let wanted = (vector["valid"] == true).then(|| without_idle_text(vector.clone()));
        assert_eq!(read, wanted, "{wire}");
    }
}

#[test]
fn payloads_are_taken_apart_up_to_the_first_bad_packet() {
    let vectors = load("engineio_payloads");
    assert!(vectors.len() > 20);
    for vector in vectors {
        let body = match vector.get("payload_base64") {
            Some(raw) => bytes(raw),
            None => Bytes::from(vector["payload"].as_str().unwrap().to_owned()),
        };
        let wanted = vector["packets"].as_array().unwrap().iter().cloned().map(without_idle_text);
        let (read, valid) = match Text::from_utf8(body) {
            Some(text) => take_apart(&text),
            None => (Vec::new(), false),
        };
        assert_eq!((read, valid), (wanted.collect(), vector["valid"] == true), "{vector}");
    }
}

fn take_apart(text: &Text) -> (Vec<Value>, bool) {
    let mut packets = Vec::new();
    for part in engine::split_payload(text) {
        match engine::Packet::parse(&part) {
            Ok(packet) => packets.push(engine_packet(packet)),
            Err(_) => return (packets, false),
        }
    }
    (packets, true)
}

#[test]
fn what_is_queued_makes_the_payload_of_the_vectors() {
    for vector in load("engineio_payloads").iter().filter(|vector| vector["valid"] == true) {
        let mut payload = Vec::new();
        for packet in vector["packets"].as_array().unwrap() {
            let burst = match packet.get("binary") {
                Some(data) => Burst::binary(&bytes(data)),
                None => {
                    let text = packet["text"].as_str().unwrap_or_default();
                    Burst::text(&[packet["type"].to_string().as_bytes(), text.as_bytes()])
                }
            };
            burst.append_polling(&mut payload);
        }
        assert_eq!(payload, vector["payload"].as_str().unwrap().as_bytes());
    }
}
