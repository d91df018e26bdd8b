//! What a time zone's clock shows, in whole milliseconds and whole days counted from 1970-01-01. What it shows is a number
//! of milliseconds too, and no instant.

use std::ops::Range;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::{Window, snap_down};
use crate::{
    MS_PER_DAY, MS_PER_HOUR,
    time::{DurationMs, TimestampMs},
};

/// How far apart a zone is asked for its offset. Since 1970 no zone changed twice within six days, so no change is
/// missed.
const SCAN_MS: DurationMs = DurationMs(MS_PER_DAY);

/// No zone is this far from UTC, not even one that changed the side of the date line.
const OFFSET_MS_MAX: i64 = 36 * MS_PER_HOUR;

/// How far the local clock is ahead of UTC at an instant.
pub(crate) fn offset_ms(zone: Tz, instant_ms: TimestampMs) -> DurationMs {
    let instant = DateTime::from_timestamp_millis(instant_ms.0).unwrap_or_default();
    let seconds = zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc();
    DurationMs(i64::from(seconds) * 1_000)
}

/// A span of time in which the local clock goes steadily.
pub(crate) struct Stretch {
    /// Unix milliseconds.
    pub(crate) span: Range<TimestampMs>,
    /// How far the local clock is ahead of UTC.
    pub(crate) offset_ms: DurationMs,
}

/// The stretches of `[from_ms, to_ms)`, in the order of time.
pub(crate) fn stretches(zone: Tz, from_ms: TimestampMs, to_ms: TimestampMs) -> impl Iterator<Item = Stretch> {
    let mut next_ms = from_ms;
    std::iter::from_fn(move || {
        (next_ms < to_ms).then(|| {
            let from_ms = next_ms;
            let offset_ms = offset_ms(zone, from_ms);
            next_ms = next_change_ms(zone, from_ms, to_ms);
            Stretch { span: from_ms..next_ms, offset_ms }
        })
    })
}

/// The first instant after `from_ms` at which the zone has another offset, or `to_ms` if that comes first.
fn next_change_ms(zone: Tz, from_ms: TimestampMs, to_ms: TimestampMs) -> TimestampMs {
    let offset_then_ms = offset_ms(zone, from_ms);
    let is_same = |instant_ms| offset_ms(zone, instant_ms) == offset_then_ms;
    let (mut same_ms, mut other_ms) = (from_ms, to_ms.min(from_ms + SCAN_MS));
    while is_same(other_ms) {
        if other_ms == to_ms {
            return to_ms;
        }
        (same_ms, other_ms) = (other_ms, to_ms.min(other_ms + SCAN_MS));
    }
    while other_ms - same_ms > DurationMs(1) {
        let middle_ms = TimestampMs(i64::midpoint(same_ms.0, other_ms.0));
        if is_same(middle_ms) {
            same_ms = middle_ms;
        } else {
            other_ms = middle_ms;
        }
    }
    other_ms
}

/// The first instant at which the local clock shows this time or a later one. A time that the clock shows twice has its
/// first one; a time that the clock skips has the instant at which it is skipped.
pub(crate) fn first_instant_showing(zone: Tz, local_ms: i64) -> TimestampMs {
    let in_utc = TimestampMs(local_ms);
    let reach = DurationMs(OFFSET_MS_MAX);
    stretches(zone, in_utc - reach, in_utc + reach)
        .map(|stretch| (stretch.span.start.max(in_utc - stretch.offset_ms), stretch.span.end))
        .find_map(|(first_ms, to_ms)| (first_ms < to_ms).then_some(first_ms))
        .unwrap_or(in_utc)
}

/// When a local day begins, on the grid of buckets. A skipped day begins when the next one does.
pub(crate) fn start_of_day(zone: Tz, day: i64) -> TimestampMs {
    snap_down(first_instant_showing(zone, day * MS_PER_DAY))
}

/// The window from the start of one local day to the start of another.
pub(crate) fn days(zone: Tz, first_day: i64, end_day: i64) -> Window {
    Window { from_ms: start_of_day(zone, first_day), to_ms: start_of_day(zone, end_day) }
}

/// The local day whose window holds an instant. That is the date on the clock, save where the clock falls back over
/// midnight: the day before ended when its date first gave way.
pub(crate) fn day_of(zone: Tz, instant_ms: TimestampMs) -> i64 {
    let shown = (instant_ms + offset_ms(zone, instant_ms)).0.div_euclid(MS_PER_DAY);
    if instant_ms < start_of_day(zone, shown + 1) { shown } else { shown + 1 }
}
