//! The connections to the database: one that writes, several that read for questions, and a few that are kept for what must
//! never wait for a question.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions};

use super::{
    engine::{
        file::OpenFile,
        integrity::{Check, Integrity},
        notify::Address,
        transaction::Transaction,
    },
    error::Result,
};

/// One state of the database: everything read through it belongs to the same set of events.
pub type Snapshot = Transaction;

/// The database: connections that write and connections that read. Clones share them.
#[derive(Clone)]
pub struct Store {
    pub(super) writer: DatabaseConnection,
    pub(super) readers: Readers,
    /// How to open one more connection to a PostgreSQL; none for SQLite.
    pub(super) postgres: Option<Arc<Address>>,
    /// How long one snapshot may be read; none for a PostgreSQL, which limits each statement.
    pub(super) read_limit: Option<Duration>,
    /// Whether all of the file is what SQLite wrote, while that is looked at; none where it was known before.
    pub(super) check: Option<Arc<Check>>,
    /// Held as long as the store is: a second server on the same file refuses to start. None for a PostgreSQL, and for who
    /// reads beside a server.
    pub(super) file: Option<Arc<OpenFile>>,
}

/// The connections that read, in two pools, so that questions that take all of theirs keep nobody else from reading.
#[derive(Clone)]
pub(super) struct Readers {
    /// For what clients ask.
    pub(super) questions: DatabaseConnection,
    /// For subscriptions and the check of readiness.
    pub(super) live: DatabaseConnection,
}

/// How many snapshots are read at once to answer questions.
pub const QUESTION_READERS: u32 = 4;

/// How many snapshots are read at once for subscriptions and the check of readiness: one for each cohort that may read at a
/// time, and one for what is read by its key alone (a new subscription's factory, where its events begin, whether the
/// database answers) and is therefore soon over.
pub(super) const LIVE_READERS: u32 = MAX_COHORT_READS as u32 + 1;

/// The most cohorts that read at a time.
pub const MAX_COHORT_READS: usize = 2;

impl Store {
    /// Begins to read one state of the database, to answer a question. Dropping it ends it.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        self.begin_read(&self.readers.questions, self.read_limit).await
    }

    /// As [`Store::snapshot`], for what subscribers see: it has readers of its own, so that it is there however many
    /// questions are being answered.
    pub async fn snapshot_for_live(&self) -> Result<Snapshot> {
        self.begin_read(&self.readers.live, self.read_limit).await
    }

    /// As [`Store::snapshot`], for what reads everything and may take its time.
    pub(super) async fn snapshot_without_limit(&self) -> Result<Snapshot> {
        self.begin_read(&self.readers.questions, None).await
    }

    /// Whether the database answers, and is the one at its path. It never waits for a question.
    pub async fn ping(&self) -> Result<()> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        self.snapshot_for_live().await.map(drop)
    }

    /// How whole the database file is known to be. A PostgreSQL looks after its own.
    pub fn integrity(&self) -> Integrity {
        self.check.as_ref().map_or(Integrity::Sound, |check| check.integrity())
    }

    async fn begin_read(&self, readers: &DatabaseConnection, limit: Option<Duration>) -> Result<Snapshot> {
        let snapshot = Transaction::begin_to_read(readers, self.answer_limit(), limit).await?;
        // A transaction takes its snapshot at its first read: take it now.
        snapshot.query_one_raw(statement(&snapshot, "SELECT 1 FROM factory LIMIT 1")).await?;
        Ok(snapshot)
    }

    /// Whether other servers may write to the same database.
    pub fn is_shared(&self) -> bool {
        self.postgres.is_some()
    }

    /// How to open a connection of one's own, to notify others and to be notified; none where the database is not shared.
    pub(crate) fn own_connection(&self) -> Option<Arc<Address>> {
        self.postgres.clone()
    }

    /// How long to wait for the answer to a statement.
    pub(super) fn answer_limit(&self) -> Option<Duration> {
        self.postgres.as_ref().map(|address| address.timeouts.statement)
    }

    /// Ends all connections. An SQLite file is then whole by itself, without a log beside it. Whoever is still at work
    /// may finish and is waited for, but not for ever.
    pub async fn close(&self) {
        let closed = async {
            if let Some(check) = &self.check {
                check.stop().await;
            }
            // The writer comes last: only a connection that may write can take the log into the file.
            self.readers.questions.close_by_ref().await?;
            self.readers.live.close_by_ref().await?;
            self.writer.close_by_ref().await
        };
        match tokio::time::timeout(CLOSE_TIMEOUT, closed).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database was not closed"),
            Err(_) => tracing::warn!("the database was still at work and was not closed"),
        }
    }

    /// Begins to write.
    pub(super) async fn begin_write(&self) -> Result<Transaction> {
        let (options, file) = (self.write_options(), self.file.clone());
        Ok(Transaction::begin_to_write(&self.writer, options, self.answer_limit(), file).await?)
    }

    /// How every transaction that writes begins.
    fn write_options(&self) -> TransactionOptions {
        match self.writer.get_database_backend() {
            // Its connections begin all transactions alike.
            DbBackend::Postgres => TransactionOptions::default(),
            _ => WRITE_SQLITE,
        }
    }
}

/// How long the end waits for statements that are still at work. All that was accepted is committed by then, and with the
/// drains before it a stop stays under the 10 s that container engines grant.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(800);

/// How a transaction that writes begins on SQLite, which knows one level of isolation and warns who asks for one.
const WRITE_SQLITE: TransactionOptions = TransactionOptions {
    isolation_level: None,
    access_mode: None,
    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
};

fn statement(conn: &impl ConnectionTrait, sql: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(conn.get_database_backend(), sql)
}
