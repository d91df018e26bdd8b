//! Numbers as people read them.

use super::NO_VALUE;
use crate::lean::number::grouped;

/// From here on a length of time is written in hours and minutes, everywhere: in one column and beside it alike.
const HOURS_FROM_MINUTES: f64 = 60.0;
/// What rounds to an hour is written as one, in minutes.
const ROUNDS_TO_AN_HOUR_MINUTES: f64 = HOURS_FROM_MINUTES - 0.05;
/// The most characters of a length of time below [`HOURS_FROM_MINUTES`]: `59.9 min`.
const LONGEST_MINUTES: usize = 8;
/// Keeps a number and its unit on one line.
const UNIT_SEPARATOR: char = '\u{a0}';

/// What kind of number a value is, which decides its decimals and its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// A length of time in minutes: with one decimal below an hour, then as hours and minutes (`7:04 h`).
    Duration,
    /// A whole number of things.
    Count,
    /// Percent, with one decimal.
    Percent,
    /// Things in an hour, with one decimal.
    PerHour,
    /// From 0 to 1, as percent without decimals.
    Confidence,
}

impl Quantity {
    /// The value in words; [`NO_VALUE`] when there is none.
    pub(crate) fn text(self, value: Option<f64>) -> String {
        let Some(value) = value else { return NO_VALUE.to_owned() };
        match self {
            Self::Duration => duration(value),
            Self::Count => grouped(value, 0),
            Self::Percent => format!("{}{UNIT_SEPARATOR}%", grouped(value, 1)),
            Self::PerHour => grouped(value, 1),
            Self::Confidence => format!("{}{UNIT_SEPARATOR}%", grouped(value * 100.0, 0)),
        }
    }

    /// How many characters the longest text has of values that are at most this.
    pub(crate) fn longest_text(self, highest: f64) -> usize {
        let of_highest = self.text(Some(highest)).chars().count();
        if self == Self::Duration { of_highest.max(LONGEST_MINUTES) } else { of_highest }
    }

    /// The difference to another value with its sign, and none where either has no value. A difference that rounds to
    /// nothing is no difference.
    pub(crate) fn change(self, value: Option<f64>, before: Option<f64>) -> Option<Change> {
        let difference = value? - before?;
        let text = self.text(Some(difference.abs()));
        let direction = match difference {
            _ if text == self.text(Some(0.0)) => Direction::Same,
            up if up > 0.0 => Direction::Up,
            _ => Direction::Down,
        };
        let sign = match direction {
            Direction::Up => "+",
            Direction::Down => "\u{2212}",
            Direction::Same => "\u{b1}",
        };
        Some(Change { direction, text: format!("{sign}{text}") })
    }
}

/// How a value stands to the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) direction: Direction,
    /// With its sign.
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
    Same,
}

fn duration(value: f64) -> String {
    if value < ROUNDS_TO_AN_HOUR_MINUTES {
        return format!("{}{UNIT_SEPARATOR}min", grouped(value, 1));
    }
    let whole = value.round();
    let hours = grouped((whole / 60.0).floor(), 0);
    format!("{hours}:{:02}{UNIT_SEPARATOR}h", whole % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_a_dash_for_every_quantity_and_zero_is_not() {
        for quantity in
            [Quantity::Duration, Quantity::Count, Quantity::Percent, Quantity::PerHour, Quantity::Confidence]
        {
            assert_eq!(quantity.text(None), "-");
            assert!(quantity.text(Some(0.0)).starts_with('0'));
        }
    }

    #[test]
    fn values_carry_sensible_decimals_and_units() {
        let cases = [
            (Quantity::Duration, 0.0, "0.0\u{a0}min"),
            (Quantity::Duration, 45.25, "45.3\u{a0}min"),
            (Quantity::Duration, 59.94, "59.9\u{a0}min"),
            (Quantity::Duration, 59.96, "1:00\u{a0}h"),
            (Quantity::Duration, 70.25, "1:10\u{a0}h"),
            (Quantity::Duration, 452.54, "7:33\u{a0}h"),
            (Quantity::Duration, 600.0, "10:00\u{a0}h"),
            (Quantity::Duration, 659.7, "11:00\u{a0}h"),
            (Quantity::Duration, 675_863.0, "11\u{202f}264:23\u{a0}h"),
            (Quantity::Count, 7.0, "7"),
            (Quantity::Count, 999.0, "999"),
            (Quantity::Count, 92_519.0, "92\u{202f}519"),
            (Quantity::Count, 1_234_567.0, "1\u{202f}234\u{202f}567"),
            (Quantity::Percent, 97.520_069_518, "97.5\u{a0}%"),
            (Quantity::Percent, 100.0, "100.0\u{a0}%"),
            (Quantity::PerHour, 8.213_410_114, "8.2"),
            (Quantity::PerHour, 12_345.67, "12\u{202f}345.7"),
            (Quantity::Confidence, 0.876, "88\u{a0}%"),
        ];
        for (quantity, value, expected) in cases {
            assert_eq!(quantity.text(Some(value)), expected);
        }
    }

    #[test]
    fn no_text_of_a_smaller_value_is_longer_than_is_told() {
        for (quantity, highest, expected) in [
            (Quantity::Duration, 0.0, 8),
            (Quantity::Duration, 6_000.0, 8),
            (Quantity::Duration, 675_863.0, 11),
            (Quantity::Count, 1_234_567.0, 9),
            (Quantity::PerHour, 12_345.67, 8),
        ] {
            assert_eq!(quantity.longest_text(highest), expected, "{quantity:?} {highest}");
        }
    }

    #[test]
    fn a_change_carries_its_sign_and_a_rounded_nothing_is_none() {
        let change = |value, before| Quantity::Percent.change(value, before);
        let expected = |direction, text: &str| Some(Change { direction, text: text.to_owned() });
        assert_eq!(change(Some(75.0), Some(70.0)), expected(Direction::Up, "+5.0\u{a0}%"));
        assert_eq!(change(Some(70.0), Some(75.25)), expected(Direction::Down, "\u{2212}5.3\u{a0}%"));
        assert_eq!(change(Some(70.0), Some(70.04)), expected(Direction::Same, "\u{b1}0.0\u{a0}%"));
        assert_eq!(change(None, Some(70.0)), None);
        assert_eq!(change(Some(70.0), None), None);
    }
}
