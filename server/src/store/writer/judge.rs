//! New, duplicate or conflict: each event against what is stored at its turn, the earlier events of its group included.
//!
//! Whoever writes has the factory alone, so nothing is stored between a look and the insert. An event that starts past its
//! entity's frontier cannot be stored yet, nor can one that fills a gap in what is known of an entity all of whose events are
//! shown: only the others are looked up, with all readings of the same fact.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use domain::{
    bucket::bucket_of,
    event::{EntityType, Event, EventForm},
    id::{EntityId, FactoryId, ModelVersionId, SourceId},
    state::tells_of_workstation,
    time::TimestampMs,
    validate::RegisteredName,
};
use entity::event;
use sea_orm::{ConnectionTrait, FromQueryResult as _};

use super::{
    MAX_BUCKETS_READ, MAX_CAUSES,
    batch::{Part, Verdict},
    cache::Cache,
    ledger::Ledger,
    row::{NewRow, statement_of},
};
use crate::store::{
    engine::{
        statement::{Kind, Sql, chunks},
        table::{Column, Table, Texts},
    },
    error::Result as StoreResult,
    factories::Factory,
    intern::{LastName, NameTable},
    report::{Identity, form_of, identity_of},
};

/// One event of a group.
pub(super) struct Candidate<'a> {
    /// The position of its part in the group.
    pub(super) part: usize,
    /// The row that it would be, or why it cannot be stored.
    pub(super) row: Result<NewRow<'a>, Verdict>,
}

/// Numbers the entities and names of events, in the order of the events: of all of them, unless to look for what they may
/// overlap is too much for one transaction, or too many causes change closed buckets. There is at least one.
pub(super) async fn identify<'a>(
    tx: &impl ConnectionTrait,
    factory: &Factory,
    cache: &mut Cache,
    parts: &[&Part<'a>],
    ledger: &Ledger,
) -> StoreResult<Vec<Candidate<'a>>> {
    let events = || parts.iter().flat_map(|part| part.events());
    let models = events().filter_map(|event| event.model_version.as_deref());
    cache.model_versions.resolve(tx, NameTable::ModelVersion, factory.id, models).await?;
    let sources = events().filter_map(|event| event.source.as_deref());
    cache.sources.resolve(tx, NameTable::Source, factory.id, sources).await?;

    let mut candidates = Vec::with_capacity(parts.iter().map(|part| part.range.len()).sum());
    let mut names = LastNames::default();
    let mut reach = Reach::default();
    // By part and source: parts of one device count apart.
    let mut causes: HashSet<(usize, Option<i32>)> = HashSet::new();
    for (index, part) in parts.iter().enumerate() {
        for event in part.events() {
            let came = (index, part.batch.received_at_ms);
            let row = identify_event(factory, cache, &mut names, (event, came));
            if let Ok(row) = &row
                && cache.may_touch(row)
            {
                reach.add(cache, row);
                if reach.buckets > MAX_BUCKETS_READ && !candidates.is_empty() {
                    return Ok(candidates);
                }
            }
            if let Ok(row) = &row
                && ledger.is_reached_by(row)
            {
                causes.insert((index, row.row.source_id));
                if causes.len() > MAX_CAUSES && !candidates.is_empty() {
                    return Ok(candidates);
                }
            }
            candidates.push(Candidate { part: index, row });
        }
    }
    Ok(candidates)
}

/// The names of the event before, which mostly are those of the next one.
#[derive(Default)]
struct LastNames<'a> {
    model_version: LastName<'a>,
    source: LastName<'a>,
}

/// Numbers the entity of an event, which is registered now if it is new and all names of the event have a number, and the
/// workstation of which it tells, too.
fn identify_event<'a>(
    factory: &Factory,
    cache: &mut Cache,
    names: &mut LastNames<'a>,
    (event, came): (&'a Event, (usize, TimestampMs)),
) -> Result<NewRow<'a>, Verdict> {
    let model_version_id = names
        .model_version
        .id(&cache.model_versions, event.model_version.as_deref())
        .map_err(|_| unnumbered(event, RegisteredName::ModelVersion, Verdict::ModelVersionLimitReached));
    let source_id = names
        .source
        .id(&cache.sources, event.source.as_deref())
        .map_err(|_| unnumbered(event, RegisteredName::SourceId, Verdict::SourceLimitReached));
    let numbered = model_version_id.and_then(|model_version_id| Ok((model_version_id, source_id?)));
    let (model_version_id, source_id) = numbered.map_err(|verdict| {
        // The first rule broken is the one that is named.
        let is_new = cache.entity(event.entity_type, &event.entity_code).is_none();
        if is_new { unnumbered(event, RegisteredName::EntityId, verdict) } else { verdict }
    })?;
    let workstation =
        event.workstation.as_deref().filter(|_| tells_of_workstation(event.form(), event.event_type));
    if workstation.is_some_and(|workstation| !cache.has_room_for(event, workstation)) {
        return Err(Verdict::EntityLimitReached);
    }
    let entity_id = cache.entity_id(event.entity_type, &event.entity_code)?;
    if let Some(workstation) = workstation {
        cache.entity_id(EntityType::Workstation, workstation)?;
    }
    let names = (model_version_id.map(ModelVersionId), source_id.map(SourceId));
    Ok(NewRow::new(event, entity_id, names, came, factory.state_hold_minutes))
}

/// Why a name has no number: it may not be registered, or something else is the reason.
fn unnumbered(event: &Event, name: RegisteredName, otherwise: Verdict) -> Verdict {
    if name.rejection(event).is_some() { Verdict::NameRefused(name) } else { otherwise }
}

/// In how many buckets late events make a look necessary: those from the earliest start of an event that may reach into
/// them to their ends, each once an entity.
#[derive(Default)]
struct Reach {
    buckets: i64,
    by_entity: HashMap<EntityId, (i64, i64)>,
}

impl Reach {
    fn add(&mut self, cache: &Cache, row: &NewRow<'_>) {
        let Some(entity) = cache.entities.get(&row.entity_id) else { return };
        // A state report may end one that began up to its hold before it.
        let from = bucket_of(row.event.started_at_ms - entity.longest_duration_ms);
        let end = bucket_of(row.event.ended_at_ms()) + 1;
        match self.by_entity.entry(row.entity_id) {
            Entry::Vacant(entry) => {
                entry.insert((from, end));
                self.buckets += end - from;
            }
            Entry::Occupied(mut entry) => {
                let (known_from, known_end) = *entry.get();
                let hull = (known_from.min(from), known_end.max(end));
                let grown = (hull.1 - hull.0) - (known_end - known_from);
                // What lies between two events that are far apart is not looked at.
                self.buckets += grown.min(end - from);
                entry.insert(hull);
            }
        }
    }
}

/// What a group's events are, and which of them are new.
pub(super) struct Judgement<'a> {
    /// One for each candidate.
    pub(super) verdicts: Vec<Verdict>,
    /// The accepted ones in the order of the table's key.
    pub(super) new: Vec<&'a NewRow<'a>>,
}

/// Says of each candidate what it is. Nothing is inserted yet.
pub(super) async fn judge<'a>(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    cache: &Cache,
    candidates: &'a [Candidate<'a>],
) -> StoreResult<Judgement<'a>> {
    let mut rows: Vec<(usize, &NewRow<'_>)> = candidates
        .iter()
        .enumerate()
        .filter_map(|(index, candidate)| Some((index, candidate.row.as_ref().ok()?)))
        .collect();
    // Equal ones stay in the order of their arrival; most groups come nearly in order.
    rows.sort_by(|(_, a), (_, b)| a.identity().cmp(&b.identity()));
    let same = |a: &(usize, &NewRow<'_>), b: &(usize, &NewRow<'_>)| a.1.identity() == b.1.identity();

    let known: Vec<Identity<'_>> = rows
        .chunk_by(same)
        .map(|same| same[0].1)
        .filter(|row| cache.may_touch(row))
        .map(NewRow::identity)
        .collect();
    let stored = stored(tx, factory_id, &known).await?;
    let stored: HashMap<Identity<'_>, &event::Model> =
        stored.iter().map(|row| (identity_of(row), row)).collect();

    // Those that have a row get their verdict below.
    let mut verdicts: Vec<Verdict> = candidates
        .iter()
        .map(|candidate| candidate.row.as_ref().err().copied().unwrap_or(Verdict::Duplicate))
        .collect();
    let mut new = Vec::with_capacity(rows.len());
    for same in rows.chunk_by(same) {
        let (first, first_row) = same[0];
        // What was stored before came before the group's first, and both before its repeats.
        let said = stored.get(&first_row.identity());
        if said.is_none() {
            new.push(first_row);
        }
        let said_first = said.map_or_else(|| first_row.event.statement(), |row| statement_of(row));
        for &(index, row) in same {
            verdicts[index] = if said.is_none() && index == first {
                Verdict::Accepted
            } else if said_first == row.event.statement() {
                Verdict::Duplicate
            } else {
                Verdict::Conflict
            };
        }
    }
    Ok(Judgement { verdicts, new })
}

/// The stored rows that have these identities.
pub(in crate::store) async fn stored(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    identities: &[Identity<'_>],
) -> StoreResult<Vec<event::Model>> {
    let mut stored = Vec::new();
    for chunk in chunks(conn.get_database_backend(), identities.len()) {
        for row in conn.query_all_raw(stored_as(conn, factory_id, &identities[chunk])).await? {
            stored.push(event::Model::from_query_result(&row, "")?);
        }
    }
    Ok(stored)
}

fn stored_as(
    conn: &impl ConnectionTrait,
    factory_id: FactoryId,
    identities: &[Identity<'_>],
) -> sea_orm::Statement {
    seek_identities(conn, "found.*", "event", factory_id, identities).build()
}

/// Reads the rows of a table (as `found`) that have these identities.
pub(super) fn seek_identities(
    conn: &impl ConnectionTrait,
    select: &str,
    table: &str,
    factory_id: FactoryId,
    identities: &[Identity<'_>],
) -> Sql {
    const KINDS: [Kind; 7] =
        [Kind::BigInt, Kind::Int, Kind::BigInt, Kind::SmallInt, Kind::Text, Kind::Int, Kind::Int];
    let rows =
        identities.iter().map(|&(bucket, entity_id, started_at, event_type, event_code, series, model)| {
            [
                bucket.into(),
                entity_id.0.into(),
                started_at.0.into(),
                event_type.into(),
                event_code.into(),
                series.into(),
                model.into(),
            ]
        });
    let on = |sql: Sql| {
        sql.text("found.factory_id = ").bind(factory_id.0).text(
            " AND found.bucket = column1 AND found.entity_id = column2 AND found.started_at = column3 \
             AND found.event_type = column4 AND found.event_code = column5 AND found.series = column6 \
             AND found.model_version_id = column7",
        )
    };
    Sql::seek(conn, select, table, (&KINDS, rows), on)
}

/// The statement that looks up what may be stored already, to be explained.
pub(in crate::store) fn example(conn: &impl ConnectionTrait, factory_id: FactoryId) -> sea_orm::Statement {
    stored_as(conn, factory_id, &[(0, EntityId(1), TimestampMs(0), 0, "", 0, 0)])
}

/// Inserts rows that are new, in the order of the key, so that what arrives together is written side by side.
pub(super) async fn insert(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    rows: &[&event::Model],
) -> StoreResult<()> {
    let rows = rows.iter().map(|row| (factory_id, *row));
    let (intervals, states): (Vec<_>, Vec<_>) =
        rows.partition(|(_, row)| form_of(row) == EventForm::Interval);
    interval_table().insert(tx, &intervals).await?;
    table().insert(tx, &states).await
}

type EventRow<'a> = (FactoryId, &'a event::Model);

/// Of intervals, whose other columns have what they have where nothing is written.
fn interval_table<'a>() -> Table<EventRow<'a>, 13> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "event",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |(factory_id, _)| factory_id.0.into()),
            Column::key("bucket", Kind::BigInt, |(_, row)| row.bucket.into()),
            Column::key("entity_id", Kind::Int, |(_, row)| row.entity_id.into()),
            Column::key("started_at", Kind::BigInt, |(_, row)| row.started_at.into()),
            Column::key("event_type", Kind::SmallInt, |(_, row)| row.event_type.into()),
            Column::key("event_code", Kind::Text, |(_, row)| row.event_code.as_str().into()),
            Column::key("model_version_id", Kind::Int, |(_, row)| row.model_version_id.into()),
            Column::keep("duration_ms", Kind::BigInt, |(_, row)| row.duration_ms.into()),
            Column::keep("units", Kind::BigInt, |(_, row)| row.units.into()),
            Column::keep("confidence", Kind::SmallIntOrNull, |(_, row)| row.confidence.into()),
            Column::keep("source_id", Kind::IntOrNull, |(_, row)| row.source_id.into()),
            Column::keep("workstation", Kind::TextOrNull, |(_, row)| row.workstation.clone().into()),
            Column::keep("received_at", Kind::BigInt, |(_, row)| row.received_at.into()),
        ],
    )
}

fn table<'a>() -> Table<EventRow<'a>, 15> {
    static TEXTS: Texts = Texts::new();
    Table::new(
        "event",
        &TEXTS,
        [
            Column::key("factory_id", Kind::Int, |(factory_id, _)| factory_id.0.into()),
            Column::key("bucket", Kind::BigInt, |(_, row)| row.bucket.into()),
            Column::key("entity_id", Kind::Int, |(_, row)| row.entity_id.into()),
            Column::key("started_at", Kind::BigInt, |(_, row)| row.started_at.into()),
            Column::key("event_type", Kind::SmallInt, |(_, row)| row.event_type.into()),
            Column::key("event_code", Kind::Text, |(_, row)| row.event_code.as_str().into()),
            Column::key("series", Kind::Int, |(_, row)| row.series.into()),
            Column::key("model_version_id", Kind::Int, |(_, row)| row.model_version_id.into()),
            Column::keep("duration_ms", Kind::BigInt, |(_, row)| row.duration_ms.into()),
            Column::keep("units", Kind::BigInt, |(_, row)| row.units.into()),
            Column::keep("confidence", Kind::SmallIntOrNull, |(_, row)| row.confidence.into()),
            Column::keep("source_id", Kind::IntOrNull, |(_, row)| row.source_id.into()),
            Column::keep("workstation", Kind::TextOrNull, |(_, row)| row.workstation.clone().into()),
            Column::keep("received_at", Kind::BigInt, |(_, row)| row.received_at.into()),
            Column::keep("hold_minutes", Kind::SmallIntOrNull, |(_, row)| row.hold_minutes.into()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::table::tests::assert_is_table_of;

    #[test]
    fn the_columns_that_are_written_are_those_of_the_entity() {
        assert_is_table_of::<event::Entity, _, _>(&table());
    }
}
