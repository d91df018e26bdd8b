//! A window on the grid of five-minute buckets.

use crate::{bucket::BUCKET_MS, time::TimestampMs};

/// A span of time, not empty, with both ends on the grid of five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first instant, Unix milliseconds.
    pub from_ms: TimestampMs,
    /// The instant after the last, Unix milliseconds.
    pub to_ms: TimestampMs,
}

/// The start of the bucket that holds an instant.
pub(crate) const fn snap_down(instant_ms: TimestampMs) -> TimestampMs {
    TimestampMs(instant_ms.0 - instant_ms.0.rem_euclid(BUCKET_MS))
}
