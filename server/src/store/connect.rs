//! Opening a database: its file lock, its settings, its migrations.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use migration::Migrator;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, TransactionTrait as _};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::{Store, WRITE};

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
    /// The URL is not one of ours. Only its scheme is repeated, because the rest may hold a password.
    #[error(
        "a database URL that begins with {0:?} or asks for another mode than rw or rwc is not understood; write \
         sqlite://PATH?mode=rwc, such as sqlite://andon.db?mode=rwc"
    )]
    Url(String),
    /// Another process serves or rebuilds this file.
    #[error("{0} is in use by another andon process; stop that one first, or name another database")]
    InUse(PathBuf),
    /// The lock file cannot be written.
    #[error("cannot lock {path}; its directory must exist and be writable")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database said no.
    #[error("cannot use {path} as a database")]
    Database {
        /// The database file.
        path: PathBuf,
        /// What the database said.
        source: DbErr,
    },
}

impl Store {
    /// Opens the database that a URL such as `sqlite://andon.db?mode=rwc` names, for this process alone, and brings
    /// it up to date.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let file = DatabaseFile::of(url)?;
        Self::open_alone(url, &file).await
    }

    /// As [`Store::open`], but the database must exist.
    pub async fn open_existing(url: &str) -> Result<Self, OpenError> {
        let file = DatabaseFile { create: false, ..DatabaseFile::of(url)? };
        Self::open_alone(url, &file).await
    }

    /// Opens the database beside a process that serves it, to read. It must exist and be up to date.
    pub async fn open_beside(url: &str) -> Result<Self, OpenError> {
        let file = DatabaseFile { create: false, ..DatabaseFile::of(url)? };
        Self::connect(url, &file).await.map_err(|source| file.unusable(source))
    }

    async fn open_alone(url: &str, file: &DatabaseFile) -> Result<Self, OpenError> {
        let lock = lock(&file.path)?;
        let prepared = async {
            let store = Self { _lock: Some(Arc::new(lock)), ..Self::connect(url, file).await? };
            Migrator::migrate(&store.writer).await?;
            // A file that cannot be written is found out now and not by the first batch.
            store.writer.begin_with_options(WRITE).await?.rollback().await?;
            Ok(store)
        };
        prepared.await.map_err(|source| file.unusable(source))
    }

    async fn connect(url: &str, file: &DatabaseFile) -> Result<Self, DbErr> {
        let create = file.create;
        // The writer comes first: it switches the file to WAL, for which no reader may be there.
        let writer = pool(url, 1, move |options| options.create_if_missing(create)).await?;
        let readers = pool(url, READERS, |options| options.read_only(true)).await?;
        Ok(Self { writer, readers, _lock: None })
    }
}

/// What a database URL says.
struct DatabaseFile {
    path: PathBuf,
    /// Whether to create it if it is missing.
    create: bool,
}

impl DatabaseFile {
    fn of(url: &str) -> Result<Self, OpenError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let not_understood = || OpenError::Url(scheme.to_owned());
        let options: SqliteConnectOptions = match scheme {
            "sqlite" => url.parse().map_err(|_| not_understood())?,
            _ => return Err(not_understood()),
        };
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
        Ok(Self { path: one_name_of(path), create })
    }

    fn unusable(&self, source: DbErr) -> OpenError {
        OpenError::Database { path: self.path.clone(), source }
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

fn lock(database: &Path) -> Result<File, OpenError> {
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
