//! Taking an event away again: the sums are then those without it.

use domain::{
    MS_PER_DAY,
    bucket::{Level, bucket_of},
    event::Event,
    timeline::{self, Latest, Observation, Segment, Tail, insertion_delta},
};
use entity::{event, rollup};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ModelTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::{
    Result, Store,
    code::Code as _,
    entities::{self, Entity},
    factories,
    neighbours::{self, Neighbourhood},
    rollups::{self, LevelTotals},
};

/// What a removal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The factory's revision without the event.
    pub revision: i64,
    /// How many stored events were read for it.
    pub neighbours_read: usize,
}

impl Store {
    /// Removes the stored event that has this one's identity; none when there is no such factory or event.
    pub async fn remove_event(&self, factory_slug: &str, removed: &Event) -> Result<Option<Removed>> {
        let tx = self.begin_write().await?;
        let Some(factory) = factories::lock_one(&tx, factory_slug).await? else { return Ok(None) };
        let entity = entities::by_code(&tx, factory.id, removed.entity_type, &removed.entity_code).await?;
        let Some(mut entity) = entity else { return Ok(None) };
        let key = (
            factory.id,
            bucket_of(removed.started_at_ms),
            entity.id,
            removed.started_at_ms,
            removed.event_type.code(),
            removed.event_code.clone(),
        );
        let Some(row) = event::Entity::find_by_id(key).one(&tx).await? else { return Ok(None) };
        row.clone().delete(&tx).await?;

        let gone = neighbours::observation(row)?;
        let neighbours_read = take_effects(&tx, factory.id, &mut entity, &gone).await?;
        entity.revision = factory.revision + 1;
        entities::save(&tx, factory.id, std::slice::from_ref(&entity)).await?;
        factories::set_revision(&tx, factory.id, entity.revision).await?;
        tx.commit().await?;
        Ok(Some(Removed { revision: entity.revision, neighbours_read }))
    }
}

/// Takes the effect of the event that is gone from the sums, and looks again what the entity was last seen doing where
/// that event may have decided it. Answers with how many stored events were read.
async fn take_effects(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    entity: &mut Entity,
    gone: &Observation,
) -> Result<usize> {
    let changed = timeline::ranges([gone]);
    let near = Neighbourhood {
        entity_id: entity.id,
        ranges: changed.clone(),
        longest_duration_ms: entity.longest_duration_ms,
    };
    let (mut left, mut rows_read) = neighbours::overlapping(tx, factory_id, &[near]).await?;
    let left = left.remove(&entity.id).unwrap_or_default();
    let delta =
        insertion_delta(&left, [gone]).into_iter().map(|(bucket, totals)| (bucket, -totals)).collect();
    let mut levels = LevelTotals::new();
    rollups::add_to_levels(&mut levels, entity.id, &delta);
    rollups::add(tx, factory_id, &levels).await?;

    if gone.ended_at_ms() == entity.last_seen_at_ms {
        let (last_seen_at_ms, rows) = latest_end(tx, factory_id, entity).await?;
        entity.last_seen_at_ms = last_seen_at_ms.unwrap_or(gone.started_at_ms);
        rows_read += rows;
    }
    if gone.duration_ms > 0 {
        let (current, rows) = current(tx, factory_id, entity, &changed, &left).await?;
        entity.current = current;
        rows_read += rows;
    }
    Ok(rows_read)
}

async fn current(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    entity: &Entity,
    changed: &[(i64, i64)],
    left: &[Observation],
) -> Result<(Option<Segment>, usize)> {
    if let Latest::Known(latest) = Tail::of(entity.current).change(changed, left) {
        return Ok((Some(latest), 0));
    }
    let all_time = (factory_id, Level::AllTime.code(), 0, entity.id);
    let sums = rollup::Entity::find_by_id(all_time).one(tx).await?;
    if sums.is_none_or(|row| rollups::totals_of_row(&row).observed_ms() == 0) {
        return Ok((None, 0));
    }
    neighbours::latest_segment(tx, factory_id, entity, entity.last_seen_at_ms).await
}

/// The latest end of an entity's events, found through the last day in which one starts, and how many stored events
/// were read to find it.
async fn latest_end(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    entity: &Entity,
) -> Result<(Option<i64>, usize)> {
    let last_day = rollup::Entity::find()
        .filter(rollup::Column::FactoryId.eq(factory_id))
        .filter(rollup::Column::Level.eq(Level::Day.code()))
        .filter(rollup::Column::EntityId.eq(entity.id))
        .filter(rollup::Column::Events.gt(0))
        .order_by_desc(rollup::Column::Bucket)
        .limit(1);
    let Some(day) = last_day.one(tx).await? else { return Ok((None, 0)) };
    // The event that ends last starts at most its own length before the one that starts last.
    let from_ms = day.bucket * MS_PER_DAY - entity.longest_duration_ms;
    neighbours::latest_end(tx, factory_id, entity.id, (from_ms, (day.bucket + 1) * MS_PER_DAY)).await
}
