//! Instants as the API writes them, read and written by hand: the one form that the server sends needs no parser of dates.

use super::calendar::{Date, LocalTime, two_digits};
use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MS_PER_SECOND: i64 = 1_000;
/// The furthest instant from 1970 that JavaScript's dates can hold, in ms; beyond it a browser's clock throws.
const FURTHEST_MS: f64 = 8.64e15;

/// An instant in ms since 1970, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(pub(crate) i64);

impl Instant {
    /// From ms since 1970 as browsers and charts count them: the nearest whole number that a browser's dates can hold; what
    /// is no number is 1970.
    pub(crate) fn from_ms(ms: f64) -> Self {
        Self(ms.clamp(-FURTHEST_MS, FURTHEST_MS).round() as i64)
    }

    /// In ms since 1970, for arithmetic with charts and clocks.
    pub(crate) fn ms(self) -> f64 {
        self.0 as f64
    }

    /// Reads RFC 3339 in UTC, such as `2026-01-05T08:00:00.000Z`; seconds and their parts may be left out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix(['Z', 'z'])?.split_once(['T', 't'])?;
        let days = Date::parse(date)?.days();
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
            days * MS_PER_DAY + hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + ms,
        ))
    }

    /// RFC 3339 in UTC with milliseconds.
    pub(crate) fn to_rfc3339(self) -> String {
        let LocalTime { date: Date { year, month, day }, hour, minute, second, .. } =
            LocalTime::of_wall_ms(self.0);
        let ms = self.0.rem_euclid(MS_PER_SECOND);
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

    #[test]
    fn instants_that_no_browser_can_hold_are_taken_to_the_furthest_that_it_can() {
        assert_eq!(Instant::from_ms(f64::NAN), Instant(0));
        assert_eq!(Instant::from_ms(f64::INFINITY), Instant(8_640_000_000_000_000));
        assert!(Instant::from_ms(1e300).to_rfc3339().starts_with("275760-"));
    }

    proptest! {
        #[test]
        fn an_instant_that_is_written_is_read_as_the_same(ms in -62_135_596_800_000..253_402_300_799_999_i64) {
            prop_assert_eq!(Instant::parse(&Instant(ms).to_rfc3339()), Some(Instant(ms)));
        }
    }
}
