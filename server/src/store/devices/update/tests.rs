//! Whatever a device sends, in whatever order and however often: what is known of its numbers is what became of them.

use std::collections::BTreeMap;

use domain::time::{DurationMs, TimestampMs};
use proptest::prelude::*;

use super::*;

const NOW_MS: TimestampMs = TimestampMs(1_767_571_200_000);

fn sender(epoch: &str, first_sequence: i64) -> Sender {
    Sender {
        device_code: "edge-1".into(),
        epoch: epoch.into(),
        first_sequence,
        sent_at_ms: NOW_MS,
        queued_events: 0,
        oldest_queued_at_ms: None,
        lost_events: 0,
        dead_lettered_events: 0,
        closed: Vec::new(),
    }
}

fn receipt(first: i64, last: i64, reason: ClosedReason) -> Receipt {
    let range = SequenceRange::new(first, last).expect("in order");
    Receipt { epoch: "a".into(), range, reason, from_ms: None, to_ms: None, detail: None }
}

fn update() -> DeviceUpdate {
    DeviceUpdate::new(&sender("a", 1), NOW_MS)
}

fn numbers(set: &SequenceSet) -> Vec<i64> {
    set.ranges().iter().flat_map(|range| range.first()..=range.last()).collect()
}

/// What a device does.
#[derive(Clone, Debug)]
enum Step {
    Send(i64, Vec<bool>),
    Close(i64, i64, ClosedReason),
}

fn step() -> impl Strategy<Value = Step> {
    let reason = prop_oneof![Just(ClosedReason::Lost), Just(ClosedReason::DeadLettered)];
    prop_oneof![
        4 => (1_i64..40, prop::collection::vec(prop::bool::weighted(0.2), 0..8)).prop_map(|(first, refused)| Step::Send(first, refused)),
        1 => (1_i64..40, 0_i64..6, reason).prop_map(|(first, more, reason)| Step::Close(first, first + more, reason)),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stored,
    Refused,
}

proptest! {
    #[test]
    fn what_is_known_of_numbers_is_what_became_of_them(steps in prop::collection::vec(step(), 0..40)) {
        let mut update = update();
        let mut fates: BTreeMap<i64, Fate> = BTreeMap::new();
        let mut closed: BTreeSet<(ClosedReason, i64)> = BTreeSet::new();
        for step in &steps {
            match step {
                Step::Send(first, refused) => {
                    let answers = Answers::new(*first, refused.iter().copied());
                    update.apply(&sender("a", *first), &answers, NOW_MS);
                    for (number, is_refused) in (*first..).zip(refused) {
                        fates.insert(number, if *is_refused { Fate::Refused } else { Fate::Stored });
                    }
                }
                Step::Close(first, last, reason) => {
                    let told = Sender { closed: vec![receipt(*first, *last, *reason)], ..sender("a", 1) };
                    update.apply(&told, &Answers::default(), NOW_MS);
                    closed.extend((*first..=*last).map(|number| (*reason, number)));
                }
            }
        }
        let none = Epoch::default();
        let epoch = update.known.epochs.get("a").unwrap_or(&none);
        let of = |fate| fates.iter().filter(|(_, found)| **found == fate).map(|(number, _)| *number).collect::<Vec<_>>();
        prop_assert_eq!(numbers(&epoch.stored()), of(Fate::Stored));
        prop_assert_eq!(numbers(&epoch.refused), of(Fate::Refused));
        for reason in [ClosedReason::Lost, ClosedReason::DeadLettered] {
            let kept = epoch.closed.iter().filter(|closed| closed.reason == reason);
            let ranges: Vec<SequenceRange> = kept.map(|closed| closed.range).collect();
            let told: Vec<i64> = closed.iter().filter(|(of, _)| *of == reason).map(|(_, number)| *number).collect();
            let set: SequenceSet = ranges.iter().copied().collect();
            prop_assert_eq!(numbers(&set), told);
            prop_assert_eq!(set.ranges().len(), ranges.len(), "ranges that join are one");
        }
        let settled = |number: &i64| fates.contains_key(number) || closed.iter().any(|(_, of)| of == number);
        let highest = fates.keys().copied().chain(closed.iter().map(|(_, number)| *number)).max().unwrap_or(0);
        let holes: Vec<i64> = (1..=highest).filter(|number| !settled(number)).collect();
        prop_assert_eq!(numbers(&epoch.settled().holes()), holes);
    }
}

#[test]
fn only_what_was_not_known_to_be_lost_is_a_new_loss() {
    let mut update = update();
    let mut lost_at_ms = |receipt: Receipt, lost_events: i64, now_ms: TimestampMs| {
        let told = Sender { closed: vec![receipt], lost_events, ..sender("a", 1) };
        update.apply(&told, &Answers::default(), now_ms);
        update.known.device.lost_at_ms
    };
    assert_eq!(lost_at_ms(receipt(1, 9, ClosedReason::DeadLettered), 0, NOW_MS), None);
    assert_eq!(
        lost_at_ms(receipt(1, 9, ClosedReason::Lost), 0, NOW_MS + DurationMs(1)),
        Some(NOW_MS + DurationMs(1))
    );
    assert_eq!(
        lost_at_ms(receipt(2, 8, ClosedReason::Lost), 0, NOW_MS + DurationMs(2)),
        Some(NOW_MS + DurationMs(1))
    );
    assert_eq!(
        lost_at_ms(receipt(2, 10, ClosedReason::Lost), 0, NOW_MS + DurationMs(3)),
        Some(NOW_MS + DurationMs(3))
    );
    assert_eq!(
        lost_at_ms(receipt(2, 10, ClosedReason::Lost), 11, NOW_MS + DurationMs(4)),
        Some(NOW_MS + DurationMs(4))
    );
    assert_eq!(
        lost_at_ms(receipt(2, 10, ClosedReason::Lost), 11, NOW_MS + DurationMs(5)),
        Some(NOW_MS + DurationMs(4))
    );
}

#[test]
fn past_the_limits_less_is_known_and_nothing_wrong() {
    let mut update = update();
    let rounds = 3 * MAX_RANGES as i64;
    for round in 0..rounds {
        // Every second number comes, every second of those is refused.
        update.apply(
            &sender("a", 2 * round + 1),
            &Answers::new(2 * round + 1, [round % 2 == 0].into_iter()),
            NOW_MS,
        );
        let closed = receipt(10_000 + 2 * round, 10_000 + 2 * round, ClosedReason::Lost);
        update.apply(
            &Sender { closed: vec![closed], ..sender("a", 1) },
            &Answers::default(),
            NOW_MS + DurationMs(round),
        );
    }
    let epoch = &update.known.epochs["a"];
    assert!(epoch.answered.ranges().len() <= MAX_RANGES && epoch.refused.ranges().len() <= MAX_RANGES);
    assert_eq!(epoch.closed.len(), MAX_CLOSED_RANGES);
    let stored = numbers(&epoch.stored());
    assert!(!stored.is_empty() && stored.iter().all(|number| number % 4 == 3), "{stored:?}");
    assert!(epoch.closed.iter().all(|closed| closed.range.first() % 2 == 0 && closed.range.count() == 1));

    for number in 0..2 * MAX_EPOCHS as i64 {
        update.apply(
            &sender(&format!("b{number}"), 1),
            &Answers::new(1, [false].into_iter()),
            NOW_MS + DurationMs(rounds + number),
        );
    }
    let epochs = &update.known.epochs;
    assert_eq!(epochs.len(), MAX_EPOCHS);
    assert!(
        (MAX_EPOCHS..2 * MAX_EPOCHS).all(|number| epochs.contains_key(&format!("b{number}"))),
        "the latest stay"
    );
    assert!(update.forgotten.contains("a") && !update.changed.contains("a"));
}
