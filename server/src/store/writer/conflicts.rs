//! What contradicts stored events is kept beside them, each contradiction once: the newest of each event, and the newest of
//! the factory. What is dropped is counted.

use std::collections::BTreeSet;

use domain::{MS_PER_MINUTE, event::Extent, id::FactoryId};
use entity::event_conflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _, Statement, TryInsertResult};

use super::{
    batch::Verdict,
    judge::{Candidate, seek_identities},
    row::NewRow,
};
use crate::store::{
    engine::statement::{Sql, chunks, rows_per_statement},
    error::Result,
    factories::Factory,
    report::Identity,
};

/// The most contradictions kept of one event: more than a person needs to see who sends what.
pub const MAX_CONFLICTS_OF_EVENT: usize = 10;
/// The most contradictions kept of a factory: some tens of megabytes on the disk.
pub const MAX_CONFLICTS: i64 = 100_000;
/// The most that are dropped at a time, where an older version kept more: less than a second of work.
const MAX_DROPPED_AT_ONCE: i64 = 20_000;

/// The key of a contradiction within its factory.
const KEY: &str = "factory_id, bucket, entity_id, started_at, event_type, event_code, series, model_version_id, \
                   duration_ms, units, confidence, workstation";

/// Keeps the contradictions of a group and counts the new ones of each part.
pub(super) async fn keep(
    tx: &impl ConnectionTrait,
    factory: &Factory,
    candidates: &[Candidate<'_>],
    verdicts: &[Verdict],
    parts: usize,
) -> Result<Vec<u64>> {
    const COLUMNS: usize = 14;
    let mut kept = vec![0; parts];
    let conflicts: Vec<(usize, &NewRow<'_>)> = candidates
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Conflict)
        .filter_map(|(candidate, _)| Some((candidate.part, candidate.row.as_ref().ok()?)))
        .collect();
    for of_part in conflicts.chunk_by(|a, b| a.0 == b.0) {
        for chunk in of_part.chunks(rows_per_statement(COLUMNS)) {
            let rows = chunk.iter().map(|(_, row)| conflict_row(factory.id, row));
            let result = event_conflict::Entity::insert_many(rows)
                .on_conflict_do_nothing()
                .exec_without_returning(tx)
                .await?;
            if let (TryInsertResult::Inserted(count), Some((part, _))) = (result, chunk.first()) {
                kept[*part] += count;
            }
        }
    }
    let new = kept.iter().sum::<u64>() as i64;
    if new > 0 {
        let mut dropped = drop_of_events(tx, factory.id, &conflicts).await?;
        let surplus = factory.kept_conflicts + new - dropped - MAX_CONFLICTS;
        if surplus > 0 {
            dropped += drop_oldest(tx, factory.id, surplus.min(MAX_DROPPED_AT_ONCE)).await?;
        }
        count(tx, factory.id, new - dropped, dropped).await?;
    }
    Ok(kept)
}

/// Drops the oldest of the events of a group that have too many; answers with how many.
async fn drop_of_events(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    conflicts: &[(usize, &NewRow<'_>)],
) -> Result<i64> {
    const RANKED: &str = "found.*, ROW_NUMBER() OVER (PARTITION BY found.bucket, found.entity_id, found.started_at, \
                          found.event_type, found.event_code, found.series, found.model_version_id \
                          ORDER BY found.received_at DESC, found.duration_ms DESC, found.units DESC, \
                          found.confidence DESC, found.workstation DESC) AS place";
    let identities: BTreeSet<Identity<'_>> = conflicts.iter().map(|(_, row)| row.identity()).collect();
    let identities: Vec<Identity<'_>> = identities.into_iter().collect();
    let mut dropped = 0;
    for chunk in chunks(tx.get_database_backend(), identities.len()) {
        let ranked = seek_identities(tx, RANKED, "event_conflict", factory_id, &identities[chunk]).build();
        let surplus =
            format!("SELECT {KEY} FROM ({}) AS ranked WHERE place > {MAX_CONFLICTS_OF_EVENT}", ranked.sql);
        dropped += delete(tx, Statement { sql: surplus, ..ranked }).await?;
    }
    Ok(dropped)
}

/// Drops so many of a factory, those that came first; answers with how many.
async fn drop_oldest(tx: &impl ConnectionTrait, factory_id: FactoryId, surplus: i64) -> Result<i64> {
    let oldest = Sql::new(tx, &format!("SELECT {KEY} FROM event_conflict WHERE factory_id = "))
        .bind(factory_id.0)
        .text(&format!(" ORDER BY received_at, {KEY} LIMIT "))
        .bind(surplus);
    delete(tx, oldest.build()).await
}

/// Deletes those whose keys a statement selects; answers with how many.
async fn delete(tx: &impl ConnectionTrait, keys: Statement) -> Result<i64> {
    let sql = format!("DELETE FROM event_conflict WHERE ({KEY}) IN ({})", keys.sql);
    Ok(tx.execute_raw(Statement { sql, ..keys }).await?.rows_affected() as i64)
}

/// Adds to the factory's counts.
async fn count(tx: &impl ConnectionTrait, factory_id: FactoryId, kept: i64, dropped: i64) -> Result<()> {
    let update = Sql::new(tx, "UPDATE factory SET kept_conflicts = kept_conflicts + ")
        .bind(kept)
        .text(", dropped_conflicts = dropped_conflicts + ")
        .bind(dropped)
        .text(" WHERE id = ")
        .bind(factory_id.0);
    tx.execute_raw(update.build()).await?;
    Ok(())
}

fn conflict_row(factory_id: FactoryId, new: &NewRow<'_>) -> event_conflict::ActiveModel {
    /// Stands for a confidence that was left out; none is negative.
    const LEFT_OUT: i16 = -1;
    let row = &new.row;
    let duration_ms = match new.event.extent {
        Extent::Interval(duration_ms) => duration_ms.0,
        Extent::State { hold_minutes } => -i64::from(hold_minutes.unwrap_or_default()) * MS_PER_MINUTE,
    };
    event_conflict::ActiveModel {
        factory_id: Set(factory_id.0),
        bucket: Set(row.bucket),
        entity_id: Set(row.entity_id),
        started_at: Set(row.started_at),
        event_type: Set(row.event_type),
        event_code: Set(row.event_code.clone()),
        series: Set(row.series),
        model_version_id: Set(row.model_version_id),
        duration_ms: Set(duration_ms),
        units: Set(row.units),
        confidence: Set(row.confidence.unwrap_or(LEFT_OUT)),
        workstation: Set(row.workstation.clone().unwrap_or_default()),
        source_id: Set(row.source_id),
        received_at: Set(row.received_at),
    }
}
