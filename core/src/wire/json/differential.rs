//! The scan against `serde_json`, over texts made and broken at random (always the same ones).

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::*;

#[test]
fn the_scan_agrees_with_serde_json() {
    let mut generator = Generator::new(1);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..300_000 {
        let mut text = generator.value_text();
        for _ in 0..round % 4 {
            text = generator.mutate(&text);
        }
        let expected = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        assert_eq!(scan_value(&text, usize::MAX).is_ok(), expected, "{text:?}");
        check_lists(&text);
        *if expected { &mut accepted } else { &mut refused } += 1;
    }
    assert!(accepted > 50_000 && refused > 50_000, "{accepted} {refused}");
}

/// What is said about a text as an event, an acknowledgement and a list of arguments.
fn check_lists(text: &str) {
    let elements = serde_json::from_str::<Vec<&RawValue>>(text).ok();
    let elements: Option<Vec<&str>> = elements.map(|all| all.into_iter().map(RawValue::get).collect());
    let array = scan_array(text, usize::MAX).ok().map(|inner| &text[inner]);
    assert_eq!(array.map(|inner| split_args(inner).collect()), elements, "{text:?}");
    assert!(array.is_none_or(|inner| inner == inner.trim()), "{text:?}");

    let named = elements.filter(|all| all.first().is_some_and(|name| !name.starts_with(['{', '[', 't', 'f', 'n'])));
    let event = scan_event(text, usize::MAX).ok();
    let args = event.map(|event| &text[event.args]);
    assert_eq!(args.map(|args| split_args(args).collect()), named.map(|all| all[1..].to_vec()), "{text:?}");

    // Nothing may panic, whatever the text is.
    let _ = (split_args(text).count(), placeholders(text, 2).is_ok(), replace_lone_surrogates(text));
}

#[test]
fn deep_brackets_agree_with_serde_json() {
    let mut generator = Generator::new(2);
    for round in 0..3_000 {
        let (text, depth) = generator.brackets();
        assert_eq!(scan_value(&text, depth), Ok(()), "{text}");
        assert_eq!(scan_value(&text, depth - 1).unwrap_err().kind, JsonErrorKind::TooDeep, "{text}");
        let text = if round % 2 == 0 { generator.mutate(&text) } else { generator.swap_bracket(&text) };
        let expected = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        assert_eq!(scan_value(&text, usize::MAX).is_ok(), expected, "{text}");
    }
}

/// Makes JSON texts, and breaks them. The same seed makes the same texts.
pub(in super::super) struct Generator {
    state: u64,
}

impl Generator {
    pub(in super::super) fn new(seed: u64) -> Self {
        Generator { state: seed }
    }

    /// One value with white space around it and at most a few hundred bytes.
    pub(in super::super) fn value_text(&mut self) -> String {
        let mut out = String::new();
        self.value(&mut out, 0);
        out
    }

    /// A number below `bound` (splitmix64).
    pub(in super::super) fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn space(&mut self, out: &mut String) {
        out.push_str(self.pick(&["", "", "", "", "", " ", "\n", "\r\t "]));
    }

    fn value(&mut self, out: &mut String, depth: usize) {
        self.space(out);
        match self.below(if depth > 3 { 5 } else { 10 }) {
            0 => out.push_str(self.pick(&["null", "true", "false"])),
            1 | 2 => {
                out.push_str(self.pick(&["0", "-0", "7", "42", "-1.5", "1e3", "1.0", "2E-2", "12345678901234567890"]))
            }
            3 | 4 => self.string(out),
            5 | 6 => self.array(out, depth),
            7 | 8 => self.object(out, depth),
            _ => self.placeholder(out, depth),
        }
        self.space(out);
    }

    fn string(&mut self, out: &mut String) {
        const PARTS: [&str; 16] = [
            "a",
            "bc",
            " ",
            "longer than a word",
            "\\n",
            "\\\"",
            "\\\\",
            "\\/",
            "\\u0041",
            "\\ud83d\\ude00",
            "\\ud800",
            "\\uDC00",
            "é",
            "漢",
            "😀",
            "\u{7f}",
        ];
        out.push('"');
        for _ in 0..self.below(5) {
            out.push_str(self.pick(&PARTS));
        }
        out.push('"');
    }

    fn array(&mut self, out: &mut String, depth: usize) {
        out.push('[');
        for index in 0..self.below(4) {
            out.push_str(if index > 0 { "," } else { "" });
            self.value(out, depth + 1);
        }
        self.space(out);
        out.push(']');
    }

    fn object(&mut self, out: &mut String, depth: usize) {
        out.push('{');
        for index in 0..self.below(4) {
            out.push_str(if index > 0 { "," } else { "" });
            self.space(out);
            out.push_str(&format!("\"k{index}\""));
            self.space(out);
            out.push(':');
            self.value(out, depth + 1);
        }
        self.space(out);
        out.push('}');
    }

    /// An object that may be a placeholder, for two attachments.
    fn placeholder(&mut self, out: &mut String, depth: usize) {
        const FLAGS: [&str; 8] = ["true", "true", "true", " true ", "false", "1", "\"true\"", "[]"];
        const NUMS: [&str; 10] = ["0", "1", "0", "1", " 1 ", "0", "2", "-1", "1.0", "\"0\""];
        out.push('{');
        for index in 0..2 + self.below(3) {
            out.push_str(if index > 0 { "," } else { "" });
            match self.below(5) {
                0 | 1 => {
                    out.push_str(self.pick(&["\"_placeholder\":", "\"\\u005fplaceholder\" :"]));
                    out.push_str(self.pick(&FLAGS));
                }
                2 | 3 => {
                    out.push_str(self.pick(&["\"num\":", "\"n\\u0075m\": "]));
                    out.push_str(self.pick(&NUMS));
                }
                _ => {
                    out.push_str(&format!("\"k{index}\":"));
                    self.value(out, depth + 1);
                }
            }
        }
        out.push('}');
    }

    /// Changes a text in one place.
    pub(in super::super) fn mutate(&mut self, text: &str) -> String {
        const BYTES: [&str; 24] = [
            "[", "]", "{", "}", ",", ":", "\"", "\\", "0", "1", "-", "+", ".", "e", "t", "n", "u", "d8", " ", "\n",
            "\u{1}", "\u{0}", "é", "\u{b}",
        ];
        let mut chars: Vec<char> = text.chars().collect();
        let from = self.below(chars.len() + 1);
        let upto = (from + self.below(3)).min(chars.len());
        match self.below(4) {
            0 => drop(chars.drain(from..upto)),
            1 => drop(chars.splice(from..from, self.pick(&BYTES).chars())),
            2 => drop(chars.splice(from..upto, self.pick(&BYTES).chars())),
            _ => chars.truncate(from),
        }
        chars.into_iter().collect()
    }

    /// Arrays and objects inside each other, and how deep.
    fn brackets(&mut self) -> (String, usize) {
        let depth = 1 + self.below(300);
        let objects: Vec<bool> = (0..depth).map(|_| self.below(2) == 0).collect();
        let mut text = String::new();
        for &object in &objects {
            text.push_str(match (object, self.below(2)) {
                (true, 0) => "{\"a\":",
                (true, _) => "{\"a\":[{}],\"b\":",
                (false, 0) => "[",
                (false, _) => "[1,[],",
            });
        }
        text.push_str("[]");
        for &object in objects.iter().rev() {
            text.push_str(self.pick(&["", "", " "]));
            text.push(if object { '}' } else { ']' });
        }
        // The arrays and objects beside the way down are at most two levels, the one at its end is
        // one.
        let depth = if objects.last() == Some(&true) && text.contains("[{}],\"b\":[]") { depth + 2 } else { depth + 1 };
        (text, depth)
    }

    fn swap_bracket(&mut self, text: &str) -> String {
        let at = text.len() - 1 - self.below(text.len() / 2);
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = match bytes[at] {
            b']' => b'}',
            b'}' => b']',
            other => other,
        };
        String::from_utf8(bytes).unwrap()
    }
}
