use super::Turn::{Backlog, Live};
use super::*;
use proptest::prelude::*;

const PACE: Pace = Pace { batch_events: 500, backlog_rate: None, longest_wait: Duration::from_mins(1) };

fn refused() -> Verdict {
    Verdict::Refused { reason: "No.".to_owned() }
}

fn answered() -> Verdict {
    Verdict::Answered(Answered::default())
}

fn size(events: usize) -> Size {
    Size { events, bytes: events * 100 }
}

/// A queue of one lane and a server that refuses every batch with a poisoned event in it. Answers with the requests that
/// were made, and those events that were given up.
fn deliver(mut queue: Vec<u32>, poison: &[u32], batch_events: usize) -> (usize, Vec<u32>, Vec<u32>) {
    let mut course = Course::new(Pace { batch_events, ..PACE });
    let (mut requests, mut buried, mut stored) = (0, Vec::new(), Vec::new());
    let now = Instant::now();
    while !queue.is_empty() {
        requests += 1;
        let taken = course.portion(Turn::Live).events.min(queue.len());
        let verdict =
            if queue[..taken].iter().any(|event| poison.contains(event)) { refused() } else { answered() };
        match course.judge(Turn::Live, size(taken), verdict, now, 0.0) {
            Step::Settle(_) => stored.extend(queue.drain(..taken)),
            Step::Smaller => {}
            Step::Accuse(_) => {
                buried.extend(queue.drain(..1));
                course.convicted(Turn::Live);
            }
            Step::Wait { .. } => panic!("nothing to wait for"),
        }
    }
    (requests, stored, buried)
}

#[test]
fn one_poisoned_event_among_500_is_found_by_halving() {
    for poisoned in [0, 1, 249, 250, 333, 499] {
        let (requests, stored, buried) = deliver((0..500).collect(), &[poisoned], 500);
        assert_eq!(buried, [poisoned]);
        assert_eq!(stored.len(), 499);
        assert!(requests <= 14, "{requests} requests for {poisoned}");
    }
}

#[test]
fn a_batch_too_large_is_halved_by_bytes_and_larger_ones_are_tried_again_after_a_while() {
    let mut course = Course::new(PACE);
    let now = Instant::now();
    let too_large = || Verdict::TooLarge { reason: "No.".to_owned() };
    assert_eq!(
        course.judge(Turn::Live, Size { events: 500, bytes: 100_000 }, too_large(), now, 0.0),
        Step::Smaller
    );
    assert_eq!(course.portion(Turn::Live), Portion { events: 500, bytes: 50_000 });
    assert_eq!(course.portion(Turn::Backlog).bytes, 50_000);
    assert_eq!(
        course.judge(Turn::Live, Size { events: 250, bytes: 49_000 }, too_large(), now, 0.0),
        Step::Smaller
    );
    assert_eq!(course.portion(Turn::Live).bytes, 24_500);
    for _ in 0..CALM_BATCHES {
        course.judge(Turn::Live, size(1), answered(), now, 0.0);
    }
    assert_eq!(course.portion(Turn::Live).bytes, 49_000);
    let accused = course.judge(Turn::Live, Size { events: 1, bytes: 20_000 }, too_large(), now, 0.0);
    assert!(matches!(accused, Step::Accuse(Fault { code: "PAYLOAD_TOO_LARGE", .. })), "{accused:?}");
}

#[test]
fn what_is_new_goes_before_each_batch_of_the_backlog() {
    let mut course = Course::new(PACE);
    let now = Instant::now();
    let mut turns = Vec::new();
    for is_live_due in [true, true, true, false, false, true] {
        let turn = course.turn(is_live_due, true, now).expect("something to send");
        course.judge(turn, size(10), answered(), now, 0.0);
        turns.push(turn);
    }
    assert_eq!(turns, [Live, Backlog, Live, Backlog, Backlog, Live]);
    assert_eq!(course.turn(true, false, now), Some(Live));
    assert_eq!(course.turn(false, false, now), None);
}

#[test]
fn the_backlog_keeps_to_its_rate_and_what_is_new_does_not() {
    let mut course = Course::new(Pace { backlog_rate: Some(1_000), ..PACE });
    let began = Instant::now();
    course.judge(Turn::Backlog, size(500), answered(), began, 0.0);
    assert_eq!(course.turn(false, true, began + Duration::from_millis(499)), None);
    assert_eq!(course.turn(true, true, began + Duration::from_millis(499)), Some(Turn::Live));
    let free = began + Duration::from_millis(500);
    assert_eq!(course.turn(false, true, free), Some(Turn::Backlog));
    course.judge(Turn::Backlog, size(500), answered(), free + Duration::from_millis(100), 0.0);
    assert_eq!(course.backlog_free_at(), Some(began + Duration::from_secs(1)));
}

#[test]
fn who_may_not_send_asks_seldom_and_shouts() {
    let mut course = Course::new(PACE);
    let forbidden = Verdict::Forbidden { reason: "HTTP 401".to_owned() };
    let step = course.judge(Turn::Live, size(1), forbidden, Instant::now(), 0.5);
    assert_eq!(
        step,
        Step::Wait { wait: PACE.longest_wait, reason: "HTTP 401".to_owned(), alarm: Alarm::Forbidden }
    );
}

#[test]
fn an_event_is_innocent_when_the_same_is_refused_without_it() {
    let mut course = Course::new(PACE);
    let step = course.judge(Turn::Live, size(1), refused(), Instant::now(), 1.0);
    assert!(matches!(step, Step::Accuse(_)));
    let step = course.acquitted(refused(), 1.0);
    assert_eq!(
        step,
        Step::Wait { wait: Duration::from_secs(1), reason: "No.".to_owned(), alarm: Alarm::Patience }
    );
}

proptest! {
    #[test]
    fn whatever_is_poisoned_everything_else_is_stored_in_its_order(
        events in 1_u32..400,
        poison in proptest::collection::btree_set(0_u32..400, 0..12),
        batch_events in 1_usize..600,
    ) {
        let poison: Vec<_> = poison.into_iter().filter(|event| *event < events).collect();
        let (requests, stored, buried) = deliver((0..events).collect(), &poison, batch_events);
        prop_assert_eq!(&buried, &poison);
        prop_assert_eq!(stored, (0..events).filter(|event| !poison.contains(event)).collect::<Vec<_>>());
        let undisturbed = (events as usize).div_ceil(batch_events);
        prop_assert!(requests <= 2 * undisturbed + 22 * poison.len(), "{} requests", requests);
    }
}
