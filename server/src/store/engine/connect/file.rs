//! An SQLite file: one server at a time, kept apart by a lock beside it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::OpenError;
use crate::store::Store;

/// How many snapshots are read at once; SQLite readers do not wait for the writer.
const READERS: u32 = 4;
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
        Ok(Self { path: one_name_of(path), create, max_bytes: None, url: url.to_owned() })
    }

    pub(super) async fn connect(&self) -> Result<Store, DbErr> {
        let (create, max_pages) = (self.create, self.max_bytes.map(|bytes| bytes / u64::from(PAGE_BYTES)));
        // The writer comes first: it switches the file to WAL, for which no reader may be there.
        let writer = pool(&self.url, 1, move |options| {
            let options = options.create_if_missing(create).page_size(PAGE_BYTES);
            match max_pages {
                // Kept by the connection and not by the file, so that raising it needs no more than a restart.
                Some(max_pages) => options.pragma("max_page_count", max_pages.to_string()),
                None => options,
            }
        })
        .await?;
        let readers = pool(&self.url, READERS, |options| options.read_only(true)).await?;
        Ok(Store { writer, readers, postgres: None, _lock: None })
    }

    /// Keeps every other process from serving or rebuilding this file, for as long as what it answers with lives.
    pub(super) fn lock(&self) -> Result<FileLock, OpenError> {
        lock(&self.path)
    }
}

/// The lock beside a database file, let go when dropped.
pub(in crate::store) struct FileLock(File);

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file would not do: a process that is being started at this moment has a copy of it until it runs its
        // own program. Where this fails, the end of the process lets go.
        self.0.unlock().ok();
    }
}

/// One name for a file that may have several, such as symbolic links, so that all of them meet at one lock.
fn one_name_of(path: &Path) -> PathBuf {
    let in_one_directory = || {
        let directory =
            path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(directory.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_one_directory).unwrap_or_else(|| path.to_owned())
}

async fn pool(
    url: &str,
    connections: u32,
    settings: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> Result<DatabaseConnection, DbErr> {
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
    Database::connect(options).await
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

fn lock(database: &Path) -> Result<FileLock, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |source| OpenError::Lock { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(FileLock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_dropped_is_free_though_somebody_holds_a_copy_of_its_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = directory.path().join("andon.db");
        let held = lock(&database).expect("the lock");
        let copy = held.0.try_clone().expect("a copy");
        assert!(matches!(lock(&database), Err(OpenError::InUse(_))));
        drop(held);
        drop(lock(&database).expect("the lock again"));
        drop(copy);
    }
}
