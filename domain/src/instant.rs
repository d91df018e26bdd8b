//! Instants as RFC 3339 text, and the days of the calendar, in UTC.
//!
//! Written by hand for the browser, which formats thousands of instants and shall not carry chrono for it. What arrives
//! from devices, with any offset, is read by [`crate::validate::instant_ms`].

use crate::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};

const MS_PER_SECOND: i64 = 1_000;

/// Reads RFC 3339 in UTC, such as `2026-01-05T08:00:00.000Z`, as Unix milliseconds; seconds and their parts may be left
/// out. None for anything else, an offset included.
pub fn parse_utc_ms(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix(['Z', 'z'])?.split_once(['T', 't'])?;
    let days = CivilDate::parse(date)?.days();
    let mut parts = time.splitn(3, ':');
    let hour = two_digits(parts.next()?)?;
    let minute = two_digits(parts.next()?)?;
    let seconds = parts.next().unwrap_or("00");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let second = two_digits(second)?;
    if hour > 23 || minute > 59 || second > 59 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ms = fraction.bytes().chain(*b"000").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    Some(days * MS_PER_DAY + hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + ms)
}

/// Unix milliseconds as RFC 3339 in UTC with milliseconds.
pub fn to_rfc3339(unix_ms: i64) -> String {
    let CivilDate { year, month, day } = CivilDate::from_days(unix_ms.div_euclid(MS_PER_DAY));
    let in_day_ms = unix_ms.rem_euclid(MS_PER_DAY);
    let (hour, minute) = (in_day_ms / MS_PER_HOUR, in_day_ms % MS_PER_HOUR / MS_PER_MINUTE);
    let (second, ms) = (in_day_ms % MS_PER_MINUTE / MS_PER_SECOND, in_day_ms % MS_PER_SECOND);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilDate {
    /// The year, such as 2026.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
}

impl CivilDate {
    /// The day that is so many days after 1 January 1970.
    pub fn from_days(days: i64) -> Self {
        // Eras of 400 years that begin in March, so that the leap day is the last of its year.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let in_era = shifted.rem_euclid(146_097);
        let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * in_year + 2) / 153;
        let day = in_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// How many days after 1 January 1970 it is. Months beyond 12 belong to the years that follow.
    pub fn days(self) -> i64 {
        let months = self.year * 12 + (self.month - 1) - 2;
        let (year, month_from_march) = (months.div_euclid(12), months.rem_euclid(12));
        let in_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + in_year - 719_468
    }

    /// Reads a date such as `2026-01-05`, if the calendar has it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let year = parts.next().filter(|year| year.len() == 4)?;
        let year = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok()).flatten()?;
        let date = Self { year, month: two_digits(parts.next()?)?, day: two_digits(parts.next()?)? };
        (parts.next().is_none() && Self::from_days(date.days()) == date).then_some(date)
    }
}

fn two_digits(text: &str) -> Option<i64> {
    let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat};
    use proptest::prelude::*;

    use super::*;
    use crate::{time::TimestampMs, validate::instant_ms};

    /// The first and the last instant of the years that RFC 3339 has.
    const FIRST_MS: i64 = -62_167_219_200_000;
    const LAST_MS: i64 = 253_402_300_799_999;

    #[test]
    fn instants_are_read_as_the_server_writes_them() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2026-01-05T08:00:00.000Z", 1_767_600_000_000),
            ("2026-01-05T08:00:00Z", 1_767_600_000_000),
            ("2026-01-05T08:00Z", 1_767_600_000_000),
            ("2026-01-05t08:00:00.25z", 1_767_600_000_250),
            ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(parse_utc_ms(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_in_utc_is_not_read() {
        for text in [
            "",
            "2026-01-05",
            "2026-01-05T08:00:00",
            "2026-01-05T08:00:00+01:00",
            "2026-02-30T08:00:00Z",
            "2026-13-01T08:00:00Z",
            "2026-01-05T24:00:00Z",
            "2026-01-05T8:00:00Z",
            "2026-01-05T08:00:00.1xZ",
            "+026-01-05T08:00:00Z",
        ] {
            assert_eq!(parse_utc_ms(text), None, "{text}");
        }
    }

    #[test]
    fn months_past_december_are_of_the_next_years() {
        let days = |year, month, day| CivilDate { year, month, day }.days();
        assert_eq!(days(2025, 14, 1), days(2026, 2, 1));
        assert_eq!(days(2026, 0, 1), days(2025, 12, 1));
    }

    proptest! {
        #[test]
        fn an_instant_that_is_written_is_read_as_the_same(ms in FIRST_MS..=LAST_MS) {
            let text = to_rfc3339(ms);
            prop_assert_eq!(parse_utc_ms(&text), Some(ms));
            prop_assert_eq!(instant_ms(&text), Some(TimestampMs(ms)));
        }

        #[test]
        fn instants_are_written_as_chrono_writes_them(ms in FIRST_MS..=LAST_MS) {
            let instant = DateTime::from_timestamp_millis(ms).unwrap();
            prop_assert_eq!(to_rfc3339(ms), instant.to_rfc3339_opts(SecondsFormat::Millis, true));
        }

        #[test]
        fn days_and_dates_are_each_others_inverse(days in -719_000..2_900_000_i64) {
            let date = CivilDate::from_days(days);
            prop_assert_eq!(date.days(), days);
            let next = CivilDate::from_days(days + 1);
            prop_assert!(next.day == 1 || next.day == date.day + 1);
        }
    }
}
