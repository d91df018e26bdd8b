//! Events: as sent and as stored.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use domain::{
    event::{Extent, RawEvent},
    metric::minutes,
};

use crate::{
    graphql::{decisions::Standing, factories::EntityType, scalar::DateTime},
    store::{events::StoredEvent, standings::EventStanding},
};

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::event::EventType")]
pub(crate) enum EventType {
    /// Working; for a workstation, occupied.
    Working,
    /// There, and not working.
    Idle,
    /// Observed, and not there: neither working nor idle.
    Absent,
}

/// In which form an event says what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::event::EventForm")]
pub(crate) enum EventForm {
    /// Over an interval of a stated length.
    Interval,
    /// From its timestamp on, until the next report of its series: of the same entity, source and model version.
    State,
}

/// What one worker or one workstation was seen doing: over one interval, or, without a length, from the timestamp on.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct EventInput {
    /// Start of the interval, or from when on; 2000-01-01 or later, cut to whole milliseconds.
    timestamp: DateTime,
    /// Worker or workstation.
    entity_type: EntityType,
    /// Who or what was seen, such as W1: 1 to 64 characters.
    entity_id: ID,
    /// What it did.
    event_type: EventType,
    /// Length of the interval, 0 to 1440. Left out or null makes a state report: it is so from the timestamp on, until the
    /// next report of the same entity, source and model version says otherwise.
    duration_minutes: Option<f64>,
    /// Of a state report: in how many minutes the next one comes at the latest, 1 to 1440; what is not followed up by then was
    /// not observed. Left out means as the factory has set it.
    hold_minutes: Option<i64>,
    /// Units finished in the interval, or at the timestamp of a state report; 0 to 1 000 000.
    #[graphql(default = 0)]
    units_produced: i64,
    /// How sure the model is, 0 to 1. Left out means not stated, which is not 1.
    confidence: Option<f64>,
    /// The model that judged.
    model_version: Option<String>,
    /// The sender's own id, for events that share entity, type and timestamp.
    event_id: Option<ID>,
    /// The camera or device that saw it.
    source_id: Option<ID>,
    /// Where a worker was.
    workstation_id: Option<ID>,
}

impl From<EventInput> for RawEvent {
    fn from(input: EventInput) -> Self {
        Self {
            timestamp: input.timestamp.into_text(),
            entity_type: input.entity_type.into(),
            entity_id: input.entity_id.0,
            event_type: input.event_type.into(),
            duration_minutes: input.duration_minutes,
            hold_minutes: input.hold_minutes,
            units_produced: input.units_produced,
            confidence: input.confidence,
            model_version: input.model_version,
            event_id: input.event_id.map(|id| id.0),
            source_id: input.source_id.map(|id| id.0),
            workstation_id: input.workstation_id.map(|id| id.0),
        }
    }
}

/// An event as it was reported.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Event {
    /// Whether it says so over an interval or from its timestamp on.
    form: EventForm,
    /// Start of the interval, or from when on.
    timestamp: DateTime,
    /// Worker or workstation.
    entity_type: EntityType,
    /// Who or what was seen.
    entity_id: ID,
    /// What it did.
    event_type: EventType,
    /// Length of the interval; null for a state report, whose length is what follows it.
    duration_minutes: Option<f64>,
    /// In how many minutes the sender of a state report promised the next one; null means as the factory had set it.
    hold_minutes: Option<u16>,
    /// Units finished in the interval, or at the timestamp of a state report.
    units_produced: i64,
    /// How sure the model was, 0 to 1; null means not stated.
    confidence: Option<f64>,
    /// The model that judged.
    model_version: Option<String>,
    /// The sender's own id.
    event_id: Option<ID>,
    /// The camera or device that saw it.
    source_id: Option<ID>,
    /// Where a worker was.
    workstation_id: Option<ID>,
    /// When it came.
    received_at: DateTime,
    /// Whether people let it count, as the figures of its start follow their decisions now. Of several readings of the same
    /// that serve one alone counts: the surest, then that of the greater model version.
    standing: Standing,
    /// The number of the decision that gives it this standing; null where it serves without one.
    standing_decision: Option<i32>,
}

impl Event {
    /// The worker that it is about, as sent; none where it is about a workstation.
    pub(super) fn worker(&self) -> Option<&str> {
        (self.entity_type == EntityType::Worker).then_some(self.entity_id.as_str())
    }

    /// What was stored, and how it stands.
    pub(super) fn new(stored: StoredEvent, standing: EventStanding) -> Self {
        let event = stored.event;
        let (duration_minutes, hold_minutes) = match event.extent {
            Extent::Interval(duration_ms) => (Some(minutes(duration_ms.0)), None),
            Extent::State { hold_minutes } => (None, hold_minutes),
        };
        Self {
            form: event.form().into(),
            timestamp: DateTime::from_ms(event.started_at_ms),
            entity_type: event.entity_type.into(),
            entity_id: ID(event.entity_code),
            event_type: event.event_type.into(),
            duration_minutes,
            hold_minutes,
            units_produced: event.units,
            confidence: event.confidence.map(confidence),
            model_version: event.model_version,
            event_id: Some(event.event_code).filter(|code| !code.is_empty()).map(ID),
            source_id: event.source.map(ID),
            workstation_id: event.workstation.map(ID),
            received_at: DateTime::from_ms(stored.received_at_ms),
            standing: standing.standing.into(),
            standing_decision: standing.decision,
        }
    }
}

/// Parts per 10 000 as a number from 0 to 1.
pub(crate) fn confidence(parts: u16) -> f64 {
    f64::from(parts) / 10_000.0
}
