//! The stored events near a span of one entity's time: what a late event needs to know, and nothing more.
//!
//! The query names the buckets in which such an event can start, and from when to when, so each is one seek in the key
//! and what is read is what is asked for.

use std::collections::HashMap;

use domain::{
    bucket::{BUCKET_MS, bucket_of},
    event::EventType,
    timeline::{self, Observation, Segment},
};
use entity::event;
use sea_orm::{ConnectionTrait, FromQueryResult as _, Statement};

use super::{
    Result,
    code::{Code as _, confidence_of},
    entities::Entity,
    statement::{Kind, Sql, chunks},
};

/// One entity's spans of time, and how far before them an event can start that reaches into them.
#[derive(Debug)]
pub(super) struct Neighbourhood {
    pub(super) entity_id: i32,
    pub(super) ranges: Vec<(i64, i64)>,
    pub(super) longest_duration_ms: i64,
}

impl Neighbourhood {
    /// Where the events start that can reach into the spans: apart, so that no event is read twice.
    fn starts(&self) -> impl Iterator<Item = Starts> {
        let reach =
            self.ranges.iter().map(|&(from_ms, to_ms)| (from_ms - self.longest_duration_ms + 1, to_ms));
        let reach = timeline::merged(reach);
        reach.into_iter().flat_map(|(from_ms, to_ms)| starts(self.entity_id, from_ms, to_ms))
    }

    fn holds(&self, event: &event::Model) -> bool {
        self.ranges.iter().any(|&(from_ms, to_ms)| {
            event.started_at < to_ms && event.started_at + event.duration_ms > from_ms
        })
    }
}

/// The stored events that overlap the spans, by entity, and how many rows were read to find them.
pub(super) async fn overlapping(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    neighbourhoods: &[Neighbourhood],
) -> Result<(HashMap<i32, Vec<Observation>>, usize)> {
    let by_entity: HashMap<i32, &Neighbourhood> =
        neighbourhoods.iter().map(|neighbourhood| (neighbourhood.entity_id, neighbourhood)).collect();
    let starts: Vec<Starts> = neighbourhoods.iter().flat_map(Neighbourhood::starts).collect();
    let rows = starting(conn, factory_id, &starts).await?;
    let rows_read = rows.len();
    let mut found: HashMap<i32, Vec<Observation>> = HashMap::new();
    for row in rows {
        if by_entity.get(&row.entity_id).is_some_and(|neighbourhood| neighbourhood.holds(&row)) {
            found.entry(row.entity_id).or_default().push(observation(row)?);
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
    const FIRST_LOOK_MS: i64 = BUCKET_MS;
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
        let last = timeline::segments(events).pop();
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

/// The latest end of an entity's events that start in a span, those without a length included, and how many rows were
/// read to find it.
pub(super) async fn latest_end(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    entity_id: i32,
    (from_ms, to_ms): (i64, i64),
) -> Result<(Option<i64>, usize)> {
    let starts: Vec<Starts> = starts(entity_id, from_ms, to_ms).collect();
    let rows = starting(conn, factory_id, &starts).await?;
    Ok((rows.iter().map(|row| row.started_at + row.duration_ms).max(), rows.len()))
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

/// A bucket, an entity, and from when to when its events start there.
type Starts = (i64, i32, i64, i64);

/// A span of one entity's starts, bucket by bucket.
fn starts(entity_id: i32, from_ms: i64, to_ms: i64) -> impl Iterator<Item = Starts> {
    (bucket_of(from_ms)..=bucket_of(to_ms - 1)).map(move |bucket| (bucket, entity_id, from_ms, to_ms))
}

async fn starting(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    starts: &[Starts],
) -> Result<Vec<event::Model>> {
    let mut rows = Vec::new();
    for chunk in chunks(conn.get_database_backend(), starts.len()) {
        for row in conn.query_all_raw(starting_in(conn, factory_id, &starts[chunk])).await? {
            rows.push(event::Model::from_query_result(&row, "")?);
        }
    }
    Ok(rows)
}

fn starting_in(conn: &impl ConnectionTrait, factory_id: i32, starts: &[Starts]) -> Statement {
    const KINDS: [Kind; 4] = [Kind::BigInt, Kind::Int, Kind::BigInt, Kind::BigInt];
    let rows = starts.iter().map(|&(bucket, entity_id, from_ms, to_ms)| {
        [bucket.into(), entity_id.into(), from_ms.into(), to_ms.into()]
    });
    let on = |sql: Sql| {
        sql.text("found.factory_id = ").bind(factory_id).text(
            " AND found.bucket = column1 AND found.entity_id = column2 AND found.started_at >= column3 \
             AND found.started_at < column4",
        )
    };
    Sql::seek(conn, "found.*", "event", (&KINDS, rows), on).build()
}

/// The statement that reads what a late event may meet, to be explained.
pub(super) fn example(conn: &impl ConnectionTrait, factory_id: i32) -> Statement {
    starting_in(conn, factory_id, &[(0, 1, 0, BUCKET_MS)])
}
