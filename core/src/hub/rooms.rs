//! Rooms of a namespace: room to dense member list, socket to its rooms; every step in constant time.

use crate::hub::socket::Socket;
use crate::hub::target::Target;
use crate::wire::text::Text;
use std::collections::HashMap;
use std::sync::Arc;

mod own;
use own::OwnRooms;

/// The place of a socket among those of its namespace.
pub type Key = usize;

type RoomKey = usize;

struct Member {
    socket: Arc<Socket>,
    key: Key,
    /// Where the room stands in the member's own list.
    back: usize,
}

struct Room {
    name: Text,
    members: Vec<Member>,
}

struct Seat {
    socket: Arc<Socket>,
    rooms: OwnRooms,
}

/// What changed, for those who watch rooms.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The member list changed.
    Members,
    /// The room came into being, or ceased to be.
    Room,
}

/// The rooms of one namespace.
#[derive(Default)]
pub struct Rooms {
    seats: Vec<Option<Seat>>,
    free_seats: Vec<Key>,
    sockets: usize,
    rooms: Vec<Option<Room>>,
    free_rooms: Vec<RoomKey>,
    names: HashMap<Text, RoomKey>,
    /// Sockets that have left the room of their own id, by that.
    strays: HashMap<Text, Key>,
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rooms")
            .field("sockets", &self.sockets)
            .field("rooms", &self.names.len())
            .finish_non_exhaustive()
    }
}

impl Rooms {
    /// Number of sockets.
    pub fn sockets(&self) -> usize {
        self.sockets
    }

    /// Number of rooms.
    pub fn rooms(&self) -> usize {
        self.names.len()
    }

    /// The names of all rooms, and how many sockets are in each.
    pub fn names(&self) -> impl Iterator<Item = (&Text, usize)> {
        self.names.iter().map(|(name, key)| (name, self.room(*key).map_or(0, |room| room.members.len())))
    }

    fn room(&self, key: RoomKey) -> Option<&Room> {
        self.rooms.get(key)?.as_ref()
    }

    fn seat(&self, key: Key) -> Option<&Seat> {
        self.seats.get(key)?.as_ref()
    }

    /// Seats a socket.
    pub fn insert(&mut self, socket: Arc<Socket>) -> Key {
        let seat = Some(Seat { socket, rooms: OwnRooms::default() });
        self.sockets += 1;
        match self.free_seats.pop() {
            Some(key) => {
                if let Some(place) = self.seats.get_mut(key) {
                    *place = seat;
                }
                key
            }
            None => {
                self.seats.push(seat);
                self.seats.len() - 1
            }
        }
    }

    /// Takes a socket out of all its rooms and out of the namespace.
    pub fn remove(&mut self, key: Key) {
        while let Some(room) = self.seat(key).and_then(|seat| seat.rooms.last()) {
            let Some(name) = self.room(room).map(|room| room.name.clone()) else { break };
            self.leave(key, &name);
        }
        if let Some(place) = self.seats.get_mut(key)
            && let Some(seat) = place.take()
        {
            self.sockets -= 1;
            self.free_seats.push(key);
            self.strays.remove(seat.socket.id().as_str());
        }
    }

    /// Puts a socket into a room.
    pub fn join(&mut self, key: Key, name: &Text) -> Change {
        let Some(socket) = self.seat(key).map(|seat| Arc::clone(&seat.socket)) else { return Change::None };
        let known = self.names.get(name.as_str()).copied();
        let room_key = known.unwrap_or_else(|| self.create(name));
        let back = match self.seats.get(key).and_then(Option::as_ref) {
            Some(seat) if seat.rooms.place(room_key).is_some() => return Change::None,
            Some(seat) => seat.rooms.len(),
            None => return Change::None,
        };
        let Some(room) = self.rooms.get_mut(room_key).and_then(Option::as_mut) else { return Change::None };
        if socket.id().as_str() == name.as_str() {
            self.strays.remove(name.as_str());
        }
        room.members.push(Member { socket, key, back });
        let at = room.members.len() - 1;
        if let Some(seat) = self.seats.get_mut(key).and_then(Option::as_mut) {
            seat.rooms.push(room_key, at);
        }
        if known.is_some() { Change::Members } else { Change::Room }
    }

    fn create(&mut self, name: &Text) -> RoomKey {
        // The name is kept as long as the room lives; it must not keep a whole message alive.
        let name = Text::from(name.as_str());
        let room = Some(Room { name: name.clone(), members: Vec::new() });
        let key = match self.free_rooms.pop() {
            Some(key) => {
                if let Some(place) = self.rooms.get_mut(key) {
                    *place = room;
                }
                key
            }
            None => {
                self.rooms.push(room);
                self.rooms.len() - 1
            }
        };
        self.names.insert(name, key);
        key
    }

    /// Takes a socket out of a room.
    pub fn leave(&mut self, key: Key, name: &str) -> Change {
        let Some(room_key) = self.names.get(name).copied() else { return Change::None };
        let Some(seat) = self.seats.get_mut(key).and_then(Option::as_mut) else { return Change::None };
        let Some(back) = seat.rooms.place(room_key) else { return Change::None };
        if seat.socket.id().as_str() == name {
            self.strays.insert(name.into(), key);
        }
        let at = seat.rooms.swap_remove(back);
        if let Some((moved_room, moved_at)) = seat.rooms.at(back) {
            self.set_back(moved_room, moved_at, back);
        }
        let Some(room) = self.rooms.get_mut(room_key).and_then(Option::as_mut) else { return Change::None };
        room.members.swap_remove(at);
        let moved = room.members.get(at).map(|moved| (moved.key, moved.back));
        let empty = room.members.is_empty();
        if let Some((moved_key, moved_back)) = moved {
            self.set_at(moved_key, moved_back, at);
        }
        if empty {
            self.delete(room_key);
            return Change::Room;
        }
        Change::Members
    }

    fn set_back(&mut self, room: RoomKey, at: usize, back: usize) {
        if let Some(member) =
            self.rooms.get_mut(room).and_then(Option::as_mut).and_then(|room| room.members.get_mut(at))
        {
            member.back = back;
        }
    }

    fn set_at(&mut self, key: Key, back: usize, at: usize) {
        if let Some(seat) = self.seats.get_mut(key).and_then(Option::as_mut) {
            seat.rooms.set_at(back, at);
        }
    }

    fn delete(&mut self, key: RoomKey) {
        if let Some(room) = self.rooms.get_mut(key).and_then(Option::take) {
            self.names.remove(room.name.as_str());
            self.free_rooms.push(key);
        }
    }

    /// The rooms of a socket.
    pub fn rooms_of(&self, key: Key) -> Vec<Text> {
        let Some(seat) = self.seat(key) else { return Vec::new() };
        seat.rooms.keys().filter_map(|room| self.room(room)).map(|room| room.name.clone()).collect()
    }

    /// How many rooms a socket is in.
    pub fn count_of(&self, key: Key) -> usize {
        self.seat(key).map_or(0, |seat| seat.rooms.len())
    }

    /// Whether a socket is in a room.
    pub fn is_in(&self, key: Key, name: &str) -> bool {
        let Some(room_key) = self.names.get(name) else { return false };
        self.seat(key).is_some_and(|seat| seat.rooms.place(*room_key).is_some())
    }

    /// The socket of an id, whatever rooms it is in.
    pub fn by_id(&self, id: &str) -> Option<&Arc<Socket>> {
        let mut at_home = self.members(id).iter().map(|member| &member.socket);
        let stray = || Some(&self.seat(*self.strays.get(id)?)?.socket);
        at_home.find(|socket| socket.id().as_str() == id).or_else(stray)
    }

    /// Calls `visit` for every socket that a target means, each one once.
    pub fn visit<'a>(&'a self, target: &Target, mut visit: impl FnMut(&'a Arc<Socket>)) {
        match (target.rooms.as_slice(), target.except.as_slice()) {
            ([], []) => self.seats.iter().flatten().for_each(|seat| visit(&seat.socket)),
            ([only], []) => self.members(only).iter().for_each(|member| visit(&member.socket)),
            (rooms, except) => {
                let mut seen = Marks::new(self.seats.len());
                for name in except {
                    self.members(name).iter().for_each(|member| seen.insert(member.key));
                }
                if rooms.is_empty() {
                    let all = self.seats.iter().enumerate().filter_map(|(key, seat)| Some((key, seat.as_ref()?)));
                    all.filter(|(key, _)| !seen.contains(*key)).for_each(|(_, seat)| visit(&seat.socket));
                    return;
                }
                for member in rooms.iter().flat_map(|name| self.members(name)) {
                    if !seen.contains(member.key) {
                        seen.insert(member.key);
                        visit(&member.socket);
                    }
                }
            }
        }
    }

    fn members(&self, name: &str) -> &[Member] {
        self.names.get(name).and_then(|key| self.room(*key)).map_or(&[], |room| &room.members)
    }
}

/// A set of keys, one bit each.
struct Marks(Vec<u64>);

impl Marks {
    fn new(keys: usize) -> Self {
        Self(vec![0; keys.div_ceil(64)])
    }

    fn contains(&self, key: Key) -> bool {
        self.0.get(key / 64).is_some_and(|word| word & (1 << (key % 64)) != 0)
    }

    fn insert(&mut self, key: Key) {
        if let Some(word) = self.0.get_mut(key / 64) {
            *word |= 1 << (key % 64);
        }
    }
}

#[cfg(test)]
mod tests;
