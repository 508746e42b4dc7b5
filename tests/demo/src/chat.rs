//! Who is in which room, and what everybody is told of it.
//!
//! All of it stands behind one lock, and what is told is emitted while it is held: then everybody hears everything in
//! the order in which it happened. Emitting only queues. What calls handlers, which is `disconnect`, waits for the lock
//! to be free again.

use crate::room::Room;
use crate::rules::{Draft, Wish};
use crate::words::{
    Author, Code, Entered, Member, MemberList, Message, Notice, NoticeKind, Receipt, RoomEntry, Said, Status, Typing,
    now,
};
use pancar::{Broadcast, IntoArgs, Server, Socket, SocketId, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

const STANDING: [&str; 3] = ["lobby", "kopi", "pictures"];
const MAX_ROOMS: usize = 50;

/// The chat, as handlers share it.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Chat>);

impl Shared {
    /// The chat, for oneself.
    pub fn lock(&self) -> MutexGuard<'_, Chat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One tab.
#[derive(Debug)]
struct Visitor {
    id: SocketId,
    name: String,
    status: Status,
    room: String,
    /// The newest connection; gone while the status is [`Status::Lost`].
    socket: Socket,
}

/// All rooms and visitors.
#[derive(Debug)]
pub struct Chat {
    rooms: BTreeMap<String, Room>,
    /// By their secret keys.
    visitors: HashMap<String, Visitor>,
    /// The keys of those who are connected.
    connected: HashMap<SocketId, String>,
    born: u64,
    messages: u64,
}

/// Somebody has entered, and nobody knows yet.
#[derive(Debug)]
pub struct Entry {
    /// What the page is answered.
    pub answer: Entered,
    /// What the room is told, where it is told anything.
    notice: Option<Notice>,
    /// The connection that the visitor had until now. It is to be told so, and ended.
    pub replaced: Option<Socket>,
}

/// Something has been said, and nobody knows yet.
#[derive(Debug)]
pub struct Utterance {
    /// What the page is answered.
    pub answer: Said,
    /// What goes to the others. Nothing when nobody else is there, or when it has been said before.
    pub message: Option<Message>,
}

impl Default for Chat {
    fn default() -> Self {
        let rooms = STANDING.iter().map(|name| ((*name).to_owned(), Room::default())).collect();
        Self { rooms, visitors: HashMap::new(), connected: HashMap::new(), born: now(), messages: 0 }
    }
}

impl Chat {
    /// The list of rooms: the standing ones first, then the others by name.
    pub fn rooms(&self) -> Vec<RoomEntry> {
        let others = self.rooms.keys().map(String::as_str).filter(|name| !STANDING.contains(name));
        STANDING
            .into_iter()
            .chain(others)
            .map(|name| RoomEntry { name: name.to_owned(), members: self.count(name) })
            .collect()
    }

    fn count(&self, room: &str) -> usize {
        self.rooms.get(room).map_or(0, |room| room.visitors.len())
    }

    fn visitors_in(&self, room: &str) -> impl Iterator<Item = (&String, &Visitor)> {
        let keys = self.rooms.get(room).into_iter().flat_map(|room| &room.visitors);
        keys.filter_map(|key| Some((key, self.visitors.get(key)?)))
    }

    fn members(&self, room: &str) -> Vec<Member> {
        let member =
            |visitor: &Visitor| Member { id: visitor.id.clone(), name: visitor.name.clone(), status: visitor.status };
        self.visitors_in(room).map(|(_, visitor)| member(visitor)).collect()
    }

    /// The key of the visitor whose newest connection this is.
    fn key_of(&self, socket: &Socket) -> Result<String, Code> {
        self.connected.get(socket.id()).cloned().ok_or(Code::NotEntered)
    }

    fn visitor(&self, socket: &Socket) -> Result<&Visitor, Code> {
        self.connected.get(socket.id()).and_then(|key| self.visitors.get(key)).ok_or(Code::NotEntered)
    }

    /// Moves a visitor into a room. [`Chat::announce`] is to follow, after the answer.
    pub fn enter(&mut self, io: &Server, socket: &Socket, asked: &Value) -> Result<Entry, Code> {
        let wish = Wish::read(asked)?;
        self.check_place(&wish)?;
        if let Ok(former) = self.key_of(socket)
            && former != wish.key
        {
            self.forget(io, &former);
        }
        let before = self.visitors.remove(&wish.key);
        if let Some(before) = before.as_ref().filter(|before| before.room != wish.room) {
            self.depart(io, &wish.key, before);
        }
        let notice = notice_of(before.as_ref(), &wish);
        let you = before.as_ref().map_or(socket.id(), |before| &before.id).clone();
        let replaced = before.map(|before| before.socket).filter(|older| older.id() != socket.id());
        if let Some(older) = &replaced {
            self.connected.remove(older.id());
            older.leave(wish.room.as_str());
        }
        self.seat(socket, you.clone(), &wish);
        let history = self.rooms.get(&wish.room).map(Room::history).unwrap_or_default();
        let (members, rooms) = (self.members(&wish.room), self.rooms());
        Ok(Entry {
            answer: Entered { you, name: wish.name, room: wish.room, members, rooms, history },
            notice,
            replaced,
        })
    }

    fn check_place(&self, wish: &Wish) -> Result<(), Code> {
        if !self.rooms.contains_key(&wish.room) && self.rooms.len() >= MAX_ROOMS {
            return Err(Code::RoomsFull);
        }
        let name = wish.name.to_lowercase();
        let mut others = self.visitors_in(&wish.room).filter(|(key, _)| **key != wish.key);
        if others.any(|(_, other)| other.name.to_lowercase() == name) { Err(Code::NameTaken) } else { Ok(()) }
    }

    fn seat(&mut self, socket: &Socket, id: SocketId, wish: &Wish) {
        let (name, room) = (wish.name.clone(), wish.room.clone());
        // A socket that is gone already is found to be lost as soon as the lock is free.
        socket.join(&room).ok();
        self.rooms.entry(room.clone()).or_default().add(&wish.key);
        self.connected.insert(socket.id().clone(), wish.key.clone());
        let visitor = Visitor { id, name, status: wish.status, room, socket: socket.clone() };
        self.visitors.insert(wish.key.clone(), visitor);
    }

    /// Tells everybody of one who has entered.
    pub fn announce(&self, io: &Server, socket: &Socket, entry: &Entry) {
        let room = &entry.answer.room;
        self.tell_members(io, room);
        self.tell_rooms(io);
        match &entry.notice {
            Some(notice) if notice.kind == NoticeKind::Joined => tell(&socket.to(room.as_str()), "notice", notice),
            Some(notice) => tell(&io.to(room.as_str()), "notice", notice),
            None => {}
        }
    }

    /// Keeps what somebody says. The message is to be sent after the answer.
    pub fn say(&mut self, socket: &Socket, said: &Value) -> Result<Utterance, Code> {
        let Visitor { id, name, room, .. } = self.visitor(socket)?;
        let (from, room) = (Author { id: id.clone(), name: name.clone() }, room.clone());
        let draft = Draft::read(said)?;
        let members = self.count(&room).saturating_sub(1);
        let place = self.rooms.entry(room.clone()).or_default();
        if let Some(known) = place.find(&from.id, &draft.nonce) {
            return Ok(Utterance { answer: Said { id: known.id.clone(), time: known.time, members }, message: None });
        }
        self.messages += 1;
        let (id, time) = (format!("{:x}-{:x}", self.born, self.messages), now());
        let answer = Said { id: id.clone(), time, members };
        let Draft { nonce, text, picture } = draft;
        let message = Message { id, nonce, room, from, time, text, picture };
        place.keep(message.clone());
        Ok(Utterance { answer, message: (members > 0).then_some(message) })
    }

    /// Tells the author how far a message got, over the connection that they have now.
    pub fn receive(&self, author: &SocketId, receipt: &Receipt) {
        if let Some(visitor) = self.visitors.values().find(|visitor| visitor.id == *author) {
            visitor.socket.emit("receipt", receipt).ok();
        }
    }

    /// Tells the others that somebody writes, or no longer does.
    pub fn typing(&self, socket: &Socket, typing: bool) {
        if let Ok(Visitor { id, name, room, .. }) = self.visitor(socket) {
            let word = Typing { id: id.clone(), name: name.clone(), typing };
            tell(&socket.to(room.as_str()).volatile(), "typing", &word);
        }
    }

    /// Sets whether the page is seen.
    pub fn set_presence(&mut self, io: &Server, socket: &Socket, status: Status) {
        if let Ok(key) = self.key_of(socket) {
            self.set_status(io, &key, status);
        }
    }

    fn set_status(&mut self, io: &Server, key: &str, status: Status) {
        let Some(visitor) = self.visitors.get_mut(key).filter(|visitor| visitor.status != status) else { return };
        visitor.status = status;
        let room = visitor.room.clone();
        self.tell_members(io, &room);
    }

    /// The visitor leaves at once.
    pub fn leave(&mut self, io: &Server, socket: &Socket) -> Result<(), Code> {
        let key = self.key_of(socket)?;
        self.forget(io, &key);
        Ok(())
    }

    /// A connection ended; whether it was somebody's newest, who is lost now.
    pub fn lose(&mut self, io: &Server, socket: &Socket) -> bool {
        let Some(key) = self.connected.remove(socket.id()) else { return false };
        self.set_status(io, &key, Status::Lost);
        true
    }

    /// Who has been lost with this connection and did not come back leaves.
    pub fn give_up(&mut self, io: &Server, socket: &Socket) {
        let is_lost = |visitor: &Visitor| visitor.status == Status::Lost && visitor.socket.id() == socket.id();
        let lost = self.visitors.iter().find(|(_, visitor)| is_lost(visitor)).map(|(key, _)| key.clone());
        if let Some(key) = lost {
            self.forget(io, &key);
        }
    }

    fn forget(&mut self, io: &Server, key: &str) {
        let Some(visitor) = self.visitors.remove(key) else { return };
        self.connected.remove(visitor.socket.id());
        self.depart(io, key, &visitor);
        self.tell_rooms(io);
    }

    /// Takes a visitor out of a room; one that does not always exist goes with its last member.
    fn depart(&mut self, io: &Server, key: &str, visitor: &Visitor) {
        let name = visitor.room.as_str();
        visitor.socket.leave(name);
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.remove(key);
        if room.visitors.is_empty() && !STANDING.contains(&name) {
            self.rooms.remove(name);
            return;
        }
        tell(&io.to(name), "notice", Notice::new(NoticeKind::Left, name, &visitor.name));
        self.tell_members(io, name);
    }

    fn tell_members(&self, io: &Server, room: &str) {
        tell(&io.to(room), "members", &MemberList { room: room.to_owned(), members: self.members(room) });
    }

    fn tell_rooms(&self, io: &Server) {
        if let Err(error) = io.emit("rooms", self.rooms()) {
            eprintln!("pancar-demo: rooms: {error}");
        }
    }
}

/// What a room is told of one who enters: nothing, where they were there under that name already.
fn notice_of(before: Option<&Visitor>, wish: &Wish) -> Option<Notice> {
    let notice = |kind| Notice::new(kind, &wish.room, &wish.name);
    match before.filter(|before| before.room == wish.room) {
        None => Some(notice(NoticeKind::Joined)),
        Some(before) if before.name == wish.name => None,
        Some(before) => Some(Notice { was: Some(before.name.clone()), ..notice(NoticeKind::Renamed) }),
    }
}

/// Emits. That fails only for words that cannot be written down, which would be a mistake of ours.
fn tell(to: &Broadcast, event: &str, word: impl IntoArgs) {
    if let Err(error) = to.emit(event, word) {
        eprintln!("pancar-demo: {event}: {error}");
    }
}
