//! The sums of a whole factory or of an area, added up by the database.

use domain::{
    bucket::{BucketRange, cover},
    event::EntityType,
    id::FactoryId,
    totals::Totals,
    window::Window,
};
use sea_orm::{ConnectionTrait, Statement};

use super::{MAX_RANGES, SUMMED, stored_range, totals_of};
use crate::store::{
    access::{Scope, SeeFigures},
    engine::{
        code::Code as _,
        statement::{Kind, Sql},
    },
    error::{Result, StoreError},
};

/// The sums of a factory in each step of a series, one item a step; with an area those of what is in it. The database adds
/// them up, so that it answers with a row for each run of buckets, however many entities there are.
pub async fn factory_series(
    conn: &impl ConnectionTrait,
    scope: &Scope<SeeFigures>,
    steps: &[Window],
    area: Option<&str>,
) -> Result<Vec<FactorySums>> {
    let factory_id = scope.factory_id();
    let mut sums = vec![FactorySums::default(); steps.len()];
    let runs: Vec<(usize, BucketRange)> = (0..)
        .zip(steps)
        .flat_map(|(step, window)| {
            cover(window.from_ms, window.to_ms).into_iter().map(move |range| (step, range))
        })
        .collect();
    for runs in runs.chunks(MAX_RANGES) {
        let rows = conn.query_all_raw(factory_sums_in(conn, factory_id, runs, area)).await?;
        for row in rows {
            let (step, of_run): (i64, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let of_run = parse_factory_sums(&of_run)?;
            let of_step = &mut sums[step as usize];
            of_step.workers += of_run.workers;
            of_step.workstation_units += of_run.workstation_units;
        }
    }
    Ok(sums)
}

/// What the figures of a factory are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorySums {
    /// The sums of the workers.
    pub workers: Totals,
    /// What the workstations finished.
    pub workstation_units: i64,
}

/// The statement that adds up runs of buckets, each with the number of its step: `(number, sums)`.
///
/// Each run is a subquery of its own, which has one value, so its sums are one text. Grouping all runs at once would make
/// SQLite sort every row that it reads.
fn factory_sums_in(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    runs: &[(usize, BucketRange)],
    area: Option<&str>,
) -> Statement {
    const KINDS: [Kind; 3] = [Kind::BigInt, Kind::BigInt, Kind::BigInt];
    let sum_of = |entity_type: EntityType, column| {
        let code = entity_type.code();
        format!("COALESCE(SUM(CASE WHEN tracked.entity_type = {code} THEN found.{column} END), 0)")
    };
    let mut sums = SUMMED.map(|column| sum_of(EntityType::Worker, column)).to_vec();
    sums.push(sum_of(EntityType::Workstation, "units"));
    let sql = Sql::new(conn, "SELECT column1, (SELECT ")
        .text(&sums.join(" || ' ' || "))
        .text(" FROM rollup AS found CROSS JOIN tracked_entity AS tracked WHERE found.factory_id = ")
        .bind(factory_id.0)
        .text(" AND found.bucket >= column2 AND found.bucket < column3")
        .text(" AND tracked.factory_id = found.factory_id AND tracked.id = found.entity_id");
    let sql = match area {
        Some(area) => sql.text(" AND tracked.area = ").bind(area),
        None => sql,
    };
    let rows = runs.iter().map(|(step, range)| {
        let [first, end] = stored_range(range);
        [(*step as i64).into(), first.into(), end.into()]
    });
    sql.text(") FROM ").given(&KINDS, rows).build()
}

fn parse_factory_sums(text: &str) -> Result<FactorySums> {
    let sums: Option<Vec<i64>> = text.split(' ').map(|sum| sum.parse().ok()).collect();
    let Some([workers @ .., workstation_units]) = sums.as_deref() else { return Err(unknown_sums(text)) };
    let workers = workers.try_into().map(totals_of).map_err(|_| unknown_sums(text))?;
    Ok(FactorySums { workers, workstation_units: *workstation_units })
}

fn unknown_sums(text: &str) -> StoreError {
    StoreError::Corrupt(format!("the sums \"{text}\""))
}
