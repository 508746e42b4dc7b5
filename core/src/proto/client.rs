//! The Socket.IO side of a connection: namespaces joined, binary assembly, connect deadline, legality of packets.

use crate::config::Config;
use crate::payload::Payload;
use crate::proto::connection::Output;
use crate::wire::json;
use crate::wire::packet::{self, Assembly, Body, Limits, Packet};
use crate::wire::text::Text;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// The place of a namespace among those of a connection.
pub type Slot = usize;

/// Why a client is closed; words for people.
pub type Violation = &'static str;

#[derive(Debug)]
enum State {
    /// The server ended or refused it. What is still on its way is ignored until the client joins again.
    Left,
    /// The client itself left: anything more is a violation.
    Free,
    /// CONNECT came and has not been answered.
    Pending {
        serial: u64,
        waiting: Vec<(Body, Vec<Bytes>)>,
    },
    Joined,
}

#[derive(Debug)]
struct Membership {
    namespace: Text,
    state: State,
}

/// The machine of one client.
#[derive(Debug)]
pub struct Client {
    memberships: Vec<Membership>,
    assembly: Option<(Assembly, Instant)>,
    connect_by: Option<Instant>,
    serial: u64,
    rules: Rules,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    limits: Limits,
    attachment_timeout: Duration,
    attachment_bytes: usize,
    namespaces: usize,
    pending_connects: usize,
    pending_packets: usize,
}

/// A CONNECT that awaits its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Where the namespace stands.
    pub slot: Slot,
    serial: u64,
}

#[cfg(test)]
impl Ticket {
    /// The ticket of the first CONNECT of a connection.
    pub(crate) const FIRST: Self = Self { slot: 0, serial: 1 };
}

impl Client {
    /// A client that has joined nothing yet.
    pub fn new(config: &Config, now: Instant) -> Self {
        let limits = Limits {
            attachments: config.max_attachments,
            depth: config.max_json_depth,
            namespace: config.max_namespace_length,
        };
        let rules = Rules {
            limits,
            attachment_timeout: config.attachment_timeout,
            attachment_bytes: config.max_http_buffer_size.saturating_mul(2),
            namespaces: config.max_namespaces_per_connection,
            pending_connects: config.max_pending_connects,
            pending_packets: config.max_pending_packets,
        };
        let connect_by = Some(now + config.connect_timeout);
        Self { memberships: Vec::new(), assembly: None, connect_by, serial: 0, rules }
    }

    /// The next moment at which [`Client::timeout`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let assembly = self.assembly.as_ref().map(|(_, until)| *until);
        [assembly, self.connect_by].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn timeout(&self, now: Instant) -> Result<(), Timeout> {
        if self.connect_by.is_some_and(|until| now >= until) {
            return Err(Timeout::Connect);
        }
        match &self.assembly {
            Some((_, until)) if now >= *until => Err(Timeout::Attachments),
            _ => Ok(()),
        }
    }

    /// A message of text came.
    pub fn text(&mut self, text: &Text, now: Instant, out: &mut Vec<Output>) -> Result<(), Violation> {
        if self.assembly.is_some() {
            return Err("text while attachments are awaited");
        }
        let packet = Packet::parse(text, self.rules.limits).map_err(describe)?;
        match packet.body {
            Body::Connect(auth) => self.connect(packet.namespace, auth, out),
            Body::Event { attachments: 1.., .. } | Body::Ack { attachments: 1.., .. } => self.assemble(packet, now),
            _ => self.deliver(packet, Vec::new(), out),
        }
    }

    /// A binary message came.
    pub fn binary(&mut self, data: Bytes, out: &mut Vec<Output>) -> Result<(), Violation> {
        let (mut assembly, until) = self.assembly.take().ok_or("binary message that nothing announced")?;
        let complete = assembly.push(data);
        if assembly.bytes() > self.rules.attachment_bytes {
            return Err("attachments too large");
        }
        if !complete {
            self.assembly = Some((assembly, until));
            return Ok(());
        }
        let (packet, attachments) = assembly.finish();
        let (Body::Event { args, .. } | Body::Ack { args, .. }) = &packet.body else { return Ok(()) };
        json::placeholders(args, attachments.len()).map_err(|_| "illegal placeholder")?;
        self.deliver(packet, attachments, out)
    }

    fn assemble(&mut self, packet: Packet, now: Instant) -> Result<(), Violation> {
        let (Body::Event { attachments, .. } | Body::Ack { attachments, .. }) = packet.body else { return Ok(()) };
        self.find(&packet.namespace).ok_or("packet for a namespace that was not joined")?;
        self.assembly = Some((Assembly::new(packet, attachments), now + self.rules.attachment_timeout));
        Ok(())
    }

    /// The place of a namespace in which packets are no violation.
    fn find(&self, namespace: &Text) -> Option<Slot> {
        let known = |m: &Membership| m.namespace == *namespace && !matches!(m.state, State::Free);
        self.memberships.iter().position(known)
    }

    fn connect(&mut self, namespace: Text, auth: Text, out: &mut Vec<Output>) -> Result<(), Violation> {
        let pending = |m: &&Membership| matches!(m.state, State::Pending { .. });
        let live = |m: &&Membership| matches!(m.state, State::Pending { .. } | State::Joined);
        if self.memberships.iter().any(|m| live(&m) && m.namespace == namespace) {
            return Err("namespace joined twice");
        }
        if self.memberships.iter().filter(pending).count() >= self.rules.pending_connects
            || self.memberships.iter().filter(live).count() >= self.rules.namespaces
        {
            out.push(Output::Queue(packet::connect_error(&namespace, "Too many namespaces", None)));
            return Ok(());
        }
        self.serial += 1;
        let state = State::Pending { serial: self.serial, waiting: Vec::new() };
        let slot = self.seat(Membership { namespace: namespace.clone(), state });
        out.push(Output::Join { ticket: Ticket { slot, serial: self.serial }, namespace, auth });
        Ok(())
    }

    /// Puts a membership in the place of one of the same name, else of one that is free, else of the oldest that ended.
    fn seat(&mut self, membership: Membership) -> Slot {
        let places = &mut self.memberships;
        let full = places.len() >= self.rules.namespaces;
        let slot = places
            .iter()
            .position(|m| m.namespace == membership.namespace)
            .or_else(|| places.iter().position(|m| matches!(m.state, State::Free)))
            .or_else(|| places.iter().position(|m| full && matches!(m.state, State::Left)))
            .unwrap_or(places.len());
        match places.get_mut(slot) {
            Some(place) => *place = membership,
            None => {
                // Most clients join one namespace; an idle connection should not pay for more.
                places.reserve_exact(1);
                places.push(membership);
            }
        }
        slot
    }

    fn deliver(&mut self, packet: Packet, attachments: Vec<Bytes>, out: &mut Vec<Output>) -> Result<(), Violation> {
        let slot = self.find(&packet.namespace).ok_or("packet for a namespace that was not joined")?;
        let limit = self.rules.pending_packets;
        let Some(membership) = self.memberships.get_mut(slot) else { return Ok(()) };
        match &mut membership.state {
            State::Joined => {}
            State::Pending { waiting, .. } if waiting.len() >= limit => {
                return Err("too many packets before the namespace was joined");
            }
            State::Pending { waiting, .. } => {
                waiting.push((packet.body, attachments));
                return Ok(());
            }
            State::Left | State::Free => return Ok(()),
        }
        self.emit(slot, packet.body, attachments, out);
        Ok(())
    }

    fn emit(&mut self, slot: Slot, body: Body, attachments: Vec<Bytes>, out: &mut Vec<Output>) {
        match body {
            Body::Event { name, args, ack, .. } => {
                out.push(Output::Event { slot, name, args: Payload::from_checked(args, attachments), ack });
            }
            Body::Ack { id, args, .. } => {
                out.push(Output::Ack { slot, id, args: Payload::from_checked(args, attachments) });
            }
            Body::Disconnect => {
                self.free(slot, State::Free);
                out.push(Output::Leave { slot });
            }
            Body::Connect(_) => {}
        }
    }

    fn free(&mut self, slot: Slot, state: State) {
        if let Some(membership) = self.memberships.get_mut(slot) {
            membership.state = state;
        }
    }

    /// Whether a CONNECT still awaits its answer.
    pub fn is_pending(&self, ticket: Ticket) -> bool {
        let state = self.memberships.get(ticket.slot).map(|m| &m.state);
        matches!(state, Some(State::Pending { serial, .. }) if *serial == ticket.serial)
    }

    /// The server accepts; the packets that came too early follow in `out`.
    pub fn accept(&mut self, ticket: Ticket, out: &mut Vec<Output>) -> bool {
        if !self.is_pending(ticket) {
            return false;
        }
        self.connect_by = None;
        let Some(membership) = self.memberships.get_mut(ticket.slot) else { return false };
        let before = std::mem::replace(&mut membership.state, State::Joined);
        if let State::Pending { waiting, .. } = before {
            for (body, attachments) in waiting {
                self.emit(ticket.slot, body, attachments, out);
            }
        }
        true
    }

    /// The server refuses.
    pub fn reject(&mut self, ticket: Ticket) -> bool {
        let pending = self.is_pending(ticket);
        if pending {
            self.free(ticket.slot, State::Left);
        }
        pending
    }

    /// The server disconnects the client from a namespace; whether it was joined.
    pub fn leave(&mut self, slot: Slot) -> bool {
        let joined = matches!(self.memberships.get(slot).map(|m| &m.state), Some(State::Joined));
        if joined {
            self.free(slot, State::Left);
        }
        joined
    }
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// No namespace was joined.
    Connect,
    /// Attachments that were announced did not come.
    Attachments,
}

fn describe(error: packet::PacketError) -> Violation {
    use packet::PacketError as E;
    match error {
        E::UnknownType => "bad packet: unknown type",
        E::BadAttachments => "bad packet: illegal number of attachments",
        E::TooManyAttachments => "bad packet: too many attachments",
        E::NamespaceTooLong => "bad packet: namespace name too long",
        E::BadAckId => "bad packet: illegal acknowledgement id",
        E::UnexpectedPayload => "bad packet: unexpected payload",
        E::Reserved => "bad packet: reserved event name",
        E::NotJson | E::Json(_) => "bad packet: invalid payload",
    }
}

#[cfg(test)]
mod attachment_tests;
#[cfg(test)]
mod tests;
