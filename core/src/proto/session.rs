//! An Engine.IO session: open, heartbeat, probe and upgrade, close. Every rule of a session is in this file.

use crate::config::Config;
use crate::error::Reason;
use crate::proto::connection::{Answer, Output, Verdict};
use crate::wire::engine::Packet;
use crate::wire::frame::Burst;
use std::time::{Duration, Instant};

/// How often a GET that waits is answered with a noop while an upgrade is under way.
const NOOP_INTERVAL: Duration = Duration::from_millis(100);

/// How long a polling session that the server closed waits for the client to come and hear of it.
const CLOSE_PATIENCE: Duration = Duration::from_secs(30);

/// How a client and its server talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    /// The name in the query and in the handshake.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug)]
enum Heartbeat {
    Quiet { ping_at: Instant },
    Waiting { pong_by: Instant },
}

#[derive(Debug)]
enum Upgrade {
    None,
    /// A WebSocket is there and has said nothing yet.
    Opened {
        until: Instant,
    },
    /// It has been probed; the client now lets its last GET return.
    Probed {
        until: Instant,
        noop_at: Instant,
    },
    /// The client asked for the switch while a POST of its was still being read.
    Held,
}

#[derive(Debug)]
enum State {
    Open,
    Closing { until: Instant, reason: Reason },
    Closed,
}

/// The machine of one session.
#[derive(Debug)]
pub struct Session {
    transport: Transport,
    posting: bool,
    heartbeat: Heartbeat,
    upgrade: Upgrade,
    state: State,
    timing: Timing,
}

#[derive(Clone, Copy, Debug)]
struct Timing {
    ping_interval: Duration,
    ping_timeout: Duration,
    upgrade_timeout: Duration,
    allow_upgrades: bool,
}

impl Session {
    /// A session that has just been opened.
    pub fn new(transport: Transport, config: &Config, now: Instant) -> Self {
        Self {
            transport,
            posting: false,
            heartbeat: Heartbeat::Quiet { ping_at: now + config.ping_interval },
            upgrade: Upgrade::None,
            state: State::Open,
            timing: Timing {
                ping_interval: config.ping_interval,
                ping_timeout: config.ping_timeout,
                upgrade_timeout: config.upgrade_timeout,
                allow_upgrades: config.allow_upgrades && config.transports.websocket,
            },
        }
    }

    /// The transport in use.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether messages may still pass.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether it has ended.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Whether the WebSocket must not be read on until a POST has been read to its end.
    pub fn is_held(&self) -> bool {
        matches!(self.upgrade, Upgrade::Held)
    }

    /// The next moment at which [`Session::timeout`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let state = match self.state {
            State::Closed => return None,
            State::Closing { until, .. } => return Some(until),
            State::Open => match self.heartbeat {
                Heartbeat::Quiet { ping_at } => ping_at,
                Heartbeat::Waiting { pong_by } => pong_by,
            },
        };
        Some(match self.upgrade {
            Upgrade::Opened { until } => state.min(until),
            Upgrade::Probed { until, noop_at } => state.min(until).min(noop_at),
            Upgrade::None | Upgrade::Held => state,
        })
    }

    /// Time has passed; `deaf` is the last moment at which nothing could be read of the client, if there was one.
    pub fn timeout(&mut self, deaf: Option<Instant>, now: Instant, out: &mut Vec<Output>) {
        match self.state {
            State::Closed => {}
            State::Closing { until, reason } if now >= until => {
                self.end(reason, "the client never came to hear of it", out);
            }
            State::Closing { .. } => {}
            State::Open => {
                self.beat(deaf, now, out);
                self.probe_timeout(now, out);
            }
        }
    }

    fn beat(&mut self, deaf: Option<Instant>, now: Instant, out: &mut Vec<Output>) {
        match self.heartbeat {
            Heartbeat::Quiet { ping_at } if now >= ping_at => {
                self.heartbeat = Heartbeat::Waiting { pong_by: now + self.timing.ping_timeout };
                out.push(Output::Queue(Burst::from("2")));
            }
            Heartbeat::Waiting { pong_by } if now >= pong_by => {
                // A pong that came and was not read is not the client's fault.
                match deaf.map(|deaf| deaf + self.timing.ping_timeout).filter(|pong_by| *pong_by > now) {
                    Some(pong_by) => self.heartbeat = Heartbeat::Waiting { pong_by },
                    None => self.fail(Reason::PingTimeout, "no pong in time", out),
                }
            }
            _ => {}
        }
    }

    fn probe_timeout(&mut self, now: Instant, out: &mut Vec<Output>) {
        match &mut self.upgrade {
            Upgrade::Opened { until } | Upgrade::Probed { until, .. } if now >= *until => self.drop_probe(out),
            Upgrade::Probed { noop_at, .. } if now >= *noop_at => {
                *noop_at = now + NOOP_INTERVAL;
                out.push(Output::Answer(Answer::Noop));
            }
            _ => {}
        }
    }

    /// A GET came; `parked` says whether another one is waiting, `queued` whether there is something to send.
    pub fn poll(&mut self, parked: bool, queued: bool, out: &mut Vec<Output>) -> Verdict {
        match self.state {
            State::Closed => return Verdict::Unknown,
            State::Closing { reason, .. } if !queued => {
                self.end(reason, "closed by the server", out);
                return Verdict::Farewell;
            }
            _ if self.transport != Transport::Polling => return Verdict::Mismatch,
            _ => {}
        }
        if parked {
            self.fail(Reason::TransportError, "overlapping polls", out);
            return Verdict::Overlap;
        }
        if queued { Verdict::Drain } else { Verdict::Park }
    }

    /// The client went away while its GET was waiting.
    pub fn poll_aborted(&mut self, out: &mut Vec<Output>) {
        if self.transport == Transport::Polling {
            self.fail(Reason::TransportError, "poll connection closed prematurely", out);
        }
    }

    /// A POST begins.
    pub fn post(&mut self, out: &mut Vec<Output>) -> Verdict {
        if self.is_closed() {
            return Verdict::Unknown;
        }
        if self.transport != Transport::Polling {
            return Verdict::Mismatch;
        }
        if self.posting {
            self.fail(Reason::TransportError, "overlapping posts", out);
            return Verdict::Overlap;
        }
        self.posting = true;
        Verdict::Go
    }

    /// The POST has been read and handled; `aborted` when the client went away in the middle.
    pub fn post_ended(&mut self, aborted: bool, now: Instant, out: &mut Vec<Output>) {
        self.posting = false;
        if aborted {
            self.fail(Reason::TransportError, "data request connection closed prematurely", out);
        } else if self.is_held() && !self.is_closed() {
            self.switch(now, out);
        }
    }

    /// A WebSocket for this session came.
    pub fn probe(&mut self, now: Instant) -> Verdict {
        if self.is_closed() {
            return Verdict::Unknown;
        }
        let free = matches!(self.upgrade, Upgrade::None) && self.transport == Transport::Polling;
        if !free || !self.is_open() || !self.timing.allow_upgrades {
            return Verdict::Mismatch;
        }
        self.upgrade = Upgrade::Opened { until: now + self.timing.upgrade_timeout };
        Verdict::Go
    }

    /// The probing WebSocket said something; nothing stands for what is no packet.
    pub fn probe_packet(&mut self, packet: Option<Packet>, now: Instant, out: &mut Vec<Output>) {
        match (&self.upgrade, packet) {
            (Upgrade::Opened { until } | Upgrade::Probed { until, .. }, Some(Packet::Ping(word)))
                if word == "probe" =>
            {
                self.upgrade = Upgrade::Probed { until: *until, noop_at: now + NOOP_INTERVAL };
                out.push(Output::ProbePong);
                out.push(Output::Answer(Answer::Noop));
            }
            (Upgrade::Probed { .. }, Some(Packet::Upgrade)) if self.posting => self.upgrade = Upgrade::Held,
            (Upgrade::Probed { .. }, Some(Packet::Upgrade)) => self.switch(now, out),
            (Upgrade::None, _) => {}
            _ => self.drop_probe(out),
        }
    }

    /// The probing WebSocket is gone.
    pub fn probe_ended(&mut self) {
        self.upgrade = Upgrade::None;
    }

    fn drop_probe(&mut self, out: &mut Vec<Output>) {
        if !matches!(self.upgrade, Upgrade::None) {
            self.upgrade = Upgrade::None;
            out.push(Output::ProbeClose);
        }
    }

    fn switch(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.upgrade = Upgrade::None;
        self.transport = Transport::WebSocket;
        // A pong that got lost in the switch must not end a healthy session, nor stop the pings.
        self.heartbeat = Heartbeat::Quiet { ping_at: now + self.timing.ping_interval };
        out.push(Output::Answer(Answer::Close));
        out.push(Output::Upgraded);
    }

    /// What is queued goes over the new WebSocket from now on; a session that was waiting to close need wait no longer.
    pub fn attached(&mut self, out: &mut Vec<Output>) {
        if let State::Closing { reason, .. } = self.state {
            self.end(reason, "closed by the server", out);
        }
    }

    /// A packet on the current transport: the message that it carries, if it carries one.
    pub fn packet(&mut self, packet: Packet, now: Instant, out: &mut Vec<Output>) -> Option<Packet> {
        match (&self.state, &packet) {
            (State::Open, _) => {}
            (State::Closing { reason, .. }, Packet::Close) => {
                let reason = *reason;
                out.push(Output::Answer(Answer::Noop));
                self.end(reason, "closed by both sides", out);
                return None;
            }
            (State::Closing { .. } | State::Closed, _) => return None,
        }
        match packet {
            Packet::Message(_) | Packet::Binary(_) => return Some(packet),
            Packet::Pong(_) => self.heartbeat = Heartbeat::Quiet { ping_at: now + self.timing.ping_interval },
            Packet::Ping(_) => self.fail(Reason::TransportError, "invalid heartbeat direction", out),
            Packet::Close => {
                out.push(Output::Answer(Answer::Noop));
                self.end(Reason::TransportClose, "the client closed the session", out);
            }
            Packet::Open | Packet::Upgrade | Packet::Noop => {}
        }
        None
    }

    /// The server closes the session: politely, so that what is queued still arrives, or at once.
    pub fn close(&mut self, close: Close, parked: bool, queued: bool, now: Instant, out: &mut Vec<Output>) {
        match self.state {
            State::Closed => return,
            State::Closing { .. } if !close.discard => return,
            State::Closing { .. } | State::Open => {}
        }
        let polite = self.transport == Transport::Polling && !close.discard;
        if polite && (queued || !parked) {
            // A client that was promised the switch no longer polls: it hears of the end over the WebSocket.
            if matches!(self.upgrade, Upgrade::Opened { .. }) {
                self.drop_probe(out);
            }
            self.state = State::Closing { until: now + CLOSE_PATIENCE, reason: close.reason };
        } else {
            self.fail(close.reason, close.detail, out);
        }
    }

    /// Something ended the session; a GET that waits hears of it.
    pub fn fail(&mut self, reason: Reason, detail: &'static str, out: &mut Vec<Output>) {
        if !self.is_closed() {
            out.push(Output::Answer(Answer::Close));
            self.end(reason, detail, out);
        }
    }

    fn end(&mut self, reason: Reason, detail: &'static str, out: &mut Vec<Output>) {
        if !self.is_closed() {
            self.drop_probe(out);
            self.state = State::Closed;
            out.push(Output::Closed { reason, detail });
        }
    }
}

/// How the server closes a session.
#[derive(Clone, Copy, Debug)]
pub struct Close {
    /// What the sockets hear.
    pub reason: Reason,
    /// More, for people.
    pub detail: &'static str,
    /// Whether what is queued may be lost.
    pub discard: bool,
}

#[cfg(test)]
mod closing_tests;
#[cfg(test)]
mod tests;
