//! The one law, as properties: the sums are a function of the set of events and of nothing else.

mod corrected;

use std::collections::HashSet;

use proptest::{collection::vec, option, prelude::*, sample::Index};

use super::*;

const T0_MS: TimestampMs = TimestampMs(1_767_600_000_000);

/// The definition, instant by instant: no sweep, no cleverness. Times are multiples of `STEP_MS`.
const STEP_MS: i64 = 30_000;

fn totals_by_definition(events: &[Observation]) -> BucketTotals {
    let mut sums = BucketTotals::new();
    let first_ms = events.iter().map(|event| event.started_at_ms).min().unwrap_or_default();
    let last_ms = events.iter().map(Observation::ended_at_ms).max().unwrap_or_default();
    for instant_ms in (first_ms.0..last_ms.0).step_by(STEP_MS as usize).map(TimestampMs) {
        let covering = || {
            events
                .iter()
                .filter(|event| event.started_at_ms <= instant_ms && instant_ms < event.ended_at_ms())
        };
        let best = covering().max_by(|a, b| {
            (a.confidence, a.event_type, a.started_at_ms, &a.event_code).cmp(&(
                b.confidence,
                b.event_type,
                b.started_at_ms,
                &b.event_code,
            ))
        });
        let Some(best) = best else { continue };
        let sum = sums.entry(bucket_of(instant_ms)).or_default();
        match best.event_type {
            EventType::Working => sum.working_ms += STEP_MS,
            EventType::Idle => sum.idle_ms += STEP_MS,
            EventType::Absent => sum.absent_ms += STEP_MS,
        }
        if covering().any(|event| event.event_type != best.event_type) {
            sum.contested_ms += STEP_MS;
        }
        sum.overlap_ms += (covering().count() as i64 - 1) * STEP_MS;
        if let Some(confidence) = best.confidence {
            sum.confidence_ms += i64::from(confidence) * STEP_MS;
            sum.confident_ms += STEP_MS;
        }
    }
    for event in events {
        sums.entry(bucket_of(event.started_at_ms)).or_default().events += 1;
        for unit in 1..=event.units {
            // The unit number `unit` is finished at the first x with floor(U * x / D) >= unit.
            let offset_ms = (unit * event.duration_ms.0 + event.units - 1) / event.units;
            let finished_at_ms =
                event.started_at_ms + DurationMs(if event.duration_ms.0 == 0 { 0 } else { offset_ms - 1 });
            sums.entry(bucket_of(finished_at_ms)).or_default().units += 1;
        }
    }
    sums.retain(|_, totals| !totals.is_zero());
    sums
}

/// Events of one entity that crowd into two hours, so that they overlap, touch and tie.
fn event() -> impl Strategy<Value = Observation> {
    let event_type = prop_oneof![Just(EventType::Working), Just(EventType::Idle), Just(EventType::Absent)];
    let length = prop_oneof![1 => Just(0), 8 => 1_i64..40, 1 => 40_i64..200];
    (event_type, 0_i64..240, length, 0_i64..20, option::of(0_u16..4), 0_i32..2, 0_i32..2, "[ab]{0,1}")
        .prop_map(|(event_type, start, length, units, confidence, model, source, event_code)| Observation {
            units,
            confidence: confidence.map(|parts| parts * 3_000),
            model_version: Some(ModelVersionId(model)),
            source: (source > 0).then_some(SourceId(source)),
            event_code,
            ..Observation::interval(
                event_type,
                T0_MS + DurationMs(start * STEP_MS),
                DurationMs(length * STEP_MS),
            )
        })
}

/// A set of events: no two with one identity.
fn events() -> impl Strategy<Value = Vec<Observation>> {
    vec(event(), 0..24).prop_map(|mut events| {
        let mut seen = HashSet::new();
        events.retain(|event| seen.insert((event.event_type, event.started_at_ms, event.event_code.clone())));
        events
    })
}

fn changes<'a>(
    before: impl IntoIterator<Item = &'a Observation>,
    after: impl IntoIterator<Item = &'a Observation>,
) -> BucketTotals {
    delta(&Counted::reports(before), &Counted::reports(after))
}

fn add(sums: &mut BucketTotals, delta: &BucketTotals) {
    for (bucket, totals) in delta {
        *sums.entry(*bucket).or_default() += *totals;
    }
    sums.retain(|_, totals| !totals.is_zero());
}

proptest! {
    #[test]
    fn sums_are_what_the_definition_says_instant_by_instant(events in events()) {
        prop_assert_eq!(totals(&events), totals_by_definition(&events));
    }

    #[test]
    fn any_order_and_any_batching_of_insertions_gives_the_sums_of_a_recomputation(
        events in events().prop_shuffle(),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(events.len() + 1)).collect();
        cuts.extend([0, events.len()]);
        cuts.sort_unstable();
        let mut sums = BucketTotals::new();
        for cut in cuts.windows(2) {
            add(&mut sums, &changes(&events[..cut[0]], &events[..cut[1]]));
        }
        prop_assert_eq!(sums, totals(&events));
    }

    #[test]
    fn the_delta_is_the_difference_of_two_recomputations_and_needs_only_what_overlaps(
        events in events(),
        cut in any::<Index>(),
    ) {
        let (stored, added) = events.split_at(cut.index(events.len() + 1));
        let touched = ranges(added);
        let overlapping: Vec<Observation> = stored
            .iter()
            .filter(|event| touched.iter().any(|range| event.started_at_ms < range.1 && range.0 < event.ended_at_ms()))
            .cloned()
            .collect();
        let mut sums = totals(stored);
        add(&mut sums, &changes(&overlapping, overlapping.iter().chain(added)));
        prop_assert_eq!(sums, totals(&events));
    }

    #[test]
    fn taking_an_event_away_gives_the_sums_without_it(events in events(), index in any::<Index>()) {
        prop_assume!(!events.is_empty());
        let mut without = events.clone();
        let gone = without.remove(index.index(events.len()));
        let mut sums = totals(&events);
        add(&mut sums, &changes(without.iter().chain([&gone]), &without));
        prop_assert_eq!(sums, totals(&without));
    }

    #[test]
    fn the_delta_between_any_two_sets_is_the_difference_of_their_recomputations(
        before in events(),
        after in events(),
        shared in events(),
    ) {
        let identity = |event: &Observation| (event.event_type, event.started_at_ms, event.event_code.clone());
        let in_shared: HashSet<_> = shared.iter().map(identity).collect();
        let with_shared = |mut events: Vec<Observation>| {
            events.retain(|event| !in_shared.contains(&identity(event)));
            events.extend(shared.iter().cloned());
            events
        };
        let (before, after) = (with_shared(before), with_shared(after));
        let mut sums = totals(&before);
        add(&mut sums, &changes(&before, &after));
        prop_assert_eq!(sums, totals(&after));
    }

    #[test]
    fn the_latest_segment_after_a_change_is_that_of_a_recomputation_or_said_to_be_unknown(
        events in events(),
        cut in any::<Index>(),
    ) {
        let (some, others) = events.split_at(cut.index(events.len() + 1));
        let changed = ranges(others);
        prop_assume!(!changed.is_empty());
        let overlaps = |event: &&Observation| {
            changed.iter().any(|range| event.started_at_ms < range.1 && range.0 < event.ended_at_ms())
        };
        // The others come.
        let now = events.iter().filter(overlaps);
        if let Latest::Known(latest) = Tail::of(segments(some).pop()).change(&changed, &Counted::reports(now)) {
            prop_assert_eq!(Some(latest), segments(&events).pop());
        }
        // The others go.
        let now = some.iter().filter(overlaps);
        if let Latest::Known(latest) = Tail::of(segments(&events).pop()).change(&changed, &Counted::reports(now)) {
            prop_assert_eq!(Some(latest), segments(some).pop());
        }
    }

    #[test]
    fn a_tail_that_is_kept_up_is_never_wrong(events in events().prop_shuffle(), size in 1_usize..6) {
        let mut tail = Tail::of(None);
        let mut stored: Vec<Observation> = Vec::new();
        for batch in events.chunks(size) {
            stored.extend_from_slice(batch);
            let latest = tail.change(&ranges(batch), &Counted::reports(&stored));
            let expected = segments(&stored).pop();
            for event in &events {
                let (from_ms, to_ms) = (event.started_at_ms, event.ended_at_ms().max(event.started_at_ms + DurationMs(1)));
                // What has no length covers nothing.
                let covers = |other: &Observation| {
                    other.duration_ms > DurationMs::ZERO && other.started_at_ms < to_ms && from_ms < other.ended_at_ms()
                };
                prop_assert!(!tail.is_free(from_ms, to_ms) || !stored.iter().any(covers));
            }
            match latest {
                Latest::Known(latest) => prop_assert_eq!(Some(latest), expected),
                Latest::Unknown => tail = Tail::of(expected),
            }
        }
    }

    #[test]
    fn the_latest_segment_is_always_known_when_time_goes_on(events in events(), ends in 0_i64..240) {
        let (past, future): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.started_at_ms < T0_MS + DurationMs(ends * STEP_MS));
        let frontier_ms = past.iter().map(Observation::ended_at_ms).max().unwrap_or_default();
        let future: Vec<_> = future.into_iter().filter(|event| event.started_at_ms >= frontier_ms).collect();
        let changed = ranges(&future);
        prop_assume!(!changed.is_empty());
        let latest = Tail::of(segments(&past).pop()).change(&changed, &Counted::reports(&future));
        let expected = segments(past.iter().chain(&future)).pop().map(Latest::Known);
        prop_assert_eq!(Some(latest), expected);
    }

    #[test]
    fn parts_add_up_to_wholes(events in events()) {
        let whole: Totals = totals(&events).into_values().sum();
        prop_assert_eq!(whole.units, events.iter().map(|event| event.units).sum::<i64>());
        prop_assert_eq!(whole.events, events.len() as i64);
        let covered: i64 = ranges(&events).iter().map(|range| (range.1 - range.0).0).sum();
        prop_assert_eq!(whole.observed_ms(), covered);
        prop_assert_eq!(whole.overlap_ms, events.iter().map(|event| event.duration_ms.0).sum::<i64>() - covered);
        for totals in totals(&events).values() {
            prop_assert!(totals.observed_ms() <= BUCKET_MS);
        }
    }

    #[test]
    fn segments_cover_what_was_observed_without_overlap_and_say_the_same_in_any_order(
        events in events(),
        shuffled in events().prop_shuffle(),
    ) {
        let segments_found = segments(&events);
        for pair in segments_found.windows(2) {
            prop_assert!(pair[0].to_ms <= pair[1].from_ms && !pair[0].continues_as(&pair[1]));
        }
        let length_ms: i64 = segments_found.iter().map(|segment| (segment.to_ms - segment.from_ms).0).sum();
        let whole: Totals = totals(&events).into_values().sum();
        prop_assert_eq!(length_ms, whole.observed_ms());
        let mut reversed = shuffled.clone();
        reversed.reverse();
        prop_assert_eq!(segments(&shuffled), segments(&reversed));
    }
}

#[test]
fn the_worked_example_of_the_definition_holds() {
    let event = |event_type, start_minute: i64, minutes: i64, units, confidence| Observation {
        units,
        confidence: Some(confidence),
        ..Observation::interval(
            event_type,
            T0_MS + DurationMs(start_minute * 60_000),
            DurationMs(minutes * 60_000),
        )
    };
    let events = [
        event(EventType::Working, 0, 60, 10, 9_000),
        event(EventType::Idle, 50, 20, 0, 9_500),
        event(EventType::Working, 70, 20, 4, 8_000),
    ];
    let sums = totals(&events);
    let minutes = |from: i64, to: i64| {
        let range = bucket_of(T0_MS + DurationMs(from * 60_000))..bucket_of(T0_MS + DurationMs(to * 60_000));
        let sum: Totals = sums.range(range).map(|(_, totals)| *totals).sum();
        (sum.working_ms / 60_000, sum.idle_ms / 60_000, sum.overlap_ms / 60_000, sum.units)
    };
    assert_eq!(minutes(0, 90), (70, 20, 10, 14));
    assert_eq!(minutes(0, 45), (45, 0, 0, 7));
    assert_eq!(minutes(45, 70), (5, 20, 10, 3));
    assert_eq!(minutes(45, 55), (5, 5, 5, 2));
}

#[test]
fn late_batches_that_fill_the_gaps_between_early_ones_need_no_look_further_back() {
    let working = |minute: i64| Observation {
        units: 1,
        confidence: Some(9_000),
        ..Observation::interval(EventType::Working, T0_MS + DurationMs(minute * 60_000), DurationMs(60_000))
    };
    let mut tail = Tail::of(None);
    let mut latest = Latest::Unknown;
    for minute in [0, 3, 6, 1, 9, 8, 5, 7, 4, 2] {
        let event = working(minute);
        latest = tail.change(&ranges([&event]), &Counted::reports([&event]));
        assert_ne!(latest, Latest::Unknown, "after minute {minute}");
    }
    let Latest::Known(whole) = latest else { panic!("known above") };
    assert_eq!((whole.from_ms, whole.to_ms), (T0_MS, T0_MS + DurationMs(10 * 60_000)));
}

#[test]
fn reports_that_are_equal_in_all_that_is_seen_are_told_apart_by_form_origin_and_names() {
    let report = |form, derived_from_ms, model_version, source| Observation {
        form,
        derived_from_ms,
        source: Some(SourceId(source as i32)),
        names: NameOrder { model_version, source },
        ..Observation::interval(EventType::Working, T0_MS, DurationMs(STEP_MS))
    };
    // The first one wins, then the next.
    let ranked = [
        report(EventForm::Interval, None, 0, 0),
        report(EventForm::State, None, 0, 1),
        report(EventForm::State, Some(T0_MS), 2, 2),
        report(EventForm::State, Some(T0_MS), 1, 5),
        report(EventForm::State, Some(T0_MS), 1, 4),
    ];
    for first in 0..ranked.len() {
        let forwards: Vec<&Observation> = ranked[first..].iter().collect();
        let backwards: Vec<&Observation> = ranked[first..].iter().rev().collect();
        for reports in [forwards, backwards] {
            let found: Vec<_> = segments(reports).iter().map(|segment| segment.source).collect();
            assert_eq!(found, [ranked[first].source]);
        }
    }
}
