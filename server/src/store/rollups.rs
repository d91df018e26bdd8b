//! The stored sums: few rows for any window.

mod factory;

use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
};

use domain::{
    bucket::{BUCKET_MS, BucketRange, Level, cover, cover_by},
    id::{EntityId, FactoryId},
    time::{DurationMs, TimestampMs},
    timeline::BucketTotals,
    totals::Totals,
    window::Window,
};
use entity::rollup;
use sea_orm::{ConnectionTrait, QueryResult, Statement};

pub use self::factory::{FactorySums, factory_series};
use super::{
    access::{Permission, Scope, SeeFigures},
    engine::{
        statement::{Kind, Sql, chunks},
        table::{Column, Table, Texts},
    },
    error::Result,
};

/// The most runs of buckets that one statement reads; more are read by several.
const MAX_RANGES: usize = 500;

/// The most sums that one statement of a series reads: some 40 MB while they become totals. More are read by several.
const MAX_ROWS: usize = 20_000;

/// The bits of a stored number that are the bucket; those above are the level.
const BUCKET_BITS: u32 = 40;

/// The number under which a bucket of a level is stored. What lies outside of what can be stored is cut: nothing is there.
pub(super) fn stored_bucket(level: Level, bucket: i64) -> i64 {
    (i64::from(level.code()) << BUCKET_BITS) + bucket.clamp(0, (1 << BUCKET_BITS) - 1)
}

/// The number of a bucket within its level.
pub(super) fn bucket_of_stored(stored: i64) -> i64 {
    stored & ((1 << BUCKET_BITS) - 1)
}

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
    // Hardly any time is contested or corrected, and what is not written costs nothing.
    let (plain, others): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| (row.totals.contested_ms, row.totals.corrected_ms) == (0, 0));
    plain_table().upsert(conn, &plain).await?;
    table().upsert(conn, &others).await
}

/// What is added to a row.
struct RollupRow<'a> {
    factory_id: FactoryId,
    level: Level,
    bucket: i64,
    entity_id: EntityId,
    totals: &'a Totals,
}

/// Of rows in which no time is contested or corrected.
fn plain_table<'a>() -> Table<RollupRow<'a>, 11> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "rollup",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row| row.factory_id.0.into()),
            Column::key("bucket", Kind::BigInt, |row| stored_bucket(row.level, row.bucket).into()),
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

fn table<'a>() -> Table<RollupRow<'a>, 13> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "rollup",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |row| row.factory_id.0.into()),
            Column::key("bucket", Kind::BigInt, |row| stored_bucket(row.level, row.bucket).into()),
            Column::key("entity_id", Kind::Int, |row| row.entity_id.0.into()),
            Column::add("working_ms", |row| row.totals.working_ms.into()),
            Column::add("idle_ms", |row| row.totals.idle_ms.into()),
            Column::add("absent_ms", |row| row.totals.absent_ms.into()),
            Column::add("overlap_ms", |row| row.totals.overlap_ms.into()),
            Column::add("contested_ms", |row| row.totals.contested_ms.into()),
            Column::add("corrected_ms", |row| row.totals.corrected_ms.into()),
            Column::add("units", |row| row.totals.units.into()),
            Column::add("confidence_ms", |row| row.totals.confidence_ms.into()),
            Column::add("confident_ms", |row| row.totals.confident_ms.into()),
            Column::add("events", |row| row.totals.events.into()),
        ],
    )
}

/// The sums of the named entities (ids) in a window, or of all entities of the factory; no window is all time.
/// Entities without any are left out.
///
/// # Errors
/// The database failed.
pub async fn totals(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    window: Option<Window>,
    entity_ids: Option<&[EntityId]>,
) -> Result<HashMap<EntityId, Totals>> {
    totals_of_factory(conn, scope.factory_id(), window, entity_ids).await
}

/// The same of a factory that the store works on.
pub(super) async fn totals_of_factory(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    window: Option<Window>,
    entity_ids: Option<&[EntityId]>,
) -> Result<HashMap<EntityId, Totals>> {
    let sums = conn.query_all_raw(sums_in(conn, factory_id, window, entity_ids)).await?;
    let mut totals = HashMap::with_capacity(sums.len());
    for row in &sums {
        let (entity_id, sums) = (EntityId(row.try_get_by_index(0)?), read_sums(row, 1)?);
        if !sums.is_zero() {
            totals.insert(entity_id, sums);
        }
    }
    Ok(totals)
}

/// How many events of a factory are stored.
///
/// # Errors
/// The database failed.
pub async fn event_count(conn: &impl ConnectionTrait, scope: &Scope<impl Permission>) -> Result<i64> {
    count_events(conn, scope.factory_id()).await
}

/// The same of a factory that the store works on.
pub(super) async fn count_events(conn: &impl ConnectionTrait, factory_id: FactoryId) -> Result<i64> {
    let select =
        Sql::new(conn, "SELECT CAST(COALESCE(SUM(events), 0) AS bigint) FROM rollup WHERE factory_id = ")
            .bind(factory_id.0)
            .text(" AND bucket = ")
            .bind(stored_bucket(Level::AllTime, 0));
    let row = conn.query_one_raw(select.build()).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// How many events start in buckets of a level, of those that have sums, from the first on or from the last: so many at most.
pub(super) async fn events_of_buckets(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    (level, buckets): (Level, RangeInclusive<i64>),
    backwards: bool,
    limit: u64,
) -> Result<Vec<(i64, i64)>> {
    let select = Sql::new(conn, "SELECT bucket, CAST(SUM(events) AS bigint) FROM rollup WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND bucket >= ")
        .bind(stored_bucket(level, *buckets.start()))
        .text(" AND bucket <= ")
        .bind(stored_bucket(level, *buckets.end()))
        .text(" GROUP BY bucket ORDER BY bucket")
        .text(if backwards { " DESC LIMIT " } else { " LIMIT " })
        .bind(limit as i64);
    let rows = conn.query_all_raw(select.build()).await?;
    rows.iter()
        .map(|row| Ok((bucket_of_stored(row.try_get_by_index(0)?), row.try_get_by_index(1)?)))
        .collect()
}

/// The last UTC day of each of some entities in which time of it was observed before an instant, or that instant's own day; of
/// those that have one.
pub(super) async fn last_days_observed(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entities: &[(EntityId, TimestampMs)],
) -> Result<HashMap<EntityId, i64>> {
    const KINDS: [Kind; 2] = [Kind::Int, Kind::BigInt];
    let mut found = HashMap::with_capacity(entities.len());
    for chunk in chunks(conn.get_database_backend(), entities.len()) {
        let rows = entities[chunk].iter().map(|(entity_id, before_ms)| {
            let last_day = Level::Day.bucket_of(*before_ms - DurationMs(1));
            [entity_id.0.into(), stored_bucket(Level::Day, last_day).into()]
        });
        let last_days = Sql::new(
            conn,
            "SELECT column1, (SELECT MAX(found.bucket) FROM rollup AS found WHERE found.factory_id = ",
        )
        .bind(factory_id.0)
        .text(" AND found.bucket >= ")
        .bind(stored_bucket(Level::Day, 0))
        .text(
            " AND found.bucket <= column2 AND found.entity_id = column1 \
             AND found.working_ms + found.idle_ms + found.absent_ms > 0) FROM ",
        )
        .given(&KINDS, rows);
        for row in conn.query_all_raw(last_days.build()).await? {
            if let Some(bucket) = row.try_get_by_index(1)? {
                found.insert(EntityId(row.try_get_by_index(0)?), bucket_of_stored(bucket));
            }
        }
    }
    Ok(found)
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
                          CAST(SUM(found.contested_ms) AS bigint), CAST(SUM(found.corrected_ms) AS bigint), \
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
    scope: &Scope<SeeFigures>,
    steps: &[Window],
    entity_ids: &[EntityId],
) -> Result<Vec<(usize, EntityId, Totals)>> {
    const SELECT: &str = "found.bucket, found.entity_id, found.working_ms, found.idle_ms, found.absent_ms, \
                          found.overlap_ms, found.contested_ms, found.corrected_ms, found.units, found.confidence_ms, \
                          found.confident_ms, found.events";
    let factory_id = scope.factory_id();
    let mut sums: BTreeMap<(usize, EntityId), Totals> = BTreeMap::new();
    for ranges in few_rows(&merged_cover(steps), entity_ids.len()) {
        let sql = in_ranges(conn, SELECT, factory_id, &ranges, Some(entity_ids));
        for row in conn.query_all_raw(sql.build()).await? {
            let (entity_id, starts_at_ms) = (EntityId(row.try_get_by_index(1)?), starts_at_ms(&row)?);
            let step = steps.partition_point(|step| step.to_ms <= starts_at_ms);
            *sums.entry((step, entity_id)).or_default() += read_sums(&row, 2)?;
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

/// Visits the sums of entities in a window by buckets no coarser than a level, each with its start; those of a bucket of
/// which nothing is stored are left out.
pub(super) async fn for_each_sum(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    (window, coarsest): (Window, Level),
    entity_ids: &[EntityId],
    mut visit: impl FnMut(EntityId, TimestampMs, &Totals),
) -> Result<()> {
    const SELECT: &str = "found.bucket, found.entity_id, found.working_ms, found.idle_ms, found.absent_ms";
    let cover = cover_by(window.from_ms, window.to_ms, coarsest);
    for ranges in few_rows(&cover, entity_ids.len()) {
        let sql = in_ranges(conn, SELECT, factory_id, &ranges, Some(entity_ids));
        for row in conn.query_all_raw(sql.build()).await? {
            let sums = Totals {
                working_ms: row.try_get_by_index(2)?,
                idle_ms: row.try_get_by_index(3)?,
                absent_ms: row.try_get_by_index(4)?,
                ..Totals::default()
            };
            visit(EntityId(row.try_get_by_index(1)?), starts_at_ms(&row)?, &sums);
        }
    }
    Ok(())
}

/// When the bucket of a row begins, whose first column is its stored number.
fn starts_at_ms(row: &QueryResult) -> Result<TimestampMs> {
    let stored: i64 = row.try_get_by_index(0)?;
    let level = Level::ALL.into_iter().find(|known| i64::from(known.code()) == stored >> BUCKET_BITS);
    Ok(TimestampMs(bucket_of_stored(stored) * level.and_then(Level::length_ms).unwrap_or_default()))
}

/// The same buckets in lists for one statement each, which reads at most [`MAX_ROWS`] sums of so many entities.
fn few_rows(ranges: &[BucketRange], entities: usize) -> Vec<Vec<BucketRange>> {
    let most_buckets = (MAX_ROWS / entities.max(1)).max(1) as i64;
    let mut statements: Vec<Vec<BucketRange>> = Vec::new();
    let (mut statement, mut buckets_left) = (Vec::new(), most_buckets);
    for range in ranges {
        let mut first = range.first;
        while first < range.end {
            let end = range.end.min(first + buckets_left);
            statement.push(BucketRange { level: range.level, first, end });
            buckets_left -= end - first;
            first = end;
            if buckets_left == 0 || statement.len() == MAX_RANGES {
                statements.push(std::mem::take(&mut statement));
                buckets_left = most_buckets;
            }
        }
    }
    statements.extend((!statement.is_empty()).then_some(statement));
    statements
}

/// The columns that are summed, in the order of [`totals_of`].
const SUMMED: [&str; 10] = [
    "working_ms",
    "idle_ms",
    "absent_ms",
    "overlap_ms",
    "contested_ms",
    "corrected_ms",
    "units",
    "confidence_ms",
    "confident_ms",
    "events",
];

/// Reads the sums (as `found`) in runs of buckets, of all entities or of those that are named.
fn in_ranges(
    conn: &impl ConnectionTrait,
    select: &str,
    factory_id: FactoryId,
    ranges: &[BucketRange],
    entity_ids: Option<&[EntityId]>,
) -> Sql {
    const KINDS: [Kind; 2] = [Kind::BigInt, Kind::BigInt];
    let rows = ranges.iter().map(|range| stored_range(range).map(Into::into));
    let on = |sql: Sql| {
        let sql = sql
            .text("found.factory_id = ")
            .bind(factory_id.0)
            .text(" AND found.bucket >= column1 AND found.bucket < column2");
        match entity_ids {
            Some(ids) => sql.text(" AND found.entity_id IN ").bind_set(ids.iter().map(|id| id.0)),
            None => sql,
        }
    };
    Sql::seek(conn, select, "rollup", (&KINDS, rows), on)
}

/// The stored numbers of a run of buckets: the first, and the one after the last.
fn stored_range(range: &BucketRange) -> [i64; 2] {
    [range.first, range.end].map(|bucket| stored_bucket(range.level, bucket))
}

fn read_sums(row: &QueryResult, from: usize) -> Result<Totals> {
    let mut sums = [0; SUMMED.len()];
    for (column, sum) in (from..).zip(&mut sums) {
        *sum = row.try_get_by_index(column)?;
    }
    Ok(totals_of(sums))
}

fn totals_of(
    [
        working_ms,
        idle_ms,
        absent_ms,
        overlap_ms,
        contested_ms,
        corrected_ms,
        units,
        confidence_ms,
        confident_ms,
        events,
    ]: [i64; SUMMED.len()],
) -> Totals {
    Totals {
        working_ms,
        idle_ms,
        absent_ms,
        overlap_ms,
        contested_ms,
        corrected_ms,
        units,
        confidence_ms,
        confident_ms,
        events,
    }
}

/// The sums that a row holds.
pub(super) fn totals_of_row(row: &rollup::Model) -> Totals {
    totals_of([
        row.working_ms,
        row.idle_ms,
        row.absent_ms,
        row.overlap_ms,
        row.contested_ms,
        row.corrected_ms,
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
