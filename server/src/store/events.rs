//! The stored events.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use domain::{
    MS_PER_DAY,
    bucket::{BUCKET_MS, Level, bucket_of},
    event::{EntityType, Event, EventType},
    id::{EntityId, FactoryId},
    time::TimestampMs,
};
use entity::{
    event::{self as row, Column},
    rollup, tracked_entity,
};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, SimpleExpr},
};

use super::{
    access::{Scope, SeePeople},
    engine::code::{Code as _, confidence_of},
    error::{Result, StoreError},
    intern::{self, NameTable},
    rollups,
    writer::row::extent_of,
};

/// The most events of one page.
pub const MAX_PAGE_EVENTS: u32 = 500;

/// Days looked through at a time for the events of one entity.
const DAYS_AT_A_TIME: u64 = 30;

/// One stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// What was reported.
    pub event: Event,
    /// When it came, Unix milliseconds.
    pub received_at_ms: TimestampMs,
}

/// Which events to read; the default is all.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of workers or of workstations.
    pub entity_type: Option<EntityType>,
    /// Of this worker or workstation.
    pub entity_code: Option<String>,
    /// Of this kind.
    pub event_type: Option<EventType>,
    /// From this camera or device.
    pub source: Option<String>,
    /// Starting here or later, Unix milliseconds.
    pub from_ms: Option<TimestampMs>,
    /// Starting before this, Unix milliseconds.
    pub to_ms: Option<TimestampMs>,
    /// With a stated confidence of at most this, 0 to 1.
    pub max_confidence: Option<f64>,
    /// Judged by this model.
    pub model_version: Option<String>,
}

/// A place in the list of events that stays valid while events arrive. Its text is opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    started_at_ms: TimestampMs,
    entity_id: EntityId,
    event_type: i16,
    event_code: String,
    series: i32,
    model_version: i32,
}

impl Cursor {
    /// Reads a cursor that [`Cursor::encode`] wrote; none when it is not one.
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, '.');
        Some(Self {
            started_at_ms: TimestampMs(parts.next()?.parse().ok()?),
            entity_id: EntityId(parts.next()?.parse().ok()?),
            event_type: parts.next()?.parse().ok()?,
            series: parts.next()?.parse().ok()?,
            model_version: parts.next()?.parse().ok()?,
            event_code: parts.next()?.to_owned(),
        })
    }

    /// As clients hold it.
    pub fn encode(&self) -> String {
        let Self { started_at_ms, entity_id, event_type, event_code, series, model_version } = self;
        format!("{}.{}.{event_type}.{series}.{model_version}.{event_code}", started_at_ms.0, entity_id.0)
    }

    fn of(row: &row::Model) -> Self {
        Self {
            started_at_ms: TimestampMs(row.started_at),
            entity_id: EntityId(row.entity_id),
            event_type: row.event_type,
            event_code: row.event_code.clone(),
            series: row.series,
            model_version: row.model_version_id,
        }
    }

    fn comes_before(&self) -> SimpleExpr {
        let here: [SimpleExpr; 6] = [
            self.started_at_ms.0.into(),
            self.entity_id.0.into(),
            self.event_type.into(),
            self.event_code.as_str().into(),
            self.series.into(),
            self.model_version.into(),
        ];
        Expr::tuple(ORDER.map(Expr::col)).lt(Expr::tuple(here))
    }
}

/// What orders events of one bucket; ties cannot be.
const ORDER: [Column; 6] = [
    Column::StartedAt,
    Column::EntityId,
    Column::EventType,
    Column::EventCode,
    Column::Series,
    Column::ModelVersionId,
];

/// One page of events, the latest timestamp first.
#[derive(Clone, Debug)]
pub struct Page {
    /// Each with the cursor that stands at it.
    pub events: Vec<(Cursor, StoredEvent)>,
    /// Whether there are more after it.
    pub has_next: bool,
}

/// The events after a cursor that a filter lets through; `first` is at most [`MAX_PAGE_EVENTS`].
pub async fn page(
    conn: &impl ConnectionTrait,
    scope: &Scope<SeePeople>,
    filter: &EventFilter,
    first: u32,
    after: Option<&Cursor>,
) -> Result<Page> {
    let factory_id = scope.factory_id();
    let first = Ord::min(first, MAX_PAGE_EVENTS) as usize;
    let last_bucket = after.map(|cursor| bucket_of(cursor.started_at_ms));
    let Some(mut condition) = condition(conn, factory_id, filter, last_bucket).await? else {
        return Ok(Page { events: Vec::new(), has_next: false });
    };
    if let Some(cursor) = after {
        condition = condition.add(cursor.comes_before());
    }
    let limit = first as u64 + 1;
    let mut rows = match &filter.entity_code {
        None => read(conn, condition, limit).await?,
        Some(code) => {
            let ids = entity_ids(conn, factory_id, filter.entity_type, code).await?;
            let latest_ms = after.map(|cursor| cursor.started_at_ms).into_iter().chain(filter.to_ms).min();
            of_entities(conn, factory_id, &ids, condition, (filter.from_ms, latest_ms), limit).await?
        }
    };
    let has_next = rows.len() > first;
    rows.truncate(first);
    let cursors: Vec<Cursor> = rows.iter().map(Cursor::of).collect();
    let events = cursors.into_iter().zip(name(conn, factory_id, rows).await?).collect();
    Ok(Page { events, has_next })
}

/// What a filter asks of an event's row, but for the code of its entity, and that it starts in a bucket or before it; none when no
/// event can pass.
pub(super) async fn condition(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    filter: &EventFilter,
    last_bucket: Option<i64>,
) -> Result<Option<Condition>> {
    let mut condition = Condition::all().add(Column::FactoryId.eq(factory_id.0));
    if let (Some(entity_type), None) = (filter.entity_type, &filter.entity_code) {
        let of_type = tracked_entity::Entity::find()
            .select_only()
            .column(tracked_entity::Column::Id)
            .filter(tracked_entity::Column::FactoryId.eq(factory_id.0))
            .filter(tracked_entity::Column::EntityType.eq(entity_type.code()))
            .into_query();
        condition = condition.add(Column::EntityId.in_subquery(of_type));
    }
    if let Some(event_type) = filter.event_type {
        condition = condition.add(Column::EventType.eq(event_type.code()));
    }
    if let Some(from_ms) = filter.from_ms {
        condition =
            condition.add(Column::Bucket.gte(bucket_of(from_ms))).add(Column::StartedAt.gte(from_ms.0));
    }
    if let Some(to_ms) = filter.to_ms {
        condition = condition.add(Column::StartedAt.lt(to_ms.0));
    }
    // One bound, which lets the key's order be used: of two, SQLite seeks the one that comes first and looks through all up to the
    // other.
    if let Some(last_bucket) = filter.to_ms.map(bucket_of).into_iter().chain(last_bucket).min() {
        condition = condition.add(Column::Bucket.lte(last_bucket));
    }
    if let Some(max_confidence) = filter.max_confidence {
        // Rounded as a sent confidence is, so that asking for the sent value finds it.
        let parts = (max_confidence * f64::from(domain::validate::FULL_CONFIDENCE)).round();
        condition = condition.add(Column::Confidence.lte(parts as i16));
    }
    for (name, table, column) in [
        (&filter.source, NameTable::Source, Column::SourceId),
        (&filter.model_version, NameTable::ModelVersion, Column::ModelVersionId),
    ] {
        if let Some(name) = name {
            let Some(id) = intern::id_of(conn, table, factory_id, name).await? else { return Ok(None) };
            condition = condition.add(column.eq(id));
        }
    }
    Ok(Some(condition))
}

async fn read(conn: &impl ConnectionTrait, condition: Condition, limit: u64) -> Result<Vec<row::Model>> {
    let mut query = row::Entity::find().filter(condition).order_by_desc(Column::Bucket).limit(limit);
    for column in ORDER {
        query = query.order_by(column, Order::Desc);
    }
    Ok(query.all(conn).await?)
}

pub(super) async fn entity_ids(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity_type: Option<EntityType>,
    code: &str,
) -> Result<Vec<EntityId>> {
    use tracked_entity::Column;
    let mut query = tracked_entity::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Code.eq(code));
    if let Some(entity_type) = entity_type {
        query = query.filter(Column::EntityType.eq(entity_type.code()));
    }
    Ok(query.into_tuple::<i32>().all(conn).await?.into_iter().map(EntityId).collect())
}

/// The events of few entities, day by day backwards: the query names the buckets, so that other entities' events are
/// never read.
async fn of_entities(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity_ids: &[EntityId],
    condition: Condition,
    (earliest_ms, latest_ms): (Option<TimestampMs>, Option<TimestampMs>),
    limit: u64,
) -> Result<Vec<row::Model>> {
    let mut found = Vec::new();
    let first_day = earliest_ms.map_or(i64::MIN, |earliest_ms| Level::Day.bucket_of(earliest_ms));
    let mut before_day = latest_ms.map_or(i64::MAX, |latest_ms| Level::Day.bucket_of(latest_ms) + 1);
    loop {
        let days = days_with_events(conn, factory_id, entity_ids, first_day..before_day).await?;
        for day in &days {
            const BUCKETS_PER_DAY: i64 = MS_PER_DAY / BUCKET_MS;
            let buckets = day * BUCKETS_PER_DAY..(day + 1) * BUCKETS_PER_DAY;
            let condition = condition
                .clone()
                .add(Column::Bucket.is_in(buckets))
                .add(Column::EntityId.is_in(entity_ids.iter().map(|id| id.0)));
            found.extend(read(conn, condition, limit - found.len() as u64).await?);
            if found.len() as u64 >= limit {
                return Ok(found);
            }
        }
        match days.last() {
            Some(day) => before_day = *day,
            None => return Ok(found),
        }
    }
}

/// The latest of these UTC days in which an event of these entities starts, the latest first.
async fn days_with_events(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity_ids: &[EntityId],
    days: Range<i64>,
) -> Result<Vec<i64>> {
    use rollup::Column;
    Ok(rollup::Entity::find()
        .select_only()
        .column(Column::Bucket)
        .distinct()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Bucket.gte(rollups::stored_bucket(Level::Day, days.start)))
        .filter(Column::Bucket.lt(rollups::stored_bucket(Level::Day, days.end)))
        .filter(Column::EntityId.is_in(entity_ids.iter().map(|id| id.0)))
        .filter(Column::Events.gt(0))
        .order_by_desc(Column::Bucket)
        .limit(DAYS_AT_A_TIME)
        .into_tuple::<i64>()
        .all(conn)
        .await?
        .into_iter()
        .map(rollups::bucket_of_stored)
        .collect())
}

/// Events with the names that their rows have numbers for.
pub(super) async fn name(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    rows: Vec<row::Model>,
) -> Result<Vec<StoredEvent>> {
    use tracked_entity::Column;
    let ids: HashSet<i32> = rows.iter().map(|row| row.entity_id).collect();
    let entities: HashMap<i32, tracked_entity::Model> = tracked_entity::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Id.is_in(ids))
        .all(conn)
        .await?
        .into_iter()
        .map(|entity| (entity.id, entity))
        .collect();
    let models = rows.iter().map(|row| row.model_version_id).collect();
    let models = intern::names_of(conn, NameTable::ModelVersion, factory_id, models).await?;
    let sources = rows.iter().filter_map(|row| row.source_id).collect();
    let sources = intern::names_of(conn, NameTable::Source, factory_id, sources).await?;
    let named = rows.into_iter().map(|row| {
        let entity = entities
            .get(&row.entity_id)
            .ok_or_else(|| StoreError::Corrupt("an event of an entity that is not registered".to_owned()))?;
        let event = Event {
            entity_type: EntityType::of_code(entity.entity_type)?,
            entity_code: entity.code.clone(),
            event_type: EventType::of_code(row.event_type)?,
            started_at_ms: TimestampMs(row.started_at),
            extent: extent_of(&row),
            units: row.units,
            confidence: confidence_of(row.confidence),
            model_version: models.get(&row.model_version_id).cloned(),
            event_code: row.event_code,
            source: row.source_id.and_then(|id| sources.get(&id).cloned()),
            workstation: row.workstation,
        };
        Ok(StoredEvent { event, received_at_ms: TimestampMs(row.received_at) })
    });
    named.collect()
}
