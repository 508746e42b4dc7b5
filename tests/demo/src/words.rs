//! What the page and the server say to each other: the words of `../README.md`.

use pancar::Bytes;
use pancar::SocketId;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The page is seen.
    Here,
    /// The page is hidden.
    Away,
    /// The connection is gone and may come back. No page says this of itself.
    #[serde(skip_deserializing)]
    Lost,
}

/// Somebody in a room.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// The public id.
    pub id: SocketId,
    /// The name.
    pub name: String,
    /// Whether they are there.
    pub status: Status,
}

/// A room in the list of rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomEntry {
    /// The name.
    pub name: String,
    /// How many are in it, the lost ones too.
    pub members: usize,
}

/// Who said something.
#[derive(Clone, Debug, Serialize)]
pub struct Author {
    /// The public id.
    pub id: SocketId,
    /// The name at that time.
    pub name: String,
}

/// Something that was said.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Doesn't repeat, even after a restart.
    pub id: String,
    /// The author's own number for it.
    pub nonce: String,
    /// Where it was said.
    pub room: String,
    /// Who said it.
    pub from: Author,
    /// When.
    pub time: u64,
    /// May be empty where there is a picture.
    pub text: String,
    /// A picture, where there is one.
    pub picture: Option<Picture>,
}

/// A picture of a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Picture {
    /// The name of the file.
    pub name: String,
    /// The content type.
    pub mime: String,
    /// Width in pixels, which reserves the space in the page.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The file; nothing once it is no longer kept.
    pub data: Option<Bytes>,
}

impl Picture {
    /// Lets the file go; that there was one stays known.
    pub fn forget(&mut self) {
        self.data = None;
    }
}

/// Something that happened in a room.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// What.
    pub kind: NoticeKind,
    /// To whom.
    pub name: String,
    /// The former name of one who was renamed.
    pub was: Option<String>,
    /// Where.
    pub room: String,
    /// When.
    pub time: u64,
}

/// What can happen in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// Somebody came.
    Joined,
    /// Somebody left.
    Left,
    /// Somebody has another name.
    Renamed,
}

impl Notice {
    /// A notice of now.
    pub fn new(kind: NoticeKind, room: &str, name: &str) -> Self {
        Self { kind, name: name.to_owned(), was: None, room: room.to_owned(), time: now() }
    }
}

/// Everybody in a room.
#[derive(Clone, Debug, Serialize)]
pub struct MemberList {
    /// The room.
    pub room: String,
    /// In the order of entering.
    pub members: Vec<Member>,
}

/// Somebody writes, or no longer does.
#[derive(Clone, Debug, Serialize)]
pub struct Typing {
    /// Who.
    pub id: SocketId,
    /// The name.
    pub name: String,
    /// Whether they do.
    pub typing: bool,
}

/// How far a message got.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    /// The message.
    pub id: String,
    /// How many answered it.
    pub received: usize,
    /// How many could have.
    pub members: usize,
}

/// The answer to who has entered.
#[derive(Clone, Debug, Serialize)]
pub struct Entered {
    /// The own public id.
    pub you: SocketId,
    /// The name as it was cleaned.
    pub name: String,
    /// The room as it was cleaned.
    pub room: String,
    /// Who is in it.
    pub members: Vec<Member>,
    /// All rooms.
    pub rooms: Vec<RoomEntry>,
    /// What was said in it.
    pub history: Vec<Message>,
}

/// The answer to who has said something.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// The id of the message.
    pub id: String,
    /// When it was said.
    pub time: u64,
    /// The number of other members.
    pub members: usize,
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The visitor's secret is none.
    KeyInvalid,
    /// A name that nobody can have.
    NameInvalid,
    /// A name that no room can have.
    RoomInvalid,
    /// There are as many rooms as there may be.
    RoomsFull,
    /// Somebody in the room has the name.
    NameTaken,
    /// Nothing can be done before entering.
    NotEntered,
    /// A text that can't be said.
    TextInvalid,
    /// A picture that is none.
    PictureInvalid,
    /// A picture that is too large.
    PictureTooLarge,
}

/// What an event is answered with.
#[derive(Clone, Debug, Serialize)]
pub struct Answer<T> {
    ok: bool,
    #[serde(flatten)]
    rest: T,
}

/// The rest of an answer to what is not done.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Refusal {
    error: Code,
}

/// It is done.
pub fn granted<T>(rest: T) -> Answer<T> {
    Answer { ok: true, rest }
}

/// It is not done.
pub fn refused(error: Code) -> Answer<Refusal> {
    Answer { ok: false, rest: Refusal { error } }
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}
