use proptest::prelude::*;

use super::*;
use crate::MS_PER_MINUTE;

const MINUTE: DurationMs = DurationMs(MS_PER_MINUTE);
/// An hour in two steps.
const WINDOW: Window = Window { from_ms: TimestampMs(0), to_ms: TimestampMs(60 * MS_PER_MINUTE) };

fn steps() -> [Window; 2] {
    let middle_ms = TimestampMs(30 * MS_PER_MINUTE);
    [Window { to_ms: middle_ms, ..WINDOW }, Window { from_ms: middle_ms, ..WINDOW }]
}

/// Working from one minute to another, received at once.
fn event(source: i32, entity: i32, from: i64, to: i64) -> SourceEvent {
    SourceEvent {
        source: SourceId(source),
        entity: EntityId(entity),
        event_type: EventType::Working,
        started_at_ms: TimestampMs(from * MS_PER_MINUTE),
        duration_ms: DurationMs((to - from) * MS_PER_MINUTE),
        confidence: None,
        model_version: None,
        received_at_ms: TimestampMs(to * MS_PER_MINUTE),
    }
}

fn of(source: i32, events: &[SourceEvent]) -> SourceTotals {
    totals(events, WINDOW, &steps()).unwrap().remove(&SourceId(source)).unwrap()
}

#[test]
fn confidence_is_low_below_its_limit_and_what_states_none_is_not_among_them() {
    let stating = |confidence| SourceEvent { confidence, ..event(1, 1, 0, 1) };
    let limit = 6_000;
    let counts = of(1, &[Some(limit), Some(limit - 1), Some(10_000), None].map(stating)).counts;
    assert_eq!((counts.events, counts.stated, counts.low), (4, 3, 1));
    assert_eq!(counts.low_confidence_share(), Some(1.0 / 3.0));
    assert_eq!(counts.unstated_share(), Some(0.25));
    assert_eq!(counts.mean_confidence(), Some(21_999.0 / 30_000.0));
    assert_eq!(Counts::default().mean_confidence(), None);
}

#[test]
fn an_event_is_late_that_is_received_five_minutes_after_its_end() {
    let received_after = |after_ms: i64| {
        let event = event(1, 1, 0, 10);
        SourceEvent { received_at_ms: event.ended_at_ms() + DurationMs(after_ms), ..event }
    };
    let counts = of(1, &[0, LATE_FROM_MS.0 - 1, LATE_FROM_MS.0, -1].map(received_after)).counts;
    assert_eq!((counts.late, counts.late_share()), (1, Some(0.25)));
}

#[test]
fn events_belong_to_the_step_in_which_they_start_and_to_their_model_version() {
    let newer = SourceEvent { model_version: Some(ModelVersionId(7)), ..event(1, 1, 30, 45) };
    let totals = of(1, &[event(1, 1, 29, 35), newer, event(1, 1, 5, 6)]);
    let events: Vec<_> = totals.steps.iter().map(|(step, counts)| (*step, counts.events)).collect();
    assert_eq!(events, [(0, 2), (1, 1)]);
    let at = |minute: i64| TimestampMs(minute * MS_PER_MINUTE);
    let unstated = VersionSeen { events: 2, first_ms: at(5), last_ms: at(35) };
    let seventh = VersionSeen { events: 1, first_ms: at(30), last_ms: at(45) };
    assert_eq!(totals.versions, BTreeMap::from([(None, unstated), (Some(ModelVersionId(7)), seventh)]));
}

#[test]
fn sources_are_compared_where_both_say_something_of_the_same_entity() {
    let idle = SourceEvent { event_type: EventType::Idle, ..event(2, 1, 8, 12) };
    // The second sees the first's worker from minute 5 on, and another one whom the first does not see.
    let events = [event(1, 1, 0, 10), event(2, 1, 5, 8), idle, event(2, 2, 0, 10)];
    let first = of(1, &events);
    assert_eq!((first.observed_ms, first.shared_ms), ((MINUTE * 10).0, (MINUTE * 5).0));
    let agreement = Agreement { shared_ms: (MINUTE * 5).0, same_ms: (MINUTE * 3).0 };
    assert_eq!(first.others, BTreeMap::from([(SourceId(2), agreement)]));
    assert_eq!(first.agreement(), Some(0.6));
    let second = of(2, &events);
    assert_eq!((second.observed_ms, second.shared_ms), ((MINUTE * 17).0, (MINUTE * 5).0));
    assert_eq!(second.others, BTreeMap::from([(SourceId(1), agreement)]));
}

#[test]
fn a_source_that_contradicts_itself_says_what_its_own_timeline_shows() {
    let sure = SourceEvent { event_type: EventType::Idle, confidence: Some(9_000), ..event(1, 1, 5, 10) };
    let unsure = SourceEvent { confidence: Some(5_000), ..event(1, 1, 0, 10) };
    let totals = of(1, &[unsure, sure, event(2, 1, 0, 10)]);
    assert_eq!(totals.observed_ms, (MINUTE * 10).0);
    assert_eq!(totals.agreement(), Some(0.5));
}

#[test]
fn time_past_the_window_is_not_looked_at_and_time_shared_with_two_counts_once() {
    let events = [event(1, 1, 50, 70), event(2, 1, 55, 90), event(3, 1, 58, 59)];
    let totals = of(1, &events);
    assert_eq!((totals.observed_ms, totals.shared_ms), ((MINUTE * 10).0, (MINUTE * 5).0));
    assert_eq!(totals.others[&SourceId(2)].shared_ms, (MINUTE * 5).0);
    assert_eq!(totals.others[&SourceId(3)].shared_ms, MINUTE.0);
}

#[test]
fn more_sources_at_once_than_can_be_compared_are_refused() {
    // Each starts at an instant of its own, so there are twice as many spans as sources.
    let crowd = |count: i32| -> Vec<SourceEvent> {
        (0..count)
            .map(|source| SourceEvent {
                started_at_ms: TimestampMs(i64::from(source)),
                ..event(source, 1, 0, 50)
            })
            .collect()
    };
    assert_eq!(totals(&crowd(400), WINDOW, &[]), Err(TooManyComparisons));
    assert!(totals(&crowd(100), WINDOW, &[]).is_ok());
}

proptest! {
    #[test]
    fn the_order_of_events_changes_nothing_and_agreement_is_mutual(
        (events, shuffled) in proptest::collection::vec(
            (1..4_i32, 1..3_i32, 0..3_usize, 0..50_i64, 0..20_i64, proptest::option::of(0..3_u16)),
            0..30,
        )
        .prop_map(|events| {
            let make = |(source, entity, kind, from, length, confidence): (i32, i32, usize, i64, i64, Option<u16>)| SourceEvent {
                event_type: [EventType::Absent, EventType::Idle, EventType::Working][kind],
                confidence: confidence.map(|parts| parts * 4_000),
                ..event(source, entity, from, from + length)
            };
            events.into_iter().map(make).collect::<Vec<_>>()
        })
        .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        let found = totals(&events, WINDOW, &steps()).unwrap();
        prop_assert_eq!(&found, &totals(&shuffled, WINDOW, &steps()).unwrap());
        for (source, of_source) in &found {
            prop_assert!(of_source.shared_ms <= of_source.observed_ms);
            for (other, agreement) in &of_source.others {
                prop_assert_eq!(found[other].others.get(source), Some(agreement));
                prop_assert!(agreement.shared_ms <= of_source.shared_ms && agreement.same_ms <= agreement.shared_ms);
            }
        }
    }
}
