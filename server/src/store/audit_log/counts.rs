//! Events that were sent: too many for a row each, so that they are counted by credential and hour, and written to the log when the
//! hour is over.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::{
    MS_PER_HOUR,
    id::{CredentialId, FactoryId, PrincipalId},
    time::{DurationMs, TimestampMs},
};
use entity::{credential, ingest_count, principal};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::json;

use super::{
    entry::{AuditAction, Record},
    write::append,
};
use crate::store::{
    Store,
    access::Author,
    engine::{
        retry::Retries,
        statement::Kind,
        table::{Column, Table, Texts},
    },
    error::Result,
};

/// How long after its end (milliseconds) an hour is written to the log: clocks of servers differ.
const MARGIN_MS: DurationMs = DurationMs(domain::MS_PER_MINUTE);

/// The most counts that one transaction writes to the log.
const MAX_AT_ONCE: u64 = 200;

static TEXTS: Texts = Texts::new();

const TABLE: Table<ingest_count::Model, 5> = Table::new(
    "ingest_count",
    &TEXTS,
    [
        Column::key("factory_id", Kind::Int, |row| row.factory_id.into()),
        Column::key("credential_id", Kind::Int, |row| row.credential_id.into()),
        Column::key("hour_at", Kind::BigInt, |row| row.hour_at.into()),
        Column::add("batches", |row| row.batches.into()),
        Column::add("events", |row| row.events.into()),
    ],
);

/// Counts batches, each with how many of its events were stored, within their transaction.
pub(in crate::store) async fn count_ingested(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    now_ms: TimestampMs,
    batches: impl Iterator<Item = (CredentialId, usize)>,
) -> Result<()> {
    let mut counts: BTreeMap<CredentialId, ingest_count::Model> = BTreeMap::new();
    for (credential, events) in batches {
        let count = counts.entry(credential).or_insert_with(|| ingest_count::Model {
            factory_id: factory_id.0,
            credential_id: credential.0,
            hour_at: now_ms.0.div_euclid(MS_PER_HOUR) * MS_PER_HOUR,
            batches: 0,
            events: 0,
        });
        count.batches += 1;
        count.events += events as i64;
    }
    let rows: Vec<_> = counts.into_values().collect();
    TABLE.upsert(tx, &rows).await
}

impl Store {
    /// Writes some of the counts of hours that are over to the log, and answers whether there are more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn keep_ingest_counts(&self, now_ms: TimestampMs) -> Result<bool> {
        let mut retries = Retries::default();
        loop {
            let outcome = self.try_keep_ingest_counts(now_ms).await;
            if !retries.again(&outcome).await {
                return outcome;
            }
        }
    }

    async fn try_keep_ingest_counts(&self, now_ms: TimestampMs) -> Result<bool> {
        // Looked for before anything is locked: mostly there is nothing.
        if over(&self.snapshot_for_live().await?, now_ms).await?.is_empty() {
            return Ok(false);
        }
        let tx = self.begin_write().await?;
        let counts = over(&tx, now_ms).await?;
        let mut is_any = false;
        for (count, sender) in counts {
            // Another server may have written it meanwhile.
            let deleted = ingest_count::Entity::delete_many()
                .filter(ingest_count::Column::FactoryId.eq(count.factory_id))
                .filter(ingest_count::Column::CredentialId.eq(count.credential_id))
                .filter(ingest_count::Column::HourAt.eq(count.hour_at))
                .filter(ingest_count::Column::Batches.eq(count.batches))
                .exec(&tx)
                .await?;
            if deleted.rows_affected == 0 {
                continue;
            }
            is_any = true;
            let (author, record) = row(&count, sender, now_ms);
            append(&tx, &author, record).await?;
        }
        tx.commit().await?;
        Ok(is_any)
    }
}

fn row(
    count: &ingest_count::Model,
    sender: Option<principal::Model>,
    now_ms: TimestampMs,
) -> (Author, Record) {
    let author = Author {
        name: sender.as_ref().map(|sender| sender.name.as_str()).unwrap_or_default().into(),
        principal_id: sender.map(|sender| PrincipalId(sender.id)),
        credential_id: Some(CredentialId(count.credential_id)),
        origin: None,
        at_ms: now_ms,
    };
    let hour =
        DateTime::from_timestamp_millis(count.hour_at).map(|hour| hour.format("%Y-%m-%dT%H:00Z").to_string());
    let hour = hour.unwrap_or_default();
    let details = json!({ "events": count.events });
    let record = Record::done(Some(FactoryId(count.factory_id)), AuditAction::Ingest, hour, details);
    (author, Record { times: count.batches, ..record })
}

/// Counts of hours that are over, and who sent what they count.
async fn over(
    conn: &impl ConnectionTrait,
    now_ms: TimestampMs,
) -> Result<Vec<(ingest_count::Model, Option<principal::Model>)>> {
    let counts = ingest_count::Entity::find()
        .filter(ingest_count::Column::HourAt.lt((now_ms - MARGIN_MS).0 - MS_PER_HOUR))
        .order_by_asc(ingest_count::Column::FactoryId)
        .limit(MAX_AT_ONCE)
        .all(conn)
        .await?;
    let credentials = credential::Entity::find()
        .find_also_related(principal::Entity)
        .filter(credential::Column::Id.is_in(counts.iter().map(|count| count.credential_id)))
        .all(conn)
        .await?;
    let senders: BTreeMap<i32, principal::Model> =
        credentials.into_iter().filter_map(|(credential, sender)| Some((credential.id, sender?))).collect();
    let with_sender = |count: ingest_count::Model| {
        let sender = senders.get(&count.credential_id).cloned();
        (count, sender)
    };
    Ok(counts.into_iter().map(with_sender).collect())
}
