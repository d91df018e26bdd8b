//! What the other servers on the same PostgreSQL must know of a commit, to push it. On SQLite there are no others, and
//! there is no log.

use entity::{
    commit_log::{self as row, Column},
    event,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde::{Deserialize, Serialize};

use super::{
    Result, Snapshot, Store, StoreError,
    code::{Code as _, confidence_column},
    events::{self, StoredEvent},
    patience::limited,
    statement::Sql,
    writer::judge::NewRow,
};

/// The most events kept of a commit, and so delivered at once to whoever follows them: what a person can take in.
pub const MAX_LATEST_EVENTS: usize = 200;

/// One commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The factory's revision after it.
    pub revision: i64,
    /// How many events it stored.
    pub events: u64,
    /// The latest of them in the order in which they were stored.
    pub latest_events: Vec<StoredEvent>,
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
    Option<i32>,
    Option<i32>,
    #[serde(borrow)] Option<std::borrow::Cow<'a, str>>,
    i64,
);

/// Whether commits are written down: only where other servers may want to know of them.
pub(super) fn is_kept(conn: &impl ConnectionTrait) -> bool {
    conn.get_database_backend() == DbBackend::Postgres
}

/// Raises the factory's revision and writes the commit down, within its transaction. `accepted` are its new events in the order of their arrival.
pub(super) async fn append(
    tx: &impl ConnectionTrait,
    factory_id: i32,
    revision: i64,
    accepted: &[&NewRow<'_>],
) -> Result<()> {
    let latest = &accepted[accepted.len().saturating_sub(MAX_LATEST_EVENTS)..];
    let latest: Vec<Logged<'_>> = latest.iter().map(|row| logged(row)).collect();
    let latest = serde_json::to_string(&latest)
        .map_err(|error| StoreError::Corrupt(format!("an event that cannot be written down ({error})")))?;
    // One statement for both: a round trip is dear while the factory is locked.
    let insert = Sql::new(tx, "WITH raised AS (UPDATE factory SET revision = ")
        .bind(revision)
        .text(" WHERE id = ")
        .bind(factory_id)
        .text(") INSERT INTO commit_log (factory_id, revision, events, latest_events, committed_at) VALUES (")
        .bind(factory_id)
        .text(", ")
        .bind(revision)
        .text(", ")
        .bind(accepted.len() as i64)
        .text(", ")
        .bind(latest)
        // The database's clock, so that servers whose clocks differ forget alike.
        .text(", CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS int8))");
    tx.execute_raw(insert.build()).await?;
    Ok(())
}

/// The commits of a factory after a revision, in their order.
pub async fn after(conn: &Snapshot, factory_id: i32, revision: i64) -> Result<Vec<Commit>> {
    let rows = row::Entity::find()
        .filter(Column::FactoryId.eq(factory_id))
        .filter(Column::Revision.gt(revision))
        .order_by_asc(Column::Revision)
        .all(conn)
        .await?;
    let mut commits = Vec::with_capacity(rows.len());
    for row in rows {
        let latest_events =
            if row.events > 0 { read(conn, factory_id, &row.latest_events).await? } else { Vec::new() };
        let events = u64::try_from(row.events).unwrap_or_default();
        commits.push(Commit { revision: row.revision, events, latest_events });
    }
    Ok(commits)
}

impl Store {
    /// Forgets commits that every server has heard of by now, or never will.
    pub async fn prune_commit_log(&self, keep_ms: i64) -> Result<()> {
        let prune = Sql::new(
            &self.writer,
            "DELETE FROM commit_log WHERE committed_at < CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS int8) - ",
        )
        .bind(keep_ms);
        limited(self.answer_limit(), self.writer.execute_raw(prune.build())).await?;
        Ok(())
    }
}

fn logged<'a>(row: &NewRow<'a>) -> Logged<'a> {
    let event = row.event;
    Logged(
        row.entity_id,
        event.started_at_ms,
        event.event_type.code(),
        event.event_code.as_str().into(),
        event.duration_ms,
        event.units,
        confidence_column(event.confidence),
        row.model_version_id,
        row.source_id,
        event.workstation.as_deref().map(Into::into),
        row.received_at,
    )
}

async fn read(conn: &Snapshot, factory_id: i32, latest: &str) -> Result<Vec<StoredEvent>> {
    let latest: Vec<Logged<'_>> = serde_json::from_str(latest)
        .map_err(|error| StoreError::Corrupt(format!("a commit whose events cannot be read ({error})")))?;
    let rows = latest.into_iter().map(|logged| event::Model {
        factory_id,
        bucket: domain::bucket::bucket_of(logged.1),
        entity_id: logged.0,
        started_at: logged.1,
        event_type: logged.2,
        event_code: logged.3.into_owned(),
        duration_ms: logged.4,
        units: logged.5,
        confidence: logged.6,
        model_version_id: logged.7,
        source_id: logged.8,
        workstation: logged.9.map(std::borrow::Cow::into_owned),
        received_at: logged.10,
    });
    events::name(conn, factory_id, rows.collect()).await
}
