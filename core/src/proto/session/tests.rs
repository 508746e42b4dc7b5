//! A session on a scripted wire and a virtual clock.

use super::*;
use Transport::{Polling, WebSocket};

const INTERVAL: u64 = 300;
const TIMEOUT: u64 = 200;
const UPGRADE: u64 = 1_000;

/// A session, what time it is, and what it asked for since the last look.
pub(super) struct Script {
    pub(super) session: Session,
    now: Instant,
    /// Until when nothing can be read of the client.
    deaf_until: Option<Instant>,
    pub(super) out: Vec<Output>,
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn config() -> Config {
    Config {
        ping_interval: millis(INTERVAL),
        ping_timeout: millis(TIMEOUT),
        upgrade_timeout: millis(UPGRADE),
        ..Config::default()
    }
}

pub(super) fn open(transport: Transport) -> Script {
    open_with(transport, &config())
}

/// A session whose heartbeat does not come in between.
pub(super) fn quiet(transport: Transport) -> Script {
    open_with(transport, &Config { ping_interval: Duration::from_secs(1_000), ..config() })
}

fn open_with(transport: Transport, config: &Config) -> Script {
    let now = Instant::now();
    Script { session: Session::new(transport, config, now), now, deaf_until: None, out: Vec::new() }
}

impl Script {
    /// Lets time pass, stopping at every deadline, and shows what was asked for.
    pub(super) fn pass(&mut self, time: u64) -> Vec<String> {
        let end = self.now + millis(time);
        while let Some(due) = self.session.deadline().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline in the past");
            self.now = due;
            self.session.timeout(self.deaf_until.map(|until| until.min(due)), due, &mut self.out);
            assert!(self.session.deadline().is_none_or(|next| next > due), "a deadline that does not move");
        }
        self.now = end;
        self.shown()
    }

    pub(super) fn shown(&mut self) -> Vec<String> {
        self.out.drain(..).map(show).collect()
    }

    pub(super) fn packet(&mut self, text: &str) -> Vec<String> {
        let packet = Packet::parse(&text.into()).unwrap();
        if let Some(message) = self.session.packet(packet, self.now, &mut self.out) {
            return vec![format!("{message:?}")];
        }
        self.shown()
    }

    /// The probing WebSocket says something; `None` is binary or no packet at all.
    pub(super) fn probe_says(&mut self, text: Option<&str>) -> Vec<String> {
        let packet = text.and_then(|text| Packet::parse(&text.into()).ok());
        self.session.probe_packet(packet, self.now, &mut self.out);
        self.shown()
    }

    pub(super) fn attached(&mut self) -> Vec<String> {
        self.session.attached(&mut self.out);
        self.shown()
    }

    pub(super) fn probe(&mut self) -> Verdict {
        self.session.probe(self.now)
    }

    pub(super) fn poll(&mut self, parked: bool, queued: bool) -> (Verdict, Vec<String>) {
        let verdict = self.session.poll(parked, queued, &mut self.out);
        (verdict, self.shown())
    }

    pub(super) fn post(&mut self) -> (Verdict, Vec<String>) {
        let verdict = self.session.post(&mut self.out);
        (verdict, self.shown())
    }

    pub(super) fn post_ended(&mut self, aborted: bool) -> Vec<String> {
        self.session.post_ended(aborted, self.now, &mut self.out);
        self.shown()
    }

    pub(super) fn close(&mut self, discard: bool, parked: bool, queued: bool) -> Vec<String> {
        let close = Close { reason: Reason::ForcedClose, detail: "test", discard };
        self.session.close(close, parked, queued, self.now, &mut self.out);
        self.shown()
    }

    /// Brings a WebSocket as far as `3probe`.
    pub(super) fn probed(transport: Transport) -> Self {
        let mut script = quiet(transport);
        assert_eq!(script.probe(), Verdict::Go);
        assert_eq!(script.probe_says(Some("2probe")), ["3probe", "answer 6"]);
        script
    }
}

fn show(output: Output) -> String {
    match output {
        Output::Queue(burst) => {
            let text = burst.messages().next().unwrap().unwrap();
            format!("send {}", std::str::from_utf8(text).unwrap())
        }
        Output::Answer(Answer::Noop) => "answer 6".to_owned(),
        Output::Answer(Answer::Close) => "answer 1".to_owned(),
        Output::ProbePong => "3probe".to_owned(),
        Output::ProbeClose => "probe closed".to_owned(),
        Output::Upgraded => "upgraded".to_owned(),
        Output::Closed { reason, .. } => format!("closed: {reason}"),
        other => panic!("a session never asks for {other:?}"),
    }
}

fn times(count: usize, what: &str) -> Vec<String> {
    vec![what.to_owned(); count]
}

// ---------------------------------------------------------------------------------------------- heartbeat

#[test]
fn the_first_ping_comes_one_interval_after_the_opening() {
    for transport in [Polling, WebSocket] {
        let mut script = open(transport);
        assert_eq!((script.session.transport(), script.session.is_open()), (transport, true));
        assert_eq!(script.pass(INTERVAL - 1), times(0, ""));
        assert_eq!(script.pass(1), ["send 2"]);
    }
}

#[test]
fn the_next_ping_comes_one_interval_after_the_pong() {
    let mut script = open(WebSocket);
    for _ in 0..3 {
        assert_eq!(script.pass(INTERVAL), ["send 2"]);
        assert_eq!(script.pass(TIMEOUT - 1), times(0, ""));
        assert_eq!(script.packet("3"), times(0, ""));
    }
    assert!(script.session.is_open());
}

#[test]
fn no_pong_in_time_ends_the_session_once() {
    let mut script = open(Polling);
    assert_eq!(script.pass(INTERVAL + TIMEOUT - 1), ["send 2"]);
    assert_eq!(script.pass(1), ["answer 1", "closed: ping timeout"]);
    assert!(script.session.is_closed());
    assert_eq!(script.session.deadline(), None);
    assert_eq!(script.pass(10_000), times(0, ""));
}

#[test]
fn a_ping_timeout_does_not_run_out_while_nothing_is_read() {
    let mut script = open(WebSocket);
    assert_eq!(script.pass(INTERVAL), ["send 2"]);
    let deaf = 3 * TIMEOUT + 10;
    script.deaf_until = Some(script.now + millis(deaf));
    assert_eq!(script.pass(deaf), times(0, ""));
    assert_eq!(script.pass(TIMEOUT - 1), times(0, ""), "a full timeout since reading went on");
    assert_eq!(script.packet("3"), times(0, ""));
    assert_eq!(script.pass(INTERVAL), ["send 2"]);
    assert_eq!(script.pass(TIMEOUT), ["answer 1", "closed: ping timeout"], "what was before that ping is over");
}

#[test]
fn a_pause_that_ends_before_the_ping_timeout_gives_a_full_one_too() {
    let mut script = open(Polling);
    script.pass(INTERVAL);
    script.deaf_until = Some(script.now + millis(TIMEOUT - 10));
    assert_eq!(script.pass(2 * TIMEOUT - 11), times(0, ""));
    assert_eq!(script.pass(1), ["answer 1", "closed: ping timeout"]);
}

#[test]
fn only_a_pong_satisfies_a_ping() {
    let mut script = open(WebSocket);
    script.pass(INTERVAL);
    for packet in ["4hello", "bAQID", "0", "5", "6"] {
        script.packet(packet);
    }
    assert_eq!(script.pass(TIMEOUT), ["answer 1", "closed: ping timeout"]);
}

#[test]
fn a_flood_of_pongs_costs_nothing_and_starts_nothing() {
    let mut script = open(Polling);
    for _ in 0..100_000 {
        assert!(script.packet("3").is_empty());
    }
    assert_eq!(script.out.capacity(), 0, "nothing was ever put there");
    // The interval begins anew at each one, and there is one heartbeat only.
    assert_eq!(script.pass(INTERVAL), ["send 2"]);
    assert_eq!(script.pass(TIMEOUT - 1), times(0, ""));
}

// ------------------------------------------------------------------------------------------------ packets

#[test]
fn messages_pass_and_the_rest_is_the_sessions_affair() {
    let mut script = open(WebSocket);
    assert_eq!(script.packet("4x"), [r#"Message("x")"#]);
    assert_eq!(script.packet("bAQID"), [r#"Binary(b"\x01\x02\x03")"#]);
    for ignored in ["0", "0{}", "5", "6"] {
        assert_eq!(script.packet(ignored), times(0, ""), "{ignored}");
    }
    assert_eq!(script.packet("2"), ["answer 1", "closed: transport error"]);
    assert_eq!(script.packet("4x"), times(0, ""), "nothing passes once it is closed");
}

#[test]
fn a_client_may_close_on_every_transport() {
    for transport in [Polling, WebSocket] {
        let mut script = open(transport);
        assert_eq!(script.packet("1"), ["answer 6", "closed: transport close"]);
        assert_eq!(script.poll(false, false).0, Verdict::Unknown);
        assert_eq!(script.post().0, Verdict::Unknown);
        assert_eq!(script.probe(), Verdict::Unknown);
    }
}

// ------------------------------------------------------------------------------------------------ upgrade

#[test]
fn an_upgrade_goes_from_probe_to_switch() {
    let mut script = Script::probed(Polling);
    assert_eq!(script.pass(350), times(3, "answer 6"), "a GET that waits is let go every 100 ms");
    assert_eq!(script.session.transport(), Polling);
    assert_eq!(script.probe_says(Some("5")), ["answer 1", "upgraded"]);
    assert_eq!(script.session.transport(), WebSocket);
    assert_eq!(script.pass(UPGRADE), times(0, ""), "no noop, no timeout any more");
    assert_eq!(script.poll(false, true), (Verdict::Mismatch, Vec::new()));
    assert_eq!(script.post(), (Verdict::Mismatch, Vec::new()));
    assert_eq!(script.probe(), Verdict::Mismatch);
    assert_eq!(script.packet("4x"), [r#"Message("x")"#]);
}

#[test]
fn a_pong_that_was_lost_in_the_switch_is_forgiven() {
    let mut script = open(Polling);
    script.pass(INTERVAL);
    script.probe();
    script.probe_says(Some("2probe"));
    script.probe_says(Some("5"));
    assert_eq!(script.pass(INTERVAL), ["send 2"], "not a timeout, and the pings go on");
    assert_eq!(script.pass(TIMEOUT), ["answer 1", "closed: ping timeout"]);
}

#[test]
fn the_heartbeat_goes_on_while_an_upgrade_is_under_way() {
    let mut script = open(Polling);
    script.probe();
    assert_eq!(script.pass(INTERVAL), ["send 2"]);
    assert_eq!(script.pass(TIMEOUT), ["answer 1", "probe closed", "closed: ping timeout"]);
}

#[test]
fn what_is_no_probe_ends_the_probe_and_not_the_session() {
    let garbage =
        [Some("2"), Some("2prob"), Some("3probe"), Some("4x"), Some("5"), Some("1"), Some("6"), Some("x"), None];
    for word in garbage {
        let mut script = quiet(Polling);
        script.probe();
        assert_eq!(script.probe_says(word), ["probe closed"], "{word:?}");
        assert!(script.session.is_open());
        assert_eq!(script.session.transport(), Polling);
        assert_eq!(script.probe_says(Some("2probe")), times(0, ""), "it is not listened to any more");
        assert_eq!(script.pass(UPGRADE), times(0, ""));
        assert_eq!(script.probe(), Verdict::Go, "another one may come");
    }
}

#[test]
fn garbage_after_the_probe_ends_the_probe_and_not_the_session() {
    for word in [Some("2"), Some("3"), Some("4x"), Some("1"), Some("0"), Some("bAQID"), Some(""), None] {
        let mut script = Script::probed(Polling);
        assert_eq!(script.probe_says(word), ["probe closed"], "{word:?}");
        assert!(script.session.is_open());
        assert_eq!(script.pass(UPGRADE), times(0, ""));
    }
}

#[test]
fn a_probe_may_be_repeated_but_not_prolonged() {
    let mut script = Script::probed(Polling);
    script.pass(UPGRADE - 100);
    assert_eq!(script.probe_says(Some("2probe")), ["3probe", "answer 6"]);
    let end = script.pass(100);
    assert_eq!(end.last().map(String::as_str), Some("probe closed"));
}

#[test]
fn a_silent_probe_is_closed_and_the_session_polls_on() {
    let mut script = quiet(Polling);
    script.probe();
    assert_eq!(script.pass(UPGRADE - 1), times(0, ""));
    assert_eq!(script.pass(1), ["probe closed"]);
    assert_eq!(script.poll(false, false).0, Verdict::Park);
}

#[test]
fn a_probe_that_never_switches_is_closed_and_the_session_polls_on() {
    let mut script = Script::probed(Polling);
    let noops = script.pass(UPGRADE - 1);
    assert_eq!(noops, times(9, "answer 6"));
    assert_eq!(script.pass(1), ["probe closed"]);
    assert_eq!(script.post().0, Verdict::Go);
}

#[test]
fn a_probe_that_went_away_leaves_the_session_as_it_was() {
    let mut script = Script::probed(Polling);
    script.session.probe_ended();
    assert_eq!(script.pass(UPGRADE), times(0, ""));
    assert_eq!(script.probe(), Verdict::Go);
}

#[test]
fn the_switch_waits_for_a_post_that_is_being_read() {
    let mut script = Script::probed(Polling);
    assert_eq!(script.post().0, Verdict::Go);
    assert_eq!(script.probe_says(Some("5")), times(0, ""));
    assert!(script.session.is_held());
    assert_eq!(script.session.transport(), Polling);
    assert_eq!(script.pass(UPGRADE), times(0, ""), "it waits without noops and without a timeout of its own");
    assert_eq!(script.packet("4x"), [r#"Message("x")"#], "what the POST brought");
    assert_eq!(script.post_ended(false), ["answer 1", "upgraded"]);
    assert!(!script.session.is_held());
}

#[test]
fn a_held_switch_ends_with_its_post_or_its_websocket() {
    let mut script = Script::probed(Polling);
    script.post();
    script.probe_says(Some("5"));
    assert_eq!(script.post_ended(true), ["answer 1", "probe closed", "closed: transport error"]);

    let mut script = Script::probed(Polling);
    script.post();
    script.probe_says(Some("5"));
    script.session.probe_ended();
    assert_eq!(script.post_ended(false), times(0, ""));
    assert_eq!((script.session.transport(), script.session.is_open()), (Polling, true));
}

#[test]
fn a_post_that_ended_before_the_switch_does_not_hold_it() {
    let mut script = Script::probed(Polling);
    script.post();
    script.post_ended(false);
    assert_eq!(script.probe_says(Some("5")), ["answer 1", "upgraded"]);
}

#[test]
fn a_second_probe_is_refused() {
    let mut opened = quiet(Polling);
    opened.probe();
    assert_eq!(opened.probe(), Verdict::Mismatch);
    let mut probed = Script::probed(Polling);
    assert_eq!(probed.probe(), Verdict::Mismatch);
    probed.post();
    probed.probe_says(Some("5"));
    assert_eq!(probed.probe(), Verdict::Mismatch, "held");
    probed.post_ended(false);
    assert_eq!(probed.probe(), Verdict::Mismatch, "upgraded");
    assert_eq!(quiet(WebSocket).probe(), Verdict::Mismatch, "it never polled");
}

#[test]
fn a_probe_is_refused_where_upgrades_are_off() {
    let off = Config { allow_upgrades: false, ..config() };
    assert_eq!(open_with(Polling, &off).probe(), Verdict::Mismatch);
    let polling = Config { transports: crate::config::Transports::POLLING, ..config() };
    assert_eq!(open_with(Polling, &polling).probe(), Verdict::Mismatch);
}
