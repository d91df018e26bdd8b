//! What one entity was doing, derived from its raw events.

use domain::{
    MS_PER_DAY,
    bucket::Level,
    event::EventType,
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    timeline::{self, Mark, Segment},
    window::Window,
};
use entity::rollup::{self, Column};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{
    access::{Scope, SeePeople},
    entities::Entity,
    error::Result,
    intern::{self, NameTable},
    neighbours::{self, Near},
    rollups::{bucket_of_stored, stored_bucket},
};

/// The most segments of one answer, and the most marks.
pub const MAX_SEGMENTS: usize = 5_000;

/// A span in which one entity did one thing, cut at the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSegment {
    /// Start, Unix milliseconds.
    pub from_ms: TimestampMs,
    /// End, Unix milliseconds.
    pub to_ms: TimestampMs,
    /// What it did.
    pub event_type: EventType,
    /// Parts per 10 000.
    pub confidence: Option<u16>,
    /// The model that judged.
    pub model_version: Option<String>,
    /// The camera or device that saw it.
    pub source: Option<String>,
    /// The number of the decision that says so instead.
    pub decision: Option<i32>,
}

/// What an entity was doing in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Without overlap, in the order of time, at most [`MAX_SEGMENTS`].
    pub segments: Vec<NamedSegment>,
    /// Where reports disagree or a decision holds, without overlap, in the order of time, at most [`MAX_SEGMENTS`].
    pub marks: Vec<Mark>,
    /// Whether there are more of either.
    pub is_truncated: bool,
}

/// Reads what an entity was doing in a window.
pub async fn picture(
    conn: &impl ConnectionTrait,
    scope: &Scope<SeePeople>,
    entity: &Entity,
    window: Window,
) -> Result<Picture> {
    let factory_id = scope.factory_id();
    let mut segments: Vec<Segment> = Vec::new();
    let mut marks: Vec<Mark> = Vec::new();
    for day in days_observed(conn, factory_id, entity.id, window).await? {
        let from_ms = window.from_ms.max(TimestampMs(day * MS_PER_DAY));
        let to_ms = window.to_ms.min(TimestampMs((day + 1) * MS_PER_DAY));
        let near = Near { entity, ranges: vec![(from_ms, to_ms)] };
        let (mut found, _) = neighbours::counted(conn, factory_id, &[near], TimestampMs::MAX).await?;
        let events = found.remove(&entity.id).unwrap_or_default();
        for mut segment in events.segments() {
            segment.from_ms = segment.from_ms.max(from_ms);
            segment.to_ms = segment.to_ms.min(to_ms);
            if segment.from_ms < segment.to_ms {
                timeline::push_segment(&mut segments, segment);
            }
        }
        for mut mark in events.marks() {
            mark.from_ms = mark.from_ms.max(from_ms);
            mark.to_ms = mark.to_ms.min(to_ms);
            if mark.from_ms < mark.to_ms {
                timeline::push_mark(&mut marks, mark);
            }
        }
        if segments.len().max(marks.len()) > MAX_SEGMENTS {
            break;
        }
    }
    let is_truncated = segments.len().max(marks.len()) > MAX_SEGMENTS;
    segments.truncate(MAX_SEGMENTS);
    marks.truncate(MAX_SEGMENTS);
    Ok(Picture { segments: name(conn, factory_id, segments).await?, marks, is_truncated })
}

/// The UTC days of a window in which the entity was observed: others need not be read.
async fn days_observed(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity_id: EntityId,
    window: Window,
) -> Result<Vec<i64>> {
    let stored_day = |at_ms| stored_bucket(Level::Day, Level::Day.bucket_of(at_ms));
    let stored: Vec<i64> = rollup::Entity::find()
        .select_only()
        .column(Column::Bucket)
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Bucket.between(stored_day(window.from_ms), stored_day(window.to_ms - DurationMs(1))))
        .filter(Column::EntityId.eq(entity_id.0))
        .order_by_asc(Column::Bucket)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(stored.into_iter().map(bucket_of_stored).collect())
}

async fn name(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    segments: Vec<Segment>,
) -> Result<Vec<NamedSegment>> {
    let models = segments.iter().filter_map(|segment| segment.model_version).map(|id| id.0).collect();
    let sources = segments.iter().filter_map(|segment| segment.source).map(|id| id.0).collect();
    let models = intern::names_of(conn, NameTable::ModelVersion, factory_id, models).await?;
    let sources = intern::names_of(conn, NameTable::Source, factory_id, sources).await?;
    let named = segments.into_iter().map(|segment| NamedSegment {
        from_ms: segment.from_ms,
        to_ms: segment.to_ms,
        event_type: segment.event_type,
        confidence: segment.confidence,
        model_version: segment.model_version.and_then(|id| models.get(&id.0).cloned()),
        source: segment.source.and_then(|id| sources.get(&id.0).cloned()),
        decision: segment.decision,
    });
    Ok(named.collect())
}
