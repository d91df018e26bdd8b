//! An empty factory that receives the events of an example, as the server would: each judged, none stored twice.

use std::collections::BTreeMap;

use domain::event::{EntityType, Event, EventType, RawEvent};
use domain::id::ModelVersionId;
use domain::time::{DurationMs, TimestampMs};
use domain::timeline::{BucketTotals, Counted, Observation, delta, totals};
use domain::validate::validate;

use crate::calendar::{DAY, instant_ms};
use crate::example::Table;

/// What is stored, by entity.
#[derive(Default)]
pub(crate) struct Factory {
    events: Vec<Event>,
    models: Vec<String>,
}

impl Factory {
    /// Sends the events of a table in their order and checks what becomes of each.
    pub(crate) fn receive(table: &Table) -> Self {
        let mut factory = Self::default();
        for row in table.rows() {
            let raw = raw_event(table, row);
            let now_ms = instant_ms("2026-01-06T00:00:00Z");
            let event =
                validate(raw, now_ms, DurationMs::ZERO).expect("the events of the sums' examples are valid");
            let outcome = factory.store(event);
            let expected = table.cell(row, "outcome").unwrap_or("accepted");
            assert_eq!(outcome, expected, "line {} of the page", table.line(row));
        }
        factory
    }

    /// The sums of every entity by bucket, computed in several ways that must agree.
    pub(crate) fn totals(&self) -> BTreeMap<String, BucketTotals> {
        let at_once: BTreeMap<_, _> =
            self.entities().into_iter().map(|(code, events)| (code, totals(&events))).collect();
        for (code, mut events) in self.entities() {
            assert_eq!(one_after_the_other(&events), at_once[&code], "{code} forwards");
            events.reverse();
            assert_eq!(one_after_the_other(&events), at_once[&code], "{code} backwards");
        }
        at_once
    }

    /// What the timeline needs of every entity's events.
    pub(crate) fn entities(&self) -> BTreeMap<String, Vec<Observation>> {
        let mut entities: BTreeMap<String, Vec<Observation>> = BTreeMap::new();
        for event in &self.events {
            entities.entry(event.entity_code.clone()).or_default().push(self.observation(event));
        }
        entities
    }

    /// The model version behind the number it is stored under.
    pub(crate) fn model(&self, id: ModelVersionId) -> &str {
        &self.models[id.0 as usize]
    }

    fn store(&mut self, event: Event) -> &'static str {
        match self.events.iter().find(|stored| identity(stored) == identity(&event)) {
            Some(stored) if stored.statement() == event.statement() => "duplicate",
            Some(_) => "conflict",
            None => {
                self.models.extend(event.model_version.clone());
                self.events.push(event);
                "accepted"
            }
        }
    }

    fn observation(&self, event: &Event) -> Observation {
        let number = |model: &String| {
            self.models.iter().position(|stored| stored == model).map(|at| ModelVersionId(at as i32))
        };
        Observation {
            units: event.units,
            confidence: event.confidence,
            model_version: event.model_version.as_ref().and_then(number),
            event_code: event.event_code.clone(),
            ..Observation::interval(event.event_type, event.started_at_ms, event.duration_ms())
        }
    }
}

/// Worker or workstation, by the first letter of an id.
pub(crate) fn entity_type(code: &str) -> EntityType {
    if code.starts_with('S') { EntityType::Workstation } else { EntityType::Worker }
}

/// An event type as the page writes it.
pub(crate) fn event_type(name: &str) -> EventType {
    match name {
        "WORKING" => EventType::Working,
        "IDLE" => EventType::Idle,
        "ABSENT" => EventType::Absent,
        _ => panic!("{name} is no event type"),
    }
}

fn identity(event: &Event) -> (EntityType, &str, EventType, TimestampMs, &str) {
    (event.entity_type, &event.entity_code, event.event_type, event.started_at_ms, &event.event_code)
}

fn raw_event(table: &Table, row: usize) -> RawEvent {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let code = table.text(row, "entity");
    RawEvent {
        timestamp: format!("{DAY}T{}:00Z", table.text(row, "start")),
        entity_type: entity_type(code),
        entity_id: code.to_owned(),
        event_type: event_type(table.text(row, "event type")),
        duration_minutes: Some(number(table.text(row, "minutes"))),
        hold_minutes: None,
        units_produced: table.cell(row, "units").map_or(0, |units| units.parse().expect("a whole number")),
        confidence: table.cell(row, "confidence").map(number),
        model_version: table.cell(row, "model").map(str::to_owned),
        event_id: table.cell(row, "event id").map(str::to_owned),
        source_id: None,
        workstation_id: None,
    }
}

fn one_after_the_other(events: &[Observation]) -> BucketTotals {
    let mut sums = BucketTotals::new();
    for index in 0..events.len() {
        for (bucket, change) in
            delta(&Counted::reports(&events[..index]), &Counted::reports(&events[..=index]))
        {
            *sums.entry(bucket).or_default() += change;
        }
    }
    sums.retain(|_, sum| !sum.is_zero());
    sums
}
