//! Taking an event away again: the sums are then those without it.

use domain::{
    event::Event,
    timeline::{Observation, insertion_delta},
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
        let Some(factory) = factories::by_slug(&tx, factory_slug).await? else { return Ok(None) };
        let entity = entities::by_code(&tx, factory.id, removed.entity_type, &removed.entity_code).await?;
        let Some(mut entity) = entity else { return Ok(None) };
        let key = (
            factory.id,
            domain::bucket::bucket_of(removed.started_at_ms),
            entity.id,
            removed.started_at_ms,
            removed.event_type.code(),
            removed.event_code.clone(),
        );
        let Some(row) = event::Entity::find_by_id(key).one(&tx).await? else { return Ok(None) };
        row.clone().delete(&tx).await?;

        let gone = neighbours::observation(row)?;
        let mut neighbours_read = take_from_sums(&tx, factory.id, &entity, &gone).await?;
        entity.revision = factory.revision + 1;
        neighbours_read += look_again(&tx, factory.id, &mut entity, &gone).await?;
        entities::save(&tx, factory.id, std::slice::from_ref(&entity)).await?;
        factories::set_revision(&tx, factory.id, entity.revision).await?;
        tx.commit().await?;
        Ok(Some(Removed { revision: entity.revision, neighbours_read }))
    }
}

async fn take_from_sums(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    entity: &Entity,
    gone: &Observation,
) -> Result<usize> {
    let ranges = domain::timeline::ranges([gone]);
    let near =
        Neighbourhood { entity_id: entity.id, ranges, longest_duration_ms: entity.longest_duration_ms };
    let (existing, rows_read) = neighbours::overlapping(tx, factory_id, &[near]).await?;
    let existing = existing.get(&entity.id).map(Vec::as_slice).unwrap_or_default();
    let delta =
        insertion_delta(existing, [gone]).into_iter().map(|(bucket, totals)| (bucket, -totals)).collect();
    let mut levels = LevelTotals::new();
    rollups::add_to_levels(&mut levels, entity.id, &delta);
    rollups::add(tx, factory_id, &levels).await?;
    Ok(rows_read)
}

/// What the entity was last seen doing, where the event that is gone may have decided it.
async fn look_again(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    entity: &mut Entity,
    gone: &Observation,
) -> Result<usize> {
    let mut rows_read = 0;
    if gone.ended_at_ms() == entity.last_seen_at_ms {
        let (last_seen_at_ms, rows) = latest_end(tx, factory_id, entity).await?;
        entity.last_seen_at_ms = last_seen_at_ms.unwrap_or(gone.started_at_ms);
        rows_read += rows;
    }
    let touches_current = entity.current.is_some_and(|current| gone.ended_at_ms() >= current.from_ms);
    if gone.duration_ms > 0 && touches_current {
        let all_time =
            rollup::Entity::find_by_id((factory_id, domain::bucket::Level::AllTime.code(), 0, entity.id));
        let sums = all_time.one(tx).await?.map(|row| rollups::totals_of_row(&row)).unwrap_or_default();
        let observed = sums.observed_ms() > 0;
        entity.current = None;
        if observed {
            let until_ms = entity.last_seen_at_ms;
            let (current, rows) = neighbours::latest_segment(tx, factory_id, entity, until_ms).await?;
            entity.current = current;
            rows_read += rows;
        }
    }
    Ok(rows_read)
}

/// The latest end of an entity's events, found through the last day in which one starts.
async fn latest_end(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    entity: &Entity,
) -> Result<(Option<i64>, usize)> {
    let last = |level: domain::bucket::Level| {
        rollup::Entity::find()
            .filter(rollup::Column::FactoryId.eq(factory_id))
            .filter(rollup::Column::Level.eq(level.code()))
            .filter(rollup::Column::EntityId.eq(entity.id))
            .filter(rollup::Column::Events.gt(0))
            .order_by_desc(rollup::Column::Bucket)
            .limit(1)
    };
    let Some(day) = last(domain::bucket::Level::Day).one(tx).await? else { return Ok((None, 0)) };
    // The event that ends last starts at most its own length before the one that starts last.
    let day_ends_ms = (day.bucket + 1) * domain::MS_PER_DAY;
    let near = Neighbourhood {
        entity_id: entity.id,
        ranges: vec![(day.bucket * domain::MS_PER_DAY - entity.longest_duration_ms, day_ends_ms)],
        longest_duration_ms: 0,
    };
    neighbours::latest_end(tx, factory_id, &near).await
}
