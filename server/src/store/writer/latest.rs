//! The latest state reports of entities as far as the writer knows them, so that what follows them needs no look at what is
//! stored.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{id::EntityId, time::TimestampMs};
use entity::event;

use crate::store::{
    entities::Entity,
    error::Result,
    report::{Report, SeriesKey, series_key_of},
};

/// Of how many series of an entity the latest instant is known at most: of all cameras that usually see a worker.
const MAX_SERIES: usize = 8;
/// How many reports are known at most that an entity's latest instant has.
const MAX_REPORTS: usize = 4;

/// What is known of each entity.
#[derive(Default)]
pub(super) struct LatestReports {
    by_entity: HashMap<EntityId, OfEntity>,
}

#[derive(Default)]
struct OfEntity {
    /// The latest instant of each series that is known.
    series: Vec<(SeriesKey, TimestampMs)>,
    /// All that is stored at its latest start, where that is known.
    reports: Vec<event::Model>,
}

impl LatestReports {
    /// The latest stored instant of a series; none where it is not known.
    pub(super) fn of_series(&self, series: SeriesKey) -> Option<TimestampMs> {
        let known = &self.by_entity.get(&series.entity_id)?.series;
        known.iter().find(|(key, _)| *key == series).map(|(_, at_ms)| *at_ms)
    }

    /// All reports of an entity that are stored at an instant at or after which no other begins; none where they are not known.
    pub(super) fn at(&self, entity_id: EntityId, at_ms: TimestampMs) -> Option<Result<Vec<Report>>> {
        let reports = &self.by_entity.get(&entity_id)?.reports;
        let are_known = reports.first().is_some_and(|report| report.started_at == at_ms.0);
        are_known.then(|| reports.iter().cloned().map(Report::of_row).collect())
    }

    /// Takes note of rows that are being stored, before the entities know how far these reach.
    pub(super) fn add<'a>(
        &mut self,
        entities: &HashMap<EntityId, Entity>,
        rows: impl Iterator<Item = &'a event::Model> + Clone,
    ) {
        // Most entities have no state reports.
        let with_states: HashSet<EntityId> =
            rows.clone().filter_map(series_key_of).map(|series| series.entity_id).collect();
        let mut by_entity: BTreeMap<EntityId, Vec<&event::Model>> = BTreeMap::new();
        for row in rows {
            let entity_id = EntityId(row.entity_id);
            if with_states.contains(&entity_id) || self.by_entity.contains_key(&entity_id) {
                by_entity.entry(entity_id).or_default().push(row);
            }
        }
        for (entity_id, rows) in by_entity {
            if let Some(entity) = entities.get(&entity_id) {
                self.by_entity.entry(entity_id).or_default().add(entity.frontier_ms, &rows);
            }
        }
    }

    /// Forgets what is known of an entity, which others have changed.
    pub(super) fn forget(&mut self, entity_id: EntityId) {
        self.by_entity.remove(&entity_id);
    }
}

impl OfEntity {
    /// Takes note of rows of the entity, of which nothing was stored after the frontier.
    fn add(&mut self, frontier_ms: TimestampMs, rows: &[&event::Model]) {
        for row in rows {
            self.add_to_series(frontier_ms, row);
        }
        let Some(last_ms) = rows.iter().map(|row| row.started_at).max() else { return };
        let known_ms = self.reports.first().map(|report| report.started_at);
        if TimestampMs(last_ms) > frontier_ms {
            let last: Vec<&event::Model> =
                rows.iter().filter(|row| row.started_at == last_ms).copied().collect();
            self.reports.clear();
            if last.len() <= MAX_REPORTS {
                self.reports.extend(last.into_iter().cloned());
            }
        } else if known_ms <= Some(last_ms) {
            self.reports.clear();
        }
    }

    fn add_to_series(&mut self, frontier_ms: TimestampMs, row: &event::Model) {
        let Some(key) = series_key_of(row) else { return };
        let at_ms = TimestampMs(row.started_at);
        match self.series.iter_mut().find(|(known, _)| *known == key) {
            Some((_, latest_ms)) => *latest_ms = at_ms.max(*latest_ms),
            // Nothing that is stored comes after it.
            None if at_ms > frontier_ms => {
                if self.series.len() >= MAX_SERIES {
                    self.series.remove(0);
                }
                self.series.push((key, at_ms));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
