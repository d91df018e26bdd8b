//! The effect of accepted events on the sums and on what their entities were last seen doing.
//!
//! An event past its entity's frontier overlaps nothing that is stored, so its effect is its own. A late one is judged
//! among its neighbours, which alone are read.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    event::EventType,
    timeline::{self, Observation, insertion_delta},
};
use sea_orm::ConnectionTrait;

use super::{Memory, Verdict, judge::Sighting};
use crate::store::{
    Result,
    entities::{self, Entity},
    neighbours::{self, Neighbourhood},
    rollups::{self, LevelTotals},
};

/// Adds what the accepted sightings change, and answers with how many stored events were read for it. `revisions` are
/// those of the group's batches.
pub(super) async fn add_effects(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    memory: &mut Memory,
    sightings: &[Sighting],
    verdicts: &[Verdict],
    revisions: &[i64],
) -> Result<usize> {
    let mut added: BTreeMap<i32, Vec<Observation>> = BTreeMap::new();
    let mut revision_of: HashMap<i32, i64> = HashMap::new();
    for (sighting, verdict) in sightings.iter().zip(verdicts) {
        if let (Verdict::Accepted, Some(row)) = (verdict, &sighting.row) {
            revision_of.insert(row.entity_id, revisions[sighting.batch]);
            added.entry(row.entity_id).or_default().push(neighbours::observation(row.clone())?);
        }
    }
    if added.is_empty() {
        return Ok(0);
    }
    let late: Vec<Neighbourhood> = added
        .iter()
        .filter_map(|(entity_id, events)| late_neighbourhood(memory.entities.get(entity_id)?, events))
        .collect();
    let (mut existing, mut rows_read) = neighbours::overlapping(tx, factory_id, &late).await?;

    let mut levels = LevelTotals::new();
    let mut touched = Vec::with_capacity(added.len());
    for (entity_id, events) in &added {
        let mut existing = existing.remove(entity_id).unwrap_or_default();
        // The added ones are stored by now.
        let stored_now: HashSet<_> = events.iter().map(identity).collect();
        existing.retain(|event| !stored_now.contains(&identity(event)));
        rollups::add_to_levels(&mut levels, *entity_id, &insertion_delta(&existing, events));

        let Some(entity) = memory.entities.get_mut(entity_id) else { continue };
        entity.revision = revision_of[entity_id];
        rows_read += see(tx, factory_id, entity, events).await?;
        touched.push(entity.clone());
    }
    entities::save(tx, factory_id, &touched).await?;
    rollups::add(tx, factory_id, &levels).await?;
    Ok(rows_read)
}

fn identity(event: &Observation) -> (i64, EventType, &str) {
    (event.started_at_ms, event.event_type, &event.event_code)
}

/// Where the late ones among new events of an entity may meet stored ones.
fn late_neighbourhood(entity: &Entity, events: &[Observation]) -> Option<Neighbourhood> {
    let late = events.iter().filter(|event| event.started_at_ms < entity.last_seen_at_ms);
    let ranges = timeline::ranges(late);
    (!ranges.is_empty()).then_some(Neighbourhood {
        entity_id: entity.id,
        ranges,
        longest_duration_ms: entity.longest_duration_ms,
    })
}

/// Moves an entity's frontier and what it was last seen doing; answers with how many stored events were read.
async fn see(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    entity: &mut Entity,
    events: &[Observation],
) -> Result<usize> {
    let frontier_ms = entity.last_seen_at_ms;
    for event in events {
        entity.last_seen_at_ms = entity.last_seen_at_ms.max(event.ended_at_ms());
        entity.longest_duration_ms = entity.longest_duration_ms.max(event.duration_ms);
    }
    let lasting = || events.iter().filter(|event| event.duration_ms > 0);
    let current_from_ms = entity.current.map_or(i64::MIN, |current| current.from_ms);
    let is_late = |event: &&Observation| event.started_at_ms < frontier_ms;
    if !lasting().any(|event| is_late(&event) && event.ended_at_ms() >= current_from_ms) {
        let mut segments = Vec::from_iter(entity.current);
        for segment in timeline::segments(lasting().filter(|event| !is_late(event))) {
            timeline::push_segment(&mut segments, segment);
        }
        entity.current = segments.pop();
        return Ok(0);
    }
    let ended_at_ms = lasting().map(Observation::ended_at_ms).max().unwrap_or(i64::MIN);
    let until_ms = entity.current.map_or(ended_at_ms, |current| current.to_ms.max(ended_at_ms));
    let (current, rows_read) = neighbours::latest_segment(tx, factory_id, entity, until_ms).await?;
    entity.current = current;
    Ok(rows_read)
}
