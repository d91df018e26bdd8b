//! How many stored events a slice may be about: as many as some 50 ms are enough for.
//!
//! What an event costs differs a hundredfold, with the engine, the disk and what else counts again with it. So the size of a
//! slice follows from how long the last one took, as long as what every slice costs is little beside that.

use std::time::Duration;

/// The most events that a decision counts again in its own transaction, and the most of a slice, unless a single bucket has more.
pub(in crate::store::writer) const MAX_EVENTS: u64 = 20_000;

/// How many events the first slice of a writer may be about.
const FIRST_EVENTS: u64 = 2_000;

/// No slice becomes smaller than that for being slow: where so few events are slow, everything is.
const FEWEST_EVENTS: u64 = 1_000;

/// How long a slice is to take: nothing else is written to its factory meanwhile.
const TARGET: Duration = Duration::from_millis(50);

/// By how much a size changes at most from one slice to the next, because a slice may have been slow for other reasons.
const MAX_CHANGE: f64 = 2.0;

/// How many events a decision and each slice of one may be about.
#[derive(Clone, Copy, Debug)]
pub(in crate::store::writer) struct SliceSize {
    max: u64,
    next: u64,
}

impl Default for SliceSize {
    fn default() -> Self {
        Self::new(MAX_EVENTS)
    }
}

impl SliceSize {
    /// At most so many, and one at least.
    pub(in crate::store::writer) fn new(max: u64) -> Self {
        Self { max, next: max.clamp(1, FIRST_EVENTS) }
    }

    /// How many events a decision may be about that is applied in its own transaction.
    pub(super) fn at_once(self) -> u64 {
        self.max
    }

    /// How many the next slice may be about.
    pub(super) fn next(self) -> u64 {
        self.next
    }

    /// Takes note of how long a slice of the size took.
    pub(super) fn took(&mut self, elapsed: Duration) {
        let change = TARGET.as_secs_f64() / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let fewest = self.next.min(FEWEST_EVENTS);
        self.change(change.clamp(1.0 / MAX_CHANGE, MAX_CHANGE));
        self.next = self.next.max(fewest);
    }

    /// Takes note that a slice of the size could not be applied: it may have been too much.
    pub(super) fn failed(&mut self) {
        self.change(1.0 / MAX_CHANGE);
    }

    fn change(&mut self, factor: f64) {
        // Up, so that a single event can grow to two.
        self.next = ((self.next as f64 * factor).ceil() as u64).clamp(1, self.max.max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of slices that each take so many microseconds an event.
    fn sizes(size: &mut SliceSize, us_per_event: u64, slices: usize) -> Vec<u64> {
        let mut next = || {
            let events = size.next();
            size.took(Duration::from_micros(events * us_per_event));
            events
        };
        (0..slices).map(|_| next()).collect()
    }

    #[test]
    fn slices_grow_and_shrink_until_they_take_as_long_as_they_are_to() {
        let mut size = SliceSize::default();
        assert_eq!(sizes(&mut size, 10, 4), [2_000, 4_000, 5_000, 5_000]);
        assert_eq!(sizes(&mut size, 40, 4), [5_000, 2_500, 1_250, 1_250]);
        assert_eq!(sizes(&mut size, 1_000, 3), [1_250, 1_000, 1_000]);
        assert_eq!(sizes(&mut size, 1, 8).last(), Some(&20_000));
        assert_eq!(size.at_once(), 20_000);
    }

    #[test]
    fn a_slice_that_fails_is_tried_with_less_until_it_is_a_single_event() {
        let mut size = SliceSize::new(8);
        let tried: Vec<u64> = (0..5)
            .map(|_| {
                size.failed();
                size.next()
            })
            .collect();
        assert_eq!(tried, [4, 2, 1, 1, 1]);
        assert_eq!(sizes(&mut size, 1_000_000, 2), [1, 1]);
        assert_eq!(sizes(&mut size, 1, 5), [1, 2, 4, 8, 8]);
    }

    #[test]
    fn a_slice_is_about_one_event_at_least_and_no_more_than_was_said() {
        for max in [0, 1] {
            let mut size = SliceSize::new(max);
            assert_eq!(sizes(&mut size, 1, 2), [1, 1]);
        }
    }
}
