//! The stored sums: few rows for any window.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    bucket::{BUCKET_MS, BucketRange, Level, cover},
    timeline::BucketTotals,
    totals::Totals,
    window::Window,
};
use entity::rollup::{self, Column};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QuerySelect as _,
    sea_query::{Expr, OnConflict},
};

use super::{Result, rows_per_statement};

/// The columns that are summed, in the order in which [`totals_of`] takes them.
const SUMS: [Column; 8] = [
    Column::WorkingMs,
    Column::IdleMs,
    Column::AbsentMs,
    Column::OverlapMs,
    Column::Units,
    Column::ConfidenceMs,
    Column::ConfidentMs,
    Column::Events,
];

/// Above this many entities the database sends all and we choose: shorter than naming each.
const MAX_NAMED_ENTITIES: usize = 500;

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
    const COLUMNS: usize = 12;
    let rows: Vec<_> = levels
        .iter()
        .filter(|(_, totals)| !totals.is_zero())
        .map(|(&(level, bucket, entity_id), totals)| rollup::ActiveModel {
            factory_id: Set(factory_id),
            level: Set(level),
            bucket: Set(bucket),
            entity_id: Set(entity_id),
            working_ms: Set(totals.working_ms),
            idle_ms: Set(totals.idle_ms),
            absent_ms: Set(totals.absent_ms),
            overlap_ms: Set(totals.overlap_ms),
            units: Set(totals.units),
            confidence_ms: Set(totals.confidence_ms),
            confident_ms: Set(totals.confident_ms),
            events: Set(totals.events),
        })
        .collect();
    for chunk in rows.chunks(rows_per_statement(COLUMNS)) {
        let mut add =
            OnConflict::columns([Column::FactoryId, Column::Level, Column::Bucket, Column::EntityId]);
        for column in SUMS {
            let sum = Expr::col((rollup::Entity, column)).add(Expr::col(("excluded", column)));
            add.value(column, sum);
        }
        rollup::Entity::insert_many(chunk.iter().cloned())
            .on_conflict(add)
            .exec_without_returning(conn)
            .await?;
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
    let all_time = || vec![BucketRange { level: Level::AllTime, first: 0, end: 1 }];
    let ranges = window.map_or_else(all_time, |window| cover(window.from_ms, window.to_ms));
    let chosen = to_choose(entity_ids);
    let mut sums: HashMap<i32, Totals> = HashMap::new();
    for range in ranges {
        let mut query =
            rollup::Entity::find().select_only().column(Column::EntityId).group_by(Column::EntityId);
        for column in SUMS {
            // Sums of 64-bit columns are wider on some engines; ours fit, and are read as what they are.
            query = query.expr(Expr::col(column).sum().cast_as("bigint"));
        }
        let rows: Vec<SumRow> =
            query.filter(in_range(factory_id, range, entity_ids)).into_tuple().all(conn).await?;
        for (entity_id, working, idle, absent, overlap, units, confidence, confident, events) in rows {
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&entity_id)) {
                *sums.entry(entity_id).or_default() +=
                    totals_of([working, idle, absent, overlap, units, confidence, confident, events]);
            }
        }
    }
    sums.retain(|_, totals| !totals.is_zero());
    Ok(sums)
}

/// The sums of each entity in each step of a series, steps being in the order of time without overlap:
/// `(index of the step, entity id, sums)` in the order of the steps, sums of zero left out.
pub async fn series(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    steps: &[Window],
    entity_ids: Option<&[i32]>,
) -> Result<Vec<(usize, i32, Totals)>> {
    let chosen = to_choose(entity_ids);
    let mut sums: BTreeMap<(usize, i32), Totals> = BTreeMap::new();
    for range in merged_cover(steps) {
        let rows = rollup::Entity::find().filter(in_range(factory_id, range, entity_ids)).all(conn).await?;
        let wanted =
            |row: &rollup::Model| chosen.as_ref().is_none_or(|chosen| chosen.contains(&row.entity_id));
        for row in rows.into_iter().filter(wanted) {
            let starts_at_ms = row.bucket * range.level.length_ms().unwrap_or_default();
            let step = steps.partition_point(|step| step.to_ms <= starts_at_ms);
            *sums.entry((step, row.entity_id)).or_default() += totals_of_row(&row);
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

fn in_range(factory_id: i32, range: BucketRange, entity_ids: Option<&[i32]>) -> Condition {
    let condition = Condition::all()
        .add(Column::FactoryId.eq(factory_id))
        .add(Column::Level.eq(range.level.code()))
        .add(Column::Bucket.gte(range.first))
        .add(Column::Bucket.lt(range.end));
    match entity_ids.filter(|ids| ids.len() <= MAX_NAMED_ENTITIES) {
        Some(ids) => condition.add(Column::EntityId.is_in(ids.iter().copied())),
        None => condition,
    }
}

/// The entities to choose among all that were read; none where the query chose.
fn to_choose(entity_ids: Option<&[i32]>) -> Option<HashSet<i32>> {
    entity_ids.filter(|ids| ids.len() > MAX_NAMED_ENTITIES).map(|ids| ids.iter().copied().collect())
}

type SumRow = (i32, i64, i64, i64, i64, i64, i64, i64, i64);

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
