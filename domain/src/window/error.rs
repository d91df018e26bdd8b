//! Why a window is refused, and the limits that it must keep.

use chrono::{DateTime, NaiveDate, SecondsFormat};

use crate::{time::TimestampMs, zone::Zone};

/// The earliest end of a range, 1970-01-01T00:00Z. Events are of 2000 or later, so nothing is out of reach.
pub(super) const INSTANT_MS_MIN: TimestampMs = TimestampMs(0);

/// The latest end of a range, 10000-01-01T00:00Z: RFC 3339 writes years with four digits.
pub(super) const INSTANT_MS_MAX: TimestampMs = TimestampMs(253_402_300_800_000);

/// The longest moving window, 31 days. A longer one has no need to move with the minute.
pub(super) const LAST_MINUTES_MAX: i64 = 31 * 24 * 60;

/// Why a window or its steps were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// One end of a range is an instant that no calendar here knows.
    #[error(
        "the range from {} to {} is out of bounds: both ends must be from {} to {}; choose instants within these years",
        instant(*from_ms), instant(*to_ms), instant(INSTANT_MS_MIN), instant(TimestampMs(INSTANT_MS_MAX.0 - 1))
    )]
    RangeOutOfBounds {
        /// The first instant asked for, Unix milliseconds.
        from_ms: TimestampMs,
        /// The instant after the last asked for, Unix milliseconds.
        to_ms: TimestampMs,
    },
    /// Nothing is left of a range once both ends have snapped down.
    #[error(
        "the range from {} to {} is empty once both ends are taken down to whole 5 minutes; \
         choose a `to` at least 5 minutes after `from`",
        instant(*from_ms), instant(*to_ms)
    )]
    RangeEmpty {
        /// The first instant asked for, Unix milliseconds.
        from_ms: TimestampMs,
        /// The instant after the last asked for, Unix milliseconds.
        to_ms: TimestampMs,
    },
    /// A moving window is too short or too long.
    #[error(
        "lastMinutes is {0}, but must be a whole number from 1 to {max}, which is rounded up to a multiple of 5; \
         for a longer window use a range or a period",
        max = LAST_MINUTES_MAX
    )]
    LastMinutesOutOfBounds(i64),
    /// A day is in no year that ranges may be in.
    #[error(
        "the day {0} is out of bounds: days must be from 1970-01-01 to 9999-12-30; choose a day within these years"
    )]
    DayOutOfBounds(NaiveDate),
    /// A day did not happen, because the zone changed the side of the date line.
    #[error(
        "the day {day} does not exist in the time zone {zone}, which skipped it; choose the day before or after"
    )]
    DaySkipped {
        /// The day asked for.
        day: NaiveDate,
        /// The factory's zone.
        zone: Zone,
    },
    /// A series would have too many points.
    #[error(
        "the window has more than {allowed} steps, the most allowed; choose a coarser resolution or a shorter window"
    )]
    TooManySteps {
        /// The most steps allowed.
        allowed: usize,
    },
}

/// An instant for a person to read.
fn instant(instant_ms: TimestampMs) -> String {
    match DateTime::from_timestamp_millis(instant_ms.0) {
        Some(instant) => instant.to_rfc3339_opts(SecondsFormat::Millis, true),
        None => format!("{} ms", instant_ms.0),
    }
}
