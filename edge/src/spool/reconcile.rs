//! Compares the spool with what the server says it knows, after a start and after every reconnect.
//!
//! - What the server has stored leaves the queue: its answer was lost.
//! - What the server misses and the spool does not have either is lost, and a receipt says so. It was in commits that a
//!   damaged disk took back.
//! - If the server knows numbers of the current epoch that this file has not given yet, the file is older than what was
//!   sent from it: a log cut short, a backup put back. Its next numbers would be taken for those already stored, so they
//!   go into a new epoch.

use domain::sequence::{FIRST_SEQUENCE, SequenceRange, SequenceSet};

use super::error::SpoolError;
use super::receipts::Closing;
use super::records::{KnownEpoch, Reconciled};
use super::store::Store;

const FORGOTTEN: &str =
    "accepted and then forgotten by a damaged or restored spool; neither the device nor the server has it";

impl Store {
    /// Compares, and confirms that the positions given so far were given once.
    pub(super) fn reconcile(&mut self, known: &[KnownEpoch]) -> Result<Reconciled, SpoolError> {
        let mut result = Reconciled::default();
        for known in known {
            let Some(epoch) = self.epoch_named(&known.epoch)? else { continue };
            let state = self.state()?;
            // What was taken in this run the server may know from it.
            let unconfirmed = state.unconfirmed_from.map(|from| from.max(self.taken_up_to + 1));
            let unconfirmed = unconfirmed.filter(|&from| {
                let is_current = epoch.last == i64::MAX && from > epoch.starts_after;
                is_current && known.highest >= from - epoch.starts_after
            });
            let mut last = epoch.last.min(state.next_position - 1);
            if let Some(from) = unconfirmed {
                self.begin_epoch(from - 1)?;
                last = from - 1;
                result.is_restored = true;
            }
            let to_position = |sequence: i64| sequence.saturating_add(epoch.starts_after);
            for range in stored(known).ranges() {
                result.delivered +=
                    self.note_delivered(to_position(range.first()), to_position(range.last()).min(last))?;
            }
            for &hole in known.holes.ranges() {
                result.lost += self.note_forgotten(known, epoch.starts_after, hole, last)?;
            }
        }
        let mut state = self.state()?;
        state.unconfirmed_from = None;
        state.delivered += result.delivered;
        state.lost_elsewhere += result.lost;
        self.set_state(&state)?;
        Ok(result)
    }

    /// Removes what the server has from the queue, except for what is in flight, which is answered for by itself.
    fn note_delivered(&mut self, first: i64, last: i64) -> Result<i64, SpoolError> {
        let mut delivered = 0;
        let mut from = first;
        while let Some(free) = self.first_available(from, last)? {
            let to = self.available_until(free).min(last);
            delivered += self.remove(free, to)?;
            from = to + 1;
        }
        Ok(delivered)
    }

    /// Writes receipts for what is in a hole of the server and not in this spool.
    fn note_forgotten(
        &mut self,
        known: &KnownEpoch,
        starts_after: i64,
        hole: SequenceRange,
        last_position: i64,
    ) -> Result<i64, SpoolError> {
        let (first, last) = (hole.first().max(FIRST_SEQUENCE), hole.last().min(known.highest));
        let mut forgotten: SequenceSet = SequenceRange::new(first, last).into_iter().collect();
        let queued = "SELECT position FROM queue WHERE position BETWEEN ? AND ? ORDER BY position";
        let mut query = self.connection.prepare_cached(queued)?;
        let ends = [first.saturating_add(starts_after), last.saturating_add(starts_after).min(last_position)];
        for position in query.query_map(ends, |row| row.get::<_, i64>(0))? {
            forgotten.remove(SequenceRange::one(position? - starts_after));
        }
        let mut receipts = self
            .connection
            .prepare_cached("SELECT first_sequence, last_sequence FROM receipt WHERE epoch = ?")?;
        for receipt in
            receipts.query_map([&known.epoch], |row| Ok(SequenceRange::new(row.get(0)?, row.get(1)?)))?
        {
            receipt?.into_iter().for_each(|closed| forgotten.remove(closed));
        }
        for range in forgotten.ranges() {
            let (first, last) = (range.first(), range.last());
            self.close_sequences(&known.epoch, first, last, Closing::lost(FORGOTTEN))?;
        }
        Ok(forgotten.count())
    }
}

/// What the server has stored: all up to the highest but holes and what is known not to be stored.
fn stored(known: &KnownEpoch) -> SequenceSet {
    let all: SequenceSet = SequenceRange::new(FIRST_SEQUENCE, known.highest).into_iter().collect();
    all.difference(&known.holes).difference(&known.not_stored)
}
