//! The effect of accepted events on the sums and on what their entities were last seen doing.
//!
//! An event past its entity's frontier overlaps nothing that is stored, so its effect is its own. A late one is judged
//! among its neighbours, which alone are read.

use std::collections::{BTreeMap, HashMap};

use domain::timeline::{self, Latest, Observation, Tail, insertion_delta};
use sea_orm::ConnectionTrait;

use super::{Memory, judge::NewRow};
use crate::store::{
    Result,
    entities::{self, Entity},
    neighbours::{self, Neighbourhood},
    rollups::{self, LevelTotals},
};

/// The stored events that a group's new but late events may meet, by entity, and how many rows were read to find them.
/// To be read before the group is inserted.
pub(super) async fn meet(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    memory: &Memory,
    new: &[&NewRow<'_>],
) -> Result<(HashMap<i32, Vec<Observation>>, usize)> {
    let mut late: BTreeMap<i32, Vec<(i64, i64)>> = BTreeMap::new();
    for row in new {
        let (started_at_ms, ended_at_ms) = (row.event.started_at_ms, row.event.ended_at_ms());
        if started_at_ms < ended_at_ms && memory.may_overlap(row) {
            late.entry(row.entity_id).or_default().push((started_at_ms, ended_at_ms));
        }
    }
    let neighbourhoods: Vec<Neighbourhood> = late
        .into_iter()
        .filter_map(|(entity_id, intervals)| {
            let longest_duration_ms = memory.entities.get(&entity_id)?.longest_duration_ms;
            Some(Neighbourhood { entity_id, ranges: timeline::merged(intervals), longest_duration_ms })
        })
        .collect();
    neighbours::overlapping(tx, factory_id, &neighbourhoods).await
}

/// What a group's new events change.
pub(super) struct Effects {
    /// What is added to the sums.
    levels: LevelTotals,
    /// The entities that were seen, in the order of their ids.
    seen: Vec<Seen>,
}

/// An entity that was seen.
struct Seen {
    entity_id: i32,
    /// Up to when its latest segment must be read again (Unix milliseconds), because what is remembered does not tell it.
    read_until_ms: Option<i64>,
}

/// Adds up what the new events change and moves what is remembered of their entities. `met` are the stored events that
/// they may meet. Nothing is read or written, so this can be done while the database inserts the events.
pub(super) fn effects(
    memory: &mut Memory,
    new: &[&NewRow<'_>],
    mut met: HashMap<i32, Vec<Observation>>,
) -> Effects {
    let mut added: BTreeMap<i32, Vec<Observation>> = BTreeMap::new();
    for row in new {
        added.entry(row.entity_id).or_default().push(observation(row));
    }
    let mut effects = Effects { levels: LevelTotals::new(), seen: Vec::with_capacity(added.len()) };
    for (entity_id, events) in added {
        let existing = met.remove(&entity_id).unwrap_or_default();
        rollups::add_to_levels(&mut effects.levels, entity_id, &insertion_delta(&existing, &events));
        let Some(entity) = memory.entities.get_mut(&entity_id) else { continue };
        let tail = memory.tails.entry(entity_id).or_insert_with(|| Tail::of(entity.current));
        let read_until_ms = see(entity, tail, &existing, &events);
        effects.seen.push(Seen { entity_id, read_until_ms });
    }
    effects
}

/// Writes the effects of events that are inserted, and answers with how many more stored events were read for it.
/// `revisions` says for each entity the revision of the batch that touched it last.
pub(super) async fn save(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    memory: &mut Memory,
    effects: Effects,
    revisions: &HashMap<i32, i64>,
) -> Result<usize> {
    let mut rows_read = 0;
    let mut touched = Vec::with_capacity(effects.seen.len());
    for Seen { entity_id, read_until_ms } in effects.seen {
        let Some(entity) = memory.entities.get_mut(&entity_id) else { continue };
        entity.revision = revisions.get(&entity_id).copied().unwrap_or(entity.revision);
        if let Some(until_ms) = read_until_ms {
            let (current, rows) = neighbours::latest_segment(tx, factory_id, entity, until_ms).await?;
            rows_read += rows;
            entity.current = current;
            memory.tails.insert(entity_id, Tail::of(current));
        }
        touched.push(entity.clone());
    }
    entities::save(tx, factory_id, &touched).await?;
    rollups::add(tx, factory_id, &effects.levels).await?;
    Ok(rows_read)
}

fn observation(row: &NewRow<'_>) -> Observation {
    let event = row.event;
    Observation {
        event_type: event.event_type,
        started_at_ms: event.started_at_ms,
        duration_ms: event.duration_ms,
        units: event.units,
        confidence: event.confidence,
        model_version: row.model_version_id,
        source: row.source_id,
        event_code: event.event_code.clone(),
    }
}

/// Moves an entity's frontier and what it was last seen doing; answers with up to when that must be read, where what is
/// remembered does not tell.
fn see(entity: &mut Entity, tail: &mut Tail, existing: &[Observation], added: &[Observation]) -> Option<i64> {
    for event in added {
        entity.last_seen_at_ms = entity.last_seen_at_ms.max(event.ended_at_ms());
        entity.longest_duration_ms = entity.longest_duration_ms.max(event.duration_ms);
    }
    let changed = timeline::ranges(added);
    let &(_, last_changed_ms) = changed.last()?;
    match tail.change(&changed, existing.iter().chain(added)) {
        Latest::Known(latest) => {
            entity.current = Some(latest);
            None
        }
        Latest::Unknown => {
            Some(entity.current.map_or(last_changed_ms, |current| current.to_ms.max(last_changed_ms)))
        }
    }
}
