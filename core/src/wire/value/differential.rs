//! Decoding against a tree of `serde_json` values, over texts made at random (always the same
//! ones).

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::super::json::differential::Generator;
use super::super::json::{replace_lone_surrogates, scan_value, split_args};
use super::*;

#[test]
fn decoding_agrees_with_a_tree_of_serde_json() {
    let mut generator = Generator::new(3);
    let attachments = [Bytes::from_static(b"one"), Bytes::from_static(b"\xff")];
    let (mut with_bytes, mut refused) = (0, 0);
    for _ in 0..60_000 {
        let text = generator.value_text();
        let expected = expected_tree(&text, &attachments);
        let found = decode_value::<Tree>(&text, &attachments).ok();
        assert_eq!(found, expected, "{text}");
        with_bytes += usize::from(format!("{expected:?}").contains("Bytes("));
        refused += usize::from(expected.is_none());
        if let Some(tree) = expected {
            check_round_trip(&tree);
        }
    }
    assert!(with_bytes > 2_000 && refused > 2_000, "{with_bytes} {refused}");
}

#[test]
fn text_that_was_never_checked_does_not_panic() {
    for text in [
        "[",
        "{",
        "{\"a\"",
        "1,",
        "[1,",
        ",",
        "]",
        "\"",
        "{\"a\":",
        r#"{"_placeholder":true,"num":0},["#,
        r#"[{"_placeholder":true,"num":0}"#,
    ] {
        for attachments in [vec![], vec![Bytes::new()]] {
            assert!(decode_args::<(Tree, Tree)>(text, &attachments).is_err(), "{text}");
            assert!(decode_value::<Tree>(text, &attachments).is_err(), "{text}");
        }
    }
}

#[test]
fn broken_text_does_not_panic() {
    let mut generator = Generator::new(4);
    for _ in 0..30_000 {
        let whole = generator.value_text();
        let text = generator.mutate(&whole);
        let attachments = [Bytes::from_static(b"one"), Bytes::new()];
        for attachments in [&attachments[..], &[]] {
            let _ = decode_args::<(Tree, Option<Tree>)>(&text, attachments);
            let read = decode_value::<Tree>(&text, attachments);
            let valid = scan_value(&text, usize::MAX).is_ok();
            assert!(valid || read.is_err(), "{text}");
        }
    }
}

fn expected_tree(text: &str, attachments: &[Bytes]) -> Option<Tree> {
    let repaired = replace_lone_surrogates(text);
    let value = serde_json::from_str(repaired.as_deref().unwrap_or(text)).unwrap();
    Tree::substitute(value, attachments)
}

fn check_round_trip(tree: &Tree) {
    let one = encode_value(tree).unwrap();
    let text = std::str::from_utf8(&one.json).unwrap();
    assert_eq!(decode_value::<Tree>(text, &one.attachments).unwrap(), *tree);
    let three = encode_args(&(tree, 1, tree)).unwrap();
    let text = std::str::from_utf8(&three.json).unwrap();
    assert_eq!(split_args(text).count(), 3);
    assert_eq!(three.attachments.len(), 2 * one.attachments.len());
    let back: (Tree, u8, Tree) = decode_args(text, &three.attachments).unwrap();
    assert!(back.0 == *tree && back.2 == *tree);
}

/// Any value, bytes included.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Scalar(Value),
    Bytes(Bytes),
    Seq(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
}

impl Tree {
    /// Puts attachments into a tree the plain way. `None` for a placeholder that names none.
    fn substitute(value: Value, attachments: &[Bytes]) -> Option<Tree> {
        Some(match value {
            Value::Array(all) => {
                Tree::Seq(all.into_iter().map(|one| Tree::substitute(one, attachments)).collect::<Option<_>>()?)
            }
            Value::Object(map) if map.get("_placeholder") == Some(&Value::Bool(true)) => {
                let num = map.get("num")?.as_u64()?;
                Tree::Bytes(attachments.get(usize::try_from(num).ok()?)?.clone())
            }
            Value::Object(map) => {
                let entries = map.into_iter().map(|(key, one)| Some((key, Tree::substitute(one, attachments)?)));
                Tree::Map(entries.collect::<Option<_>>()?)
            }
            scalar => Tree::Scalar(scalar),
        })
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Scalar(value) => value.serialize(serializer),
            Tree::Bytes(bytes) => bytes.serialize(serializer),
            Tree::Seq(all) => all.serialize(serializer),
            Tree::Map(map) => map.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

macro_rules! scalars {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method<E>(self, value: $type) -> Result<Tree, E> {
            Ok(Tree::Scalar(value.into()))
        }
    )*};
}

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    scalars! { visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str, }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Tree, E> {
        Ok(Tree::Bytes(Bytes::copy_from_slice(bytes)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = seq.next_element()? {
            all.push(one);
        }
        Ok(Tree::Seq(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, one)) = map.next_entry::<String, Tree>()? {
            entries.insert(key, one);
        }
        Ok(Tree::Map(entries))
    }
}
