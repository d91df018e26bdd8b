//! The effect of changed events on the sums and on what their entities were last seen doing.
//!
//! An event past its entity's frontier overlaps nothing that is stored, so its effect is its own. Any other is judged
//! among its neighbours, which alone are read.

use std::collections::{BTreeMap, HashMap};

use domain::{
    id::{EntityId, FactoryId, Revision},
    time::TimestampMs,
    timeline::{self, Counted, Latest, Observation, Tail, delta},
};
use sea_orm::ConnectionTrait;

use super::{cache::Cache, row::NewRow};
use crate::store::{
    entities::{self, Entity},
    error::Result,
    neighbours::{self, Neighbourhood},
    rollups::{self, LevelTotals},
    sources::{LastEvent, LastEvents},
};

/// What becomes of one entity's events.
#[derive(Default)]
pub(super) struct Change {
    /// Those that are stored now.
    pub(super) added: Vec<Observation>,
    /// Those that are not stored any more.
    pub(super) removed: Vec<Observation>,
}

/// The changes of a commit, by entity.
pub(super) type Changes = BTreeMap<EntityId, Change>;

/// The changes that a group's new events make.
pub(super) fn insertions(new: &[&NewRow<'_>]) -> Changes {
    let mut changes = Changes::new();
    for row in new {
        changes.entry(row.entity_id).or_default().added.push(observation(row));
    }
    changes
}

/// When the sources of a group's new events were last seen, as far as these tell.
pub(super) fn last_events(new: &[&NewRow<'_>]) -> LastEvents {
    let mut last = LastEvents::default();
    for row in new {
        let event = LastEvent { ended_at_ms: row.event.ended_at_ms(), received_at_ms: row.received_at };
        last.add(row.source_id, event);
    }
    last
}

/// The stored events that a group's new but late events may overlap, by entity, and how many rows were read to find them.
/// To be read before the group is inserted.
pub(super) async fn find_overlaps(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    cache: &Cache,
    new: &[&NewRow<'_>],
) -> Result<(HashMap<EntityId, Vec<Observation>>, usize)> {
    let mut late: BTreeMap<EntityId, Vec<(TimestampMs, TimestampMs)>> = BTreeMap::new();
    for row in new {
        let (started_at_ms, ended_at_ms) = (row.event.started_at_ms, row.event.ended_at_ms());
        if started_at_ms < ended_at_ms && cache.may_overlap(row) {
            late.entry(row.entity_id).or_default().push((started_at_ms, ended_at_ms));
        }
    }
    let neighbourhoods: Vec<Neighbourhood> = late
        .into_iter()
        .filter_map(|(entity_id, intervals)| {
            let longest_duration_ms = cache.entities.get(&entity_id)?.longest_duration_ms;
            Some(Neighbourhood { entity_id, ranges: timeline::merged(intervals), longest_duration_ms })
        })
        .collect();
    neighbours::overlapping(tx, factory_id, &neighbourhoods).await
}

/// What changes add to the sums, and what must still be read.
pub(super) struct Effects {
    /// What is added to the sums.
    levels: LevelTotals,
    /// The entities that changed, in the order of their ids.
    changed: Vec<Changed>,
}

/// An entity whose events changed, and what of it must be read again because the cache does not tell.
struct Changed {
    entity_id: EntityId,
    /// Up to when its latest segment lies (Unix milliseconds).
    read_segment_until_ms: Option<TimestampMs>,
    /// Whether the event that ended last is gone.
    read_frontier: bool,
}

/// Adds up what changes amount to and brings the cache up to date. `overlapping` are the stored events that the changed ones
/// may overlap, without those removed. Nothing is read or written, so this can be done while the database inserts the events.
pub(super) fn effects(
    cache: &mut Cache,
    changes: &Changes,
    mut overlapping: HashMap<EntityId, Vec<Observation>>,
) -> Effects {
    let mut effects = Effects { levels: LevelTotals::new(), changed: Vec::with_capacity(changes.len()) };
    for (&entity_id, Change { added, removed }) in changes {
        let unchanged = overlapping.remove(&entity_id).unwrap_or_default();
        let after = || unchanged.iter().chain(added);
        let change = delta(&Counted::reports(unchanged.iter().chain(removed)), &Counted::reports(after()));
        rollups::add_to_levels(&mut effects.levels, entity_id, &change);
        let Some(entity) = cache.entities.get_mut(&entity_id) else { continue };
        let read_frontier = removed.iter().any(|event| event.ended_at_ms() >= entity.last_seen_at_ms);
        for event in added {
            entity.last_seen_at_ms = entity.last_seen_at_ms.max(event.ended_at_ms());
            entity.longest_duration_ms = entity.longest_duration_ms.max(event.duration_ms);
        }
        let tail = cache.tails.entry(entity_id).or_insert_with(|| Tail::of(entity.current));
        let changed = timeline::ranges(added.iter().chain(removed));
        let read_segment_until_ms = move_current(entity, tail, &changed, after());
        effects.changed.push(Changed { entity_id, read_segment_until_ms, read_frontier });
    }
    effects
}

/// Moves what an entity was last seen doing; answers with up to when that must be read, where the cache does not tell.
fn move_current<'a>(
    entity: &mut Entity,
    tail: &mut Tail,
    changed: &[(TimestampMs, TimestampMs)],
    events_now: impl IntoIterator<Item = &'a Observation>,
) -> Option<TimestampMs> {
    let &(_, last_changed_ms) = changed.last()?;
    match tail.change(changed, &Counted::reports(events_now)) {
        Latest::Known(latest) => {
            entity.current = Some(latest);
            None
        }
        Latest::Unknown => {
            Some(entity.current.map_or(last_changed_ms, |current| current.to_ms.max(last_changed_ms)))
        }
    }
}

/// Writes the effects of events that are inserted or deleted, and answers with how many more stored events were read for
/// it. `revision_of` says for each entity the revision of the batch that touched it last.
pub(super) async fn save(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    cache: &mut Cache,
    effects: Effects,
    revision_of: impl Fn(EntityId) -> Option<Revision>,
) -> Result<usize> {
    rollups::add(tx, factory_id, &effects.levels).await?;
    let mut rows_read = 0;
    let mut touched = Vec::with_capacity(effects.changed.len());
    for Changed { entity_id, read_segment_until_ms, read_frontier } in effects.changed {
        let Some(entity) = cache.entities.get_mut(&entity_id) else { continue };
        entity.revision = revision_of(entity_id).unwrap_or(entity.revision);
        if read_frontier {
            let (last_seen_at_ms, rows) = neighbours::frontier(tx, factory_id, entity).await?;
            rows_read += rows;
            entity.last_seen_at_ms = last_seen_at_ms;
        }
        if let Some(until_ms) = read_segment_until_ms {
            let (current, rows) =
                neighbours::latest_segment(tx, factory_id, entity, (until_ms, TimestampMs::MAX)).await?;
            rows_read += rows;
            entity.current = current;
            cache.tails.insert(entity_id, Tail::of(current));
        }
        touched.push(entity.clone());
    }
    entities::save(tx, factory_id, &touched).await?;
    Ok(rows_read)
}

fn observation(row: &NewRow<'_>) -> Observation {
    let event = row.event;
    Observation {
        event_type: event.event_type,
        started_at_ms: event.started_at_ms,
        duration_ms: event.duration_ms(),
        units: event.units,
        confidence: event.confidence,
        model_version: row.model_version_id,
        source: row.source_id,
        event_code: event.event_code.clone(),
        form: domain::event::EventForm::Interval,
        standing: timeline::Standing::Serving,
        names: timeline::NameOrder::default(),
        derived_from_ms: None,
    }
}
