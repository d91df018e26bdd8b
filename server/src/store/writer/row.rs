//! An event as a row of the table of events.

use domain::{
    bucket::bucket_of,
    event::{Event, EventForm, Extent, Statement},
    id::{EntityId, ModelVersionId, SourceId},
    time::TimestampMs,
};
use entity::event;

use crate::store::{
    engine::code::{Code as _, confidence_column, confidence_of},
    report::{Identity, SeriesKey, form_of, identity_of, series_key_of, series_of, stored_model},
};

/// An event as the row that it would be.
pub(in crate::store) struct NewRow<'a> {
    pub(in crate::store) event: &'a Event,
    pub(in crate::store) row: event::Model,
    pub(in crate::store) entity_id: EntityId,
    /// The position of its part in the group.
    pub(in crate::store) part: usize,
}

impl<'a> NewRow<'a> {
    /// The row of an event whose names have numbers. `state_hold_minutes` is what the factory has set.
    pub(super) fn new(
        event: &'a Event,
        entity_id: EntityId,
        (model_version, source): (Option<ModelVersionId>, Option<SourceId>),
        (part, received_at): (usize, TimestampMs),
        state_hold_minutes: u16,
    ) -> Self {
        let hold_minutes = match event.extent {
            Extent::Interval(_) => None,
            Extent::State { hold_minutes: Some(minutes) } => Some(minutes as i16),
            Extent::State { hold_minutes: None } => Some(-(state_hold_minutes as i16)),
        };
        let row = event::Model {
            factory_id: 0,
            bucket: bucket_of(event.started_at_ms),
            entity_id: entity_id.0,
            started_at: event.started_at_ms.0,
            event_type: event.event_type.code(),
            event_code: event.event_code.clone(),
            series: series_of(event.form(), source),
            model_version_id: stored_model(model_version),
            duration_ms: event.duration_ms().0,
            units: event.units,
            confidence: confidence_column(event.confidence),
            source_id: source.map(|source| source.0),
            workstation: event.workstation.clone(),
            received_at: received_at.0,
            hold_minutes,
        };
        Self { event, row, entity_id, part }
    }

    /// What makes it the report that it is.
    pub(super) fn identity(&self) -> Identity<'_> {
        identity_of(&self.row)
    }

    /// Its series; none for an interval.
    pub(super) fn series(&self) -> Option<SeriesKey> {
        series_key_of(&self.row)
    }
}

/// What a stored event says of what it identifies.
pub(super) fn statement_of(row: &event::Model) -> Statement<'_> {
    let is_state = form_of(row) == EventForm::State;
    Statement {
        extent: extent_of(row),
        units: row.units,
        confidence: confidence_of(row.confidence),
        workstation: row.workstation.as_deref().filter(|_| is_state),
    }
}

/// For how long a stored event says what was seen, as it was sent.
pub(in crate::store) fn extent_of(row: &event::Model) -> Extent {
    match form_of(row) {
        EventForm::Interval => Extent::Interval(domain::time::DurationMs(row.duration_ms)),
        EventForm::State => {
            Extent::State { hold_minutes: row.hold_minutes.and_then(|minutes| u16::try_from(minutes).ok()) }
        }
    }
}
