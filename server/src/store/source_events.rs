//! The events of a factory as its sources reported them: the latest of a window, as many as may be looked through for one answer.
//!
//! They are read page by page along the key, backwards, so that a page is found by a seek and what is past the limit is never
//! read.

use domain::{
    bucket::{BUCKET_MS, bucket_of},
    event::EventType,
    id::{EntityId, FactoryId, SourceId},
    source::SourceEvent,
    time::{DurationMs, TimestampMs},
    window::Window,
};
use sea_orm::{ConnectionTrait, QueryResult, Statement};

use super::{
    access::{Permission, Scope},
    engine::{
        code::{Code as _, confidence_of},
        statement::Sql,
    },
    error::Result,
    report::model_of_stored,
};

/// How much is read for one answer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most events.
    pub events: usize,
    /// The most events of one statement.
    pub page: usize,
}

/// About a second of reading, some 10 MB while events are compared, and some 20 MB while a page is read.
pub const LIMITS: Limits = Limits { events: 200_000, page: 10_000 };

/// What is read of an event: where it stands in the key, and what it says.
const COLUMNS: &str = "found.bucket, found.entity_id, found.started_at, found.event_type, found.event_code, found.duration_ms, \
                       found.confidence, found.model_version_id, found.source_id, found.received_at, found.series";
/// The key without the factory.
const KEY: &str = "found.bucket, found.entity_id, found.started_at, found.event_type, found.event_code, found.series, \
                   found.model_version_id";
/// Backwards along the key.
const ORDER: &str = "found.bucket DESC, found.entity_id DESC, found.started_at DESC, found.event_type DESC, \
                     found.event_code DESC, found.series DESC, found.model_version_id DESC";

/// The latest events of a window.
#[derive(Debug)]
pub struct LatestEvents {
    /// From where on all events of the window were read: its start, unless it has too many. Always the start of a bucket.
    pub from_ms: TimestampMs,
    /// Those that start there or later and name a source.
    pub named: Vec<SourceEvent>,
    /// How many others start there or later.
    pub unnamed: usize,
}

/// The events of a window, or the latest of them where they are too many: those of as many whole buckets as they fill. None
/// when even the latest bucket has too many.
///
/// # Errors
/// The database failed.
pub async fn latest(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    window: Window,
    limits: Limits,
) -> Result<Option<LatestEvents>> {
    let factory_id = scope.factory_id();
    let mut read: Vec<(i64, Option<SourceEvent>)> = Vec::new();
    let mut last = None;
    loop {
        let rows = conn.query_all_raw(page(conn, factory_id, window, last.as_ref(), limits.page)).await?;
        for row in &rows {
            read.push((row.try_get_by_index(0)?, event(row)?));
        }
        if rows.len() < limits.page {
            return Ok(Some(LatestEvents::new(window.from_ms, read)));
        }
        last = rows.last().map(Place::of).transpose()?;
        if let Some(Place { bucket, .. }) = last
            && read.len() >= limits.events
        {
            // Some of its events may not have been read.
            read.retain(|(other, _)| *other > bucket);
            let is_any_whole = !read.is_empty();
            let from_ms = TimestampMs((bucket + 1) * BUCKET_MS);
            return Ok(is_any_whole.then(|| LatestEvents::new(from_ms, read)));
        }
    }
}

impl LatestEvents {
    fn new(from_ms: TimestampMs, read: Vec<(i64, Option<SourceEvent>)>) -> Self {
        let all = read.len();
        let named: Vec<SourceEvent> = read.into_iter().filter_map(|(_, event)| event).collect();
        Self { from_ms, unnamed: all - named.len(), named }
    }

    /// How many were read.
    pub fn count(&self) -> usize {
        self.named.len() + self.unnamed
    }
}

/// Where an event stands in the key.
struct Place {
    bucket: i64,
    entity_id: i32,
    started_at: i64,
    event_type: i16,
    event_code: String,
    series: i32,
    model_version: i32,
}

impl Place {
    fn of(row: &QueryResult) -> Result<Self> {
        Ok(Self {
            bucket: row.try_get_by_index(0)?,
            entity_id: row.try_get_by_index(1)?,
            started_at: row.try_get_by_index(2)?,
            event_type: row.try_get_by_index(3)?,
            event_code: row.try_get_by_index(4)?,
            series: row.try_get_by_index(10)?,
            model_version: row.try_get_by_index(7)?,
        })
    }
}

/// The statement that reads a page: what comes after a place, backwards.
fn page(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    window: Window,
    after: Option<&Place>,
    length: usize,
) -> Statement {
    // A row of values is compared as a whole, but a place is sought by what is said of its first column alone.
    let end = after.map_or(bucket_of(window.to_ms), |place| place.bucket + 1);
    let mut sql = Sql::new(conn, "SELECT ")
        .text(COLUMNS)
        .text(" FROM event AS found WHERE found.factory_id = ")
        .bind(factory_id.0)
        .text(" AND found.bucket >= ")
        .bind(bucket_of(window.from_ms))
        .text(" AND found.bucket < ")
        .bind(end);
    if let Some(Place { bucket, entity_id, started_at, event_type, event_code, series, model_version }) =
        after
    {
        sql = sql.text(" AND (").text(KEY).text(") < (").bind(*bucket).text(", ").bind(*entity_id);
        sql = sql.text(", ").bind(*started_at).text(", ").bind(*event_type);
        sql = sql.text(", ").bind(event_code.as_str()).text(", ").bind(*series);
        sql = sql.text(", ").bind(*model_version).text(")");
    }
    sql.text(" ORDER BY ").text(ORDER).text(" LIMIT ").bind(length as i64).build()
}

/// The event of a row, if it names a source.
fn event(row: &QueryResult) -> Result<Option<SourceEvent>> {
    let source: Option<i32> = row.try_get_by_index(8)?;
    let Some(source) = source else { return Ok(None) };
    Ok(Some(SourceEvent {
        source: SourceId(source),
        entity: EntityId(row.try_get_by_index(1)?),
        event_type: EventType::of_code(row.try_get_by_index(3)?)?,
        started_at_ms: TimestampMs(row.try_get_by_index(2)?),
        duration_ms: DurationMs(row.try_get_by_index(5)?),
        confidence: confidence_of(row.try_get_by_index(6)?),
        model_version: model_of_stored(row.try_get_by_index(7)?),
        received_at_ms: TimestampMs(row.try_get_by_index(9)?),
    }))
}

/// The statement that reads the first page of a window, to be explained.
pub(super) fn example(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Statement {
    let window = Window { from_ms: TimestampMs(0), to_ms: TimestampMs(BUCKET_MS) };
    page(conn, factory_id, window, None, LIMITS.page)
}
