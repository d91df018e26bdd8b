//! Which stored events new or differently decided ones may touch: these alone are read.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    id::EntityId,
    time::{DurationMs, TimestampMs},
    timeline,
};
use sea_orm::ConnectionTrait;

use super::{Ranges, RowsOfEntity, finder::Finder};
use crate::store::{
    error::Result,
    neighbours::{self, Near},
    report::Report,
    writer::{cache::Cache, row::NewRow},
};

impl<'a, C: ConnectionTrait> Finder<'a, '_, C> {
    /// The stored events of entities near their new ones, those that these end, and those in further spans.
    pub(super) async fn stored(
        &mut self,
        rows: &RowsOfEntity<'a>,
        further: &mut BTreeMap<EntityId, Ranges>,
    ) -> Result<HashMap<EntityId, Vec<Report>>> {
        let mut near: BTreeMap<EntityId, Ranges> = BTreeMap::new();
        let mut instants: Vec<(EntityId, TimestampMs)> = Vec::new();
        let mut at_instants: Vec<Report> = Vec::new();
        for (&entity_id, rows) in rows {
            let ranges = self.ranges_to_read(entity_id, rows, further);
            near.insert(entity_id, ranges);
        }
        for ended in self.followed.ended().iter().filter(|ended| rows.contains_key(&ended.series.entity_id)) {
            let entity_id = ended.series.entity_id;
            let entity = self.cache.entities.get(&entity_id);
            if entity.is_some_and(|entity| entity.frontier_ms <= ended.at_ms) {
                match self.cache.latest_reports.at(entity_id, ended.at_ms) {
                    Some(known) => at_instants.extend(known?),
                    None => instants.push((entity_id, ended.at_ms)),
                }
            } else {
                let ended = (ended.at_ms, ended.until_ms);
                near.entry(entity_id).or_default().push(ended);
                further.entry(entity_id).or_default().push(ended);
            }
        }
        let mut found = self.read(&near).await?;
        // What counts instead of a longer reading, or no longer instead of it, changes that one's whole span.
        let longer = self.longer_readings(rows, &near, &found);
        if !longer.is_empty() {
            let again: BTreeMap<EntityId, Ranges> = longer
                .iter()
                .map(|(entity_id, longer)| {
                    let known = near.get(entity_id).into_iter().flatten();
                    (*entity_id, known.chain(longer).copied().collect())
                })
                .collect();
            found.extend(self.read(&again).await?);
            for (entity_id, longer) in longer {
                further.entry(entity_id).or_default().extend(longer);
            }
        }
        let read = neighbours::at(self.tx, self.factory_id, instants).await?;
        self.changes.rows_read += read.len();
        at_instants.extend(read);
        for report in at_instants {
            let reports = found.entry(report.entity_id()).or_default();
            if reports.iter().all(|known| known.identity() != report.identity()) {
                reports.push(report);
            }
        }
        Ok(found)
    }

    async fn read(&mut self, near: &BTreeMap<EntityId, Ranges>) -> Result<HashMap<EntityId, Vec<Report>>> {
        let near: Vec<Near<'_>> = near
            .iter()
            .filter_map(|(entity_id, ranges)| near_entity(self.cache, *entity_id, ranges.clone()))
            .collect();
        let (found, rows_read) = neighbours::stored(self.tx, self.factory_id, &near).await?;
        self.changes.rows_read += rows_read;
        Ok(found)
    }

    /// The spans of stored readings of facts that change, as far as they reach out of what was read.
    fn longer_readings(
        &self,
        rows: &RowsOfEntity<'a>,
        near: &BTreeMap<EntityId, Ranges>,
        found: &HashMap<EntityId, Vec<Report>>,
    ) -> BTreeMap<EntityId, Ranges> {
        let mut longer: BTreeMap<EntityId, Ranges> = BTreeMap::new();
        for (entity_id, reports) in found {
            let new = rows.get(entity_id).into_iter().flatten().map(|row| row.event.started_at_ms);
            let judged = reports.iter().map(|report| &report.observation).filter(|observation| {
                self.before.standing(*entity_id, observation) != self.after.standing(*entity_id, observation)
            });
            let changed: HashSet<TimestampMs> =
                new.chain(judged.map(|observation| observation.started_at_ms)).collect();
            let read = near.get(entity_id).map(Vec::as_slice).unwrap_or_default();
            let spans = reports
                .iter()
                .map(|report| (report.observation.started_at_ms, report.observation.ended_at_ms()))
                .filter(|span| span.0 < span.1 && changed.contains(&span.0))
                .filter(|span| !read.iter().any(|range| range.0 <= span.0 && span.1 <= range.1));
            let spans: Ranges = spans.collect();
            if !spans.is_empty() {
                longer.insert(*entity_id, spans);
            }
        }
        longer
    }

    /// The spans in which what is stored of an entity has to be looked at.
    pub(super) fn ranges_to_read(
        &self,
        entity_id: EntityId,
        rows: &[&NewRow<'_>],
        further: &BTreeMap<EntityId, Ranges>,
    ) -> Ranges {
        let ranges = self.ranges(entity_id, rows, further).into_iter();
        ranges.filter(|range| self.cache.may_hold_events(entity_id, range.0, range.1)).collect()
    }

    /// The spans in which something may change.
    pub(super) fn ranges(
        &self,
        entity_id: EntityId,
        rows: &[&NewRow<'_>],
        further: &BTreeMap<EntityId, Ranges>,
    ) -> Ranges {
        let of_rows = rows.iter().map(|row| {
            let from_ms = row.event.started_at_ms;
            let to_ms = match self.followed.next_ms(row) {
                // Until then it may count.
                Some(next_ms) => next_ms.min(from_ms + DurationMs(domain::MS_PER_DAY)),
                None => row.event.ended_at_ms(),
            };
            (from_ms, to_ms.max(from_ms + DurationMs(1)))
        });
        let further = further.get(&entity_id).into_iter().flatten().copied();
        of_rows.chain(further).collect()
    }
}

pub(super) fn near_entity(cache: &Cache, entity_id: EntityId, ranges: Ranges) -> Option<Near<'_>> {
    let entity = cache.entities.get(&entity_id)?;
    (!ranges.is_empty()).then(|| Near { entity, ranges: timeline::merged(ranges) })
}
