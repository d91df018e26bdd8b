//! Opening a database: an SQLite file with its lock, or a PostgreSQL by its URL; their settings, their migrations.

mod file;
mod server;

use std::{sync::Arc, time::Duration};

use migration::Migrator;
use sea_orm::DbErr;

use self::{file::DatabaseFile, server::DatabaseServer};
use super::{
    fault::{is_damaged_page, is_forbidden},
    open_error::OpenError,
    retry::Retries,
    timeout::{Timeouts, limited},
};
use crate::store::{database::Store, error::StoreError};

/// How long it may take to bring a PostgreSQL up to date, all changes together: a later one may rewrite a large table.
const MIGRATION_LIMIT: Duration = Duration::from_hours(1);

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
        match self {
            Self::File(file) if is_damaged_page(&source) => {
                OpenError::Damaged { path: file.path.clone(), what: source.to_string() }
            }
            _ => OpenError::Database { database: self.place(), source },
        }
    }

    fn place(&self) -> String {
        match self {
            Self::File(file) => file.path.display().to_string(),
            Self::Server(server) => server.place(),
        }
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

    /// As [`Store::open`], with timeouts of one's own.
    pub async fn open_with(url: &str, timeouts: Timeouts) -> Result<Self, OpenError> {
        let mut named = Named::by(url)?;
        match &mut named {
            Named::File(file) => file.timeouts = timeouts,
            Named::Server(server) => server.timeouts = timeouts,
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
        let file = match &named {
            Named::File(file) => Some(Arc::new(file.lock()?)),
            Named::Server(_) => None,
        };
        let mut store = named.connect().await.map_err(|source| named.unusable(source))?;
        store.file = file;
        if let Named::File(file) = &named {
            store.check = file.check().await?.map(Arc::new);
        }
        let unknown = Migrator::unknown(&store.writer).await.map_err(|source| named.unusable(source))?;
        if let Some(change) = unknown {
            return Err(OpenError::OtherVersion { database: named.place(), change });
        }
        let pending = Migrator::pending(&store.writer).await.map_err(|source| named.unusable(source))?;
        if pending > 0 {
            store.migrate().await.map_err(|source| {
                if is_forbidden(&source) {
                    OpenError::MayNotMigrate { database: named.place(), pending, source }
                } else {
                    named.unusable(source)
                }
            })?;
        }
        // A database that cannot be written is found out now and not by the first batch.
        store.begin_write().await.map(drop).map_err(|error| named.unusable(database_error(error)))?;
        if let Some(file) = &store.file {
            file.remember();
        }
        Ok(store)
    }

    /// Makes the tables. Of several servers that begin at once on an empty PostgreSQL one makes them, and the others find
    /// that out when they try to.
    async fn migrate(&self) -> Result<(), DbErr> {
        let mut retries = Retries::default();
        loop {
            let limit = self.is_shared().then_some(MIGRATION_LIMIT);
            let outcome = limited(limit, Migrator::migrate(&self.writer)).await.map_err(Into::into);
            if !retries.again_for_a_key(&outcome).await {
                return outcome.map_err(database_error);
            }
        }
    }
}

fn database_error(error: StoreError) -> DbErr {
    match error {
        StoreError::Database(error) => error,
        error => DbErr::Custom(error.to_string()),
    }
}
