//! The offsets of inputs that can be read again from a place on, such as followed files.

use rusqlite::OptionalExtension;

use super::error::SpoolError;
use super::store::Store;

/// The offset of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputOffset {
    /// Which input.
    pub input: String,
    /// The place up to which it is spooled, as the input itself writes it.
    pub offset: String,
}

impl Store {
    pub(super) fn set_input_offset(&self, offset: &InputOffset) -> Result<(), SpoolError> {
        let insert = "INSERT OR REPLACE INTO mark VALUES (?, ?)";
        self.connection.prepare_cached(insert)?.execute([&offset.input, &offset.offset])?;
        Ok(())
    }

    pub(super) fn input_offset(&self, input: &str) -> Result<Option<String>, SpoolError> {
        let select = "SELECT value FROM mark WHERE key = ?";
        Ok(self.connection.prepare_cached(select)?.query_row([input], |row| row.get(0)).optional()?)
    }
}
