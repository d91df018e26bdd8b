//! How events come out of the queue: lane by lane, in order, and each only once until it is given back.

use rusqlite::OptionalExtension;

use super::error::SpoolError;
use super::records::{Batch, Lane};
use super::row::Row;
use super::store::{Moment, Store};

impl Store {
    /// Takes consecutive events that are not in flight yet, at least one if the lane holds any.
    pub(super) fn take(
        &mut self,
        lane: Lane,
        max_events: usize,
        max_bytes: usize,
        now: Moment,
    ) -> Result<Option<Batch>, SpoolError> {
        let (mut from, to) = match lane {
            Lane::Live => (self.live_from, i64::MAX),
            Lane::Backlog => (1, self.live_from - 1),
        };
        while let Some(first) = self.first_free(from, to)? {
            let epoch = self.epoch_of(first)?;
            let to = to.min(epoch.last).min(self.free_until(first));
            let rows = self.rows(first, to, max_events, max_bytes)?;
            let bodies: Vec<String> = rows.into_iter().map_while(Row::into_body).collect();
            if bodies.is_empty() {
                self.set_aside_damaged(first, now)?;
                from = first + 1;
                continue;
            }
            let batch = Batch {
                first_sequence: first - epoch.starts_after,
                epoch: epoch.name,
                first_position: first,
                bodies,
            };
            self.in_flight.push((first, batch.last_position()));
            self.taken_up_to = self.taken_up_to.max(batch.last_position());
            return Ok(Some(batch));
        }
        Ok(None)
    }

    /// The first queued position in a range that is not in flight.
    pub(super) fn first_free(&self, mut from: i64, to: i64) -> Result<Option<i64>, SpoolError> {
        let mut query = self.connection.prepare_cached(
            "SELECT position FROM queue WHERE position BETWEEN ? AND ? ORDER BY position LIMIT 1",
        )?;
        loop {
            let Some(first) = query.query_row([from, to], |row| row.get(0)).optional()? else {
                return Ok(None);
            };
            match self.in_flight.iter().find(|range| (range.0..=range.1).contains(&first)) {
                Some(range) => from = range.1 + 1,
                None => return Ok(Some(first)),
            }
        }
    }

    /// The last position behind `first` before something that is in flight.
    pub(super) fn free_until(&self, first: i64) -> i64 {
        let next_in_flight = self.in_flight.iter().map(|range| range.0).filter(|&at| at > first).min();
        next_in_flight.map_or(i64::MAX, |at| at - 1)
    }

    /// The consecutive rows from `first` on, at least one.
    pub(super) fn rows(
        &self,
        first: i64,
        to: i64,
        max_events: usize,
        max_bytes: usize,
    ) -> Result<Vec<Row>, SpoolError> {
        let select = "SELECT position, spooled_at_ms, ran_ms, crc, body FROM queue \
             WHERE position BETWEEN ? AND ? ORDER BY position";
        let mut query = self.connection.prepare_cached(select)?;
        let mut found = query.query([first, to])?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(row) = found.next()? {
            let row = Row::read(row)?;
            bytes += row.body.len();
            let is_next = row.position == first + rows.len() as i64;
            if !is_next || rows.len() == max_events.max(1) || (bytes > max_bytes && !rows.is_empty()) {
                break;
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// Makes events free to be taken again.
    pub(super) fn give_back(&mut self, first: i64, last: i64) {
        let rest = |&(from, to): &(i64, i64)| [(from, to.min(first - 1)), (from.max(last + 1), to)];
        self.in_flight = self.in_flight.iter().flat_map(rest).filter(|(from, to)| from <= to).collect();
    }

    /// Makes everything queued now the backlog.
    pub(super) fn begin_live(&mut self) -> Result<(), SpoolError> {
        self.live_from = self.state()?.next_position;
        Ok(())
    }
}
