//! Queues that grow too long, and how a link ends.

use super::*;
use crate::hub::testing::FakeWire;

const GRACE: Duration = Duration::from_secs(1);

fn limits(bytes: usize, packets: usize, policy: BufferPolicy) -> QueueLimits {
    QueueLimits { bytes, packets, grace: GRACE, policy, per_poll: None }
}

/// A link on a WebSocket that takes `room` bytes.
fn websocket(limits: QueueLimits, room: usize) -> (Link, Arc<FakeWire>) {
    let wire = FakeWire::with_room(room);
    let mut link = Link::polling(limits);
    assert_eq!(link.attach(Some(Arc::clone(&wire) as _)), Pushed::Dirty);
    link.flush(Instant::now(), &mut Vec::new());
    (link, wire)
}

fn disconnecting(bytes: usize) -> QueueLimits {
    limits(bytes, 1_000, BufferPolicy::Disconnect)
}

/// A burst that takes `size` bytes on a WebSocket.
fn burst(size: usize) -> Burst {
    let header = if size < 128 {
        2
    } else if size < 65_540 {
        4
    } else {
        10
    };
    let burst = Burst::text(&[&vec![b'x'; size - header]]);
    assert_eq!(burst.len(), size);
    burst
}

fn push(link: &mut Link, size: usize) -> Pushed {
    link.push(burst(size), false, false)
}

fn flush(link: &mut Link, now: Instant) -> After {
    link.flush(now, &mut Vec::new())
}

#[test]
fn the_first_burst_of_a_turn_makes_the_peer_dirty() {
    let (mut link, wire) = websocket(disconnecting(1_000), usize::MAX);
    assert_eq!(push(&mut link, 10), Pushed::Dirty);
    assert_eq!(push(&mut link, 10), Pushed::Queued);
    assert_eq!((link.buffered_bytes(), link.buffered_packets()), (20, 2));
    assert_eq!(flush(&mut link, Instant::now()), After::Done);
    assert_eq!(wire.frames().len(), 2);
    assert_eq!(push(&mut link, 10), Pushed::Dirty);
}

#[test]
fn a_client_that_takes_nothing_has_a_grace() {
    let (mut link, _wire) = websocket(disconnecting(100), 0);
    let now = Instant::now();
    push(&mut link, 100);
    assert_eq!(flush(&mut link, now), After::WakeTask, "full, and not yet too full");
    push(&mut link, 50);
    assert_eq!(flush(&mut link, now), After::CheckAt(now + GRACE));
    assert_eq!(link.judge(now + GRACE / 2), After::WakeTask, "that moment is entered already");
    assert_eq!(link.judge(now + GRACE), After::Overflow);
}

#[test]
fn a_client_that_takes_something_has_a_new_grace() {
    let (mut link, wire) = websocket(disconnecting(100), 0);
    let mut now = Instant::now();
    for _ in 0..8 {
        push(&mut link, 49);
    }
    assert_eq!(flush(&mut link, now), After::CheckAt(now + GRACE));
    for _ in 0..5 {
        now += GRACE - Duration::from_millis(1);
        wire.set_room(49);
        link.unblock();
        assert_ne!(flush(&mut link, now), After::Overflow);
    }
    now += Duration::from_millis(1);
    assert_eq!(
        link.judge(now + GRACE - Duration::from_millis(2)),
        After::CheckAt(now + GRACE - Duration::from_millis(1))
    );
    wire.set_room(1_000);
    link.unblock();
    assert_eq!(flush(&mut link, now), After::Done);
    assert_eq!(link.judge(now + GRACE * 9), After::Done);
}

#[test]
fn a_client_that_takes_a_part_of_a_large_burst_takes_something() {
    let (mut link, wire) = websocket(disconnecting(100), 0);
    let mut now = Instant::now();
    push(&mut link, 1_000);
    flush(&mut link, now);
    for _ in 0..9 {
        now += GRACE - Duration::from_millis(1);
        wire.set_room(100);
        link.unblock();
        assert_ne!(flush(&mut link, now), After::Overflow, "it takes 100 bytes in every second");
    }
}

#[test]
fn a_queue_of_many_small_packets_is_too_long_as_well() {
    let (mut link, _wire) = websocket(limits(1_000_000, 3, BufferPolicy::Disconnect), 0);
    let now = Instant::now();
    for _ in 0..3 {
        push(&mut link, 10);
    }
    assert_eq!(flush(&mut link, now), After::WakeTask);
    push(&mut link, 10);
    assert_eq!(flush(&mut link, now), After::CheckAt(now + GRACE));
}

#[test]
fn at_four_times_the_limit_the_grace_is_over() {
    let (mut link, _wire) = websocket(disconnecting(100), 0);
    let pushed: Vec<_> = (0..5).map(|_| push(&mut link, 100)).collect();
    assert_eq!(pushed[1..], [Pushed::Queued, Pushed::Queued, Pushed::Queued, Pushed::Overflow]);
    assert_eq!(link.buffered_bytes(), 400, "bounded");
}

#[test]
fn a_burst_of_emits_is_written_on_the_way_to_a_client_that_takes_it() {
    let (mut link, wire) = websocket(disconnecting(100), usize::MAX);
    let overflows = (0..1_000).filter(|_| push(&mut link, 100) == Pushed::Overflow).count();
    assert_eq!(overflows, 0);
    assert!(wire.frames().len() >= 999);
}

#[test]
fn the_newest_may_be_dropped_instead() {
    let (mut link, wire) = websocket(limits(100, 1_000, BufferPolicy::DropNewest), 0);
    let now = Instant::now();
    push(&mut link, 60);
    push(&mut link, 60);
    flush(&mut link, now);
    assert_eq!(push(&mut link, 60), Pushed::Dropped);
    assert_eq!(link.judge(now + GRACE * 100), After::WakeTask, "never closed for it");
    wire.set_room(1_000);
    link.unblock();
    assert_eq!(push(&mut link, 60), Pushed::Dirty, "it is written, and then there is room");
}

#[test]
fn the_newest_is_dropped_where_there_are_too_many_packets() {
    let (mut link, _wire) = websocket(limits(1_000_000, 3, BufferPolicy::DropNewest), 0);
    let pushed: Vec<_> = (0..100).map(|_| push(&mut link, 10)).collect();
    assert_eq!(pushed.last(), Some(&Pushed::Dropped));
    assert!(link.buffered_packets() <= 4, "{}", link.buffered_packets());
}

#[test]
fn volatile_bursts_are_dropped_where_they_cannot_leave_now() {
    let now = Instant::now();
    let volatile = |link: &mut Link| link.push(burst(10), true, false);
    let (mut link, wire) = websocket(disconnecting(1 << 20), usize::MAX);
    assert_eq!(volatile(&mut link), Pushed::Dirty);
    flush(&mut link, now);
    wire.set_room(0);
    push(&mut link, 10);
    flush(&mut link, now);
    assert_eq!(volatile(&mut link), Pushed::Dropped, "blocked");
    wire.set_room(usize::MAX);
    link.unblock();
    flush(&mut link, now);
    push(&mut link, VOLATILE_BYTES);
    assert_eq!(volatile(&mut link), Pushed::Dropped, "much is waiting");

    let mut polling = Link::polling(disconnecting(1 << 20));
    assert_eq!(volatile(&mut polling), Pushed::Dropped, "no GET waits");
    let (_, _answer) = polling.park();
    assert_eq!(volatile(&mut polling), Pushed::Dirty);
    drop(_answer);
    assert_eq!(volatile(&mut polling), Pushed::Dropped, "the client of the GET went away");
}

// ----------------------------------------------------------------------------------------------- long-polling

fn polling() -> Link {
    Link::polling(disconnecting(1_000))
}

fn body(answer: &mut oneshot::Receiver<PollBody>) -> Option<String> {
    answer.try_recv().ok().map(|body| String::from_utf8(body.bytes.to_vec()).unwrap())
}

#[test]
fn a_get_that_waits_is_answered_at_the_end_of_the_turn() {
    let mut link = polling();
    let (_, mut answer) = link.park();
    assert!(link.is_parked());
    link.push(Burst::from("4a"), false, false);
    link.push(Burst::from("4b"), false, false);
    assert_eq!(body(&mut answer), None);
    flush(&mut link, Instant::now());
    assert_eq!(body(&mut answer).as_deref(), Some("4a\u{1e}4b"));
    assert!(!link.is_parked() && !link.is_queued());
}

#[test]
fn what_nobody_waits_for_is_kept_for_the_next_get() {
    let mut link = polling();
    link.push(Burst::from("4a"), false, true);
    link.push(Burst::from("4b"), false, false);
    flush(&mut link, Instant::now());
    assert!(link.is_queued());
    assert_eq!(link.drain().bytes, "4a\u{1e}4b");
}

#[test]
fn a_get_that_was_given_up_takes_nothing_with_it() {
    let mut link = polling();
    let (serial, answer) = link.park();
    drop(answer);
    assert!(!link.is_parked());
    link.push(Burst::from("4a"), false, false);
    flush(&mut link, Instant::now());
    assert!(link.is_queued());
    assert!(link.unpark(serial));
    assert!(!link.unpark(serial));
    let (second, _answer) = link.park();
    assert!(!link.unpark(serial) && link.unpark(second), "each has its own number");
}

#[test]
fn a_get_may_be_answered_without_a_message() {
    for (answer, text) in [(Answer::Noop, "6"), (Answer::Close, "1")] {
        let mut link = polling();
        let (_, mut waiting) = link.park();
        link.answer(answer);
        assert_eq!(body(&mut waiting).as_deref(), Some(text));
        link.answer(answer);
    }
}

#[test]
fn what_is_queued_moves_along_to_the_websocket() {
    let mut link = polling();
    link.push(Burst::from("4a"), false, false);
    let wire = FakeWire::with_room(usize::MAX);
    link.attach(Some(Arc::clone(&wire) as _));
    flush(&mut link, Instant::now());
    assert_eq!(wire.frames(), ["4a"]);
}

// --------------------------------------------------------------------------------------------------- the end

#[test]
fn a_websocket_is_told_why_it_is_closed() {
    let codes = [
        (Reason::ServerShuttingDown, 1001),
        (Reason::PayloadTooLarge, 1009),
        (Reason::ParseError, 1008),
        (Reason::PolicyViolation, 1008),
        (Reason::SlowConsumer, 1008),
        (Reason::TransportError, 1002),
        (Reason::ForcedClose, 1000),
        (Reason::PingTimeout, 1000),
    ];
    for (reason, code) in codes {
        let (mut link, wire) = websocket(disconnecting(1_000), usize::MAX);
        assert_eq!(link.end(reason, "test"), Pushed::Dirty);
        assert_eq!(link.standing(), Standing::Ending);
        assert_eq!(push(&mut link, 10), Pushed::Dropped);
        assert_eq!(link.end(Reason::ForcedClose, "again"), Pushed::Dropped);
        assert_eq!(flush(&mut link, Instant::now()), After::WakeTask);
        assert_eq!(wire.frames(), [format!("close {code}")], "{reason}");
    }
}

#[test]
fn who_is_gone_is_told_nothing() {
    let (mut link, wire) = websocket(disconnecting(1_000), usize::MAX);
    push(&mut link, 10);
    assert_eq!(link.end(Reason::TransportClose, "gone"), Pushed::Dropped);
    assert_eq!(link.standing(), Standing::Closed);
    assert_eq!((flush(&mut link, Instant::now()), link.is_queued()), (After::Done, false));
    assert!(wire.frames().is_empty());
}

#[test]
fn what_is_queued_goes_out_before_the_close_frame_except_to_a_slow_client() {
    let (mut link, wire) = websocket(disconnecting(1_000), 0);
    link.push(Burst::from("4a"), false, false);
    flush(&mut link, Instant::now());
    link.end(Reason::ServerShuttingDown, "");
    wire.set_room(usize::MAX);
    link.unblock();
    flush(&mut link, Instant::now());
    assert_eq!(wire.frames(), ["4a", "close 1001"]);

    let (mut link, wire) = websocket(disconnecting(1_000), 2);
    link.push(Burst::from("4a"), false, false);
    link.push(Burst::from("4b"), false, false);
    flush(&mut link, Instant::now());
    link.end(Reason::SlowConsumer, "");
    wire.set_room(usize::MAX);
    link.unblock();
    flush(&mut link, Instant::now());
    assert_eq!(wire.frames(), ["4a", "close 1008"], "only what was begun");
}

#[test]
fn pongs_do_not_fill_a_queue() {
    let (mut link, _wire) = websocket(disconnecting(100), 0);
    let pushed = (0..1_000).filter(|_| link.push_control(Burst::pong(b"ping")) != Pushed::Dropped).count();
    assert!(pushed < 30);
    assert_eq!(polling().push_control(Burst::pong(b"")), Pushed::Dropped);
}

#[test]
fn what_only_the_task_may_write_is_left_to_it() {
    let mut link = polling();
    link.attach(None);
    link.push(Burst::from("40"), false, true);
    link.push(Burst::from("42"), false, false);
    assert_eq!(flush(&mut link, Instant::now()), After::WakeTask);
    assert_eq!(link.standing(), Standing::Running { blocked: false, write: true });
    let mut buffer = Vec::new();
    assert!(link.take(&mut buffer));
    assert_eq!(buffer, b"\x81\x0240", "alone");
    buffer.clear();
    assert!(link.take(&mut buffer));
    buffer.clear();
    assert!(!link.take(&mut buffer));
}
