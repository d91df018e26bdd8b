//! What a time zone's clock shows, in whole milliseconds and whole days counted from 1970-01-01. What it shows is a number
//! of milliseconds too, and no instant.

use std::ops::Range;

use super::span::{Window, snap_down};
use crate::{
    MS_PER_DAY, MS_PER_HOUR,
    time::{DurationMs, TimestampMs},
    zone::Zone,
};

/// No zone is this far from UTC, not even one that changed the side of the date line.
const OFFSET_MS_MAX: i64 = 36 * MS_PER_HOUR;

/// A span of time in which the local clock goes steadily.
pub(crate) struct Stretch {
    /// Unix milliseconds.
    pub(crate) span: Range<TimestampMs>,
    /// How far the local clock is ahead of UTC.
    pub(crate) offset_ms: DurationMs,
}

/// The stretches of `[from_ms, to_ms)`, in the order of time.
pub(crate) fn stretches(
    zone: Zone,
    from_ms: TimestampMs,
    to_ms: TimestampMs,
) -> impl Iterator<Item = Stretch> {
    let mut next_ms = from_ms;
    std::iter::from_fn(move || {
        (next_ms < to_ms).then(|| {
            let from_ms = next_ms;
            let offset_ms = zone.offset_ms(from_ms);
            next_ms = zone.next_change_ms(from_ms).map_or(to_ms, |change_ms| change_ms.min(to_ms));
            Stretch { span: from_ms..next_ms, offset_ms }
        })
    })
}

/// The first instant at which the local clock shows this time or a later one. A time that the clock shows twice has its
/// first one; a time that the clock skips has the instant at which it is skipped.
pub(crate) fn first_instant_showing(zone: Zone, local_ms: i64) -> TimestampMs {
    let in_utc = TimestampMs(local_ms);
    let reach = DurationMs(OFFSET_MS_MAX);
    stretches(zone, in_utc - reach, in_utc + reach)
        .map(|stretch| (stretch.span.start.max(in_utc - stretch.offset_ms), stretch.span.end))
        .find_map(|(first_ms, to_ms)| (first_ms < to_ms).then_some(first_ms))
        .unwrap_or(in_utc)
}

/// The first instant at which the local clock shows exactly this time, in milliseconds counted as if it were UTC; none where
/// the clock skips it.
pub fn instant_showing(zone: Zone, local_ms: i64) -> Option<TimestampMs> {
    let first_ms = first_instant_showing(zone, local_ms);
    ((first_ms + zone.offset_ms(first_ms)).0 == local_ms).then_some(first_ms)
}

/// When a local day begins, on the grid of buckets. A skipped day begins when the next one does.
pub(crate) fn start_of_day(zone: Zone, day: i64) -> TimestampMs {
    snap_down(first_instant_showing(zone, day * MS_PER_DAY))
}

/// The window from the start of one local day to the start of another.
pub(crate) fn days(zone: Zone, first_day: i64, end_day: i64) -> Window {
    Window { from_ms: start_of_day(zone, first_day), to_ms: start_of_day(zone, end_day) }
}

/// The local day whose window holds an instant. That is the date on the clock, save where the clock falls back over
/// midnight: the day before ended when its date first gave way.
pub(crate) fn day_of(zone: Zone, instant_ms: TimestampMs) -> i64 {
    let shown = (instant_ms + zone.offset_ms(instant_ms)).0.div_euclid(MS_PER_DAY);
    if instant_ms < start_of_day(zone, shown + 1) { shown } else { shown + 1 }
}
