//! One room: who is in it, and what was said.

use crate::words::{Message, Picture};
use pancar::SocketId;
use std::collections::VecDeque;

const HISTORY: usize = 50;
const KEPT_PICTURES: usize = 4;

/// A room.
#[derive(Debug, Default)]
pub struct Room {
    /// The keys of the visitors, in the order of entering.
    pub visitors: Vec<String>,
    history: VecDeque<Message>,
}

impl Room {
    /// Puts a visitor last, unless it is here already.
    pub fn add(&mut self, key: &str) {
        if !self.visitors.iter().any(|known| known == key) {
            self.visitors.push(key.to_owned());
        }
    }

    /// Takes a visitor out.
    pub fn remove(&mut self, key: &str) {
        self.visitors.retain(|known| known != key);
    }

    /// What was said, the oldest first.
    pub fn history(&self) -> Vec<Message> {
        self.history.iter().cloned().collect()
    }

    /// What an author has said under this nonce.
    pub fn find(&self, author: &SocketId, nonce: &str) -> Option<&Message> {
        self.history.iter().find(|message| message.nonce == nonce && message.from.id == *author)
    }

    /// Keeps a message, and lets old messages and old pictures go.
    pub fn keep(&mut self, message: Message) {
        self.history.push_back(message);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        let pictures = self.history.iter_mut().rev().filter_map(|message| message.picture.as_mut());
        pictures.filter(|picture| picture.data.is_some()).skip(KEPT_PICTURES).for_each(Picture::forget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Author;

    fn message(number: usize, picture: bool) -> Message {
        let data = Some("png".into());
        let mime = "image/png".to_owned();
        let picture = picture.then(|| Picture { name: "dot.png".to_owned(), mime, width: 1, height: 1, data });
        let from = Author { id: "ani".into(), name: "Ani".to_owned() };
        let (id, nonce, room) = (format!("id-{number}"), format!("n{number}"), "lobby".to_owned());
        Message { id, nonce, room, from, time: 0, text: String::new(), picture }
    }

    #[test]
    fn the_last_messages_and_the_last_pictures_are_kept() {
        let mut room = Room::default();
        (0..55).for_each(|number| room.keep(message(number, (45..51).contains(&number))));
        let history = room.history();
        assert_eq!((history.len(), &*history[0].nonce), (50, "n5"));
        let kept =
            history.iter().filter(|message| message.picture.as_ref().is_some_and(|picture| picture.data.is_some()));
        assert_eq!(kept.map(|message| &*message.nonce).collect::<Vec<_>>(), ["n47", "n48", "n49", "n50"]);
    }

    #[test]
    fn a_nonce_is_its_authors() {
        let mut room = Room::default();
        room.keep(message(1, false));
        assert!(room.find(&"ani".into(), "n1").is_some());
        assert!(room.find(&"budi".into(), "n1").is_none());
    }

    #[test]
    fn who_comes_again_keeps_the_place() {
        let mut room = Room::default();
        ["a", "b", "a"].iter().for_each(|key| room.add(key));
        assert_eq!(room.visitors, ["a", "b"]);
        room.remove("a");
        assert_eq!(room.visitors, ["b"]);
    }
}
