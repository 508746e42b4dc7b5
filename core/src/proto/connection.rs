//! Session and client behind one `handle`: what a transport reports goes in, what must be done comes out.

use crate::config::Config;
use crate::error::Reason;
use crate::ids::AckId;
use crate::payload::Payload;
use crate::proto::client::{Client, Slot, Ticket, Timeout};
use crate::proto::session::{Close, Session, Transport};
use crate::wire::engine::{Packet, PacketError};
use crate::wire::frame::Burst;
use crate::wire::text::Text;
use bytes::Bytes;
use std::time::Instant;

/// What happened to a connection.
#[derive(Debug)]
pub enum Input {
    /// The text form of an Engine.IO packet, on the current transport.
    Text(Text),
    /// A binary message, likewise.
    Binary(Bytes),
    /// A GET came. Whether another one waits, and whether there is something to send.
    Poll { parked: bool, queued: bool },
    /// The client went away while its GET waited.
    PollAborted,
    /// A POST begins.
    Post,
    /// A POST was read to its end.
    PostEnded,
    /// The client went away while its POST was read.
    PostAborted,
    /// A WebSocket for this session came.
    Probe,
    /// It said something.
    ProbeText(Text),
    /// It sent something binary, which is never legal.
    ProbeBinary,
    /// It is gone.
    ProbeEnded,
    /// It has become the transport.
    Attached,
    /// The WebSocket in use is gone, or the client broke a rule of its.
    Ended { reason: Reason, detail: &'static str },
    /// The server closes the connection.
    Close { close: Close, parked: bool, queued: bool },
    /// The deadline has come. The last moment at which nothing could be read of clients, if there was one.
    Timeout { deaf: Option<Instant> },
}

/// The direct answer to an input: what an HTTP request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing stands in the way.
    Go,
    /// The GET waits.
    Park,
    /// The GET takes what is queued.
    Drain,
    /// The GET hears that the session was closed.
    Farewell,
    /// Status 400, nothing more: another request of the same kind was under way.
    Overlap,
    /// Status 400 with code 3: not the transport in use.
    Mismatch,
    /// Status 400 with code 1: the session has ended.
    Unknown,
}

/// How a GET that waits is answered when there is no message for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `6`
    Noop,
    /// `1`
    Close,
}

/// What must be done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Send on the current transport.
    Queue(Burst),
    /// Answer the GET that waits, if one does.
    Answer(Answer),
    /// Say `3probe` on the probing WebSocket.
    ProbePong,
    /// Close the probing WebSocket.
    ProbeClose,
    /// The probing WebSocket is the transport from now on.
    Upgraded,
    /// A client asks to join a namespace.
    Join { ticket: Ticket, namespace: Text, auth: Text },
    /// An event for the socket at `slot`.
    Event { slot: Slot, name: Text, args: Payload, ack: Option<AckId> },
    /// An answer for the socket at `slot`.
    Ack { slot: Slot, id: AckId, args: Payload },
    /// The client left the namespace at `slot`.
    Leave { slot: Slot },
    /// A message of a bare Engine.IO connection.
    Text(Text),
    /// A binary message, likewise.
    Binary(Bytes),
    /// The connection has ended.
    Closed { reason: Reason, detail: &'static str },
}

/// The protocol state of one client.
#[derive(Debug)]
pub struct Connection {
    session: Session,
    /// Nothing where the application speaks Engine.IO only.
    client: Option<Client>,
}

impl Connection {
    /// A connection that was just opened; `socket_io` says whether Socket.IO is spoken on it.
    pub fn new(transport: Transport, socket_io: bool, config: &Config, now: Instant) -> Self {
        let client = socket_io.then(|| Client::new(config, now));
        Self { session: Session::new(transport, config, now), client }
    }

    /// The session's part.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The Socket.IO part, where there is one.
    pub fn client_mut(&mut self) -> Option<&mut Client> {
        self.client.as_mut()
    }

    /// When [`Input::Timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        let session = self.session.deadline()?;
        let client = self.client.as_ref().filter(|_| self.session.is_open()).and_then(Client::deadline);
        Some(client.map_or(session, |client| client.min(session)))
    }

    /// Takes what happened and appends what must be done.
    pub fn handle(&mut self, input: Input, now: Instant, out: &mut Vec<Output>) -> Verdict {
        match input {
            Input::Text(text) => self.packet(Packet::parse(&text), now, out),
            Input::Binary(data) => self.packet(Ok(Packet::Binary(data)), now, out),
            Input::Poll { parked, queued } => return self.session.poll(parked, queued, out),
            Input::PollAborted => self.session.poll_aborted(out),
            Input::Post => return self.session.post(out),
            Input::PostEnded => self.session.post_ended(false, now, out),
            Input::PostAborted => self.session.post_ended(true, now, out),
            Input::Probe => return self.session.probe(now),
            Input::ProbeText(text) => self.session.probe_packet(Packet::parse(&text).ok(), now, out),
            Input::ProbeBinary => self.session.probe_packet(None, now, out),
            Input::ProbeEnded => self.session.probe_ended(),
            Input::Attached => self.session.attached(out),
            Input::Ended { reason, detail } => self.session.fail(reason, detail, out),
            Input::Close { close, parked, queued } => self.session.close(close, parked, queued, now, out),
            Input::Timeout { deaf } => self.timeout(deaf, now, out),
        }
        Verdict::Go
    }

    fn packet(&mut self, packet: Result<Packet, PacketError>, now: Instant, out: &mut Vec<Output>) {
        let packet = match packet {
            Ok(packet) => packet,
            Err(_) if !self.session.is_open() => return,
            Err(_) => return self.session.fail(Reason::ParseError, "illegal Engine.IO packet", out),
        };
        let Some(message) = self.session.packet(packet, now, out) else { return };
        let legal = match (&mut self.client, message) {
            (Some(client), Packet::Message(text)) => client.text(&text, now, out),
            (Some(client), Packet::Binary(data)) => client.binary(data, out),
            (None, Packet::Message(text)) => {
                out.push(Output::Text(text));
                Ok(())
            }
            (None, Packet::Binary(data)) => {
                out.push(Output::Binary(data));
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(violation) = legal {
            self.session.fail(Reason::ParseError, violation, out);
        }
    }

    fn timeout(&mut self, deaf: Option<Instant>, now: Instant, out: &mut Vec<Output>) {
        self.session.timeout(deaf, now, out);
        if !self.session.is_open() {
            return;
        }
        match self.client.as_ref().map_or(Ok(()), |client| client.timeout(now)) {
            Ok(()) => {}
            Err(Timeout::Connect) => self.session.fail(Reason::ForcedClose, "no namespace was joined in time", out),
            Err(Timeout::Attachments) => self.session.fail(Reason::ParseError, "attachments did not come in time", out),
        }
    }
}

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod tests;
