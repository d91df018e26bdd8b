//! Keeps a second agent off a spool.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::error::OpenError;
use super::files::{LOCK, beside, private};

/// Held for as long as an agent has the spool open; the operating system lets go of it however the agent ends.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks the file beside the spool.
    pub(super) fn take(spool: &Path) -> Result<Self, OpenError> {
        let path = beside(spool, LOCK);
        let unusable = |error: std::io::Error| OpenError::Unusable {
            path: spool.to_owned(),
            reason: format!("cannot lock {}: {error}", path.display()),
        };
        let file = private().create(true).truncate(false).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(spool.to_owned())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}
