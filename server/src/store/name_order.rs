//! The order of names where it decides: between reports that are equal in all else.

use std::collections::{BTreeSet, HashMap};

use domain::{
    id::FactoryId,
    reading::names_decide,
    timeline::{NameOrder, Observation},
};
use sea_orm::ConnectionTrait;

use super::{
    error::Result,
    intern::{self, NameTable},
};

/// Finds out the places of the names of reports in those lists in which they can decide something. Most have none such, and
/// then nothing is read.
pub(super) async fn find<'a>(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    lists: impl Iterator<Item = Vec<&'a mut Observation>>,
) -> Result<()> {
    let mut undecided: Vec<Vec<&mut Observation>> = lists
        .filter_map(|mut list| {
            list.sort_by_key(|observation| observation.started_at_ms);
            names_decide(list.iter().map(|observation| &**observation)).then_some(list)
        })
        .collect();
    let all = || undecided.iter().flatten();
    let models: BTreeSet<i32> = all().filter_map(|report| report.model_version).map(|id| id.0).collect();
    let sources: BTreeSet<i32> = all().filter_map(|report| report.source).map(|id| id.0).collect();
    let models = places(conn, NameTable::ModelVersion, factory_id, models).await?;
    let sources = places(conn, NameTable::Source, factory_id, sources).await?;
    for report in undecided.iter_mut().flatten() {
        report.names = NameOrder {
            model_version: report
                .model_version
                .map_or(0, |id| models.get(&id.0).copied().unwrap_or_default()),
            source: report.source.map_or(0, |id| sources.get(&id.0).copied().unwrap_or_default()),
        };
    }
    Ok(())
}

/// The places of names in the order of their bytes, from 1, by their numbers.
async fn places(
    conn: &impl ConnectionTrait,
    table: NameTable,
    factory_id: FactoryId,
    ids: BTreeSet<i32>,
) -> Result<HashMap<i32, u32>> {
    // One name has no other to be compared with but the one that was left out, which comes before it.
    if ids.len() < 2 {
        return Ok(ids.into_iter().map(|id| (id, 1)).collect());
    }
    let names = intern::names_of(conn, table, factory_id, ids.into_iter().collect()).await?;
    let mut names: Vec<(i32, String)> = names.into_iter().collect();
    names.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(names.into_iter().zip(1..).map(|((id, _), place)| (id, place)).collect())
}
