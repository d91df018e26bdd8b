//! The schema's names of scalars, for the generated modules.

use crate::lean::instant::Instant;

/// A whole number of at most 53 bits.
pub(super) type BigInt = i64;
pub(super) type Date = String;
pub(super) type DateTime = Instant;
