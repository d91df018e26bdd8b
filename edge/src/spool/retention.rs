//! Which events are dropped: the oldest when there is no space, and those past their age limit.

use super::error::SpoolError;
use super::options::WhenFull;
use super::receipts::{Closing, Times};
use super::row::Row;
use super::store::{Moment, Store};

/// How many events one step drops at most, so that a step stays short.
const STEP_EVENTS: usize = 1_000;

const FULL: &str = "dropped as the oldest, because the spool was full";
const TOO_OLD: &str = "dropped, because it waited longer than the spool keeps events";

impl Store {
    /// Ensures that there is space for so many bytes, as the policy allows.
    pub(super) fn ensure_capacity(&mut self, bytes: i64) -> Result<(), SpoolError> {
        loop {
            let used_bytes = self.used_bytes()?;
            let cap_bytes = self.limits.cap_bytes;
            let missing_bytes = used_bytes.saturating_add(bytes) - cap_bytes;
            if missing_bytes <= 0 {
                return Ok(());
            }
            let dropped = match self.limits.when_full {
                WhenFull::Block => 0,
                WhenFull::DropOldest => self.drop_oldest(missing_bytes)?,
            };
            if dropped == 0 {
                return Err(SpoolError::Full { used_bytes, cap_bytes });
            }
        }
    }

    fn drop_oldest(&mut self, bytes: i64) -> Result<i64, SpoolError> {
        let Some(first) = self.first_available(1, i64::MAX)? else { return Ok(0) };
        let bytes = usize::try_from(bytes).unwrap_or_default();
        let rows = self.rows(first, self.available_until(first), STEP_EVENTS, bytes)?;
        self.lose(&rows, FULL)
    }

    /// Drops what has waited longer than the spool keeps events, at most one step of it; how many there were.
    pub(super) fn expire(&mut self, now: Moment) -> Result<i64, SpoolError> {
        let Some(first) = self.first_available(1, i64::MAX)? else { return Ok(0) };
        let mut rows = self.rows(first, self.available_until(first), STEP_EVENTS, usize::MAX)?;
        let ran_ms = self.ran_ms(now);
        let is_too_old = |row: &Row| ran_ms.saturating_sub(row.ran_ms) > self.limits.max_age_ms;
        rows.truncate(rows.iter().take_while(|row| row.is_intact() && is_too_old(row)).count());
        self.lose(&rows, TOO_OLD)
    }

    /// Deletes consecutive events and writes a receipt; how many there were.
    fn lose(&mut self, rows: &[Row], detail: &str) -> Result<i64, SpoolError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(0) };
        let times = rows.iter().map(|row| Times::of(&row.body)).fold(Times::default(), Times::and);
        let lost = self.remove(first.position, last.position)?;
        self.close(first.position, last.position, Closing { times, ..Closing::lost(detail) })?;
        let mut state = self.state()?;
        state.lost += lost;
        self.set_state(&state)?;
        Ok(lost)
    }
}
