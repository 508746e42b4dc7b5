//! Random inputs: whatever comes in whatever order, a connection ends once and says nothing afterwards.

use super::*;
use crate::proto::session::Transport::{Polling, WebSocket};
use std::time::Duration;

/// A small generator of pseudo-random numbers (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }
}

const NAMESPACES: [&str; 4] = ["/", "/a", "/b", "/c"];

const STRANGE: [&str; 24] = [
    "40",
    "40/a,",
    "41",
    "41/a,",
    "42[\"x\"]",
    "43[]",
    "430[]",
    "3",
    "4",
    "0",
    "6",
    "5",
    "452-/a,[\"x\"]",
    "bAQID",
    "2",
    "1",
    "",
    "b*",
    "4abc",
    "42{}",
    "42[\"disconnect\"]",
    "44{}",
    "4\u{e9}",
    "4/a",
];

const PROBES: [&str; 8] = ["2probe", "2probe", "2probe", "5", "5", "5", "4x", "x"];

/// What comes next: mostly something legal, so that a connection lives long enough to come into strange states.
fn input(random: &mut Random, seen: &Seen) -> Input {
    match random.below(60) {
        0..16 => Input::Text(text(random, seen).as_str().into()),
        16..19 if seen.pending.is_empty() => Input::Binary(Bytes::from_static(b"x")),
        19..25 => Input::Poll { parked: random.below(30) == 0, queued: random.flip() },
        25..29 if !seen.posting || random.below(30) == 0 => Input::Post,
        29..37 => Input::PostEnded,
        37..41 => Input::Probe,
        41..50 => Input::ProbeText(random.pick(&PROBES).into()),
        50 => Input::ProbeBinary,
        51 => Input::ProbeEnded,
        53 => Input::Attached,
        52 if random.below(20) == 0 => rare(random),
        _ => Input::Text("3".into()),
    }
}

fn rare(random: &mut Random) -> Input {
    match random.below(6) {
        0 => Input::PollAborted,
        1 => Input::PostAborted,
        2 => Input::Ended { reason: Reason::TransportClose, detail: "gone" },
        _ => Input::Close { close: close(random), parked: random.flip(), queued: random.flip() },
    }
}

fn text(random: &mut Random, seen: &Seen) -> String {
    if random.below(40) == 0 {
        return random.pick(&STRANGE).to_owned();
    }
    let namespace = random.pick(&NAMESPACES);
    if !seen.names.iter().any(|(_, name)| name == namespace) {
        return format!("40{namespace},");
    }
    match random.below(8) {
        0 => format!("41{namespace},"),
        1 => format!("451-{namespace},[\"x\",{{\"_placeholder\":true,\"num\":0}}]"),
        2 => format!("43{namespace},1[]"),
        _ => format!("42{namespace},7[\"x\",1]"),
    }
}

fn close(random: &mut Random) -> Close {
    Close { reason: Reason::ForcedClose, detail: "test", discard: random.flip() }
}

/// What has been seen of a connection.
#[derive(Default)]
struct Seen {
    closed: usize,
    upgraded: usize,
    events: usize,
    pending: Vec<Ticket>,
    joined: Vec<Slot>,
    /// Namespaces that were asked for and not left by the client, with their slots.
    names: Vec<(Slot, String)>,
    posting: bool,
}

impl Seen {
    fn note(&mut self, output: Output) {
        assert_eq!(self.closed, 0, "{output:?} after the end");
        match output {
            Output::Closed { .. } => self.closed += 1,
            Output::Upgraded => self.upgraded += 1,
            Output::Join { ticket, namespace, .. } => {
                self.pending.push(ticket);
                self.names.retain(|(slot, name)| *slot != ticket.slot && *name != *namespace);
                self.names.push((ticket.slot, namespace.to_string()));
            }
            Output::Event { slot, .. } | Output::Ack { slot, .. } => {
                assert!(self.joined.contains(&slot));
                self.events += 1;
            }
            Output::Leave { slot } => {
                assert!(self.joined.contains(&slot));
                self.joined.retain(|joined| *joined != slot);
                self.names.retain(|(named, _)| *named != slot);
            }
            Output::Queue(burst) => assert!(burst.messages().all(|message| message.is_ok()), "text only"),
            Output::Answer(_) | Output::ProbePong | Output::ProbeClose => {}
            Output::Text(_) | Output::Binary(_) => panic!("not with Socket.IO"),
        }
    }
}

/// The server answers a CONNECT, or disconnects a client.
fn answer(connection: &mut Connection, seen: &mut Seen, random: &mut Random) {
    let (open, Some(client)) = (connection.session.is_open(), connection.client.as_mut()) else { return };
    if random.below(20) == 0 && !seen.joined.is_empty() {
        let slot = seen.joined.swap_remove(random.below(seen.joined.len()));
        assert!(client.leave(slot));
    }
    if seen.pending.is_empty() || !open {
        return;
    }
    let ticket = seen.pending.swap_remove(random.below(seen.pending.len()));
    if random.below(4) == 0 {
        assert!(client.reject(ticket));
        return;
    }
    let mut out = Vec::new();
    assert!(client.accept(ticket, &mut out));
    seen.joined.push(ticket.slot);
    out.into_iter().for_each(|output| seen.note(output));
}

/// One connection to its end.
fn live(seed: u64) -> Seen {
    let mut random = Random(seed);
    let mut now = Instant::now();
    let transport = if random.flip() { Polling } else { WebSocket };
    let config = Config { max_namespaces_per_connection: 2, max_pending_packets: 2, ..Config::default() };
    let mut connection = Connection::new(transport, true, &config, now);
    let (mut seen, mut out) = (Seen::default(), Vec::new());
    for _ in 0..400 {
        now += Duration::from_millis(random.below(800) as u64);
        let input = if random.below(20) == 0 { due(&connection, &mut now) } else { input(&mut random, &seen) };
        note_post(&input, &mut seen);
        let verdict = connection.handle(input, now, &mut out);
        out.drain(..).for_each(|output| seen.note(output));
        if seen.closed > 0 {
            assert_ne!(verdict, Verdict::Park, "nobody would ever answer");
        }
        if random.flip() {
            answer(&mut connection, &mut seen, &mut random);
        }
        check(&connection, &seen);
    }
    connection.handle(Input::Ended { reason: Reason::TransportClose, detail: "gone" }, now, &mut out);
    out.drain(..).for_each(|output| seen.note(output));
    assert_eq!(seen.closed, 1);
    check(&connection, &seen);
    seen
}

fn note_post(input: &Input, seen: &mut Seen) {
    match input {
        Input::Post => seen.posting = true,
        Input::PostEnded | Input::PostAborted => seen.posting = false,
        _ => {}
    }
}

/// Time runs to the next deadline.
fn due(connection: &Connection, now: &mut Instant) -> Input {
    *now = connection.deadline().map_or(*now, |deadline| deadline.max(*now));
    Input::Timeout { deaf: None }
}

fn check(connection: &Connection, seen: &Seen) {
    assert_eq!(connection.session.is_closed(), seen.closed == 1);
    assert_eq!(connection.deadline().is_none(), seen.closed == 1, "a connection that lives has a deadline");
    assert!(seen.upgraded <= 1);
}

#[test]
fn a_connection_ends_once_and_says_nothing_afterwards() {
    let lives: Vec<Seen> = (1..=3_000u64).map(|seed| live(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let most = lives.iter().map(|seen| seen.events).max();
    assert!(lives.iter().any(|seen| seen.upgraded > 0) && most > Some(10), "the inputs reach too little");
}
