//! Which bucket holds an instant: the grid of five minutes, and the hours and UTC days that are sums of it.

use crate::{
    MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE,
    time::{DurationMs, TimestampMs},
};

/// Length of the finest bucket. Every time zone's quarter hours and every hour and UTC day are whole buckets.
pub const BUCKET_MS: i64 = 5 * MS_PER_MINUTE;

/// How coarse a stored sum is. Coarser levels hold the sums of finer ones, so that a long window is few rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Five minutes, the grid of every window.
    FiveMinutes,
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
    /// All time: one bucket, number 0.
    AllTime,
}

impl Level {
    /// All levels, the finest first.
    pub const ALL: [Self; 4] = [Self::FiveMinutes, Self::Hour, Self::Day, Self::AllTime];

    /// The number that stands for this level in the database.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The length of its buckets; none for all time.
    pub const fn length_ms(self) -> Option<i64> {
        match self {
            Self::FiveMinutes => Some(BUCKET_MS),
            Self::Hour => Some(MS_PER_HOUR),
            Self::Day => Some(MS_PER_DAY),
            Self::AllTime => None,
        }
    }

    /// The number of the bucket that holds an instant, counted from the Unix epoch.
    pub const fn bucket_of(self, instant_ms: TimestampMs) -> i64 {
        match self.length_ms() {
            Some(length_ms) => instant_ms.0.div_euclid(length_ms),
            None => 0,
        }
    }

    /// How many of its buckets an interval touches. An interval of no length touches the one of its start.
    pub const fn buckets_touched(self, started_at_ms: TimestampMs, duration_ms: DurationMs) -> i64 {
        let last_ms = if duration_ms.0 > 0 { started_at_ms.0 + duration_ms.0 - 1 } else { started_at_ms.0 };
        self.bucket_of(TimestampMs(last_ms)) - self.bucket_of(started_at_ms) + 1
    }
}

/// The number of the five-minute bucket that holds an instant, counted from the Unix epoch.
pub const fn bucket_of(instant_ms: TimestampMs) -> i64 {
    Level::FiveMinutes.bucket_of(instant_ms)
}

/// How many five-minute buckets an interval touches. An interval of no length touches the one of its start.
pub const fn buckets_touched(started_at_ms: TimestampMs, duration_ms: DurationMs) -> i64 {
    Level::FiveMinutes.buckets_touched(started_at_ms, duration_ms)
}

/// How many rows storing an event writes at most: its own, and one sum for each bucket of each level that it touches. Five
/// for an event within a bucket, about 320 for one of a day.
pub fn rows_written(started_at_ms: TimestampMs, duration_ms: DurationMs) -> i64 {
    1 + Level::ALL.map(|level| level.buckets_touched(started_at_ms, duration_ms)).iter().sum::<i64>()
}

/// A run of neighbouring buckets of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketRange {
    /// The level whose buckets are counted.
    pub level: Level,
    /// The first bucket.
    pub first: i64,
    /// The bucket after the last.
    pub end: i64,
}

/// The fewest runs of buckets that cover `[from_ms, to_ms)` exactly, in the order of time: five minutes and hours at
/// the ragged ends, UTC days between. Both ends must lie on the five-minute grid.
pub fn cover(from_ms: TimestampMs, to_ms: TimestampMs) -> Vec<BucketRange> {
    cover_by(from_ms, to_ms, Level::Day)
}

/// The same by buckets that are no coarser than those of a level.
pub fn cover_by(from_ms: TimestampMs, to_ms: TimestampMs, coarsest: Level) -> Vec<BucketRange> {
    let (from_ms, to_ms) = (from_ms.0, to_ms.0);
    debug_assert!(from_ms % BUCKET_MS == 0 && to_ms % BUCKET_MS == 0);
    let mut ranges = Vec::with_capacity(5);
    cover_at((Level::FiveMinutes, coarsest), from_ms, to_ms, &mut ranges);
    ranges
}

fn cover_at((level, coarsest): (Level, Level), from_ms: i64, to_ms: i64, ranges: &mut Vec<BucketRange>) {
    let Some(length_ms) = level.length_ms() else { return };
    let run = |from_ms: i64, to_ms: i64| {
        let range = BucketRange { level, first: from_ms / length_ms, end: to_ms / length_ms };
        (from_ms < to_ms).then_some(range)
    };
    let coarser = match level {
        _ if level >= coarsest => Level::AllTime,
        Level::FiveMinutes => Level::Hour,
        Level::Hour => Level::Day,
        Level::Day | Level::AllTime => Level::AllTime,
    };
    // What the whole buckets of the coarser level cover; all time has none that a window could hold.
    let (inner_from_ms, inner_to_ms) = match coarser.length_ms() {
        Some(coarser_ms) => {
            (from_ms + (-from_ms).rem_euclid(coarser_ms), to_ms - to_ms.rem_euclid(coarser_ms))
        }
        None => (to_ms, to_ms),
    };
    if inner_from_ms >= inner_to_ms {
        ranges.extend(run(from_ms, to_ms));
        return;
    }
    ranges.extend(run(from_ms, inner_from_ms));
    cover_at((coarser, coarsest), inner_from_ms, inner_to_ms, ranges);
    ranges.extend(run(inner_to_ms, to_ms));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_longer_event_writes_more_rows() {
        let rows =
            |started_at_ms, duration_ms| rows_written(TimestampMs(started_at_ms), DurationMs(duration_ms));
        let levels = Level::ALL.len() as i64;
        assert_eq!(rows(0, 0), 1 + levels);
        assert_eq!(rows(0, BUCKET_MS), 1 + levels);
        assert_eq!(rows(1, BUCKET_MS), 2 + levels, "it crosses the edge of a bucket");
        assert_eq!(rows(0, MS_PER_HOUR), 1 + 12 + 1 + 1 + 1);
        assert_eq!(rows(1, MS_PER_DAY), 1 + 289 + 25 + 2 + 1);
    }

    proptest! {
        #[test]
        fn a_cover_is_the_window_exactly_in_few_runs(from in -400_i64..2_000, length in 0_i64..2_000) {
            let (from_ms, to_ms) = (from * BUCKET_MS, (from + length) * BUCKET_MS);
            for coarsest in [Level::FiveMinutes, Level::Hour, Level::Day] {
                let ranges = cover_by(TimestampMs(from_ms), TimestampMs(to_ms), coarsest);
                prop_assert!(ranges.len() <= 1 + 2 * coarsest as usize);
                let mut covered_to_ms = from_ms;
                for range in ranges {
                    let length_ms = range.level.length_ms().expect("a level with a length");
                    prop_assert!(range.first < range.end && range.level <= coarsest);
                    prop_assert_eq!(range.first * length_ms, covered_to_ms);
                    covered_to_ms = range.end * length_ms;
                }
                prop_assert_eq!(covered_to_ms, to_ms);
            }
        }
    }
}
