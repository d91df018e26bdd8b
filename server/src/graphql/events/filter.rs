//! Which stored events to list.

use async_graphql::{ID, InputObject};

use super::event::EventType;
use crate::{
    error::ApiError,
    graphql::{factories::EntityType, scalar::DateTime},
    store::events,
};

/// Only events for which all of these hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct EventFilter {
    /// Of workers or of workstations.
    entity_type: Option<EntityType>,
    /// Of this worker or workstation.
    entity_id: Option<ID>,
    /// Of this kind.
    event_type: Option<EventType>,
    /// From this camera or device.
    source_id: Option<ID>,
    /// Starting here or later.
    from: Option<DateTime>,
    /// Starting before this.
    to: Option<DateTime>,
    /// With a stated confidence of at most this, 0 to 1.
    max_confidence: Option<f64>,
    /// Judged by this model.
    model_version: Option<String>,
}

impl TryFrom<EventFilter> for events::EventFilter {
    type Error = ApiError;

    fn try_from(filter: EventFilter) -> Result<Self, ApiError> {
        let from_ms = filter.from.map(|from| from.to_ms()).transpose()?;
        let to_ms = filter.to.map(|to| to.to_ms()).transpose()?;
        if let (Some(from_ms), Some(to_ms)) = (from_ms, to_ms)
            && from_ms >= to_ms
        {
            return Err(ApiError::bad_user_input("the filter's `to` must be later than its `from`"));
        }
        if let Some(sent) = filter.max_confidence
            && !(0.0..=1.0).contains(&sent)
        {
            return Err(ApiError::bad_user_input(format!(
                "maxConfidence must be from 0 to 1, but {sent} was sent"
            )));
        }
        Ok(Self {
            entity_type: filter.entity_type.map(Into::into),
            entity_code: filter.entity_id.map(|id| id.0),
            event_type: filter.event_type.map(Into::into),
            source: filter.source_id.map(|id| id.0),
            from_ms,
            to_ms,
            max_confidence: filter.max_confidence,
            model_version: filter.model_version,
        })
    }
}
