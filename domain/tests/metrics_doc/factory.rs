//! An empty factory that receives the events and decisions of an example, as the server would: each event judged, none stored
//! twice, and every decision kept.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::Fact;
use domain::event::{EntityType, Event, EventForm, EventType, Extent, RawEvent};
use domain::id::{ModelVersionId, SourceId};
use domain::reading::resolve;
use domain::state::{
    Current, DEFAULT_HOLD_MINUTES, covered_ms, current, derived, last_seen_at_ms, tells_of_workstation,
};
use domain::time::{DurationMs, TimestampMs};
use domain::timeline::{
    BucketTotals, Correction, Counted, NameOrder, Observation, Segment, Standing, counted_segments, delta,
};
use domain::validate::validate;

use crate::calendar::{DAY, instant_ms, written_ms};
use crate::decisions::{Decision, Live};
use crate::example::Table;

/// What is stored.
#[derive(Default)]
pub(crate) struct Factory {
    events: Vec<Event>,
    /// Of each event when it was committed and by which device it was sent, where the example says so.
    came: Vec<Came>,
    decisions: Vec<Decision>,
    /// When each decision was made, where the example says so.
    made: Vec<Option<TimestampMs>>,
    /// Model versions and sources in the order in which they came: a number says nothing of the order of names.
    names: Vec<String>,
}

/// How an event came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    /// When it was committed.
    pub(crate) at_ms: Option<TimestampMs>,
    /// Which device sent it.
    pub(crate) device: Option<String>,
}

/// What counts of one worker or workstation.
#[derive(Default)]
pub(crate) struct Entity {
    reports: Vec<Observation>,
    corrections: Vec<Correction>,
    /// All that says when it was last seen: its reports before readings were compared, and what its workers say.
    seen: Vec<Observation>,
    /// The reports that are not followed yet.
    open: Vec<Observation>,
}

impl Entity {
    fn counted(&self) -> Counted<'_> {
        Counted { reports: self.reports.iter().collect(), corrections: self.corrections.iter().collect() }
    }

    /// When it was last seen.
    pub(crate) fn last_seen_at_ms(&self) -> Option<TimestampMs> {
        last_seen_at_ms(&self.seen)
    }

    /// What it does, since when, and until when if that is known.
    pub(crate) fn current(&self) -> Option<(EventType, TimestampMs, Option<TimestampMs>)> {
        Some(match current(self.segments().pop(), &self.open)? {
            Current::Open(report) => (report.event_type, report.started_at_ms, None),
            Current::Latest(segment) => (segment.event_type, segment.from_ms, Some(segment.to_ms)),
        })
    }

    /// Its timeline.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        counted_segments(&self.counted())
    }
}

type Entities = BTreeMap<String, Entity>;

impl Factory {
    /// Sends the events of a table in their order and checks what becomes of each.
    pub(crate) fn receive(&mut self, table: &Table) {
        for row in table.rows() {
            let raw = raw_event(table, row);
            let now_ms = instant_ms("2026-01-06T00:00:00Z");
            let event =
                validate(raw, now_ms, DurationMs::ZERO).expect("the events of the sums' examples are valid");
            let outcome = self.store(event);
            if self.events.len() > self.came.len() {
                let at_ms = table.cell(row, "came").map(written_ms);
                self.came.push(Came { at_ms, device: table.cell(row, "device").map(str::to_owned) });
            }
            let expected = table.cell(row, "outcome").unwrap_or("accepted");
            assert_eq!(outcome, expected, "line {} of the page", table.line(row));
        }
    }

    /// Makes the decisions of a table.
    pub(crate) fn decide(&mut self, table: &Table) {
        for row in table.rows() {
            let decision = Decision::read(table, row, self.decisions.len() as i32 + 1);
            self.names.extend(decision.names());
            decision.judge(&self.decisions);
            self.decisions.push(decision);
            self.made.push(table.cell(row, "made").map(written_ms));
        }
    }

    /// How many decisions were made.
    pub(crate) fn last_decision(&self) -> i32 {
        self.decisions.len() as i32
    }

    /// The events with how they came.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = (&Event, &Came)> {
        self.events.iter().zip(&self.came)
    }

    /// The decisions' numbers with when they were made.
    pub(crate) fn made(&self) -> impl Iterator<Item = (i32, Option<TimestampMs>)> {
        (1..).zip(self.made.iter().copied())
    }

    /// The sums of every entity by bucket that some of the events and the decisions up to a number give.
    pub(crate) fn totals_of(&self, events: &[&Event], prefix: i32) -> BTreeMap<String, BucketTotals> {
        sums_along([self.entities_of(events, prefix)])
    }

    /// The sums of every entity by bucket, computed in several ways that must agree.
    pub(crate) fn totals(&self, prefix: i32) -> BTreeMap<String, BucketTotals> {
        let events: Vec<&Event> = self.events.iter().collect();
        let reversed: Vec<&Event> = self.events.iter().rev().collect();
        let at_once = sums_along([self.entities_of(&events, prefix)]);
        let decisions = || 0..=prefix;
        let grows = |events: &[&Event], prefix| {
            let grown = (0..=events.len()).map(|count| self.entities_of(&events[..count], prefix));
            grown.collect::<Vec<_>>()
        };
        for (way, events) in [("forwards", &events), ("backwards", &reversed)] {
            let decided_last =
                grows(events, 0).into_iter().chain(decisions().map(|at| self.entities_of(events, at)));
            assert_eq!(sums_along(decided_last), at_once, "{way}, then the decisions");
            let decided_first = decisions().map(|at| self.entities_of(&[], at)).chain(grows(events, prefix));
            assert_eq!(sums_along(decided_first), at_once, "the decisions, then {way}");
        }
        at_once
    }

    /// What counts of every entity once the decisions up to a number are made.
    pub(crate) fn entities(&self, prefix: i32) -> Entities {
        self.entities_of(&self.events.iter().collect::<Vec<_>>(), prefix)
    }

    /// The name behind the number it is stored under.
    pub(crate) fn name(&self, id: i32) -> &str {
        &self.names[id as usize]
    }

    fn entities_of(&self, events: &[&Event], prefix: i32) -> Entities {
        let live = Live::at(&self.decisions, prefix, |name| self.id(name));
        let mut entities = Entities::new();
        let mut at_station: BTreeMap<&str, Vec<(Observation, bool)>> = BTreeMap::new();
        let codes: BTreeSet<&str> = events.iter().map(|event| event.entity_code.as_str()).collect();
        for code in codes {
            let mut of_entity: Vec<&Event> =
                events.iter().copied().filter(|event| event.entity_code == code).collect();
            of_entity.sort_by_key(|event| event.started_at_ms);
            let seen: Vec<Observation> =
                of_entity.iter().map(|event| self.observation(event, &of_entity, &live)).collect();
            let mut reports = seen.clone();
            resolve(&mut reports);
            let mut open = Vec::new();
            for (event, report) in of_entity.iter().zip(&seen) {
                let is_open = next_of_series(event, &of_entity).is_none()
                    && event.form() == EventForm::State
                    && report.standing == Standing::Serving;
                open.extend(is_open.then(|| report.clone()));
                if let Some(station) = event.workstation.as_deref()
                    && tells_of_workstation(event.form(), event.event_type)
                {
                    let told = reports.iter().find(|report| self.is_of(report, event)).expect("it is stored");
                    at_station.entry(station).or_default().push((told.clone(), is_open));
                }
            }
            entities.insert(code.to_owned(), Entity { reports, corrections: Vec::new(), seen, open });
        }
        for (station, told) in at_station {
            let station = entities.entry(station.to_owned()).or_default();
            let derived = derived(told.iter().map(|(report, _)| report));
            station.seen.extend(derived.iter().cloned());
            station.reports.extend(derived);
            for (report, is_open) in told {
                let derived_from_ms = Some(report.started_at_ms);
                let instant = Observation { duration_ms: DurationMs::ZERO, derived_from_ms, ..report };
                station.open.extend(is_open.then(|| instant.clone()));
                station.seen.push(instant);
            }
        }
        for (code, corrections) in live.corrections {
            entities.entry(code).or_default().corrections = corrections;
        }
        entities
    }

    fn observation(&self, event: &Event, of_entity: &[&Event], live: &Live) -> Observation {
        let (model_version, source) = (event.model_version.as_deref(), event.source.as_deref());
        let (model_version_id, source_id) = (
            model_version.map(|name| ModelVersionId(self.id(name))),
            source.map(|name| SourceId(self.id(name))),
        );
        let next = next_of_series(event, of_entity);
        let duration_ms = match event.extent {
            Extent::Interval(duration_ms) => duration_ms,
            Extent::State { hold_minutes } => covered_ms(
                event.started_at_ms,
                hold_minutes.unwrap_or(DEFAULT_HOLD_MINUTES),
                next.map(|next| next.started_at_ms),
            ),
        };
        let fact = Fact {
            form: event.form(),
            event_type: event.event_type,
            started_at_ms: event.started_at_ms,
            event_code: event.event_code.clone(),
        };
        let is_retracted = live.retractions.contains(&(event.entity_code.clone(), fact));
        let standing = if is_retracted {
            Standing::Quarantined
        } else {
            live.rules.standing(source_id, model_version_id, event.started_at_ms)
        };
        Observation {
            units: event.units,
            confidence: event.confidence,
            model_version: model_version_id,
            source: source_id,
            event_code: event.event_code.clone(),
            form: event.form(),
            standing,
            names: NameOrder { model_version: self.place(model_version), source: self.place(source) },
            ..Observation::interval(event.event_type, event.started_at_ms, duration_ms)
        }
    }

    fn is_of(&self, report: &Observation, event: &Event) -> bool {
        let name = |id: Option<i32>| id.map(|id| self.name(id).to_owned());
        (report.form, report.event_type, report.started_at_ms)
            == (event.form(), event.event_type, event.started_at_ms)
            && report.event_code == event.event_code
            && name(report.model_version.map(|id| id.0)) == event.model_version
            && name(report.source.map(|id| id.0)) == event.source
    }

    fn store(&mut self, event: Event) -> &'static str {
        match self.events.iter().find(|stored| identity(stored) == identity(&event)) {
            Some(stored) if stored.statement() == event.statement() => "duplicate",
            Some(_) => "conflict",
            None => {
                self.names.extend(event.model_version.clone());
                self.names.extend(event.source.clone());
                self.events.push(event);
                "accepted"
            }
        }
    }

    fn id(&self, name: &str) -> i32 {
        self.names.iter().position(|stored| stored == name).expect("a stored name") as i32
    }

    /// The place of a name in the order of the bytes; a name that was left out comes first.
    fn place(&self, name: Option<&str>) -> u32 {
        let name = name.unwrap_or_default();
        self.names.iter().filter(|stored| stored.as_str() < name).count() as u32 + u32::from(!name.is_empty())
    }
}

/// The next report of the series of one; the events are in the order of time.
fn next_of_series<'a>(event: &Event, of_entity: &[&'a Event]) -> Option<&'a Event> {
    let series = |event: &Event| (event.form(), event.source.clone(), event.model_version.clone());
    let mut later = of_entity.iter().filter(|other| other.started_at_ms > event.started_at_ms);
    later.find(|other| series(other) == series(event)).copied()
}

/// The sums that come about when what counts changes step by step, from nothing.
fn sums_along(steps: impl IntoIterator<Item = Entities>) -> BTreeMap<String, BucketTotals> {
    let mut sums: BTreeMap<String, BucketTotals> = BTreeMap::new();
    let mut before = Entities::new();
    let nothing = Entity::default();
    for after in steps {
        let codes: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for code in codes {
            let [old, new] =
                [&before, &after].map(|entities| entities.get(code).unwrap_or(&nothing).counted());
            let sum = sums.entry(code.clone()).or_default();
            for (bucket, change) in delta(&old, &new) {
                *sum.entry(bucket).or_default() += change;
            }
            sum.retain(|_, totals| !totals.is_zero());
        }
        before = after;
    }
    sums.retain(|_, buckets| !buckets.is_empty());
    sums
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

type Identity<'a> =
    (EntityType, &'a str, EventForm, EventType, TimestampMs, &'a str, Option<&'a str>, Option<&'a str>);

fn identity(event: &Event) -> Identity<'_> {
    let source = event.source.as_deref().filter(|_| event.form() == EventForm::State);
    let Event { entity_type, event_type, started_at_ms, .. } = *event;
    let (entity_code, event_code) = (event.entity_code.as_str(), event.event_code.as_str());
    let model_version = event.model_version.as_deref();
    (entity_type, entity_code, event.form(), event_type, started_at_ms, event_code, model_version, source)
}

fn raw_event(table: &Table, row: usize) -> RawEvent {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let whole = |text: &str| text.parse::<i64>().expect("a whole number");
    let text = |column| table.cell(row, column).map(str::to_owned);
    let code = table.text(row, "entity");
    RawEvent {
        timestamp: format!("{DAY}T{}:00Z", table.text(row, "start")),
        entity_type: entity_type(code),
        entity_id: code.to_owned(),
        event_type: event_type(table.text(row, "event type")),
        duration_minutes: table.cell(row, "minutes").map(number),
        hold_minutes: table.cell(row, "hold").map(whole),
        units_produced: table.cell(row, "units").map_or(0, whole),
        confidence: table.cell(row, "confidence").map(number),
        model_version: text("model"),
        event_id: text("event id"),
        source_id: text("source"),
        workstation_id: text("workstation"),
    }
}
