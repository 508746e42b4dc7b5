//! The rooms of one socket: a list, with an index beside it as soon as it is long.

use super::RoomKey;
use std::collections::HashMap;

/// In so many rooms a socket is found faster by looking at each of them.
const FEW: usize = 16;

/// The rooms of one socket, and where it stands in each.
#[derive(Default)]
pub(super) struct OwnRooms {
    list: Vec<(RoomKey, usize)>,
    /// The places of the rooms in the list, where it is longer than [`FEW`], and until it is half of that.
    places: Option<Box<Places>>,
}

/// In a box, as few sockets have it.
struct Places(HashMap<RoomKey, usize>);

impl OwnRooms {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn last(&self) -> Option<RoomKey> {
        self.list.last().map(|(room, _)| *room)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = RoomKey> {
        self.list.iter().map(|(room, _)| *room)
    }

    /// The place of a room in the list.
    pub(super) fn place(&self, room: RoomKey) -> Option<usize> {
        match &self.places {
            Some(places) => places.0.get(&room).copied(),
            None => self.list.iter().position(|(own, _)| *own == room),
        }
    }

    /// Adds a room in which the socket stands at a place.
    pub(super) fn push(&mut self, room: RoomKey, at: usize) {
        self.list.push((room, at));
        match &mut self.places {
            Some(places) => drop(places.0.insert(room, self.list.len() - 1)),
            None if self.list.len() > FEW => {
                let places = self.list.iter().enumerate().map(|(place, (room, _))| (*room, place));
                self.places = Some(Box::new(Places(places.collect())));
            }
            None => {}
        }
    }

    /// Takes a room out; where the socket stood in it. The last room of the list moves to its place.
    pub(super) fn swap_remove(&mut self, place: usize) -> usize {
        let (removed, at) = self.list.swap_remove(place);
        let moved = self.at(place);
        if self.list.len() <= FEW / 2 {
            self.places = None;
        }
        if let Some(places) = &mut self.places {
            places.0.remove(&removed);
            places.0.extend(moved.map(|(room, _)| (room, place)));
        }
        at
    }

    /// The room at a place, and where the socket stands in it.
    pub(super) fn at(&self, place: usize) -> Option<(RoomKey, usize)> {
        self.list.get(place).copied()
    }

    /// Within the room at a place, the socket has moved.
    pub(super) fn set_at(&mut self, place: usize, at: usize) {
        if let Some(entry) = self.list.get_mut(place) {
            entry.1 = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Random;
    use super::*;

    #[test]
    fn places_are_right_however_long_the_list_is() {
        let (mut own, mut random) = (OwnRooms::default(), Random::new());
        let mut indexed = [0, 0];
        for round in 0..20_000 {
            let room = random.below(40);
            // For a while it grows, for a while it shrinks.
            let joins = random.below(10) < if round / 500 % 2 == 0 { 8 } else { 1 };
            match own.place(room) {
                None if joins => own.push(room, room + 1_000),
                Some(place) if !joins => assert_eq!(own.swap_remove(place), room + 1_000),
                _ => {}
            }
            assert_eq!(own.place(room).is_some(), own.keys().any(|own| own == room));
            for (place, room) in own.keys().enumerate() {
                assert_eq!(own.place(room), Some(place));
            }
            assert!(own.places.as_ref().is_none_or(|places| places.0.len() == own.len() && own.len() > FEW / 2));
            assert!(own.places.is_some() || own.len() <= FEW);
            indexed[usize::from(own.places.is_some())] += 1;
        }
        assert!(indexed.iter().all(|rounds| *rounds > 1_000), "{indexed:?}");
    }
}
