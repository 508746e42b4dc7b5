//! Sending: encoded once, a pointer into each outbox, one wake per worker.

use crate::error::{Error, ErrorKind, Result};
use crate::hub::acks::{AckOutcome, Collector, OnAck, OnAcks};
use crate::hub::before::Early;
use crate::hub::event::Event;
use crate::hub::link::Pushed;
use crate::hub::namespace::{Namespace, State};
use crate::hub::peer::Peer;
use crate::hub::shard::Shard;
use crate::hub::socket::Socket;
use crate::hub::target::{Flags, Target};
use crate::payload::Payload;
use crate::wire::frame::Burst;
use crate::wire::packet::{self, EventOptions};
use crate::wire::text::Text;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Refuses the names that the protocol keeps for itself.
fn check_name(name: &str) -> Result<()> {
    if packet::is_reserved(name) {
        return Err(Error::new(ErrorKind::InvalidName, format!("`{name}` is a reserved event name")));
    }
    Ok(())
}

/// What a fan-out gathers while the rooms are locked, to be done when they no longer are.
#[derive(Default)]
struct Fanout {
    dirty: Vec<(Arc<Shard>, Vec<Arc<Peer>>)>,
    overflown: Vec<Arc<Peer>>,
    watching: Vec<Arc<Socket>>,
}

impl Fanout {
    fn send(&mut self, socket: &Arc<Socket>, burst: &Burst, volatile: bool) -> bool {
        let peer = socket.peer();
        let pushed = peer.link().push(burst.clone(), volatile, false);
        match pushed {
            Pushed::Queued => true,
            Pushed::Dropped => false,
            Pushed::Dirty => {
                self.mark(peer);
                true
            }
            Pushed::Overflow => {
                self.overflown.push(Arc::clone(peer));
                false
            }
        }
    }

    fn mark(&mut self, peer: &Arc<Peer>) {
        let shard = peer.shard();
        match self.dirty.iter_mut().find(|(known, _)| Arc::ptr_eq(known, shard)) {
            Some((_, peers)) => peers.push(Arc::clone(peer)),
            None => self.dirty.push((Arc::clone(shard), vec![Arc::clone(peer)])),
        }
    }

    fn finish(self, name: &str, args: &Payload) {
        // First, so that nobody who got the event can ask before it is told.
        let name = if self.watching.is_empty() { Text::default() } else { Text::from(name) };
        for socket in self.watching {
            let hub = Arc::clone(socket.peer().hub());
            hub.sink().push(Event::Outgoing { socket, name: name.clone(), args: args.clone() });
        }
        for (shard, peers) in self.dirty {
            shard.mark_dirty(peers);
        }
        for peer in self.overflown {
            peer.after_push(Pushed::Overflow);
        }
    }
}

impl Namespace {
    /// Sends an event to the sockets that a target means, here and on the other servers.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a reserved name.
    pub fn emit(&self, target: &Target, flags: Flags, name: &str, args: &Payload) -> Result<()> {
        check_name(name)?;
        if !flags.local
            && let Some(hub) = self.hub()
        {
            hub.adapter().publish(self.name(), crate::hub::adapter::Publish::Broadcast { target, flags, name, args });
        }
        self.emit_local(target, flags, name, args);
        Ok(())
    }

    /// Sends an event to the sockets of this server that a target means.
    pub fn emit_local(&self, target: &Target, flags: Flags, name: &str, args: &Payload) {
        let mut fanout = Fanout::default();
        let watched = self.has_watchers();
        if !flags.volatile && self.is_recovering() {
            self.emit_remembered(target, flags, name, args, &mut fanout);
        } else {
            let options = EventOptions { no_compress: flags.no_compress, ..EventOptions::default() };
            let burst = packet::event(self.name(), name, args, options);
            self.state().read().rooms.visit(target, |socket| {
                fanout.send(socket, &burst, flags.volatile);
                if watched && socket.watches_outgoing() {
                    fanout.watching.push(Arc::clone(socket));
                }
            });
        }
        fanout.finish(name, args);
    }

    fn is_recovering(&self) -> bool {
        self.hub().is_some_and(|hub| hub.config().connection_state_recovery.is_some())
    }

    /// As above, with an offset that clients can come back with. Serialised, so that offsets rise for every client.
    fn emit_remembered(&self, target: &Target, flags: Flags, name: &str, args: &Payload, fanout: &mut Fanout) {
        let mut state = self.state().write();
        let State { rooms, log, .. } = &mut *state;
        let Some(log) = log else { return };
        let (number, offset) = log.next_offset();
        let options = EventOptions { ack: None, offset: Some(&offset), no_compress: flags.no_compress };
        let burst = packet::event(self.name(), name, args, options);
        rooms.visit(target, |socket| {
            fanout.send(socket, &burst, false);
            if let Some(recovery) = socket.recovery() {
                recovery.sent.store(number, Ordering::Relaxed);
            }
            if socket.watches_outgoing() {
                fanout.watching.push(Arc::clone(socket));
            }
        });
        log.remember(number, target.clone(), burst, Instant::now());
    }

    /// Sends an event and collects the answers: of every socket its arguments, a timeout, or that it left.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a reserved name; `done` is then not called.
    pub fn emit_with_ack(&self, target: &Target, flags: Flags, name: &str, args: &Payload, done: OnAcks) -> Result<()> {
        check_name(name)?;
        let hub = self.hub().ok_or_else(|| Error::new(ErrorKind::Closed, "the server is closed"))?;
        if flags.local {
            self.emit_with_ack_local(target, flags, name, args, done);
            return Ok(());
        }
        let others = hub.adapter().broadcast_with_ack(self.name(), target, flags, name, args);
        let Some(shard) = hub.shard() else {
            self.emit_with_ack_local(target, flags, name, args, done);
            return Ok(());
        };
        let both = move |mine: Vec<AckOutcome>| {
            let join = async move {
                let mut all = mine;
                match others.await {
                    Ok(more) => all.extend(more),
                    Err(error) => tracing::warn!(%error, "the other servers did not answer a broadcast"),
                }
                done(all);
            };
            crate::hub::shard::run(&shard, Box::pin(join));
        };
        self.emit_with_ack_local(target, flags, name, args, Box::new(both));
        Ok(())
    }

    /// As above, on this server only.
    pub fn emit_with_ack_local(&self, target: &Target, flags: Flags, name: &str, args: &Payload, done: OnAcks) {
        let id = self.next_ack_id();
        let timeout = flags.timeout.or_else(|| self.hub().and_then(|hub| hub.config().ack_timeout));
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let options = EventOptions { ack: Some(id), offset: None, no_compress: flags.no_compress };
        let burst = packet::event(self.name(), name, args, options);
        let sockets = self.sockets(target);
        let collector = Collector::new(sockets.len(), done);
        let mut fanout = Fanout::default();
        for socket in sockets {
            // Registered first: the answer may come before this thread goes on.
            if let Err(error) = socket.expect_ack_of(id, deadline, Arc::clone(&collector)) {
                collector.refused(socket.id().clone(), error);
                continue;
            }
            fanout.send(&socket, &burst, flags.volatile);
            if socket.watches_outgoing() {
                fanout.watching.push(socket);
            }
        }
        fanout.finish(name, args);
    }
}

impl Socket {
    /// Sends an event to this socket; to one that is about to join behind the answer to its CONNECT.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] for a reserved name, [`ErrorKind::Disconnected`] when the socket is gone,
    /// [`ErrorKind::LimitExceeded`] for too much to a socket that is about to join.
    pub fn emit(self: &Arc<Self>, flags: Flags, name: &str, args: &Payload) -> Result<()> {
        check_name(name)?;
        let early = || match self.recovery() {
            Some(_) if !flags.volatile => Early::Numbered { flags, name: name.into(), args: args.clone() },
            _ => Early::Ready(self.event_of(flags, name, args)),
        };
        if self.is_joining() && self.send_before(early)? {
            self.tell_outgoing(name, args);
            return Ok(());
        }
        if self.recovery().is_some_and(|_| !flags.volatile && !self.left_for_good()) {
            // Also when the client is away: it gets this when it comes back.
            self.namespace().emit_local(&Target::one(self.id()), flags, name, args);
            return Ok(());
        }
        if !self.is_connected() {
            return Err(Error::disconnected());
        }
        self.send(self.event_of(flags, name, args), flags, name, args);
        Ok(())
    }

    fn event_of(&self, flags: Flags, name: &str, args: &Payload) -> Burst {
        let options = EventOptions { no_compress: flags.no_compress, ..EventOptions::default() };
        packet::event(self.namespace().name(), name, args, options)
    }

    fn tell_outgoing(self: &Arc<Self>, name: &str, args: &Payload) {
        if self.watches_outgoing() {
            let hub = self.peer().hub();
            hub.sink().push(Event::Outgoing { socket: Arc::clone(self), name: name.into(), args: args.clone() });
        }
    }

    fn send(self: &Arc<Self>, burst: Burst, flags: Flags, name: &str, args: &Payload) {
        self.tell_outgoing(name, args);
        let pushed = self.peer().link().push(burst, flags.volatile, false);
        self.peer().after_push(pushed);
    }

    /// Sends an event and waits for the answer of the client. `done` is called once: with the arguments, with a
    /// timeout, or as soon as the client is gone.
    ///
    /// # Errors
    /// As [`Socket::emit`], and [`ErrorKind::LimitExceeded`]; `done` is then not called.
    pub fn emit_with_ack(self: &Arc<Self>, flags: Flags, name: &str, args: &Payload, done: OnAck) -> Result<()> {
        check_name(name)?;
        if !self.is_connected() {
            return Err(Error::disconnected());
        }
        let id = self.namespace().next_ack_id();
        let timeout = flags.timeout.or(self.peer().hub().config().ack_timeout);
        self.expect_ack(id, timeout.map(|timeout| Instant::now() + timeout), done)?;
        let options = EventOptions { ack: Some(id), offset: None, no_compress: flags.no_compress };
        self.send(packet::event(self.namespace().name(), name, args, options), flags, name, args);
        Ok(())
    }
}
