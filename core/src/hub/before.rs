//! What a program does with a socket that is about to join: it takes effect when the socket is let in.

use crate::error::{Error, ErrorKind, Result};
use crate::hub::socket::Socket;
use crate::hub::target::Flags;
use crate::payload::Payload;
use crate::wire::frame::Burst;
use crate::wire::text::Text;

/// What waits for a socket to be let in.
#[derive(Debug, Default)]
pub struct Before {
    /// Rooms that it is to be in.
    pub rooms: Vec<Text>,
    /// What it is to be sent behind the answer to its CONNECT.
    pub events: Vec<Early>,
    bytes: usize,
}

/// An event for a socket that is about to join.
#[derive(Debug)]
pub enum Early {
    /// As it is sent.
    Ready(Burst),
    /// One that gets its offset when the socket is let in, as only then it counts as sent.
    Numbered {
        /// How it is sent.
        flags: Flags,
        /// Its name.
        name: Text,
        /// Its arguments.
        args: Payload,
    },
}

impl Early {
    fn len(&self) -> usize {
        match self {
            Self::Ready(burst) => burst.len(),
            Self::Numbered { name, args, .. } => {
                name.len() + args.json().len() + args.attachments().iter().map(bytes::Bytes::len).sum::<usize>()
            }
        }
    }
}

impl Socket {
    /// Notes rooms for a socket that is about to join. False when it is not: then they are to be joined.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] past `max_rooms_per_socket`; the socket's own room counts.
    pub fn join_before(&self, rooms: &[Text]) -> Result<bool> {
        self.while_joining(|before| {
            let new = rooms.iter().filter(|room| !before.rooms.contains(room) && room.as_str() != self.id().as_str());
            let mut all = before.rooms.clone();
            for room in new {
                if !all.contains(room) {
                    all.push(room.clone());
                }
            }
            match self.peer().hub().config().max_rooms_per_socket {
                Some(limit) if all.len() + 1 > limit => Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("a socket may be in `max_rooms_per_socket` ({limit}) rooms"),
                )),
                _ => {
                    before.rooms = all;
                    Ok(())
                }
            }
        })
    }

    /// Takes a room back that was noted. False when the socket is not about to join.
    pub fn leave_before(&self, room: &str) -> bool {
        let left = self.while_joining(|before| {
            before.rooms.retain(|noted| noted.as_str() != room);
            Ok(())
        });
        left.unwrap_or(false)
    }

    /// The rooms of a socket that is about to join; nothing when it is not.
    pub fn rooms_before(&self) -> Option<Vec<Text>> {
        let mut rooms = vec![self.id().as_str().into()];
        let joining = self.while_joining(|before| {
            rooms.extend(before.rooms.iter().cloned());
            Ok(())
        });
        joining.unwrap_or(false).then_some(rooms)
    }

    /// Keeps what a socket is to be sent when it is let in. False when it is not about to join: then it is to be sent.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] past `max_buffered_bytes` or `max_buffered_packets`.
    pub fn send_before(&self, event: impl FnOnce() -> Early) -> Result<bool> {
        self.while_joining(|before| {
            let config = self.peer().hub().config();
            let event = event();
            let bytes = before.bytes + event.len();
            if bytes > config.max_buffered_bytes || before.events.len() >= config.max_buffered_packets {
                let message = "a socket that is about to join is sent no more than `max_buffered_bytes` and `max_buffered_packets`";
                return Err(Error::new(ErrorKind::LimitExceeded, message));
            }
            before.bytes = bytes;
            before.events.push(event);
            Ok(())
        })
    }
}
