//! Which span of time an answer is about.
//!
//! - Both ends of every window lie on the grid of five-minute buckets, so that a window is a sum of whole buckets and
//!   neighbouring windows add up exactly.
//! - Days are the factory's calendar days, however long daylight saving makes them.
//! - Nothing here looks at a clock: who asks says what time it is.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    MS_PER_MINUTE,
    bucket::BUCKET_MS,
    time::{DurationMs, TimestampMs},
    zone::Zone,
};

mod error;
pub(crate) mod local_clock;
mod series;
mod span;

pub use error::WindowError;
pub use local_clock::instant_showing;
pub use series::{Resolution, steps};
pub use span::Window;

use error::{INSTANT_MS_MAX, INSTANT_MS_MIN, LAST_MINUTES_MAX};
use local_clock::{day_of, days, start_of_day};
use span::snap_down;

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
    pub fn resolve(&self, zone: Zone, now_ms: TimestampMs) -> Result<Option<Window>, WindowError> {
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
    pub fn moves_at_ms(&self, zone: Zone, now_ms: TimestampMs) -> Option<TimestampMs> {
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

/// The calendar day that holds an instant, counted from 1970-01-01, and from when to when it is.
pub fn day_holding(zone: Zone, instant_ms: TimestampMs) -> (i64, Window) {
    let day = day_of(zone, instant_ms.clamp(INSTANT_MS_MIN, INSTANT_MS_MAX));
    (day, days(zone, day, day + 1))
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

fn calendar_day(date: NaiveDate, zone: Zone) -> Result<Window, WindowError> {
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

fn calendar_period(period: Period, zone: Zone, now_ms: TimestampMs) -> Window {
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

#[cfg(test)]
mod tests;
