//! The second computation: every minute of every worker is looked at, as slowly and plainly as can be.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// When batches are received, in minutes of the day.
pub(super) const RECEIVED: [i64; 2] = [600, 620];
/// What ends later than that comes with the second one: the server takes no event from so far in the future.
const LATEST_END: i64 = 610;
const SOURCES: [&str; 3] = ["cam-1", "cam-2", "cam-10"];
const EVENT_TYPES: [&str; 3] = ["ABSENT", "IDLE", "WORKING"];

/// An event, its times in minutes of 2026-01-05.
#[derive(Clone, Debug)]
pub(super) struct Event {
    id: usize,
    source: Option<&'static str>,
    worker: usize,
    /// By its rank: the greater one wins.
    event_type: usize,
    from: i64,
    to: i64,
    /// In parts per 10 000.
    confidence: Option<i64>,
    version: Option<&'static str>,
    received: i64,
}

/// Events that crowd into two hours.
pub(super) fn random_events(seed: u64) -> Vec<Event> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..random.random_range(0..60_usize)).map(|id| random_event(id, &mut random)).collect()
}

fn random_event(id: usize, random: &mut ChaCha8Rng) -> Event {
    let from = random.random_range(470..590);
    let to = from + [0, 1, 3, 10, 40][random.random_range(0..5)];
    let is_first = random.random() && to <= LATEST_END;
    Event {
        id,
        source: [None, Some(SOURCES[0]), Some(SOURCES[1]), Some(SOURCES[2])][random.random_range(0..4)],
        worker: random.random_range(0..3),
        event_type: random.random_range(0..3),
        from,
        to,
        confidence: [None, Some(5_999), Some(6_000), Some(9_000)][random.random_range(0..4)],
        version: [None, Some("v1"), Some("v2")][random.random_range(0..3)],
        received: if is_first { RECEIVED[0] } else { RECEIVED[1] },
    }
}

/// Those that are received then, as they are sent.
pub(super) fn sent(events: &[Event], received: i64) -> Value {
    let sent = |event: &Event| {
        json!({
            "entityType": "WORKER", "entityId": format!("W{}", event.worker), "eventType": EVENT_TYPES[event.event_type],
            "timestamp": instant(event.from), "durationMinutes": event.to - event.from, "eventId": format!("{:02}", event.id),
            "sourceId": event.source, "confidence": event.confidence.map(|parts| parts as f64 / 10_000.0),
            "modelVersion": event.version,
        })
    };
    events.iter().filter(|event| event.received == received).map(sent).collect()
}

/// A minute of the day as a clock shows it.
pub(super) fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn instant(minute: i64) -> String {
    format!("2026-01-05T{}:00.000Z", clock(minute))
}

fn starts_in((from, to): (i64, i64)) -> impl Fn(&&Event) -> bool {
    move |event| (from..to).contains(&event.from)
}

/// How many events of a window name no source.
pub(super) fn unnamed(events: &[Event], window: (i64, i64)) -> usize {
    events.iter().filter(starts_in(window)).filter(|event| event.source.is_none()).count()
}

/// What the query answers of all sources.
pub(super) fn sources(events: &[Event], window: (i64, i64)) -> Value {
    let known: BTreeSet<&str> = events.iter().filter_map(|event| event.source).collect();
    let mut said = BTreeMap::new();
    for minute in window.0..window.1 {
        for worker in 0..3 {
            for source in &known {
                if let Some(says) = says(events, window, source, worker, minute) {
                    said.insert((*source, worker, minute), says);
                }
            }
        }
    }
    // In the order of the numbers in the names.
    SOURCES
        .iter()
        .filter(|source| known.contains(*source))
        .map(|source| row(events, window, source, &said))
        .collect()
}

type Said<'a> = BTreeMap<(&'a str, usize, i64), usize>;

/// What a source alone says of a worker's minute.
fn says(events: &[Event], window: (i64, i64), source: &str, worker: usize, minute: i64) -> Option<usize> {
    let covering = events.iter().filter(starts_in(window)).filter(|event| {
        event.source == Some(source) && event.worker == worker && (event.from..event.to).contains(&minute)
    });
    let winner = covering.max_by_key(|event| (event.confidence, event.event_type, event.from, event.id));
    winner.map(|event| event.event_type)
}

fn row(events: &[Event], window: (i64, i64), source: &str, said: &Said<'_>) -> Value {
    let all: Vec<&Event> = events.iter().filter(|event| event.source == Some(source)).collect();
    let own: Vec<&Event> = all.iter().copied().filter(|event| starts_in(window)(event)).collect();
    let minutes: Vec<(&(&str, usize, i64), &usize)> =
        said.iter().filter(|((of, ..), _)| *of == source).collect();
    let other_says = |other: &'static str, worker: usize, minute: i64| said.get(&(other, worker, minute));
    let others = || SOURCES.iter().copied().filter(|other| *other != source);
    let is_shared = |((_, worker, minute), _): &&(&(&str, usize, i64), &usize)| {
        others().any(|other| other_says(other, *worker, *minute).is_some())
    };
    let mut compared: Vec<(i64, i64, &str)> = others()
        .map(|other| {
            let both = minutes.iter().filter_map(|((_, worker, minute), says)| {
                Some(other_says(other, *worker, *minute)? == *says)
            });
            let both: Vec<bool> = both.collect();
            (both.len() as i64, both.iter().filter(|is_same| **is_same).count() as i64, other)
        })
        .filter(|(shared, ..)| *shared > 0)
        .collect();
    let (shared, same) = compared.iter().fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    compared.sort_by(|one, other| other.0.cmp(&one.0).then(one.2.cmp(other.2)));
    let others = compared.iter().map(|(shared, same, other)| {
        json!({ "sourceId": other, "sharedMinutes": *shared as f64, "agreement": ratio(*same, *shared) })
    });
    json!({
        "sourceId": source,
        "lastSeenAt": all.iter().map(|event| event.to).max().map(instant),
        "lastReceivedAt": all.iter().map(|event| event.received).max().map(instant),
        "events": own.len(),
        "meanConfidence": mean(&own),
        "lowConfidenceShare": ratio(count(&own, |event| event.confidence.is_some_and(|parts| parts < 6_000)), stated(&own)),
        "unstatedShare": ratio(own.len() as i64 - stated(&own), own.len() as i64),
        "lateShare": ratio(count(&own, |event| event.received - event.to >= 5), own.len() as i64),
        "observedMinutes": minutes.len() as f64,
        "sharedMinutes": minutes.iter().filter(is_shared).count() as f64,
        "agreement": ratio(same, shared),
        "others": others.collect::<Vec<_>>(),
        "modelVersions": versions(&own),
        "points": points(&own, window),
    })
}

fn count(events: &[&Event], is_counted: impl Fn(&Event) -> bool) -> i64 {
    events.iter().filter(|event| is_counted(event)).count() as i64
}

fn stated(events: &[&Event]) -> i64 {
    count(events, |event| event.confidence.is_some())
}

fn mean(events: &[&Event]) -> Option<f64> {
    ratio(events.iter().filter_map(|event| event.confidence).sum(), stated(events) * 10_000)
}

fn versions(own: &[&Event]) -> Vec<Value> {
    let mut versions: Vec<(i64, Option<&str>, Value)> = [None, Some("v1"), Some("v2")]
        .into_iter()
        .filter_map(|version| {
            let of: Vec<&&Event> = own.iter().filter(|event| event.version == version).collect();
            let (first, last) =
                (of.iter().map(|event| event.from).min()?, of.iter().map(|event| event.to).max()?);
            let value = json!({ "modelVersion": version, "events": of.len(), "firstSeenAt": instant(first),
                                "lastSeenAt": instant(last) });
            Some((last, version, value))
        })
        .collect();
    versions.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    versions.into_iter().map(|(_, _, value)| value).collect()
}

/// By hours of the clock.
fn points(own: &[&Event], (from, to): (i64, i64)) -> Vec<Value> {
    let hours = from / 60..=(to - 1) / 60;
    let point = |hour: i64| {
        let step = ((hour * 60).max(from), ((hour + 1) * 60).min(to));
        let events: Vec<&Event> = own.iter().copied().filter(|event| starts_in(step)(event)).collect();
        (!events.is_empty()).then(|| {
            json!({ "from": instant(step.0), "to": instant(step.1), "events": events.len(), "meanConfidence": mean(&events) })
        })
    };
    hours.filter_map(point).collect()
}

fn ratio(numerator: i64, denominator: i64) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

/// Compares two answers; a number that is no whole one may differ in its last digits, as it was read from a text.
#[track_caller]
pub(super) fn assert_same(found: &Value, expected: &Value) {
    assert_eq!(rounded(found), rounded(expected), "found {found}\nexpected {expected}");
}

fn rounded(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(rounded).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), rounded(value))).collect(),
        Value::Number(number) => json!((number.as_f64().unwrap_or(f64::NAN) * 1e12).round()),
        other => other.clone(),
    }
}
