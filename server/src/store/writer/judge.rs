//! New, duplicate or conflict: each event against what is stored at its turn, the earlier events of its group included.
//!
//! Whoever writes has the factory alone, so nothing is stored between a look and the insert. An event that starts past
//! its entity's frontier cannot be stored yet, and one that fills a gap in what is known of it hardly can: only the others
//! are looked up. Where a gap held an event of no length, the insert fails, and everything is looked up.

use std::collections::HashMap;

use domain::{
    bucket::bucket_of,
    event::{Event, Statement},
};
use entity::{event, event_conflict};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait as _, FromQueryResult as _, TryInsertResult, Value,
};

use super::{Batch, Lookups, Memory, Verdict};
use crate::store::{
    Result,
    code::{Code as _, confidence_column, confidence_of},
    intern::{LastName, NameTable},
    rows_per_statement,
    statement::{Kind, Sql, chunks},
};

/// One event of a group; no row when it names one entity too many.
pub(super) struct Sighting<'a> {
    /// The position of its batch in the group.
    pub(super) batch: usize,
    pub(super) row: Option<NewRow<'a>>,
}

/// An event as the row that it would be.
pub(in crate::store) struct NewRow<'a> {
    pub(in crate::store) event: &'a Event,
    bucket: i64,
    pub(in crate::store) entity_id: i32,
    pub(in crate::store) model_version_id: Option<i32>,
    pub(in crate::store) source_id: Option<i32>,
    pub(in crate::store) received_at: i64,
}

/// What makes a report the same report, in the order of the table's key.
type Identity<'a> = (i64, i32, i64, i16, &'a str);

impl NewRow<'_> {
    fn identity(&self) -> Identity<'_> {
        let event = self.event;
        (self.bucket, self.entity_id, event.started_at_ms, event.event_type.code(), &event.event_code)
    }

    fn statement(&self) -> Statement<Option<i32>> {
        Statement {
            duration_ms: self.event.duration_ms,
            units: self.event.units,
            confidence: self.event.confidence,
            model_version: self.model_version_id,
        }
    }
}

fn identity_of(row: &event::Model) -> Identity<'_> {
    (row.bucket, row.entity_id, row.started_at, row.event_type, &row.event_code)
}

fn statement_of(row: &event::Model) -> Statement<Option<i32>> {
    Statement {
        duration_ms: row.duration_ms,
        units: row.units,
        confidence: confidence_of(row.confidence),
        model_version: row.model_version_id,
    }
}

/// Numbers the entities and names of all events, in the order of the events.
pub(super) async fn identify<'a>(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    memory: &mut Memory,
    batches: &[&'a Batch],
) -> Result<Vec<Sighting<'a>>> {
    let events = || batches.iter().flat_map(|batch| &batch.events);
    let models = events().filter_map(|event| event.model_version.as_deref());
    memory.model_versions.resolve(tx, NameTable::ModelVersion, factory_id, models).await?;
    let sources = events().filter_map(|event| event.source.as_deref());
    memory.sources.resolve(tx, NameTable::Source, factory_id, sources).await?;

    let mut sightings = Vec::with_capacity(batches.iter().map(|batch| batch.events.len()).sum());
    let (mut model, mut source) = (LastName::default(), LastName::default());
    for (index, batch) in batches.iter().enumerate() {
        for event in &batch.events {
            let row = memory.entity_id(event.entity_type, &event.entity_code).map(|entity_id| NewRow {
                event,
                bucket: bucket_of(event.started_at_ms),
                entity_id,
                model_version_id: model.id(&memory.model_versions, event.model_version.as_deref()),
                source_id: source.id(&memory.sources, event.source.as_deref()),
                received_at: batch.received_at_ms,
            });
            sightings.push(Sighting { batch: index, row });
        }
    }
    Ok(sightings)
}

/// What a group's events are, and which of them are new.
pub(super) struct Judgement<'a> {
    /// One for each sighting.
    pub(super) verdicts: Vec<Verdict>,
    /// The accepted ones in the order of the table's key.
    pub(super) new: Vec<&'a NewRow<'a>>,
}

/// Says of each sighting what it is. Nothing is inserted yet.
pub(super) async fn judge<'a>(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    (memory, lookups): (&Memory, Lookups),
    sightings: &'a [Sighting<'a>],
) -> Result<Judgement<'a>> {
    let mut rows: Vec<(usize, &NewRow<'_>)> = sightings
        .iter()
        .enumerate()
        .filter_map(|(index, sighting)| Some((index, sighting.row.as_ref()?)))
        .collect();
    // Equal ones stay in the order of their arrival; most groups come nearly in order.
    rows.sort_by(|(_, a), (_, b)| a.identity().cmp(&b.identity()));
    let same = |a: &(usize, &NewRow<'_>), b: &(usize, &NewRow<'_>)| a.1.identity() == b.1.identity();

    let may_be_stored = |row: &&NewRow<'_>| lookups == Lookups::All || memory.may_hold_its_like(row);
    let known: Vec<&NewRow<'_>> = rows.chunk_by(same).map(|same| same[0].1).filter(may_be_stored).collect();
    let stored = stored(tx, factory_id, &known).await?;
    let stored: HashMap<Identity<'_>, Statement<Option<i32>>> =
        stored.iter().map(|row| (identity_of(row), statement_of(row))).collect();

    let mut verdicts = vec![Verdict::EntityLimitReached; sightings.len()];
    let mut new = Vec::with_capacity(rows.len());
    for same in rows.chunk_by(same) {
        let (first, first_row) = same[0];
        // What was stored before came before the group's first, and both before its repeats.
        let said = stored.get(&first_row.identity());
        if said.is_none() {
            new.push(first_row);
        }
        let said_first = said.copied().unwrap_or_else(|| first_row.statement());
        for &(index, row) in same {
            verdicts[index] = if said.is_none() && index == first {
                Verdict::Accepted
            } else if said_first == row.statement() {
                Verdict::Duplicate
            } else {
                Verdict::Conflict
            };
        }
    }
    Ok(Judgement { verdicts, new })
}

/// The stored rows that have the identities of these.
async fn stored(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    rows: &[&NewRow<'_>],
) -> Result<Vec<event::Model>> {
    let identities: Vec<Identity<'_>> = rows.iter().map(|row| row.identity()).collect();
    let mut stored = Vec::new();
    for chunk in chunks(tx.get_database_backend(), identities.len()) {
        for row in tx.query_all_raw(stored_as(tx, factory_id, &identities[chunk])).await? {
            stored.push(event::Model::from_query_result(&row, "")?);
        }
    }
    Ok(stored)
}

fn stored_as(
    conn: &impl ConnectionTrait,
    factory_id: i32,
    identities: &[Identity<'_>],
) -> sea_orm::Statement {
    const KINDS: [Kind; 5] = [Kind::BigInt, Kind::Int, Kind::BigInt, Kind::SmallInt, Kind::Text];
    let rows = identities.iter().map(|&(bucket, entity_id, started_at, event_type, event_code)| {
        [bucket.into(), entity_id.into(), started_at.into(), event_type.into(), event_code.into()]
    });
    let on = |sql: Sql| {
        sql.text("found.factory_id = ").bind(factory_id).text(
            " AND found.bucket = column1 AND found.entity_id = column2 AND found.started_at = column3 \
             AND found.event_type = column4 AND found.event_code = column5",
        )
    };
    Sql::seek(conn, "found.*", "event", (&KINDS, rows), on).build()
}

/// The statement that looks up what may be stored already, to be explained.
pub(in crate::store) fn example(conn: &impl ConnectionTrait, factory_id: i32) -> sea_orm::Statement {
    stored_as(conn, factory_id, &[(0, 1, 0, 0, "")])
}

/// Inserts rows that are new, in the order of the key, so that what arrives together is written side by side.
pub(super) async fn insert(tx: &impl ConnectionTrait, factory_id: i32, rows: &[&NewRow<'_>]) -> Result<()> {
    const KINDS: [Kind; 13] = [
        Kind::Int,
        Kind::BigInt,
        Kind::Int,
        Kind::BigInt,
        Kind::SmallInt,
        Kind::Text,
        Kind::BigInt,
        Kind::BigInt,
        Kind::SmallIntOrNull,
        Kind::IntOrNull,
        Kind::IntOrNull,
        Kind::TextOrNull,
        Kind::BigInt,
    ];
    for chunk in chunks(tx.get_database_backend(), rows.len()) {
        let values = rows[chunk].iter().map(|row| values(factory_id, row));
        let sql = Sql::new(
            tx,
            "INSERT INTO event (factory_id, bucket, entity_id, started_at, event_type, event_code, duration_ms, units, \
             confidence, model_version_id, source_id, workstation, received_at) ",
        )
        .rows(&KINDS, values);
        tx.execute_raw(sql.build()).await?;
    }
    Ok(())
}

fn values(factory_id: i32, row: &NewRow<'_>) -> [Value; 13] {
    let event = row.event;
    [
        factory_id.into(),
        row.bucket.into(),
        row.entity_id.into(),
        event.started_at_ms.into(),
        event.event_type.code().into(),
        event.event_code.as_str().into(),
        event.duration_ms.into(),
        event.units.into(),
        confidence_column(event.confidence).into(),
        row.model_version_id.into(),
        row.source_id.into(),
        event.workstation.clone().into(),
        row.received_at.into(),
    ]
}

/// Keeps what contradicts a stored event, each contradiction once, and counts the new ones of each batch.
pub(super) async fn keep_conflicts(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    sightings: &[Sighting<'_>],
    verdicts: &[Verdict],
    batches: usize,
) -> Result<Vec<u64>> {
    const COLUMNS: usize = 13;
    let mut kept = vec![0; batches];
    let conflicts: Vec<(usize, &NewRow<'_>)> = sightings
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Conflict)
        .filter_map(|(sighting, _)| Some((sighting.batch, sighting.row.as_ref()?)))
        .collect();
    for of_batch in conflicts.chunk_by(|a, b| a.0 == b.0) {
        for chunk in of_batch.chunks(rows_per_statement(COLUMNS)) {
            let rows = chunk.iter().map(|(_, row)| conflict_row(factory_id, row));
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

fn conflict_row(factory_id: i32, row: &NewRow<'_>) -> event_conflict::ActiveModel {
    /// Stands for what was left out; no confidence or number is negative.
    const LEFT_OUT: i16 = -1;
    let event = row.event;
    event_conflict::ActiveModel {
        factory_id: Set(factory_id),
        bucket: Set(row.bucket),
        entity_id: Set(row.entity_id),
        started_at: Set(event.started_at_ms),
        event_type: Set(event.event_type.code()),
        event_code: Set(event.event_code.clone()),
        duration_ms: Set(event.duration_ms),
        units: Set(event.units),
        confidence: Set(confidence_column(event.confidence).unwrap_or(LEFT_OUT)),
        model_version_id: Set(row.model_version_id.unwrap_or_else(|| LEFT_OUT.into())),
        source_id: Set(row.source_id),
        workstation: Set(event.workstation.clone()),
        received_at: Set(row.received_at),
    }
}
