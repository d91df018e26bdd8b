//! Instants as the API writes them.

use domain::instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

    /// Reads RFC 3339 in UTC.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        instant::parse_utc_ms(text).map(Self)
    }

    /// RFC 3339 in UTC with milliseconds.
    pub(crate) fn to_rfc3339(self) -> String {
        instant::to_rfc3339(self.0)
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

    #[test]
    fn instants_that_no_browser_can_hold_are_taken_to_the_furthest_that_it_can() {
        assert_eq!(Instant::from_ms(f64::NAN), Instant(0));
        assert_eq!(Instant::from_ms(f64::INFINITY), Instant(8_640_000_000_000_000));
        assert!(Instant::from_ms(1e300).to_rfc3339().starts_with("275760-"));
    }
}
