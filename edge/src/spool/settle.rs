//! How events leave the queue: delivered, put aside for a person, or lost. Each way leaves its mark in the books.

use rusqlite::{OptionalExtension, params};

use super::error::SpoolError;
use super::receipts::Times;
use super::records::{ClosedReason, Outcome};
use super::row::Row;
use super::store::{Moment, Store};

/// The code of a dead letter whose bits changed on the disk.
const DAMAGED: &str = "DAMAGED";

impl Store {
    /// Writes down what the server answered for consecutive events.
    pub(super) fn settle(&mut self, first: i64, outcomes: &[Outcome], now: Moment) -> Result<(), SpoolError> {
        let Some(last) =
            (outcomes.len() as i64).checked_sub(1).map(|more| first + more).filter(|&last| last >= first)
        else {
            return Ok(());
        };
        let mut refused = 0;
        for (position, outcome) in (first..).zip(outcomes) {
            if let Outcome::Refused { code, message } = outcome {
                refused += i64::from(self.put_aside(position, code, message, now)?.is_some());
            }
        }
        let mut state = self.state()?;
        state.delivered += self.remove(first, last)? - refused;
        self.set_state(&state)?;
        self.give_back(first, last);
        Ok(())
    }

    /// Puts one event aside for a person and tells the server that its number will never come.
    pub(super) fn bury(
        &mut self,
        position: i64,
        code: &str,
        message: &str,
        now: Moment,
    ) -> Result<(), SpoolError> {
        if let Some(times) = self.put_aside(position, code, message, now)? {
            self.remove(position, position)?;
            self.close(position, position, ClosedReason::DeadLettered, times, code)?;
        }
        self.give_back(position, position);
        Ok(())
    }

    /// Puts a row whose bits have changed aside, so that what follows it can be sent.
    pub(super) fn set_aside_damaged(&mut self, position: i64, now: Moment) -> Result<(), SpoolError> {
        self.bury(position, DAMAGED, "its bytes changed on the disk; mend it, or leave it as it is", now)
    }

    /// Copies an event to the dead letters, if it is queued, and says when it was stamped.
    fn put_aside(
        &self,
        position: i64,
        code: &str,
        message: &str,
        now: Moment,
    ) -> Result<Option<Times>, SpoolError> {
        let select = "SELECT position, spooled_at_ms, ran_ms, crc, body FROM queue WHERE position = ?";
        let mut query = self.connection.prepare_cached(select)?;
        let row = query.query_row([position], |row| Ok(Row::read(row))).optional()?;
        let Some(row) = row.transpose()? else { return Ok(None) };
        let epoch = self.epoch_of(position)?;
        let sequence = position - epoch.starts_after;
        let body = String::from_utf8_lossy(&row.body);
        let insert = "INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?)";
        self.connection.prepare_cached(insert)?.execute(params![
            position,
            epoch.name,
            sequence,
            body,
            code,
            message,
            now.wall_ms
        ])?;
        Ok(Some(Times::of(&row.body)))
    }

    /// Deletes queued events, notes that their positions are gone, and says how many there were.
    pub(super) fn remove(&self, first: i64, last: i64) -> Result<i64, SpoolError> {
        let mut delete =
            self.connection.prepare_cached("DELETE FROM queue WHERE position BETWEEN ? AND ?")?;
        let removed = delete.execute([first, last])?;
        self.note_gone(first, last)?;
        Ok(removed as i64)
    }

    /// Adds a range to those that are gone, as one with its neighbours.
    pub(super) fn note_gone(&self, first: i64, last: i64) -> Result<(), SpoolError> {
        let touching = "SELECT min(first), max(last) FROM gone WHERE first <= ?2 + 1 AND last >= ?1 - 1";
        let (from, to): (Option<i64>, Option<i64>) = self
            .connection
            .prepare_cached(touching)?
            .query_row([first, last], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (from, to) = (from.map_or(first, |from| from.min(first)), to.map_or(last, |to| to.max(last)));
        self.connection
            .prepare_cached("DELETE FROM gone WHERE first BETWEEN ? AND ?")?
            .execute([from, to])?;
        self.connection.prepare_cached("INSERT INTO gone VALUES (?, ?)")?.execute([from, to])?;
        Ok(())
    }
}
