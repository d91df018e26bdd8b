//! Opening a database: an SQLite file with its lock, or a PostgreSQL by its URL; their settings, their migrations.

mod file;
mod server;

use std::{path::PathBuf, sync::Arc, time::Duration};

use migration::Migrator;
use sea_orm::DbErr;

pub(in crate::store) use self::file::FileLock;
use self::{file::DatabaseFile, server::DatabaseServer};
use super::{
    super::{Store, StoreError},
    retry::Retries,
    timeout::{Timeouts, limited},
    transaction::Transaction,
};

/// How long it may take to bring a PostgreSQL up to date, all changes together: a later one may rewrite a large table.
const MIGRATION_LIMIT: Duration = Duration::from_hours(1);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one of ours. Only its scheme is repeated, because the rest may hold a password.
    #[error(
        "a database URL that begins with {0:?} or asks for another mode than rw or rwc is not understood; write \
         sqlite://PATH?mode=rwc, such as sqlite://andon.db?mode=rwc, or postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Url(String),
    /// Another process serves or rebuilds this file.
    #[error("{0} is in use by another andon process; stop that one first, or name another database")]
    InUse(PathBuf),
    /// A cap was asked for where we cannot keep one.
    #[error(
        "the size of a PostgreSQL cannot be capped from here, only that of an SQLite file; leave --max-database-mb and \
         ANDON_MAX_DATABASE_MB out"
    )]
    CapOfServer,
    /// The lock file cannot be written.
    #[error("cannot lock {path}; its directory must exist and be writable")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database said no.
    #[error("cannot use {database} as a database")]
    Database {
        /// The database file, or where the server is, without a password.
        database: String,
        /// What the database said.
        source: DbErr,
    },
}

/// What a database URL names.
enum Named {
    File(DatabaseFile),
    Server(Box<DatabaseServer>),
}

impl Named {
    fn by(url: &str) -> Result<Self, OpenError> {
        match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            "sqlite" => DatabaseFile::of(url).map(Self::File),
            "postgres" | "postgresql" => DatabaseServer::of(url).map(|server| Self::Server(Box::new(server))),
            other => Err(OpenError::Url(other.to_owned())),
        }
    }

    fn unusable(&self, source: DbErr) -> OpenError {
        let database = match self {
            Self::File(file) => file.path.display().to_string(),
            Self::Server(server) => server.place(),
        };
        OpenError::Database { database, source }
    }

    async fn connect(&self) -> Result<Store, DbErr> {
        match self {
            Self::File(file) => file.connect().await,
            Self::Server(server) => server.connect().await,
        }
    }
}

impl Store {
    /// Opens the database that a URL such as `sqlite://andon.db?mode=rwc` or `postgres://andon@db/andon` names and brings
    /// it up to date: a file for this process alone, a PostgreSQL beside the other servers on it.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_capped(url, None).await
    }

    /// As [`Store::open`], and an SQLite file grows to at most so many bytes; one that is larger already grows no
    /// further. What has no room is refused whole.
    pub async fn open_capped(url: &str, max_bytes: Option<u64>) -> Result<Self, OpenError> {
        let mut named = Named::by(url)?;
        match &mut named {
            Named::File(file) => file.max_bytes = max_bytes,
            Named::Server(_) if max_bytes.is_some() => return Err(OpenError::CapOfServer),
            Named::Server(_) => {}
        }
        Self::open_named(named).await
    }

    /// As [`Store::open`], with a timeouts of one's own for a PostgreSQL; an SQLite file needs none.
    pub async fn open_with(url: &str, timeouts: Timeouts) -> Result<Self, OpenError> {
        let mut named = Named::by(url)?;
        if let Named::Server(server) = &mut named {
            server.timeouts = timeouts;
        }
        Self::open_named(named).await
    }

    /// As [`Store::open`], but the database must exist.
    pub async fn open_existing(url: &str) -> Result<Self, OpenError> {
        let mut named = Named::by(url)?;
        if let Named::File(file) = &mut named {
            file.create = false;
        }
        Self::open_named(named).await
    }

    /// Opens the database beside a process that serves it, to read. It must exist and be up to date.
    pub async fn open_beside(url: &str) -> Result<Self, OpenError> {
        let mut named = Named::by(url)?;
        if let Named::File(file) = &mut named {
            file.create = false;
        }
        named.connect().await.map_err(|source| named.unusable(source))
    }

    async fn open_named(named: Named) -> Result<Self, OpenError> {
        let lock = match &named {
            Named::File(file) => Some(Arc::new(file.lock()?)),
            Named::Server(_) => None,
        };
        let prepared = async {
            let store = Self { _lock: lock, ..named.connect().await? };
            store.migrate().await?;
            // A database that cannot be written is found out now and not by the first batch.
            drop(Transaction::begin(&store.writer, store.write_options(), store.answer_limit()).await?);
            Ok(store)
        };
        prepared.await.map_err(|source| named.unusable(source))
    }

    /// Makes the tables. Of several servers that begin at once on an empty PostgreSQL one makes them, and the others find
    /// that out when they try to.
    async fn migrate(&self) -> Result<(), DbErr> {
        let mut retries = Retries::default();
        loop {
            let limit = self.is_shared().then_some(MIGRATION_LIMIT);
            let outcome = limited(limit, Migrator::migrate(&self.writer)).await.map_err(Into::into);
            if !retries.again_for_a_key(&outcome).await {
                return outcome.map_err(|error| match error {
                    StoreError::Database(error) => error,
                    error @ StoreError::Corrupt(_) => DbErr::Custom(error.to_string()),
                });
            }
        }
    }
}
