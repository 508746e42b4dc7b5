//! The rules, case by case.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::differential::Tree;
use super::*;

/// The placeholder of attachment `num`.
macro_rules! ph {
    (0) => {
        r#"{"_placeholder":true,"num":0}"#
    };
    (1) => {
        r#"{"_placeholder":true,"num":1}"#
    };
}

const ONE: Bytes = Bytes::from_static(b"one");
const TWO: Bytes = Bytes::from_static(b"two\xff");

fn args<T: Serialize + ?Sized>(value: &T) -> String {
    let encoded = encode_args(value).unwrap();
    assert_eq!(encoded.attachments, [] as [Bytes; 0]);
    String::from_utf8(encoded.json).unwrap()
}

fn value<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(encode_value(value).unwrap().json).unwrap()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point(f64, f64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Wrapper<T>(T);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Ping;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Upload {
    name: String,
    data: Bytes,
    #[serde(default)]
    more: Option<Bytes>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Raw(Bytes),
    Pair(u8, Bytes),
    Named { data: Bytes },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Text(String),
    Binary(Bytes),
    Object { data: Bytes },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    File { data: Bytes },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u32,
    #[serde(flatten)]
    rest: HashMap<String, Bytes>,
}

#[test]
fn tuples_are_several_arguments() {
    assert_eq!(args(&(1, "a\n", true)), r#"1,"a\n",true"#);
    assert_eq!(args(&("x",)), r#""x""#);
    assert_eq!(args(&[1, 2, 3]), "1,2,3");
    assert_eq!(args(&Point(1.0, 2.5)), "1.0,2.5");
    assert_eq!(args(&&Box::new((1, 2))), "1,2");
    assert_eq!(args(&Wrapper((1, (2, [3])))), "1,[2,[3]]");
    assert_eq!(args(&([] as [u8; 0])), "");
    assert_eq!(args(&((),)), "null");
}

#[test]
fn nothing_is_no_argument() {
    assert_eq!(args(&()), "");
    assert_eq!(args(&Wrapper(())), "");
}

#[test]
fn anything_else_is_one_argument() {
    assert_eq!(args(&5u8), "5");
    assert_eq!(args("text"), r#""text""#);
    assert_eq!(args(&'c'), r#""c""#);
    assert_eq!(args(&i128::MIN), i128::MIN.to_string());
    assert_eq!(args(&vec![1, 2]), "[1,2]");
    assert_eq!(args(&Some((1, 2))), "[1,2]");
    assert_eq!(args(&None::<u8>), "null");
    assert_eq!(args(&Ping), "null");
    assert_eq!(args(&Shape::Empty), r#""Empty""#);
    assert_eq!(args(&BTreeMap::from([("a", (1, 2))])), r#"{"a":[1,2]}"#);
    assert_eq!(args(&json!([1, {"a": null}])), r#"[1,{"a":null}]"#);
    assert_eq!(args(&format_args!("{}\"", 1)), r#""1\"""#);
    let raw = RawValue::from_string("[1, 2]".into()).unwrap();
    assert_eq!(args(&raw), "[1, 2]");
    assert_eq!(args(&(raw, 3)), "[1, 2],3");
}

#[test]
fn what_json_cannot_say_becomes_null() {
    assert_eq!(args(&(f64::NAN, f32::INFINITY, f64::NEG_INFINITY)), "null,null,null");
    assert!(encode_args(&HashMap::from([((1, 2), 3)])).is_err());
}

#[test]
fn a_value_is_always_one() {
    assert_eq!(value(&(1, 2)), "[1,2]");
    assert_eq!(value(&[0; 0]), "[]");
    assert_eq!(value(&()), "null");
    assert_eq!(value(&"x"), r#""x""#);
}

#[test]
fn byte_buffers_are_lifted_out() {
    let upload = Upload { name: "n".into(), data: ONE, more: Some(TWO) };
    let encoded = encode_args(&(TWO, upload, vec![ONE], 1)).unwrap();
    let json = concat!(
        r#"{"_placeholder":true,"num":0},"#,
        r#"{"name":"n","data":{"_placeholder":true,"num":1},"more":{"_placeholder":true,"num":2}},"#,
        r#"[{"_placeholder":true,"num":3}],1"#
    );
    assert_eq!(String::from_utf8(encoded.json).unwrap(), json);
    assert_eq!(encoded.attachments, [TWO, ONE, TWO, ONE]);
}

#[test]
fn a_byte_buffer_may_be_everything() {
    for encoded in [encode_args(&ONE).unwrap(), encode_value(&ONE).unwrap(), encode_args(&(ONE,)).unwrap()] {
        assert_eq!(encoded.json, ph!(0).as_bytes());
        assert_eq!(encoded.attachments, [ONE]);
    }
    let variants = encode_args(&(Shape::Raw(ONE), Shape::Pair(1, TWO))).unwrap();
    let json = concat!(r#"{"Raw":"#, ph!(0), r#"},{"Pair":[1,"#, ph!(1), "]}");
    assert_eq!(variants.json, json.as_bytes());
}

#[test]
fn tuples_take_arguments_in_order() {
    assert_eq!(decode_args::<(u8, String)>(r#" 1 , "a" "#, &[]).unwrap(), (1, "a".into()));
    assert_eq!(decode_args::<(u8,)>("1,2,3", &[]).unwrap(), (1,));
    assert_eq!(decode_args::<[u8; 2]>("1,2", &[]).unwrap(), [1, 2]);
    assert_eq!(decode_args::<Point>("1,2.5", &[]).unwrap(), Point(1.0, 2.5));
    assert_eq!(decode_args::<Wrapper<(u8, u8)>>("1,2", &[]).unwrap(), Wrapper((1, 2)));
    assert_eq!(decode_args::<(Vec<u8>, (u8, u8))>("[1],[2,3]", &[]).unwrap(), (vec![1], (2, 3)));
}

#[test]
fn missing_arguments_are_null() {
    type Optional = (u8, Option<u8>, (), Value);
    assert_eq!(decode_args::<Optional>("1", &[]).unwrap(), (1, None, (), Value::Null));
    assert!(decode_args::<(u8, u8)>("1", &[]).is_err());
    assert_eq!(decode_args::<Option<u8>>("", &[]).unwrap(), None);
    assert_eq!(decode_args::<Value>(" ", &[]).unwrap(), Value::Null);
    assert!(decode_args::<String>("", &[]).is_err());
    assert_eq!(decode_args::<(Bytes, Option<Bytes>)>(ph!(0), &[ONE]).unwrap(), (ONE, None));
}

#[test]
fn anything_else_takes_the_first_argument() {
    assert_eq!(decode_args::<u8>("1,2", &[]).unwrap(), 1);
    assert_eq!(decode_args::<Vec<u8>>("[1,2],3", &[]).unwrap(), [1, 2]);
    assert_eq!(decode_args::<Option<(u8, u8)>>("[1,2],3", &[]).unwrap(), Some((1, 2)));
    assert_eq!(decode_args::<Shape>(r#""Empty",1"#, &[]).unwrap(), Shape::Empty);
    assert_eq!(decode_args::<Ping>("null", &[]).unwrap(), Ping);
    assert_eq!(decode_args::<Wrapper<char>>(r#""c""#, &[]).unwrap(), Wrapper('c'));
    assert_eq!(decode_args::<Box<RawValue>>("[1, 2] ,3", &[]).unwrap().get(), "[1, 2]");
    decode_args::<()>("1,2", &[]).unwrap();
    decode_args::<()>("", &[]).unwrap();
    decode_args::<IgnoredAny>("1,2", &[]).unwrap();
}

#[test]
fn one_value_is_exactly_one() {
    assert_eq!(decode_value::<(u8, u8)>(" [1,2] ", &[]).unwrap(), (1, 2));
    assert_eq!(decode_value::<Value>(r#"{"a":1}"#, &[]).unwrap(), json!({"a": 1}));
    assert_eq!(decode_value::<Bytes>(ph!(0), &[ONE]).unwrap(), ONE);
    decode_value::<()>("null", &[]).unwrap();
    for text in ["", " ", "1,2", "1 2", "[1", "1]"] {
        assert!(decode_value::<Value>(text, &[]).is_err(), "{text}");
    }
}

#[test]
fn attachments_are_put_back_anywhere() {
    let both = [ONE, TWO];
    let text = concat!(r#"7,[{"a":"#, ph!(1), r#"}],{"name":"n","skip":["#, ph!(1), r#"],"data":"#, ph!(0), "},null");
    type Args = (u8, Vec<HashMap<String, Bytes>>, Upload, Option<Bytes>);
    let (seven, list, upload, none) = decode_args::<Args>(text, &both).unwrap();
    assert_eq!((seven, none), (7, None));
    assert_eq!(list, [HashMap::from([("a".to_owned(), TWO)])]);
    assert_eq!(upload, Upload { name: "n".into(), data: ONE, more: None });
    let twice = concat!(ph!(1), ",", ph!(1));
    assert_eq!(decode_args::<(Option<Bytes>, Wrapper<Bytes>)>(twice, &both).unwrap(), (Some(TWO), Wrapper(TWO)));
}

#[test]
fn attachments_are_put_back_into_enums() {
    let both = [ONE, TWO];
    let text =
        concat!(r#"[{"Raw":"#, ph!(0), r#"},"Empty",{"Pair":[1,"#, ph!(1), r#"]},{"Named":{"data":"#, ph!(0), "}}]");
    let shapes = decode_args::<Vec<Shape>>(text, &both).unwrap();
    assert_eq!(shapes, [Shape::Raw(ONE), Shape::Empty, Shape::Pair(1, TWO), Shape::Named { data: ONE }]);
    let text = concat!(r#"["text","#, ph!(0), r#",{"data":"#, ph!(1), "}]");
    let either = decode_args::<Vec<Either>>(text, &[TWO, ONE]).unwrap();
    assert_eq!(either, [Either::Text("text".into()), Either::Binary(TWO), Either::Object { data: ONE }]);
    let text = concat!(r#"{"data":"#, ph!(0), r#","kind":"File"},{"id":1,"a":"#, ph!(1), r#","b":"#, ph!(0), "}");
    let (tagged, flat) = decode_args::<(Tagged, Flat)>(text, &both).unwrap();
    assert_eq!(tagged, Tagged::File { data: ONE });
    assert_eq!(flat.rest, HashMap::from([("a".into(), TWO), ("b".into(), ONE)]));
    assert!(decode_args::<Shape>(ph!(0), &both).is_err());
    assert!(decode_args::<Vec<Shape>>(concat!(r#"[{"Empty":"#, ph!(0), "}]"), &both).is_err());
}

#[test]
fn attachments_are_bytes_and_nothing_else() {
    assert_eq!(decode_args::<Vec<u8>>(ph!(0), &[ONE]).unwrap(), b"one");
    assert_eq!(decode_args::<Wrapper<[u8; 3]>>(concat!("[", ph!(0), "]"), &[ONE]).ok(), None);
    assert_eq!(decode_args::<([u8; 3],)>(ph!(0), &[ONE]).unwrap(), (*b"one",));
    assert!(decode_args::<([u8; 2],)>(ph!(0), &[ONE]).is_err());
    assert!(decode_args::<String>(ph!(0), &[ONE]).is_err());
    assert!(decode_args::<u8>(ph!(0), &[ONE]).is_err());
    assert!(decode_args::<Value>(ph!(0), &[ONE]).is_err());
    assert!(decode_args::<(bool, char, f32)>(ph!(0), &[ONE]).is_err());
    assert_eq!(decode_args::<Box<RawValue>>(ph!(0), &[ONE]).unwrap().get(), ph!(0));
}

#[test]
fn text_without_attachments_has_no_placeholders() {
    let object = decode_args::<Value>(ph!(0), &[]).unwrap();
    assert_eq!(object, json!({"_placeholder": true, "num": 0}));
    let object = decode_args::<Value>(r#"{"_placeholder":1,"num":9}"#, &[ONE]).unwrap();
    assert_eq!(object, json!({"_placeholder": 1, "num": 9}));
}

#[test]
fn placeholders_must_name_an_attachment() {
    for num in ["-1", "1.5", "\"0\"", "99", "1", "\"splice\"", "null"] {
        let text = format!(r#"{{"_placeholder":true,"num":{num}}}"#);
        assert!(decode_args::<Bytes>(&text, &[ONE]).is_err(), "{num}");
        assert!(decode_value::<IgnoredAny>(&text, &[ONE]).is_err(), "{num}");
    }
}

#[test]
fn keys_are_read_as_serde_json_reads_them() {
    let text = |key: &str| format!("{{{key}:{}}}", ph!(0));
    assert_eq!(decode_args::<HashMap<i64, Bytes>>(&text(r#""-5""#), &[ONE]).unwrap()[&-5], ONE);
    assert_eq!(decode_args::<HashMap<bool, Bytes>>(&text(r#""true""#), &[ONE]).unwrap()[&true], ONE);
    assert_eq!(decode_args::<HashMap<char, Bytes>>(&text(r#""\u00e9""#), &[ONE]).unwrap()[&'é'], ONE);
    let wrapped = decode_args::<BTreeMap<Option<String>, Bytes>>(&text(r#""a\"""#), &[ONE]).unwrap();
    assert_eq!(wrapped[&Some("a\"".into())], ONE);
    for key in [r#"" 5""#, r#""x""#, r#""""#, r#""5 ""#, r#""\u0035""#] {
        assert!(decode_args::<HashMap<u8, Bytes>>(&text(key), &[ONE]).is_err(), "{key}");
    }
}

#[test]
fn lone_surrogates_become_replacement_characters() {
    assert_eq!(decode_args::<(String, u8)>(r#""a\ud800\n",1"#, &[]).unwrap(), ("a\u{fffd}\n".into(), 1));
    let text = concat!(r#"{"\udfff":"\ud83d\ude00","b":"#, ph!(0), "}");
    let map = decode_args::<HashMap<String, Either>>(text, &[TWO]).unwrap();
    assert_eq!(map["\u{fffd}"], Either::Text("😀".into()));
    assert_eq!(map["b"], Either::Binary(TWO));
    assert!(decode_args::<u8>(r#""\ud800""#, &[]).is_err());
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = |levels: usize, inside: &str| "[".repeat(levels) + inside + &"]".repeat(levels);
    for inside in ["1", ph!(0)] {
        let attachments = if inside == "1" { vec![] } else { vec![ONE] };
        assert!(decode_args::<Tree>(&deep(127, inside), &attachments).is_ok());
        assert!(decode_args::<Tree>(&deep(128, inside), &attachments).is_err());
        assert!(decode_args::<Tree>(&deep(100_000, inside), &attachments).is_err());
        assert!(decode_args::<IgnoredAny>(&deep(100_000, inside), &attachments).is_ok());
    }
}

#[test]
fn what_goes_out_comes_back() {
    let sent = (Shape::Pair(3, ONE), vec![Some(TWO), None], Flat { id: 9, rest: HashMap::from([("k".into(), ONE)]) });
    let Encoded { json, attachments } = encode_args(&sent).unwrap();
    let received = decode_args(std::str::from_utf8(&json).unwrap(), &attachments).unwrap();
    assert_eq!(sent, received);
}
