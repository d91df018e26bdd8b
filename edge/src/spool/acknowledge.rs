//! How events leave the queue: delivered, or as dead letters.

use rusqlite::OptionalExtension;

use super::error::SpoolError;
use super::receipts::{Closing, Times};
use super::records::{ClosedReason, DeadLetter, Outcome};
use super::row::Row;
use super::store::{Moment, Store};

/// The code of a dead letter whose bits changed on the disk.
const DAMAGED: &str = "DAMAGED";

impl Store {
    /// Records what the server answered for consecutive events. Only what is in flight counts: a position may have
    /// become another event's when a damaged spool was replaced.
    pub(super) fn acknowledge(
        &mut self,
        first: i64,
        outcomes: &[Outcome],
        now: Moment,
    ) -> Result<(), SpoolError> {
        let last = first + outcomes.len() as i64 - 1;
        let in_flight = self.in_flight.ranges().iter();
        let parts = in_flight.map(|range| (range.first().max(first), range.last().min(last)));
        let mut state = self.state()?;
        for (from, to) in parts.filter(|(from, to)| from <= to) {
            let mut refused = 0;
            for (position, outcome) in (from..=to).zip(&outcomes[(from - first) as usize..]) {
                if let Outcome::Refused { code, message } = outcome {
                    refused += i64::from(self.copy_to_dead_letters(position, code, message, now)?.is_some());
                }
            }
            state.delivered += self.remove(from, to)? - refused;
        }
        self.set_state(&state)?;
        self.release(first, last);
        Ok(())
    }

    /// Makes an event that is in flight a dead letter, and tells the server that its number will never come.
    pub(super) fn dead_letter(
        &mut self,
        position: i64,
        code: &str,
        message: &str,
        now: Moment,
    ) -> Result<(), SpoolError> {
        if self.in_flight.ranges().iter().any(|range| (range.first()..=range.last()).contains(&position)) {
            self.dead_letter_and_close(position, code, message, now)?;
        }
        self.release(position, position);
        Ok(())
    }

    /// Makes a row whose bits have changed a dead letter, so that what follows it can be sent.
    pub(super) fn dead_letter_damaged(&mut self, position: i64, now: Moment) -> Result<(), SpoolError> {
        let message = "its bytes changed on the disk; mend it, or leave it as it is";
        self.dead_letter_and_close(position, DAMAGED, message, now)
    }

    fn dead_letter_and_close(
        &self,
        position: i64,
        code: &str,
        message: &str,
        now: Moment,
    ) -> Result<(), SpoolError> {
        if let Some(times) = self.copy_to_dead_letters(position, code, message, now)? {
            self.remove(position, position)?;
            let closing = Closing { reason: ClosedReason::DeadLettered, times, detail: code };
            self.close(position, position, closing)?;
        }
        Ok(())
    }

    /// Copies an event to the dead letters, if it is queued, and says when it was stamped.
    fn copy_to_dead_letters(
        &self,
        position: i64,
        code: &str,
        message: &str,
        now: Moment,
    ) -> Result<Option<Times>, SpoolError> {
        let select = format!("{} WHERE position = ?", Row::SELECT);
        let mut query = self.connection.prepare_cached(&select)?;
        let row = query.query_row([position], |row| Ok(Row::read(row))).optional()?;
        let Some(row) = row.transpose()? else { return Ok(None) };
        let epoch = self.epoch_of(position)?;
        self.insert_dead_letter(&DeadLetter {
            id: position,
            sequence: position - epoch.starts_after,
            epoch: epoch.name,
            body: String::from_utf8_lossy(&row.body).into_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
            at_ms: now.wall_ms,
        })?;
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
