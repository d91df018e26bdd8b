//! Instants as text.

use crate::time::TimestampMs;
use chrono::{DateTime, NaiveDate, Timelike};

/// An RFC 3339 instant with any offset in Unix milliseconds, cut to whole ones; none when the text is not one.
pub fn instant_ms(text: &str) -> Option<TimestampMs> {
    plain_instant_ms(text.as_bytes()).or_else(|| any_instant_ms(text)).map(TimestampMs)
}

/// An instant written as nearly all are, `2026-01-05T08:00:00Z` with or without three digits after the seconds. None says
/// nothing about other ways to write one.
fn plain_instant_ms(text: &[u8]) -> Option<i64> {
    let (seconds, millis) = match text {
        [seconds @ .., b'.', a, b, c, b'Z'] if seconds.len() == 19 => (seconds, number(&[*a, *b, *c])?),
        [seconds @ .., b'Z'] if seconds.len() == 19 => (seconds, 0),
        _ => return None,
    };
    let signs = [seconds[4], seconds[7], seconds[10], seconds[13], seconds[16]];
    if signs != *b"--T::" {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(
        number(&seconds[0..4])? as i32,
        number(&seconds[5..7])?,
        number(&seconds[8..10])?,
    )?;
    let (hour, minute, second) =
        (number(&seconds[11..13])?, number(&seconds[14..16])?, number(&seconds[17..19])?);
    Some(day.and_hms_milli_opt(hour, minute, second, millis)?.and_utc().timestamp_millis())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

fn any_instant_ms(text: &str) -> Option<i64> {
    // chrono reads some signs that only look like a hyphen, and second 60 as a leap second, which it keeps as
    // nanoseconds past the end of second 59.
    let instant = text.is_ascii().then(|| DateTime::parse_from_rfc3339(text).ok()).flatten()?;
    (instant.nanosecond() < 1_000_000_000).then(|| instant.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts that are instants as often as they nearly are.
    fn nearly_an_instant() -> impl Strategy<Value = String> {
        let fraction = prop_oneof![3 => Just(String::new()), 3 => "\\.[0-9]{3}", 1 => "[.,][0-9]{0,10}"];
        let offset = prop_oneof![4 => Just("Z".to_owned()), 1 => "[zZ ]", 1 => "[+-][0-2][0-9]:[0-6][0-9]"];
        let rest = (0..=25, 0..=61, 0..=61, fraction, offset);
        (0..=9_999, 0..=13, 0..=32, "[Tt ]", rest).prop_map(
            |(year, month, day, between, (hour, minute, second, fraction, offset))| {
                format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}{fraction}{offset}")
            },
        )
    }

    #[test]
    fn the_usual_ways_to_write_an_instant_are_known() {
        for (text, ms) in [
            ("2026-01-05T08:00:00Z", 1_767_600_000_000),
            ("2026-01-05T08:00:00.001Z", 1_767_600_000_001),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ] {
            assert_eq!(plain_instant_ms(text.as_bytes()), Some(ms), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_as_usual_is_read_as_any_is(text in nearly_an_instant(), place in any::<prop::sample::Index>(), other in any::<char>()) {
            prop_assert_eq!(instant_ms(&text), any_instant_ms(&text).map(TimestampMs), "{}", &text);
            let mut changed: Vec<char> = text.chars().collect();
            *place.get_mut(&mut changed) = other;
            let changed: String = changed.into_iter().collect();
            prop_assert_eq!(instant_ms(&changed), any_instant_ms(&changed).map(TimestampMs), "{}", &changed);
        }
    }
}
