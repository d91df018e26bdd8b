//! Where a time axis is marked: at whole steps of the factory's local clock, also on days when the clock is changed.

use crate::chart::clock::{DAY_MS, HOUR_MS, Local, MINUTE_MS, days_of_date, offset_ms, whole_ms};
use std::ops::RangeInclusive;

/// A mark on a time axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeTick {
    /// The instant, in ms since 1970.
    pub(crate) at_ms: f64,
    /// What the clock shows then.
    pub(crate) local: Local,
    /// How far apart the marks are.
    pub(crate) pace: Pace,
}

/// How far apart marks are on the local clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Divides a day.
    Minutes(i64),
    Days(i64),
    Months(i64),
}

/// What people expect of a clock and a calendar.
const PACES: [Pace; 21] = [
    Pace::Minutes(1),
    Pace::Minutes(5),
    Pace::Minutes(10),
    Pace::Minutes(15),
    Pace::Minutes(30),
    Pace::Minutes(60),
    Pace::Minutes(120),
    Pace::Minutes(180),
    Pace::Minutes(360),
    Pace::Minutes(720),
    Pace::Days(1),
    Pace::Days(2),
    Pace::Days(7),
    Pace::Days(14),
    Pace::Months(1),
    Pace::Months(3),
    Pace::Months(6),
    Pace::Months(12),
    Pace::Months(60),
    Pace::Months(120),
    Pace::Months(1_200),
];

impl Pace {
    /// Its length where no clock is changed, in ms; a month is taken at its shortest.
    fn shortest_ms(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes * MINUTE_MS,
            Self::Days(days) => days * DAY_MS,
            Self::Months(months) => months * 28 * DAY_MS,
        }
    }
}

/// The marks from `from_ms` (inclusive) to `to_ms` (inclusive), at most so many, in the order of time.
/// `offset_minutes` tells the local clock's offset from UTC, east positive, at an instant in ms since 1970.
pub(crate) fn time_ticks(
    from_ms: f64,
    to_ms: f64,
    at_most: usize,
    offset_minutes: &dyn Fn(f64) -> i32,
) -> Vec<TimeTick> {
    let (from, to) = (whole_ms(from_ms), whole_ms(to_ms));
    if from >= to || at_most == 0 {
        return Vec::new();
    }
    // A span of as many paces as marks may touch one mark more, so a mark is left free.
    let most_paces = (at_most as i64 - 1).max(1);
    let pace = PACES.into_iter().find(|pace| (to - from) / pace.shortest_ms() < most_paces);
    let Some(pace) = pace else { return Vec::new() };
    // Asking a browser for an offset is slow, and almost every short span has but one.
    let [early, late] = [from - DAY_MS, to + DAY_MS].map(|at| offset_minutes(at as f64));
    let unchanging = move |_| early;
    let is_short = matches!(pace, Pace::Minutes(_));
    let offset_minutes = if is_short && early == late { &unchanging } else { offset_minutes };
    // What the clock can show within the span, whichever of its offsets holds.
    let offsets = [from, to].map(|at| offset_ms(offset_minutes, at));
    let wall = (from + offsets[0].min(offsets[1]))..=(to + offsets[0].max(offsets[1]));
    let days = (wall.start().div_euclid(DAY_MS) - 1)..=(wall.end().div_euclid(DAY_MS) + 1);
    let mut instants = match pace {
        Pace::Minutes(minutes) => whole_minutes(wall, minutes * MINUTE_MS, offset_minutes),
        // Weeks begin on Monday, and day 0 was a Thursday.
        Pace::Days(pace) => {
            let first = (days.start() + 3).div_euclid(pace) * pace - 3;
            (first..=*days.end()).step_by(pace as usize).map(|day| day_start(day, offset_minutes)).collect()
        }
        Pace::Months(pace) => {
            let date = Local::of_wall(days.start() * DAY_MS);
            let first = (date.year * 12 + i64::from(date.month) - 1).div_euclid(pace) * pace;
            let starts = (first..).step_by(pace as usize).map(|month| days_of_date(0, month + 1, 1));
            starts.take_while(|day| day <= days.end()).map(|day| day_start(day, offset_minutes)).collect()
        }
    };
    // Of an hour that comes twice, the whole first one is before the second; a skipped date begins with the next.
    instants.sort_unstable();
    instants.dedup();
    let tick = |at: i64| TimeTick {
        at_ms: at as f64,
        local: Local::of_wall(at + offset_ms(offset_minutes, at)),
        pace,
    };
    instants.into_iter().filter(|at| (from..=to).contains(at)).take(at_most).map(tick).collect()
}

/// When the clock shows whole steps between two of its times.
fn whole_minutes(wall: RangeInclusive<i64>, step: i64, offset_minutes: &dyn Fn(f64) -> i32) -> Vec<i64> {
    let first = wall.start().div_euclid(step) * step;
    let mut instants = Vec::new();
    for wall in (first..=*wall.end()).step_by(step as usize) {
        let shown = Shown::at(wall, offset_minutes);
        let is_midnight = wall.rem_euclid(DAY_MS) == 0;
        let once = shown.once.or_else(|| is_midnight.then(|| shown.first_at_or_after()));
        instants.extend(once);
        // A repeated hour is marked twice only where that keeps the marks a step apart.
        instants.extend(
            once.zip(shown.again).filter(|(once, again)| again - once >= step).map(|(_, again)| again),
        );
    }
    instants
}

/// The steps of an hour that a window is cut into, as the server cuts them: on whole hours of the local clock and where its
/// offset changes, the first and the last cut at the window. At most [`MOST_HOURS`].
pub(crate) fn hour_steps(from_ms: f64, to_ms: f64, offset_minutes: &dyn Fn(f64) -> i32) -> Vec<(f64, f64)> {
    let (mut at, to) = (whole_ms(from_ms), whole_ms(to_ms));
    let mut steps = Vec::new();
    while at < to && steps.len() < MOST_HOURS {
        let offset = offset_ms(offset_minutes, at);
        let next = at + HOUR_MS - (at + offset).rem_euclid(HOUR_MS);
        let next = change_between(at, next, offset, offset_minutes).unwrap_or(next).min(to);
        steps.push((at as f64, next as f64));
        at = next;
    }
    steps
}

/// The most hours that are drawn as columns: the 31 days that a window can have, and one for a clock that is set back.
pub(crate) const MOST_HOURS: usize = 31 * 24 + 1;

/// When the offset stops being `offset` in a span, to the minute.
fn change_between(from: i64, to: i64, offset: i64, offset_minutes: &dyn Fn(f64) -> i32) -> Option<i64> {
    if offset_ms(offset_minutes, to - 1) == offset {
        return None;
    }
    let (mut before, mut after) = (from, to - 1);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if offset_ms(offset_minutes, middle) == offset { before = middle } else { after = middle }
    }
    Some(after)
}

/// A date's first instant.
fn day_start(day: i64, offset_minutes: &dyn Fn(f64) -> i32) -> i64 {
    Shown::at(day * DAY_MS, offset_minutes).first_at_or_after()
}

/// When the clock shows a time: once, twice where it is set back, never where it is set forward.
struct Shown<'offsets> {
    wall: i64,
    /// The offsets a day before and a day after. No zone is further than a day from UTC, so they are those on both
    /// sides of a change, and no zone changes twice within two days.
    before: i64,
    after: i64,
    once: Option<i64>,
    again: Option<i64>,
    offset_minutes: &'offsets dyn Fn(f64) -> i32,
}

impl<'offsets> Shown<'offsets> {
    fn at(wall: i64, offset_minutes: &'offsets dyn Fn(f64) -> i32) -> Self {
        let before = offset_ms(offset_minutes, wall - DAY_MS);
        let after = offset_ms(offset_minutes, wall + DAY_MS);
        let shows = |offset: i64| Some(wall - offset).filter(|at| offset_ms(offset_minutes, *at) == offset);
        let (once, again) = if before == after {
            (shows(before), None)
        } else {
            match (shows(before), shows(after)) {
                (Some(once), again) => (Some(once), again),
                (None, once) => (once, None),
            }
        };
        Self { wall, before, after, once, again, offset_minutes }
    }

    /// The first instant at which the clock shows the time or, where it skips it, a later one.
    fn first_at_or_after(&self) -> i64 {
        self.once.unwrap_or_else(|| {
            let (from, to) = (self.wall - self.after, self.wall - self.before);
            change_between(from, to + 1, self.before, self.offset_minutes).unwrap_or(to)
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
#[path = "time_tick/tests.rs"]
mod tests;
