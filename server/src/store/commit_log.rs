//! What the other servers on the same PostgreSQL must know of a commit, to push it. On SQLite there are no others, and
//! there is no log.

use std::collections::BTreeMap;

use domain::{
    id::{FactoryId, Revision},
    time::TimestampMs,
};
use entity::{
    commit_log::{self as row, Column},
    event,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};
use serde::{Deserialize, Serialize};

use super::{
    access::ServerScope,
    database::{Snapshot, Store},
    engine::statement::Sql,
    engine::timeout::limited,
    error::{Result, StoreError},
    events::{self, StoredEvent},
    rollups,
    writer::row::NewRow,
};

/// The most events kept of a commit, and so delivered at once to whoever follows them: what a person can take in.
pub const MAX_LATEST_EVENTS: usize = 200;

/// One commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The factory's revision after it.
    pub revision: Revision,
    /// How many events it stored.
    pub events: u64,
    /// The latest of them in the order in which they were stored; none of those that later commits leave no room for.
    pub latest_events: Vec<StoredEvent>,
}

/// What there is to know of the commits after a revision.
#[derive(Clone, Debug, Default)]
pub struct Since {
    /// Those that are written down, in their order.
    pub commits: Vec<Commit>,
    /// How many events the factory had before the first of them, where commits before it may have been forgotten.
    pub events_before: Option<i64>,
}

/// An event's row in few words; the bucket follows from the start, and the factory is known.
#[derive(Serialize, Deserialize)]
struct Logged<'a>(
    i32,
    i64,
    i16,
    #[serde(borrow)] std::borrow::Cow<'a, str>,
    i64,
    i64,
    Option<i16>,
    i32,
    i32,
    Option<i32>,
    #[serde(borrow)] Option<std::borrow::Cow<'a, str>>,
    i64,
    Option<i16>,
);

/// Whether commits are written down: only where other servers may want to know of them.
pub(super) fn is_kept(conn: &impl ConnectionTrait) -> bool {
    conn.get_database_backend() == DbBackend::Postgres
}

/// Raises the factory's revision and writes the commit of this instant down, within its transaction. `accepted` are its new events in the order of their arrival.
pub(super) async fn append(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    (revision, at_ms): (Revision, TimestampMs),
    accepted: &[&NewRow<'_>],
) -> Result<()> {
    let latest = &accepted[accepted.len().saturating_sub(MAX_LATEST_EVENTS)..];
    let latest: Vec<Logged<'_>> = latest.iter().map(|row| logged(row)).collect();
    let latest = serde_json::to_string(&latest)
        .map_err(|error| StoreError::Corrupt(format!("an event that cannot be written down ({error})")))?;
    // One statement for both: a round trip is dear while the factory is locked.
    let insert = Sql::new(tx, "WITH raised AS (UPDATE factory SET revision = ")
        .bind(revision.0)
        .text(", committed_at = ")
        .bind(at_ms.0)
        .text(" WHERE id = ")
        .bind(factory_id.0)
        .text(") INSERT INTO commit_log (factory_id, revision, events, latest_events, committed_at) VALUES (")
        .bind(factory_id.0)
        .text(", ")
        .bind(revision.0)
        .text(", ")
        .bind(accepted.len() as i64)
        .text(", ")
        .bind(latest)
        // The database's clock, so that servers whose clocks differ forget alike.
        .text(", CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS int8))");
    tx.execute_raw(insert.build()).await?;
    Ok(())
}

/// The commits of a factory after a revision. The oldest are forgotten first, so that none is missing as long as one is
/// there that is not after the revision.
pub async fn since(conn: &Snapshot, factory: ServerScope, revision: Revision) -> Result<Since> {
    let factory_id = factory.factory_id();
    let select = Sql::new(conn, "SELECT revision, events FROM commit_log WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND revision >= COALESCE((SELECT MAX(revision) FROM commit_log WHERE factory_id = ")
        .bind(factory_id.0)
        .text(" AND revision <= ")
        .bind(revision.0)
        .text("), 0) ORDER BY revision");
    let mut commits = Vec::new();
    let mut may_lack_some = true;
    for row in conn.query_all_raw(select.build()).await? {
        let (of_commit, events): (Revision, i64) =
            (Revision(row.try_get_by_index(0)?), row.try_get_by_index(1)?);
        if of_commit <= revision {
            may_lack_some = false;
        } else {
            let events = u64::try_from(events).unwrap_or_default();
            commits.push(Commit { revision: of_commit, events, latest_events: Vec::new() });
        }
    }
    add_latest_events(conn, factory_id, &mut commits).await?;
    let events_before = if may_lack_some {
        let events = commits.iter().map(|commit| commit.events as i64).sum::<i64>();
        Some(rollups::count_events(conn, factory_id).await? - events)
    } else {
        None
    };
    Ok(Since { commits, events_before })
}

/// Reads the latest events of all commits together.
async fn add_latest_events(conn: &Snapshot, factory_id: FactoryId, commits: &mut [Commit]) -> Result<()> {
    let mut room = MAX_LATEST_EVENTS as u64;
    let mut wanted = Vec::new();
    for commit in commits.iter_mut().rev().filter(|commit| commit.events > 0) {
        if room == 0 {
            break;
        }
        room = room.saturating_sub(commit.events);
        wanted.push(commit);
    }
    // From the oldest.
    let Some(first) = wanted.last().map(|commit| commit.revision) else { return Ok(()) };
    let logged: BTreeMap<i64, String> = row::Entity::find()
        .select_only()
        .columns([Column::Revision, Column::LatestEvents])
        .filter(Column::FactoryId.eq(factory_id.0))
        .filter(Column::Revision.gte(first.0))
        .into_tuple::<(i64, String)>()
        .all(conn)
        .await?
        .into_iter()
        .collect();
    let mut rows = Vec::new();
    let mut counts = Vec::with_capacity(wanted.len());
    for commit in wanted.iter().rev() {
        let of_commit = logged.get(&commit.revision.0).map_or("[]", String::as_str);
        let read = read(factory_id, of_commit)?;
        counts.push(read.len());
        rows.extend(read);
    }
    let mut events = events::name(conn, factory_id, rows).await?.into_iter();
    for (commit, count) in wanted.into_iter().rev().zip(counts) {
        commit.latest_events.extend(events.by_ref().take(count));
    }
    Ok(())
}

impl Store {
    /// Deletes commits that every server has read by now, or never will, also those that lie ahead because the database's
    /// clock was wrong.
    pub async fn prune_commit_log(&self, keep_ms: i64) -> Result<()> {
        let prune = Sql::new(
            &self.writer,
            "DELETE FROM commit_log WHERE ABS(CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS int8) - committed_at) > ",
        )
        .bind(keep_ms);
        limited(self.answer_limit(), self.writer.execute_raw(prune.build())).await?;
        Ok(())
    }
}

fn logged<'a>(new: &'a NewRow<'_>) -> Logged<'a> {
    let row = &new.row;
    Logged(
        row.entity_id,
        row.started_at,
        row.event_type,
        row.event_code.as_str().into(),
        row.duration_ms,
        row.units,
        row.confidence,
        row.series,
        row.model_version_id,
        row.source_id,
        row.workstation.as_deref().map(Into::into),
        row.received_at,
        row.hold_minutes,
    )
}

fn read(factory_id: FactoryId, latest: &str) -> Result<Vec<event::Model>> {
    let latest: Vec<Logged<'_>> = serde_json::from_str(latest)
        .map_err(|error| StoreError::Corrupt(format!("a commit whose events cannot be read ({error})")))?;
    let rows = latest.into_iter().map(|logged| event::Model {
        factory_id: factory_id.0,
        bucket: domain::bucket::bucket_of(TimestampMs(logged.1)),
        entity_id: logged.0,
        started_at: logged.1,
        event_type: logged.2,
        event_code: logged.3.into_owned(),
        duration_ms: logged.4,
        units: logged.5,
        confidence: logged.6,
        series: logged.7,
        model_version_id: logged.8,
        source_id: logged.9,
        workstation: logged.10.map(std::borrow::Cow::into_owned),
        received_at: logged.11,
        hold_minutes: logged.12,
    });
    Ok(rows.collect())
}
