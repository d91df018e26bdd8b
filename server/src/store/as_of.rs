//! What the sums were at an instant: those of now without what later commits changed in closed buckets.

use std::collections::{BTreeMap, HashMap};

use domain::{bucket::BUCKET_MS, id::EntityId, time::TimestampMs, totals::Totals, window::Window};
use sea_orm::ConnectionTrait;

use super::{
    access::{Permission, Scope},
    error::Result,
    restatements::{self, for_each_delta},
    rollups::FactorySums,
};

/// What commits after an instant changed in the closed buckets of a window.
#[derive(Debug, Default)]
pub struct Later {
    /// By entity and start of the bucket.
    sums: BTreeMap<(EntityId, TimestampMs), Totals>,
    /// How many rows were read for it.
    pub rows_read: usize,
}

impl Later {
    /// Reads it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn read(
        conn: &impl ConnectionTrait,
        scope: &Scope<impl Permission>,
        at_ms: TimestampMs,
        window: Window,
    ) -> Result<Self> {
        let causes = restatements::since(conn, scope, at_ms, window).await?;
        let mut sums: BTreeMap<(EntityId, TimestampMs), Totals> = BTreeMap::new();
        let rows_read = for_each_delta(conn, scope, &causes, window, |_, entity_id, bucket, delta| {
            *sums.entry((entity_id, TimestampMs(bucket * BUCKET_MS))).or_default() += delta;
        })
        .await?;
        Ok(Self { sums, rows_read: rows_read + causes.len() })
    }

    /// Takes it away from the sums of entities in the whole window.
    pub fn take_from(&self, totals: &mut HashMap<EntityId, Totals>) {
        for (&(entity_id, _), delta) in &self.sums {
            *totals.entry(entity_id).or_default() += -*delta;
        }
    }

    /// Takes it away from the sums of those of some entities in the steps of a series, which are in the order of time.
    pub fn take_from_series(
        &self,
        steps: &[Window],
        entity_ids: &[EntityId],
        sums: Vec<(usize, EntityId, Totals)>,
    ) -> Vec<(usize, EntityId, Totals)> {
        let asked: std::collections::HashSet<EntityId> = entity_ids.iter().copied().collect();
        let mut then: BTreeMap<(usize, EntityId), Totals> =
            sums.into_iter().map(|(step, entity_id, totals)| ((step, entity_id), totals)).collect();
        for (step, entity_id, delta) in self.by_step(steps).filter(|(_, id, _)| asked.contains(id)) {
            *then.entry((step, entity_id)).or_default() += -delta;
        }
        then.into_iter().map(|((step, entity_id), totals)| (step, entity_id, totals)).collect()
    }

    /// Takes it away from the sums of a factory in the steps of a series; the entities that are asked about are workers or not.
    pub fn take_from_factory(
        &self,
        steps: &[Window],
        are_workers: &HashMap<EntityId, bool>,
        sums: &mut [FactorySums],
    ) {
        for (step, entity_id, delta) in self.by_step(steps) {
            match (are_workers.get(&entity_id), sums.get_mut(step)) {
                (Some(true), Some(sums)) => sums.workers += -delta,
                (Some(false), Some(sums)) => sums.workstation_units -= delta.units,
                _ => {}
            }
        }
    }

    fn by_step<'a>(&'a self, steps: &'a [Window]) -> impl Iterator<Item = (usize, EntityId, Totals)> + 'a {
        self.sums.iter().map(|(&(entity_id, starts_at_ms), delta)| {
            (steps.partition_point(|step| step.to_ms <= starts_at_ms), entity_id, *delta)
        })
    }
}
