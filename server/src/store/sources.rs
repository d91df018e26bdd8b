//! The sources of a factory, cameras and other devices, and when each was last seen: kept with every commit, because no key
//! leads from a source to its events.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    event::Extent,
    id::{FactoryId, ModelVersionId, SourceId},
    id_order,
    time::{DurationMs, TimestampMs},
};
use entity::{event, source, source_last_event as row};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::{
    access::{Permission, Scope},
    engine::{
        statement::Kind,
        table::{Column, Table, Texts},
    },
    error::Result,
    intern::{self, NameTable},
    writer::row::extent_of,
};

/// A camera or device that events name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The key within the factory.
    pub id: SourceId,
    /// As sent, such as `cam-1`.
    pub code: String,
    /// When it was last seen; none where no event of it is stored.
    pub last: Option<LastEvent>,
}

/// When a source was last seen. Both instants are greatest values of their own: the event that came last need not be the one
/// that ends last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastEvent {
    /// The latest end of its events, Unix milliseconds.
    pub ended_at_ms: TimestampMs,
    /// When the one that came last came.
    pub received_at_ms: TimestampMs,
}

impl LastEvent {
    fn and(self, other: Self) -> Self {
        Self {
            ended_at_ms: self.ended_at_ms.max(other.ended_at_ms),
            received_at_ms: self.received_at_ms.max(other.received_at_ms),
        }
    }
}

/// When sources were last seen, by their numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LastEvents(BTreeMap<SourceId, LastEvent>);

impl LastEvents {
    /// Adds an event; one that names no source is nobody's.
    pub(super) fn add(&mut self, source: Option<SourceId>, event: LastEvent) {
        if let Some(source) = source {
            let last = self.0.entry(source).or_insert(event);
            *last = last.and(event);
        }
    }

    /// Adds a stored event.
    pub(super) fn add_row(&mut self, row: &event::Model) {
        let event = LastEvent { ended_at_ms: ended_at_ms(row), received_at_ms: TimestampMs(row.received_at) };
        self.add(row.source_id.map(SourceId), event);
    }

    /// By the sources' numbers.
    pub(super) fn into_map(self) -> BTreeMap<SourceId, LastEvent> {
        self.0
    }
}

/// The sources of a factory in the order of their ids.
///
/// # Errors
/// The database failed.
pub async fn list(conn: &impl ConnectionTrait, scope: &Scope<impl Permission>) -> Result<Vec<Source>> {
    let factory_id = scope.factory_id();
    let mut last = stored(conn, factory_id).await?.into_map();
    let names = source::Entity::find().filter(source::Column::FactoryId.eq(factory_id.0)).all(conn).await?;
    let mut sources: Vec<Source> = names
        .into_iter()
        .map(|name| Source { id: SourceId(name.id), code: name.name, last: last.remove(&SourceId(name.id)) })
        .collect();
    sources.sort_by(|one, other| id_order::compare(&one.code, &other.code));
    Ok(sources)
}

/// The names of model versions.
///
/// # Errors
/// The database failed.
pub async fn model_versions(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    ids: impl Iterator<Item = ModelVersionId>,
) -> Result<HashMap<ModelVersionId, String>> {
    let factory_id = scope.factory_id();
    let ids: HashSet<i32> = ids.map(|id| id.0).collect();
    let names = intern::names_of(conn, NameTable::ModelVersion, factory_id, ids).await?;
    Ok(names.into_iter().map(|(id, name)| (ModelVersionId(id), name)).collect())
}

/// What is stored of when a factory's sources were last seen.
pub(super) async fn stored(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<LastEvents> {
    let rows = row::Entity::find().filter(row::Column::FactoryId.eq(factory_id.0)).all(conn).await?;
    let last = rows.into_iter().map(|row| {
        let last = LastEvent {
            ended_at_ms: TimestampMs(row.ended_at),
            received_at_ms: TimestampMs(row.received_at),
        };
        (SourceId(row.source_id), last)
    });
    Ok(LastEvents(last.collect()))
}

/// Adds what a transaction stores.
pub(super) async fn keep(tx: &impl ConnectionTrait, factory_id: FactoryId, last: LastEvents) -> Result<()> {
    let rows: Vec<LastRow> = last.0.into_iter().map(|(source, last)| (factory_id, source, last)).collect();
    table().upsert(tx, &rows).await
}

/// Forgets when a factory's sources were last seen.
pub(super) async fn forget(tx: &impl ConnectionTrait, factory_id: FactoryId) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::FactoryId.eq(factory_id.0)).exec(tx).await?;
    Ok(())
}

/// The end of a stored event, as it was sent: a state report has none, and its source was last seen when it began.
fn ended_at_ms(row: &event::Model) -> TimestampMs {
    let length_ms = match extent_of(row) {
        Extent::Interval(duration_ms) => duration_ms,
        Extent::State { .. } => DurationMs::ZERO,
    };
    TimestampMs(row.started_at) + length_ms
}

type LastRow = (FactoryId, SourceId, LastEvent);

const fn table() -> Table<LastRow, 4> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "source_last_event",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |(factory_id, _, _)| factory_id.0.into()),
            Column::key("source_id", Kind::Int, |(_, source, _)| source.0.into()),
            Column::raise("ended_at", |(_, _, last)| last.ended_at_ms.0.into()),
            Column::raise("received_at", |(_, _, last)| last.received_at_ms.0.into()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::table::tests::assert_is_table_of;

    #[test]
    fn the_columns_that_are_written_are_those_of_the_entity() {
        assert_is_table_of::<row::Entity, _, _>(&table());
    }

    #[test]
    fn what_ends_last_need_not_be_what_came_last() {
        let event = |ended_at, received_at| LastEvent {
            ended_at_ms: TimestampMs(ended_at),
            received_at_ms: TimestampMs(received_at),
        };
        let mut last = LastEvents::default();
        for (source, seen) in [(Some(1), event(5, 6)), (None, event(9, 9)), (Some(1), event(3, 8))] {
            last.add(source.map(SourceId), seen);
        }
        assert_eq!(last.into_map(), BTreeMap::from([(SourceId(1), event(5, 8))]));
    }
}
