//! An event as a row of the table of events.

use domain::{
    event::{Event, Statement},
    id::{EntityId, ModelVersionId, SourceId},
    time::TimestampMs,
};

use crate::store::engine::code::Code as _;

/// An event as the row that it would be.
pub(in crate::store) struct NewRow<'a> {
    pub(in crate::store) event: &'a Event,
    pub(super) bucket: i64,
    pub(in crate::store) entity_id: EntityId,
    pub(in crate::store) model_version_id: Option<ModelVersionId>,
    pub(in crate::store) source_id: Option<SourceId>,
    pub(in crate::store) received_at: TimestampMs,
}

/// What makes a report the same report, in the order of the table's key.
pub(in crate::store) type Identity<'a> = (i64, EntityId, TimestampMs, i16, &'a str);

impl NewRow<'_> {
    pub(super) fn identity(&self) -> Identity<'_> {
        let event = self.event;
        (self.bucket, self.entity_id, event.started_at_ms, event.event_type.code(), &event.event_code)
    }

    pub(super) fn statement(&self) -> Statement<'static> {
        Statement {
            extent: domain::event::Extent::Interval(self.event.duration_ms()),
            units: self.event.units,
            confidence: self.event.confidence,
            workstation: None,
        }
    }
}
