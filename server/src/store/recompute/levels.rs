//! The sums of hours become the sums of every level, let go as soon as no later hour can add to them.

use std::collections::BTreeMap;

use domain::{
    MS_PER_HOUR,
    bucket::{BUCKET_MS, Level},
    id::EntityId,
    time::TimestampMs,
    totals::Totals,
};

use super::hours::HourSums;

/// All sums of one level in a run of buckets, gaps included: what is not here is zero.
pub(super) struct Run {
    pub(super) level: Level,
    /// The first bucket.
    pub(super) first: i64,
    /// The bucket after the last.
    pub(super) end: i64,
    /// By bucket and entity.
    pub(super) sums: BTreeMap<(i64, EntityId), Totals>,
}

/// The sums not let go yet, and from where.
pub(super) struct Runs {
    pending: [Run; Level::ALL.len()],
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            pending: Level::ALL.map(|level| Run {
                level,
                first: i64::MIN,
                end: i64::MIN,
                sums: BTreeMap::new(),
            }),
        }
    }
}

impl Runs {
    /// Adds the next hour and answers with the runs that are complete by its end.
    pub(super) fn add(&mut self, hour: &HourSums) -> Vec<Run> {
        for (&(bucket, entity_id), totals) in &hour.sums {
            for pending in &mut self.pending {
                let coarse = pending.level.bucket_of(TimestampMs(bucket * BUCKET_MS));
                *pending.sums.entry((coarse, entity_id)).or_default() += *totals;
            }
        }
        let ends_ms = TimestampMs((hour.hour + 1) * MS_PER_HOUR);
        self.pending.iter_mut().map(|pending| pending.take_until(pending.level.bucket_of(ends_ms))).collect()
    }

    /// The rest.
    pub(super) fn finish(mut self) -> Vec<Run> {
        self.pending.iter_mut().map(|pending| pending.take_until(i64::MAX)).collect()
    }
}

impl Run {
    fn take_until(&mut self, end: i64) -> Self {
        let later = self.sums.split_off(&(end, EntityId(i32::MIN)));
        let sums = std::mem::replace(&mut self.sums, later);
        let first = std::mem::replace(&mut self.first, end);
        Self { level: self.level, first, end, sums }
    }
}
