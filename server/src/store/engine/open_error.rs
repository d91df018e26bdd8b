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
    /// The file cannot be opened and locked.
    #[error(
        "cannot open {path} to write; it must be a file that may be written, or with mode=rwc its directory must be there and be writable"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds pages that are not what was written.
    #[error(
        "{path} is damaged, and is not served as it is ({what}); keep a copy of it and of the files beside it, then see \"A damaged \
         file\" in docs/OPERATIONS.md: restore a backup, or recover what is left"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        what: String,
    },
    /// Another version made the tables.
    #[error(
        "the tables of {database} were made by another version, which has {change:?}, and cannot be used by this one; a database from \
         before version 0.1.0 has to be made anew: name another one, and send the events again"
    )]
    OtherVersion {
        /// The database file, or where the server is, without a password.
        database: String,
        /// The change to the tables that this version does not know.
        change: String,
    },
    /// The tables have to be changed by somebody who may.
    #[error(
        "{database} needs {pending} of this version's changes to its tables, and the role that asks may not make them; \
         start this version once as a role that may create in its schema, or grant that to this one: \
         GRANT USAGE, CREATE ON SCHEMA public TO the_role"
    )]
    MayNotMigrate {
        /// Where the server is, without a password.
        database: String,
        /// How many changes were not made yet.
        pending: usize,
        /// What the database said.
        source: DbErr,
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
