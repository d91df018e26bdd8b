//! The stored events near a span of one entity's time: what a late event needs to know, and nothing more.

use std::collections::{BTreeSet, HashMap};

use domain::{
    bucket::{BUCKET_MS, bucket_of},
    event::EventType,
    timeline::{Observation, Segment},
};
use entity::event::{self, Column};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    sea_query::{Asterisk, Expr, Query},
};

use super::{
    Result,
    code::{Code as _, confidence_of},
    entities::Entity,
    rows_per_statement,
};

/// One entity's spans of time, and how far before them an event can start that reaches into them.
#[derive(Debug)]
pub(super) struct Neighbourhood {
    pub(super) entity_id: i32,
    pub(super) ranges: Vec<(i64, i64)>,
    pub(super) longest_duration_ms: i64,
}

impl Neighbourhood {
    fn buckets(&self) -> impl Iterator<Item = i64> {
        self.ranges.iter().flat_map(|&(from_ms, to_ms)| {
            bucket_of(from_ms - self.longest_duration_ms)..=bucket_of(to_ms - 1)
        })
    }

    fn holds(&self, event: &event::Model) -> bool {
        self.ranges.iter().any(|&(from_ms, to_ms)| {
            event.started_at < to_ms && event.started_at + event.duration_ms > from_ms
        })
    }
}

/// The stored events that overlap the spans, by entity, and how many rows were read to find them. The query names the
/// buckets, so each is one seek in the key.
pub(super) async fn overlapping(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    neighbourhoods: &[Neighbourhood],
) -> Result<(HashMap<i32, Vec<Observation>>, usize)> {
    let by_entity: HashMap<i32, &Neighbourhood> =
        neighbourhoods.iter().map(|neighbourhood| (neighbourhood.entity_id, neighbourhood)).collect();
    let wanted: BTreeSet<(i64, i32)> = neighbourhoods
        .iter()
        .flat_map(|neighbourhood| neighbourhood.buckets().map(|bucket| (bucket, neighbourhood.entity_id)))
        .collect();
    let wanted: Vec<(i64, i32)> = wanted.into_iter().collect();
    let mut found: HashMap<i32, Vec<Observation>> = HashMap::new();
    let mut rows_read = 0;
    for chunk in wanted.chunks(rows_per_statement(2) - 1) {
        let rows = in_buckets(conn, factory_id, chunk).await?;
        rows_read += rows.len();
        for row in rows {
            if by_entity.get(&row.entity_id).is_some_and(|neighbourhood| neighbourhood.holds(&row)) {
                found.entry(row.entity_id).or_default().push(observation(row)?);
            }
        }
    }
    Ok((found, rows_read))
}

/// The segment with the latest end, read backwards from an instant at or after that end. The entity must have an event
/// that has a length.
pub(super) async fn latest_segment(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    entity: &Entity,
    until_ms: i64,
) -> Result<(Option<Segment>, usize)> {
    /// Enough for what most entities are doing; doubled until the segment's start is in view.
    const FIRST_LOOK_MS: i64 = 12 * BUCKET_MS;
    let mut look_ms = FIRST_LOOK_MS;
    let mut rows_read = 0;
    loop {
        let from_ms = until_ms - look_ms;
        let neighbourhood = Neighbourhood {
            entity_id: entity.id,
            ranges: vec![(from_ms, until_ms)],
            longest_duration_ms: entity.longest_duration_ms,
        };
        let (found, rows) = overlapping(conn, factory_id, &[neighbourhood]).await?;
        rows_read += rows;
        let events = found.get(&entity.id).map(Vec::as_slice).unwrap_or_default();
        let last = domain::timeline::segments(events).pop();
        // A segment that begins at or before the edge of the view may begin earlier than it seems.
        if let Some(segment) = last.filter(|segment| segment.from_ms > from_ms) {
            return Ok((Some(segment), rows_read));
        }
        if from_ms < domain::validate::EARLIEST_MS - domain::MS_PER_DAY {
            return Ok((None, rows_read));
        }
        look_ms *= 2;
    }
}

/// The latest end of the events that start in a neighbourhood, those without a length included.
pub(super) async fn latest_end(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    neighbourhood: &Neighbourhood,
) -> Result<(Option<i64>, usize)> {
    let wanted: Vec<(i64, i32)> =
        neighbourhood.buckets().map(|bucket| (bucket, neighbourhood.entity_id)).collect();
    let mut latest_ms = None;
    let mut rows_read = 0;
    for chunk in wanted.chunks(rows_per_statement(2) - 1) {
        let rows = in_buckets(conn, factory_id, chunk).await?;
        rows_read += rows.len();
        latest_ms = rows.iter().map(|row| row.started_at + row.duration_ms).chain(latest_ms).max();
    }
    Ok((latest_ms, rows_read))
}

async fn in_buckets(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    buckets: &[(i64, i32)],
) -> Result<Vec<event::Model>> {
    let wanted = Query::select().column(Asterisk).from_values(buckets.iter().copied(), "wanted").to_owned();
    let key = Expr::tuple([Expr::col(Column::Bucket), Expr::col(Column::EntityId)]);
    Ok(event::Entity::find()
        .filter(Column::FactoryId.eq(factory_id))
        .filter(key.in_subquery(wanted))
        .all(conn)
        .await?)
}

/// A stored event as the timeline sees it.
pub(super) fn observation(row: event::Model) -> Result<Observation> {
    Ok(Observation {
        event_type: EventType::of_code(row.event_type)?,
        started_at_ms: row.started_at,
        duration_ms: row.duration_ms,
        units: row.units,
        confidence: confidence_of(row.confidence),
        model_version: row.model_version_id,
        source: row.source_id,
        event_code: row.event_code,
    })
}
