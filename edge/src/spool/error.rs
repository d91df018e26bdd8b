//! What can go wrong with a spool, in words for the person who runs the agent.

use std::path::{Path, PathBuf};

/// Why a spool was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another agent has it open.
    #[error("{} is in use by another agent; stop that one, or give this one a spool of its own", .0.display())]
    InUse(PathBuf),
    /// It was written by a newer version of the agent.
    #[error("{} was written by a newer agent (schema {found}; this one knows up to {known}); install the newer agent", .path.display())]
    Newer {
        /// The spool.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest schema version of this agent.
        known: i64,
    },
    /// The file is something else.
    #[error("{} is not a spool but another kind of file; name a file that does not exist yet, or an earlier spool", .0.display())]
    NotASpool(PathBuf),
    /// The spool belongs to another device.
    #[error("{} belongs to the device {found:?}, not to {asked:?}; start with --device {found:?}, or with another spool", .path.display())]
    OtherDevice {
        /// The spool.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who asked.
        asked: String,
    },
    /// The device's name cannot be used.
    #[error("a device's name has 1 to 64 characters, this one has {0}")]
    DeviceName(usize),
    /// A cap is too small to work with.
    #[error("a spool's cap is at least {min} bytes, not {asked}")]
    CapTooSmall {
        /// What was asked for, in bytes.
        asked: u64,
        /// The least, in bytes.
        min: u64,
    },
    /// The operating system or SQLite refuses.
    #[error("the spool {} cannot be used: {reason}", .path.display())]
    Unusable {
        /// The spool.
        path: PathBuf,
        /// What was said.
        reason: String,
    },
}

impl OpenError {
    pub(super) fn unusable(path: &Path, reason: &impl ToString) -> Self {
        Self::Unusable { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// Why the spool did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpoolError {
    /// There is no room, and nothing that may be dropped to make some.
    #[error(
        "the spool is full: {used_bytes} of {cap_bytes} bytes are in use; events are taken again when some were delivered"
    )]
    Full {
        /// Bytes of pages in use.
        used_bytes: i64,
        /// The cap.
        cap_bytes: i64,
    },
    /// One event is longer than any the server takes.
    #[error("an event has at most {max_bytes} bytes, this one has {bytes}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest allowed.
        max_bytes: usize,
    },
    /// The disk is full.
    #[error("the disk of the spool is full; events are taken again when there is room: {0}")]
    NoSpace(String),
    /// The disk is read-only or broken.
    #[error("the spool cannot be read or written: {0}")]
    Unwritable(String),
    /// The file's content makes no sense any more.
    #[error("the spool is damaged: {0}")]
    Damaged(String),
    /// What a person asked for is not there.
    #[error("there is no dead letter {0}")]
    NoDeadLetter(i64),
    /// What a person asked for is not there.
    #[error("there is no malformed message m{0}")]
    NoMalformed(i64),
    /// A person wants something sent that is no event.
    #[error("m{id} is no event, so it cannot be sent: {reason}; give it another body with `mend m{id}`")]
    StillMalformed {
        /// Which.
        id: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// The agent is shutting down.
    #[error("the spool is closed")]
    Closed,
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        match &error {
            Error::SqliteFailure(failure, _)
                if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
            {
                Self::Damaged(error.to_string())
            }
            Error::SqliteFailure(failure, _) if failure.code == ErrorCode::DiskFull => {
                Self::NoSpace(error.to_string())
            }
            // The tables themselves are not there.
            Error::SqliteFailure(failure, Some(message))
                if failure.code == ErrorCode::Unknown && message.starts_with("no such") =>
            {
                Self::Damaged(error.to_string())
            }
            // A column of another type than was written, or a row that must be there and is not.
            Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::QueryReturnedNoRows
            | Error::Utf8Error(..)
            | Error::SqlInputError { .. } => Self::Damaged(error.to_string()),
            _ => Self::Unwritable(error.to_string()),
        }
    }
}
