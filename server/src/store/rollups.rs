//! The stored sums: few rows for any window.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    bucket::{BUCKET_MS, BucketRange, Level, cover},
    timeline::BucketTotals,
    totals::Totals,
    window::Window,
};
use entity::rollup;
use sea_orm::{ConnectionTrait, QueryResult, Statement};

use super::{
    Result,
    statement::{Kind, Sql, chunks},
};

/// Above this many entities the database sends all and we choose: shorter than naming each.
const MAX_NAMED_ENTITIES: usize = 500;

/// The most runs of buckets that one statement reads; more are read by several.
const MAX_RANGES: usize = 500;

/// The sums of all levels, by level, bucket and entity: the order in which they are written.
pub(super) type LevelTotals = BTreeMap<(i16, i64, i32), Totals>;

/// Adds one entity's five-minute sums to every level.
pub(super) fn add_to_levels(levels: &mut LevelTotals, entity_id: i32, buckets: &BucketTotals) {
    for (bucket, totals) in buckets {
        for level in Level::ALL {
            let coarse = level.bucket_of(bucket * BUCKET_MS);
            *levels.entry((level.code(), coarse, entity_id)).or_default() += *totals;
        }
    }
}

/// Adds to the stored sums, in the order of their key.
pub(super) async fn add(conn: &impl ConnectionTrait, factory_id: i32, levels: &LevelTotals) -> Result<()> {
    const KINDS: [Kind; 12] = [
        Kind::Int,
        Kind::SmallInt,
        Kind::BigInt,
        Kind::Int,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigInt,
        Kind::BigInt,
    ];
    let rows: Vec<_> = levels.iter().filter(|(_, totals)| !totals.is_zero()).collect();
    for chunk in chunks(conn.get_database_backend(), rows.len()) {
        let values = rows[chunk].iter().map(|&(&(level, bucket, entity_id), totals)| {
            [
                factory_id.into(),
                level.into(),
                bucket.into(),
                entity_id.into(),
                totals.working_ms.into(),
                totals.idle_ms.into(),
                totals.absent_ms.into(),
                totals.overlap_ms.into(),
                totals.units.into(),
                totals.confidence_ms.into(),
                totals.confident_ms.into(),
                totals.events.into(),
            ]
        });
        let sql = Sql::new(
            conn,
            "INSERT INTO rollup (factory_id, level, bucket, entity_id, working_ms, idle_ms, absent_ms, overlap_ms, units, \
             confidence_ms, confident_ms, events) ",
        )
        .rows(&KINDS, values)
        .text(
            " ON CONFLICT (factory_id, level, bucket, entity_id) DO UPDATE SET \
             working_ms = rollup.working_ms + excluded.working_ms, idle_ms = rollup.idle_ms + excluded.idle_ms, \
             absent_ms = rollup.absent_ms + excluded.absent_ms, overlap_ms = rollup.overlap_ms + excluded.overlap_ms, \
             units = rollup.units + excluded.units, confidence_ms = rollup.confidence_ms + excluded.confidence_ms, \
             confident_ms = rollup.confident_ms + excluded.confident_ms, events = rollup.events + excluded.events",
        );
        conn.execute_raw(sql.build()).await?;
    }
    Ok(())
}

/// The sums of the named entities (ids) in a window, or of all entities of the factory; no window is all time.
/// Entities without any are left out.
pub async fn totals(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    window: Option<Window>,
    entity_ids: Option<&[i32]>,
) -> Result<HashMap<i32, Totals>> {
    let chosen = to_choose(entity_ids);
    let sums = conn.query_all_raw(sums_in(conn, factory_id, window, entity_ids)).await?;
    let mut totals = HashMap::with_capacity(sums.len());
    for row in &sums {
        let (entity_id, sums): (i32, Totals) = (row.try_get_by_index(0)?, read_sums(row, 1)?);
        if !sums.is_zero() && chosen.as_ref().is_none_or(|chosen| chosen.contains(&entity_id)) {
            totals.insert(entity_id, sums);
        }
    }
    Ok(totals)
}

/// How many events of a factory are stored.
pub async fn event_count(conn: &impl ConnectionTrait, factory_id: i32) -> Result<i64> {
    let select = Sql::new(
        conn,
        "SELECT CAST(COALESCE(SUM(events), 0) AS bigint) FROM rollup WHERE bucket = 0 AND factory_id = ",
    )
    .bind(factory_id)
    .text(" AND level = ")
    .bind(Level::AllTime.code());
    let row = conn.query_one_raw(select.build()).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// The statement that adds up a window: one, however ragged its ends.
pub(super) fn sums_in(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    window: Option<Window>,
    entity_ids: Option<&[i32]>,
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
    factory_id: i32,
    steps: &[Window],
    entity_ids: Option<&[i32]>,
) -> Result<Vec<(usize, i32, Totals)>> {
    const SELECT: &str = "found.level, found.bucket, found.entity_id, found.working_ms, found.idle_ms, found.absent_ms, \
                          found.overlap_ms, found.units, found.confidence_ms, found.confident_ms, found.events";
    let chosen = to_choose(entity_ids);
    let mut sums: BTreeMap<(usize, i32), Totals> = BTreeMap::new();
    for ranges in merged_cover(steps).chunks(MAX_RANGES) {
        let sql = in_ranges(conn, SELECT, factory_id, ranges, entity_ids);
        for row in conn.query_all_raw(sql.build()).await? {
            let (level, bucket, entity_id): (i16, i64, i32) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&entity_id)) {
                let level = Level::ALL.into_iter().find(|known| known.code() == level);
                let starts_at_ms = bucket * level.and_then(Level::length_ms).unwrap_or_default();
                let step = steps.partition_point(|step| step.to_ms <= starts_at_ms);
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
    factory_id: i32,
    ranges: &[BucketRange],
    entity_ids: Option<&[i32]>,
) -> Sql {
    const KINDS: [Kind; 3] = [Kind::SmallInt, Kind::BigInt, Kind::BigInt];
    let rows = ranges.iter().map(|range| [range.level.code().into(), range.first.into(), range.end.into()]);
    let on = |sql: Sql| {
        let sql = sql
            .text("found.factory_id = ")
            .bind(factory_id)
            .text(" AND found.level = column1 AND found.bucket >= column2 AND found.bucket < column3");
        match entity_ids.filter(|ids| ids.len() <= MAX_NAMED_ENTITIES) {
            // No entity has this id, and a list may not be empty.
            Some([]) => sql.text(" AND found.entity_id = 0"),
            Some(ids) => sql.text(" AND found.entity_id IN ").bind_list(ids.iter().copied()),
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
fn to_choose(entity_ids: Option<&[i32]>) -> Option<HashSet<i32>> {
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
