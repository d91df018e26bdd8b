//! Integer sums of one entity in one bucket or window. Integer addition is associative, so the order in which events
//! arrive cannot change a sum.

use std::ops::{Add, AddAssign, Neg, Sub};

/// What one entity did in some span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// Time in which the winning report says working.
    pub working_ms: i64,
    /// Time in which the winning report says idle.
    pub idle_ms: i64,
    /// Time in which the winning report says absent.
    pub absent_ms: i64,
    /// The sum over instants of (covering events - 1).
    pub overlap_ms: i64,
    /// Time in which reports of more than one type cover an instant that nobody corrected.
    pub contested_ms: i64,
    /// Time in which a correction says what the entity was doing.
    pub corrected_ms: i64,
    /// Units finished; below zero where corrections take away more than was reported.
    pub units: i64,
    /// The sum of the winner's confidence (parts per 10 000) times its time, over winners that state one.
    pub confidence_ms: i64,
    /// The time of winners that state a confidence.
    pub confident_ms: i64,
    /// Events that start here.
    pub events: i64,
}

impl Totals {
    /// Whether nothing is in it, so that no row need say so.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Time in which the entity was observed at all.
    pub fn observed_ms(&self) -> i64 {
        self.working_ms + self.idle_ms + self.absent_ms
    }

    /// Whether the entity is listed: it has observed time or units.
    pub fn is_listed(&self) -> bool {
        self.observed_ms() > 0 || self.units != 0
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            working_ms: self.working_ms + other.working_ms,
            idle_ms: self.idle_ms + other.idle_ms,
            absent_ms: self.absent_ms + other.absent_ms,
            overlap_ms: self.overlap_ms + other.overlap_ms,
            contested_ms: self.contested_ms + other.contested_ms,
            corrected_ms: self.corrected_ms + other.corrected_ms,
            units: self.units + other.units,
            confidence_ms: self.confidence_ms + other.confidence_ms,
            confident_ms: self.confident_ms + other.confident_ms,
            events: self.events + other.events,
        }
    }
}

impl Neg for Totals {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            working_ms: -self.working_ms,
            idle_ms: -self.idle_ms,
            absent_ms: -self.absent_ms,
            overlap_ms: -self.overlap_ms,
            contested_ms: -self.contested_ms,
            corrected_ms: -self.corrected_ms,
            units: -self.units,
            confidence_ms: -self.confidence_ms,
            confident_ms: -self.confident_ms,
            events: -self.events,
        }
    }
}

impl Sub for Totals {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl std::iter::Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::default(), Add::add)
    }
}
