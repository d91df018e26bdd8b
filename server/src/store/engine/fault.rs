//! What an error of a database means: whether asking again may help, and how.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Two transactions were in each other's way; this one was undone and can be tried again at once.
    Contention,
    /// Something with this key is there already.
    Exists,
    /// The database cannot be reached, is stopping or starting, is busy or locked.
    Unreachable,
    /// The database has no room left.
    Full,
    /// The database took too long over a statement, which was ended.
    TookTooLong,
    /// The database file holds what SQLite did not write.
    Damaged,
    /// The database file at its path is not the one that is open.
    FileReplaced,
    /// Anything else: the statement or the data is wrong.
    Other,
}

impl Fault {
    /// Judges an error by its number.
    pub(in crate::store) fn of(error: &DbErr) -> Self {
        match (sqlx_error_of(error), error) {
            (Some(error), _) => of_sqlx(error),
            (None, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => Self::Unreachable,
            (None, _) => Self::Other,
        }
    }
}

/// Whether a statement found its connection cut, by the other side or on the way.
pub(in crate::store) fn is_cut_connection(error: &DbErr) -> bool {
    let DbErr::Query(RuntimeErr::SqlxError(error)) = error else { return false };
    match &**error {
        SqlxError::Io(_) | SqlxError::Protocol(_) => true,
        // Ended by an administrator, or by a crash or stop of the server.
        SqlxError::Database(error) => matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03")),
        _ => false,
    }
}

/// Whether SQLite found a page that it did not write so, in a file that begins as a database does.
pub(in crate::store) fn is_damaged_page(error: &DbErr) -> bool {
    let code = sqlx_error_of(error)
        .and_then(SqlxError::as_database_error)
        .and_then(sqlx::error::DatabaseError::code);
    let code = code.and_then(|code| code.parse::<u32>().ok());
    Fault::of(error) == Fault::Damaged && code.is_some_and(|code| code & 0xFF == SQLITE_CORRUPT)
}

/// Whether the role that asked may not do that.
pub(in crate::store) fn is_forbidden(error: &DbErr) -> bool {
    sqlx_error_of(error).and_then(SqlxError::as_database_error).is_some_and(|error| {
        let is_postgres = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some();
        is_postgres && error.code().as_deref() == Some("42501")
    })
}

fn sqlx_error_of(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Judges an error of the driver.
pub(super) fn of_sqlx(error: &SqlxError) -> Fault {
    match error {
        SqlxError::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                of_sqlstate(&code)
            } else {
                // SQLite's extended codes hold the primary one in their lowest byte.
                code.parse::<u32>().map_or(Fault::Other, of_sqlite)
            }
        }
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => Fault::Unreachable,
        _ => Fault::Other,
    }
}

/// Appendix A of PostgreSQL's manual.
fn of_sqlstate(code: &str) -> Fault {
    match code {
        // Serialization failure, deadlock.
        "40001" | "40P01" => Fault::Contention,
        // Unique violation, and what two servers meet that make the same tables at once.
        "23505" | "42P07" | "42701" | "42710" | "42P06" => Fault::Exists,
        // Disk full.
        "53100" => Fault::Full,
        // Read-only (a standby after a failover), lock not available, shutdowns and starts, idle in transaction.
        "25006" | "55P03" | "57P01" | "57P02" | "57P03" | "25P03" => Fault::Unreachable,
        // Canceled, as `statement_timeout` does.
        "57014" => Fault::TookTooLong,
        // Connections broken or refused, out of resources.
        _ if code.starts_with("08") || code.starts_with("53") => Fault::Unreachable,
        _ => Fault::Other,
    }
}

const SQLITE_CORRUPT: u32 = 11;

/// <https://sqlite.org/rescode.html>
fn of_sqlite(code: u32) -> Fault {
    const SQLITE_BUSY: u32 = 5;
    const SQLITE_LOCKED: u32 = 6;
    const SQLITE_INTERRUPT: u32 = 9;
    const SQLITE_IOERR: u32 = 10;
    const SQLITE_FULL: u32 = 13;
    const SQLITE_NOTADB: u32 = 26;
    const SQLITE_CONSTRAINT_PRIMARYKEY: u32 = 1_555;
    const SQLITE_CONSTRAINT_UNIQUE: u32 = 2_067;
    match (code, code & 0xFF) {
        (SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE, _) => Fault::Exists,
        (_, SQLITE_BUSY | SQLITE_LOCKED | SQLITE_IOERR) => Fault::Unreachable,
        (_, SQLITE_FULL) => Fault::Full,
        (_, SQLITE_INTERRUPT) => Fault::TookTooLong,
        (_, SQLITE_CORRUPT | SQLITE_NOTADB) => Fault::Damaged,
        _ => Fault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_whether_asking_again_may_help() {
        assert_eq!(of_sqlstate("40P01"), Fault::Contention);
        assert_eq!(of_sqlstate("57P01"), Fault::Unreachable);
        assert_eq!(of_sqlstate("08006"), Fault::Unreachable);
        assert_eq!(of_sqlstate("53100"), Fault::Full);
        assert_eq!(of_sqlstate("22003"), Fault::Other, "a number out of range stays out of range");
        assert_eq!(of_sqlite(5), Fault::Unreachable);
        assert_eq!(of_sqlite(261), Fault::Unreachable, "busy while recovering");
        assert_eq!(of_sqlite(13), Fault::Full);
        assert_eq!(of_sqlite(9), Fault::TookTooLong);
        assert_eq!(of_sqlstate("57014"), Fault::TookTooLong);
        assert_eq!(of_sqlite(267), Fault::Damaged, "a page of a table that is none");
        assert_eq!(of_sqlite(1), Fault::Other);
    }
}
