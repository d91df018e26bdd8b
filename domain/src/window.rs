//! Which span of time an answer is about.
//!
//! - Both ends of every window lie on the grid of five-minute buckets, so that a window is a sum of whole buckets and
//!   neighbouring windows add up exactly.
//! - Days are the factory's calendar days, however long daylight saving makes them.
//! - Nothing here looks at a clock: who asks says what time it is.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    MS_PER_MINUTE,
    bucket::BUCKET_MS,
    time::{DurationMs, TimestampMs},
};

pub(crate) mod local_clock;
mod series;

pub use series::{Resolution, steps};

use local_clock::{day_of, days, start_of_day};

/// The earliest end of a range, 1970-01-01T00:00Z. Events are of 2000 or later, so nothing is out of reach.
const INSTANT_MS_MIN: TimestampMs = TimestampMs(0);

/// The latest end of a range, 10000-01-01T00:00Z: RFC 3339 writes years with four digits.
const INSTANT_MS_MAX: TimestampMs = TimestampMs(253_402_300_800_000);

/// The longest moving window, 31 days. A longer one has no need to move with the minute.
const LAST_MINUTES_MAX: i64 = 31 * 24 * 60;

/// A span of time, not empty, with both ends on the grid of five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first instant, Unix milliseconds.
    pub from_ms: TimestampMs,
    /// The instant after the last, Unix milliseconds.
    pub to_ms: TimestampMs,
}

/// A calendar period that moves with the factory's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Period {
    /// The day that holds now.
    Today,
    /// The day that ended when today began.
    Yesterday,
    /// Monday to Sunday.
    ThisWeek,
    /// The seven days that end with today.
    #[serde(rename = "LAST_7_DAYS")]
    Last7Days,
    /// The thirty days that end with today.
    #[serde(rename = "LAST_30_DAYS")]
    Last30Days,
}

/// A window as asked for. What it means may depend on the factory's zone and on the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowSpec {
    /// Everything ever stored.
    AllTime,
    /// From one instant to another, which is not part of it; both snap down to the grid.
    Range {
        /// The first instant, Unix milliseconds.
        from_ms: TimestampMs,
        /// The instant after the last, Unix milliseconds.
        to_ms: TimestampMs,
    },
    /// The bucket that holds now and those before it: so many minutes, rounded up to whole buckets.
    LastMinutes(i64),
    /// A calendar day.
    Day(NaiveDate),
    /// A calendar period around now.
    Period(Period),
}

impl WindowSpec {
    /// The window that this means at `now_ms` (Unix milliseconds) in a zone. None means all time.
    pub fn resolve(&self, zone: Tz, now_ms: TimestampMs) -> Result<Option<Window>, WindowError> {
        let now_ms = now_ms.clamp(INSTANT_MS_MIN, INSTANT_MS_MAX);
        match *self {
            Self::AllTime => Ok(None),
            Self::Range { from_ms, to_ms } => range(from_ms, to_ms).map(Some),
            Self::LastMinutes(minutes) => last_minutes(minutes, now_ms).map(Some),
            Self::Day(date) => calendar_day(date, zone).map(Some),
            Self::Period(period) => Ok(Some(calendar_period(period, zone, now_ms))),
        }
    }

    /// The next instant, later than `now_ms`, at which [`Self::resolve`] gives another answer. None: it never will.
    pub fn moves_at_ms(&self, zone: Tz, now_ms: TimestampMs) -> Option<TimestampMs> {
        let clamped_ms = now_ms.clamp(INSTANT_MS_MIN, INSTANT_MS_MAX);
        let moves_at_ms = match self {
            Self::AllTime | Self::Range { .. } | Self::Day(_) => return None,
            Self::LastMinutes(_) => snap_down(clamped_ms) + DurationMs(BUCKET_MS),
            Self::Period(Period::ThisWeek) => calendar_period(Period::ThisWeek, zone, clamped_ms).to_ms,
            Self::Period(_) => calendar_period(Period::Today, zone, clamped_ms).to_ms,
        };
        (moves_at_ms <= INSTANT_MS_MAX).then_some(moves_at_ms)
    }
}

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
        zone: Tz,
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

/// The start of the bucket that holds an instant.
pub(crate) const fn snap_down(instant_ms: TimestampMs) -> TimestampMs {
    TimestampMs(instant_ms.0 - instant_ms.0.rem_euclid(BUCKET_MS))
}

fn range(from_ms: TimestampMs, to_ms: TimestampMs) -> Result<Window, WindowError> {
    let bounds = INSTANT_MS_MIN..=INSTANT_MS_MAX;
    if !bounds.contains(&from_ms) || !bounds.contains(&to_ms) {
        return Err(WindowError::RangeOutOfBounds { from_ms, to_ms });
    }
    let window = Window { from_ms: snap_down(from_ms), to_ms: snap_down(to_ms) };
    if window.from_ms >= window.to_ms {
        return Err(WindowError::RangeEmpty { from_ms, to_ms });
    }
    Ok(window)
}

fn last_minutes(minutes: i64, now_ms: TimestampMs) -> Result<Window, WindowError> {
    if !(1..=LAST_MINUTES_MAX).contains(&minutes) {
        return Err(WindowError::LastMinutesOutOfBounds(minutes));
    }
    let buckets = (minutes * MS_PER_MINUTE + BUCKET_MS - 1) / BUCKET_MS;
    let length_ms = DurationMs(buckets * BUCKET_MS);
    let to_ms = snap_down(now_ms) + DurationMs(BUCKET_MS);
    Ok(Window { from_ms: to_ms - length_ms, to_ms })
}

fn calendar_day(date: NaiveDate, zone: Tz) -> Result<Window, WindowError> {
    if !(1970..=9999).contains(&date.year()) {
        return Err(WindowError::DayOutOfBounds(date));
    }
    let day = date.signed_duration_since(NaiveDate::default()).num_days();
    let window = days(zone, day, day + 1);
    if window.from_ms == window.to_ms {
        return Err(WindowError::DaySkipped { day: date, zone });
    }
    // An instant of the year 10000 cannot be written.
    if window.to_ms >= INSTANT_MS_MAX {
        return Err(WindowError::DayOutOfBounds(date));
    }
    Ok(window)
}

fn calendar_period(period: Period, zone: Tz, now_ms: TimestampMs) -> Window {
    let today = day_of(zone, now_ms);
    match period {
        Period::Today => days(zone, today, today + 1),
        // Where the zone skipped a day, the day before today is not today's number less one.
        Period::Yesterday => days(zone, day_of(zone, start_of_day(zone, today) - DurationMs(1)), today),
        Period::ThisWeek => {
            // 1970-01-01, day 0, was a Thursday.
            let monday = today - (today + 3).rem_euclid(7);
            days(zone, monday, monday + 7)
        }
        Period::Last7Days => days(zone, today - 6, today + 1),
        Period::Last30Days => days(zone, today - 29, today + 1),
    }
}

/// An instant for a person to read.
fn instant(instant_ms: TimestampMs) -> String {
    match DateTime::from_timestamp_millis(instant_ms.0) {
        Some(instant) => instant.to_rfc3339_opts(SecondsFormat::Millis, true),
        None => format!("{} ms", instant_ms.0),
    }
}

#[cfg(test)]
mod tests;
