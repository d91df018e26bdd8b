//! What events amount to, computed from all of them at once with the core alone.

use std::collections::BTreeMap;

use domain::{
    event::{Event, Extent},
    id::{ModelVersionId, SourceId},
    reading,
    state::{self, DEFAULT_HOLD_MINUTES, covered_ms, tells_of_workstation},
    time::{DurationMs, TimestampMs},
    timeline::{NameOrder, Observation},
};

/// What counts of every entity, by its id, and what else is known of it.
#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) counted: BTreeMap<String, Vec<Observation>>,
    /// The latest end of its events.
    pub(crate) last_seen_at_ms: BTreeMap<String, TimestampMs>,
}

impl Expected {
    /// Of events whose names end with a digit, by which they are ordered.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut expected = Self::default();
        let mut by_entity: BTreeMap<&str, Vec<Stored<'_>>> = BTreeMap::new();
        for event in events {
            let stored = Stored { event, observation: observation(event, next_ms(event, events)) };
            by_entity.entry(&event.entity_code).or_default().push(stored);
        }
        let mut told: BTreeMap<&str, Vec<Observation>> = BTreeMap::new();
        for (code, mut stored) in by_entity {
            for report in &stored {
                expected.see(code, report.observation.ended_at_ms());
                if let Some(workstation) = report.tells_of() {
                    expected.see(workstation, report.observation.started_at_ms);
                }
            }
            reading::resolve(&mut stored);
            for report in &stored {
                if let Some(workstation) = report.tells_of() {
                    expected.see(workstation, report.observation.ended_at_ms());
                    told.entry(workstation).or_default().push(report.observation.clone());
                }
            }
            let counted = stored.into_iter().map(|report| report.observation);
            expected.counted.entry(code.to_owned()).or_default().extend(counted);
        }
        for (workstation, told) in told {
            expected.counted.entry(workstation.to_owned()).or_default().extend(state::derived(&told));
        }
        expected
    }

    /// What counts of one entity.
    pub(crate) fn counted(&self, code: &str) -> &[Observation] {
        self.counted.get(code).map_or(&[], Vec::as_slice)
    }

    fn see(&mut self, code: &str, at_ms: TimestampMs) {
        let last = self.last_seen_at_ms.entry(code.to_owned()).or_insert(at_ms);
        *last = at_ms.max(*last);
    }
}

struct Stored<'a> {
    event: &'a Event,
    observation: Observation,
}

impl<'a> Stored<'a> {
    fn tells_of(&self) -> Option<&'a str> {
        let workstation = self.event.workstation.as_deref();
        workstation.filter(|_| tells_of_workstation(self.event.form(), self.event.event_type))
    }
}

impl AsRef<Observation> for Stored<'_> {
    fn as_ref(&self) -> &Observation {
        &self.observation
    }
}

impl AsMut<Observation> for Stored<'_> {
    fn as_mut(&mut self) -> &mut Observation {
        &mut self.observation
    }
}

/// When the next report of the series of an event comes.
fn next_ms(event: &Event, events: &[Event]) -> Option<TimestampMs> {
    let series = |event: &Event| {
        (event.entity_code.clone(), event.form(), event.source.clone(), event.model_version.clone())
    };
    let of_series = events.iter().filter(|other| series(other) == series(event));
    of_series.map(|other| other.started_at_ms).filter(|at_ms| *at_ms > event.started_at_ms).min()
}

fn observation(event: &Event, next_ms: Option<TimestampMs>) -> Observation {
    let duration_ms = match event.extent {
        Extent::Interval(duration_ms) => duration_ms,
        Extent::State { hold_minutes } => {
            covered_ms(event.started_at_ms, hold_minutes.unwrap_or(DEFAULT_HOLD_MINUTES), next_ms)
        }
    };
    let place = |name: &Option<String>| {
        let digit = name.as_ref().and_then(|name| name.chars().last()).and_then(|last| last.to_digit(10));
        digit.map(|digit| digit + 1)
    };
    let names = NameOrder {
        model_version: place(&event.model_version).unwrap_or_default(),
        source: place(&event.source).unwrap_or_default(),
    };
    Observation {
        units: event.units,
        confidence: event.confidence,
        model_version: place(&event.model_version).map(|place| ModelVersionId(place as i32)),
        source: place(&event.source).map(|place| SourceId(place as i32)),
        event_code: event.event_code.clone(),
        form: event.form(),
        names,
        ..Observation::interval(event.event_type, event.started_at_ms, duration_ms)
    }
}

/// For how long an event says what was seen, by its length in minutes; none is from then on.
pub(crate) fn extent(minutes: Option<i64>) -> Extent {
    match minutes {
        Some(minutes) => Extent::Interval(DurationMs(minutes * domain::MS_PER_MINUTE)),
        None => Extent::State { hold_minutes: None },
    }
}
