//! When workstations were last told of by the state reports of workers.

use std::collections::{HashMap, HashSet};

use domain::{
    MS_PER_DAY,
    id::{EntityId, FactoryId},
    reading,
    time::{DurationMs, TimestampMs},
    timeline::Standing,
};
use sea_orm::ConnectionTrait;

use super::serving::{self, By};
use crate::store::{
    applied::Applied,
    engine::statement::{Kind, Sql, chunks},
    entities::Entity,
    error::Result,
    name_order,
    neighbours::{self, Near},
    report::Report,
};

/// When workstations were last told of up to an instant, by state reports of workers that serve; those that never were are left
/// out.
pub(in crate::store) async fn told(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    entities: &[&Entity],
    until_ms: TimestampMs,
) -> Result<HashMap<EntityId, TimestampMs>> {
    let workstations = entities.iter().copied().filter(|entity| neighbours::may_be_told_of(entity));
    let mut found = HashMap::new();
    let mut left: Vec<(&Entity, TimestampMs)> = workstations.map(|entity| (entity, until_ms)).collect();
    while !left.is_empty() {
        let latest = latest_starts(conn, factory_id, &left).await?;
        // What ends later than the latest begins starts at most a day before it.
        let near: Vec<Near<'_>> = left
            .iter()
            .filter_map(|&(entity, _)| {
                let latest_ms = *latest.get(entity.code.as_str())?;
                let ranges = vec![(latest_ms - DurationMs(MS_PER_DAY), latest_ms + DurationMs(1))];
                Some(Near { entity, ranges })
            })
            .collect();
        let told = told_near(conn, factory_id, &near, until_ms).await?;
        let mut unseen = HashMap::new();
        for Near { entity, ranges } in near {
            let (from_ms, _) = ranges[0];
            let of_workstation = told.iter().filter(|report| {
                let observation = &report.observation;
                report.tells_of() == Some(&entity.code)
                    && (observation.ended_at_ms() > from_ms || observation.started_at_ms >= from_ms)
            });
            match of_workstation.map(|report| report.observation.ended_at_ms()).max() {
                Some(last_ms) => {
                    found.insert(entity.id, last_ms);
                }
                None => {
                    unseen.insert(entity.id, from_ms);
                }
            }
        }
        let serving = serving::until(conn, factory_id, unseen, By::Anybody).await?;
        left.retain_mut(|(entity, at_ms)| match serving.get(&entity.id) {
            Some(before_ms) => {
                *at_ms = *before_ms - DurationMs(1);
                true
            }
            None => false,
        });
    }
    Ok(found)
}

/// The state reports of workers near spans of workstations that serve, as far as they are known at an instant.
async fn told_near(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    near: &[Near<'_>],
    until_ms: TimestampMs,
) -> Result<Vec<Report>> {
    let mut told = neighbours::told_of(conn, factory_id, &Vec::from_iter(near)).await?;
    let workers: HashSet<EntityId> = told.iter().map(Report::entity_id).collect();
    let applied = Applied::read(conn, factory_id, Some(&Vec::from_iter(workers))).await?;
    for report in &mut told {
        report.judge(applied.at(report.observation.started_at_ms));
    }
    let known = told.into_iter().filter_map(|report| report.known_until(until_ms)).collect();
    let mut of_workers = neighbours::by_worker(known);
    let lists = of_workers.values_mut().map(|reports| reports.iter_mut().map(AsMut::as_mut).collect());
    name_order::find(conn, factory_id, lists).await?;
    // Of those that start together one covers what follows, and the others end where they start.
    for reports in of_workers.values_mut() {
        reading::resolve(reports);
    }
    let serving =
        of_workers.into_values().flatten().filter(|report| report.observation.standing == Standing::Serving);
    Ok(serving.collect())
}

/// When the latest state report that tells of a workstation starts, up to an instant each, by the workstation's code.
async fn latest_starts(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    workstations: &[(&Entity, TimestampMs)],
) -> Result<HashMap<String, TimestampMs>> {
    const KINDS: [Kind; 2] = [Kind::Text, Kind::BigInt];
    let mut found = HashMap::with_capacity(workstations.len());
    for chunk in chunks(conn.get_database_backend(), workstations.len()) {
        let rows = workstations[chunk]
            .iter()
            .map(|(workstation, until_ms)| [workstation.code.as_str().into(), until_ms.0.into()]);
        let latest = Sql::new(
            conn,
            "SELECT column1, (SELECT MAX(found.started_at) FROM event AS found WHERE found.factory_id = ",
        )
        .bind(factory_id.0)
        .text(" AND found.series <> 0 AND found.workstation = column1 AND found.started_at <= column2) FROM ")
        .given(&KINDS, rows);
        for row in conn.query_all_raw(latest.build()).await? {
            if let Some(latest_ms) = row.try_get_by_index::<Option<i64>>(1)? {
                found.insert(row.try_get_by_index(0)?, TimestampMs(latest_ms));
            }
        }
    }
    Ok(found)
}
