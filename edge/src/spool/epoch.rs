//! Which epoch a position belongs to.
//!
//! Positions go on for as long as the file lives. Sequence numbers, which the server sees, begin with 1 in each epoch, and
//! an epoch begins whenever the file can no longer be sure that it has not given a number before.

use rusqlite::{OptionalExtension, params};

use super::error::SpoolError;
use super::store::Store;
use crate::clock;

/// A stretch of positions whose sequence numbers belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Epoch {
    pub(super) name: String,
    /// The position before its first; a position's sequence number is what lies between.
    pub(super) starts_after: i64,
    /// Its last position; for the current epoch there is no end.
    pub(super) last: i64,
}

impl Store {
    /// The epoch of a position.
    pub(super) fn epoch_of(&self, position: i64) -> Result<Epoch, SpoolError> {
        let begins =
            "SELECT starts_after, name FROM epoch WHERE starts_after < ? ORDER BY starts_after DESC LIMIT 1";
        let found = self
            .connection
            .prepare_cached(begins)?
            .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (starts_after, name) =
            found.ok_or_else(|| SpoolError::Damaged(format!("position {position} has no epoch")))?;
        let ends = "SELECT min(starts_after) FROM epoch WHERE starts_after > ?";
        let last: Option<i64> =
            self.connection.prepare_cached(ends)?.query_row([starts_after], |row| row.get(0))?;
        Ok(Epoch { name, starts_after, last: last.unwrap_or(i64::MAX) })
    }

    /// The epoch of this name, if the spool knows it.
    pub(super) fn epoch_named(&self, name: &str) -> Result<Option<Epoch>, SpoolError> {
        let query = "SELECT starts_after FROM epoch WHERE name = ?";
        let starts_after: Option<i64> =
            self.connection.query_row(query, [name], |row| row.get(0)).optional()?;
        starts_after.map(|starts_after| self.epoch_of(starts_after + 1)).transpose()
    }

    /// Begins a new epoch behind a position. One that would have begun there too is replaced.
    pub(super) fn begin_epoch(&self, starts_after: i64) -> Result<(), SpoolError> {
        self.connection
            .execute("INSERT OR REPLACE INTO epoch VALUES (?, ?)", params![starts_after, new_name()])?;
        // What has neither a queued event nor a number to come is history.
        let prune = "DELETE FROM epoch WHERE starts_after < (SELECT starts_after FROM epoch ORDER BY starts_after DESC \
             LIMIT 1 OFFSET ?)";
        self.connection.execute(prune, [MAX_EPOCHS - 1])?;
        Ok(())
    }

    /// A range of positions as ranges of sequence numbers, one for each epoch it touches.
    pub(super) fn sequences(&self, first: i64, last: i64) -> Result<Vec<(String, i64, i64)>, SpoolError> {
        let mut ranges = Vec::new();
        let mut from = first;
        while from <= last {
            let epoch = self.epoch_of(from)?;
            let to = epoch.last.min(last);
            ranges.push((epoch.name, from - epoch.starts_after, to - epoch.starts_after));
            from = to + 1;
        }
        Ok(ranges)
    }
}

/// How many epochs a file remembers. Each means that the file was damaged or put back, which no file survives this often.
const MAX_EPOCHS: i64 = 1_000;

/// A name that no other epoch has: the time, for people, and chance.
fn new_name() -> String {
    format!("{:x}-{:016x}", clock::now_ms(), fastrand::u64(..))
}
