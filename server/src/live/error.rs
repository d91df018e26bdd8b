//! Why something cannot be followed.

use crate::{report::ReportError, store::StoreError};

/// The most different questions followed at a time: each keeps its rows in memory.
pub(super) const MAX_COHORTS: usize = 2_000;

/// Why something cannot be followed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LiveError {
    /// Too many different questions are being followed.
    #[error(
        "{MAX_COHORTS} different questions are being followed, the most at a time; ask again later, or ask what others ask"
    )]
    TooManyQuestions,
    /// Commits came faster than the beginning of the feed could be read.
    #[error("the factory's events cannot be followed now; ask again")]
    FeedUnavailable,
    /// There is no answer to follow.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl From<StoreError> for LiveError {
    fn from(error: StoreError) -> Self {
        Self::Report(error.into())
    }
}
