//! What comes back from many sockets.

use crate::args::pancar_args;
use crate::guard::Failure;
use crate::status::{PANCAR_NOT_FOUND, PANCAR_OK, pancar_status};
use crate::view::pancar_str;
use pancar_core::host::SocketInfo;
use pancar_core::{AckOutcome, SocketId};

/// The answers to a broadcast, one for each client; lives until the callback returns.
pub struct pancar_answers(Vec<Answer>);

struct Answer {
    id: SocketId,
    answer: Result<pancar_args, pancar_status>,
}

/// What is known of sockets, on this server and on others; lives until the callback returns.
pub struct pancar_remotes(Vec<Remote>);

struct Remote {
    info: SocketInfo,
    handshake: String,
}

impl From<Vec<AckOutcome>> for pancar_answers {
    fn from(outcomes: Vec<AckOutcome>) -> Self {
        let answer = |outcome: AckOutcome| Answer {
            id: outcome.id,
            answer: outcome.answer.map(pancar_args::from).map_err(|error| Failure::from(error).status()),
        };
        Self(outcomes.into_iter().map(answer).collect())
    }
}

impl From<Vec<SocketInfo>> for pancar_remotes {
    fn from(infos: Vec<SocketInfo>) -> Self {
        let remote = |info: SocketInfo| Remote { handshake: info.handshake.to_string(), info };
        Self(infos.into_iter().map(remote).collect())
    }
}

/// Number of clients that were asked; NULL has none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_answers_len(answers: Option<&pancar_answers>) -> usize {
    answers.map_or(0, |answers| answers.0.len())
}

fn answer(answers: Option<&pancar_answers>, index: usize) -> Option<&Answer> {
    answers.and_then(|answers| answers.0.get(index))
}

/// The id of the client; empty past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_answers_id(answers: Option<&pancar_answers>, index: usize) -> pancar_str {
    answer(answers, index).map_or(pancar_str::EMPTY, |answer| pancar_str::of(answer.id.as_str()))
}

/// How the client answered: `PANCAR_OK`, `PANCAR_TIMEOUT`, `PANCAR_DISCONNECTED`; `PANCAR_NOT_FOUND` past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_answers_status(answers: Option<&pancar_answers>, index: usize) -> pancar_status {
    answer(answers, index).map_or(PANCAR_NOT_FOUND, |answer| answer.answer.as_ref().err().copied().unwrap_or(PANCAR_OK))
}

/// The arguments of the answer; NULL unless its status is `PANCAR_OK`.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_answers_args(answers: Option<&pancar_answers>, index: usize) -> *const pancar_args {
    answer(answers, index).and_then(|answer| answer.answer.as_ref().ok()).map_or(std::ptr::null(), std::ptr::from_ref)
}

/// Number of sockets; NULL has none.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_remotes_len(remotes: Option<&pancar_remotes>) -> usize {
    remotes.map_or(0, |remotes| remotes.0.len())
}

fn remote<'a>(
    remotes: Option<&'a pancar_remotes>,
    index: usize,
    text: impl FnOnce(&'a Remote) -> Option<&'a str>,
) -> pancar_str {
    let found = remotes.and_then(|remotes| remotes.0.get(index)).and_then(text);
    found.map_or(pancar_str::EMPTY, pancar_str::of)
}

/// The id of a socket; empty past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_remotes_id(remotes: Option<&pancar_remotes>, index: usize) -> pancar_str {
    remote(remotes, index, |remote| Some(remote.info.id.as_str()))
}

/// Number of rooms that a socket is in, its own one among them; 0 past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_remotes_room_count(remotes: Option<&pancar_remotes>, index: usize) -> usize {
    remotes.and_then(|remotes| remotes.0.get(index)).map_or(0, |remote| remote.info.rooms.len())
}

/// A room of a socket; empty past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_remotes_room(remotes: Option<&pancar_remotes>, index: usize, room: usize) -> pancar_str {
    remote(remotes, index, |remote| remote.info.rooms.get(room).map(|room| room.as_str()))
}

/// The data of a socket as JSON text; empty past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_remotes_data(remotes: Option<&pancar_remotes>, index: usize) -> pancar_str {
    remote(remotes, index, |remote| Some(remote.info.data.as_str()))
}

/// The handshake of a socket as JSON text, see `pancar_socket_handshake`; empty past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_remotes_handshake(remotes: Option<&pancar_remotes>, index: usize) -> pancar_str {
    remote(remotes, index, |remote| Some(remote.handshake.as_str()))
}
