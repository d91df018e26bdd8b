//! The effect of changed events on the sums and on what their entities were last seen doing.

use std::collections::BTreeMap;

use domain::{
    id::{EntityId, FactoryId, Revision},
    time::TimestampMs,
    timeline::{self, BucketTotals, Counted, Latest, Tail},
};
use sea_orm::ConnectionTrait;

use super::{
    cache::Cache,
    change::{BeforeAndAfter, Change, ChangedSpan, Ranges},
    row::NewRow,
};
use crate::store::{
    applied::Span,
    entities::{self, Entity},
    error::Result,
    last_seen, latest_segments,
    rollups::{self, LevelTotals},
    sources::{LastEvent, LastEvents},
};

/// When the sources of a group's new events were last seen, as far as these tell.
pub(super) fn last_events(new: &[&NewRow<'_>]) -> LastEvents {
    let mut last = LastEvents::default();
    for row in new {
        let event = LastEvent {
            ended_at_ms: row.event.ended_at_ms(),
            received_at_ms: TimestampMs(row.row.received_at),
        };
        last.add(row.row.source_id.map(domain::id::SourceId), event);
    }
    last
}

/// What changes add to the sums, and what must still be read.
pub(super) struct Effects {
    /// What is added to the sums.
    levels: LevelTotals,
    /// The entities that changed, in the order of their ids.
    changed: Vec<Changed>,
}

/// An entity of which something changed, and what must be read again because the cache does not tell.
struct Changed {
    entity_id: EntityId,
    /// Up to when its latest segment lies (Unix milliseconds).
    read_segment_until_ms: Option<TimestampMs>,
    /// Whether it may have been seen last when it counts as not seen now.
    see_again: bool,
}

/// Adds up what changes amount to and brings the cache up to date. Nothing is read or written, so this can be done while the
/// database inserts the events. `record` is told what is added to the sums of each entity.
pub(super) fn effects(
    cache: &mut Cache,
    changes: &BTreeMap<EntityId, Change>,
    mut record: impl FnMut(EntityId, &BucketTotals),
) -> Effects {
    let mut effects = Effects { levels: LevelTotals::new(), changed: Vec::with_capacity(changes.len()) };
    for (&entity_id, change) in changes {
        let Some(entity) = cache.entities.get_mut(&entity_id) else { continue };
        let see_again = may_be_seen_earlier(entity, change);
        change.reach.add_to(entity);
        let tail = cache.tails.entry(entity_id).or_insert_with(|| Tail::of(entity.current));
        let mut read_segment_until_ms = None;
        for ChangedSpan { before, after, known } in &change.spans {
            let now = after.counted();
            let timeline::Change { sums, ranges } =
                within(after.span, timeline::change(&before.counted(), &now));
            rollups::add_to_levels(&mut effects.levels, entity_id, &sums);
            record(entity_id, &sums);
            let ranges = match known {
                Some(known) => overlaps(&ranges, known),
                None => ranges,
            };
            if read_segment_until_ms.is_none() {
                read_segment_until_ms = move_current(entity, tail, &ranges, &now);
            } else if let Some((_, last_ms)) = ranges.last() {
                read_segment_until_ms = read_segment_until_ms.max(Some(*last_ms));
            }
        }
        effects.changed.push(Changed { entity_id, read_segment_until_ms, see_again });
    }
    effects
}

/// What two lists of spans have in common, the first in the order of time.
fn overlaps(ranges: &Ranges, others: &Ranges) -> Ranges {
    let overlap = |&(from_ms, to_ms): &(TimestampMs, TimestampMs)| {
        let cut = others.iter().map(move |other| (from_ms.max(other.0), to_ms.min(other.1)));
        cut.filter(|range| range.0 < range.1)
    };
    ranges.iter().flat_map(overlap).collect()
}

/// Whether what an entity was seen last in may not count any more, or no longer up to then.
fn may_be_seen_earlier(entity: &Entity, change: &Change) -> bool {
    let BeforeAndAfter { before, after } = change.last_served_ms;
    after < before && before >= Some(entity.last_seen_at_ms)
}

/// What of a change lies in a span.
fn within(span: Span, mut change: timeline::Change) -> timeline::Change {
    if span != Span::ALL {
        change.sums.retain(|bucket, _| (span.first..span.end).contains(bucket));
        change.ranges = change.ranges.into_iter().filter_map(|range| span.cut(range)).collect();
    }
    change
}

/// Moves what an entity was last seen doing; answers with up to when that must be read, where the cache does not tell.
fn move_current(
    entity: &mut Entity,
    tail: &mut Tail,
    changed: &[(TimestampMs, TimestampMs)],
    now: &Counted<'_>,
) -> Option<TimestampMs> {
    let &(_, last_changed_ms) = changed.last()?;
    match tail.change(changed, now) {
        Latest::Known(latest) => {
            entity.current = Some(latest);
            None
        }
        Latest::Unknown => {
            Some(entity.current.map_or(last_changed_ms, |current| current.to_ms.max(last_changed_ms)))
        }
    }
}

/// Writes the effects of events that are inserted, and answers with how many more stored events were read for it.
/// `revision_of` says for each entity the revision of the batch that touched it last.
pub(super) async fn save(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    cache: &mut Cache,
    effects: Effects,
    revision_of: impl Fn(EntityId) -> Revision,
) -> Result<usize> {
    rollups::add(tx, factory_id, &effects.levels).await?;
    let asked: Vec<(&Entity, TimestampMs)> = effects
        .changed
        .iter()
        .filter_map(|changed| Some((cache.entities.get(&changed.entity_id)?, changed.read_segment_until_ms?)))
        .collect();
    let (latest, rows_read) = latest_segments::find(tx, factory_id, &asked, TimestampMs::MAX).await?;
    let see_again = effects.changed.iter().filter(|changed| changed.see_again);
    let see_again: Vec<&Entity> =
        see_again.filter_map(|changed| cache.entities.get(&changed.entity_id)).collect();
    let last_seen = last_seen::find(tx, factory_id, &see_again).await?;
    let mut touched = Vec::with_capacity(effects.changed.len());
    for Changed { entity_id, see_again, .. } in effects.changed {
        let Some(entity) = cache.entities.get_mut(&entity_id) else { continue };
        entity.revision = revision_of(entity_id);
        if let Some(&current) = latest.get(&entity_id) {
            entity.current = current;
            cache.tails.insert(entity_id, Tail::of(current));
        }
        if see_again {
            entity.last_seen_at_ms = last_seen.get(&entity_id).copied().unwrap_or(TimestampMs::MIN);
        }
        touched.push(entity.clone());
    }
    entities::save(tx, factory_id, &touched).await?;
    Ok(rows_read)
}
