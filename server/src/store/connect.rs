//! Opening a database: its file lock, its settings, its migrations.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use migration::Migrator;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::Store;

/// How many snapshots are read at once; SQLite readers do not wait for the writer.
const READERS: u32 = 4;
/// How long a connection waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a free connection before it is told to ask again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many prepared statements a connection keeps: ours, in the few sizes in which they come.
const STATEMENT_CACHE: usize = 200;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one of ours.
    #[error(
        "the database URL {0:?} is not understood; write sqlite://PATH?mode=rwc, such as sqlite://andon.db?mode=rwc"
    )]
    Url(String),
    /// Another process serves or rebuilds this file.
    #[error("{0} is in use by another andon process; stop that one first, or name another database")]
    InUse(PathBuf),
    /// The lock file cannot be written.
    #[error("cannot lock {path}: {source}; the directory must exist and be writable")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database said no.
    #[error("cannot open the database: {0}")]
    Database(#[from] DbErr),
}

impl Store {
    /// Opens the database that a URL such as `sqlite://andon.db?mode=rwc` names, for this process alone, and brings
    /// it up to date.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let lock = lock(&database_file(url)?)?;
        let store = Self { _lock: Some(Arc::new(lock)), ..Self::connect(url).await? };
        Migrator::migrate(&store.writer).await?;
        Ok(store)
    }

    /// Opens the database beside a process that serves it, to read. It must exist and be up to date.
    pub async fn open_beside(url: &str) -> Result<Self, OpenError> {
        database_file(url)?;
        let url = url.replace("mode=rwc", "mode=rw");
        Self::connect(&url).await
    }

    async fn connect(url: &str) -> Result<Self, OpenError> {
        // The writer comes first: it switches the file to WAL, for which no reader may be there.
        let writer = pool(url, 1, |options| options).await?;
        let readers = pool(url, READERS, |options| options.read_only(true)).await?;
        Ok(Self { writer, readers, _lock: None })
    }
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
        .map_sqlx_sqlite_opts(move |options| {
            settings(
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(BUSY_TIMEOUT)
                    .statement_cache_capacity(STATEMENT_CACHE),
            )
        });
    Database::connect(options).await
}

/// The file that a SQLite URL names.
fn database_file(url: &str) -> Result<PathBuf, OpenError> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
        .and_then(|rest| rest.split('?').next())
        // A database in memory would be another one for every connection.
        .filter(|path| !path.is_empty() && !path.contains(":memory:"));
    path.map(PathBuf::from).ok_or_else(|| OpenError::Url(url.to_owned()))
}

fn lock(database: &std::path::Path) -> Result<File, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |source| OpenError::Lock { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
