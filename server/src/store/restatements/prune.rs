//! Forgetting what was written down long ago, some at a time, so that nobody waits for it.

use domain::{
    closing::KEPT_FOR_MS,
    id::FactoryId,
    time::{DurationMs, TimestampMs},
};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::store::{
    database::Store,
    engine::{retry::Retries, statement::Sql},
    error::Result,
    factories,
};

/// For how long (milliseconds) rows are kept past the time for which they are needed: servers whose clocks differ agree on
/// what can be asked.
const MARGIN_MS: DurationMs = DurationMs(domain::MS_PER_DAY);

/// The most causes that one transaction forgets.
const MAX_CAUSES: i64 = 1_000;

/// The most hours of entities that one transaction forgets: some 10 ms.
const MAX_HOURS: usize = 2_000;

/// An hour of an entity in the ledger: the revision, the cause's place, the hour, the entity.
pub(in crate::store) type Key = (i64, i32, i64, i32);

impl Store {
    /// Forgets some of what was written down of closed buckets more than 400 days before `now_ms`, and answers whether there is
    /// more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune_ledger(&self, now_ms: TimestampMs) -> Result<bool> {
        let before_ms = now_ms - KEPT_FOR_MS - MARGIN_MS;
        let factories = factories::all(&self.snapshot_for_live().await?).await?;
        for factory in factories {
            let mut retries = Retries::default();
            let outcome = loop {
                let outcome = self.prune_factory(factory.id, before_ms).await;
                if !retries.again(&outcome).await {
                    break outcome;
                }
            };
            if outcome? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn prune_factory(&self, factory_id: FactoryId, before_ms: TimestampMs) -> Result<bool> {
        // Looked for before anything is locked: mostly there is nothing.
        if old_revision(&self.snapshot_for_live().await?, factory_id, before_ms).await?.is_none() {
            return Ok(false);
        }
        let tx = self.begin_write().await?;
        let Some(last_revision) = old_revision(&tx, factory_id, before_ms).await? else { return Ok(false) };
        let keys = oldest_hours(&tx, factory_id, last_revision).await?;
        // A cause is forgotten with the last of its hours.
        let causes_before = match keys.get(MAX_HOURS) {
            Some(&(revision, ordinal, ..)) => (revision, ordinal),
            None => (last_revision + 1, i32::MIN),
        };
        if let Some(&(revision, ordinal, hour, entity_id)) = keys.iter().take(MAX_HOURS).next_back() {
            let delete = Sql::new(&tx, "DELETE FROM restated_hour WHERE factory_id = ")
                .bind(factory_id.0)
                .text(" AND (revision, ordinal, hour, entity_id) <= (")
                .bind(revision)
                .text(", ")
                .bind(ordinal)
                .text(", ")
                .bind(hour)
                .text(", ")
                .bind(entity_id)
                .text(")");
            tx.execute_raw(delete.build()).await?;
        }
        let delete = Sql::new(&tx, "DELETE FROM restatement WHERE factory_id = ")
            .bind(factory_id.0)
            .text(" AND (revision, ordinal) < (")
            .bind(causes_before.0)
            .text(", ")
            .bind(causes_before.1)
            .text(")");
        tx.execute_raw(delete.build()).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The last of some of the oldest revisions that were committed before an instant; none when there is none.
pub(in crate::store) async fn old_revision(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    before_ms: TimestampMs,
) -> Result<Option<i64>> {
    // Instants never fall with the revision, so the oldest come first.
    let select =
        Sql::new(conn, "SELECT MAX(revision) FROM (SELECT revision, at FROM restatement WHERE factory_id = ")
            .bind(factory_id.0)
            .text(" ORDER BY revision, ordinal LIMIT ")
            .bind(MAX_CAUSES)
            .text(") AS oldest WHERE at < ")
            .bind(before_ms.0);
    let row = conn.query_one_raw(select.build()).await?;
    Ok(row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten())
}

/// The oldest hours up to a revision, one more than are forgotten at once.
pub(in crate::store) async fn oldest_hours(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    last_revision: i64,
) -> Result<Vec<Key>> {
    let select =
        Sql::new(conn, "SELECT revision, ordinal, hour, entity_id FROM restated_hour WHERE factory_id = ")
            .bind(factory_id.0)
            .text(" AND revision <= ")
            .bind(last_revision)
            .text(" ORDER BY revision, ordinal, hour, entity_id LIMIT ")
            .bind(MAX_HOURS as i64 + 1);
    let key = |row: &QueryResult| {
        Ok((
            row.try_get_by_index(0)?,
            row.try_get_by_index(1)?,
            row.try_get_by_index(2)?,
            row.try_get_by_index(3)?,
        ))
    };
    conn.query_all_raw(select.build()).await?.iter().map(key).collect()
}
