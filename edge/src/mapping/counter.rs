//! Cumulative counters as units: what was finished since the counter was read before.
//!
//! - The first reading of a counter counts nothing, because nobody knows since when it counts.
//! - One that shows less began anew and counts what it shows, unless it fell by no more than a dip; until it shows more than
//!   before the dip, nothing is counted.
//! - A reading that came before counts the same again, so that the server finds it to be a duplicate; one that is late counts
//!   nothing, because the readings after it have counted it already.

use serde::{Deserialize, Serialize};

/// How many of a counter's latest readings are remembered, to know those that come again. One that is older than all of
/// them is taken for one that came before.
pub const REMEMBERED_READINGS: usize = 256;

/// What a counter showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Which counter.
    pub key: String,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// What it showed.
    pub shown: i64,
    /// How far it may fall without having begun anew.
    pub dip: Dip,
}

/// How far a counter may fall without having begun anew: by either of the two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dip {
    /// As a number of units.
    pub units: i64,
    /// As a share of what it showed, in percent.
    pub percent: f64,
}

impl Dip {
    /// Whether a fall is no more than a dip.
    fn allows(self, before: i64, after: i64) -> bool {
        let fall = before - after;
        fall <= self.units || fall as f64 * 100.0 <= self.percent * before as f64
    }
}

/// What a reading counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// So many units.
    Units(i64),
    /// It is older than what is remembered, and was counted then.
    Before,
}

/// What is remembered of a counter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The most that it showed since it began; none before its first reading.
    shown: Option<i64>,
    /// Its latest readings: when they were, and what they counted; in the order of time.
    readings: Vec<(i64, i64)>,
    /// Whether there were more than are remembered.
    has_forgotten: bool,
}

impl Counter {
    /// Counts a reading.
    pub fn count(&mut self, reading: &Reading) -> Counted {
        let place = match self.readings.binary_search_by_key(&reading.at_ms, |(at_ms, _)| *at_ms) {
            Ok(place) => return Counted::Units(self.readings[place].1),
            Err(0) if self.has_forgotten => return Counted::Before,
            Err(place) => place,
        };
        let units = if place == self.readings.len() { self.advance(reading) } else { 0 };
        self.readings.insert(place, (reading.at_ms, units));
        if self.readings.len() > REMEMBERED_READINGS {
            self.readings.remove(0);
            self.has_forgotten = true;
        }
        Counted::Units(units)
    }

    fn advance(&mut self, reading: &Reading) -> i64 {
        let units = match self.shown {
            None => 0,
            Some(before) if reading.shown >= before => reading.shown - before,
            Some(before) if reading.dip.allows(before, reading.shown) => return 0,
            Some(_) => reading.shown,
        };
        self.shown = Some(reading.shown);
        units
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reading(at_ms: i64, shown: i64) -> Reading {
        Reading { key: "S1".to_owned(), at_ms, shown, dip: Dip { units: 0, percent: 5.0 } }
    }

    /// What the readings count one after the other, a second apart.
    fn counted(shown: &[i64]) -> Vec<i64> {
        let mut counter = Counter::default();
        let readings = shown.iter().enumerate().map(|(second, shown)| reading(second as i64 * 1_000, *shown));
        let units = readings.map(|reading| match counter.count(&reading) {
            Counted::Units(units) => units,
            Counted::Before => panic!("{reading:?} was counted before"),
        });
        units.collect()
    }

    #[test]
    fn a_counter_counts_its_differences_and_begins_anew_at_zero() {
        assert_eq!(counted(&[1000, 1007, 0, 4]), [0, 7, 0, 4]);
        assert_eq!(counted(&[1000, 1007, 3]), [0, 7, 3], "what it shows was finished since it began anew");
    }

    #[test]
    fn a_small_dip_back_is_no_new_beginning_and_counts_nothing_twice() {
        assert_eq!(counted(&[1000, 1007, 1005, 1007, 1010]), [0, 7, 0, 0, 3]);
    }

    #[test]
    fn a_reading_that_comes_again_counts_the_same_and_a_late_one_nothing() {
        let mut counter = Counter::default();
        for (at_ms, shown) in [(1_000, 10), (2_000, 14), (4_000, 20)] {
            counter.count(&reading(at_ms, shown));
        }
        let before = counter.clone();
        assert_eq!(counter.count(&reading(2_000, 14)), Counted::Units(4));
        assert_eq!(counter.count(&reading(1_000, 10)), Counted::Units(0));
        assert_eq!(counter, before);
        assert_eq!(counter.count(&reading(3_000, 17)), Counted::Units(0));
        assert_eq!(counter.count(&reading(5_000, 21)), Counted::Units(1));
    }

    #[test]
    fn a_reading_older_than_all_that_is_remembered_was_counted_before() {
        let mut counter = Counter::default();
        for second in 1..=REMEMBERED_READINGS as i64 + 1 {
            counter.count(&reading(second * 1_000, second));
        }
        assert_eq!(counter.count(&reading(1_000, 1)), Counted::Before);
        assert_eq!(counter.count(&reading(2_000, 2)), Counted::Units(1));
    }

    proptest! {
        #[test]
        fn however_often_readings_come_again_they_count_what_they_counted(
            shown in proptest::collection::vec(0_i64..100, 1..20),
            again in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let once = counted(&shown);
            let mut counter = Counter::default();
            let readings: Vec<_> = (0..).zip(&shown).map(|(second, shown)| reading(second * 1_000, *shown)).collect();
            for reading in &readings {
                counter.count(reading);
            }
            for index in again {
                let index = index.index(readings.len());
                prop_assert_eq!(counter.count(&readings[index]), Counted::Units(once[index]));
            }
        }
    }
}
