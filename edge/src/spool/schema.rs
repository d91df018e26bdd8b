//! The spool's tables, and how an older spool becomes one of today.

use rusqlite::{Connection, TransactionBehavior};

use super::error::SpoolError;

/// The SQLite application id of a spool: `ANSP`.
pub(super) const APPLICATION_ID: i32 = 0x414E_5350;

/// The newest version of the tables; `PRAGMA user_version` holds a file's own.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// The first version with the table `malformed`.
pub(super) const MALFORMED_SINCE: i64 = 3;

/// The first version with the table `failure`.
pub(super) const FAILURE_SINCE: i64 = 4;

/// One step from each version to the next. A released step is never edited.
///
/// - `state` has one row, the metadata; `next_position` is the next position to be given, `ran_ms` for how long agents ran
///   on this spool, and from `unconfirmed_from` on no server has yet confirmed that positions were given only once.
/// - `epoch`: from behind `starts_after` on, up to the next epoch's, positions belong to it.
/// - `gone`: ranges of positions given and no longer queued, merged with their neighbours.
/// - `mark`: the offset of an input, such as the place in a followed file, committed with what came before it.
/// - `malformed`: what inputs brought that is no event, for a person.
/// - `counter`: what each cumulative counter last showed, committed with the events that were made of it.
/// - `failure`: why nothing is delivered, at most one row.
/// - `queue`: what is to be delivered; `crc` covers position, time and body, because SQLite itself keeps no checksums.
const MIGRATIONS: [&str; 4] = [
    "
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        device TEXT NOT NULL,
        next_position INTEGER NOT NULL,
        ran_ms INTEGER NOT NULL,
        unconfirmed_from INTEGER,
        delivered INTEGER NOT NULL,
        lost INTEGER NOT NULL,
        lost_elsewhere INTEGER NOT NULL,
        reissued INTEGER NOT NULL
    );
    CREATE TABLE epoch (starts_after INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE gone (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
    CREATE TABLE queue (
        position INTEGER PRIMARY KEY,
        spooled_at_ms INTEGER NOT NULL,
        ran_ms INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        body TEXT NOT NULL
    );
    CREATE TABLE dead_letter (
        id INTEGER PRIMARY KEY,
        epoch TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        body TEXT NOT NULL,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        at_ms INTEGER NOT NULL
    );
    CREATE TABLE receipt (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        epoch TEXT NOT NULL,
        first_sequence INTEGER NOT NULL,
        last_sequence INTEGER NOT NULL,
        reason TEXT NOT NULL,
        from_ms INTEGER,
        to_ms INTEGER,
        detail TEXT NOT NULL
    );
",
    "
    CREATE TABLE mark (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
",
    "
    CREATE TABLE malformed (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        checksum INTEGER NOT NULL,
        input TEXT NOT NULL,
        body TEXT NOT NULL,
        reason TEXT NOT NULL,
        times INTEGER NOT NULL,
        at_ms INTEGER NOT NULL
    );
    CREATE INDEX malformed_checksum ON malformed (checksum);
    CREATE TABLE counter (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
",
    "
    CREATE TABLE failure (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        is_forbidden INTEGER NOT NULL,
        reason TEXT NOT NULL,
        since_ms INTEGER NOT NULL
    );
",
];

/// Sets what a connection that writes needs: every commit is on the disk before it is answered for.
pub(super) fn prepare(connection: &Connection) -> Result<(), SpoolError> {
    connection.busy_timeout(BUSY_FOR)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(())
}

/// Writes ahead into a log from now on, so that a commit is one sync and readers wait for nobody.
pub(super) fn enable_wal(connection: &Connection) -> Result<(), SpoolError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The store does this itself, and thoroughly.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(())
}

/// Brings the tables to today's version, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), SpoolError> {
    migrate_to(connection, VERSION)
}

/// Brings the tables to a version, in one transaction.
pub(super) fn migrate_to(connection: &mut Connection, version: i64) -> Result<(), SpoolError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = self::version(&transaction)?;
    let steps = MIGRATIONS.iter().zip(1..=version).skip(usize::try_from(found).unwrap_or_default());
    for (step, reached) in steps {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.commit()?;
    Ok(())
}

/// The version of the tables in a file; 0 when there are none.
pub(super) fn version(connection: &Connection) -> Result<i64, SpoolError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// How long a writer waits for another process, such as `andon-edge dead-letters`, which holds the file for milliseconds.
pub(super) const BUSY_FOR: std::time::Duration = std::time::Duration::from_secs(10);

/// Memory for pages, in KiB: the tails of the queue that are read and written, not the whole of it.
const CACHE_KIB: i64 = 8 * 1024;

/// How long the write-ahead log grows before it is moved into the file, in bytes: a hundred batches, and small beside any
/// disk.
pub(super) const LOG_BYTES: i64 = 1024 * 1024;

/// The size of a page in bytes: SQLite's own default.
pub(super) const PAGE_BYTES: i64 = 4_096;
