//! How much one question may ask for.

/// The most ids that one question may name: a bound on what is bound into a query and kept as a key. To ask for more,
/// ask for all.
pub(in super::super) const MAX_IDS: usize = 1_000;

/// The most steps of a factory's series: more than any chart has pixels.
pub(in super::super) const MAX_STEPS: usize = 2_000;

/// The most points, observed or not, of the series of many: a bound on one answer's size.
pub(in super::super) const MAX_POINTS: usize = 50_000;
