//! Instants as the API writes them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MS_PER_SECOND: i64 = 1_000;
const MS_PER_MINUTE: i64 = 60_000;
const MS_PER_HOUR: i64 = 3_600_000;
const MS_PER_DAY: i64 = 86_400_000;

/// An instant in ms since 1970, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(pub(crate) i64);

impl Instant {
    /// The instant as the browser's clock tells it.
    pub(crate) fn from_ms(ms: f64) -> Self {
        Self(ms.floor() as i64)
    }

    /// In ms since 1970, for arithmetic with charts and clocks.
    pub(crate) fn ms(self) -> f64 {
        self.0 as f64
    }

    /// Reads RFC 3339 in UTC, such as `2026-01-05T08:00:00.000Z`; seconds and their parts may be left out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix(['Z', 'z'])?.split_once(['T', 't'])?;
        let day = parse_date(date)?;
        let mut parts = time.splitn(3, ':');
        let hour: i64 = two_digits(parts.next()?)?;
        let minute: i64 = two_digits(parts.next()?)?;
        let seconds = parts.next().unwrap_or("00");
        let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        let second: i64 = two_digits(second)?;
        if hour > 23 || minute > 59 || second > 59 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let ms =
            fraction.bytes().chain(*b"000").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
        Some(Self(
            day * MS_PER_DAY + hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + ms,
        ))
    }

    /// RFC 3339 in UTC with milliseconds.
    pub(crate) fn to_rfc3339(self) -> String {
        let (day, in_day) = (self.0.div_euclid(MS_PER_DAY), self.0.rem_euclid(MS_PER_DAY));
        let Civil { year, month, day } = Civil::of_day(day);
        let (hour, minute) = (in_day / MS_PER_HOUR, in_day % MS_PER_HOUR / MS_PER_MINUTE);
        let (second, ms) = (in_day % MS_PER_MINUTE / MS_PER_SECOND, in_day % MS_PER_SECOND);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("no instant in UTC"))
    }
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: i64,
    /// From 1.
    pub(crate) day: i64,
}

impl Civil {
    /// The day that is so many days after 1 January 1970.
    pub(crate) fn of_day(days: i64) -> Self {
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

    /// How many days after 1 January 1970 it is.
    pub(crate) fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let in_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + in_year - 719_468
    }
}

/// The days since 1970 of a date such as `2026-01-05`, if the calendar has it.
pub(crate) fn parse_date(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = parts.next().filter(|year| year.len() == 4)?;
    let year = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok()).flatten()?;
    let civil = Civil { year, month: two_digits(parts.next()?)?, day: two_digits(parts.next()?)? };
    let days = civil.days();
    (parts.next().is_none() && Civil::of_day(days) == civil).then_some(days)
}

fn two_digits(text: &str) -> Option<i64> {
    let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn instants_are_read_as_the_server_writes_them() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2026-01-05T08:00:00.000Z", 1_767_600_000_000),
            ("2026-01-05T08:00:00Z", 1_767_600_000_000),
            ("2026-01-05T08:00Z", 1_767_600_000_000),
            ("2026-01-05T08:00:00.25Z", 1_767_600_000_250),
            ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(Instant::parse(text), Some(Instant(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_not_read() {
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
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_that_is_written_is_read_as_the_same(ms in -62_135_596_800_000..253_402_300_799_999_i64) {
            prop_assert_eq!(Instant::parse(&Instant(ms).to_rfc3339()), Some(Instant(ms)));
        }

        #[test]
        fn days_and_dates_are_each_others_inverse(days in -719_000..2_900_000_i64) {
            prop_assert_eq!(Civil::of_day(days).days(), days);
            let next = Civil::of_day(days + 1);
            prop_assert!(next.day == 1 || next.day == Civil::of_day(days).day + 1);
        }
    }
}
