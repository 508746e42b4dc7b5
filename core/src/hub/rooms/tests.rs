//! Rooms against a model that is too simple to be wrong.

use super::*;
use crate::config::Config;
use crate::hub::testing::World;
use std::collections::{BTreeSet, HashMap};

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "", "long name"];
const STEPS: usize = 120_000;

pub(super) struct Random(u64);

impl Random {
    pub(super) fn new() -> Self {
        Self(0x5eed)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len())]
    }

    fn names(&mut self, limit: usize) -> Vec<Text> {
        let count = self.below(limit);
        (0..count).map(|_| Text::from(self.name())).collect()
    }
}

/// Which socket sits where, and in which rooms it is.
type Model = HashMap<Key, (Arc<Socket>, BTreeSet<&'static str>)>;

fn members<'a>(model: &'a Model, room: &str) -> impl Iterator<Item = Key> + use<'a> {
    let room = room.to_owned();
    model.iter().filter(move |(_, (_, rooms))| rooms.contains(room.as_str())).map(|(key, _)| *key)
}

fn meant(model: &Model, target: &Target) -> BTreeSet<Key> {
    let left_out: BTreeSet<Key> = target.except.iter().flat_map(|room| members(model, room)).collect();
    let keys: BTreeSet<Key> = match target.rooms.as_slice() {
        [] => model.keys().copied().collect(),
        rooms => rooms.iter().flat_map(|room| members(model, room)).collect(),
    };
    keys.difference(&left_out).copied().collect()
}

fn some_key(model: &Model, random: &mut Random) -> Key {
    // Now and then a place where nobody sits.
    if model.is_empty() || random.below(50) == 0 {
        random.below(100)
    } else {
        *model.keys().nth(random.below(model.len())).unwrap()
    }
}

fn step(rooms: &mut Rooms, model: &mut Model, spare: &mut Vec<Arc<Socket>>, random: &mut Random) {
    let key = some_key(model, random);
    match random.below(20) {
        0 => {
            let Some(socket) = spare.pop() else { return };
            let key = rooms.insert(Arc::clone(&socket));
            assert!(model.insert(key, (socket, BTreeSet::new())).is_none(), "a place that is taken");
        }
        1 => {
            rooms.remove(key);
            spare.extend(model.remove(&key).map(|(socket, _)| socket));
        }
        2..12 => {
            let name = random.name();
            let is_new = members(model, name).next().is_none();
            let change = rooms.join(key, &name.into());
            let joined = model.get_mut(&key).is_some_and(|(_, rooms)| rooms.insert(name));
            let wanted = if !joined {
                Change::None
            } else if is_new {
                Change::Room
            } else {
                Change::Members
            };
            assert_eq!(change, wanted);
        }
        _ => {
            let name = random.name();
            let change = rooms.leave(key, name);
            let left = model.get_mut(&key).is_some_and(|(_, rooms)| rooms.remove(name));
            let is_gone = members(model, name).next().is_none();
            let wanted = if !left {
                Change::None
            } else if is_gone {
                Change::Room
            } else {
                Change::Members
            };
            assert_eq!(change, wanted);
        }
    }
    compare_one(rooms, model, key);
}

fn compare_one(rooms: &Rooms, model: &Model, key: Key) {
    let known = model.get(&key).map(|(_, rooms)| rooms.clone()).unwrap_or_default();
    let told = rooms.rooms_of(key);
    assert_eq!(told.len(), known.len(), "a room twice");
    assert!(told.iter().all(|name| known.contains(name.as_str())));
    assert_eq!(rooms.count_of(key), known.len());
    assert!(NAMES.iter().all(|name| rooms.is_in(key, name) == known.contains(name)));
}

fn compare_target(rooms: &Rooms, model: &Model, target: &Target) {
    let mut visited = BTreeSet::new();
    rooms.visit(target, |socket| {
        let seat = model.iter().find(|(_, (known, _))| Arc::ptr_eq(known, socket)).map(|(key, _)| *key);
        assert!(visited.insert(seat.unwrap()), "visited twice");
    });
    assert_eq!(visited, meant(model, target), "{target:?}");
}

fn compare_all(rooms: &Rooms, model: &Model) {
    assert_eq!(rooms.sockets(), model.len());
    let counts: HashMap<String, usize> = rooms.names().map(|(name, count)| (name.to_string(), count)).collect();
    let names = NAMES.iter().map(|name| (name.to_string(), members(model, name).count()));
    assert_eq!(counts, names.filter(|(_, count)| *count > 0).collect());
    assert_eq!(rooms.rooms(), counts.len());
    model.keys().for_each(|key| compare_one(rooms, model, *key));
}

#[test]
fn rooms_agree_with_the_model() {
    let world = World::new(Config::default());
    let mut spare: Vec<_> = (0..70).map(|_| world.joined().1).collect();
    let (mut rooms, mut model, mut random) = (Rooms::default(), Model::new(), Random::new());
    for count in 0..STEPS {
        step(&mut rooms, &mut model, &mut spare, &mut random);
        if count % 20 == 0 {
            let target = Target { rooms: random.names(4), except: random.names(3) };
            compare_target(&rooms, &model, &target);
        }
        if count % 1_000 == 0 {
            compare_all(&rooms, &model);
            compare_target(&rooms, &model, &Target::everyone());
        }
    }
    compare_all(&rooms, &model);
    for key in model.keys() {
        rooms.remove(*key);
    }
    compare_all(&rooms, &Model::new());
    assert!(
        rooms.names.is_empty() && rooms.seats.iter().all(Option::is_none) && rooms.rooms.iter().all(Option::is_none)
    );
}

#[test]
fn a_socket_may_be_in_very_many_rooms() {
    let world = World::new(Config::default());
    let (mut rooms, socket) = (Rooms::default(), world.joined().1);
    let key = rooms.insert(socket);
    let names: Vec<_> = (0..100_000).map(|number| Text::from(number.to_string())).collect();
    for name in &names {
        assert_eq!(rooms.join(key, name), Change::Room);
        assert_eq!(rooms.join(key, name), Change::None);
    }
    assert_eq!((rooms.count_of(key), rooms.rooms()), (100_000, 100_000));
    for name in names.iter().step_by(2) {
        assert_eq!(rooms.leave(key, name), Change::Room);
    }
    assert_eq!(rooms.count_of(key), 50_000);
    rooms.remove(key);
    assert_eq!((rooms.sockets(), rooms.rooms()), (0, 0));
}

#[test]
fn a_socket_is_found_by_its_id_whatever_rooms_it_is_in() {
    let world = World::new(Config::default());
    let (mut rooms, socket, other) = (Rooms::default(), world.joined().1, world.joined().1);
    let (id, key, guest) = (Text::from(socket.id().as_str()), rooms.insert(Arc::clone(&socket)), rooms.insert(other));
    let found = |rooms: &Rooms| rooms.by_id(&id).is_some_and(|found| Arc::ptr_eq(found, &socket));
    rooms.join(guest, &id);
    rooms.join(key, &id);
    assert!(found(&rooms), "others may be in its room");
    for _ in 0..2 {
        rooms.leave(key, &id);
        assert!(found(&rooms) && rooms.strays.len() == 1);
        rooms.leave(guest, &id);
        assert!(found(&rooms));
        rooms.join(key, &id);
        assert!(found(&rooms) && rooms.strays.is_empty());
    }
    rooms.leave(key, &id);
    rooms.remove(key);
    assert!(rooms.by_id(&id).is_none() && rooms.strays.is_empty());
    rooms.join(guest, &id);
    assert!(rooms.by_id(&id).is_none());
}

#[test]
fn the_name_of_a_room_does_not_keep_a_message_alive() {
    let world = World::new(Config::default());
    let mut rooms = Rooms::default();
    let key = rooms.insert(world.joined().1);
    let message = Text::from("x".repeat(1_000));
    let name = message.slice(0..3);
    rooms.join(key, &name);
    let kept = rooms.names().next().unwrap().0.clone().into_bytes();
    assert!(!message.as_bytes().as_ptr_range().contains(&kept.as_ptr()));
}
