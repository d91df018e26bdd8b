//! Why a database could not be opened.

use std::path::PathBuf;

use sea_orm::DbErr;

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
