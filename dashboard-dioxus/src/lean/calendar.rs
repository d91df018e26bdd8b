//! Days, dates and what a clock on the wall shows: the part of `chrono` that a page needs, without its parsers, formats
//! and errors.

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: i64,
    /// From 1.
    pub(crate) day: i64,
}

// Both conversions count years from March, so that the leap day is a year's last, in eras of 400 years.
impl Date {
    /// The day that is so many days after 1 January 1970.
    pub(crate) fn of_day(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// How many days after 1 January 1970 it is. Months beyond 12 belong to the years that follow.
    pub(crate) fn days(self) -> i64 {
        let months = self.year * 12 + (self.month - 1) - 2;
        let (year, month_from_march) = (months.div_euclid(12), months.rem_euclid(12));
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// Reads a date such as `2026-01-05`, if the calendar has it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let year = parts.next().filter(|year| year.len() == 4)?;
        let year = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok()).flatten()?;
        let date = Self { year, month: two_digits(parts.next()?)?, day: two_digits(parts.next()?)? };
        (parts.next().is_none() && Self::of_day(date.days()) == date).then_some(date)
    }
}

/// Reads a number of exactly two digits.
pub(super) fn two_digits(text: &str) -> Option<i64> {
    let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// What a clock on the wall shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalTime {
    pub(crate) date: Date,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// Days since Monday.
    pub(crate) weekday: usize,
}

impl LocalTime {
    /// From ms since 1970 as the local clock counts them.
    pub(crate) fn of_wall_ms(wall_ms: i64) -> Self {
        let (days, in_day) = (wall_ms.div_euclid(domain::MS_PER_DAY), wall_ms.rem_euclid(domain::MS_PER_DAY));
        Self {
            date: Date::of_day(days),
            hour: in_day / domain::MS_PER_HOUR,
            minute: in_day / domain::MS_PER_MINUTE % 60,
            second: in_day / 1_000 % 60,
            // 1 January 1970 was a Thursday.
            weekday: (days + 3).rem_euclid(7) as usize,
        }
    }

    /// Whether this is the first instant of a date, to the second.
    pub(crate) fn is_midnight(self) -> bool {
        self.hour == 0 && self.minute == 0 && self.second == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_past_december_are_of_the_next_years() {
        let days = |year, month, day| Date { year, month, day }.days();
        assert_eq!(days(2025, 14, 1), days(2026, 2, 1));
        assert_eq!(days(2026, 0, 1), days(2025, 12, 1));
    }

    proptest! {
        #[test]
        fn days_and_dates_are_each_others_inverse(days in -1_000_000..2_900_000_i64) {
            let date = Date::of_day(days);
            prop_assert_eq!(date.days(), days);
            prop_assert!((1..=12).contains(&date.month) && (1..=31).contains(&date.day));
            let next = Date::of_day(days + 1);
            prop_assert!(next.day == 1 || next.day == date.day + 1);
        }
    }
}
