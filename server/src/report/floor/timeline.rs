//! What one worker or workstation was doing, to the millisecond.

use domain::{
    event::EntityType,
    time::TimestampMs,
    window::{Window, WindowSpec},
};

use super::{super::error::ReportError, question::Question};
use crate::store::{
    Snapshot,
    access::{Scope, SeePeople},
    entities,
    timeline::{self, Picture},
};

/// What one entity was doing.
pub struct Timeline {
    /// The factory as it is at this revision.
    pub scope: Scope<SeePeople>,
    /// Whose it is.
    pub question: Question,
    /// The window that was asked for, on the grid.
    pub window: Window,
    /// What it was doing.
    pub picture: Picture,
}

/// Reads an entity's timeline.
///
/// # Errors
/// The entity is unknown, or the window has no two ends.
pub async fn of_entity(
    snapshot: &Snapshot,
    scope: &Scope<SeePeople>,
    entity_type: EntityType,
    code: String,
    window: &WindowSpec,
    now_ms: TimestampMs,
) -> Result<Timeline, ReportError> {
    let factory = scope.factory();
    let question = Question::about_entities(entity_type, *window, Some(vec![code.clone()]), None)?;
    let window =
        window.resolve(factory.time_zone, now_ms)?.ok_or(ReportError::UnboundedWindow("timeline"))?;
    let Some(entity) = entities::list(snapshot, scope, question.filter()).await?.pop() else {
        return Err(ReportError::EntityNotFound { entity_type, code });
    };
    let picture = timeline::picture(snapshot, scope, &entity, window).await?;
    Ok(Timeline { scope: scope.clone(), question, window, picture })
}
