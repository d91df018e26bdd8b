//! When entities were last seen by their own events.

use std::collections::HashMap;

use domain::{
    MS_PER_DAY,
    bucket::{BUCKET_MS, Level},
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
};
use sea_orm::ConnectionTrait;

use crate::store::{
    applied::Applied,
    entities::Entity,
    error::Result,
    neighbours::{self, Near},
    origins::{self, Origin},
};

/// How far back the first look goes. Each further one takes twice as much time, up to a day.
const FIRST_LOOK_MS: DurationMs = DurationMs(BUCKET_MS);

/// How many days are looked through at once for who reported anybody.
const DAYS_AT_A_TIME: i64 = 32;

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
        looks = next(conn, factory_id, looks).await?;
    }
    Ok(found)
}

/// Where to look for the entities that were not seen in these looks: before them, and not where all that was reported does not
/// serve, which may be months.
async fn next<'a>(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    mut unseen: Vec<Look<'a>>,
) -> Result<Vec<Look<'a>>> {
    let mut looks = Vec::with_capacity(unseen.len());
    let Some(latest_ms) = unseen.iter().map(|look| look.from_ms).max() else { return Ok(looks) };
    let Some(first_day) = origins::first_day(conn, factory_id).await? else { return Ok(looks) };
    let applied = Applied::read(conn, factory_id, Some(&[])).await?;
    let mut last_day = Level::Day.bucket_of(latest_ms) + 1;
    loop {
        let days = (last_day - DAYS_AT_A_TIME + 1, last_day);
        let are_all_days = days.0 <= first_day;
        let ids = unseen.iter().map(|look| look.entity.id);
        let origins = origins::of_entities(conn, factory_id, ids, days).await?;
        // On the days before these, nothing starts later than that.
        let (_, earlier_ms) = reach(days.0 - 1);
        let mut until: HashMap<EntityId, TimestampMs> = HashMap::new();
        let before: HashMap<EntityId, TimestampMs> =
            unseen.iter().map(|look| (look.entity.id, look.from_ms)).collect();
        for Origin { entity_id, day, source, model_version } in origins {
            let (from_ms, to_ms) = reach(day);
            let Some(before_ms) = before.get(&entity_id).map(|before_ms| to_ms.min(*before_ms)) else {
                continue;
            };
            let serving_ms = applied.serving_until(source, model_version, before_ms);
            if let Some(serving_ms) = serving_ms.filter(|until_ms| *until_ms > from_ms) {
                let latest_ms = until.entry(entity_id).or_insert(serving_ms);
                *latest_ms = serving_ms.max(*latest_ms);
            }
        }
        unseen.retain(|look| {
            let until_ms =
                until.get(&look.entity.id).filter(|until_ms| **until_ms > earlier_ms || are_all_days);
            looks.extend(until_ms.map(|until_ms| look.before(*until_ms)));
            until_ms.is_none()
        });
        if unseen.is_empty() || are_all_days {
            return Ok(looks);
        }
        // Of some of these days it is not sure yet, so they are asked for again with the days before.
        last_day = days.0 + 1;
    }
}

/// When events of a factory's day can start, whatever its zone is and was.
fn reach(day: i64) -> (TimestampMs, TimestampMs) {
    (TimestampMs((day - 1) * MS_PER_DAY), TimestampMs((day + 2) * MS_PER_DAY))
}
