//! How much one question may ask for.

/// The most ids that one question may name: a bound on what is bound into a query and kept as a key. To ask for more,
/// ask for all.
pub(in super::super) const MAX_IDS: usize = 1_000;

/// The most steps of a factory's series: more than any chart has pixels.
pub(in super::super) const MAX_STEPS: usize = 2_000;

/// The most points, observed or not, of the series of many: a bound on one answer's size.
pub(in super::super) const MAX_POINTS: usize = 50_000;

/// The most steps of the states of many, all together: letters of one answer, half a megabyte.
pub(super) const MAX_STATES: usize = 500_000;

/// The most sums that the states of many are read from: 500 workers' hours of a month, or 1 000 workers' five minutes of a
/// day, which take about a second.
pub(in super::super) const MAX_SUMS: usize = 400_000;

/// The most events, and buckets in which they can start, that the states of many are read from: about as long a read.
pub(super) const MAX_EVENT_ROWS: usize = 100_000;

/// The longest step of the states of many that can be asked for, in seconds: a day.
pub(in super::super) const MAX_RESOLUTION_SECONDS: i32 = 86_400;
