//! The golden vectors of `tests/vectors`, as far as they concern WebSocket frames.

use crate::config::Config;
use crate::net::decoder::Decoder;
use crate::wire::vectors::load;
use serde_json::Value;

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The code with which frames end a connection, where they do.
fn code(frames: &[Vec<u8>]) -> Option<u16> {
    let mut decoder = Decoder::new(&Config::default());
    let stop = frames.iter().find_map(|frame| decoder.feed(frame, &mut Vec::new(), &mut Vec::new()).err())?;
    let close = stop.last.websocket();
    Some(close.get(2..4).map_or(1005, |code| u16::from_be_bytes([code[0], code[1]])))
}

#[test]
fn broken_frames_end_the_connection_with_their_code() {
    let vectors = load("websocket_frames");
    assert!(vectors.len() > 20);
    for vector in vectors {
        let frames: Vec<_> =
            vector["frames"].as_array().unwrap().iter().map(|hex| unhex(hex.as_str().unwrap())).collect();
        let code = code(&frames).map_or(Value::Null, Value::from);
        let fine = code == vector["close"] || vector.get("also").is_some_and(|also| code == *also);
        assert!(fine, "{}: {code}", vector["name"]);
    }
}
