//! What waits for a person, and how it goes back into the queue.

use rusqlite::{OptionalExtension, params};

use super::error::SpoolError;
use super::options::MAX_BODY_BYTES;
use super::records::DeadLetter;
use super::row;
use super::store::{Moment, Store};

impl Store {
    /// Dead letters with ids above `after`, in the order of their ids.
    pub(super) fn dead_letters(&self, after: i64, limit: usize) -> Result<Vec<DeadLetter>, SpoolError> {
        let select = format!("{} WHERE id > ? ORDER BY id LIMIT ?", DeadLetter::SELECT);
        let mut query = self.connection.prepare_cached(&select)?;
        let rows = query.query_map(params![after, limit as i64], DeadLetter::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes a dead letter down; one of the same id is overwritten.
    pub(super) fn insert_dead_letter(&self, letter: &DeadLetter) -> Result<(), SpoolError> {
        let insert = "INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?)";
        self.connection.prepare_cached(insert)?.execute(params![
            letter.id,
            letter.epoch,
            letter.sequence,
            letter.body,
            letter.code,
            letter.message,
            letter.at_ms
        ])?;
        Ok(())
    }

    /// Gives a dead letter another body, and leaves it where it is.
    pub(super) fn replace_dead_letter(&self, id: i64, body: &str) -> Result<(), SpoolError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(SpoolError::TooLong { bytes: body.len(), max_bytes: MAX_BODY_BYTES });
        }
        match self.connection.execute("UPDATE dead_letter SET body = ? WHERE id = ?", params![body, id])? {
            0 => Err(SpoolError::NoDeadLetter(id)),
            _ => Ok(()),
        }
    }

    /// Puts a dead letter at the end of the queue, with a new sequence number.
    pub(super) fn resend(&mut self, id: i64, now: Moment) -> Result<(), SpoolError> {
        let select = "SELECT body FROM dead_letter WHERE id = ?";
        let body: Option<String> = self.connection.query_row(select, [id], |row| row.get(0)).optional()?;
        let body = body.ok_or(SpoolError::NoDeadLetter(id))?;
        self.connection.execute("DELETE FROM dead_letter WHERE id = ?", [id])?;
        let used_bytes = self.used_bytes()?;
        let cap_bytes = self.limits.cap_bytes;
        // What a person asks for is worth refusing to them, but not worth losing something else for.
        if used_bytes + row::bytes_on_disk(&body) > cap_bytes {
            return Err(SpoolError::Full { used_bytes, cap_bytes });
        }
        let mut state = self.state()?;
        self.insert(&mut state, std::iter::once(body.as_str()), now.wall_ms)?;
        state.reissued += 1;
        self.set_state(&state)
    }
}

impl DeadLetter {
    /// What [`DeadLetter::read`] reads.
    pub(super) const SELECT: &str = "SELECT id, epoch, sequence, body, code, message, at_ms FROM dead_letter";

    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            epoch: row.get(1)?,
            sequence: row.get(2)?,
            body: row.get(3)?,
            code: row.get(4)?,
            message: row.get(5)?,
            at_ms: row.get(6)?,
        })
    }
}
