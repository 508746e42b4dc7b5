//! What a name, a room, a message and a picture may be: the limits of `../README.md`.

use crate::words::{Code, Picture, Status};
use pancar::Value;

const MAX_NAME: usize = 24;
const MAX_ROOM: usize = 32;
const MAX_NONCE: usize = 36;
const MAX_TEXT: usize = 2_000;
const MAX_PICTURE_NAME: usize = 100;
const MAX_PICTURE_BYTES: usize = 700_000;
const MAX_SIDE: u32 = 16_384;
const MIMES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What a page asks for when it enters, as it is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Wish {
    /// The visitor's secret.
    pub key: String,
    /// The name.
    pub name: String,
    /// The room.
    pub room: String,
    /// Whether the page is seen.
    pub status: Status,
}

impl Wish {
    /// Reads `enter`'s argument.
    pub fn read(asked: &Value) -> Result<Self, Code> {
        let key = text(asked, "key").filter(|key| is_key(key)).ok_or(Code::KeyInvalid)?.to_owned();
        let name = text(asked, "name").and_then(name).ok_or(Code::NameInvalid)?;
        let room = text(asked, "room").and_then(room_name).ok_or(Code::RoomInvalid)?;
        let status = if text(asked, "status") == Some("away") { Status::Away } else { Status::Here };
        Ok(Self { key, name, room, status })
    }
}

/// What a page says, as it is kept.
#[derive(Debug, PartialEq)]
pub struct Draft {
    /// The author's own number for it.
    pub nonce: String,
    /// The text.
    pub text: String,
    /// The picture.
    pub picture: Option<Picture>,
}

impl Draft {
    /// Reads `say`'s argument.
    pub fn read(said: &Value) -> Result<Self, Code> {
        let nonce = text(said, "nonce").filter(|nonce| has_length(nonce, 1, MAX_NONCE)).ok_or(Code::TextInvalid)?;
        let words = text(said, "text").map(str::trim).filter(|text| is_block(text)).ok_or(Code::TextInvalid)?;
        let picture = match said.get("picture") {
            None | Some(Value::Null) if words.is_empty() => return Err(Code::TextInvalid),
            None | Some(Value::Null) => None,
            Some(described) => Some(picture(described)?),
        };
        Ok(Self { nonce: nonce.to_owned(), text: words.to_owned(), picture })
    }
}

/// A field that is a string.
fn text<'a>(of: &'a Value, field: &str) -> Option<&'a str> {
    of.get(field).and_then(Value::as_str)
}

fn is_key(key: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    has_length(key, 16, 64) && key.chars().all(allowed)
}

/// A name as it is kept.
fn name(name: &str) -> Option<String> {
    let cleaned = cleaned(name);
    let fits = has_length(&cleaned, 1, MAX_NAME) && !cleaned.contains(is_forbidden);
    fits.then_some(cleaned)
}

/// The name of a room as it is kept.
fn room_name(room: &str) -> Option<String> {
    let slug = cleaned(room).to_lowercase().replace(' ', "-");
    let letter = |c: char| c.is_alphabetic() || c.is_numeric();
    let fits = has_length(&slug, 1, MAX_ROOM)
        && slug.starts_with(letter)
        && slug.chars().all(|c| letter(c) || c == '-' || c == '_');
    fits.then_some(slug)
}

fn picture(described: &Value) -> Result<Picture, Code> {
    let name = text(described, "name").ok_or(Code::PictureInvalid)?;
    let mime = text(described, "mime").filter(|mime| MIMES.contains(mime)).ok_or(Code::PictureInvalid)?;
    let width = described.get("width").and_then(side).ok_or(Code::PictureInvalid)?;
    let height = described.get("height").and_then(side).ok_or(Code::PictureInvalid)?;
    let Some(Value::Bytes(data)) = described.get("data") else { return Err(Code::PictureInvalid) };
    match data.len() {
        0 => Err(Code::PictureInvalid),
        length if length > MAX_PICTURE_BYTES => Err(Code::PictureTooLarge),
        _ => Ok(Picture { name: picture_name(name), mime: mime.to_owned(), width, height, data: Some(data.clone()) }),
    }
}

fn picture_name(name: &str) -> String {
    let shown: String = cleaned(name).chars().filter(|c| !is_forbidden(*c)).take(MAX_PICTURE_NAME).collect();
    if shown.is_empty() { "picture".to_owned() } else { shown }
}

fn side(side: &Value) -> Option<u32> {
    let Value::Number(side) = side else { return None };
    let side = side.as_f64()?;
    let is_side = side.fract() == 0.0 && (1.0..=f64::from(MAX_SIDE)).contains(&side);
    is_side.then_some(side as u32)
}

/// White space at both ends removed, inner runs of it replaced with one space.
fn cleaned(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has_length(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
}

/// Whether a trimmed text of several lines can be said.
fn is_block(text: &str) -> bool {
    let is_allowed = |c: char| matches!(c, '\n' | '\r' | '\t') || !is_forbidden(c);
    has_length(text, 0, MAX_TEXT) && text.chars().all(is_allowed)
}

/// Control characters, and those that make a text look like another.
fn is_forbidden(c: char) -> bool {
    let is_invisible = matches!(
        c,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    );
    c.is_control() || is_invisible
}

#[cfg(test)]
mod tests {
    use super::*;
    use pancar::Payload;

    fn text(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    fn number(number: f64) -> Value {
        Payload::from_args(&number).unwrap().decode().unwrap()
    }

    fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }

    fn image() -> Vec<(String, Value)> {
        let fields = [
            ("name", text(" a\u{7}  b.png ")),
            ("mime", text("image/png")),
            ("width", number(2.0)),
            ("height", number(3.0)),
            ("data", Value::Bytes("png".into())),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn image_with(field: &str, value: Value) -> Result<Picture, Code> {
        let mut fields = image();
        fields.push((field.to_owned(), value));
        picture(&Value::Object(fields))
    }

    #[test]
    fn names_are_cleaned_and_bounded() {
        assert_eq!(name("  Ani \n Wijaya\u{a0}").as_deref(), Some("Ani Wijaya"));
        assert_eq!(name(&"é".repeat(24)), Some("é".repeat(24)));
        for wrong in ["", " \n ", "Ani\u{202e}", "a\u{0}b", &"N".repeat(25)] {
            assert_eq!(name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn rooms_are_words() {
        assert_eq!(room_name(" Café  Süd ").as_deref(), Some("café-süd"));
        assert_eq!(room_name("7_of-9").as_deref(), Some("7_of-9"));
        for wrong in ["", "-x", "_x", "not/a/room", &"x".repeat(33)] {
            assert_eq!(room_name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_wish_is_refused_for_the_first_thing_that_is_wrong() {
        let key = "a".repeat(16);
        let wish = |key: &str, name: &str, room: &str| {
            Wish::read(&object([("key", text(key)), ("name", text(name)), ("room", text(room))]))
        };
        assert_eq!(Wish::read(&Value::Null), Err(Code::KeyInvalid));
        assert_eq!(wish("short", "", ""), Err(Code::KeyInvalid));
        assert_eq!(wish(&format!("{key}!"), "Ani", "lobby"), Err(Code::KeyInvalid));
        assert_eq!(wish(&key, "", ""), Err(Code::NameInvalid));
        assert_eq!(wish(&key, "Ani", ""), Err(Code::RoomInvalid));
        assert_eq!(wish(&key, "Ani", "Lobby").unwrap().room, "lobby");
        assert_eq!(wish(&key, "Ani", "Lobby").unwrap().status, Status::Here);
    }

    #[test]
    fn nothing_at_all_is_no_wish() {
        let nothing = Payload::empty().decode::<Value>().unwrap();
        assert_eq!(Wish::read(&nothing), Err(Code::KeyInvalid));
    }

    #[test]
    fn a_draft_has_a_nonce_and_something_to_say() {
        let draft = |nonce: &str, said: &str| Draft::read(&object([("nonce", text(nonce)), ("text", text(said))]));
        assert_eq!(draft("1", " tab\tand\nline ").unwrap().text, "tab\tand\nline");
        assert!(draft("1", &"é".repeat(2_000)).is_ok());
        for (nonce, said) in
            [("", "x"), (&*"n".repeat(37), "x"), ("1", "  "), ("1", "bell \u{7}"), ("1", &"x".repeat(2_001))]
        {
            assert_eq!(draft(nonce, said), Err(Code::TextInvalid));
        }
        let shown = object([("nonce", text("1")), ("text", text("")), ("picture", Value::Object(image()))]);
        assert_eq!(Draft::read(&shown).unwrap().picture.unwrap().name, "a b.png");
        let told = object([("nonce", text("1")), ("text", text("")), ("picture", text("red"))]);
        assert_eq!(Draft::read(&told), Err(Code::PictureInvalid));
    }

    #[test]
    fn pictures_are_checked() {
        let bytes = |length| Value::Bytes(vec![0; length].into());
        assert_eq!(image_with("data", bytes(MAX_PICTURE_BYTES)).unwrap().width, 2);
        assert_eq!(image_with("data", bytes(MAX_PICTURE_BYTES + 1)), Err(Code::PictureTooLarge));
        assert_eq!(image_with("name", text("\u{7}")).unwrap().name, "picture");
        let wrong = [
            ("data", bytes(0)),
            ("data", text("text")),
            ("mime", text("image/svg+xml")),
            ("width", number(0.0)),
            ("height", number(2.5)),
            ("height", number(16_385.0)),
            ("name", Value::Null),
        ];
        for (field, value) in wrong {
            assert_eq!(image_with(field, value), Err(Code::PictureInvalid), "{field}");
        }
    }
}
