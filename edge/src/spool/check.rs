//! Whether a file is a spool, and an intact one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::SpoolError;
use super::schema;
use super::store::Store;

/// What an SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The length of an SQLite file's header, in bytes.
const HEADER_BYTES: usize = 100;

/// Where in the header the application id is.
const APPLICATION_ID_AT: usize = 68;

/// What a file looks like from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is none, or nothing in it.
    New,
    /// It has a spool's application id, or was overwritten with zeros and may have been one.
    Spool,
    /// An SQLite file without our application id: another program's, or a spool whose id is damaged.
    Unmarked,
    /// Something else.
    Foreign,
}

/// Looks at a file's first bytes, so that nothing is ever done to a file which is not a spool.
pub(super) fn kind(path: &Path) -> io::Result<Kind> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kind::New),
        Err(error) => return Err(error),
    };
    let mut header = Vec::with_capacity(HEADER_BYTES);
    file.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    let id = schema::APPLICATION_ID.to_be_bytes();
    let is_marked = header.get(APPLICATION_ID_AT..).is_some_and(|rest| rest.starts_with(&id));
    Ok(match () {
        () if header.is_empty() => Kind::New,
        () if is_marked || header.iter().all(|&byte| byte == 0) => Kind::Spool,
        () if header.starts_with(MAGIC) => Kind::Unmarked,
        () => Kind::Foreign,
    })
}

/// Whether the tables are those of a spool, of today's version or an earlier one, whatever its ids say.
pub(super) fn has_our_tables(connection: &Connection) -> bool {
    let tables = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    let of_version = |version: i64| -> Result<Vec<String>, SpoolError> {
        let mut empty = Connection::open_in_memory()?;
        schema::migrate_to(&mut empty, version)?;
        Ok(tables(&empty)?)
    };
    let Ok(theirs) = tables(connection) else { return false };
    (1..=schema::VERSION).any(|version| of_version(version).is_ok_and(|ours| ours == theirs))
}

/// What is wrong with a file without our application id, if it is a spool all the same.
pub(super) fn unmarked(path: &Path) -> Option<SpoolError> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .is_ok_and(|connection| has_our_tables(&connection))
        .then(|| SpoolError::Damaged("its application id is gone".to_owned()))
}

/// The version of the tables when a newer agent made them. A version that cannot be, because the tables are today's, is
/// damage.
pub(super) fn newer_version(path: &Path) -> Result<Option<i64>, SpoolError> {
    let connection = Connection::open(path)?;
    let found = schema::version(&connection)?;
    let is_known = (0..=schema::VERSION).contains(&found);
    if !is_known && (found < 0 || has_our_tables(&connection)) {
        return Err(SpoolError::Damaged(format!("its tables are not of version {found}")));
    }
    Ok((!is_known).then_some(found))
}

impl Store {
    /// Reads the whole file and compares it with its own counts.
    pub(super) fn check(&self) -> Result<(), SpoolError> {
        let damaged = |what: String| Err(SpoolError::Damaged(what));
        let said: String = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if said != "ok" {
            return damaged(said);
        }
        let counts = self.counts()?;
        let queued = self.queued()?;
        if queued != counts.queued {
            return damaged(format!("{} events should be queued, {queued} are", counts.queued));
        }
        let accounted = counts.delivered + counts.queued + counts.dead_lettered + counts.lost;
        if accounted != counts.accepted {
            return damaged(format!(
                "{} events were accepted, {accounted} are accounted for",
                counts.accepted
            ));
        }
        Ok(())
    }
}
