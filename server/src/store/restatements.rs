//! The ledger: what commits changed in buckets that were closed, and why.

mod prune;

use std::collections::BTreeMap;

use domain::{
    bucket::{BUCKET_MS, Level},
    id::{EntityId, FactoryId, Revision},
    ledger::{Cause, HourDeltas, buckets, decode, encode},
    time::TimestampMs,
    totals::Totals,
    window::Window,
};
use entity::{restated_hour, restatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};

pub(super) use self::prune::{old_revision, oldest_hours};
use super::{
    access::{Permission, Scope},
    engine::{
        statement::{Kind, Sql, chunks},
        table::{Column, Table, Texts},
    },
    error::{Result, StoreError},
};

/// Why a commit changed closed buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restatement {
    /// The factory's revision with the commit.
    pub revision: Revision,
    /// The place of the cause in its commit.
    pub ordinal: i32,
    /// The instant of the commit, Unix milliseconds.
    pub at_ms: TimestampMs,
    /// Why.
    pub cause: Cause,
}

/// Writes down what the causes of a commit changed, by hour and entity.
pub(super) async fn keep(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    (revision, at_ms): (Revision, TimestampMs),
    by_cause: &BTreeMap<Cause, BTreeMap<(i64, EntityId), HourDeltas>>,
) -> Result<()> {
    let mut causes = Vec::with_capacity(by_cause.len());
    let mut hours = Vec::with_capacity(by_cause.values().map(BTreeMap::len).sum());
    for (ordinal, (cause, of_cause)) in (0..).zip(by_cause) {
        let (Some((first, _)), Some((last, _))) = (of_cause.first_key_value(), of_cause.last_key_value())
        else {
            continue;
        };
        causes.push(row_of(factory_id, (revision, ordinal, at_ms), cause, (first.0, last.0)));
        hours.extend(of_cause.iter().map(|((hour, entity_id), deltas)| restated_hour::Model {
            factory_id: factory_id.0,
            revision: revision.0,
            ordinal,
            hour: *hour,
            entity_id: entity_id.0,
            deltas: encode(deltas),
        }));
    }
    table().insert(tx, &causes).await?;
    hour_table().insert(tx, &hours).await
}

/// The causes after an instant that changed something in a window, in their order.
pub async fn since(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    after_ms: TimestampMs,
    window: Window,
) -> Result<Vec<Restatement>> {
    let factory_id = scope.factory_id();
    let rows = restatement::Entity::find()
        .filter(restatement::Column::FactoryId.eq(factory_id.0))
        .filter(restatement::Column::At.gt(after_ms.0))
        .filter(restatement::Column::FirstHour.lte(last_hour(window)))
        .filter(restatement::Column::LastHour.gte(first_hour(window)))
        // Instants never fall with the revision, so this is the order of both, and that of the index.
        .order_by_asc(restatement::Column::At)
        .order_by_asc(restatement::Column::Revision)
        .order_by_asc(restatement::Column::Ordinal)
        .all(conn)
        .await?;
    rows.into_iter().map(restatement_of).collect()
}

/// Visits what causes changed in a window: the place of the cause in the list, the entity, the five-minute bucket, and by how
/// much. Answers with how many rows were read.
pub async fn for_each_delta(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    causes: &[Restatement],
    window: Window,
    mut visit: impl FnMut(usize, EntityId, i64, Totals),
) -> Result<usize> {
    const SELECT: &str = "found.revision, found.ordinal, found.hour, found.entity_id, found.deltas";
    const KINDS: [Kind; 4] = [Kind::BigInt, Kind::Int, Kind::BigInt, Kind::BigInt];
    let factory_id = scope.factory_id();
    let places: BTreeMap<(i64, i32), usize> =
        causes.iter().map(|cause| (cause.revision.0, cause.ordinal)).zip(0..).collect();
    let in_window = window.from_ms.0.div_euclid(BUCKET_MS)..window.to_ms.0.div_euclid(BUCKET_MS);
    let mut rows_read = 0;
    for chunk in chunks(conn.get_database_backend(), causes.len()) {
        let rows = causes[chunk].iter().map(|cause| {
            let hours = (first_hour(window), last_hour(window));
            [cause.revision.0.into(), cause.ordinal.into(), hours.0.into(), hours.1.into()]
        });
        let on = |sql: Sql| {
            sql.text("found.factory_id = ").bind(factory_id.0).text(
                " AND found.revision = column1 AND found.ordinal = column2 AND found.hour >= column3 \
                 AND found.hour <= column4",
            )
        };
        let select = Sql::seek(conn, SELECT, "restated_hour", (&KINDS, rows), on);
        for row in conn.query_all_raw(select.build()).await? {
            rows_read += 1;
            let key = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let Some(place) = places.get(&key) else { continue };
            let (hour, entity_id) = (row.try_get_by_index(2)?, EntityId(row.try_get_by_index(3)?));
            let deltas = deltas_of(&row.try_get_by_index::<Vec<u8>>(4)?, (key.0, hour, entity_id))?;
            for (bucket, delta) in buckets(hour, &deltas).filter(|(bucket, _)| in_window.contains(bucket)) {
                visit(*place, entity_id, bucket, delta);
            }
        }
    }
    Ok(rows_read)
}

fn deltas_of(bytes: &[u8], (revision, hour, entity_id): (i64, i64, EntityId)) -> Result<HourDeltas> {
    decode(bytes).ok_or_else(|| {
        StoreError::Corrupt(format!(
            "what changed of entity {} in hour {hour} with revision {revision}",
            entity_id.0
        ))
    })
}

fn first_hour(window: Window) -> i64 {
    Level::Hour.bucket_of(window.from_ms)
}

fn last_hour(window: Window) -> i64 {
    Level::Hour.bucket_of(window.to_ms - domain::time::DurationMs(1))
}

fn row_of(
    factory_id: FactoryId,
    (revision, ordinal, at_ms): (Revision, i32, TimestampMs),
    cause: &Cause,
    (first_hour, last_hour): (i64, i64),
) -> restatement::Model {
    let (code, device, source, decision) = match cause {
        Cause::LateEvents { device, source } => (0, device.clone(), source.clone(), None),
        Cause::Decision(number) => (1, None, None, Some(*number)),
        Cause::Rebuild => (2, None, None, None),
    };
    restatement::Model {
        factory_id: factory_id.0,
        revision: revision.0,
        ordinal,
        at: at_ms.0,
        cause: code,
        device,
        source,
        decision,
        first_hour,
        last_hour,
    }
}

fn restatement_of(row: restatement::Model) -> Result<Restatement> {
    let cause = match (row.cause, row.decision) {
        (0, _) => Cause::LateEvents { device: row.device, source: row.source },
        (1, Some(number)) => Cause::Decision(number),
        (2, _) => Cause::Rebuild,
        (code, _) => return Err(StoreError::Corrupt(format!("the cause {code} of a restatement"))),
    };
    Ok(Restatement {
        revision: Revision(row.revision),
        ordinal: row.ordinal,
        at_ms: TimestampMs(row.at),
        cause,
    })
}

fn table() -> Table<restatement::Model, 10> {
    static TEXTS: Texts = Texts::new();
    type Row = restatement::Model;
    Table::new(
        "restatement",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row: &Row| row.factory_id.into()),
            Column::key("revision", Kind::BigInt, |row: &Row| row.revision.into()),
            Column::key("ordinal", Kind::Int, |row: &Row| row.ordinal.into()),
            Column::keep("at", Kind::BigInt, |row: &Row| row.at.into()),
            Column::keep("cause", Kind::SmallInt, |row: &Row| row.cause.into()),
            Column::keep("device", Kind::TextOrNull, |row: &Row| row.device.clone().into()),
            Column::keep("source", Kind::TextOrNull, |row: &Row| row.source.clone().into()),
            Column::keep("decision", Kind::IntOrNull, |row: &Row| row.decision.into()),
            Column::keep("first_hour", Kind::BigInt, |row: &Row| row.first_hour.into()),
            Column::keep("last_hour", Kind::BigInt, |row: &Row| row.last_hour.into()),
        ],
    )
}

fn hour_table() -> Table<restated_hour::Model, 6> {
    static TEXTS: Texts = Texts::new();
    type Row = restated_hour::Model;
    Table::new(
        "restated_hour",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row: &Row| row.factory_id.into()),
            Column::key("revision", Kind::BigInt, |row: &Row| row.revision.into()),
            Column::key("ordinal", Kind::Int, |row: &Row| row.ordinal.into()),
            Column::key("hour", Kind::BigInt, |row: &Row| row.hour.into()),
            Column::key("entity_id", Kind::Int, |row: &Row| row.entity_id.into()),
            Column::keep("deltas", Kind::Bytes, |row: &Row| row.deltas.clone().into()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::table::tests::assert_is_table_of;

    #[test]
    fn the_columns_that_are_written_are_those_of_the_entities() {
        assert_is_table_of::<restatement::Entity, _, _>(&table());
        assert_is_table_of::<restated_hour::Entity, _, _>(&hour_table());
    }
}
