use super::*;
use crate::lean::instant::Instant;
use crate::model::Activity;
use proptest::prelude::*;

const NOW_MS: f64 = 100.0 * 3_600_000.0;
const UNSEEN_AFTER_MS: f64 = 600_000.0;

/// In a state since and until so many minutes ago, with a utilization of an hour and a half.
fn row(id: &str, state: EventType, since_min: i64, until_min: i64, utilization: f64) -> EntityMetrics {
    let ago = |minutes: i64| Instant(NOW_MS as i64 - minutes * 60_000);
    let current = Activity { state, since: ago(since_min), until: Some(ago(until_min)), confidence: None };
    EntityMetrics {
        productive_minutes: 60.0,
        idle_minutes: 30.0,
        utilization: Some(utilization),
        current: Some(current),
        ..EntityMetrics::unseen(EntityType::Worker, id)
    }
}

fn judged_after(rows: &[EntityMetrics], before: &Attention) -> Attention {
    Attention::judge(rows.iter(), NOW_MS, UNSEEN_AFTER_MS, before)
}

fn judged(rows: &[EntityMetrics]) -> Attention {
    judged_after(rows, &Attention::default())
}

fn told(attention: &Attention) -> Vec<(&str, Reason, Severity)> {
    attention.items.iter().map(|item| (item.id.as_str(), item.reason, item.severity)).collect()
}

#[test]
fn what_is_critical_comes_first_and_then_what_has_lasted_longest() {
    let attention = judged(&[
        row("W1", EventType::Idle, 6, 0, 80.0),
        row("W2", EventType::Idle, 60, 0, 80.0),
        row("W3", EventType::Absent, 20, 0, 80.0),
        row("W4", EventType::Working, 90, 40, 80.0),
        row("W5", EventType::Working, 90, 12, 80.0),
        row("W6", EventType::Working, 5, 0, 20.0),
        row("W7", EventType::Working, 5, 0, 80.0),
    ]);
    assert_eq!(
        told(&attention),
        [
            ("W2", Reason::Idle, Severity::Critical),
            ("W4", Reason::NoData, Severity::Critical),
            ("W6", Reason::LowUtilization, Severity::Critical),
            ("W3", Reason::Absent, Severity::Warning),
            ("W5", Reason::NoData, Severity::Warning),
            ("W1", Reason::Idle, Severity::Warning),
        ]
    );
    assert_eq!(attention.items[0].elapsed_minutes, 60);
}

#[test]
fn an_idle_station_with_a_low_utilization_is_listed_like_a_working_one() {
    let station =
        |id: &str, state| EntityMetrics { kind: EntityType::Workstation, ..row(id, state, 1, 0, 31.0) };
    let rows = [station("S1", EventType::Idle), station("S2", EventType::Working)];
    let low = |id| (id, Reason::LowUtilization, Severity::Warning);
    assert_eq!(told(&judged(&rows)), [low("S1"), low("S2")]);
}

#[test]
fn nobody_is_listed_who_works_pauses_a_moment_was_hardly_seen_or_went_home() {
    let hardly_seen = EntityMetrics {
        productive_minutes: 2.0,
        idle_minutes: 18.0,
        ..row("W4", EventType::Working, 5, 0, 10.0)
    };
    let rows = [
        row("W1", EventType::Working, 200, 0, 80.0),
        row("W2", EventType::Idle, 4, 0, 80.0),
        row("W3", EventType::Working, 800, 121, 10.0),
        hardly_seen,
        row("W5", EventType::Absent, 14, 0, 80.0),
    ];
    assert_eq!(judged(&rows), Attention::default());
}

#[test]
fn who_was_listed_stays_until_the_recovery_has_held() {
    let idle = judged(&[row("W1", EventType::Idle, 20, 0, 80.0)]);
    let just_back = judged_after(&[row("W1", EventType::Working, 1, 0, 80.0)], &idle);
    assert_eq!(told(&just_back), [("W1", Reason::Recovering, Severity::Warning)]);
    let still_back = judged_after(&[row("W1", EventType::Working, 2, 0, 80.0)], &just_back);
    assert_eq!(still_back, Attention::default());
}

#[test]
fn one_piece_between_two_long_waits_is_no_recovery() {
    let idle = judged(&[row("W1", EventType::Idle, 20, 0, 80.0)]);
    let one_piece = judged_after(&[row("W1", EventType::Working, 0, 0, 80.0)], &idle);
    let waiting_again = judged_after(&[row("W1", EventType::Idle, 3, 0, 80.0)], &one_piece);
    assert_eq!(told(&waiting_again), [("W1", Reason::Idle, Severity::Warning)]);
}

#[test]
fn who_is_known_in_the_area_but_was_not_seen_lately_is_listed_apart() {
    let known = |kind, id: &str, area: &str| EntityName {
        kind,
        id: id.to_owned(),
        name: None,
        area: Some(area.to_owned()),
    };
    let names = [
        known(EntityType::Worker, "W1", "Paint"),
        known(EntityType::Worker, "W2", "Paint"),
        known(EntityType::Worker, "W3", "Packing"),
        known(EntityType::Workstation, "W1", "Paint"),
    ];
    let rows = [row("W1", EventType::Working, 1, 0, 80.0)];
    let ids = |area| not_seen(&names, rows.iter(), area).len();
    assert_eq!(not_seen(&names, rows.iter(), Some("Paint")), [names[1].clone(), names[3].clone()]);
    assert_eq!(ids(None), 3);
}

#[test]
fn a_utilization_that_wavers_around_the_limit_neither_comes_nor_goes() {
    let at = |percent| [row("W1", EventType::Working, 9, 0, percent)];
    let above = judged(&at(52.0));
    assert_eq!(above, Attention::default());
    let below = judged_after(&at(49.0), &above);
    assert_eq!(told(&below), [("W1", Reason::LowUtilization, Severity::Warning)]);
    let again = judged_after(&at(52.0), &below);
    assert_eq!(told(&again), told(&below));
    assert_eq!(judged_after(&at(55.0), &again), Attention::default());
}

#[test]
fn the_rows_to_be_judged_reach_as_far_back_as_anybody_counts_as_seen() {
    assert_eq!([600_000.0, 14_400_000.0].map(judged_minutes), [120, 240]);
}

proptest! {
    #[test]
    fn judging_the_same_again_changes_nothing(
        since in 0..200_i64, until in 0..200_i64, percent in 0.0_f64..100.0, state in 0..3_usize,
    ) {
        let state = crate::model::EVENT_TYPES[state];
        let rows = [row("W1", state, since.max(until), until, percent)];
        let once = judged(&rows);
        prop_assert_eq!(judged_after(&rows, &once), once);
    }
}
