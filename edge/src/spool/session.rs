//! A session on a spool from the command line, whether an agent has it open or not.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::check::{self, Kind};
use super::error::{OpenError, SpoolError};
use super::lock::Lock;
use super::options::{SpoolOptions, WhenFull};
use super::records::{Counts, DeadLetter};
use super::schema;
use super::store::{Limits, Moment, Store};
use crate::clock;

/// Why a session did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The spool refused.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// A session on a spool: read-only, or to change dead letters.
pub struct Session {
    path: PathBuf,
    store: Store,
}

impl Session {
    /// Opens an existing spool for reading. It works while an agent runs.
    pub fn read_only(path: &Path) -> Result<Self, SessionError> {
        Ok(Self::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
    }

    /// Opens an existing spool to change dead letters. It works while an agent runs, which notices.
    pub fn read_write(path: &Path) -> Result<Self, SessionError> {
        Ok(Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
    }

    fn open(path: &Path, access: OpenFlags) -> Result<Self, OpenError> {
        match check::kind(path).map_err(|error| OpenError::unusable(path, &error))? {
            Kind::New => return Err(OpenError::unusable(path, &"there is no such file")),
            Kind::Foreign => return Err(OpenError::NotASpool(path.to_owned())),
            Kind::Spool | Kind::Unmarked => {}
        }
        let open = || -> Result<(Connection, i64), SpoolError> {
            let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(schema::BUSY_FOR)?;
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            let version = schema::version(&connection)?;
            Ok((connection, version))
        };
        let (connection, found) = open().map_err(|error| OpenError::unusable(path, &error))?;
        if found > schema::VERSION {
            return Err(OpenError::Newer { path: path.to_owned(), found, known: schema::VERSION });
        }
        // Whatever a person sends again must not be refused for the agent's cap, and drops nothing.
        let options = SpoolOptions { when_full: WhenFull::Block, ..SpoolOptions::default() };
        let limits = Limits { cap_bytes: i64::MAX, ..Limits::from(&options) };
        let store = Store::on(connection, limits);
        Ok(Self { path: path.to_owned(), store })
    }

    /// How the spool stands, as of one moment.
    pub fn counts(&mut self) -> Result<Counts, SessionError> {
        Ok(self.store.in_read(Store::counts)?)
    }

    /// Dead letters with ids above `after`, in the order of their ids.
    pub fn dead_letters(&mut self, after: i64, limit: usize) -> Result<Vec<DeadLetter>, SessionError> {
        Ok(self.store.in_read(|store| store.dead_letters(after, limit))?)
    }

    /// Gives a dead letter another body.
    pub fn replace_dead_letter(&mut self, id: i64, body: &str) -> Result<(), SessionError> {
        Ok(self.store.in_transaction(|store| store.replace_dead_letter(id, body))?)
    }

    /// Puts dead letters at the end of the queue, all of them or none.
    pub fn resend(&mut self, ids: &[i64]) -> Result<(), SessionError> {
        // While no agent runs, nothing has checked whether the file is older than what the server knows, and the numbers
        // given now must be among those that the next agent asks about.
        let no_agent = Lock::take(&self.path).ok();
        let now = Moment { wall_ms: clock::now_ms(), elapsed_ms: 0 };
        let done = self.store.in_transaction(|store| {
            if no_agent.is_some() {
                store.note_unconfirmed()?;
            }
            ids.iter().try_for_each(|&id| store.resend(id, now))
        });
        drop(no_agent);
        Ok(done?)
    }
}
