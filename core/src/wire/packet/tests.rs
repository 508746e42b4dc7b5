//! Packets read and written.

use super::*;

const LIMITS: Limits = Limits { attachments: 10, depth: 1_000, namespace: 255 };

fn parse(text: &str) -> Result<Packet, PacketError> {
    Packet::parse(&Text::from(text), LIMITS)
}

fn text(burst: &Burst) -> String {
    let message = burst.messages().next().unwrap().unwrap();
    String::from_utf8(message.to_vec()).unwrap()
}

fn event_of(wire: &str) -> (String, String, String, Option<u64>, usize) {
    let packet = parse(wire).unwrap();
    match packet.body {
        Body::Event { name, args, ack, attachments } => {
            (packet.namespace.to_string(), name.to_string(), args.to_string(), ack, attachments)
        }
        other => panic!("no event: {other:?}"),
    }
}

#[test]
fn events_are_read_with_namespace_ack_and_arguments() {
    let plain = event_of(r#"2["foo",1]"#);
    assert_eq!(plain, ("/".into(), "foo".into(), "1".into(), None, 0));
    let full = event_of(r#"51-/admin,456["baz",{"_placeholder":true,"num":0}]"#);
    let arg = r#"{"_placeholder":true,"num":0}"#;
    assert_eq!(full, ("/admin".into(), "baz".into(), arg.into(), Some(456), 1));
    assert_eq!(event_of("2[7,null]").1, "7");
    assert_eq!(event_of(r#"2["\u0066oo"]"#).1, "foo");
}

#[test]
fn what_is_not_legal_is_refused() {
    for wire in [
        "",
        " ",
        "7",
        "a",
        "4{}",
        r#"5["x"]"#,
        r#"5-["x"]"#,
        r#"50-["x"]"#,
        r#"511-["x"]"#,
        r#"51e1-["x"]"#,
        "2",
        "2 [\"x\"]",
        "0 {}",
        "2[]",
        "2{}",
        r#"2"x""#,
        "2[{}]",
        "2[null]",
        "2[true]",
        r#"2["disconnect"]"#,
        r#"2["newListener",1]"#,
        r#"2 1["x"]"#,
        r#"29007199254740992["x"]"#,
        "3[]",
        "1{}",
        "1/admin,{}",
        "0[]",
        "0\"x\"",
        "01",
        "31",
        "2abc",
        r#"2abc["x"]"#,
        r#"2["x"]x"#,
    ] {
        assert!(parse(wire).is_err(), "{wire}");
    }
    assert_eq!(parse(&format!("0/{}", "x".repeat(255))), Err(PacketError::NamespaceTooLong));
    assert!(matches!(parse(&format!("2[\"x\",{}", "[".repeat(100_000))), Err(PacketError::Json(_))));
}

#[test]
fn the_comma_behind_a_namespace_may_be_missing() {
    for wire in ["0/admin", "0/admin,"] {
        let packet = parse(wire).unwrap();
        assert_eq!((packet.namespace.as_str(), packet.body), ("/admin", Body::Connect("".into())));
    }
    assert_eq!(parse("1/admin").unwrap().body, Body::Disconnect);
    assert_eq!(parse("0/adm?x=1,").unwrap().namespace, "/adm?x=1");
}

#[test]
fn packets_are_written_as_the_official_encoder_does() {
    let args = Payload::from_args(&("a", 1)).unwrap();
    assert_eq!(text(&event("/", "foo", &args, EventOptions::default())), r#"42["foo","a",1]"#);
    let options = EventOptions { ack: Some(120), offset: Some("o"), no_compress: false };
    assert_eq!(text(&event("/n", "f", &Payload::empty(), options)), r#"42/n,120["f","o"]"#);
    let binary = Payload::from_args(&(Bytes::from_static(b"x"),)).unwrap();
    let wire = event("/", "b", &binary, EventOptions::default());
    assert_eq!(text(&wire), r#"451-["b",{"_placeholder":true,"num":0}]"#);
    assert_eq!(text(&ack("/a", 0, &Payload::empty())), "43/a,0[]");
    assert_eq!(text(&ack("/", 789, &binary)), r#"461-789[{"_placeholder":true,"num":0}]"#);
    assert_eq!(text(&connect("/", "s", Some("p"))), r#"40{"sid":"s","pid":"p"}"#);
    assert_eq!(text(&connect_error("/x", "no", Some("1"))), r#"44/x,{"message":"no","data":1}"#);
    assert_eq!(text(&disconnect("/a")), "41/a,");
}
