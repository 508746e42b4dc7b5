//! Reading options from JSON: numbers, switches, durations, lists.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::error::Error;

/// How much of a wrong value an error shows, in characters.
const SHOWN: usize = 80;

/// A value that an option can't have.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Where in the option, as `.threshold`; empty for the option itself.
    at: String,
    value: String,
    allowed: String,
}

impl Wrong {
    pub(super) fn into_error(self, option: &str) -> Error {
        Error::option(&format!("{option}{}", self.at), self.value, &self.allowed)
    }
}

pub(super) type Read<T> = Result<T, Wrong>;

/// A value that is not allowed, and what is.
pub(super) fn wrong<T>(value: &Value, allowed: &str) -> Read<T> {
    let mut shown: String = value.to_string().chars().take(SHOWN + 1).collect();
    if shown.chars().count() > SHOWN {
        shown.pop();
        shown.push('…');
    }
    Err(Wrong { at: String::new(), value: shown, allowed: allowed.to_owned() })
}

/// What an option can be read from.
pub(super) trait FromJson: Sized {
    /// Whether 0 turns an option of this type off, as `false` does.
    const ZERO_IS_OFF: bool = false;

    fn from_json(value: &Value) -> Read<Self>;
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: &Value) -> Read<Self> {
        let off = match value {
            Value::Null => true,
            Value::Bool(on) => !on,
            Value::Number(_) => T::ZERO_IS_OFF && switch(value) == Some(false),
            _ => false,
        };
        if off {
            return Ok(None);
        }
        T::from_json(value).map(Some).map_err(|mut wrong| {
            if wrong.at.is_empty() {
                wrong.allowed.push_str("; null turns it off");
            }
            wrong
        })
    }
}

impl FromJson for bool {
    fn from_json(value: &Value) -> Read<Self> {
        switch(value).map_or_else(|| wrong(value, "true or false"), Ok)
    }
}

impl FromJson for u64 {
    fn from_json(value: &Value) -> Read<Self> {
        whole(value).map_or_else(|| wrong(value, "a whole number, 0 or more"), Ok)
    }
}

impl FromJson for u16 {
    fn from_json(value: &Value) -> Read<Self> {
        let number = whole(value).and_then(|number| Self::try_from(number).ok());
        number.map_or_else(|| wrong(value, "a whole number from 0 to 65535"), Ok)
    }
}

impl FromJson for usize {
    fn from_json(value: &Value) -> Read<Self> {
        let number = whole(value).and_then(|number| Self::try_from(number).ok());
        number.map_or_else(|| wrong(value, "a whole number, 0 or more"), Ok)
    }
}

impl FromJson for Duration {
    fn from_json(value: &Value) -> Read<Self> {
        let duration = match whole(value) {
            Some(milliseconds) => Some(Self::from_millis(milliseconds)),
            None => value.as_f64().and_then(|milliseconds| Self::try_from_secs_f64(milliseconds / 1000.0).ok()),
        };
        duration.map_or_else(|| wrong(value, "a number of milliseconds, 0 or more"), Ok)
    }
}

impl FromJson for String {
    fn from_json(value: &Value) -> Read<Self> {
        value.as_str().map_or_else(|| wrong(value, "a string"), |text| Ok(text.to_owned()))
    }
}

impl FromJson for PathBuf {
    fn from_json(value: &Value) -> Read<Self> {
        value.as_str().map_or_else(|| wrong(value, "the path of a folder"), |text| Ok(text.into()))
    }
}

/// A list of strings, or one string with commas.
impl FromJson for Vec<String> {
    fn from_json(value: &Value) -> Read<Self> {
        let allowed = "a list of strings, or one string with commas";
        match value {
            Value::String(text) => Ok(parts(text).map(str::to_owned).collect()),
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().map(str::to_owned));
                items.collect::<Option<Self>>().map_or_else(|| wrong(value, allowed), Ok)
            }
            _ => wrong(value, allowed),
        }
    }
}

/// True or false, 1 or 0.
pub(super) fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::Number(_) => match whole(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// Reads the fields of an object. `read` is called with names that are known only, in snake case.
pub(super) fn fields(value: &Value, known: &[&str], mut read: impl FnMut(&str, &Value) -> Read<()>) -> Read<()> {
    let Value::Object(map) = value else {
        return wrong(value, &format!("an object with {}", known.join(", ")));
    };
    for (key, value) in map {
        let name = snake_case(key);
        let result = match known.contains(&name.as_str()) {
            true => read(&name, value),
            false => wrong(value, &format!("only {}", known.join(", "))),
        };
        result.map_err(|wrong| Wrong { at: format!(".{name}{}", wrong.at), ..wrong })?;
    }
    Ok(())
}

/// `maxAge` as `max_age`.
pub(super) fn snake_case(name: &str) -> String {
    name.chars().fold(String::with_capacity(name.len() + 4), |mut snake, character| {
        let _ = match character.is_ascii_uppercase() {
            true => write!(snake, "_{}", character.to_ascii_lowercase()),
            false => snake.write_char(character),
        };
        snake
    })
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// A number without a fraction, also where it is written as `1e6` or `25.0`.
fn whole(value: &Value) -> Option<u64> {
    /// Above this a float does not hold every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match (value.as_u64(), value.as_f64()) {
        (Some(number), _) => Some(number),
        (None, Some(number)) if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) => Some(number as u64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_may_be_written_as_floats() {
        assert_eq!(usize::from_json(&json!(1e8)).unwrap(), 100_000_000);
        assert_eq!(u64::from_json(&json!(25.0)).unwrap(), 25);
        for refused in [json!(-1), json!(1.5), json!("5"), json!(null), json!(1e300), json!([1])] {
            assert!(usize::from_json(&refused).is_err(), "{refused}");
        }
        assert!(u16::from_json(&json!(65536)).is_err());
    }

    #[test]
    fn switches_are_booleans_or_one_and_zero() {
        assert!(bool::from_json(&json!(1)).unwrap());
        assert!(!bool::from_json(&json!(0)).unwrap());
        assert!(bool::from_json(&json!(true)).unwrap());
        for refused in [json!(2), json!("true"), json!(null), json!(0.5)] {
            assert!(bool::from_json(&refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn durations_are_milliseconds() {
        assert_eq!(Duration::from_json(&json!(300)).unwrap(), Duration::from_millis(300));
        assert_eq!(Duration::from_json(&json!(0.5)).unwrap(), Duration::from_micros(500));
        assert_eq!(Duration::from_json(&json!(u64::MAX)).unwrap(), Duration::from_millis(u64::MAX));
        for refused in [json!(-1), json!(-0.5), json!("1s"), json!(true), json!(1e300)] {
            assert!(Duration::from_json(&refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn null_and_false_turn_off() {
        assert_eq!(Option::<usize>::from_json(&json!(null)).unwrap(), None);
        assert_eq!(Option::<usize>::from_json(&json!(false)).unwrap(), None);
        assert_eq!(Option::<usize>::from_json(&json!(0)).unwrap(), Some(0));
        assert!(Option::<usize>::from_json(&json!(true)).is_err());
    }

    #[test]
    fn lists_may_be_one_string() {
        let read = |value| Vec::<String>::from_json(&value);
        assert_eq!(read(json!("GET, POST")).unwrap(), ["GET", "POST"]);
        assert_eq!(read(json!(["a"])).unwrap(), ["a"]);
        assert!(read(json!("")).unwrap().is_empty());
        assert!(read(json!([1])).is_err());
        assert!(read(json!({})).is_err());
    }

    #[test]
    fn errors_name_the_place_and_shorten_the_value() {
        let error =
            fields(&json!({"maxAge": "x".repeat(500)}), &["max_age"], |_, value| u64::from_json(value).map(drop));
        let text = error.unwrap_err().into_error("cors").to_string();
        assert!(text.starts_with("option `cors.max_age`: \"xxx"), "{text}");
        assert!(text.contains('…') && text.len() < 200, "{text}");

        let error = fields(&json!({"age": 1}), &["max_age"], |_, _| Ok(()));
        assert!(error.unwrap_err().into_error("cors").to_string().contains("only max_age"));
    }
}
