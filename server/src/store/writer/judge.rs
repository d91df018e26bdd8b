//! New, duplicate or conflict: each event against what is stored at its turn, the earlier events of its group included.

use std::collections::{HashMap, HashSet};

use domain::{
    bucket::bucket_of,
    event::{Event, Statement},
};
use entity::{
    event::{self, Column},
    event_conflict,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, IntoActiveModel as _,
    QueryFilter as _, TryInsertResult,
    sea_query::{Asterisk, Expr, Query},
};

use super::{Batch, Memory, Verdict};
use crate::store::{
    Result,
    code::{Code as _, confidence_column, confidence_of},
    intern::{NameTable, Names},
    rows_per_statement,
};

/// One event of a group, as the row that it would be; no row when it names one entity too many.
pub(super) struct Sighting {
    /// The position of its batch in the group.
    pub(super) batch: usize,
    pub(super) row: Option<event::Model>,
}

/// What makes a report the same report, in the order of the table's key.
type Identity<'a> = (i64, i32, i64, i16, &'a str);

fn identity(row: &event::Model) -> Identity<'_> {
    (row.bucket, row.entity_id, row.started_at, row.event_type, &row.event_code)
}

/// Numbers the entities and names of all events, in the order of the events.
pub(super) async fn identify(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    memory: &mut Memory,
    batches: &[&Batch],
) -> Result<Vec<Sighting>> {
    let events = || batches.iter().flat_map(|batch| &batch.events);
    let model_versions: HashSet<&str> = events().filter_map(|event| event.model_version.as_deref()).collect();
    let sources: HashSet<&str> = events().filter_map(|event| event.source.as_deref()).collect();
    memory.model_versions.resolve(tx, NameTable::ModelVersion, factory_id, model_versions).await?;
    memory.sources.resolve(tx, NameTable::Source, factory_id, sources).await?;

    let mut sightings = Vec::with_capacity(batches.iter().map(|batch| batch.events.len()).sum());
    for (index, batch) in batches.iter().enumerate() {
        for event in &batch.events {
            let row = memory.entity_id(event.entity_type, &event.entity_code).map(|entity_id| {
                row(
                    event,
                    factory_id,
                    entity_id,
                    batch.received_at_ms,
                    &memory.model_versions,
                    &memory.sources,
                )
            });
            sightings.push(Sighting { batch: index, row });
        }
    }
    Ok(sightings)
}

fn row(
    event: &Event,
    factory_id: i32,
    entity_id: i32,
    received_at_ms: i64,
    model_versions: &Names,
    sources: &Names,
) -> event::Model {
    event::Model {
        factory_id,
        bucket: bucket_of(event.started_at_ms),
        entity_id,
        started_at: event.started_at_ms,
        event_type: event.event_type.code(),
        event_code: event.event_code.clone(),
        duration_ms: event.duration_ms,
        units: event.units,
        confidence: confidence_column(event.confidence),
        model_version_id: model_versions.id(event.model_version.as_deref()),
        source_id: sources.id(event.source.as_deref()),
        workstation: event.workstation.clone(),
        received_at: received_at_ms,
    }
}

/// Inserts what is new and says of each sighting what it is.
pub(super) async fn insert_and_judge(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    sightings: &[Sighting],
) -> Result<Vec<Verdict>> {
    let mut firsts: HashMap<Identity<'_>, &event::Model> = HashMap::with_capacity(sightings.len());
    for row in sightings.iter().filter_map(|sighting| sighting.row.as_ref()) {
        firsts.entry(identity(row)).or_insert(row);
    }
    // In the order of the key, so that what arrives together is written side by side.
    let mut rows: Vec<&event::Model> = firsts.values().copied().collect();
    rows.sort_unstable_by_key(|row| identity(row));
    let refused = insert(tx, &rows).await?;
    let stored = stored(tx, factory_id, &refused).await?;
    let stored: HashMap<Identity<'_>, &event::Model> =
        stored.iter().map(|row| (identity(row), row)).collect();

    let judge = |sighting: &Sighting| {
        let Some(row) = &sighting.row else { return Verdict::EntityLimitReached };
        // What was stored before came before the group's first, and both before its repeats.
        let earlier = stored.get(&identity(row)).or_else(|| firsts.get(&identity(row)));
        match earlier {
            Some(earlier) if std::ptr::eq(*earlier, row) => Verdict::Accepted,
            Some(earlier) if statement(earlier) == statement(row) => Verdict::Duplicate,
            _ => Verdict::Conflict,
        }
    };
    Ok(sightings.iter().map(judge).collect())
}

fn statement(row: &event::Model) -> Statement<Option<i32>> {
    Statement {
        duration_ms: row.duration_ms,
        units: row.units,
        confidence: confidence_of(row.confidence),
        model_version: row.model_version_id,
    }
}

/// Inserts rows of different identities and answers with those whose identity was stored before.
async fn insert<'a>(tx: &impl ConnectionTrait, rows: &[&'a event::Model]) -> Result<Vec<&'a event::Model>> {
    const COLUMNS: usize = 13;
    let mut refused = Vec::new();
    for chunk in rows.chunks(rows_per_statement(COLUMNS)) {
        let models = chunk.iter().map(|row| (*row).clone().into_active_model());
        let result =
            event::Entity::insert_many(models).on_conflict_do_nothing().exec_with_returning_keys(tx).await?;
        let inserted = match result {
            TryInsertResult::Inserted(keys) => keys,
            TryInsertResult::Empty | TryInsertResult::Conflicted => Vec::new(),
        };
        if inserted.len() < chunk.len() {
            let inserted: HashSet<Identity<'_>> = inserted
                .iter()
                .map(|(_, bucket, entity_id, started_at, event_type, event_code)| {
                    (*bucket, *entity_id, *started_at, *event_type, event_code.as_str())
                })
                .collect();
            refused.extend(chunk.iter().copied().filter(|row| !inserted.contains(&identity(row))));
        }
    }
    Ok(refused)
}

/// The stored rows that have the identities of these.
async fn stored(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    rows: &[&event::Model],
) -> Result<Vec<event::Model>> {
    let mut stored = Vec::with_capacity(rows.len());
    for chunk in rows.chunks((rows_per_statement(1) - 1) / 5) {
        let identities = chunk
            .iter()
            .map(|row| (row.bucket, row.entity_id, row.started_at, row.event_type, row.event_code.as_str()));
        let wanted = Query::select().column(Asterisk).from_values(identities, "wanted").to_owned();
        let key = [Column::Bucket, Column::EntityId, Column::StartedAt, Column::EventType, Column::EventCode];
        let rows = event::Entity::find()
            .filter(Column::FactoryId.eq(factory_id))
            .filter(Expr::tuple(key.map(Expr::col)).in_subquery(wanted))
            .all(tx)
            .await?;
        stored.extend(rows);
    }
    Ok(stored)
}

/// Keeps what contradicts a stored event, each contradiction once, and counts the new ones of each batch.
pub(super) async fn keep_conflicts(
    tx: &impl ConnectionTrait,
    sightings: &[Sighting],
    verdicts: &[Verdict],
    batches: usize,
) -> Result<Vec<u64>> {
    const COLUMNS: usize = 13;
    let mut kept = vec![0; batches];
    let conflicts: Vec<(usize, &event::Model)> = sightings
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Conflict)
        .filter_map(|(sighting, _)| Some((sighting.batch, sighting.row.as_ref()?)))
        .collect();
    for of_batch in conflicts.chunk_by(|a, b| a.0 == b.0) {
        for chunk in of_batch.chunks(rows_per_statement(COLUMNS)) {
            let rows = chunk.iter().map(|(_, row)| conflict_row(row));
            let result = event_conflict::Entity::insert_many(rows)
                .on_conflict_do_nothing()
                .exec_without_returning(tx)
                .await?;
            if let (TryInsertResult::Inserted(count), Some((batch, _))) = (result, chunk.first()) {
                kept[*batch] += count;
            }
        }
    }
    Ok(kept)
}

fn conflict_row(row: &event::Model) -> event_conflict::ActiveModel {
    /// Stands for what was left out; no confidence or number is negative.
    const LEFT_OUT: i16 = -1;
    event_conflict::ActiveModel {
        factory_id: Set(row.factory_id),
        bucket: Set(row.bucket),
        entity_id: Set(row.entity_id),
        started_at: Set(row.started_at),
        event_type: Set(row.event_type),
        event_code: Set(row.event_code.clone()),
        duration_ms: Set(row.duration_ms),
        units: Set(row.units),
        confidence: Set(row.confidence.unwrap_or(LEFT_OUT)),
        model_version_id: Set(row.model_version_id.unwrap_or_else(|| LEFT_OUT.into())),
        source_id: Set(row.source_id),
        workstation: Set(row.workstation.clone()),
        received_at: Set(row.received_at),
    }
}
