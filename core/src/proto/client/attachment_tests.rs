//! Packets with attachments, and deadlines.

use super::tests::{joined, open, open_with};
use super::*;

const ONE: &str = r#"51-["x",{"_placeholder":true,"num":0}]"#;

#[test]
fn attachments_are_put_to_their_packet() {
    let mut script = joined();
    assert!(script.text(ONE).unwrap().is_empty());
    assert_eq!(script.binary(b"\x01").unwrap(), [r#"0: x({"_placeholder":true,"num":0}) +1"#]);
    assert!(script.text("62-3[1]").unwrap().is_empty());
    assert!(script.binary(b"").unwrap().is_empty());
    assert_eq!(script.binary(b"").unwrap(), ["0: answer 3(1) +2"], "one that is not named is fine");
    assert_eq!(script.text(r#"2["y"]"#).unwrap(), ["0: y()"]);
}

#[test]
fn attachments_come_at_once_and_are_announced() {
    assert!(joined().binary(b"x").unwrap_err().contains("nothing announced"));
    for text in [r#"2["x"]"#, "1", "0/a,", "nonsense", ONE] {
        let mut script = joined();
        script.text(ONE).unwrap();
        assert!(script.text(text).unwrap_err().contains("awaited"), "{text}");
    }
    let mut script = joined();
    script.text(ONE).unwrap();
    script.binary(b"x").unwrap();
    assert!(script.binary(b"y").is_err());
}

#[test]
fn placeholders_name_attachments_that_are_there() {
    for num in ["1", "-1", "0.5", "\"0\"", "null", "1e0"] {
        let mut script = joined();
        script.text(&format!(r#"51-["x",{{"_placeholder":true,"num":{num}}}]"#)).unwrap();
        assert_eq!(script.binary(b"x"), Err("illegal placeholder"), "{num}");
    }
}

#[test]
fn attachments_are_bounded_in_bytes_and_number() {
    let mut script = open_with(&Config { max_http_buffer_size: 4, ..Config::default() });
    script.join("/");
    script.text(r#"53-["x"]"#).unwrap();
    script.binary(b"1234").unwrap();
    script.binary(b"5678").unwrap();
    assert_eq!(script.binary(b"9"), Err("attachments too large"));

    let mut script = open_with(&Config { max_attachments: 2, ..Config::default() });
    script.join("/");
    assert!(script.text(r#"53-["x"]"#).is_err());
    assert!(script.text(r#"52-["x"]"#).is_ok());
    let mut none = open_with(&Config { max_attachments: 0, ..Config::default() });
    none.join("/");
    assert!(none.text(r#"51-["x"]"#).is_err());
}

#[test]
fn attachments_have_a_deadline_that_does_not_move() {
    let mut script = joined();
    let timeout = Config::default().attachment_timeout;
    assert_eq!(script.client.deadline(), None);
    script.text(r#"52-["x"]"#).unwrap();
    let until = script.now + timeout;
    assert_eq!(script.client.deadline(), Some(until));
    script.now += timeout / 2;
    script.binary(b"1").unwrap();
    assert_eq!(script.client.deadline(), Some(until));
    assert_eq!(script.client.timeout(until - Duration::from_nanos(1)), Ok(()));
    assert_eq!(script.client.timeout(until), Err(Timeout::Attachments));
    script.binary(b"2").unwrap();
    assert_eq!(script.client.deadline(), None);
    assert_eq!(script.client.timeout(until), Ok(()));
}

#[test]
fn a_namespace_has_to_be_joined_in_time() {
    let timeout = Config::default().connect_timeout;
    let mut script = open();
    let until = script.now + timeout;
    assert_eq!(script.client.deadline(), Some(until));
    script.text("0").unwrap();
    assert_eq!(script.client.timeout(until), Err(Timeout::Connect), "to ask is not enough");
    script.client.reject(script.ticket());
    assert_eq!(script.client.deadline(), Some(until), "nor is it to be refused");
    script.join("/a");
    assert_eq!(script.client.deadline(), None);
    script.text("1/a,").unwrap();
    assert_eq!(script.client.deadline(), None, "to leave does not set it again");
}
