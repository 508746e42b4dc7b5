//! One transport client: its machine and its link.

use crate::error::Reason;
use crate::hub::event::{Event, Message};
use crate::hub::handshake::Handshake;
use crate::hub::link::{Link, QueueLimits};
use crate::hub::registry::Hub;
use crate::hub::shard::{Shard, Timer};
use crate::hub::socket::Socket;
use crate::ids::Sid;
use crate::proto::client::{Slot, Ticket};
use crate::proto::connection::{Connection, Input, Output, Verdict};
use crate::proto::session::{Close, Transport};
use crate::wire::packet;
use crate::wire::text::Text;
use atomic_waker::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

mod probe;
mod sending;
mod telling;
use probe::Probe;
pub use probe::{ProbeNews, ProbeSerial};
use sending::NOT_READING;
use telling::Step;

struct Machine {
    connection: Connection,
    /// The sockets, at the slots of their namespaces.
    sockets: Vec<Option<Arc<Socket>>>,
    steps: VecDeque<Step>,
    /// What follows from a CONNECT that was accepted; told before what came behind that CONNECT.
    urgent: Vec<Step>,
    /// Whether some thread is telling steps.
    pumping: bool,
    /// The earliest deadline that stands with the shard.
    scheduled: Option<Instant>,
}

/// Peers that have been made.
static PEERS: AtomicU64 = AtomicU64::new(0);

/// One transport client.
pub struct Peer {
    sid: Sid,
    number: u64,
    hub: Arc<Hub>,
    shard: Arc<Shard>,
    handshake: Arc<Handshake>,
    machine: Mutex<Machine>,
    link: Mutex<Link>,
    /// Wakes the task that reads the WebSocket.
    task: AtomicWaker,
    /// Locked after the machine where both are.
    probe: Mutex<Probe>,
    joined: AtomicBool,
    broken: AtomicBool,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("sid", &self.sid).finish_non_exhaustive()
    }
}

impl Peer {
    /// A peer whose session begins now.
    pub fn new(
        hub: Arc<Hub>,
        shard: Arc<Shard>,
        sid: Sid,
        transport: Transport,
        handshake: Handshake,
        now: Instant,
    ) -> Arc<Self> {
        let connection = Connection::new(transport, hub.speaks_socket_io(), hub.config(), now);
        let limits = QueueLimits::new(hub.config(), &handshake);
        let machine = Machine {
            connection,
            sockets: Vec::new(),
            steps: VecDeque::new(),
            urgent: Vec::new(),
            pumping: false,
            scheduled: None,
        };
        Arc::new(Self {
            sid,
            number: PEERS.fetch_add(1, Ordering::Relaxed),
            hub,
            shard,
            handshake: Arc::new(handshake),
            machine: Mutex::new(machine),
            link: Mutex::new(Link::polling(limits)),
            task: AtomicWaker::new(),
            probe: Mutex::default(),
            joined: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        })
    }

    /// The private id.
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// A number that no other peer of this process has or had.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The hub to which it belongs.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// The shard on which it lives.
    pub fn shard(&self) -> &Arc<Shard> {
        &self.shard
    }

    /// The request that opened it.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.handshake
    }

    /// The transport in use.
    pub fn transport(&self) -> Transport {
        self.machine.lock().connection.session().transport()
    }

    /// Whether messages may still pass.
    pub fn is_open(&self) -> bool {
        self.machine.lock().connection.session().is_open()
    }

    /// Whether it has ended; one that the server closes may have to wait for the client to come and hear of it.
    pub fn has_ended(&self) -> bool {
        self.machine.lock().connection.session().is_closed()
    }

    /// Whether it has ended because the client broke a rule.
    pub fn was_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Whether the WebSocket is not to be read on until a POST has ended.
    pub fn is_held(&self) -> bool {
        self.machine.lock().connection.session().is_held()
    }

    /// Whether it has ever joined a namespace.
    pub fn has_joined(&self) -> bool {
        self.joined.load(Ordering::Relaxed)
    }

    /// The link, locked. What a caller changes in it is announced by [`Peer::after_push`].
    pub fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock()
    }

    /// The waker of the task that reads the WebSocket.
    pub fn task(&self) -> &AtomicWaker {
        &self.task
    }

    /// Takes what happened, and tells what follows.
    pub fn handle(self: &Arc<Self>, input: Input, now: Instant) -> Verdict {
        let verdict = {
            let mut machine = self.machine.lock();
            let verdict = self.step(&mut machine, input, now);
            self.reschedule(&mut machine);
            verdict
        };
        self.pump();
        verdict
    }

    /// Takes all that one read brought, under one lock.
    pub fn handle_all(self: &Arc<Self>, inputs: &mut Vec<Input>, now: Instant) {
        let mut inputs = inputs.drain(..);
        let mut outputs = Vec::new();
        loop {
            let joins = {
                let mut machine = self.machine.lock();
                // A CONNECT is judged before what follows it, or a row of them would all be pending at once.
                let joins = inputs.any(|input| {
                    self.step_with(&mut machine, input, now, &mut outputs);
                    matches!(machine.steps.back(), Some(Step::Join { .. }))
                });
                self.reschedule(&mut machine);
                joins
            };
            self.pump();
            if !joins {
                return;
            }
        }
    }

    /// A GET came: the verdict, and where it waits or is drained the answer, under one lock so that no message slips by.
    pub fn poll(self: &Arc<Self>, now: Instant) -> (Verdict, Option<Poll>) {
        let mut machine = self.machine.lock();
        let (parked, queued) = {
            let link = self.link();
            (link.is_parked(), link.is_queued())
        };
        let verdict = self.step(&mut machine, Input::Poll { parked, queued }, now);
        let mut link = self.link();
        let poll = match verdict {
            Verdict::Drain => Some(Poll::Ready(link.drain())),
            Verdict::Park if link.is_queued() => Some(Poll::Ready(link.drain())),
            Verdict::Park => {
                let (serial, answer) = link.park();
                Some(Poll::Waits(serial, answer))
            }
            _ => None,
        };
        drop(link);
        self.reschedule(&mut machine);
        drop(machine);
        self.pump();
        (verdict, poll)
    }

    fn step(self: &Arc<Self>, machine: &mut Machine, input: Input, now: Instant) -> Verdict {
        self.step_with(machine, input, now, &mut Vec::new())
    }

    /// As above, with memory for the outputs that a burst of inputs shares.
    fn step_with(
        self: &Arc<Self>,
        machine: &mut Machine,
        input: Input,
        now: Instant,
        outputs: &mut Vec<Output>,
    ) -> Verdict {
        let verdict = machine.connection.handle(input, now, outputs);
        for output in outputs.drain(..) {
            self.apply(machine, output);
        }
        verdict
    }

    fn apply(self: &Arc<Self>, machine: &mut Machine, output: Output) {
        match output {
            Output::Event { slot, name, args, ack } => {
                if let Some(socket) = machine.socket(slot) {
                    machine.steps.push_back(Step::Message(Message { socket, name, args, ack }));
                }
            }
            Output::Ack { slot, id, args } => {
                if let Some(socket) = machine.socket(slot) {
                    machine.steps.push_back(Step::Ack { socket, id, args });
                }
            }
            Output::Queue(burst) => self.push(burst),
            Output::Answer(answer) => self.link().answer(answer),
            Output::ProbePong => self.tell_probe(ProbeNews::Pong),
            Output::ProbeClose => self.tell_probe(ProbeNews::Close),
            Output::Upgraded => self.tell_probe(ProbeNews::Upgraded),
            Output::Join { ticket, namespace, auth } => machine.steps.push_back(Step::Join { ticket, namespace, auth }),
            Output::Leave { slot } => {
                if let Some(socket) = machine.sockets.get_mut(slot).and_then(Option::take) {
                    let reason = Reason::ClientNamespaceDisconnect;
                    machine.steps.push_back(Step::Left { socket, reason, detail: "the client left the namespace" });
                }
            }
            Output::Text(text) => machine.steps.push_back(Step::Event(Event::Text(Arc::clone(self), text))),
            Output::Binary(data) => machine.steps.push_back(Step::Event(Event::Binary(Arc::clone(self), data))),
            Output::Closed { reason, detail } => self.closed(machine, reason, detail),
        }
    }

    fn closed(self: &Arc<Self>, machine: &mut Machine, reason: Reason, detail: &'static str) {
        self.hub.forget(self);
        let broken = matches!(reason, Reason::ParseError | Reason::TransportError | Reason::PolicyViolation);
        self.broken.store(broken, Ordering::Relaxed);
        for socket in machine.sockets.drain(..).flatten() {
            machine.steps.push_back(Step::Left { socket, reason, detail });
        }
        machine.steps.push_back(Step::Closed(reason));
        let pushed = self.link().end(reason, detail);
        self.after_push(pushed);
        self.task.wake();
    }

    fn reschedule(self: &Arc<Self>, machine: &mut Machine) {
        let Some(deadline) = machine.connection.deadline() else { return };
        if machine.scheduled.is_none_or(|scheduled| deadline < scheduled) {
            machine.scheduled = Some(deadline);
            self.shard.schedule(deadline, Timer::Peer(Arc::downgrade(self)));
        }
    }

    /// An entry of this peer with the shard came due.
    pub fn timer_fired(self: &Arc<Self>, now: Instant) {
        {
            let mut machine = self.machine.lock();
            if machine.scheduled.is_some_and(|scheduled| scheduled <= now) {
                machine.scheduled = None;
            }
            if machine.connection.deadline().is_some_and(|deadline| deadline <= now) {
                let deaf = self.hub.sink().last_congested(&self.shard, now);
                self.step(&mut machine, Input::Timeout { deaf }, now);
            }
            self.reschedule(&mut machine);
        }
        self.pump();
        let after = self.link().judge(now);
        self.after_flush(after, now);
    }

    /// Ends the connection because it is gone, or because the client broke a rule.
    pub fn fail(self: &Arc<Self>, reason: Reason, detail: &'static str) {
        // Whoever carries the connection may hear of its end, and close it, before this machine does.
        let (reason, detail) = if self.link().has_overflowed() { NOT_READING } else { (reason, detail) };
        self.handle(Input::Ended { reason, detail }, Instant::now());
    }

    /// The server closes the connection.
    pub fn close(self: &Arc<Self>, close: Close) {
        let (parked, queued) = {
            let link = self.link();
            (link.is_parked(), link.is_queued())
        };
        self.handle(Input::Close { close, parked, queued }, Instant::now());
    }

    /// Disconnects every socket of this client, then the client itself.
    pub fn disconnect_all(self: &Arc<Self>) {
        let sockets: Vec<_> = self.machine.lock().sockets.iter().flatten().cloned().collect();
        for socket in sockets {
            socket.disconnect(false);
        }
        self.close(Close { reason: Reason::ForcedServerClose, detail: "disconnected by the server", discard: false });
    }

    /// Takes the socket at a slot out of its namespace on behalf of the server.
    pub fn leave(self: &Arc<Self>, socket: &Arc<Socket>, reason: Reason, say: bool) {
        {
            let mut machine = self.machine.lock();
            let slot = socket.slot();
            let seated = machine.sockets.get(slot).and_then(Option::as_ref).is_some_and(|s| Arc::ptr_eq(s, socket));
            if !seated || !machine.connection.client_mut().is_some_and(|client| client.leave(slot)) {
                return;
            }
            machine.sockets[slot] = None;
            let detail = "disconnected by the server";
            machine.steps.push_back(Step::Left { socket: Arc::clone(socket), reason, detail });
        }
        if say {
            self.push(packet::disconnect(socket.namespace().name()));
        }
        self.pump();
    }

    /// Whether a CONNECT still awaits its answer.
    pub fn is_pending(&self, ticket: Ticket) -> bool {
        let mut machine = self.machine.lock();
        machine.connection.session().is_open()
            && machine.connection.client_mut().is_some_and(|client| client.is_pending(ticket))
    }

    /// Refuses a CONNECT.
    pub fn reject(self: &Arc<Self>, ticket: Ticket, namespace: &Text, message: &str, data: Option<&str>) {
        let rejected = self.machine.lock().connection.client_mut().is_some_and(|client| client.reject(ticket));
        if rejected {
            self.push(packet::connect_error(namespace, message, data));
        }
    }

    /// Accepts a CONNECT: `enter` puts the socket into its namespace and queues the answer while nobody else can see
    /// or send anything of this socket. False when the client went away, and then `enter` was not called.
    pub fn accept(self: &Arc<Self>, ticket: Ticket, socket: &Arc<Socket>, enter: impl FnOnce()) -> bool {
        {
            let mut machine = self.machine.lock();
            let mut outputs = Vec::new();
            if !machine.connection.session().is_open()
                || !machine.connection.client_mut().is_some_and(|client| client.accept(ticket, &mut outputs))
            {
                return false;
            }
            enter();
            machine.seat(ticket.slot, Arc::clone(socket));
            let later = std::mem::take(&mut machine.steps);
            machine.steps.push_back(Step::Event(Event::Connected(Arc::clone(socket))));
            for output in outputs {
                self.apply(&mut machine, output);
            }
            let first = std::mem::replace(&mut machine.steps, later);
            machine.urgent.extend(first);
            if !self.joined.swap(true, Ordering::Relaxed) {
                self.hub.count_joined();
            }
            self.reschedule(&mut machine);
        }
        self.pump();
        true
    }

    /// Tells the sink that the connection of a bare Engine.IO server was opened.
    pub fn announce(self: &Arc<Self>) {
        if !self.hub.speaks_socket_io() {
            let mut machine = self.machine.lock();
            machine.steps.push_back(Step::Event(Event::Opened(Arc::clone(self))));
        }
        {
            let mut machine = self.machine.lock();
            self.reschedule(&mut machine);
        }
        self.pump();
    }
}

/// A GET that was not refused.
#[derive(Debug)]
pub enum Poll {
    /// Here is the answer.
    Ready(crate::hub::link::PollBody),
    /// It waits, under this number.
    Waits(u64, tokio::sync::oneshot::Receiver<crate::hub::link::PollBody>),
}

impl Machine {
    fn socket(&self, slot: Slot) -> Option<Arc<Socket>> {
        self.sockets.get(slot)?.clone()
    }

    fn seat(&mut self, slot: Slot, socket: Arc<Socket>) {
        if self.sockets.len() <= slot {
            self.sockets.resize(slot + 1, None);
        }
        if let Some(place) = self.sockets.get_mut(slot) {
            *place = Some(socket);
        }
    }
}

#[cfg(test)]
mod tests;
