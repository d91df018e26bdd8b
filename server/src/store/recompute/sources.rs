//! When a factory's sources were last seen, as the raw events say.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{FactoryId, SourceId};
use sea_orm::ConnectionTrait;

use super::Difference;
use crate::store::{
    error::Result,
    factories::Factory,
    sources::{self, LastEvent, LastEvents},
};

/// Adds the sources of which something else is stored than what was recomputed.
pub(super) async fn compare(
    conn: &impl ConnectionTrait,
    factory: &Factory,
    recomputed: LastEvents,
    differences: &mut Vec<Difference>,
) -> Result<()> {
    let stored = sources::stored(conn, factory.id).await?.into_map();
    let recomputed = recomputed.into_map();
    let known: BTreeSet<SourceId> = stored.keys().chain(recomputed.keys()).copied().collect();
    let of = |last: &BTreeMap<SourceId, LastEvent>, source| last.get(&source).copied();
    let differing =
        known.into_iter().filter(|source| of(&stored, *source) != of(&recomputed, *source)).map(|source| {
            Difference {
                factory: factory.slug.to_string(),
                what: format!("source {}, last event", source.0),
                stored: format!("{:?}", of(&stored, source)),
                recomputed: format!("{:?}", of(&recomputed, source)),
            }
        });
    differences.extend(differing);
    Ok(())
}

/// Writes anew when a factory's sources were last seen.
pub(super) async fn replace(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    recomputed: LastEvents,
) -> Result<()> {
    sources::forget(tx, factory_id).await?;
    sources::keep(tx, factory_id, recomputed).await
}
