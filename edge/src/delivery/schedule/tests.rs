use super::*;
use crate::spool::Lane::{Backlog, Live};
use proptest::prelude::*;

const OPTIONS: DeliveryOptions =
    DeliveryOptions { batch_events: 500, backlog_rate: None, longest_wait: Duration::from_mins(1) };

fn refused() -> Response {
    Response::Refused { reason: "No.".to_owned() }
}

fn stored() -> Response {
    Response::Stored(IngestResult::default())
}

fn size(events: usize) -> BatchSize {
    BatchSize { events, bytes: events * 100 }
}

/// A queue of one lane and a server that refuses every batch with a poisoned event in it. Answers with the requests that
/// were made, and those events that were given up.
fn deliver(mut queue: Vec<u32>, poison: &[u32], batch_events: usize) -> (usize, Vec<u32>, Vec<u32>) {
    let mut schedule = Schedule::new(DeliveryOptions { batch_events, ..OPTIONS });
    let (mut requests, mut dead_letters, mut delivered) = (0, Vec::new(), Vec::new());
    let now = Instant::now();
    while !queue.is_empty() {
        requests += 1;
        let taken = schedule.max_size(Lane::Live).events.min(queue.len());
        let response =
            if queue[..taken].iter().any(|event| poison.contains(event)) { refused() } else { stored() };
        match schedule.on_response(Lane::Live, size(taken), response, now, 0.0) {
            Step::Acknowledge(_) => delivered.extend(queue.drain(..taken)),
            Step::Split => {}
            Step::Isolate(_) => {
                dead_letters.extend(queue.drain(..1));
                schedule.confirmed(Lane::Live);
            }
            Step::Wait { .. } => panic!("nothing to wait for"),
        }
    }
    (requests, delivered, dead_letters)
}

#[test]
fn one_poisoned_event_among_500_is_found_by_halving() {
    for poisoned in [0, 1, 249, 250, 333, 499] {
        let (requests, stored, dead_letters) = deliver((0..500).collect(), &[poisoned], 500);
        assert_eq!(dead_letters, [poisoned]);
        assert_eq!(stored.len(), 499);
        assert!(requests <= 14, "{requests} requests for {poisoned}");
    }
}

#[test]
fn a_batch_too_large_is_halved_by_bytes_and_larger_ones_are_tried_again_after_a_while() {
    let mut schedule = Schedule::new(OPTIONS);
    let now = Instant::now();
    let too_large = || Response::TooLarge { reason: "No.".to_owned() };
    assert_eq!(
        schedule.on_response(Lane::Live, BatchSize { events: 500, bytes: 100_000 }, too_large(), now, 0.0),
        Step::Split
    );
    assert_eq!(schedule.max_size(Lane::Live), BatchSize { events: 500, bytes: 50_000 });
    assert_eq!(schedule.max_size(Lane::Backlog).bytes, 50_000);
    assert_eq!(
        schedule.on_response(Lane::Live, BatchSize { events: 250, bytes: 49_000 }, too_large(), now, 0.0),
        Step::Split
    );
    assert_eq!(schedule.max_size(Lane::Live).bytes, 24_500);
    for _ in 0..GROW_AFTER_BATCHES {
        schedule.on_response(Lane::Live, size(1), stored(), now, 0.0);
    }
    assert_eq!(schedule.max_size(Lane::Live).bytes, 49_000);
    let isolated =
        schedule.on_response(Lane::Live, BatchSize { events: 1, bytes: 20_000 }, too_large(), now, 0.0);
    assert!(matches!(isolated, Step::Isolate(Fault { code: "PAYLOAD_TOO_LARGE", .. })), "{isolated:?}");
}

#[test]
fn what_is_new_goes_before_each_batch_of_the_backlog() {
    let mut schedule = Schedule::new(OPTIONS);
    let now = Instant::now();
    let mut lanes = Vec::new();
    for is_live_due in [true, true, true, false, false, true] {
        let lane = schedule.next_lane(is_live_due, true, now).expect("something to send");
        schedule.on_response(lane, size(10), stored(), now, 0.0);
        lanes.push(lane);
    }
    assert_eq!(lanes, [Live, Backlog, Live, Backlog, Backlog, Live]);
    assert_eq!(schedule.next_lane(true, false, now), Some(Live));
    assert_eq!(schedule.next_lane(false, false, now), None);
}

#[test]
fn the_backlog_keeps_to_its_rate_and_what_is_new_does_not() {
    let mut schedule = Schedule::new(DeliveryOptions { backlog_rate: Some(1_000), ..OPTIONS });
    let began = Instant::now();
    schedule.on_response(Lane::Backlog, size(500), stored(), began, 0.0);
    assert_eq!(schedule.next_lane(false, true, began + Duration::from_millis(499)), None);
    assert_eq!(schedule.next_lane(true, true, began + Duration::from_millis(499)), Some(Lane::Live));
    let free = began + Duration::from_millis(500);
    assert_eq!(schedule.next_lane(false, true, free), Some(Lane::Backlog));
    schedule.on_response(Lane::Backlog, size(500), stored(), free + Duration::from_millis(100), 0.0);
    assert_eq!(schedule.backlog_free_at(), Some(began + Duration::from_secs(1)));
}

#[test]
fn an_agent_that_may_not_send_asks_seldom_and_raises_an_alarm() {
    let mut schedule = Schedule::new(OPTIONS);
    let forbidden = Response::Forbidden { reason: "HTTP 401".to_owned() };
    let step = schedule.on_response(Lane::Live, size(1), forbidden, Instant::now(), 0.5);
    assert_eq!(
        step,
        Step::Wait { wait: OPTIONS.longest_wait, reason: "HTTP 401".to_owned(), alarm: Alarm::Forbidden }
    );
}

#[test]
fn an_event_is_cleared_when_the_same_is_refused_without_it() {
    let mut schedule = Schedule::new(OPTIONS);
    let step = schedule.on_response(Lane::Live, size(1), refused(), Instant::now(), 1.0);
    assert!(matches!(step, Step::Isolate(_)));
    let step = schedule.wait_after(refused(), 1.0);
    assert_eq!(
        step,
        Step::Wait { wait: Duration::from_secs(1), reason: "No.".to_owned(), alarm: Alarm::Transient }
    );
}

#[test]
fn waits_are_any_time_up_to_a_doubling_bound_after_what_was_asked_for() {
    let mut schedule = Schedule::new(OPTIONS);
    let mut wait_ms = |retry_after, random| {
        let busy = Response::Busy { reason: "busy".to_owned(), retry_after };
        match schedule.wait_after(busy, random) {
            Step::Wait { wait, .. } => wait.as_millis(),
            other => panic!("{other:?}"),
        }
    };
    let waits: Vec<_> = (0..8).map(|_| wait_ms(None, 1.0)).collect();
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    assert_eq!(wait_ms(None, 0.25), 15_000);
    assert_eq!(wait_ms(None, 0.0), 0);
    assert_eq!(wait_ms(Some(Duration::from_secs(90)), 0.5), 120_000);
}

proptest! {
    #[test]
    fn whatever_is_poisoned_everything_else_is_stored_in_its_order(
        events in 1_u32..400,
        poison in proptest::collection::btree_set(0_u32..400, 0..12),
        batch_events in 1_usize..600,
    ) {
        let poison: Vec<_> = poison.into_iter().filter(|event| *event < events).collect();
        let (requests, stored, dead_letters) = deliver((0..events).collect(), &poison, batch_events);
        prop_assert_eq!(&dead_letters, &poison);
        prop_assert_eq!(stored, (0..events).filter(|event| !poison.contains(event)).collect::<Vec<_>>());
        let undisturbed = (events as usize).div_ceil(batch_events);
        prop_assert!(requests <= 2 * undisturbed + 22 * poison.len(), "{} requests", requests);
    }
}
