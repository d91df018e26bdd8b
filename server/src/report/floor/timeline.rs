//! What one worker or workstation was doing, to the millisecond.

use domain::{
    event::EntityType,
    id::Revision,
    time::TimestampMs,
    window::{Window, WindowSpec},
};

use super::super::error::ReportError;
use crate::store::{
    Snapshot,
    entities::{self, EntityFilter},
    factories::FactoryScope,
    timeline::{self, Picture},
};

/// What one entity was doing.
pub struct Timeline {
    /// The window that was asked for, on the grid.
    pub window: Window,
    /// The factory's revision.
    pub revision: Revision,
    /// What it was doing.
    pub picture: Picture,
}

/// Reads an entity's timeline.
///
/// # Errors
/// The entity is unknown, or the window has no two ends.
pub async fn of_entity(
    snapshot: &Snapshot,
    scope: &FactoryScope,
    entity_type: EntityType,
    code: String,
    window: &WindowSpec,
    now_ms: TimestampMs,
) -> Result<Timeline, ReportError> {
    let factory = scope.factory();
    let window =
        window.resolve(factory.time_zone, now_ms)?.ok_or(ReportError::UnboundedWindow("timeline"))?;
    let codes = [code];
    let filter =
        EntityFilter { entity_type: Some(entity_type), codes: Some(&codes), ..EntityFilter::default() };
    let Some(entity) = entities::list(snapshot, factory.id, filter).await?.pop() else {
        let [code] = codes;
        return Err(ReportError::EntityNotFound { entity_type, code });
    };
    let picture = timeline::picture(snapshot, factory.id, &entity, window).await?;
    Ok(Timeline { window, revision: factory.revision, picture })
}
