//! The stored sums: few rows for any window.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    bucket::{BUCKET_MS, BucketRange, Level, cover},
    id::{EntityId, FactoryId},
    time::TimestampMs,
    timeline::BucketTotals,
    totals::Totals,
    window::Window,
};
use entity::rollup;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QueryResult,
    QuerySelect as _, Statement,
};

use super::{
    Result,
    engine::{
        statement::{Kind, Sql},
        table::{Column, Table},
    },
};

/// Above this many entities the database sends all and we choose: shorter than naming each.
const MAX_NAMED_ENTITIES: usize = 500;

/// The most runs of buckets that one statement reads; more are read by several.
const MAX_RANGES: usize = 500;

/// The sums of all levels, by level, bucket and entity: the order in which they are written.
pub(super) type LevelTotals = BTreeMap<(Level, i64, EntityId), Totals>;

/// Adds one entity's five-minute sums to every level.
pub(super) fn add_to_levels(levels: &mut LevelTotals, entity_id: EntityId, buckets: &BucketTotals) {
    for (bucket, totals) in buckets {
        for level in Level::ALL {
            let coarse = level.bucket_of(TimestampMs(bucket * BUCKET_MS));
            *levels.entry((level, coarse, entity_id)).or_default() += *totals;
        }
    }
}

/// Adds to the stored sums, in the order of their key.
pub(super) async fn add(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    levels: &LevelTotals,
) -> Result<()> {
    let rows: Vec<RollupRow<'_>> = levels
        .iter()
        .filter(|(_, totals)| !totals.is_zero())
        .map(|(&(level, bucket, entity_id), totals)| RollupRow {
            factory_id,
            level,
            bucket,
            entity_id,
            totals,
        })
        .collect();
    table().upsert(conn, &rows).await
}

/// What is added to a row.
struct RollupRow<'a> {
    factory_id: FactoryId,
    level: Level,
    bucket: i64,
    entity_id: EntityId,
    totals: &'a Totals,
}

fn table<'a>() -> Table<RollupRow<'a>, 12> {
    Table::new(
        "rollup",
        [
            Column::key("factory_id", Kind::Int, |row| row.factory_id.0.into()),
            Column::key("level", Kind::SmallInt, |row| row.level.code().into()),
            Column::key("bucket", Kind::BigInt, |row| row.bucket.into()),
            Column::key("entity_id", Kind::Int, |row| row.entity_id.0.into()),
            Column::add("working_ms", |row| row.totals.working_ms.into()),
            Column::add("idle_ms", |row| row.totals.idle_ms.into()),
            Column::add("absent_ms", |row| row.totals.absent_ms.into()),
            Column::add("overlap_ms", |row| row.totals.overlap_ms.into()),
            Column::add("units", |row| row.totals.units.into()),
            Column::add("confidence_ms", |row| row.totals.confidence_ms.into()),
            Column::add("confident_ms", |row| row.totals.confident_ms.into()),
            Column::add("events", |row| row.totals.events.into()),
        ],
    )
}

/// The sums of the named entities (ids) in a window, or of all entities of the factory; no window is all time.
/// Entities without any are left out.
pub async fn totals(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    window: Option<Window>,
    entity_ids: Option<&[EntityId]>,
) -> Result<HashMap<EntityId, Totals>> {
    let chosen = to_choose(entity_ids);
    let sums = conn.query_all_raw(sums_in(conn, factory_id, window, entity_ids)).await?;
    let mut totals = HashMap::with_capacity(sums.len());
    for row in &sums {
        let (entity_id, sums) = (EntityId(row.try_get_by_index(0)?), read_sums(row, 1)?);
        if !sums.is_zero() && chosen.as_ref().is_none_or(|chosen| chosen.contains(&entity_id)) {
            totals.insert(entity_id, sums);
        }
    }
    Ok(totals)
}

/// How many events of a factory are stored.
pub async fn event_count(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<i64> {
    let select = Sql::new(
        conn,
        "SELECT CAST(COALESCE(SUM(events), 0) AS bigint) FROM rollup WHERE bucket = 0 AND factory_id = ",
    )
    .bind(factory_id.0)
    .text(" AND level = ")
    .bind(Level::AllTime.code());
    let row = conn.query_one_raw(select.build()).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Whether any time of an entity was observed.
pub(super) async fn is_observed(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity_id: EntityId,
) -> Result<bool> {
    let all_time = (factory_id.0, Level::AllTime.code(), 0, entity_id.0);
    let sums = rollup::Entity::find_by_id(all_time).one(conn).await?;
    Ok(sums.is_some_and(|row| totals_of_row(&row).observed_ms() > 0))
}

/// The number of the last UTC day in which an event of an entity starts.
pub(super) async fn last_day_with_events(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entity_id: EntityId,
) -> Result<Option<i64>> {
    let last_day = rollup::Entity::find()
        .filter(rollup::Column::FactoryId.eq(factory_id.0))
        .filter(rollup::Column::Level.eq(Level::Day.code()))
        .filter(rollup::Column::EntityId.eq(entity_id.0))
        .filter(rollup::Column::Events.gt(0))
        .order_by_desc(rollup::Column::Bucket)
        .limit(1);
    Ok(last_day.one(conn).await?.map(|row| row.bucket))
}

/// The statement that adds up a window: one, however ragged its ends.
pub(super) fn sums_in(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    window: Option<Window>,
    entity_ids: Option<&[EntityId]>,
) -> Statement {
    // Sums of 64-bit columns are wider on some engines; ours fit, and are read as what they are.
    const SELECT: &str = "found.entity_id, CAST(SUM(found.working_ms) AS bigint), CAST(SUM(found.idle_ms) AS bigint), \
                          CAST(SUM(found.absent_ms) AS bigint), CAST(SUM(found.overlap_ms) AS bigint), \
                          CAST(SUM(found.units) AS bigint), CAST(SUM(found.confidence_ms) AS bigint), \
                          CAST(SUM(found.confident_ms) AS bigint), CAST(SUM(found.events) AS bigint)";
    let all_time = || vec![BucketRange { level: Level::AllTime, first: 0, end: 1 }];
    let ranges = window.map_or_else(all_time, |window| cover(window.from_ms, window.to_ms));
    in_ranges(conn, SELECT, factory_id, &ranges, entity_ids).text(" GROUP BY found.entity_id").build()
}

/// The sums of each entity in each step of a series, steps being in the order of time without overlap:
/// `(index of the step, entity id, sums)` in the order of the steps, sums of zero left out.
pub async fn series(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    steps: &[Window],
    entity_ids: Option<&[EntityId]>,
) -> Result<Vec<(usize, EntityId, Totals)>> {
    const SELECT: &str = "found.level, found.bucket, found.entity_id, found.working_ms, found.idle_ms, found.absent_ms, \
                          found.overlap_ms, found.units, found.confidence_ms, found.confident_ms, found.events";
    let chosen = to_choose(entity_ids);
    let mut sums: BTreeMap<(usize, EntityId), Totals> = BTreeMap::new();
    for ranges in merged_cover(steps).chunks(MAX_RANGES) {
        let sql = in_ranges(conn, SELECT, factory_id, ranges, entity_ids);
        for row in conn.query_all_raw(sql.build()).await? {
            let (level, bucket): (i16, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let entity_id = EntityId(row.try_get_by_index(2)?);
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&entity_id)) {
                let level = Level::ALL.into_iter().find(|known| known.code() == level);
                let starts_at_ms = bucket * level.and_then(Level::length_ms).unwrap_or_default();
                let step = steps.partition_point(|step| step.to_ms.0 <= starts_at_ms);
                *sums.entry((step, entity_id)).or_default() += read_sums(&row, 3)?;
            }
        }
    }
    sums.retain(|_, totals| !totals.is_zero());
    Ok(sums.into_iter().map(|((step, entity_id), totals)| (step, entity_id, totals)).collect())
}

/// The buckets of all steps, neighbouring runs of one level read as one.
fn merged_cover(steps: &[Window]) -> Vec<BucketRange> {
    let mut ranges: Vec<BucketRange> =
        steps.iter().flat_map(|step| cover(step.from_ms, step.to_ms)).collect();
    ranges.sort_unstable_by_key(|range| (range.level, range.first));
    let mut merged: Vec<BucketRange> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.level == range.level && last.end == range.first => last.end = range.end,
            _ => merged.push(range),
        }
    }
    merged
}

/// Reads the sums (as `found`) in runs of buckets, of all entities or of those that are few enough to be named.
fn in_ranges(
    conn: &impl ConnectionTrait,
    select: &str,
    factory_id: FactoryId,
    ranges: &[BucketRange],
    entity_ids: Option<&[EntityId]>,
) -> Sql {
    const KINDS: [Kind; 3] = [Kind::SmallInt, Kind::BigInt, Kind::BigInt];
    let rows = ranges.iter().map(|range| [range.level.code().into(), range.first.into(), range.end.into()]);
    let on = |sql: Sql| {
        let sql = sql
            .text("found.factory_id = ")
            .bind(factory_id.0)
            .text(" AND found.level = column1 AND found.bucket >= column2 AND found.bucket < column3");
        match entity_ids.filter(|ids| ids.len() <= MAX_NAMED_ENTITIES) {
            // No entity has this id, and a list may not be empty.
            Some([]) => sql.text(" AND found.entity_id = 0"),
            Some(ids) => sql.text(" AND found.entity_id IN ").bind_list(ids.iter().map(|id| id.0)),
            None => sql,
        }
    };
    Sql::seek(conn, select, "rollup", (&KINDS, rows), on)
}

fn read_sums(row: &QueryResult, from: usize) -> Result<Totals> {
    let mut sums = [0; 8];
    for (column, sum) in (from..).zip(&mut sums) {
        *sum = row.try_get_by_index(column)?;
    }
    Ok(totals_of(sums))
}

/// The entities to choose among all that were read; none where the query chose.
fn to_choose(entity_ids: Option<&[EntityId]>) -> Option<HashSet<EntityId>> {
    entity_ids.filter(|ids| ids.len() > MAX_NAMED_ENTITIES).map(|ids| ids.iter().copied().collect())
}

fn totals_of(
    [working_ms, idle_ms, absent_ms, overlap_ms, units, confidence_ms, confident_ms, events]: [i64; 8],
) -> Totals {
    Totals { working_ms, idle_ms, absent_ms, overlap_ms, units, confidence_ms, confident_ms, events }
}

/// The sums that a row holds.
pub(super) fn totals_of_row(row: &rollup::Model) -> Totals {
    totals_of([
        row.working_ms,
        row.idle_ms,
        row.absent_ms,
        row.overlap_ms,
        row.units,
        row.confidence_ms,
        row.confident_ms,
        row.events,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::table::tests::assert_is_table_of;

    #[test]
    fn the_columns_that_are_written_are_those_of_the_entity() {
        assert_is_table_of::<rollup::Entity, _, _>(&table());
    }
}
