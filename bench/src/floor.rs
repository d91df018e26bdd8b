//! A made-up floor: what its cameras report, in the order of time, as the batches that a gateway would send.
//!
//! Everything follows from an event's number, so that two runs send the same events and what they add up to is known.

use std::{
    collections::HashMap,
    ops::AddAssign,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{
    MS_PER_MINUTE,
    event::{EntityType, EventType, RawEvent},
    state::{DEFAULT_HOLD_MINUTES, covered_ms},
    time::TimestampMs,
};
use serde::Serialize;

use crate::http;

/// How many of a floor's workstations the workers of a floor without reporting workstations are seen at.
const PLACES: u64 = 20;
/// How many workers share the last hour: their reports are seconds apart then.
const WORKERS_OF_LAST_HOUR: u64 = 2_000;

/// A floor whose every entity is seen all the time, one report after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    /// When it is first seen, Unix milliseconds.
    pub(crate) from_ms: i64,
    pub(crate) workers: u64,
    pub(crate) workstations: u64,
    /// How long one report is.
    pub(crate) duration_ms: i64,
}

/// What events add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) events: u64,
    pub(crate) working_ms: i64,
    pub(crate) idle_ms: i64,
    pub(crate) absent_ms: i64,
    pub(crate) units: i64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.working_ms += other.working_ms;
        self.idle_ms += other.idle_ms;
        self.absent_ms += other.absent_ms;
        self.units += other.units;
    }
}

/// One report of a floor, in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) entity_type: EntityType,
    /// Counted from 1 within its type.
    pub(crate) entity: u64,
    pub(crate) event_type: EventType,
    pub(crate) started_at_ms: i64,
    pub(crate) duration_ms: i64,
    pub(crate) units: i64,
    /// In parts per hundred.
    pub(crate) confidence_percent: u64,
    pub(crate) source: u64,
    pub(crate) place: Option<u64>,
}

/// The model that judges on every floor.
pub(crate) const MODEL_VERSION: &str = "activity-2.1";

impl Floor {
    pub(crate) fn entities(&self) -> u64 {
        self.workers + self.workstations
    }

    /// The report with this number: all entities' first reports, then all their second ones.
    pub(crate) fn report(&self, number: u64) -> Report {
        let (slot, entity) = (number / self.entities(), number % self.entities());
        let (entity_type, entity) = if entity < self.workers {
            (EntityType::Worker, entity + 1)
        } else {
            (EntityType::Workstation, entity - self.workers + 1)
        };
        let chance = scattered(number);
        let event_type = match chance % 20 {
            0 => EventType::Absent,
            1..=3 => EventType::Idle,
            _ => EventType::Working,
        };
        Report {
            entity_type,
            entity,
            event_type,
            started_at_ms: self.from_ms + slot as i64 * self.duration_ms,
            duration_ms: self.duration_ms,
            units: if event_type == EventType::Working { 2 } else { 0 },
            confidence_percent: 75 + (chance >> 32) % 25,
            source: entity % 10 + 1,
            place: (entity_type == EntityType::Worker).then_some(entity % PLACES + 1),
        }
    }
}

/// In which form a floor's reports are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reported {
    /// Each over its interval.
    Intervals,
    /// Each as what is so from its start on, without a workstation.
    States,
    /// The same, with the workstation where a worker was, which is then reported on too.
    StatesAtWorkstations,
}

impl Report {
    fn sums(&self) -> Sums {
        let mut sums = Sums { events: 1, units: self.units, ..Sums::default() };
        match self.event_type {
            EventType::Working => sums.working_ms = self.duration_ms,
            EventType::Idle => sums.idle_ms = self.duration_ms,
            EventType::Absent => sums.absent_ms = self.duration_ms,
        }
        sums
    }

    /// As it is sent.
    fn raw(&self, reported: Reported) -> RawEvent {
        let letter = match self.entity_type {
            EntityType::Worker => 'W',
            EntityType::Workstation => 'S',
        };
        RawEvent {
            timestamp: instant(self.started_at_ms),
            entity_type: self.entity_type,
            entity_id: format!("{letter}{}", self.entity),
            event_type: self.event_type,
            duration_minutes: (reported == Reported::Intervals)
                .then_some(self.duration_ms as f64 / MS_PER_MINUTE as f64),
            hold_minutes: None,
            units_produced: self.units,
            confidence: Some(self.confidence_percent as f64 / 100.0),
            model_version: Some(MODEL_VERSION.to_owned()),
            event_id: None,
            source_id: Some(format!("cam-{}", self.source)),
            workstation_id: self
                .place
                .filter(|_| reported != Reported::States)
                .map(|place| format!("S{place}")),
        }
    }
}

/// A batch ready to be sent.
pub(crate) struct Batch {
    /// The whole HTTP request.
    pub(crate) request: Vec<u8>,
    /// How many events it has.
    pub(crate) events: u64,
    /// What those of them add up to that are not in an earlier batch.
    pub(crate) fresh: Sums,
}

/// A report and whether the stream had it before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) report: Report,
    pub(crate) is_repeat: bool,
}

/// Cuts a stream of reports into batches for a factory; the last may be smaller.
pub(crate) fn batches(factory: &str, stream: impl Iterator<Item = Sent>, batch_events: usize) -> Vec<Batch> {
    batches_as(factory, Reported::Intervals, stream, batch_events)
}

/// The same, in one of the forms. What states add up to is not known batch by batch: [`state_sums`] says it of a stream.
pub(crate) fn batches_as(
    factory: &str,
    reported: Reported,
    stream: impl Iterator<Item = Sent>,
    batch_events: usize,
) -> Vec<Batch> {
    let mut stream = stream.peekable();
    let mut batches = Vec::new();
    while stream.peek().is_some() {
        batches.push(batch(factory, reported, stream.by_ref().take(batch_events)));
    }
    batches
}

fn batch(factory: &str, reported: Reported, stream: impl Iterator<Item = Sent>) -> Batch {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Variables<'a> {
        factory_id: &'a str,
        events: Vec<RawEvent>,
    }
    #[derive(Serialize)]
    struct Operation<'a> {
        query: &'a str,
        variables: Variables<'a>,
    }
    const INGEST: &str = "mutation Ingest($factoryId: ID!, $events: [EventInput!]!) { ingestEvents(factoryId: $factoryId, \
         events: $events) { accepted duplicates conflicts rejected revision } }";
    let mut fresh = Sums::default();
    let mut events = Vec::new();
    for Sent { report, is_repeat } in stream {
        if !is_repeat {
            fresh += report.sums();
        }
        events.push(report.raw(reported));
    }
    let count = events.len() as u64;
    let operation = Operation { query: INGEST, variables: Variables { factory_id: factory, events } };
    let body = serde_json::to_vec(&operation).unwrap_or_default();
    Batch { request: http::post(&body), events: count, fresh }
}

/// A floor that is seen so often in the last hour that all events find room there.
pub(crate) fn last_hour(events: u64) -> Floor {
    Floor {
        from_ms: DateTime::<Utc>::from(SystemTime::now() - Duration::from_hours(1)).timestamp_millis(),
        workers: WORKERS_OF_LAST_HOUR,
        workstations: 0,
        duration_ms: domain::MS_PER_HOUR / events.div_ceil(WORKERS_OF_LAST_HOUR).max(1) as i64,
    }
}

/// What the workers' reports of a stream add up to as states: each lasts until the next one of its worker, and the last one has
/// no length yet.
pub(crate) fn state_sums(stream: impl Iterator<Item = Sent>) -> Sums {
    let mut sums = Sums::default();
    let mut series: HashMap<u64, Vec<(i64, EventType)>> = HashMap::new();
    for Sent { report, .. } in stream {
        sums += Sums { events: 1, units: report.units, ..Sums::default() };
        series.entry(report.entity).or_default().push((report.started_at_ms, report.event_type));
    }
    for reports in series.values_mut() {
        reports.sort_unstable_by_key(|(at_ms, _)| *at_ms);
        for pair in reports.windows(2) {
            let [(at_ms, event_type), (next_ms, _)] = [pair[0], pair[1]];
            let covered_ms =
                covered_ms(TimestampMs(at_ms), DEFAULT_HOLD_MINUTES, Some(TimestampMs(next_ms))).0;
            match event_type {
                EventType::Working => sums.working_ms += covered_ms,
                EventType::Idle => sums.idle_ms += covered_ms,
                EventType::Absent => sums.absent_ms += covered_ms,
            }
        }
    }
    sums
}

/// The reports with these numbers, each once and in time.
pub(crate) fn in_time(floor: Floor, numbers: std::ops::Range<u64>) -> impl Iterator<Item = Sent> {
    numbers.map(move |number| Sent { report: floor.report(number), is_repeat: false })
}

/// In time, but of ten reports three are repeats of one from the last `reach` reports.
pub(crate) fn with_repeats(
    floor: Floor,
    numbers: std::ops::Range<u64>,
    reach: u64,
) -> impl Iterator<Item = Sent> {
    let mut next = numbers.start;
    numbers.map(move |position| {
        let chance = scattered(position ^ 0x5EED);
        let seen = next;
        if chance % 10 < 3 && seen > 0 {
            let back = (chance >> 32) % reach.min(seen) + 1;
            return Sent { report: floor.report(seen - back), is_repeat: true };
        }
        next += 1;
        Sent { report: floor.report(seen), is_repeat: false }
    })
}

/// In time, but one report of ten comes only after `delay` others.
pub(crate) fn with_late(
    floor: Floor,
    numbers: std::ops::Range<u64>,
    delay: u64,
) -> impl Iterator<Item = Sent> {
    let is_late = |number: u64| scattered(number ^ 0x1A7E).is_multiple_of(10);
    let end = numbers.end;
    (numbers.start..end + delay)
        .flat_map(move |number| {
            let now = (number < end && !is_late(number)).then_some(number);
            let late = number.checked_sub(delay).filter(|late| is_late(*late));
            now.into_iter().chain(late)
        })
        .map(move |number| Sent { report: floor.report(number), is_repeat: false })
}

/// An instant as GraphQL writes it.
pub(crate) fn instant(instant_ms: i64) -> String {
    DateTime::from_timestamp_millis(instant_ms)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A number that looks like chance and is always the same (SplitMix64).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const FLOOR: Floor =
        Floor { from_ms: 1_767_600_000_000, workers: 10, workstations: 2, duration_ms: 60_000 };

    fn identities(stream: impl Iterator<Item = Sent>) -> Vec<(bool, (u64, bool, i64))> {
        let identity =
            |report: Report| (report.entity, report.entity_type == EntityType::Worker, report.started_at_ms);
        stream.map(|sent| (sent.is_repeat, identity(sent.report))).collect()
    }

    #[test]
    fn every_entity_is_seen_without_a_gap() {
        let of_w1: Vec<i64> =
            (0..5).map(|slot| FLOOR.report(slot * FLOOR.entities()).started_at_ms - FLOOR.from_ms).collect();
        assert_eq!(of_w1, [0, 60_000, 120_000, 180_000, 240_000]);
    }

    #[test]
    fn a_repeat_is_one_that_came_before_and_all_else_is_new() {
        let stream = identities(with_repeats(FLOOR, 0..10_000, 500));
        let mut seen = HashSet::new();
        for (is_repeat, identity) in &stream {
            assert_eq!(seen.insert(*identity), !is_repeat);
        }
        let repeats = stream.iter().filter(|(is_repeat, _)| *is_repeat).count();
        assert!((2_800..3_200).contains(&repeats), "{repeats}");
    }

    #[test]
    fn what_is_late_comes_once_and_nothing_is_lost() {
        let stream = identities(with_late(FLOOR, 0..10_000, 720));
        let distinct: HashSet<_> = stream.iter().collect();
        assert_eq!((stream.len(), distinct.len()), (10_000, 10_000));
        let late = stream.windows(2).filter(|pair| pair[1].1.2 < pair[0].1.2 - 1_800_000).count();
        assert!((800..1_100).contains(&late), "{late}");
    }

    #[test]
    fn states_add_up_to_the_intervals_but_for_the_last_of_each_worker_in_whatever_order_they_come() {
        let floor = Floor { workstations: 0, ..FLOOR };
        let as_intervals = |numbers| {
            let mut sums = Sums::default();
            for Sent { report, .. } in in_time(floor, numbers) {
                sums += report.sums();
            }
            sums
        };
        let (all, before) = (as_intervals(0..1_000), as_intervals(0..990));
        let expected = Sums { events: all.events, units: all.units, ..before };
        assert_eq!(state_sums(in_time(floor, 0..1_000)), expected);
        assert_eq!(state_sums(with_late(floor, 0..1_000, 300)), expected);
    }

    #[test]
    fn a_state_is_sent_without_a_duration_and_names_its_workstation_where_asked_to() {
        let report = FLOOR.report(0);
        let lengths =
            [Reported::Intervals, Reported::States, Reported::StatesAtWorkstations].map(|reported| {
                let raw = report.raw(reported);
                (raw.duration_minutes, raw.workstation_id.is_some())
            });
        assert_eq!(lengths, [(Some(1.0), true), (None, false), (None, true)]);
    }

    #[test]
    fn a_batch_is_an_operation_with_all_its_events() {
        let batches = batches("f", in_time(FLOOR, 0..25), 10);
        assert_eq!(batches.iter().map(|batch| batch.events).collect::<Vec<_>>(), [10, 10, 5]);
        let body_at = http::find(&batches[0].request, b"\r\n\r\n").unwrap() + 4;
        let body: serde_json::Value = serde_json::from_slice(&batches[0].request[body_at..]).unwrap();
        assert_eq!(body["variables"]["factoryId"], "f");
        assert_eq!(body["variables"]["events"].as_array().unwrap().len(), 10);
        assert_eq!(body["variables"]["events"][0]["entityId"], "W1");
    }
}
