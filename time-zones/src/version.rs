//! Versions of the time zone database, in the order of their release.

use std::{fmt, str::FromStr};

/// Such as `2026f`: the year, and which release of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TzdbVersion {
    year: u16,
    /// After `z` comes `za`.
    letters: String,
}

/// A text that begins with no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoVersion;

impl FromStr for TzdbVersion {
    type Err = NoVersion;

    /// Takes the version at the beginning: behind it may stand what a distributor added, as in `2025b-1`.
    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let (year, release) = text.split_at_checked(4).ok_or(NoVersion)?;
        if !year.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoVersion);
        }
        let year = year.parse().map_err(|_not_a_year| NoVersion)?;
        let letters: String = release.chars().take_while(char::is_ascii_lowercase).collect();
        if letters.is_empty() { Err(NoVersion) } else { Ok(Self { year, letters }) }
    }
}

impl Ord for TzdbVersion {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |version: &Self| (version.year, version.letters.len(), version.letters.clone());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for TzdbVersion {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for TzdbVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.year, self.letters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_the_order_of_their_release() {
        let in_order = ["1996n", "2025b", "2025c", "2026a", "2026f", "2026z", "2026za"];
        let versions: Vec<TzdbVersion> = in_order.map(|text| text.parse().expect("a version")).into();
        assert!(versions.is_sorted_by(|earlier, later| earlier < later), "{versions:?}");
        assert_eq!(versions[4].to_string(), "2026f");
    }

    #[test]
    fn what_a_distributor_added_is_no_part_of_a_version() {
        assert_eq!("2025b-0+deb12u2".parse(), "2025b".parse::<TzdbVersion>());
        for text in ["", "2025", "2025-1", "unknown", "20x5b", "+025b", "２０２５b"] {
            assert_eq!(text.parse::<TzdbVersion>(), Err(NoVersion), "{text}");
        }
    }
}
