//! When entities were last seen by their own events.

use std::collections::HashMap;

use domain::{
    MS_PER_DAY,
    bucket::BUCKET_MS,
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
};
use sea_orm::ConnectionTrait;

use super::serving::{self, By};
use crate::store::{
    entities::Entity,
    error::Result,
    neighbours::{self, Near},
};

/// How far back the first look goes. Each further one takes twice as much time, up to a day.
const FIRST_LOOK_MS: DurationMs = DurationMs(BUCKET_MS);

/// Where to look for an entity's last event.
struct Look<'a> {
    entity: &'a Entity,
    from_ms: TimestampMs,
    until_ms: TimestampMs,
}

impl<'a> Look<'a> {
    /// The first one. An event of no length starts when it ends.
    fn new(entity: &'a Entity) -> Self {
        let until_ms = entity.last_seen_at_ms + DurationMs(1);
        Self { entity, from_ms: until_ms - FIRST_LOOK_MS, until_ms }
    }

    fn near(&self) -> Near<'a> {
        Near { entity: self.entity, ranges: vec![(self.from_ms, self.until_ms)] }
    }

    /// The next one, which is before an instant.
    fn before(&self, until_ms: TimestampMs) -> Self {
        let length_ms = ((self.until_ms - self.from_ms) * 2).min(DurationMs(MS_PER_DAY));
        Self { entity: self.entity, from_ms: until_ms - length_ms, until_ms }
    }
}

/// When entities were last seen by their own events that serve.
pub(super) async fn own(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entities: &[&Entity],
) -> Result<HashMap<EntityId, TimestampMs>> {
    let mut found = HashMap::with_capacity(entities.len());
    let mut looks: Vec<Look<'_>> = entities.iter().map(|entity| Look::new(entity)).collect();
    while !looks.is_empty() {
        let near: Vec<Near<'_>> = looks.iter().map(Look::near).collect();
        let (events, _) = neighbours::counted(conn, factory_id, &near, TimestampMs::MAX).await?;
        // What is not in view ends before it begins.
        let seen = events.iter().filter_map(|(id, events)| Some((*id, events.last_seen_at_ms?)));
        found.extend(seen);
        looks.retain(|look| !found.contains_key(&look.entity.id));
        let unseen: HashMap<EntityId, TimestampMs> =
            looks.iter().map(|look| (look.entity.id, look.from_ms)).collect();
        let until = serving::until(conn, factory_id, unseen, By::Themselves).await?;
        looks =
            looks.iter().filter_map(|look| until.get(&look.entity.id).map(|at| look.before(*at))).collect();
    }
    Ok(found)
}
