use super::*;
use crate::{id::SourceId, timeline::segments};

const T_MS: TimestampMs = TimestampMs(1_767_600_000_000);

fn minute(minute: i64) -> TimestampMs {
    T_MS + DurationMs(minute * MS_PER_MINUTE)
}

fn report(event_type: EventType, at: i64) -> Observation {
    Observation { form: EventForm::State, ..Observation::interval(event_type, minute(at), DurationMs::ZERO) }
}

#[test]
fn a_report_covers_the_time_to_the_next_if_that_comes_within_its_hold() {
    let hold_ms = DurationMs(15 * MS_PER_MINUTE);
    assert_eq!(covered_ms(T_MS, 15, Some(minute(15))), hold_ms);
    assert_eq!(covered_ms(T_MS, 15, Some(minute(15) + DurationMs(1))), DurationMs::ZERO);
    assert_eq!(covered_ms(T_MS, 15, Some(T_MS + DurationMs(1))), DurationMs(1));
    assert_eq!(covered_ms(T_MS, 15, None), DurationMs::ZERO);
    assert_eq!(covered_ms(T_MS, 1_440, Some(minute(1_440))), DurationMs(crate::MS_PER_DAY));
}

#[test]
fn the_open_report_is_current_unless_the_timeline_goes_on_after_it() {
    let seen = Observation::interval(EventType::Working, minute(0), minute(10) - minute(0));
    let latest = segments([&seen]).pop();
    let [before, at_its_end] = [9, 10].map(|at| report(EventType::Idle, at));
    assert_eq!(current(latest, [&before]), latest.map(Current::Latest));
    assert_eq!(current(latest, [&before, &at_its_end]), Some(Current::Open(&at_its_end)));
    assert_eq!(current(None, [&before]), Some(Current::Open(&before)));
    assert_eq!(current(latest, []), latest.map(Current::Latest));
    assert_eq!(current(None, []), None);
}

#[test]
fn of_open_reports_the_last_is_current_and_among_those_the_one_that_would_win() {
    let sure = Observation { confidence: Some(9_000), ..report(EventType::Absent, 5) };
    let later = report(EventType::Absent, 6);
    let own = report(EventType::Idle, 6);
    let of_a_worker =
        Observation { derived_from_ms: Some(minute(6)), source: Some(SourceId(1)), ..own.clone() };
    for open in [[&sure, &later, &own, &of_a_worker], [&of_a_worker, &own, &later, &sure]] {
        assert_eq!(current(None, open), Some(Current::Open(&own)));
    }
}

#[test]
fn only_what_serves_says_when_an_entity_was_last_seen() {
    let seen = Observation::interval(EventType::Absent, minute(0), minute(10) - minute(0));
    let shadow = Observation {
        standing: Standing::Shadow,
        ..Observation::interval(EventType::Working, minute(5), minute(20) - minute(0))
    };
    assert_eq!(last_seen_at_ms([&seen, &shadow]), Some(minute(10)));
    assert_eq!(last_seen_at_ms([&shadow]), None);
    assert_eq!(last_seen_at_ms([&report(EventType::Idle, 12), &seen]), Some(minute(12)));
}

#[test]
fn workers_who_say_the_same_of_their_workstation_are_one_report_of_it() {
    let working = |worker_from: i64, to: i64| Observation {
        duration_ms: minute(to) - minute(worker_from),
        ..report(EventType::Working, worker_from)
    };
    // The one that began later wins, and then the one that is left.
    let found = derived([&working(0, 30), &working(10, 20)]);
    let spans: Vec<_> = found.iter().map(|one| (one.started_at_ms, one.ended_at_ms())).collect();
    assert_eq!(spans, [(minute(0), minute(10)), (minute(10), minute(20)), (minute(20), minute(30))]);
    let made: Vec<_> = found.iter().map(|one| one.derived_from_ms).collect();
    assert_eq!(made, [0, 10, 0].map(|at| Some(minute(at))));
    assert_eq!(segments(&found).len(), 1);
}
