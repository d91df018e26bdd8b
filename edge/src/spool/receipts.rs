//! Receipts: what the server is sent about sequence numbers that will never come.

use std::borrow::Cow;

use domain::validate::instant_ms;
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;

use super::error::SpoolError;
use super::records::{ClosedReason, Receipt};
use super::store::Store;

/// The earliest and the latest of some events' own timestamps, in Unix milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) from_ms: Option<i64>,
    pub(super) to_ms: Option<i64>,
}

impl Times {
    /// When an event says it began; nothing if it does not say so in a way that can be read.
    pub(super) fn of(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Stamped<'a> {
            #[serde(borrow)]
            timestamp: Cow<'a, str>,
        }
        let stamp = serde_json::from_slice::<Stamped<'_>>(body).ok();
        let at_ms = stamp.and_then(|stamped| instant_ms(&stamped.timestamp)).map(|at| at.0);
        Self { from_ms: at_ms, to_ms: at_ms }
    }

    /// The times of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            from_ms: [self.from_ms, other.from_ms].into_iter().flatten().min(),
            to_ms: [self.to_ms, other.to_ms].into_iter().flatten().max(),
        }
    }
}

/// Why numbers will never come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing<'a> {
    pub(super) reason: ClosedReason,
    pub(super) times: Times,
    pub(super) detail: &'a str,
}

impl<'a> Closing<'a> {
    /// The events are lost, and with them their times.
    pub(super) fn lost(detail: &'a str) -> Self {
        Self { reason: ClosedReason::Lost, times: Times::default(), detail }
    }
}

impl Store {
    /// Writes receipts for a range of positions that are gone.
    pub(super) fn close(&self, first: i64, last: i64, closing: Closing<'_>) -> Result<(), SpoolError> {
        for (epoch, from, to) in self.sequences(first, last)? {
            self.close_sequences(&epoch, from, to, closing)?;
        }
        Ok(())
    }

    /// Writes a receipt, or lengthens the one before it when that says the same.
    pub(super) fn close_sequences(
        &self,
        epoch: &str,
        first: i64,
        last: i64,
        closing: Closing<'_>,
    ) -> Result<(), SpoolError> {
        let Closing { reason, times, detail } = closing;
        let before = "SELECT id, from_ms, to_ms FROM receipt \
             WHERE epoch = ? AND last_sequence = ? AND reason = ? AND detail = ?";
        let before = self
            .connection
            .prepare_cached(before)?
            .query_row(params![epoch, first - 1, reason.name(), detail], |row| {
                Ok((row.get::<_, i64>(0)?, Times { from_ms: row.get(1)?, to_ms: row.get(2)? }))
            })
            .optional()?;
        if let Some((id, earlier)) = before {
            let Times { from_ms, to_ms } = earlier.and(times);
            let lengthen = "UPDATE receipt SET last_sequence = ?, from_ms = ?, to_ms = ? WHERE id = ?";
            self.connection.prepare_cached(lengthen)?.execute(params![last, from_ms, to_ms, id])?;
        } else {
            let insert = "INSERT INTO receipt (epoch, first_sequence, last_sequence, reason, from_ms, to_ms, detail) \
                 VALUES (?, ?, ?, ?, ?, ?, ?)";
            let Times { from_ms, to_ms } = times;
            self.connection.prepare_cached(insert)?.execute(params![
                epoch,
                first,
                last,
                reason.name(),
                from_ms,
                to_ms,
                detail
            ])?;
        }
        Ok(())
    }

    /// The oldest receipts that the server has not answered for.
    pub(super) fn receipts(&self, limit: usize) -> Result<Vec<Receipt>, SpoolError> {
        let select = format!("{} ORDER BY id LIMIT ?", Receipt::SELECT);
        let mut query = self.connection.prepare_cached(&select)?;
        let rows = query.query_map([limit as i64], Receipt::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets receipts that the server has answered for; one that has grown since it was sent stays.
    pub(super) fn receipts_answered(&self, receipts: &[Receipt]) -> Result<(), SpoolError> {
        let delete = "DELETE FROM receipt WHERE id = ? AND last_sequence = ?";
        let mut delete = self.connection.prepare_cached(delete)?;
        for receipt in receipts {
            delete.execute([receipt.id, receipt.last_sequence])?;
        }
        Ok(())
    }
}

impl Receipt {
    /// What [`Receipt::read`] reads.
    pub(super) const SELECT: &str =
        "SELECT id, epoch, first_sequence, last_sequence, reason, from_ms, to_ms, detail FROM receipt";

    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let reason: String = row.get(4)?;
        Ok(Self {
            id: row.get(0)?,
            epoch: row.get(1)?,
            first_sequence: row.get(2)?,
            last_sequence: row.get(3)?,
            reason: ClosedReason::named(&reason).unwrap_or(ClosedReason::Lost),
            from_ms: row.get(5)?,
            to_ms: row.get(6)?,
            detail: row.get(7)?,
        })
    }
}
