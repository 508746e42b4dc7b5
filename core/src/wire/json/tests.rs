//! The rules, case by case.

use super::*;

const DEEP: usize = 1000;

fn kind<T: fmt::Debug>(result: Result<T, JsonError>) -> JsonErrorKind {
    result.unwrap_err().kind
}

/// The name and the arguments of an event.
fn event(text: &str) -> (String, &str) {
    let span = scan_event(text, DEEP).unwrap();
    let name = match span.name {
        Name::Plain(span) | Name::Number(span) => text[span].to_owned(),
        Name::Escaped(name) => name,
    };
    (name, &text[span.args])
}

fn nums(text: &str, attachments: usize) -> Vec<usize> {
    let found = placeholders(text, attachments).unwrap();
    found.into_iter().map(|found| found.num).collect()
}

#[test]
fn an_event_is_a_name_and_arguments() {
    assert_eq!(event(r#"["foo"]"#), ("foo".into(), ""));
    assert_eq!(event(r#"["foo",1]"#), ("foo".into(), "1"));
    assert_eq!(event(r#" [ "foo" , 1 , {"a":[2]} ] "#), ("foo".into(), r#"1 , {"a":[2]}"#));
    assert_eq!(event("[\"\"\r\n\t]"), (String::new(), ""));
    assert_eq!(event(r#"["zażółć",[]]"#), ("zażółć".into(), "[]"));
}

#[test]
fn an_event_may_be_named_by_a_number() {
    let text = "[ -1.50e+3 , null ]";
    let span = scan_event(text, DEEP).unwrap();
    assert_eq!(span.name, Name::Number(2..10));
    assert_eq!(&text[2..10], "-1.50e+3");
    assert_eq!(&text[span.args], "null");
}

#[test]
fn escapes_in_a_name_are_decoded() {
    let plain = scan_event(r#"["a"]"#, DEEP).unwrap();
    assert_eq!(plain.name, Name::Plain(2..3));
    let escaped = scan_event(r#"["\u0061\"\\\/\b\f\n\r\t\ud83d\ude00"]"#, DEEP).unwrap();
    assert_eq!(escaped.name, Name::Escaped("a\"\\/\u{8}\u{c}\n\r\t😀".into()));
    let lone = scan_event(r#"["a\ud800",1]"#, DEEP).unwrap();
    assert_eq!(lone.name, Name::Escaped("a\u{fffd}".into()));
    assert_eq!(event(r#"["\ud800\ud83d\ude00\udc00"]"#).0, "\u{fffd}😀\u{fffd}");
}

#[test]
fn what_is_no_event_is_refused() {
    for text in ["", " ", "{}", r#""x""#, "1", "null", "abc", "]"] {
        assert_eq!(kind(scan_event(text, DEEP)), JsonErrorKind::NotAnArray, "{text}");
    }
    for text in ["[]", "[ ]", "[] x"] {
        assert_eq!(kind(scan_event(text, DEEP)), JsonErrorKind::EmptyArray, "{text}");
    }
    for text in ["[null]", "[true,1]", "[false]", "[{}]", r#"[["x"]]"#] {
        assert_eq!(kind(scan_event(text, DEEP)), JsonErrorKind::BadName, "{text}");
    }
    let broken = [
        r#"["x"]y"#,
        r#"["x"],"#,
        r#"["x""#,
        r#"["x",]"#,
        r#"["x"}"#,
        r#"["x" 1]"#,
        r#"["x,1]"#,
        "[",
        r#"["x",}"#,
        "[,1]",
        "[01]",
        r#"["x",[1}]"#,
        r#"["x","#,
        "[-]",
        "[abc]",
        r#"["\x"]"#,
    ];
    for text in broken {
        assert_eq!(kind(scan_event(text, DEEP)), JsonErrorKind::Syntax, "{text}");
    }
}

#[test]
fn errors_say_where() {
    let error = scan_event(r#"["x",tru]"#, DEEP).unwrap_err();
    assert_eq!(error, JsonError { kind: JsonErrorKind::Syntax, at: 8 });
    assert_eq!(error.to_string(), "invalid JSON at byte 8");
    assert_eq!(scan_value("[1,", DEEP).unwrap_err().at, 3);
    assert_eq!(scan_value("[1] x", DEEP).unwrap_err().at, 4);
}

#[test]
fn an_acknowledgement_is_an_array() {
    for (text, inner) in [("[]", ""), (" [\n] ", ""), ("[1]", "1"), ("[ 1 , [2 ] ]", "1 , [2 ]")] {
        assert_eq!(&text[scan_array(text, DEEP).unwrap()], inner);
    }
    for text in ["", "{}", "1", "\"[]\""] {
        assert_eq!(kind(scan_array(text, DEEP)), JsonErrorKind::NotAnArray, "{text}");
    }
    for text in ["[", "[1", "[1,]", "[]]", "[] []", "[}"] {
        assert_eq!(kind(scan_array(text, DEEP)), JsonErrorKind::Syntax, "{text}");
    }
}

#[test]
fn a_connect_payload_is_an_object() {
    for text in ["{}", " {\"a\" : {} }\n", r#"{"a":1,"a":2,"__proto__":null}"#] {
        assert_eq!(scan_object(text, DEEP), Ok(()), "{text}");
    }
    for text in ["", "[]", "1", "\"{}\"", "null"] {
        assert_eq!(kind(scan_object(text, DEEP)), JsonErrorKind::NotAnObject, "{text}");
    }
    for text in ["{", "{}}", "{} 1", "{1:2}", r#"{"a"}"#, r#"{"a":}"#, r#"{"a":1,}"#, "{]", r#"{"a":1]"#] {
        assert_eq!(kind(scan_object(text, DEEP)), JsonErrorKind::Syntax, "{text}");
    }
}

#[test]
fn depth_is_limited_exactly() {
    assert_eq!(scan_value("1", 0), Ok(()));
    assert_eq!(kind(scan_value("[]", 0)), JsonErrorKind::TooDeep);
    assert_eq!(scan_value(r#"[{"a":[]},[[]]]"#, 3), Ok(()));
    let error = scan_value(r#"[{"a":[]},[[]]]"#, 2).unwrap_err();
    assert_eq!(error, JsonError { kind: JsonErrorKind::TooDeep, at: 6 });
    assert!(scan_event(r#"["a",[1]]"#, 2).is_ok());
    assert_eq!(kind(scan_event(r#"["a",[1]]"#, 1)), JsonErrorKind::TooDeep);
    assert_eq!(kind(scan_event(r#"["a"]"#, 0)), JsonErrorKind::TooDeep);
    assert_eq!(kind(scan_array("[]", 0)), JsonErrorKind::TooDeep);
    assert_eq!(kind(scan_object("{}", 0)), JsonErrorKind::TooDeep);
}

#[test]
fn hostile_nesting_costs_no_stack() {
    let open = "[".repeat(100_000);
    assert_eq!(kind(scan_value(&open, DEEP)), JsonErrorKind::TooDeep);
    assert_eq!(kind(scan_value(&open, usize::MAX)), JsonErrorKind::Syntax);
    assert_eq!(kind(scan_event(&format!("[\"a\",{open}"), DEEP)), JsonErrorKind::TooDeep);
    let whole = open.clone() + &"]".repeat(100_000);
    assert_eq!(scan_value(&whole, 100_000), Ok(()));
    assert_eq!(kind(scan_value(&whole, 99_999)), JsonErrorKind::TooDeep);
    assert_eq!(placeholders(&whole, 1), Ok(vec![]));
    assert_eq!(kind(placeholders(&open, 1)), JsonErrorKind::Syntax);
    assert_eq!(split_args(&open).collect::<Vec<_>>(), [open.as_str()]);
}

#[test]
fn numbers_follow_the_grammar() {
    for text in ["0", "-0", "10", "0.5", "-1.25", "1e5", "1E+5", "1e-05", "1e999", "123456789012345678901"] {
        assert_eq!(scan_value(text, 0), Ok(()), "{text}");
    }
    for text in ["", "-", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "+1", "0x1", "NaN", "Infinity", "1 2", "1e5.5"]
    {
        assert!(scan_value(text, 0).is_err(), "{text}");
    }
}

#[test]
fn strings_of_every_length_end_where_they_should() {
    for length in 0..300 {
        let text = format!("\"{}\"", "x".repeat(length));
        assert_eq!(scan_value(&text, 0), Ok(()), "{length}");
        assert!(scan_value(&text[..=length], 0).is_err(), "{length}");
        for special in ["\u{0}", "\u{1f}", "\n", "\"", "\\", "\\q", "\\u12g4"] {
            let broken = format!("\"{}{special}{}\"", "x".repeat(length), "y".repeat(length % 70));
            assert!(scan_value(&broken, 0).is_err(), "{broken}");
        }
        for fine in ["\u{7f}", "\u{80}", " ", "!", "#", "[", "]", "ÿ", "\\u12f4", "\\\"", "\\\\"] {
            let text = format!("\"{}{fine}{}\"", "x".repeat(length), "y".repeat(length % 70));
            assert_eq!(scan_value(&text, 0), Ok(()), "{text}");
        }
    }
}

#[test]
fn placeholders_are_found_in_order() {
    let text = r#""baz",{"_placeholder":true,"num":1},[{"a":{"num":0,"_placeholder":true}}]"#;
    let found = placeholders(text, 2).unwrap();
    let spans: Vec<_> = found.iter().map(|found| &text[found.span.clone()]).collect();
    assert_eq!(spans, [r#"{"_placeholder":true,"num":1}"#, r#"{"num":0,"_placeholder":true}"#]);
    assert_eq!(nums(text, 2), [1, 0]);
    assert_eq!(nums("", 0), [0; 0]);
    assert_eq!(nums(" ", 0), [0; 0]);
}

#[test]
fn an_attachment_may_be_named_several_times_or_never() {
    let twice = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}"#;
    assert_eq!(nums(twice, 3), [0, 0]);
}

#[test]
fn only_true_makes_a_placeholder() {
    for value in ["false", "1", "\"true\"", "null", "[true]", "{}", r#"{"_placeholder":false}"#] {
        assert_eq!(nums(&format!(r#"{{"_placeholder":{value},"num":0}}"#), 1), [0; 0], "{value}");
    }
    assert_eq!(nums(r#"["_placeholder",true,"num",0]"#, 1), [0; 0]);
    assert_eq!(nums(r#"{"placeholder":true,"num":0}"#, 1), [0; 0]);
    assert_eq!(nums(r#"{"num":7}"#, 1), [0; 0]);
}

#[test]
fn numbers_of_placeholders_are_plain_and_in_range() {
    let bad = [
        "-1",
        "1.5",
        "\"0\"",
        "99",
        "2",
        "1.0",
        "1e0",
        "-0",
        "null",
        "true",
        "[0]",
        "{}",
        "\"splice\"",
        "18446744073709551616",
        "99999999999999999999999999999999",
    ];
    for num in bad {
        let text = format!(r#"1, {{"_placeholder":true,"num":{num}}}"#);
        let error = placeholders(&text, 2).unwrap_err();
        assert_eq!(error, JsonError { kind: JsonErrorKind::BadPlaceholder, at: 3 }, "{num}");
    }
    assert_eq!(kind(placeholders(r#"{"_placeholder":true}"#, 2)), JsonErrorKind::BadPlaceholder);
    assert_eq!(kind(placeholders(r#"{"_placeholder":true,"num":0}"#, 0)), JsonErrorKind::BadPlaceholder);
}

#[test]
fn keys_of_placeholders_may_be_escaped_and_repeated() {
    assert_eq!(nums(r#"{"\u005fplaceholder":true,"n\u0075m":1}"#, 2), [1]);
    assert_eq!(nums(r#"{"_placeholder":false,"num":9,"_placeholder":true,"num":1}"#, 2), [1]);
    assert_eq!(nums(r#"{"_placeholder":true,"num":9,"_placeholder":false}"#, 2), [0; 0]);
    let last_is_bad = r#"{"_placeholder":true,"num":1,"num":"1"}"#;
    assert_eq!(kind(placeholders(last_is_bad, 2)), JsonErrorKind::BadPlaceholder);
    assert_eq!(nums(r#"{"\ud800_placeholder":true,"num":1}"#, 2), [0; 0]);
}

#[test]
fn what_a_placeholder_holds_besides_is_ignored() {
    let inner = r#"{"_placeholder":true,"num":99}"#;
    let text = format!(r#"{{"x":{inner},"_placeholder":true,"y":[{inner}],"num":1,"z":"num"}},[{{"k":1}}]"#);
    assert_eq!(nums(&text, 2), [1]);
}

#[test]
fn arguments_are_split_at_top_level_commas() {
    let split = |text| split_args(text).collect::<Vec<_>>();
    assert_eq!(split(""), Vec::<&str>::new());
    assert_eq!(split("  "), Vec::<&str>::new());
    assert_eq!(split("1"), ["1"]);
    assert_eq!(
        split(r#" "a,]" , [1,2], {"b":"\",", "c":[3 ]} ,null "#),
        [r#""a,]""#, "[1,2]", r#"{"b":"\",", "c":[3 ]}"#, "null"]
    );
    assert_eq!(split("1,x , 2 "), ["1", "x , 2"]);
    assert_eq!(split("1 2,3"), ["1 2,3"]);
    assert_eq!(split(",1"), [",1"]);
    assert_eq!(split("1]"), ["1]"]);
}

#[test]
fn lone_surrogates_are_replaced() {
    let replaced = |text| replace_lone_surrogates(text);
    assert_eq!(replaced(r#""plain \n \u00e9 \ud83d\ude00 \\ud800""#), None);
    assert_eq!(replaced(r#""\ud800""#).as_deref(), Some(r#""\ufffd""#));
    assert_eq!(replaced(r#""a\uDFFFb""#).as_deref(), Some(r#""a\ufffdb""#));
    assert_eq!(replaced(r#""\ud83d\ud83d\ude00\ude00""#).as_deref(), Some(r#""\ufffd\ud83d\ude00\ufffd""#));
    assert_eq!(replaced(r#""\ud800\n\\\ud800x""#).as_deref(), Some(r#""\ufffd\n\\\ufffdx""#));
    for garbage in ["\\", "\\u", "\\ud8", "\\ud80é", "\\é\\ud800", "é\\\u{10ffff}"] {
        let length = replaced(garbage).map(|text| text.len());
        assert!(length.is_none_or(|length| length == garbage.len()), "{garbage}");
    }
}

#[test]
fn strings_are_written_as_serde_json_writes_them() {
    let mut all: String = (0..0x250).filter_map(char::from_u32).collect();
    all.push_str("\u{2028}\u{fffd}😀");
    for start in (0..all.len()).filter(|&start| all.is_char_boundary(start)) {
        let mut out = b"x".to_vec();
        write_string(&mut out, &all[start..]);
        assert_eq!(out[1..], serde_json::to_vec(&all[start..]).unwrap());
    }
}
