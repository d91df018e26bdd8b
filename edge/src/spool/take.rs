//! How events come out of the queue: lane by lane, in order, and each only once until it is given back.

use domain::sequence::{SequenceRange, SequenceSet};
use rusqlite::OptionalExtension;

use super::error::SpoolError;
use super::records::{Lane, SpoolRange};
use super::row::Row;
use super::store::{Moment, Store};
use crate::batch::Batch;

impl Store {
    /// Takes consecutive events that are not in flight yet, at least one if the lane holds any.
    pub(super) fn take(
        &mut self,
        lane: Lane,
        max_events: usize,
        max_bytes: usize,
        now: Moment,
    ) -> Result<Option<Batch<SpoolRange>>, SpoolError> {
        let (mut from, to) = match lane {
            Lane::Live => (self.live_from, i64::MAX),
            Lane::Backlog => (1, self.live_from - 1),
        };
        while let Some(first) = self.first_available(from, to)? {
            let epoch = self.epoch_of(first)?;
            let to = to.min(epoch.last).min(self.available_until(first));
            let rows = self.rows(first, to, max_events, max_bytes)?;
            let events: Vec<String> = rows.into_iter().map_while(Row::into_body).collect();
            if events.is_empty() {
                self.dead_letter_damaged(first, now)?;
                from = first + 1;
                continue;
            }
            let origin = SpoolRange {
                first_sequence: first - epoch.starts_after,
                epoch: epoch.name,
                first_position: first,
            };
            let batch = Batch { origin, events };
            let taken = batch.positions();
            self.in_flight.insert(taken);
            self.taken_up_to = self.taken_up_to.max(taken.last());
            return Ok(Some(batch));
        }
        Ok(None)
    }

    /// The first queued position in a range that is not in flight.
    pub(super) fn first_available(&self, mut from: i64, to: i64) -> Result<Option<i64>, SpoolError> {
        let mut query = self.connection.prepare_cached(
            "SELECT position FROM queue WHERE position BETWEEN ? AND ? ORDER BY position LIMIT 1",
        )?;
        loop {
            let Some(first) = query.query_row([from, to], |row| row.get(0)).optional()? else {
                return Ok(None);
            };
            match self.in_flight.ranges().iter().find(|range| (range.first()..=range.last()).contains(&first))
            {
                Some(range) => from = range.last() + 1,
                None => return Ok(Some(first)),
            }
        }
    }

    /// The last position behind `first` before something that is in flight.
    pub(super) fn available_until(&self, first: i64) -> i64 {
        let next_in_flight = self.in_flight.ranges().iter().find(|range| range.first() > first);
        next_in_flight.map_or(i64::MAX, |range| range.first() - 1)
    }

    /// The consecutive rows from `first` on, at least one.
    pub(super) fn rows(
        &self,
        first: i64,
        to: i64,
        max_events: usize,
        max_bytes: usize,
    ) -> Result<Vec<Row>, SpoolError> {
        let select = format!("{} WHERE position BETWEEN ? AND ? ORDER BY position", Row::SELECT);
        let mut query = self.connection.prepare_cached(&select)?;
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

    /// Makes all events available to be taken again.
    pub(super) fn release_all(&mut self) {
        self.in_flight = SequenceSet::default();
    }

    /// Makes events available to be taken again.
    pub(super) fn release(&mut self, first: i64, last: i64) {
        if let Some(released) = SequenceRange::new(first, last) {
            self.in_flight.remove(released);
        }
    }

    /// Makes everything queued now the backlog.
    pub(super) fn begin_live(&mut self) -> Result<(), SpoolError> {
        self.live_from = self.state()?.next_position;
        Ok(())
    }
}
