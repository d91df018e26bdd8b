//! The database, and the only module that names `sea_orm`.
//!
//! * SQLite: one writer, whose transactions begin with `BEGIN IMMEDIATE`, so that waiting for the lock respects the
//!   busy timeout; a transaction that read first would be refused at once.
//! * PostgreSQL: whoever writes to a factory locks its row first, so that a factory has one writer at a time, whichever
//!   server it is. Transactions that are in each other's way are tried again.
//! * Several read-only readers, each answer from one snapshot.
//! * Every commit is on disk before it is answered: WAL with `synchronous=FULL`, or what the PostgreSQL server is set to.

pub mod commit_log;
pub mod devices;
pub(crate) mod engine;
pub mod entities;
pub mod events;
pub mod factories;
mod intern;
pub mod neighbours;
pub mod plans;
pub mod recompute;
pub mod rollups;
pub mod timeline;
pub mod writer;

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions,
};

use engine::{connect::FileLock, notify::Address, transaction::Transaction};
pub use engine::{connect::OpenError, fault::Fault, timeout::Timeouts};
pub use recompute::{Difference, audit, rebuild};

/// One state of the database: everything read through it belongs to the same set of events.
pub type Snapshot = Transaction;

/// The most values that one statement binds: SQLite's limit, the lower one of the engines.
const MAX_BOUND_VALUES: usize = 32_766;

/// What can go wrong with the database. Clients never see its text.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// A row does not hold what we write.
    #[error("the database holds {0}, which this version does not understand")]
    Corrupt(String),
}

impl StoreError {
    /// What kind of failure it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Database(error) => Fault::of(error),
            Self::Corrupt(_) => Fault::Other,
        }
    }
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database: connections that write and connections that read. Clones share them.
#[derive(Clone)]
pub struct Store {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    /// How to open one more connection to a PostgreSQL; none for SQLite.
    postgres: Option<Arc<Address>>,
    /// Held as long as the store is: a second server on the same file refuses to start.
    _lock: Option<Arc<FileLock>>,
}

impl Store {
    /// Begins to read one state of the database. Dropping it ends it.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let snapshot =
            Transaction::begin(&self.readers, TransactionOptions::default(), self.answer_limit()).await?;
        // A transaction takes its snapshot at its first read: take it now.
        snapshot.query_one_raw(statement(&snapshot, "SELECT 1 FROM factory LIMIT 1")).await?;
        Ok(snapshot)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.snapshot().await.map(drop)
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
    fn answer_limit(&self) -> Option<Duration> {
        self.postgres.as_ref().map(|address| address.timeouts.statement)
    }

    /// Ends all connections. An SQLite file is then whole by itself, without a log beside it. Whoever is still at work
    /// may finish and is waited for, but not for ever.
    pub async fn close(&self) {
        let closed = async {
            // The writer comes last: only a connection that may write can take the log into the file.
            self.readers.close_by_ref().await?;
            self.writer.close_by_ref().await
        };
        match tokio::time::timeout(CLOSE_TIMEOUT, closed).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database was not closed"),
            Err(_) => tracing::warn!("the database was still at work and was not closed"),
        }
    }

    /// Begins to write.
    async fn begin_write(&self) -> Result<Transaction> {
        Ok(Transaction::begin(&self.writer, self.write_options(), self.answer_limit()).await?)
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

/// How many rows of so many columns one statement can bind.
const fn rows_per_statement(columns: usize) -> usize {
    MAX_BOUND_VALUES / columns
}
