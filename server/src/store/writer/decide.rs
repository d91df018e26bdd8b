//! Making a decision.

use domain::time::TimestampMs;

use super::Writer;
use crate::store::{
    decisions::{Decision, NewDecision, NotDecided},
    error::Result,
};

impl Writer {
    /// Makes a decision, on disk when this returns; the same request again gives the decision that it made. `now_ms` is when.
    ///
    /// # Errors
    /// The database failed.
    pub async fn decide(
        &mut self,
        new: &NewDecision,
        now_ms: TimestampMs,
    ) -> Result<std::result::Result<Decision, NotDecided>> {
        let _ = (new, now_ms);
        todo!("the lead writes this")
    }
}
