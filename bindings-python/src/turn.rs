//! What a thread emits between taking events and `flush` leaves together.

use pancar::host::Turn;
use std::cell::RefCell;

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Begins a turn of this thread, unless it is in one.
pub(crate) fn begin() {
    TURN.with_borrow_mut(|turn| {
        turn.get_or_insert_with(Turn::begin);
    });
}

/// Ends the turn of this thread: what it emitted leaves.
pub(crate) fn end() {
    let turn = TURN.take();
    drop(turn);
}
