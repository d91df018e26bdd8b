//! Workers and workstations: what people call them and what they were last seen doing.

mod update;

pub use self::update::{EntityChange, EntityPatch, NotUpdated, UnknownEntities, UpdatedEntities};

use domain::{
    event::{EntityType, EventType},
    id::{EntityId, FactoryId, ModelVersionId, Revision, SourceId},
    id_order,
    time::{DurationMs, TimestampMs},
    timeline::Segment,
};
use entity::tracked_entity::{self as row, Column};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    Select,
};

use super::{
    access::{Permission, Scope},
    engine::{
        code::{Code as _, confidence_column, confidence_of},
        statement::Kind,
        table::{Column as Written, Table, Texts},
    },
    error::{Result, StoreError},
};

/// How many rows are read at once: as the database gives them they take ten times as much memory as entities do.
const MAX_ROWS_AT_ONCE: u64 = 2_000;

/// The most workers and workstations of one factory: a bound on what one answer and one cache can hold.
pub const MAX_ENTITIES: usize = 20_000;

/// Above this many codes the database sends all entities and we choose: shorter than naming each.
const MAX_NAMED_CODES: usize = 500;

/// One worker or workstation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The key, counted per factory.
    pub id: EntityId,
    /// Worker or workstation.
    pub entity_type: EntityType,
    /// As sent, such as `W1`.
    pub code: String,
    /// For people.
    pub name: Option<String>,
    /// The line or area.
    pub area: Option<String>,
    /// The latest end of its events that count, Unix milliseconds. The least there is when it has none.
    pub last_seen_at_ms: TimestampMs,
    /// The latest end of all its events, Unix milliseconds.
    pub frontier_ms: TimestampMs,
    /// Whether events of it are stored that no segment shows: without a length, or another says something else instead.
    pub hides_events: bool,
    /// No event of it is longer.
    pub longest_duration_ms: DurationMs,
    /// Its segment with the latest end; none when all its events have no length.
    pub current: Option<Segment>,
    /// The factory's revision after the last commit that touched it.
    pub revision: Revision,
}

/// Which entities of a factory to read; the default is all.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntityFilter<'a> {
    /// Only workers, or only workstations.
    pub entity_type: Option<EntityType>,
    /// Only those with these codes.
    pub codes: Option<&'a [String]>,
    /// Only those in this area.
    pub area: Option<&'a str>,
    /// Only those that a later commit than this revision touched.
    pub changed_after: Option<Revision>,
}

/// The entities that a filter lets through, in the order of their codes (`W2` before `W10`).
///
/// # Errors
/// The database failed.
pub async fn list(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    filter: EntityFilter<'_>,
) -> Result<Vec<Entity>> {
    of_factory(conn, scope.factory_id(), filter).await
}

/// The same of a factory that the store works on.
pub(super) async fn of_factory(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    filter: EntityFilter<'_>,
) -> Result<Vec<Entity>> {
    let mut query = row::Entity::find().filter(Column::FactoryId.eq(factory_id.0));
    if let Some(entity_type) = filter.entity_type {
        query = query.filter(Column::EntityType.eq(entity_type.code()));
    }
    if let Some(area) = filter.area {
        query = query.filter(Column::Area.eq(area));
    }
    if let Some(codes) = filter.codes.filter(|codes| codes.len() <= MAX_NAMED_CODES) {
        query = query.filter(Column::Code.is_in(codes));
    }
    let mut entities = match filter.changed_after {
        // Those are found by their revisions, and are few.
        Some(revision) => {
            let changed = query.filter(Column::Revision.gt(revision.0)).all(conn).await?;
            changed.into_iter().map(TryInto::try_into).collect::<Result<_>>()?
        }
        None => in_parts(conn, &query).await?,
    };
    if let Some(codes) = filter.codes.filter(|codes| codes.len() > MAX_NAMED_CODES) {
        let codes: std::collections::HashSet<&str> = codes.iter().map(String::as_str).collect();
        entities.retain(|entity| codes.contains(entity.code.as_str()));
    }
    entities.sort_by(|a, b| id_order::compare(&a.code, &b.code));
    Ok(entities)
}

/// All that a query finds, read in the order of their keys, so many rows at a time.
async fn in_parts(conn: &impl ConnectionTrait, query: &Select<row::Entity>) -> Result<Vec<Entity>> {
    let mut entities: Vec<Entity> = Vec::new();
    loop {
        let last_id = entities.last().map_or(0, |last| last.id.0);
        let part =
            query.clone().filter(Column::Id.gt(last_id)).order_by_asc(Column::Id).limit(MAX_ROWS_AT_ONCE);
        let rows = part.all(conn).await?;
        let is_last = (rows.len() as u64) < MAX_ROWS_AT_ONCE;
        for row in rows {
            entities.push(row.try_into()?);
        }
        if is_last {
            return Ok(entities);
        }
    }
}

/// The entity with this code.
///
/// # Errors
/// The database failed.
pub async fn by_code(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    entity_type: EntityType,
    code: &str,
) -> Result<Option<Entity>> {
    with_code(conn, scope.factory_id(), entity_type, code).await
}

/// The same of a factory that the store works on.
pub(super) async fn with_code(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity_type: EntityType,
    code: &str,
) -> Result<Option<Entity>> {
    let found = row::Entity::find()
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::EntityType.eq(entity_type.code()))
        .filter(Column::Code.eq(code))
        .one(conn)
        .await?;
    found.map(TryInto::try_into).transpose()
}

/// Writes entities, new ones whole, in the order of their ids; of known ones all but what people set or what never changes.
pub(super) async fn save(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entities: &[Entity],
) -> Result<()> {
    let rows: Vec<(FactoryId, &Entity)> = entities.iter().map(|entity| (factory_id, entity)).collect();
    table().upsert(conn, &rows).await
}

fn table<'a>() -> Table<(FactoryId, &'a Entity), 18> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "tracked_entity",
        &TEXTS,
        [
            Written::key("factory_id", Kind::Int, |(factory_id, _)| factory_id.0.into()),
            Written::key("id", Kind::Int, |(_, entity)| entity.id.0.into()),
            Written::keep("entity_type", Kind::SmallInt, |(_, entity)| entity.entity_type.code().into()),
            Written::keep("code", Kind::Text, |(_, entity)| entity.code.as_str().into()),
            Written::replace("last_seen_at", Kind::BigInt, |(_, entity)| entity.last_seen_at_ms.0.into()),
            Written::replace("frontier", Kind::BigInt, |(_, entity)| entity.frontier_ms.0.into()),
            Written::replace("hides_events", Kind::Bool, |(_, entity)| entity.hides_events.into()),
            Written::replace("longest_duration_ms", Kind::BigInt, |(_, entity)| {
                entity.longest_duration_ms.0.into()
            }),
            Written::replace("revision", Kind::BigInt, |(_, entity)| entity.revision.0.into()),
            Written::replace("current_type", Kind::SmallIntOrNull, |(_, entity)| {
                entity.current.map(|segment| segment.event_type.code()).into()
            }),
            Written::replace("current_since", Kind::BigIntOrNull, |(_, entity)| {
                entity.current.map(|segment| segment.from_ms.0).into()
            }),
            Written::replace("current_until", Kind::BigIntOrNull, |(_, entity)| {
                entity.current.map(|segment| segment.to_ms.0).into()
            }),
            Written::replace("current_confidence", Kind::SmallIntOrNull, |(_, entity)| {
                entity.current.and_then(|segment| confidence_column(segment.confidence)).into()
            }),
            Written::replace("current_model_version_id", Kind::IntOrNull, |(_, entity)| {
                entity.current.and_then(|segment| segment.model_version).map(|id| id.0).into()
            }),
            Written::replace("current_source_id", Kind::IntOrNull, |(_, entity)| {
                entity.current.and_then(|segment| segment.source).map(|id| id.0).into()
            }),
            Written::replace("current_decision", Kind::IntOrNull, |(_, entity)| {
                entity.current.and_then(|segment| segment.decision).into()
            }),
            Written::keep("name", Kind::TextOrNull, |(_, entity)| entity.name.clone().into()),
            Written::keep("area", Kind::TextOrNull, |(_, entity)| entity.area.clone().into()),
        ],
    )
}

impl Entity {
    /// One of which nothing was ever reported.
    pub(super) fn unseen(id: EntityId, entity_type: EntityType, code: &str) -> Self {
        Self {
            id,
            entity_type,
            code: code.to_owned(),
            name: None,
            area: None,
            last_seen_at_ms: TimestampMs::MIN,
            frontier_ms: TimestampMs::MIN,
            hides_events: false,
            longest_duration_ms: DurationMs::ZERO,
            current: None,
            revision: Revision(0),
        }
    }
}

impl TryFrom<row::Model> for Entity {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self> {
        let current = match (row.current_type, row.current_since, row.current_until) {
            (Some(event_type), Some(from_ms), Some(to_ms)) => Some(Segment {
                from_ms: TimestampMs(from_ms),
                to_ms: TimestampMs(to_ms),
                event_type: EventType::of_code(event_type)?,
                confidence: confidence_of(row.current_confidence),
                model_version: row.current_model_version_id.map(ModelVersionId),
                source: row.current_source_id.map(SourceId),
                decision: row.current_decision,
            }),
            _ => None,
        };
        Ok(Self {
            id: EntityId(row.id),
            entity_type: EntityType::of_code(row.entity_type)?,
            code: row.code,
            name: row.name,
            area: row.area,
            last_seen_at_ms: TimestampMs(row.last_seen_at),
            frontier_ms: TimestampMs(row.frontier),
            hides_events: row.hides_events,
            longest_duration_ms: DurationMs(row.longest_duration_ms),
            current,
            revision: Revision(row.revision),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::table::tests::assert_is_table_of;

    #[test]
    fn the_columns_that_are_written_are_those_of_the_entity() {
        assert_is_table_of::<row::Entity, _, _>(&table());
    }
}
