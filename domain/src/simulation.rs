//! A simulated factory: what its cameras would report, made from a seed. For demonstrations, tests and measurements.
//!
//! - The same seed, zone and cameras give the same events, on every machine and at any time.
//! - Each line's shift of each day is made on its own, so events do not depend on how a span of time is cut.
//! - The factory works around the clock in two shifts of twelve hours, so there is always something to see.
//! - Every event is valid, and none contradicts another of the same identity.

use chrono::{DateTime, SecondsFormat};

use crate::{
    event::{EntityType, EventType, RawEvent},
    time::TimestampMs,
    window::local_clock::day_of,
    zone::Zone,
};

mod camera;
mod delivery;
mod shift;

pub use delivery::{DeliveryFaults, deliver};

/// A factory that exists only as its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedFactory {
    /// What makes one factory's days differ from another's.
    pub seed: u64,
    /// The zone whose clock the shifts follow.
    pub zone: Zone,
    /// Who watches.
    pub cameras: Cameras,
}

/// How many cameras watch each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cameras {
    /// One, which sees nearly everything once.
    One,
    /// A second one, which sees much of the same a little differently and does not count units. What the first one
    /// reports stays as it is.
    TwoThatOverlap,
    /// The same, but each second camera has something that whoever looks after cameras should see: the one of the first line
    /// tries a newer model in the day shift, that of the second is unsure and often wrong, and that of the third reports for
    /// two hours a night alone. And the first camera of the third line reports its workers as states: what each does from now on,
    /// whenever that changes.
    TwoWithFaults,
}

/// A worker or workstation of the simulated factory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedEntity {
    /// Worker or workstation.
    pub entity_type: EntityType,
    /// As sent, such as `W1`.
    pub code: &'static str,
    /// What people see.
    pub name: &'static str,
    /// The line it belongs to.
    pub area: &'static str,
}

impl SimulatedEntity {
    const fn worker(code: &'static str, name: &'static str, area: &'static str) -> Self {
        Self { entity_type: EntityType::Worker, code, name, area }
    }

    const fn workstation(code: &'static str, name: &'static str, area: &'static str) -> Self {
        Self { entity_type: EntityType::Workstation, code, name, area }
    }
}

const ROSTER: [SimulatedEntity; 12] = [
    SimulatedEntity::worker("W1", "Amara Okafor", "Turning"),
    SimulatedEntity::worker("W2", "Jonas Lindqvist", "Turning"),
    SimulatedEntity::worker("W3", "Priya Raman", "Milling"),
    SimulatedEntity::worker("W4", "Mateo Fuentes", "Milling"),
    SimulatedEntity::worker("W5", "Hana Sato", "Assembly"),
    SimulatedEntity::worker("W6", "Piotr Zielinski", "Assembly"),
    SimulatedEntity::workstation("S1", "Lathe 1", "Turning"),
    SimulatedEntity::workstation("S2", "Lathe 2", "Turning"),
    SimulatedEntity::workstation("S3", "Mill 1", "Milling"),
    SimulatedEntity::workstation("S4", "Mill 2", "Milling"),
    SimulatedEntity::workstation("S5", "Bench 1", "Assembly"),
    SimulatedEntity::workstation("S6", "Bench 2", "Assembly"),
];

impl SimulatedFactory {
    /// Everyone and everything in the factory: workers W1 to W6 and workstations S1 to S6.
    pub fn roster(&self) -> &'static [SimulatedEntity] {
        &ROSTER
    }

    /// The events that start in `[from_ms, to_ms)` (Unix milliseconds), in the order of their starts. Neighbouring spans
    /// add up: the events of two are those of both together.
    pub fn events(&self, from_ms: i64, to_ms: i64) -> Vec<RawEvent> {
        let mut reports = self.reports(from_ms, to_ms);
        reports.retain(|report| (from_ms..to_ms).contains(&report.started_at_ms));
        reports.sort_by_key(|report| report.started_at_ms);
        reports.into_iter().map(RawEvent::from).collect()
    }

    /// The events that end in `[from_ms, to_ms)` (Unix milliseconds), in the order of their ends: what a camera that
    /// reports each event when it is over would send.
    pub fn events_ended(&self, from_ms: i64, to_ms: i64) -> Vec<RawEvent> {
        let mut reports = self.reports(from_ms, to_ms);
        reports.retain(|report| (from_ms..to_ms).contains(&report.ended_at_ms()));
        reports.sort_by_key(CameraReport::ended_at_ms);
        reports.into_iter().map(RawEvent::from).collect()
    }

    /// All reports of the days whose shifts may reach into a span of time.
    fn reports(&self, from_ms: i64, to_ms: i64) -> Vec<CameraReport> {
        if from_ms >= to_ms {
            return Vec::new();
        }
        // A night shift ends on the day after its own.
        let days = day_of(self.zone, TimestampMs(from_ms)) - 1..=day_of(self.zone, TimestampMs(to_ms));
        days.flat_map(|day| shift::of_day(self, day)).flat_map(|shift| camera::watch(self, &shift)).collect()
    }
}

/// One camera's report of one interval, or of what begins, before it is written down.
#[derive(Clone, Debug)]
struct CameraReport {
    entity: SimulatedEntity,
    event_type: EventType,
    started_at_ms: i64,
    duration_ms: i64,
    units: i64,
    workstation: Option<&'static str>,
    confidence_percent: i64,
    model_version: &'static str,
    source: &'static str,
    event_id: Option<&'static str>,
    /// Of a state report: in how many minutes the next one comes at the latest; then it has no length.
    hold_minutes: Option<i64>,
}

impl CameraReport {
    fn ended_at_ms(&self) -> i64 {
        self.started_at_ms + self.duration_ms
    }
}

impl From<CameraReport> for RawEvent {
    fn from(report: CameraReport) -> Self {
        let started_at = DateTime::from_timestamp_millis(report.started_at_ms).unwrap_or_default();
        Self {
            timestamp: started_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            entity_type: report.entity.entity_type,
            entity_id: report.entity.code.to_owned(),
            event_type: report.event_type,
            duration_minutes: report
                .hold_minutes
                .is_none()
                .then(|| crate::metric::minutes(report.duration_ms)),
            hold_minutes: report.hold_minutes,
            units_produced: report.units,
            confidence: Some(report.confidence_percent as f64 / 100.0),
            model_version: Some(report.model_version.to_owned()),
            event_id: report.event_id.map(str::to_owned),
            source_id: Some(report.source.to_owned()),
            workstation_id: report.workstation.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests;
