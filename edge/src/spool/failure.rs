//! Why nothing is delivered: kept in the file, so that whoever asks for the state of the spool is told, too.

use rusqlite::{OptionalExtension, params};

use super::error::SpoolError;
use super::schema;
use super::store::{Moment, Store};

/// Why the agent that has the spool open delivers nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whether somebody has to give the agent the right to send; else it passes by itself.
    pub is_forbidden: bool,
    /// What it was told at first.
    pub reason: String,
    /// Since when, in Unix milliseconds.
    pub since_ms: i64,
}

impl Store {
    /// Writes down why nothing is delivered from now on.
    pub(super) fn set_failure(
        &self,
        is_forbidden: bool,
        reason: &str,
        now: Moment,
    ) -> Result<(), SpoolError> {
        let replace = "INSERT OR REPLACE INTO failure VALUES (1, ?, ?, ?)";
        self.connection.execute(replace, params![is_forbidden, reason, now.wall_ms])?;
        Ok(())
    }

    /// Writes down that events are delivered, or that nobody knows yet.
    pub(super) fn clear_failure(&self) -> Result<(), SpoolError> {
        self.connection.execute("DELETE FROM failure", [])?;
        Ok(())
    }

    /// Why nothing is delivered, as it was last known.
    pub(super) fn failure(&self) -> Result<Option<Failure>, SpoolError> {
        if schema::version(&self.connection)? < schema::FAILURE_SINCE {
            return Ok(None);
        }
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Failure { is_forbidden: row.get(0)?, reason: row.get(1)?, since_ms: row.get(2)? })
        };
        let select = "SELECT is_forbidden, reason, since_ms FROM failure";
        Ok(self.connection.query_row(select, [], read).optional()?)
    }
}
