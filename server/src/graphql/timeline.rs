//! What one worker or workstation was doing, to the millisecond.

use async_graphql::{ID, SimpleObject};
use domain::{event::EntityType, window::WindowSpec};

use super::{
    event::{EventType, confidence},
    scalar::{BigInt, DateTime},
    text::quoted,
    window::Window,
};
use crate::{
    error::{ApiError, ErrorCode},
    report::factory,
    store::{
        Snapshot,
        entities::{self, Entity, EntityFilter},
        timeline::{self, NamedSegment},
    },
};

/// What one entity was doing: segments without overlap in the order of time.
#[derive(SimpleObject)]
pub(crate) struct Timeline {
    /// The window that was asked for, on the grid.
    window: Window,
    /// The revision that this is the state of.
    revision: BigInt,
    /// At most 5 000.
    segments: Vec<TimelineSegment>,
    /// Whether there are more, which a shorter or later window shows.
    truncated: bool,
}

/// A span in which one entity did one thing.
#[derive(SimpleObject)]
pub(crate) struct TimelineSegment {
    /// The first instant.
    from: DateTime,
    /// The instant after the last.
    to: DateTime,
    /// What it did.
    event_type: EventType,
    /// How sure the model was, 0 to 1; null means not stated.
    confidence: Option<f64>,
    /// The model that judged.
    model_version: Option<String>,
    /// The camera or device that saw it.
    source_id: Option<ID>,
}

impl From<NamedSegment> for TimelineSegment {
    fn from(segment: NamedSegment) -> Self {
        Self {
            from: DateTime::from_ms(segment.from_ms),
            to: DateTime::from_ms(segment.to_ms),
            event_type: segment.event_type.into(),
            confidence: segment.confidence.map(confidence),
            model_version: segment.model_version,
            source_id: segment.source.map(ID),
        }
    }
}

/// Reads an entity's timeline.
pub(crate) async fn read(
    snapshot: &Snapshot,
    slug: &str,
    entity_type: EntityType,
    code: String,
    window: WindowSpec,
    now_ms: i64,
) -> Result<Timeline, ApiError> {
    let factory = factory(snapshot, slug).await?;
    let window = window.resolve(factory.time_zone, now_ms)?.ok_or_else(|| {
        ApiError::bad_user_input("a timeline needs a window with two ends; all time has none")
    })?;
    let entity = entity(snapshot, factory.id, entity_type, code).await?;
    let (segments, truncated) = timeline::segments(snapshot, factory.id, &entity, window).await?;
    Ok(Timeline {
        window: window.into(),
        revision: BigInt(factory.revision),
        segments: segments.into_iter().map(Into::into).collect(),
        truncated,
    })
}

async fn entity(
    snapshot: &Snapshot,
    factory_id: i32,
    entity_type: EntityType,
    code: String,
) -> Result<Entity, ApiError> {
    let codes = [code];
    let filter =
        EntityFilter { entity_type: Some(entity_type), codes: Some(&codes), ..EntityFilter::default() };
    let found = entities::list(snapshot, factory_id, filter).await?.pop();
    found.ok_or_else(|| not_found(entity_type, &codes[0]))
}

/// There is no such worker or workstation.
pub(crate) fn not_found(entity_type: EntityType, code: &str) -> ApiError {
    let noun = match entity_type {
        EntityType::Worker => "worker",
        EntityType::Workstation => "workstation",
    };
    let code = quoted(code);
    ApiError::new(ErrorCode::NotFound, format!("there is no {noun} {code}; its first event registers it"))
}
