//! Instants and lengths of time in whole milliseconds, as types of their own: an instant is never taken for a length.

use std::ops::{Add, Mul, Sub};

/// An instant, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimestampMs(pub i64);

impl TimestampMs {
    /// Before every other instant.
    pub const MIN: Self = Self(i64::MIN);
    /// After every other instant.
    pub const MAX: Self = Self(i64::MAX);
}

/// A length of time in milliseconds; negative from a later instant to an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DurationMs(pub i64);

impl DurationMs {
    /// No time at all.
    pub const ZERO: Self = Self(0);
}

impl Sub for TimestampMs {
    type Output = DurationMs;

    fn sub(self, earlier: Self) -> DurationMs {
        DurationMs(self.0 - earlier.0)
    }
}

impl Add<DurationMs> for TimestampMs {
    type Output = Self;

    fn add(self, length: DurationMs) -> Self {
        Self(self.0 + length.0)
    }
}

impl Sub<DurationMs> for TimestampMs {
    type Output = Self;

    fn sub(self, length: DurationMs) -> Self {
        Self(self.0 - length.0)
    }
}

impl Add for DurationMs {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for DurationMs {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul<i64> for DurationMs {
    type Output = Self;

    fn mul(self, times: i64) -> Self {
        Self(self.0 * times)
    }
}
