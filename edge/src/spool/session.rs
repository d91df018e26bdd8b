//! A session on a spool from the command line, whether an agent has it open or not.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::arrival::KeptMalformed;
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

/// What something that waits for a person is called on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LetterId {
    /// An event that was refused or could not be delivered, such as `17`.
    Refused(i64),
    /// Something that is no event, such as `m3`.
    Malformed(i64),
}

impl std::fmt::Display for LetterId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(id) => write!(formatter, "{id}"),
            Self::Malformed(id) => write!(formatter, "m{id}"),
        }
    }
}

impl std::str::FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, id): (&str, fn(i64) -> Self) = match text.strip_prefix('m') {
            Some(digits) => (digits, Self::Malformed),
            None => (text, Self::Refused),
        };
        let number =
            digits.parse().map_err(|_| "an id is one that `list` shows, such as 17 or m3".to_owned());
        number.map(id)
    }
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

    /// What inputs brought that is no event, in the order in which it came.
    pub fn malformed(&mut self) -> Result<Vec<KeptMalformed>, SessionError> {
        Ok(self.store.in_read(Store::malformed)?)
    }

    /// Gives something that waits for a person another body.
    pub fn replace(&mut self, id: LetterId, body: &str) -> Result<(), SessionError> {
        Ok(self.store.in_transaction(|store| match id {
            LetterId::Refused(id) => store.replace_dead_letter(id, body),
            LetterId::Malformed(id) => store.replace_malformed(id, body),
        })?)
    }

    /// Puts what waits for a person at the end of the queue, all of it or nothing.
    pub fn resend(&mut self, ids: &[LetterId]) -> Result<(), SessionError> {
        // While no agent runs, nothing has checked whether the file is older than what the server knows, and the numbers
        // given now must be among those that the next agent asks about.
        let no_agent = Lock::take(&self.path).ok();
        let now = Moment { wall_ms: clock::now_ms(), elapsed_ms: 0 };
        let done = self.store.in_transaction(|store| {
            if no_agent.is_some() {
                store.note_unconfirmed()?;
            }
            ids.iter().try_for_each(|&id| match id {
                LetterId::Refused(id) => store.resend(id, now),
                LetterId::Malformed(id) => store.resend_malformed(id, now),
            })
        });
        drop(no_agent);
        Ok(done?)
    }
}
