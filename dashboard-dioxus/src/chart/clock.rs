//! The factory's local clock: instants in ms since 1970 and what the clock on the wall shows then.

use std::fmt;
use std::rc::Rc;

/// A minute in ms.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// An hour in ms.
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A day in ms, where no clock is changed.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;
/// The furthest instant from 1970 that JavaScript's dates can hold, in ms; beyond it a browser's clock throws.
const FURTHEST_MS: f64 = 8.64e15;

/// A place's offsets from UTC, shared by the charts of a page. Two are equal when they are one: make it once for a
/// factory and clone it, or every chart is drawn again.
#[derive(Clone)]
pub(crate) struct Zone(Rc<dyn Fn(f64) -> i32>);

impl Zone {
    /// From a function that tells the offset in minutes, east positive, at an instant in ms since 1970.
    pub(crate) fn new(offset_minutes: impl Fn(f64) -> i32 + 'static) -> Self {
        Self(Rc::new(offset_minutes))
    }

    /// The offset in minutes at an instant, as the scales want it.
    pub(crate) fn offset_minutes(&self) -> &dyn Fn(f64) -> i32 {
        &*self.0
    }

    /// What the clock shows at an instant.
    pub(crate) fn local(&self, at_ms: f64) -> Local {
        let at_ms = whole_ms(at_ms);
        Local::of_wall(at_ms + offset_ms(self.offset_minutes(), at_ms))
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Zone")
    }
}

/// What a clock on the wall shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Local {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u8,
    /// 1 to 31.
    pub(crate) day: u8,
    /// 0 is Monday, 6 is Sunday.
    pub(crate) weekday: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

impl Local {
    /// From ms since 1970 as the local clock counts them.
    pub(crate) fn of_wall(wall_ms: i64) -> Self {
        let days = wall_ms.div_euclid(DAY_MS);
        let seconds = wall_ms.rem_euclid(DAY_MS) / 1_000;
        let (year, month, day) = date_of_days(days);
        Self {
            year,
            month,
            day,
            // The first of January 1970 was a Thursday.
            weekday: (days + 3).rem_euclid(7) as u8,
            hour: (seconds / 3_600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
        }
    }

    /// Whether this is the first instant of a date, to the second.
    pub(crate) fn is_midnight(self) -> bool {
        self.hour == 0 && self.minute == 0 && self.second == 0
    }

    /// Whether both are of one date.
    pub(crate) fn is_date_of(self, other: Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }
}

/// An instant as a whole number of ms that a browser's dates can hold; what is no number is 1970.
pub(crate) fn whole_ms(at_ms: f64) -> i64 {
    at_ms.clamp(-FURTHEST_MS, FURTHEST_MS).round() as i64
}

/// The offset at an instant, in ms.
pub(crate) fn offset_ms(offset_minutes: &dyn Fn(f64) -> i32, at_ms: i64) -> i64 {
    i64::from(offset_minutes(at_ms as f64)) * MINUTE_MS
}

/// The days from 1970 to a date; months beyond 12 belong to the years that follow.
///
/// Both conversions count from March, so that the leap day is a year's last, in eras of 400 years.
pub(crate) fn days_of_date(year: i64, month: i64, day: i64) -> i64 {
    let months = year * 12 + (month - 1) - 2;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn date_of_days(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let year = era * 400 + year_of_era + i64::from(is_next_year);
    (year, (if is_next_year { month - 9 } else { month + 3 }) as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_clock_shows_date_weekday_and_time_of_the_place() {
        let kolkata = Zone::new(|_| 330);
        let local = kolkata.local(1_767_600_000_000.0); // 2026-01-05T08:00Z
        let expected = Local { year: 2026, month: 1, day: 5, weekday: 0, hour: 13, minute: 30, second: 0 };
        assert_eq!(local, expected);
    }

    #[test]
    fn instants_that_no_browser_can_hold_are_taken_to_the_furthest_that_it_can() {
        assert_eq!(whole_ms(f64::NAN), 0);
        assert_eq!(whole_ms(f64::INFINITY), 8_640_000_000_000_000);
        assert_eq!(Zone::new(|_| 0).local(1e300).year, 275_760);
    }

    #[test]
    fn months_past_december_are_of_the_next_years() {
        assert_eq!(days_of_date(2025, 14, 1), days_of_date(2026, 2, 1));
        assert_eq!(days_of_date(2026, 0, 1), days_of_date(2025, 12, 1));
    }

    proptest! {
        #[test]
        fn a_day_has_one_date_and_a_date_one_day(days in -1_000_000_i64..1_000_000) {
            let (year, month, day) = date_of_days(days);
            prop_assert_eq!(days_of_date(year, i64::from(month), i64::from(day)), days);
            prop_assert!((1..=12).contains(&month) && (1..=31).contains(&day));
        }
    }
}
