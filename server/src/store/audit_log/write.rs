//! Adding rows, and forgetting the oldest.

use domain::{
    id::FactoryId,
    time::{DurationMs, TimestampMs},
};
use entity::{audit_head, audit_log};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::{
    chain::{self, BEFORE_ALL, RowHash},
    entry::{AuditRow, Record},
};
use crate::store::{
    Store,
    access::Author,
    engine::{code::Code as _, retry::Retries, statement::Sql},
    error::{Result, StoreError},
};

/// How long rows are kept (milliseconds): 400 days.
pub const KEPT_FOR_MS: DurationMs = DurationMs(400 * domain::MS_PER_DAY);

/// The most rows that one transaction forgets.
const MAX_FORGOTTEN: u64 = 1_000;

/// Adds a row. It must be the last that a transaction does before it is committed, but for what nobody else waits for: from then
/// on it has the log for itself.
pub(in crate::store) async fn append(
    tx: &impl ConnectionTrait,
    author: &Author,
    record: Record,
) -> Result<()> {
    let (number, before) = next(tx, record.factory_id).await?;
    let origin = author.origin.as_ref();
    let mut row = AuditRow {
        factory_id: record.factory_id,
        number,
        at_ms: author.at_ms,
        principal_id: author.principal_id,
        principal: author.name.to_string(),
        credential_id: author.credential_id,
        action: record.action,
        outcome: record.outcome,
        target: record.target,
        details: record.details.to_string(),
        address: origin.map(|origin| origin.address.to_string()),
        request_id: origin.and_then(|origin| origin.request_id.as_deref()).map(str::to_owned),
        revision: record.revision,
        times: record.times,
        hash: BEFORE_ALL,
    };
    row.hash = chain::hash(before, &row);
    let hash = row.hash.column();
    audit_log::Entity::insert(model(row).into_active_model()).exec_without_returning(tx).await?;
    let update = Sql::new(tx, "UPDATE audit_head SET hash = ").bind(hash).text(" WHERE factory_id = ");
    tx.execute_raw(update.bind(column(record.factory_id)).build()).await?;
    Ok(())
}

/// Takes the next number of a log, which nobody else does until the transaction ends, and the hash of its last row.
async fn next(tx: &impl ConnectionTrait, factory_id: Option<FactoryId>) -> Result<(i64, RowHash)> {
    let take = Sql::new(
        tx,
        "INSERT INTO audit_head (factory_id, number, hash, first_number, hash_before_first) VALUES (",
    )
    .bind(column(factory_id))
    .text(", 1, ")
    .bind(BEFORE_ALL.column())
    .text(", 1, ")
    .bind(BEFORE_ALL.column())
    .text(") ON CONFLICT (factory_id) DO UPDATE SET number = audit_head.number + 1 RETURNING number, hash");
    let taken = tx.query_one_raw(take.build()).await?;
    let taken = taken.ok_or_else(|| StoreError::Corrupt("no end of the audit log".to_owned()))?;
    let (number, hash): (i64, Vec<u8>) = (taken.try_get_by_index(0)?, taken.try_get_by_index(1)?);
    Ok((number, RowHash::of_column(&hash)?))
}

fn model(row: AuditRow) -> audit_log::Model {
    audit_log::Model {
        factory_id: column(row.factory_id),
        number: row.number,
        at: row.at_ms.0,
        principal_id: row.principal_id.map_or(0, |id| id.0),
        principal: row.principal,
        credential_id: row.credential_id.map_or(0, |id| id.0),
        action: row.action.code(),
        outcome: row.outcome.code(),
        target: row.target,
        details: row.details,
        address: row.address.unwrap_or_default(),
        request_id: row.request_id.unwrap_or_default(),
        revision: row.revision,
        times: row.times,
        hash: row.hash.column(),
    }
}

/// Whose log it is, as a column.
pub(super) fn column(factory_id: Option<FactoryId>) -> i32 {
    factory_id.map_or(0, |id| id.0)
}

impl Store {
    /// Adds rows about what changed nothing, such as what was refused.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep_records(&self, records: &[(Author, Record)]) -> Result<()> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_keep_records(records).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_keep_records(&self, records: &[(Author, Record)]) -> Result<()> {
        let tx = self.begin_write().await?;
        for (author, record) in records {
            append(&tx, author, record.clone()).await?;
        }
        tx.commit().await
    }

    /// Forgets some of the rows older than [`KEPT_FOR_MS`], and answers whether there are more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune_audit_log(&self, now_ms: TimestampMs) -> Result<bool> {
        let before_ms = now_ms - KEPT_FOR_MS;
        for head in audit_head::Entity::find().all(&self.snapshot_for_live().await?).await? {
            let mut retries = Retries::default();
            let outcome = loop {
                let outcome = self.forget_oldest(head.factory_id, before_ms).await;
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

    async fn forget_oldest(&self, log: i32, before_ms: TimestampMs) -> Result<bool> {
        // Looked for before anything is locked: mostly there is nothing.
        if oldest(&self.snapshot_for_live().await?, log, before_ms).await?.is_none() {
            return Ok(false);
        }
        let tx = self.begin_write().await?;
        let Some((number, hash)) = oldest(&tx, log, before_ms).await? else { return Ok(false) };
        audit_log::Entity::delete_many()
            .filter(audit_log::Column::FactoryId.eq(log))
            .filter(audit_log::Column::Number.lte(number))
            .exec(&tx)
            .await?;
        let update = Sql::new(&tx, "UPDATE audit_head SET first_number = ")
            .bind(number + 1)
            .text(", hash_before_first = ")
            .bind(hash)
            .text(" WHERE factory_id = ")
            .bind(log)
            .text(" AND first_number <= ")
            .bind(number);
        tx.execute_raw(update.build()).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The last of the first rows that are older, and its hash; at most so many as one transaction forgets.
async fn oldest(
    conn: &impl ConnectionTrait,
    log: i32,
    before_ms: TimestampMs,
) -> Result<Option<(i64, Vec<u8>)>> {
    let rows: Vec<(i64, i64, Vec<u8>)> = audit_log::Entity::find()
        .select_only()
        .columns([audit_log::Column::Number, audit_log::Column::At, audit_log::Column::Hash])
        .filter(audit_log::Column::FactoryId.eq(log))
        .order_by_asc(audit_log::Column::Number)
        .limit(MAX_FORGOTTEN)
        .into_tuple()
        .all(conn)
        .await?;
    // Clocks differ, so that a row can be older than the one before it: it waits for that one.
    let old = rows.into_iter().take_while(|(_, at, _)| *at < before_ms.0).last();
    Ok(old.map(|(number, _, hash)| (number, hash)))
}
