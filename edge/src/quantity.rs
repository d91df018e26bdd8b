//! Times and sizes as people write them.

use std::time::Duration;

/// Reads `250ms`, `1s`, `10m`, `12h` or `30d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let ms = quantity(text, &units)
        .ok_or("a time is a whole number and ms, s, m, h or d, such as 250ms or 30d")?;
    Ok(Duration::from_millis(ms))
}

/// Reads `1048576`, `512KiB`, `100MiB` or `1GiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];
    quantity(text, &units).ok_or_else(|| {
        "a size is a whole number of bytes, or of KiB, MiB or GiB, such as 1073741824 or 1GiB".to_owned()
    })
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| *name == unit.trim_start())?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("30d"), Ok(Duration::from_hours(30 * 24)));
        assert_eq!(bytes("1GiB"), Ok(1 << 30));
        assert_eq!(bytes("4096"), Ok(4096));
        assert_eq!(bytes("100 MiB"), Ok(100 << 20));
        for text in ["", "1", "s", "-1s", "1.5s", "99999999999999999999s", "1w"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["", "GiB", "1GB", "-1", "99999999999GiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
