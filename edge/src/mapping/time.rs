//! Instants and lengths of time as other programs write them.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::zone::{self, Zone};

/// How instants are written.
#[derive(Clone, Debug)]
pub(super) enum TimeUnit {
    /// RFC 3339 with an offset.
    Rfc3339,
    /// `2026-01-05 08:00:00`, on the clock of a zone.
    Local(Zone),
    /// As strftime has it, on the clock of a zone; with an offset in the text none is needed.
    Written(String, Option<Zone>),
    /// A count since 1970 in UTC; so many decimal digits make a second.
    Epoch { digits: u32 },
}

impl TimeUnit {
    /// The unit of this name.
    ///
    /// # Errors
    /// There is none, or it needs a zone and there is none.
    pub(super) fn new(unit: Option<&str>, format: Option<&str>, zone: Option<Zone>) -> Result<Self, String> {
        let zone = |what: &str| {
            zone.ok_or_else(|| {
                format!("{what} needs a time zone: write time_zone = \"Europe/Berlin\", or give --time-zone")
            })
        };
        match (unit, format) {
            (None | Some("local"), Some(format)) => {
                if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
                    return Err(format!(
                        "\"{format}\" is no format of a time; write one such as \"%d.%m.%Y %H:%M:%S\""
                    ));
                }
                let has_offset = ["%z", "%:z", "%#z", "%+"].iter().any(|offset| format.contains(offset));
                let zone = if has_offset { None } else { Some(zone("a format without an offset")?) };
                Ok(Self::Written(format.to_owned(), zone))
            }
            (Some(unit), Some(_)) => {
                Err(format!("a format is of local times; leave it out, or unit = \"{unit}\""))
            }
            (None | Some("rfc3339"), None) => Ok(Self::Rfc3339),
            (Some("local"), None) => Ok(Self::Local(zone("unit = \"local\"")?)),
            (Some("epoch_s"), None) => Ok(Self::Epoch { digits: 0 }),
            (Some("epoch_ms"), None) => Ok(Self::Epoch { digits: 3 }),
            (Some("epoch_us"), None) => Ok(Self::Epoch { digits: 6 }),
            (Some("epoch_ns"), None) => Ok(Self::Epoch { digits: 9 }),
            (Some(unit), None) => Err(format!(
                "unit must be rfc3339, local, epoch_s, epoch_ms, epoch_us or epoch_ns, but is \"{unit}\""
            )),
        }
    }

    /// Reads an instant, in Unix milliseconds.
    ///
    /// # Errors
    /// What must be there.
    pub(super) fn read(&self, text: &str) -> Result<i64, String> {
        match self {
            Self::Rfc3339 => domain::validate::instant_ms(text).map(|instant| instant.0).ok_or_else(|| {
                "must be an RFC 3339 instant with an offset, such as 2026-01-05T08:00:00Z; a time without one needs \
                 unit = \"local\""
                    .to_owned()
            }),
            Self::Local(zone) => {
                let shown = local(text.as_bytes())
                    .ok_or("must be a date and a time without an offset, such as 2026-01-05 08:00:00")?;
                at(*zone, shown)
            }
            Self::Written(format, None) => DateTime::parse_from_str(text, format)
                .map(|instant| instant.timestamp_millis())
                .map_err(|error| format!("must be a time written as {format} ({error})")),
            Self::Written(format, Some(zone)) => {
                let shown = NaiveDateTime::parse_from_str(text, format)
                    .map_err(|error| format!("must be a time written as {format} ({error})"))?;
                at(*zone, shown)
            }
            Self::Epoch { digits } => epoch_ms(text, *digits)
                .ok_or_else(|| "must be a number of seconds, or of parts of one, since 1970".to_owned()),
        }
    }
}

fn at(zone: Zone, shown: NaiveDateTime) -> Result<i64, String> {
    zone::instant_ms(zone, shown)
        .ok_or_else(|| format!("must be a time that there was: the clock of {zone} was put forward over it"))
}

/// Reads `2026-01-05 08:00`, with or without seconds and their fraction, with a blank or a T between.
fn local(text: &[u8]) -> Option<NaiveDateTime> {
    let number = |from: usize, to: usize| {
        text.get(from..to)?.iter().try_fold(0_u32, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let is = |at: usize, signs: &[u8]| text.get(at).is_some_and(|sign| signs.contains(sign));
    if !(is(4, b"-") && is(7, b"-") && is(10, b" Tt") && is(13, b":")) {
        return None;
    }
    let second = if is(16, b":") { number(17, 19)? } else { 0 };
    let millis = match text.len() {
        16 | 19 => 0,
        21.. if is(16, b":") && is(19, b".,") => {
            let fraction = &text[20..];
            if !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            fraction
                .iter()
                .chain(b"00")
                .take(3)
                .fold(0, |millis, digit| millis * 10 + u32::from(digit - b'0'))
        }
        _ => return None,
    };
    let day = NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)?;
    day.and_hms_milli_opt(number(11, 13)?, number(14, 16)?, second, millis)
}

/// Milliseconds out of a decimal number, of which so many digits before the point are parts of a second, cut to whole ones.
/// Digit by digit, because seconds with a fraction of three digits are not exact in a double.
fn epoch_ms(text: &str, digits: u32) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let is_plain =
        !unsigned.is_empty() && unsigned.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit());
    if !is_plain {
        // With an exponent.
        let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
        return Some((number * 10_f64.powi(3 - digits as i32)).floor() as i64);
    }
    let whole: i64 = whole.parse().ok()?;
    if digits >= 3 {
        return Some(whole.div_euclid(10_i64.pow(digits - 3)));
    }
    let missing = (3 - digits) as usize;
    let parts: i64 = fraction
        .bytes()
        .chain(*b"000")
        .take(missing)
        .fold(0, |parts, digit| parts * 10 + i64::from(digit - b'0'));
    let parts = if text.starts_with('-') { -parts } else { parts };
    whole.checked_mul(10_i64.pow(3 - digits))?.checked_add(parts)
}

/// How many minutes one of a unit is.
///
/// # Errors
/// There is no such unit.
pub(super) fn minutes_of(unit: Option<&str>) -> Result<Minutes, String> {
    match unit {
        None | Some("min") => Ok(Minutes { times: 1.0, per: 1.0 }),
        Some("ms") => Ok(Minutes { times: 1.0, per: 60_000.0 }),
        Some("s") => Ok(Minutes { times: 1.0, per: 60.0 }),
        Some("h") => Ok(Minutes { times: 60.0, per: 1.0 }),
        Some(unit) => Err(format!("unit must be ms, s, min or h, but is \"{unit}\"")),
    }
}

/// A factor as two whole numbers, because a sixtieth is not exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Minutes {
    times: f64,
    per: f64,
}

impl Minutes {
    /// So many of the unit in minutes.
    pub(super) fn of(self, number: f64) -> f64 {
        number * self.times / self.per
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(unit: &str, text: &str) -> Result<i64, String> {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        TimeUnit::new(Some(unit), None, Some(berlin)).expect("a unit").read(text)
    }

    #[test]
    fn instants_are_read_in_every_unit() {
        const MS: i64 = 1_767_600_000_123;
        for (unit, text) in [
            ("rfc3339", "2026-01-05T09:00:00.123+01:00"),
            ("local", "2026-01-05 09:00:00.123999"),
            ("local", "2026-01-05T09:00:00,123"),
            ("epoch_s", "1767600000.123"),
            ("epoch_s", "1767600000.1239"),
            ("epoch_ms", "1767600000123"),
            ("epoch_ms", "1767600000123.9"),
            ("epoch_us", "1767600000123456"),
            ("epoch_ns", "1767600000123456789"),
        ] {
            assert_eq!(read(unit, text), Ok(MS), "{unit} {text}");
        }
        assert_eq!(read("epoch_s", "1.7676e9"), Ok(1_767_600_000_000));
        assert_eq!(read("local", "2026-01-05 09:00"), Ok(1_767_600_000_000));
        for (unit, text) in [
            ("rfc3339", "2026-01-05T08:00:00"),
            ("local", "2026-01-05T08:00:00Z"),
            ("local", "2026-02-30 08:00:00"),
            ("local", "05.01.2026 08:00"),
            ("epoch_s", "soon"),
            ("epoch_s", ""),
            ("epoch_ms", "1e999"),
        ] {
            assert!(read(unit, text).is_err(), "{unit} {text}");
        }
    }

    #[test]
    fn a_local_time_is_the_first_of_two_and_one_that_was_skipped_is_refused() {
        // Clocks went back from 3:00 to 2:00 on 25 October 2026 and forward from 2:00 to 3:00 on 29 March.
        assert_eq!(read("local", "2026-10-25 02:30:00"), Ok(1_792_888_200_000));
        assert!(
            read("local", "2026-03-29 02:30:00").expect_err("a refusal").contains("was put forward over it")
        );
    }

    #[test]
    fn a_format_may_have_an_offset_and_needs_a_zone_where_it_has_none() {
        let written = |format: &str, zone| TimeUnit::new(None, Some(format), zone);
        let berlin = zone::find("Europe/Berlin").ok();
        let unit = written("%d.%m.%Y %H:%M:%S", berlin).expect("a unit");
        assert_eq!(unit.read("05.01.2026 09:00:00"), Ok(1_767_600_000_000));
        let unit = written("%Y%m%d %H%M%S %z", None).expect("a unit");
        assert_eq!(unit.read("20260105 090000 +0100"), Ok(1_767_600_000_000));
        assert!(written("%d.%m.%Y %H:%M:%S", None).expect_err("a refusal").contains("needs a time zone"));
        assert!(written("%Q", berlin).expect_err("a refusal").contains("is no format"));
    }

    #[test]
    fn lengths_of_time_become_minutes() {
        let minutes = |unit, number| minutes_of(unit).expect("a unit").of(number);
        for (unit, number, expected) in
            [(None, 2.5, 2.5), (Some("s"), 90.0, 1.5), (Some("ms"), 6_000.0, 0.1), (Some("h"), 1.5, 90.0)]
        {
            assert!((minutes(unit, number) - expected).abs() < f64::EPSILON, "{unit:?}");
        }
        assert!(minutes_of(Some("d")).is_err());
    }
}
