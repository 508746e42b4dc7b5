//! How a session ends, in every state that it can be in.

use super::tests::{Script, open, quiet};
use super::*;
use Transport::{Polling, WebSocket};

#[test]
fn overlapping_polls_end_the_session() {
    let mut script = open(Polling);
    assert_eq!(script.poll(false, false), (Verdict::Park, Vec::new()));
    let (verdict, asked) = script.poll(true, false);
    assert_eq!(verdict, Verdict::Overlap);
    assert_eq!(asked, ["answer 1", "closed: transport error"], "the first one hears of it");
    assert_eq!(script.poll(false, false).0, Verdict::Unknown);
}

#[test]
fn overlapping_posts_end_the_session() {
    let mut script = open(Polling);
    assert_eq!(script.post().0, Verdict::Go);
    assert_eq!(script.post(), (Verdict::Overlap, vec!["answer 1".into(), "closed: transport error".into()]));
    assert!(script.post_ended(false).is_empty(), "the first one comes too late");
}

#[test]
fn one_post_after_another_is_fine() {
    let mut script = open(Polling);
    for _ in 0..3 {
        assert_eq!(script.post().0, Verdict::Go);
        assert!(script.post_ended(false).is_empty());
    }
}

#[test]
fn a_get_takes_what_is_queued() {
    assert_eq!(open(Polling).poll(false, true), (Verdict::Drain, Vec::new()));
    assert_eq!(open(WebSocket).poll(false, true), (Verdict::Mismatch, Vec::new()));
}

#[test]
fn requests_that_are_given_up_end_the_session() {
    let mut script = open(Polling);
    script.session.poll_aborted(&mut script.out);
    assert_eq!(script.shown(), ["answer 1", "closed: transport error"]);

    let mut script = open(Polling);
    script.post();
    assert_eq!(script.post_ended(true), ["answer 1", "closed: transport error"]);

    // The GET that the switch answered may be given up by a client that has moved on.
    let mut script = Script::probed(Polling);
    script.probe_says(Some("5"));
    script.session.poll_aborted(&mut script.out);
    assert!(script.shown().is_empty());
}

#[test]
fn a_polling_client_that_listens_is_closed_at_once() {
    let mut script = open(Polling);
    assert_eq!(script.close(false, true, false), ["answer 1", "closed: forced close"]);
}

#[test]
fn a_polling_client_that_does_not_listen_hears_it_with_its_next_get() {
    let mut script = quiet(Polling);
    assert!(script.close(false, false, false).is_empty());
    assert!(!script.session.is_open() && !script.session.is_closed());
    assert_eq!(script.poll(false, false), (Verdict::Farewell, vec!["closed: forced close".into()]));
    assert_eq!(script.poll(false, false).0, Verdict::Unknown);
}

#[test]
fn what_is_queued_goes_out_before_the_farewell() {
    for parked in [false, true] {
        let mut script = quiet(Polling);
        assert!(script.close(false, parked, true).is_empty());
        assert_eq!(script.poll(false, true), (Verdict::Drain, Vec::new()));
        assert_eq!(script.poll(false, false), (Verdict::Farewell, vec!["closed: forced close".into()]));
    }
}

#[test]
fn a_client_that_never_comes_is_not_waited_for_for_ever() {
    let mut script = open(Polling);
    script.close(false, false, true);
    assert!(script.pass(29_999).is_empty(), "no ping either");
    assert_eq!(script.pass(1), ["closed: forced close"]);
}

#[test]
fn a_client_that_closes_as_well_is_not_waited_for() {
    for parked in [false, true] {
        let mut script = quiet(Polling);
        script.close(false, parked, true);
        assert_eq!(script.packet("1"), ["answer 6", "closed: forced close"]);
        assert_eq!(script.poll(false, true).0, Verdict::Unknown);
        assert!(script.packet("1").is_empty(), "it ends once");
        assert_eq!(script.session.deadline(), None);
    }
}

#[test]
fn while_it_closes_a_session_takes_nothing() {
    let mut script = quiet(Polling);
    script.close(false, false, true);
    for packet in ["4x", "bAQID", "2", "3", "5"] {
        assert!(script.packet(packet).is_empty(), "{packet}");
    }
    assert_eq!(script.probe(), Verdict::Mismatch);
    assert_eq!(script.post(), (Verdict::Go, Vec::new()), "a POST is read, and nothing of it is taken");
    assert!(script.post_ended(false).is_empty());
    assert!(script.close(false, true, true).is_empty(), "it is closed already");
    assert_eq!(script.close(true, false, true), ["answer 1", "closed: forced close"], "but may be cut short");
}

#[test]
fn overlapping_polls_cut_a_farewell_short() {
    let mut script = quiet(Polling);
    script.close(false, false, true);
    assert_eq!(script.poll(true, true), (Verdict::Overlap, vec!["answer 1".into(), "closed: transport error".into()]));
}

#[test]
fn a_websocket_is_closed_at_once() {
    for queued in [false, true] {
        assert_eq!(open(WebSocket).close(false, false, queued), ["answer 1", "closed: forced close"]);
    }
}

#[test]
fn what_is_queued_may_be_discarded() {
    for transport in [Polling, WebSocket] {
        assert_eq!(open(transport).close(true, false, true), ["answer 1", "closed: forced close"]);
    }
}

#[test]
fn closing_takes_the_probe_with_it() {
    let mut opened = quiet(Polling);
    opened.probe();
    assert_eq!(opened.close(false, false, false), ["probe closed"], "and the farewell waits for a GET");

    let mut probed = Script::probed(Polling);
    assert_eq!(probed.close(false, true, false), ["answer 1", "probe closed", "closed: forced close"]);
}

#[test]
fn a_client_that_was_promised_the_switch_hears_of_the_end_over_the_websocket() {
    let mut probed = Script::probed(Polling);
    assert!(probed.close(false, false, true).is_empty(), "the probe stays");
    assert_eq!(probed.probe_says(Some("5")), ["answer 1", "upgraded"]);
    assert_eq!(probed.attached(), ["closed: forced close"]);

    let mut polls_on = Script::probed(Polling);
    polls_on.close(false, false, true);
    assert_eq!(polls_on.poll(false, true).0, Verdict::Drain, "one that still polls hears of it there");
    assert_eq!(
        polls_on.poll(false, false),
        (Verdict::Farewell, vec!["probe closed".into(), "closed: forced close".into()])
    );

    let mut held = Script::probed(Polling);
    held.post();
    held.probe_says(Some("5"));
    assert!(held.close(false, false, true).is_empty());
    assert_eq!(held.post_ended(false), ["answer 1", "upgraded"]);
    assert_eq!(held.attached(), ["closed: forced close"]);
}

#[test]
fn a_session_ends_once() {
    let mut script = open(WebSocket);
    script.session.fail(Reason::TransportClose, "gone", &mut script.out);
    assert_eq!(script.shown(), ["answer 1", "closed: transport close"]);
    script.session.fail(Reason::ParseError, "late", &mut script.out);
    script.session.poll_aborted(&mut script.out);
    assert!(script.close(true, true, true).is_empty());
    assert!(script.packet("2").is_empty());
    assert!(script.probe_says(Some("2probe")).is_empty());
    assert!(script.shown().is_empty());
    assert_eq!(script.session.deadline(), None);
}
