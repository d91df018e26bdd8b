//! Where a time axis is marked: at whole steps of the factory's local clock, also on days when the clock is changed.

use crate::lean::calendar::LocalTime;
use crate::lean::instant::Instant;
use crate::lean::order;
use crate::lean::zone::Zone;
use crate::words::time as words;
use domain::instant::CivilDate;
use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};
use std::ops::RangeInclusive;

/// A mark on a time axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeTick {
    /// The instant, in ms since 1970.
    pub(crate) at_ms: f64,
    /// What the clock shows then.
    pub(crate) local: LocalTime,
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
            Self::Minutes(minutes) => minutes * MS_PER_MINUTE,
            Self::Days(days) => days * MS_PER_DAY,
            Self::Months(months) => months * 28 * MS_PER_DAY,
        }
    }
}

impl TimeTick {
    /// What is written at it.
    pub(crate) fn label(&self) -> String {
        let local = &self.local;
        match self.pace {
            Pace::Minutes(_) if !local.is_midnight() => words::exact_time(local),
            Pace::Minutes(_) | Pace::Days(1) => words::weekday_and_day(local),
            Pace::Days(_) => words::day_and_month(local),
            Pace::Months(months) if months % 12 != 0 && local.date.month != 1 => words::month(local),
            Pace::Months(_) => local.date.year.to_string(),
        }
    }
}

/// The marks from `from_ms` (inclusive) to `to_ms` (inclusive), at most so many, in the order of time.
pub(crate) fn time_ticks(from_ms: f64, to_ms: f64, at_most: usize, zone: &Zone) -> Vec<TimeTick> {
    let (from, to) = (Instant::from_ms(from_ms).0, Instant::from_ms(to_ms).0);
    if from >= to || at_most == 0 {
        return Vec::new();
    }
    // A span of as many paces as marks may touch one mark more, so a mark is left free.
    let most_paces = (at_most as i64 - 1).max(1);
    let pace = PACES.into_iter().find(|pace| (to - from) / pace.shortest_ms() < most_paces);
    let Some(pace) = pace else { return Vec::new() };
    // Asking a browser for an offset is slow, and almost every short span has but one.
    let [early, late] = [from - MS_PER_DAY, to + MS_PER_DAY].map(|at| zone.offset_ms(Instant(at)));
    let is_unchanging = matches!(pace, Pace::Minutes(_)) && early == late;
    let zone = if is_unchanging { &Zone::fixed("", early / MS_PER_MINUTE) } else { zone };
    // What the clock can show within the span, whichever of its offsets holds.
    let offsets = [from, to].map(|at| zone.offset_ms(Instant(at)));
    let wall = (from + offsets[0].min(offsets[1]))..=(to + offsets[0].max(offsets[1]));
    let days = (wall.start().div_euclid(MS_PER_DAY) - 1)..=(wall.end().div_euclid(MS_PER_DAY) + 1);
    let mut instants = match pace {
        Pace::Minutes(minutes) => whole_minutes(wall, minutes * MS_PER_MINUTE, zone),
        // Weeks begin on Monday, and day 0 was a Thursday.
        Pace::Days(pace) => {
            let first = (days.start() + 3).div_euclid(pace) * pace - 3;
            (first..=*days.end()).step_by(pace as usize).map(|day| day_start(day, zone)).collect()
        }
        Pace::Months(pace) => {
            let date = CivilDate::from_days(*days.start());
            let first = (date.year * 12 + date.month - 1).div_euclid(pace) * pace;
            let starts = (first..)
                .step_by(pace as usize)
                .map(|month| CivilDate { year: 0, month: month + 1, day: 1 }.days());
            starts.take_while(|day| day <= days.end()).map(|day| day_start(day, zone)).collect()
        }
    };
    // Of an hour that comes twice, the whole first one is before the second; a skipped date begins with the next.
    order::sort(&mut instants, Ord::cmp);
    instants.dedup();
    let tick = |at: i64| TimeTick {
        at_ms: at as f64,
        local: LocalTime::of_wall_ms(at + zone.offset_ms(Instant(at))),
        pace,
    };
    instants.into_iter().filter(|at| (from..=to).contains(at)).take(at_most).map(tick).collect()
}

/// When the clock shows whole steps between two of its times.
fn whole_minutes(wall: RangeInclusive<i64>, step: i64, zone: &Zone) -> Vec<i64> {
    let first = wall.start().div_euclid(step) * step;
    let mut instants = Vec::new();
    for wall in (first..=*wall.end()).step_by(step as usize) {
        let shown = Shown::at(wall, zone);
        let is_midnight = wall.rem_euclid(MS_PER_DAY) == 0;
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
pub(crate) fn hour_steps(from_ms: f64, to_ms: f64, zone: &Zone) -> Vec<(f64, f64)> {
    let (mut at, to) = (Instant::from_ms(from_ms).0, Instant::from_ms(to_ms).0);
    let mut steps = Vec::new();
    while at < to && steps.len() < MOST_HOURS {
        let offset = zone.offset_ms(Instant(at));
        let next = at + MS_PER_HOUR - (at + offset).rem_euclid(MS_PER_HOUR);
        let next = change_between(at, next, offset, zone).unwrap_or(next).min(to);
        steps.push((at as f64, next as f64));
        at = next;
    }
    steps
}

/// The most hours that are drawn as columns: the 31 days that a window can have, and one for a clock that is set back.
pub(crate) const MOST_HOURS: usize = 31 * 24 + 1;

/// When the offset stops being `offset` in a span, to the minute.
fn change_between(from: i64, to: i64, offset: i64, zone: &Zone) -> Option<i64> {
    if zone.offset_ms(Instant(to - 1)) == offset {
        return None;
    }
    let (mut before, mut after) = (from, to - 1);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if zone.offset_ms(Instant(middle)) == offset { before = middle } else { after = middle }
    }
    Some(after)
}

/// A date's first instant.
fn day_start(day: i64, zone: &Zone) -> i64 {
    Shown::at(day * MS_PER_DAY, zone).first_at_or_after()
}

/// When the clock shows a time: once, twice where it is set back, never where it is set forward.
struct Shown<'zone> {
    wall: i64,
    /// The offsets a day before and a day after. No zone is further than a day from UTC, so they are those on both
    /// sides of a change, and no zone changes twice within two days.
    before: i64,
    after: i64,
    once: Option<i64>,
    again: Option<i64>,
    zone: &'zone Zone,
}

impl<'zone> Shown<'zone> {
    fn at(wall: i64, zone: &'zone Zone) -> Self {
        let before = zone.offset_ms(Instant(wall - MS_PER_DAY));
        let after = zone.offset_ms(Instant(wall + MS_PER_DAY));
        let shows = |offset: i64| Some(wall - offset).filter(|at| zone.offset_ms(Instant(*at)) == offset);
        let (once, again) = if before == after {
            (shows(before), None)
        } else {
            match (shows(before), shows(after)) {
                (Some(once), again) => (Some(once), again),
                (None, once) => (once, None),
            }
        };
        Self { wall, before, after, once, again, zone }
    }

    /// The first instant at which the clock shows the time or, where it skips it, a later one.
    fn first_at_or_after(&self) -> i64 {
        self.once.unwrap_or_else(|| {
            let (from, to) = (self.wall - self.after, self.wall - self.before);
            change_between(from, to + 1, self.before, self.zone).unwrap_or(to)
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
#[path = "time_tick/tests.rs"]
mod tests;
