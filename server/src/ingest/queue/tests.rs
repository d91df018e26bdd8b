use std::collections::HashSet;

use domain::{
    MS_PER_DAY,
    event::{EntityType, EventType, Extent},
    id::{FactoryId, Revision},
    time::{DurationMs, TimestampMs},
};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::store::{Fault, StoreError, issues::Issues, writer::Verdict};

const MS: Duration = Duration::from_millis(1);
/// About as long as a turn takes.
const TURN: Duration = Duration::from_millis(100);

/// A batch whose events have a number of their own and are all so long.
fn waiting(factory: &str, number: i64, events: usize, duration_ms: i64) -> Waiting {
    let event = |nth: usize| Event {
        entity_type: EntityType::Worker,
        entity_code: format!("W{nth}"),
        event_type: EventType::Idle,
        started_at_ms: TimestampMs(number),
        extent: Extent::Interval(DurationMs(duration_ms)),
        units: 0,
        confidence: None,
        model_version: None,
        event_code: String::new(),
        source: None,
        workstation: None,
    };
    let events: Vec<Event> = (0..events).map(event).collect();
    let rows = events.iter().map(rows_of).sum();
    let batch = Batch {
        factory_slug: factory.into(),
        events,
        received_at_ms: TimestampMs(number),
        credential_id: None,
        issues: Issues::default(),
        numbered: None,
    };
    Waiting::new(batch, rows, oneshot::channel().0)
}

fn short(factory: &str, number: i64, events: usize) -> Waiting {
    waiting(factory, number, events, 0)
}

fn long(factory: &str, number: i64, events: usize) -> Waiting {
    waiting(factory, number, events, MS_PER_DAY)
}

fn stored(events: usize) -> Stored {
    Stored { factory_id: FactoryId(1), revision: Revision(1), verdicts: vec![Verdict::Accepted; events] }
}

/// The factories and numbers of a turn's batches, with how many events of each have their turn.
fn shown(turn: &[Entry]) -> Vec<(String, i64, usize)> {
    let entry = |entry: &Entry| {
        let batch = &entry.waiting.batch;
        (batch.factory_slug.0.clone(), batch.received_at_ms.0, entry.range.len())
    };
    turn.iter().map(entry).collect()
}

fn turn(queue: &mut Queue, now: Instant) -> Vec<Entry> {
    match queue.next(now) {
        Next::Turn(turn) => turn,
        Next::Rest(_) => panic!("everybody rests"),
        Next::Nothing => panic!("nothing waits"),
    }
}

/// Ends a turn in which everything was stored.
fn end(queue: &mut Queue, turn: Vec<Entry>, took: Duration, now: Instant) -> Vec<Done> {
    let results = turn.iter().map(|entry| Ok(stored(entry.range.len()))).collect::<Vec<_>>();
    queue.end(turn.into_iter().zip(results).collect(), took, now)
}

#[test]
fn short_batches_of_all_factories_are_one_turn() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    for number in 0..3 {
        queue.push(short("a", number, 1_000)).expect("room");
        queue.push(short("b", number, 1_000)).expect("room");
    }
    queue.push(short("a", 3, 5_000)).expect("room");
    queue.push(short("b", 4, 1)).expect("room");
    let first = turn(&mut queue, now);
    let expected = [
        ("a", 0, 1_000),
        ("b", 0, 1_000),
        ("a", 1, 1_000),
        ("b", 1, 1_000),
        ("a", 2, 1_000),
        ("b", 2, 1_000),
    ];
    let expected: Vec<_> = expected.map(|(slug, number, events)| (slug.to_owned(), number, events)).into();
    assert_eq!(shown(&first)[..6], expected);
    assert_eq!(shown(&first)[6..], [("b".to_owned(), 4, 1)], "the large one of a does not fit any more");
    assert_eq!(end(&mut queue, first, MS, now).len(), 7);
    assert_eq!(shown(&turn(&mut queue, now)), [("a".to_owned(), 3, 5_000)]);
}

#[test]
fn a_batch_of_long_events_is_stored_in_slices_between_which_others_have_their_turns() {
    let (mut queue, mut now) = (Queue::default(), Instant::now());
    let events = 200;
    queue.push(long("a", 0, events)).expect("room");
    queue.push(short("a", 1, 10)).expect("room");
    queue.push(short("b", 2, 1)).expect("room");
    let (mut sliced, mut turns_of_others, mut left, mut last) = (Vec::new(), 0, events, None);
    while left > 0 {
        let turn = turn(&mut queue, now);
        let shown = shown(&turn);
        assert_eq!(shown.len(), 1, "a slice is a turn of its own");
        now += TURN;
        if shown[0].0 == "a" {
            assert_eq!(shown[0].1, 0, "in the order in which they came");
            left -= shown[0].2;
            sliced.push(shown[0].2);
            last = end(&mut queue, turn, TURN, now).pop();
        } else {
            turns_of_others += 1;
            end(&mut queue, turn, MS, now);
            queue.push(short("b", 2, 1)).expect("room");
        }
    }
    let rows_of_one = rows_written(TimestampMs(0), DurationMs(MS_PER_DAY));
    assert!(sliced.iter().all(|events| *events as i64 * rows_of_one <= MAX_TURN_ROWS), "{sliced:?}");
    assert!(turns_of_others >= sliced.len() - 1, "{turns_of_others} turns between {sliced:?}");
    let done = last.expect("the answer comes with the last slice");
    assert_eq!(done.waiting.stored.expect("all of it").verdicts.len(), events);
}

#[test]
fn who_takes_more_than_its_share_rests_for_longer_than_it_took_while_others_want_to_go_on() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.push(long("a", 0, 200)).expect("room");
    let slice = turn(&mut queue, now);
    queue.push(short("b", 1, 1)).expect("room");
    end(&mut queue, slice, TURN, now);
    // For as long as that, all that b sends has its turn at once.
    let rested_at = now + TURN.mul_f64(REST_PER_TURN);
    for at in [Duration::ZERO, 50 * MS, 199 * MS] {
        let others = turn(&mut queue, now + at);
        assert_eq!(shown(&others), [("b".to_owned(), 1, 1)]);
        end(&mut queue, others, MS, now + at);
        assert!(matches!(queue.next(now + at), Next::Rest(until) if until == rested_at));
        queue.push(short("b", 1, 1)).expect("room");
    }
    assert_eq!(shown(&turn(&mut queue, rested_at))[0].0, "b", "it had less so far");
    assert_eq!(shown(&turn(&mut queue, rested_at))[0].0, "a");
}

#[test]
fn who_comes_late_is_next_and_has_no_more_than_its_share_from_then_on() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    for factory in ["a", "b", "c", "d"] {
        queue.push(long(factory, 0, 400)).expect("room");
    }
    for _ in 0..10 {
        let slice = turn(&mut queue, now);
        end(&mut queue, slice, Duration::ZERO, now);
    }
    queue.push(short("late", 0, 1)).expect("room");
    assert_eq!(shown(&turn(&mut queue, now))[0].0, "late");
    queue.push(long("late", 0, 200)).expect("room");
    let of_late = (0..10).filter(|_| {
        let slice = turn(&mut queue, now);
        let is_late = shown(&slice)[0].0 == "late";
        end(&mut queue, slice, Duration::ZERO, now);
        is_late
    });
    assert!((1..=3).contains(&of_late.count()));
}

#[test]
fn who_is_alone_or_takes_no_more_than_the_others_never_rests() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.push(long("a", 0, 200)).expect("room");
    while let Next::Turn(slice) = queue.next(now) {
        end(&mut queue, slice, TURN, now);
    }
    for factory in ["b", "c", "b", "c", "b", "c"] {
        queue.push(short(factory, 1, 2_000)).expect("room");
    }
    let equal = turn(&mut queue, now);
    assert_eq!(shown(&equal).len(), 5, "the last does not fit");
    end(&mut queue, equal, Duration::ZERO, now);
    for factory in ["b", "c", "b"] {
        queue.push(short(factory, 2, 2_000)).expect("room");
    }
    let equal = turn(&mut queue, now);
    assert_eq!(shown(&equal).len(), 4);
    queue.push(short("b", 3, 1)).expect("room");
    queue.push(short("c", 3, 1)).expect("room");
    end(&mut queue, equal, TURN, now);
    assert_eq!(shown(&turn(&mut queue, now)).len(), 2, "nobody rests");
}

#[test]
fn a_closed_queue_takes_nothing_and_gives_all_that_waits_its_turn_at_once() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.push(long("a", 0, 200)).expect("room");
    let slice = turn(&mut queue, now);
    queue.push(short("b", 1, 1)).expect("room");
    end(&mut queue, slice, TURN, now);
    queue.close();
    assert!(matches!(queue.push(short("a", 2, 1)), Err(IngestError::Stopping)));
    let mut done = 0;
    while let Next::Turn(turn) = queue.next(now) {
        done += end(&mut queue, turn, TURN, now).len();
    }
    assert_eq!(done, 2);
}

/// A batch of one event that takes so many rows of the queue's room.
fn taking(factory: &str, number: i64, rows: i64) -> Waiting {
    Waiting::new(short(factory, number, 1).batch, rows, oneshot::channel().0)
}

/// The factories and numbers of the batches that a new one pushes out, the first that went first.
fn push(queue: &mut Queue, waiting: Waiting) -> Vec<(String, i64)> {
    let refused = queue.push(waiting).expect("an open queue").into_iter().map(|waiting| waiting.batch);
    refused.map(|batch| (batch.factory_slug.0, batch.received_at_ms.0)).collect()
}

fn numbers(factory: &str, numbers: impl Iterator<Item = i64>) -> Vec<(String, i64)> {
    numbers.map(|number| (factory.to_owned(), number)).collect()
}

#[test]
fn a_full_queue_refuses_the_newest_of_whoever_has_most_waiting() {
    const TENTH: i64 = MAX_QUEUED_ROWS / 10;
    let mut queue = Queue::default();
    for number in 0..10 {
        assert_eq!(push(&mut queue, taking("a", number, TENTH)), []);
    }
    assert_eq!(push(&mut queue, taking("a", 10, TENTH)), numbers("a", 10..11), "it has all of it itself");
    assert_eq!(push(&mut queue, taking("b", 0, TENTH)), numbers("a", (5..10).rev()), "to half of it");
    for number in 1..5 {
        assert_eq!(push(&mut queue, taking("b", number, TENTH)), []);
    }
    // Others find room until each has as much.
    let first = push(&mut queue, taking("c", 0, TENTH));
    assert!(first == numbers("a", 4..5) || first == numbers("b", 4..5), "{first:?}");
    assert!(push(&mut queue, taking("c", 1, TENTH)).iter().all(|(factory, _)| factory != "c"));
    for factory in 0..1_000 {
        let slug = format!("f{factory}");
        assert!(push(&mut queue, short(&slug, 0, 1)).iter().all(|(refused, _)| *refused != slug));
    }
    assert!(queue.load.rows <= MAX_QUEUED_ROWS && queue.load.batches <= MAX_QUEUED_BATCHES);
}

#[test]
fn one_factory_has_half_of_the_queue_while_another_has_something_in_it_and_all_of_it_otherwise() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let (all, half) = (MAX_QUEUED_BATCHES as i64, MAX_QUEUED_BATCHES as i64 / 2);
    for number in 0..all {
        assert_eq!(push(&mut queue, short("a", number, 1)), [], "nobody else has anything");
    }
    assert_eq!(push(&mut queue, short("b", 0, 1)), numbers("a", (half..all).rev()));
    assert_eq!(push(&mut queue, short("a", all, 1)), numbers("a", all..=all));
    assert_eq!(push(&mut queue, short("b", 1, 1)), []);
    // Until the last of the other one is done.
    while queue.lines.get(&"b".into()).is_some_and(|line| line.load.batches > 0) {
        let turn = turn(&mut queue, now);
        end(&mut queue, turn, MS, now);
    }
    let left = queue.load.batches as i64;
    for number in left..all {
        assert_eq!(push(&mut queue, short("a", number, 1)), []);
    }
}

#[test]
fn whatever_one_factory_floods_the_queue_with_no_batch_of_another_is_refused() {
    for rows in [1, 6, 1_000, 60_000, MAX_CHARGED_ROWS] {
        let (mut queue, mut now) = (Queue::default(), Instant::now());
        let (mut flooding, mut stored_of_b) = (0, 0);
        for number in 0..100 {
            // The flood fills what there is room for, before and after each turn.
            for _ in 0..2 {
                while push(&mut queue, taking("a", flooding, rows)).is_empty() {
                    flooding += 1;
                }
            }
            let refused = push(&mut queue, short("b", number, 10));
            assert!(refused.iter().all(|(factory, _)| factory == "a"), "{rows}: {refused:?}");
            if let Next::Turn(turn) = queue.next(now) {
                // While the turn is under way, the flood goes on, and so does the other one.
                while push(&mut queue, taking("a", flooding, rows)).is_empty() {
                    flooding += 1;
                }
                let refused = push(&mut queue, short("b", 1_000 + number, 10));
                assert!(refused.iter().all(|(factory, _)| factory == "a"), "{rows}: {refused:?}");
                now += MS;
                let done = end(&mut queue, turn, MS, now);
                stored_of_b += done.iter().filter(|done| done.waiting.batch.factory_slug.0 == "b").count();
            }
            now += TURN;
        }
        assert!(stored_of_b >= 150, "{rows}: {stored_of_b} of 200");
    }
}

#[test]
fn the_largest_batch_there_can_be_finds_room_beside_others() {
    let mut queue = Queue::default();
    queue.push(short("a", 0, 10_000)).expect("room");
    let batch = long("b", 0, 1).batch;
    let largest = Waiting::new(batch, i64::from(i32::MAX), oneshot::channel().0);
    assert!(queue.push(largest).expect("an open queue").is_empty());
}

#[test]
fn what_fails_is_done_and_leaves_its_room_to_others() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.push(long("a", 0, 200)).expect("room");
    let slice = turn(&mut queue, now);
    end(&mut queue, slice, MS, now);
    let slice = turn(&mut queue, now);
    let failure = StoreError::Corrupt("nothing that we know".to_owned());
    assert_eq!(failure.fault(), Fault::Other);
    let results = vec![Err(failure.into())];
    let done = queue.end(slice.into_iter().zip(results).collect(), MS, now);
    assert!(done[0].failed.is_some() && done[0].waiting.stored.is_some());
    assert!(queue.lines.is_empty() && queue.load.rows == 0 && queue.load.batches == 0);
}

proptest! {
    #[test]
    fn every_event_has_one_turn_and_the_batches_of_a_factory_keep_their_order(
        sent in vec((0..4_u8, prop_oneof![Just(0_usize), 1_usize..30, 60_usize..100], any::<bool>()), 1..15),
        taken in vec(0_usize..100, 1..20),
    ) {
        let (mut queue, mut now) = (Queue::default(), Instant::now());
        let mut taken = taken.into_iter().cycle();
        let mut left = HashSet::new();
        for (number, (factory, events, is_long)) in sent.iter().enumerate() {
            let slug = format!("f{factory}");
            let batch = if *is_long { long(&slug, number as i64, *events) } else { short(&slug, number as i64, *events) };
            prop_assert!(queue.push(batch).expect("an open queue").is_empty());
            left.insert(number as i64);
        }
        let mut last_done = HashMap::new();
        loop {
            let turn = match queue.next(now) {
                Next::Turn(turn) => turn,
                Next::Rest(until) => { prop_assert!(until > now); now = until; continue; }
                Next::Nothing => break,
            };
            prop_assert!(!turn.is_empty());
            // The writer may leave some of a factory's share of a turn for the next one, though never all of it.
            let mut cut = HashSet::new();
            let results: Vec<_> = turn.iter().enumerate().map(|(position, entry)| {
                let slug = entry.waiting.batch.factory_slug.clone();
                let wanted = if cut.contains(&slug) { 0 } else { taken.next().unwrap_or_default() };
                let least = usize::from(position == 0).min(entry.range.len());
                let events = wanted.clamp(least, entry.range.len());
                if events < entry.range.len() {
                    cut.insert(slug);
                }
                Ok(stored(events))
            }).collect();
            now += TURN;
            for Done { waiting, .. } in queue.end(turn.into_iter().zip(results).collect(), TURN, now) {
                let Waiting { batch, stored, rows, .. } = waiting;
                prop_assert_eq!(stored.expect("all of it").verdicts.len(), batch.events.len());
                prop_assert_eq!(rows, 0);
                let number = batch.received_at_ms.0;
                prop_assert!(left.remove(&number));
                if !batch.events.is_empty() {
                    prop_assert!(last_done.insert(batch.factory_slug, number).is_none_or(|last| last < number));
                }
            }
        }
        prop_assert!(left.is_empty());
        prop_assert!(queue.load.rows == 0 && queue.load.batches == 0);
    }

    #[test]
    fn no_factory_has_more_than_half_of_the_queue_while_another_has_something_in_it(
        steps in vec(
            prop_oneof![
                (0..3_u8, prop_oneof![Just(1_i64), Just(5_000), Just(50_000), Just(i64::MAX)], 1_usize..400).prop_map(Some),
                Just(None),
            ],
            1..60,
        ),
    ) {
        let (mut queue, mut now) = (Queue::default(), Instant::now());
        let mut under_way = Vec::new();
        for step in steps {
            now += TURN;
            match step {
                Some((factory, rows, times)) => for number in 0..times {
                    push(&mut queue, taking(&format!("f{factory}"), number as i64, rows));
                    prop_assert!(queue.load.rows <= MAX_QUEUED_ROWS && queue.load.batches <= MAX_QUEUED_BATCHES);
                    let has_others = |line: &Line| line.load.batches < queue.load.batches;
                    for line in queue.lines.values().filter(|line| has_others(line)) {
                        prop_assert!(line.load.rows <= MAX_QUEUED_ROWS / 2, "{} rows", line.load.rows);
                        prop_assert!(line.load.batches <= MAX_QUEUED_BATCHES / 2, "{} batches", line.load.batches);
                    }
                },
                // A turn begins, or the one that is under way ends.
                None if under_way.is_empty() => if let Next::Turn(turn) = queue.next(now) { under_way = turn },
                None => drop(end(&mut queue, std::mem::take(&mut under_way), MS, now)),
            }
        }
    }
}
