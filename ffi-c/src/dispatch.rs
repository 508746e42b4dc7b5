//! One event to the callbacks that want it.

use crate::admission::Pending;
use crate::event::{Refusal, pancar_ack, pancar_event};
use crate::guard::{Done, Failure, last_message};
use crate::handle::{self, pancar_socket};
use crate::lane::Lane;
use crate::listeners::{Entries, Listeners, OnDisconnect, OnEvent, Rare};
use crate::namespace::Space;
use crate::server::{Server, lend_reply};
use crate::socket::{self, State};
use crate::status::{self, PANCAR_OK, PANCAR_PANIC, PANCAR_REFUSED, pancar_status};
use crate::view::pancar_str;
use pancar_core::host::{Event, HubEvent, JoinRequest, MatchRequest, Message, Namespace, Reply, Socket, Task};
use pancar_core::{Payload, Reason, Text};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

thread_local! {
    /// Which servers and lanes this thread is dispatching, the innermost last: one may be dispatched inside of another's
    /// callback.
    static INSIDE: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
}

/// The lane of a server that this thread is dispatching: it is inside of a callback.
pub(crate) fn lane_of(server: &Arc<Server>) -> Option<usize> {
    let server = Arc::as_ptr(server) as usize;
    INSIDE.with_borrow(|inside| inside.iter().rfind(|(of, _)| *of == server).map(|(_, lane)| *lane))
}

/// This thread is dispatching, for as long as this lives.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn enter(server: &Arc<Server>, lane: usize) -> Self {
        INSIDE.with_borrow_mut(|inside| inside.push((Arc::as_ptr(server) as usize, lane)));
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(Vec::pop);
    }
}

/// Calls the callbacks of an event. Those that fail harm nobody.
pub(crate) fn handle(server: &Arc<Server>, lane: &Lane, event: Event) {
    if server.is_freed() {
        return;
    }
    let handled = catch_unwind(AssertUnwindSafe(|| match event {
        Event::Hub(event) => happened(server, event),
        Event::Match(request) => matches(server, request),
        Event::Task(task) => {
            (task.0)();
            Ok(())
        }
        Event::Closed => {
            lane.close();
            Ok(())
        }
        Event::Ack { .. } | Event::Acks { .. } | Event::Own(_) => Ok(()),
    }));
    match handled {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => tracing::error!(?failure, "an event was not dispatched"),
        Err(_) => tracing::error!(status = PANCAR_PANIC, "an event was not dispatched"),
    }
}

fn happened(server: &Arc<Server>, event: HubEvent) -> Done {
    match event {
        HubEvent::Message(message) => received(server, message),
        HubEvent::Joining(request) => joining(server, request),
        HubEvent::Connected(socket) => connected(server, &socket),
        HubEvent::Disconnecting { socket, reason, detail, rooms } => {
            disconnecting(server, &socket, reason, detail, rooms)
        }
        HubEvent::Disconnected { socket, reason, detail } => disconnected(server, &socket, reason, detail),
        HubEvent::Outgoing { socket, name, args } => outgoing(server, &socket, name, args),
        HubEvent::ServerSide { namespace, name, args, reply } => server_side(server, &namespace, name, args, reply),
        HubEvent::NamespaceCreated(namespace) => Space::of(server, &namespace).map(drop),
        HubEvent::Opened(_) | HubEvent::Text(..) | HubEvent::Binary(..) | HubEvent::Closed(..) => Ok(()),
    }
}

fn matches(server: &Arc<Server>, request: MatchRequest) -> Done {
    let takes = server.matcher(request.matcher).is_some_and(|callback| {
        let auth = request.auth.clone().into();
        (callback.call)(pancar_str::of(&request.name), &raw const auth, callback.pointer())
    });
    request.answer(takes);
    Ok(())
}

fn joining(server: &Arc<Server>, request: JoinRequest) -> Done {
    let space = Space::of(server, request.socket().namespace())?;
    socket::state_of(server, request.socket())?;
    let middlewares = space.levels().flat_map(|space| space.middlewares.all().to_vec()).collect();
    Pending::new(server, request, middlewares).go_on();
    Ok(())
}

fn connected(server: &Arc<Server>, socket: &Arc<Socket>) -> Done {
    let space = Space::of(server, socket.namespace())?;
    let handle = socket::state_of(server, socket)?.handle();
    if space.watches_outgoing() {
        socket.watch_outgoing(true);
    }
    for level in space.levels() {
        for entry in level.connection.all().iter() {
            if let Some(callback) = entry.claim() {
                judge((callback.call)(handle, callback.pointer()), "connection");
            }
        }
    }
    Ok(())
}

/// Everything that listens to a socket: its own callbacks, then those of its namespace.
struct Audience<'a> {
    state: &'a State,
    space: &'a Space,
}

impl<'a> Audience<'a> {
    fn levels(&self) -> impl Iterator<Item = &'a Listeners> {
        [&self.state.listeners].into_iter().chain(self.space.levels().map(|space| &space.listeners))
    }

    fn rare(&self) -> impl Iterator<Item = &'a Rare> {
        self.levels().filter_map(Listeners::rare)
    }
}

fn event_of(space: &Space, name: Text, args: Payload, ack: pancar_ack) -> pancar_event {
    pancar_event { name, args: args.into(), ack, namespace: space.handle(), refusal: Mutex::default() }
}

fn received(server: &Arc<Server>, message: Message) -> Done {
    let Message { socket, name, args, ack } = message;
    let space = Space::of(server, socket.namespace())?;
    let state = socket::state_of(server, &socket)?;
    let audience = Audience { state, space };
    let ack = ack.map_or(pancar_ack::NONE, |id| pancar_ack { socket: state.handle(), id });
    let event = event_of(space, name, args, ack);
    for rare in audience.rare() {
        call_all(&rare.any.all(), state.handle(), &event);
    }
    if let Some(refusal) = refused(&audience, &event) {
        tell_refusal(&audience, &event, &refusal);
        return Ok(());
    }
    if !socket.is_connected() && audience.rare().any(|rare| !rare.middlewares.is_empty()) {
        return Ok(());
    }
    handle::at_hand(state.handle(), &socket, || {
        for level in audience.levels() {
            if let Some(entries) = level.of(&event.name)
                && call_all(&entries, state.handle(), &event)
            {
                level.forget_spent(&event.name);
            }
        }
    });
    Ok(())
}

/// Asks the middlewares of a socket, up to the first that refuses.
fn refused(audience: &Audience<'_>, event: &pancar_event) -> Option<Refusal> {
    for rare in audience.rare() {
        for entry in rare.middlewares.all().iter() {
            let Some(callback) = entry.claim() else { continue };
            let status = (callback.call)(audience.state.handle(), event, callback.pointer());
            if status == PANCAR_OK {
                continue;
            }
            let said = event.refusal.lock().take().filter(|_| status == PANCAR_REFUSED);
            return Some(said.unwrap_or_else(|| {
                judge(status, &event.name);
                Refusal { message: "Internal server error".into(), data: None }
            }));
        }
    }
    None
}

fn tell_refusal(audience: &Audience<'_>, event: &pancar_event, refusal: &Refusal) {
    let data = refusal.data.as_ref().and_then(|data| {
        Payload::from_json_array(format!("[{data}]"), Vec::new(), crate::args::MAX_DEPTH + 1).ok().map(Into::into)
    });
    let data = data.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    for rare in audience.rare() {
        for entry in rare.refused.all().iter() {
            if let Some(callback) = entry.claim() {
                let message = pancar_str::of(&refusal.message);
                (callback.call)(audience.state.handle(), event, message, data, callback.pointer());
            }
        }
    }
}

/// Calls callbacks in their order; whether one of them has had its only call.
fn call_all(entries: &Entries<OnEvent>, socket: pancar_socket, event: &pancar_event) -> bool {
    let mut spent = false;
    for entry in entries.iter() {
        if let Some(callback) = entry.claim() {
            judge((callback.call)(socket, event, callback.pointer()), &event.name);
        }
        spent |= entry.is_once();
    }
    spent
}

/// What a callback returned.
fn judge(status: pancar_status, what: &str) {
    if status != PANCAR_OK {
        let error = last_message();
        tracing::error!(callback = what, status, error, "a callback failed");
    }
}

fn disconnecting(server: &Arc<Server>, socket: &Arc<Socket>, reason: Reason, detail: &str, rooms: Vec<Text>) -> Done {
    let space = Space::of(server, socket.namespace())?;
    let state = socket::state_of(server, socket)?;
    state.set_leaving(rooms);
    for rare in (Audience { state, space }).rare() {
        tell_leaving(&rare.disconnecting.all(), state, reason, detail);
    }
    state.set_leaving(Vec::new());
    Ok(())
}

fn disconnected(server: &Arc<Server>, socket: &Arc<Socket>, reason: Reason, detail: &str) -> Done {
    let space = Space::of(server, socket.namespace())?;
    let state = socket::state_of(server, socket)?;
    for rare in (Audience { state, space }).rare() {
        tell_leaving(&rare.disconnect.all(), state, reason, detail);
    }
    state.release();
    match server.host.config().connection_state_recovery {
        Some(recovery) if !socket.left_for_good() => {
            keep_for(recovery.max_disconnection_duration, server, socket, state)
        }
        _ => state.forget(),
    }
    Ok(())
}

/// A client that may come back can still be sent to: the handle stays for that time.
fn keep_for(time: Duration, server: &Arc<Server>, socket: &Arc<Socket>, state: &State) {
    let of = Arc::clone(socket);
    let later = Task(Box::new(move || forget(&of)));
    let noted = server
        .mailbox(state.lane())
        .map(|mailbox| server.host.post_after(Some(socket), mailbox, time, Event::Task(later)));
    if !matches!(noted, Ok(Ok(()))) {
        state.forget();
    }
}

fn tell_leaving(entries: &Entries<OnDisconnect>, state: &State, reason: Reason, detail: &str) {
    for entry in entries.iter() {
        if let Some(callback) = entry.claim() {
            (callback.call)(state.handle(), status::number(reason), pancar_str::of(detail), callback.pointer());
        }
    }
}

fn outgoing(server: &Arc<Server>, socket: &Arc<Socket>, name: Text, args: Payload) -> Done {
    let space = Space::of(server, socket.namespace())?;
    let state = socket::state_of(server, socket)?;
    let event = event_of(space, name, args, pancar_ack::NONE);
    for rare in (Audience { state, space }).rare() {
        call_all(&rare.any_outgoing.all(), state.handle(), &event);
    }
    Ok(())
}

fn server_side(
    server: &Arc<Server>,
    namespace: &Arc<Namespace>,
    name: Text,
    args: Payload,
    reply: Option<Reply>,
) -> Done {
    let space = Space::of(server, namespace)?;
    let Some(callback) = space.server_side(&name) else { return Ok(()) };
    lend_reply(reply, |socket| {
        let event = event_of(space, name, args, pancar_ack { socket, id: 0 });
        judge((callback.call)(0, &raw const event, callback.pointer()), &event.name);
    });
    Ok(())
}

/// A socket that never joined is gone.
pub(crate) fn forget(socket: &Socket) {
    match socket::state(socket) {
        Ok(state) => state.forget(),
        Err(failure) => drop::<Failure>(failure),
    }
}
