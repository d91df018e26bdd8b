//! The stored events near a span of one entity's time: what a late event needs to know, and nothing more.
//!
//! The query names the buckets in which such an event can start, and from when to when, so each is one seek in the key
//! and what is read is what is asked for.

use std::collections::HashMap;

use domain::{
    MS_PER_DAY,
    bucket::{BUCKET_MS, bucket_of},
    event::EventType,
    id::{EntityId, FactoryId, ModelVersionId, SourceId},
    time::{DurationMs, TimestampMs},
    timeline::{self, Observation, Segment},
};
use entity::event;
use sea_orm::{ConnectionTrait, FromQueryResult as _, Statement};

use super::{
    engine::code::{Code as _, confidence_of},
    engine::statement::{Kind, Sql, chunks},
    entities::Entity,
    error::Result,
    rollups,
};

/// One entity's spans of time, and how far before them an event can start that reaches into them.
#[derive(Debug)]
pub(super) struct Neighbourhood {
    pub(super) entity_id: EntityId,
    pub(super) ranges: Vec<(TimestampMs, TimestampMs)>,
    pub(super) longest_duration_ms: DurationMs,
}

impl Neighbourhood {
    /// Where the events start that can reach into the spans: apart, so that no event is read twice.
    fn starts(&self) -> impl Iterator<Item = Starts> {
        let reach = self
            .ranges
            .iter()
            .map(|&(from_ms, to_ms)| (from_ms - self.longest_duration_ms + DurationMs(1), to_ms));
        let reach = timeline::merged(reach);
        reach.into_iter().flat_map(|(from_ms, to_ms)| starts(self.entity_id, from_ms, to_ms))
    }

    fn holds(&self, event: &event::Model) -> bool {
        self.ranges.iter().any(|&(from_ms, to_ms)| {
            event.started_at < to_ms.0 && event.started_at + event.duration_ms > from_ms.0
        })
    }
}

/// The stored events that overlap the spans, by entity, and how many rows were read to find them.
pub(super) async fn overlapping(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    neighbourhoods: &[Neighbourhood],
) -> Result<(HashMap<EntityId, Vec<Observation>>, usize)> {
    let by_entity: HashMap<EntityId, &Neighbourhood> =
        neighbourhoods.iter().map(|neighbourhood| (neighbourhood.entity_id, neighbourhood)).collect();
    let starts: Vec<Starts> = neighbourhoods.iter().flat_map(Neighbourhood::starts).collect();
    let rows = starting(conn, factory_id, &starts).await?;
    let rows_read = rows.len();
    let mut found: HashMap<EntityId, Vec<Observation>> = HashMap::new();
    for row in rows {
        if by_entity.get(&EntityId(row.entity_id)).is_some_and(|neighbourhood| neighbourhood.holds(&row)) {
            found.entry(EntityId(row.entity_id)).or_default().push(observation(row)?);
        }
    }
    Ok((found, rows_read))
}

/// The segment with the latest end, read backwards from an instant at or after that end; none when no event has a length.
/// Only events are regarded that end up to `ended_by_ms`, of which one must have a length where there is any.
pub(super) async fn latest_segment(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity: &Entity,
    (until_ms, ended_by_ms): (TimestampMs, TimestampMs),
) -> Result<(Option<Segment>, usize)> {
    /// Enough for what most entities are doing; doubled until the segment's start is in view.
    const FIRST_LOOK_MS: DurationMs = DurationMs(BUCKET_MS);
    let mut look_ms = FIRST_LOOK_MS;
    let mut rows_read = 0;
    loop {
        let from_ms = until_ms - look_ms;
        let neighbourhood = Neighbourhood {
            entity_id: entity.id,
            ranges: vec![(from_ms, until_ms)],
            longest_duration_ms: entity.longest_duration_ms,
        };
        let (mut found, rows) = overlapping(conn, factory_id, &[neighbourhood]).await?;
        rows_read += rows;
        let mut events = found.remove(&entity.id).unwrap_or_default();
        events.retain(|event| event.ended_at_ms() <= ended_by_ms);
        let last = timeline::segments(&events).pop();
        // A segment that begins at or before the edge of the view may begin earlier than it seems.
        if let Some(segment) = last.filter(|segment| segment.from_ms > from_ms) {
            return Ok((Some(segment), rows_read));
        }
        let is_first_look = look_ms == FIRST_LOOK_MS;
        if is_first_look && events.is_empty() && !rollups::is_observed(conn, factory_id, entity.id).await? {
            return Ok((None, rows_read));
        }
        look_ms = look_ms * 2;
    }
}

/// The stored events that start within spans of time, one an entity: those that start at its end are not among them.
pub(super) async fn starting_within(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    spans: impl Iterator<Item = (EntityId, TimestampMs, TimestampMs)>,
) -> Result<HashMap<EntityId, Vec<Observation>>> {
    let starts: Vec<Starts> =
        spans.flat_map(|(entity_id, from_ms, to_ms)| starts(entity_id, from_ms, to_ms)).collect();
    let mut found: HashMap<EntityId, Vec<Observation>> = HashMap::new();
    for row in starting(conn, factory_id, &starts).await? {
        found.entry(EntityId(row.entity_id)).or_default().push(observation(row)?);
    }
    Ok(found)
}

/// The latest end of an entity's events, those without a length included, found through the last UTC day in which one
/// starts, and how many rows were read to find it. An entity without any events keeps the frontier that it has.
pub(super) async fn frontier(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity: &Entity,
) -> Result<(TimestampMs, usize)> {
    let Some(day) = rollups::last_day_with_events(conn, factory_id, entity.id).await? else {
        return Ok((entity.last_seen_at_ms, 0));
    };
    // The event that ends last starts at most its own length before the one that starts last.
    let from_ms = TimestampMs(day * MS_PER_DAY) - entity.longest_duration_ms;
    let starts: Vec<Starts> = starts(entity.id, from_ms, TimestampMs((day + 1) * MS_PER_DAY)).collect();
    let rows = starting(conn, factory_id, &starts).await?;
    let latest_end_ms = rows.iter().map(|row| TimestampMs(row.started_at + row.duration_ms)).max();
    Ok((latest_end_ms.unwrap_or(entity.last_seen_at_ms), rows.len()))
}

/// A stored event as the timeline sees it.
pub(super) fn observation(row: event::Model) -> Result<Observation> {
    Ok(Observation {
        event_type: EventType::of_code(row.event_type)?,
        started_at_ms: TimestampMs(row.started_at),
        duration_ms: DurationMs(row.duration_ms),
        units: row.units,
        confidence: confidence_of(row.confidence),
        model_version: row.model_version_id.map(ModelVersionId),
        source: row.source_id.map(SourceId),
        event_code: row.event_code,
        form: domain::event::EventForm::Interval,
        standing: timeline::Standing::Serving,
        names: timeline::NameOrder::default(),
        derived_from_ms: None,
    })
}

/// A bucket, an entity, and from when to when its events start there.
type Starts = (i64, EntityId, TimestampMs, TimestampMs);

/// A span of one entity's starts, bucket by bucket.
fn starts(entity_id: EntityId, from_ms: TimestampMs, to_ms: TimestampMs) -> impl Iterator<Item = Starts> {
    (bucket_of(from_ms)..=bucket_of(to_ms - DurationMs(1)))
        .map(move |bucket| (bucket, entity_id, from_ms, to_ms))
}

async fn starting(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
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

fn starting_in(conn: &impl ConnectionTrait, factory_id: FactoryId, starts: &[Starts]) -> Statement {
    const KINDS: [Kind; 4] = [Kind::BigInt, Kind::Int, Kind::BigInt, Kind::BigInt];
    let rows = starts.iter().map(|&(bucket, entity_id, from_ms, to_ms)| {
        [bucket.into(), entity_id.0.into(), from_ms.0.into(), to_ms.0.into()]
    });
    let on = |sql: Sql| {
        sql.text("found.factory_id = ").bind(factory_id.0).text(
            " AND found.bucket = column1 AND found.entity_id = column2 AND found.started_at >= column3 \
             AND found.started_at < column4",
        )
    };
    Sql::seek(conn, "found.*", "event", (&KINDS, rows), on).build()
}

/// The statement that reads the events that a late event may overlap, to be explained.
pub(super) fn example(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Statement {
    starting_in(conn, factory_id, &[(0, EntityId(1), TimestampMs(0), TimestampMs(BUCKET_MS))])
}
