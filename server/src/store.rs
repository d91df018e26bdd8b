//! The database, and the only module that names `sea_orm`.
//!
//! * One writer. On SQLite its transactions begin with `BEGIN IMMEDIATE`, so that waiting for the lock respects the
//!   busy timeout; a transaction that read first would be refused at once.
//! * Several read-only readers, each answer from one snapshot.
//! * Every commit is on disk before it is answered: WAL with `synchronous=FULL`.

mod code;
mod connect;
pub mod entities;
pub mod events;
pub mod factories;
mod intern;
pub mod neighbours;
pub mod recompute;
pub mod removal;
pub mod rollups;
pub mod timeline;
pub mod writer;

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

pub use connect::OpenError;
pub use recompute::{Difference, audit, rebuild};

/// One state of the database: everything read through it belongs to the same set of events.
pub type Snapshot = DatabaseTransaction;

/// The most values that one statement binds: SQLite's limit, the lower one of the engines.
const MAX_BOUND_VALUES: usize = 32_766;

/// What can go wrong below; [`crate::error::ApiError`] hides it from clients.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// A row does not hold what we write.
    #[error("the database holds {0}, which this version does not understand")]
    Corrupt(String),
}

impl StoreError {
    /// Whether asking again may help: the database is busy, locked, full or not reached.
    pub fn is_temporary(&self) -> bool {
        let Self::Database(error) = self else { return false };
        if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
            return true;
        }
        // The words of SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL and SQLITE_IOERR; sea-orm hides their numbers.
        let words = error.to_string();
        ["database is locked", "table is locked", "disk is full", "disk I/O error"]
            .iter()
            .any(|temporary| words.contains(temporary))
    }
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database: one writer, several readers. Clones share the connections.
#[derive(Clone)]
pub struct Store {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    /// Held as long as the store is: a second server on the same file refuses to start.
    _lock: Option<Arc<std::fs::File>>,
}

impl Store {
    /// Begins to read one state of the database. Dropping it ends it.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let snapshot = self.readers.begin().await?;
        // A deferred transaction takes its snapshot at its first read: take it now.
        snapshot.query_one_raw(statement(&snapshot, "SELECT 1 FROM factory LIMIT 1")).await?;
        Ok(snapshot)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.snapshot().await.map(drop)
    }

    /// Begins to write; there is one writer at a time.
    async fn begin_write(&self) -> Result<DatabaseTransaction> {
        Ok(self.writer.begin_with_options(WRITE).await?)
    }
}

/// How every transaction that writes begins.
const WRITE: TransactionOptions = TransactionOptions {
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
