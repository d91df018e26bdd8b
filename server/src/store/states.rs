//! What many entities were doing, step by step: from the sums of buckets, or from events where steps are shorter than those.

use std::collections::HashMap;

use domain::{
    bucket::{Level, buckets_touched, cover_by},
    id::EntityId,
    state_steps::{StepGrid, StepTimes},
    time::TimestampMs,
    window::Window,
};
use sea_orm::ConnectionTrait;

use super::{
    access::{Scope, SeeFigures},
    entities::Entity,
    error::Result,
    neighbours::{self, Near},
    rollups,
};

/// How many entities' events are in memory at a time.
const ENTITIES_AT_ONCE: usize = 32;

/// The counted time of those of the entities that were observed.
pub type EntityTimes = HashMap<EntityId, StepTimes>;

/// Reads the sums of a window by buckets no coarser than a level; each must lie within one step.
pub async fn from_sums(
    conn: &impl ConnectionTrait,
    scope: &Scope<SeeFigures>,
    entities: &[Entity],
    grid: StepGrid,
    coarsest: Level,
) -> Result<EntityTimes> {
    let factory_id = scope.factory_id();
    let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
    let mut times = EntityTimes::new();
    rollups::for_each_sum(conn, factory_id, (grid.window(), coarsest), &ids, |entity_id, from_ms, sums| {
        if sums.observed_ms() > 0 {
            times.entry(entity_id).or_insert_with(|| StepTimes::new(grid)).add_sums(from_ms, sums);
        }
    })
    .await?;
    Ok(times)
}

/// How many rows [`from_events`] is expected to read: the buckets in which events can start, and the events that do in the
/// window.
pub async fn rows_of_events(
    conn: &impl ConnectionTrait,
    scope: &Scope<SeeFigures>,
    entities: &[Entity],
    window: Window,
) -> Result<usize> {
    let factory_id = scope.factory_id();
    let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
    let sums = rollups::totals_of_factory(conn, factory_id, Some(window), Some(&ids)).await?;
    let events: i64 = sums.values().map(|sums| sums.events).sum();
    let buckets: i64 = entities
        .iter()
        .map(|entity| {
            let reach_ms = entity.longest_duration_ms;
            buckets_touched(window.from_ms - reach_ms, window.to_ms - window.from_ms + reach_ms)
        })
        .sum();
    Ok(usize::try_from(events + buckets).unwrap_or(usize::MAX))
}

/// Reads the events of a window. None when more than so many had to be read, which events can that began before it.
pub async fn from_events(
    conn: &impl ConnectionTrait,
    scope: &Scope<SeeFigures>,
    entities: &[Entity],
    grid: StepGrid,
    max_events: usize,
) -> Result<Option<EntityTimes>> {
    let factory_id = scope.factory_id();
    let Window { from_ms, to_ms } = grid.window();
    let mut times = EntityTimes::new();
    let mut rows_read = 0;
    for entities in entities.chunks(ENTITIES_AT_ONCE) {
        let near: Vec<Near<'_>> =
            entities.iter().map(|entity| Near { entity, ranges: vec![(from_ms, to_ms)] }).collect();
        let (found, rows) = neighbours::counted(conn, factory_id, &near, TimestampMs::MAX).await?;
        rows_read += rows;
        if rows_read > max_events {
            return Ok(None);
        }
        for (entity_id, events) in found {
            let times = times.entry(entity_id).or_insert_with(|| StepTimes::new(grid));
            for segment in events.segments() {
                times.add_segment(segment.from_ms, segment.to_ms, segment.event_type);
            }
        }
    }
    Ok(Some(times))
}

/// How many sums [`from_sums`] reads of each entity at most.
pub fn sums_in(window: Window, coarsest: Level) -> usize {
    let ranges = cover_by(window.from_ms, window.to_ms, coarsest);
    ranges.iter().map(|range| usize::try_from(range.end - range.first).unwrap_or_default()).sum()
}
