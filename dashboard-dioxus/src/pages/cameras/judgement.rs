//! What is wrong with a source, and which sources are worse than others.

use crate::api::operation::{Agreement, Source};
use crate::lean::order;
use crate::model::attention::NOT_SEEN_AFTER_MIN;
use domain::{MS_PER_DAY, MS_PER_MINUTE};
use std::cmp::Ordering;

/// From this share on, events of low confidence are more than a few hard cases.
const LOW_CONFIDENCE_FROM: f64 = 0.2;
/// Below this agreement two sources contradict each other: both start and end what they see some seconds apart, which costs a
/// tenth.
const DISAGREES_BELOW: f64 = 0.8;
/// What two sources share says nothing before it is so long, in minutes.
const LEAST_SHARED_MIN: f64 = 30.0;
/// From this share on, late events are no accident.
const LATE_FROM: f64 = 0.1;
/// Shares of fewer events say nothing yet.
const LEAST_EVENTS: i64 = 20;
/// Who was not seen for longer, in ms, was taken away: a week.
const LONG_SILENT_MS: f64 = 7.0 * MS_PER_DAY as f64;

/// What is wrong with a source.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Warning {
    Silent,
    /// The share of its events.
    LowConfidence(f64),
    /// The source that contradicts it.
    Disagrees(String),
    /// The share of its events.
    Late(f64),
}

impl Warning {
    /// How bad it is, the worst first: what is not seen is worse than what may be wrong, and that than what comes later.
    fn rank(&self) -> u8 {
        match self {
            Self::Silent => 0,
            Self::LowConfidence(_) => 1,
            Self::Disagrees(_) => 2,
            Self::Late(_) => 3,
        }
    }
}

/// A source with all that is wrong with it, the worst first.
pub(super) struct Judged<'a> {
    pub(super) source: &'a Source,
    pub(super) warnings: Vec<Warning>,
}

/// The sources that were ever seen, the worst first, and those that were not seen for a week.
pub(super) fn judged(sources: &[Source], now_ms: f64) -> (Vec<Judged<'_>>, Vec<&Source>) {
    let is_gone = |source: &&Source| {
        source.events == 0 && silent_ms(source, now_ms).is_none_or(|ms| ms > LONG_SILENT_MS)
    };
    let (gone, here): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(is_gone);
    let mut judged: Vec<Judged<'_>> =
        here.into_iter().map(|source| Judged { source, warnings: warnings(source, now_ms) }).collect();
    order::sort(&mut judged, worst_first);
    (judged, gone)
}

fn worst_first(one: &Judged<'_>, other: &Judged<'_>) -> Ordering {
    let rank = |judged: &Judged<'_>| judged.warnings.first().map_or(u8::MAX, Warning::rank);
    let confidence = |judged: &Judged<'_>| judged.source.mean_confidence.unwrap_or(f64::INFINITY);
    rank(one).cmp(&rank(other)).then(confidence(one).total_cmp(&confidence(other)))
}

/// For how long it has not been seen; none when it never was.
fn silent_ms(source: &Source, now_ms: f64) -> Option<f64> {
    Some(now_ms - source.last_seen_at?.ms())
}

fn warnings(source: &Source, now_ms: f64) -> Vec<Warning> {
    let silent_from_ms = f64::from(NOT_SEEN_AFTER_MIN) * MS_PER_MINUTE as f64;
    let is_silent = silent_ms(source, now_ms).is_some_and(|ms| ms > silent_from_ms);
    let share =
        |share: Option<f64>, from: f64| share.filter(|share| source.events >= LEAST_EVENTS && *share >= from);
    let disagreeing = source.others.iter().filter(|other| disagrees(other));
    let mut warnings: Vec<Warning> = is_silent.then_some(Warning::Silent).into_iter().collect();
    warnings.extend(share(source.low_confidence_share, LOW_CONFIDENCE_FROM).map(Warning::LowConfidence));
    warnings.extend(disagreeing.map(|other| Warning::Disagrees(other.source_id.clone())));
    warnings.extend(share(source.late_share, LATE_FROM).map(Warning::Late));
    warnings
}

fn disagrees(other: &Agreement) -> bool {
    other.shared_minutes >= LEAST_SHARED_MIN
        && other.agreement.is_some_and(|agreement| agreement < DISAGREES_BELOW)
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::*;
    use serde_json::{Value, json};

    const NOW_MS: f64 = 20.0 * MS_PER_DAY as f64;

    fn read(changes: &Value) -> Source {
        serde_json::from_value(source("cam", changes)).unwrap()
    }

    fn of(changes: &Value) -> Vec<Warning> {
        warnings(&read(changes), NOW_MS)
    }

    fn with(other: &str, shared_minutes: f64, agreement: f64) -> Value {
        json!({ "sourceId": other, "sharedMinutes": shared_minutes, "agreement": agreement })
    }

    #[test]
    fn a_source_is_silent_after_two_hours() {
        assert_eq!(of(&json!({ "lastSeenAt": "1970-01-20T22:00:00.000Z" })), []);
        assert_eq!(of(&json!({ "lastSeenAt": "1970-01-20T21:59:59.000Z" })), [Warning::Silent]);
    }

    #[test]
    fn shares_count_from_their_limits_on_and_from_twenty_events_on() {
        assert_eq!(of(&json!({ "lowConfidenceShare": 0.19, "lateShare": 0.09 })), []);
        let shares =
            |events: i64| of(&json!({ "events": events, "lowConfidenceShare": 0.2, "lateShare": 0.1 }));
        assert_eq!(shares(20), [Warning::LowConfidence(0.2), Warning::Late(0.1)]);
        assert_eq!(shares(19), []);
    }

    #[test]
    fn a_source_disagrees_with_each_that_says_something_else_for_half_an_hour() {
        let others =
            [with("a", 30.0, 0.79), with("b", 29.9, 0.1), with("c", 300.0, 0.8), with("d", 60.0, 0.0)];
        let expected = ["a", "d"].map(|other| Warning::Disagrees(other.to_owned()));
        assert_eq!(of(&json!({ "others": others })), expected);
    }

    #[test]
    fn the_worst_come_first_and_among_equals_the_least_sure() {
        let named = |id: &str, changes: &Value| serde_json::from_value(source(id, changes)).unwrap();
        let sources: Vec<Source> = vec![
            named("unstated", &json!({ "meanConfidence": null })),
            named("sure", &json!({ "meanConfidence": 0.95 })),
            named("less-sure", &json!({ "meanConfidence": 0.7 })),
            named("late", &json!({ "lateShare": 0.5 })),
            named("contradicted", &json!({ "others": [with("sure", 60.0, 0.5)] })),
            named("unsure", &json!({ "lowConfidenceShare": 0.6 })),
            named("silent", &json!({ "lastSeenAt": "1970-01-19T00:00:00.000Z" })),
            named("gone", &json!({ "lastSeenAt": "1970-01-10T00:00:00.000Z", "events": 0 })),
            named("never", &json!({ "lastSeenAt": null, "events": 0 })),
        ];
        let (judged, gone) = judged(&sources, NOW_MS);
        let ids: Vec<&str> = judged.iter().map(|judged| judged.source.source_id.as_str()).collect();
        assert_eq!(ids, ["silent", "unsure", "contradicted", "late", "less-sure", "sure", "unstated"]);
        let gone: Vec<&str> = gone.iter().map(|source| source.source_id.as_str()).collect();
        assert_eq!(gone, ["gone", "never"]);
    }
}
