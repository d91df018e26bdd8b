//! What entities were last seen doing, read backwards from an instant: of many at once, because each statement is a round trip.

use std::collections::HashMap;

use domain::{
    MS_PER_DAY,
    bucket::BUCKET_MS,
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    timeline::Segment,
};
use sea_orm::ConnectionTrait;

use super::{
    entities::Entity,
    error::Result,
    neighbours::{self, Near},
    rollups,
};

/// How far back the first look goes: enough for what most entities are doing. Each further one goes twice as far, until the
/// segment's start is in view.
const FIRST_LOOK_MS: DurationMs = DurationMs(BUCKET_MS);

/// Of how many entities events are held at a time.
const ENTITIES_AT_A_TIME: usize = 500;

/// The segment with the latest end of each of some entities, and how many rows were read to find them. Each is read backwards from
/// an instant at or after that end; there is none when no event has a length. Only events are regarded that end up to
/// `ended_by_ms`, of which one must have a length where there is any.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    asked: &[(&Entity, TimestampMs)],
    ended_by_ms: TimestampMs,
) -> Result<(HashMap<EntityId, Option<Segment>>, usize)> {
    let mut search = Search { found: HashMap::with_capacity(asked.len()), rows_read: 0 };
    for some in asked.chunks(ENTITIES_AT_A_TIME) {
        search.look_back(conn, factory_id, some.to_vec(), ended_by_ms).await?;
    }
    Ok((search.found, search.rows_read))
}

struct Search {
    found: HashMap<EntityId, Option<Segment>>,
    rows_read: usize,
}

impl Search {
    async fn look_back(
        &mut self,
        conn: &impl ConnectionTrait,
        factory_id: FactoryId,
        mut left: Vec<(&Entity, TimestampMs)>,
        ended_by_ms: TimestampMs,
    ) -> Result<()> {
        let mut look_ms = FIRST_LOOK_MS;
        while !left.is_empty() {
            let near: Vec<Near<'_>> = left
                .iter()
                .map(|&(entity, until_ms)| Near { entity, ranges: vec![(until_ms - look_ms, until_ms)] })
                .collect();
            let (mut events, rows) = neighbours::counted(conn, factory_id, &near, ended_by_ms).await?;
            self.rows_read += rows;
            let mut unseen = Vec::new();
            left.retain(|&(entity, until_ms)| {
                match events.remove(&entity.id).unwrap_or_default().segments().pop() {
                    // A segment that begins at or before the edge of the view may begin earlier than it seems.
                    Some(last) if last.from_ms > until_ms - look_ms => {
                        self.found.insert(entity.id, Some(last));
                        false
                    }
                    Some(_) => true,
                    None => {
                        unseen.push((entity, until_ms - look_ms));
                        false
                    }
                }
            });
            left.extend(self.observed_before(conn, factory_id, unseen).await?);
            look_ms = look_ms * 2;
        }
        Ok(())
    }

    /// Of entities that were not seen from an instant on: up to when to look for those of which anything was observed before it.
    /// What does not count may go on for months before that.
    async fn observed_before<'a>(
        &mut self,
        conn: &impl ConnectionTrait,
        factory_id: FactoryId,
        unseen: Vec<(&'a Entity, TimestampMs)>,
    ) -> Result<Vec<(&'a Entity, TimestampMs)>> {
        let asked: Vec<(EntityId, TimestampMs)> =
            unseen.iter().map(|(entity, before_ms)| (entity.id, *before_ms)).collect();
        let last_days = rollups::last_days_observed(conn, factory_id, &asked).await?;
        let mut left = Vec::with_capacity(last_days.len());
        for (entity, before_ms) in unseen {
            match last_days.get(&entity.id) {
                Some(day) => left.push((entity, before_ms.min(TimestampMs((day + 1) * MS_PER_DAY)))),
                None => {
                    self.found.insert(entity.id, None);
                }
            }
        }
        Ok(left)
    }
}
