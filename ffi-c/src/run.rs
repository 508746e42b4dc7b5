//! Taking events: `pancar_server_run` blocks, `pancar_dispatch` fits into any loop.

use crate::dispatch::{self, Inside};
use crate::guard::{Done, Failure, guard, status_of};
use crate::handle::{self, pancar_server};
use crate::lane::Lane;
use crate::server::Server;
use crate::status::{PANCAR_CLOSED, PANCAR_IO, PANCAR_OK, PANCAR_TIMEOUT, pancar_status};
use crate::view::place;
use pancar_core::host::{Event, Turn};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After so many events what they sent goes out, however many more wait.
const BATCH: usize = 128;

/// How a turn of a lane ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turned {
    Handled,
    Idle,
    Closed,
}

/// Handles events, in batches: after each of them what it sent goes out.
fn handle_all(server: &Arc<Server>, number: usize, lane: &Lane, events: &mut VecDeque<Event>) {
    while !events.is_empty() && !server.is_freed() {
        let _turn = Turn::begin();
        let _inside = Inside::enter(server, number);
        let gathering = server.host.lanes().gather(number);
        for event in events.drain(..BATCH.min(events.len())) {
            dispatch::handle(server, lane, event);
            for sent in gathering.take() {
                dispatch::handle(server, lane, Event::Hub(sent));
            }
        }
    }
}

/// Handles what waits, up to `max` events; where nothing waits, what comes first.
fn turn(
    server: &Arc<Server>,
    number: usize,
    lane: &Lane,
    events: &mut VecDeque<Event>,
    max: usize,
    until: Option<Instant>,
) -> Done<Turned> {
    let mailbox = server.mailbox(number)?;
    loop {
        lane.clear();
        mailbox.drain_into(events, max);
        let none = events.is_empty();
        handle_all(server, number, lane, events);
        if server.is_freed() || (none && lane.is_closed()) {
            return Ok(Turned::Closed);
        }
        if lane.is_closed() {
            // Who watches the file descriptor has to hear of it once more.
            lane.bell().ring();
        }
        if !none {
            return Ok(Turned::Handled);
        }
        if !lane.wait(until) {
            return Ok(Turned::Idle);
        }
    }
}

/// Lets go of what a server had that was freed meanwhile: no callback can be using it any more. To be dropped after the lane.
struct Leaving<'a>(&'a Arc<Server>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if self.0.is_freed() {
            self.0.forget_when_left();
        }
    }
}

fn dispatch_lane(server: pancar_server, number: usize, max_events: usize, timeout_ms: i64) -> Done<pancar_status> {
    let server = handle::server(server)?;
    let lane = server.lane(number)?;
    let _leaving = Leaving(&server);
    let _taken = lane.take()?;
    let max = if max_events == 0 { usize::MAX } else { max_events };
    // A negative timeout, and one that no clock holds, is none.
    let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
    let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    Ok(match turn(&server, number, lane, &mut VecDeque::new(), max, until)? {
        Turned::Handled => PANCAR_OK,
        Turned::Idle => PANCAR_TIMEOUT,
        Turned::Closed => PANCAR_CLOSED,
    })
}

/// Takes what waits, up to `max_events` (0: all that waits), and calls the callbacks on this thread. When nothing waits it
/// waits for up to `timeout_ms` milliseconds; 0 does not wait, a negative one waits without end.
///
/// Returns `PANCAR_OK` when it handled something, `PANCAR_TIMEOUT` when nothing came, `PANCAR_CLOSED` when the server has closed and
/// everything has been handled. Errors: `PANCAR_BUSY` inside of a callback, and while another thread dispatches.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_dispatch(server: pancar_server, max_events: usize, timeout_ms: i64) -> pancar_status {
    status_of(|| dispatch_lane(server, 0, max_events, timeout_ms))
}

/// As `pancar_dispatch`, for one of several lanes (see `pancar_config_set_lanes`), so that callbacks run on as many threads. All
/// callbacks of a socket, and of all sockets of the same connection, are called by the same lane and in order; what
/// concerns no socket by lane 0.
///
/// Errors: as there, and `PANCAR_NOT_FOUND` where there is no such lane.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_dispatch_lane(
    server: pancar_server,
    lane: usize,
    max_events: usize,
    timeout_ms: i64,
) -> pancar_status {
    status_of(|| dispatch_lane(server, lane, max_events, timeout_ms))
}

/// A file descriptor that is readable while events wait, for `epoll`, `poll` or any other loop: call `pancar_dispatch` with
/// `timeout_ms` 0 when it is. It belongs to the server; do not read from it.
///
/// Errors: `PANCAR_IO` when the system has none left.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_wake_fd(server: pancar_server, fd: Option<&mut MaybeUninit<i32>>) -> pancar_status {
    pancar_wake_fd_lane(server, 0, fd)
}

/// As `pancar_wake_fd`, for one of several lanes.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_wake_fd_lane(
    server: pancar_server,
    lane: usize,
    fd: Option<&mut MaybeUninit<i32>>,
) -> pancar_status {
    guard(|| {
        let out = place(fd, "fd")?;
        let server = handle::server(server)?;
        let descriptor = server.lane(lane)?.descriptor()?;
        if !server.mailbox(lane)?.is_empty() {
            server.lane(lane)?.bell().ring();
        }
        out.write(descriptor);
        Ok(())
    })
}

/// Lets this thread serve the clients of a lane too, where that can be, until the server closes.
fn drive(server: &Arc<Server>, number: usize) -> Done {
    let mailbox = Arc::clone(server.mailbox(number)?);
    let (of, mut events) = (Arc::clone(server), VecDeque::new());
    server.host.drive(number, move || {
        let Ok(lane) = of.lane(number) else { return };
        mailbox.drain_into(&mut events, BATCH);
        handle_all(&of, number, lane, &mut events);
    });
    Ok(())
}

fn run_lane(server: &Arc<Server>, number: usize, lane: &Lane) -> Done {
    let _leaving = Leaving(server);
    let _taken = lane.take()?;
    drive(server, number)?;
    let mut events = VecDeque::new();
    while turn(server, number, lane, &mut events, usize::MAX, None)? != Turned::Closed {}
    Ok(())
}

/// Dispatches until the server has closed: the first lane on this thread, others on threads of their own. Returns `PANCAR_OK`
/// then; a server that was closed or freed before returns at once.
///
/// When the server listens already and has as many lanes as workers or more, these threads serve the network as well, each for
/// the clients whose callbacks it calls: an event then never changes threads, which is the fastest way. A callback that blocks
/// keeps those clients waiting.
///
/// Errors: `PANCAR_BUSY` inside of a callback, and while another thread dispatches; `PANCAR_IO` when threads cannot be had.
#[unsafe(no_mangle)]
pub extern "C" fn pancar_server_run(server: pancar_server) -> pancar_status {
    guard(|| {
        let server = handle::server(server)?;
        let first = server.lane(0)?;
        // All or nothing: a lane that another thread has is a mistake of the program.
        server.lanes().iter().try_for_each(|lane| lane.take().map(drop))?;
        std::thread::scope(|scope| {
            for (number, lane) in server.lanes().iter().enumerate().skip(1) {
                let server = &server;
                let run = move || {
                    if let Err(failure) = run_lane(server, number, lane) {
                        tracing::error!(lane = number, ?failure, "a lane is not dispatched");
                    }
                };
                let started =
                    std::thread::Builder::new().name(format!("pancar-lane-{number}")).spawn_scoped(scope, run);
                if let Err(error) = started {
                    server.host.close();
                    return Err(Failure::new(PANCAR_IO, format!("there is no thread for a lane: {error}")));
                }
            }
            run_lane(&server, 0, first)
        })
    })
}
