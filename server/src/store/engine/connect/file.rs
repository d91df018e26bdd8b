//! An SQLite file: one server at a time, kept apart by a lock on it.

use std::{path::PathBuf, time::Duration};

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::store::{
    database::{LIVE_READERS, QUESTION_READERS, Readers, Store},
    engine::{
        file::OpenFile,
        integrity::{self, Check, Integrity, MAX_BYTES_CHECKED_FIRST},
        interrupt::obey,
        open_error::OpenError,
        timeout::Timeouts,
    },
};

/// How long a connection waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a free connection before it is told to ask again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// The page of a new file, in bytes; one that is there keeps its own, and we never made another.
const PAGE_BYTES: u32 = 4_096;
/// How many rows a connection reads ahead: when its thread has to wait for each to be taken, the two threads cost more than
/// the reading.
const ROW_BUFFER: usize = 2_000;
/// How many prepared statements a connection keeps: ours, in the few sizes in which they come.
const STATEMENT_CACHE: usize = 200;

/// What a database URL says.
pub(super) struct DatabaseFile {
    pub(super) path: PathBuf,
    /// Whether to create it if it is missing.
    pub(super) create: bool,
    /// How large it may grow; none is as large as its disk allows.
    pub(super) max_bytes: Option<u64>,
    pub(super) timeouts: Timeouts,
    url: String,
}

impl DatabaseFile {
    pub(super) fn of(url: &str) -> Result<Self, OpenError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let not_understood = || OpenError::Url(scheme.to_owned());
        let options: SqliteConnectOptions = url.parse().map_err(|_| not_understood())?;
        let settings = url.split_once('?').map_or("", |(_, settings)| settings);
        let create = match settings {
            "mode=rwc" => true,
            "mode=rw" | "" => false,
            // A database in memory would be another one for every connection, and one that is only read stores nothing.
            _ => return Err(not_understood()),
        };
        let path = options.get_filename();
        if path.as_os_str().is_empty() || url.contains(":memory:") {
            return Err(not_understood());
        }
        let timeouts = Timeouts::default();
        Ok(Self { path: path.to_owned(), create, max_bytes: None, timeouts, url: url.to_owned() })
    }

    pub(super) async fn connect(&self) -> Result<Store, DbErr> {
        let (create, max_pages) = (self.create, self.max_bytes.map(|bytes| bytes / u64::from(PAGE_BYTES)));
        // The writer comes first: it switches the file to WAL, for which no reader may be there.
        let writer = options(&self.url, 1, move |options| {
            let options = options.create_if_missing(create).page_size(PAGE_BYTES);
            match max_pages {
                // Kept by the connection and not by the file, so that raising it needs no more than a restart.
                Some(max_pages) => options.pragma("max_page_count", max_pages.to_string()),
                None => options,
            }
        });
        let writer = Database::connect(writer).await?;
        let readers = Readers {
            questions: self.readers(QUESTION_READERS).await?,
            live: self.readers(LIVE_READERS).await?,
        };
        let read_limit = Some(self.timeouts.sqlite_snapshot);
        Ok(Store { writer, readers, postgres: None, read_limit, check: None, file: None })
    }

    /// Connections whose statements end with whoever acquired them.
    async fn readers(&self, connections: u32) -> Result<DatabaseConnection, DbErr> {
        let mut options = options(&self.url, connections, |options| options.read_only(true));
        options.map_sqlx_sqlite_pool_opts(|options| {
            options
                .after_release(|conn, _| Box::pin(has_ended(conn)))
                .after_connect(|conn, _| Box::pin(obey(conn)))
                .before_acquire(|conn, _| Box::pin(async { obey(conn).await.map(|()| true) }))
        });
        Database::connect(options).await
    }

    /// Keeps every other process from serving or rebuilding this file, for as long as what it answers with lives.
    pub(super) fn lock(&self) -> Result<OpenFile, OpenError> {
        OpenFile::lock(&self.path, self.create)
    }

    /// Looks whether every page is what SQLite wrote: now, or where that takes long, while the file is served.
    pub(super) async fn check(&self) -> Result<Option<Check>, OpenError> {
        let unusable = |source| OpenError::Database { database: self.path.display().to_string(), source };
        let options = SqliteConnectOptions::new().filename(&self.path).read_only(true);
        let bytes = self.path.metadata().map_or(0, |metadata| metadata.len());
        if bytes > MAX_BYTES_CHECKED_FIRST {
            return Check::begin(&options).await.map(Some).map_err(unusable);
        }
        match integrity::check(&options).await.map_err(unusable)? {
            Integrity::Damaged(what) => Err(OpenError::Damaged { path: self.path.clone(), what }),
            Integrity::Sound | Integrity::BeingChecked => Ok(None),
        }
    }
}

fn options(
    url: &str,
    connections: u32,
    settings: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(|options| options.after_release(|conn, _| Box::pin(has_ended(conn))))
        .map_sqlx_sqlite_opts(move |options| {
            settings(
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(BUSY_TIMEOUT)
                    .row_buffer_size(ROW_BUFFER)
                    .statement_cache_capacity(STATEMENT_CACHE),
            )
        });
    options
}

/// Whether a connection that comes back is in no transaction; one that is must not be used again.
///
/// When a disk is full or fails, SQLite ends the transaction by itself. Rolling it back is then an error, after which the
/// connection takes itself to be in a transaction for ever: it would begin each further one within that, and what was
/// committed there would be seen by nobody and be lost with the connection.
async fn has_ended(conn: &mut SqliteConnection) -> sqlx::Result<bool> {
    if conn.is_in_transaction() {
        // The rollback may still be under way; what is answered now comes after it.
        conn.ping().await?;
    }
    let has_ended = !conn.is_in_transaction();
    if !has_ended {
        tracing::warn!("SQLite ended a transaction by itself; its connection is replaced by a new one");
    }
    Ok(has_ended)
}
