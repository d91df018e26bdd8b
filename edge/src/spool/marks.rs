//! How far inputs have come that can be read again from a place on.

use rusqlite::OptionalExtension;

use super::error::SpoolError;
use super::store::Store;

/// How far one input has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which input.
    pub key: String,
    /// The place, as the input itself writes it.
    pub value: String,
}

impl Store {
    pub(super) fn set_mark(&self, mark: &Mark) -> Result<(), SpoolError> {
        let insert = "INSERT OR REPLACE INTO mark VALUES (?, ?)";
        self.connection.prepare_cached(insert)?.execute([&mark.key, &mark.value])?;
        Ok(())
    }

    pub(super) fn mark(&self, key: &str) -> Result<Option<String>, SpoolError> {
        let select = "SELECT value FROM mark WHERE key = ?";
        Ok(self.connection.prepare_cached(select)?.query_row([key], |row| row.get(0)).optional()?)
    }
}
