//! Sets of sequence numbers: which of a device's numbers were answered for, and which never came.
//!
//! A set is kept as ranges, because a device numbers what it sends one after the other: a year of events is one range.

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

/// The first number that a device gives.
pub const FIRST_SEQUENCE: i64 = 1;

/// Numbers one after the other, both ends included. There is at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceRange {
    first: i64,
    last: i64,
}

impl SequenceRange {
    /// The numbers from `first` to `last`; none where the last comes before the first.
    pub fn new(first: i64, last: i64) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// A single number.
    pub fn one(number: i64) -> Self {
        Self { first: number, last: number }
    }

    /// The lowest number.
    pub fn first(self) -> i64 {
        self.first
    }

    /// The highest number.
    pub fn last(self) -> i64 {
        self.last
    }

    /// How many numbers there are.
    pub fn count(self) -> i64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Whether both together are one range.
    pub fn joins(self, other: Self) -> bool {
        self.first <= other.last.saturating_add(1) && other.first <= self.last.saturating_add(1)
    }

    /// The range from the lowest to the highest number of both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// A set of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SequenceSet {
    /// In order, none of which joins the next.
    ranges: Vec<SequenceRange>,
}

impl SequenceSet {
    /// The ranges in order. Between two of them at least one number is missing.
    pub fn ranges(&self) -> &[SequenceRange] {
        &self.ranges
    }

    /// Whether there is no number in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many numbers there are.
    pub fn count(&self) -> i64 {
        self.ranges.iter().fold(0, |sum, range| sum.saturating_add(range.count()))
    }

    /// The highest number.
    pub fn highest(&self) -> Option<i64> {
        self.ranges.last().map(|range| range.last)
    }

    /// Adds numbers; those that are there already stay.
    pub fn insert(&mut self, added: SequenceRange) {
        // Those that join it lie side by side.
        let from = self.ranges.partition_point(|range| range.last.saturating_add(1) < added.first);
        let to = self.ranges.partition_point(|range| range.first <= added.last.saturating_add(1));
        let joined = self.ranges[from..to].iter().fold(added, |all, range| all.hull(*range));
        self.ranges.splice(from..to, [joined]);
    }

    /// Takes numbers away.
    pub fn remove(&mut self, removed: SequenceRange) {
        let from = self.ranges.partition_point(|range| range.last < removed.first);
        let to = self.ranges.partition_point(|range| range.first <= removed.last);
        if from >= to {
            return;
        }
        let (lowest, highest) = (self.ranges[from].first, self.ranges[to - 1].last);
        let below = SequenceRange::new(lowest, removed.first - 1);
        let above = removed.last.checked_add(1).and_then(|next| SequenceRange::new(next, highest));
        self.ranges.splice(from..to, below.into_iter().chain(above));
    }

    /// The numbers of this set or the other.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        for range in &other.ranges {
            self.insert(*range);
        }
        self
    }

    /// The numbers of this set that are not in the other.
    #[must_use]
    pub fn difference(mut self, other: &Self) -> Self {
        for range in &other.ranges {
            self.remove(*range);
        }
        self
    }

    /// The numbers from the first a device gives to the highest of the set that are not in it.
    #[must_use]
    pub fn holes(&self) -> Self {
        let mut holes = Self::default();
        let mut next = FIRST_SEQUENCE;
        for range in &self.ranges {
            holes.ranges.extend(SequenceRange::new(next, range.first - 1));
            next = range.last.saturating_add(1);
        }
        holes
    }

    /// Keeps at most `most` ranges, the longest, of equal ones the highest. Answers with how many numbers are forgotten.
    pub fn forget_shortest(&mut self, most: usize) -> i64 {
        let mut forgotten = 0;
        while self.ranges.len() > most {
            let shortest = self.ranges.iter().enumerate().min_by_key(|(_, range)| range.count());
            let Some((position, _)) = shortest else { break };
            forgotten += self.ranges.remove(position).count();
        }
        forgotten
    }

    /// Keeps at most `most` ranges by taking in what lies between the lowest ones.
    pub fn fill_lowest(&mut self, most: usize) {
        if let Some(surplus) = self.ranges.len().checked_sub(most.max(1))
            && surplus > 0
        {
            let filled = self.ranges[0].hull(self.ranges[surplus]);
            self.ranges.splice(..=surplus, [filled]);
        }
    }
}

impl FromIterator<SequenceRange> for SequenceSet {
    fn from_iter<T: IntoIterator<Item = SequenceRange>>(ranges: T) -> Self {
        let mut set = Self::default();
        for range in ranges {
            set.insert(range);
        }
        set
    }
}

/// As text: `1-500,502-502`.
impl fmt::Display for SequenceSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, SequenceRange { first, last }) in self.ranges.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(formatter, "{comma}{first}-{last}")?;
        }
        Ok(())
    }
}

/// A text that is not one of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASet;

impl FromStr for SequenceSet {
    type Err = NotASet;

    fn from_str(text: &str) -> Result<Self, NotASet> {
        let range = |text: &str| {
            let (first, last) = text.split_once('-')?;
            let first = first.parse().ok().filter(|first| *first >= FIRST_SEQUENCE)?;
            SequenceRange::new(first, last.parse().ok()?)
        };
        let ranges = text.split(',').filter(|part| !part.is_empty());
        ranges.map(|part| range(part).ok_or(NotASet)).collect()
    }
}
