//! Trying again what another transaction was in the way of.

use std::time::Duration;

use domain::backoff::Backoff;

use super::fault::Fault;
use crate::store::{Result, StoreError};

/// How often something is tried in all. With the waits between them this takes about three seconds.
const MAX_ATTEMPTS: u32 = 8;
/// The waits between attempts.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_secs(1));

/// The attempts at one thing.
pub(in crate::store) struct Retries {
    backoff: Backoff,
}

impl Default for Retries {
    fn default() -> Self {
        Self { backoff: BACKOFF }
    }
}

impl Retries {
    /// Whether it is worth trying again after this outcome, now that the wait for it is over.
    pub(in crate::store) async fn again<T>(&mut self, outcome: &Result<T>) -> bool {
        self.after(outcome, &[Fault::Contention]).await
    }

    /// As [`Retries::again`], also where something made at the same time has taken a key.
    pub(in crate::store) async fn again_for_a_key<T>(&mut self, outcome: &Result<T>) -> bool {
        self.after(outcome, &[Fault::Contention, Fault::Exists]).await
    }

    async fn after<T>(&mut self, outcome: &Result<T>, faults: &[Fault]) -> bool {
        let Some(error) = outcome.as_ref().err().filter(|error| faults.contains(&error.fault())) else {
            return false;
        };
        let delay = self.backoff.next_delay();
        if self.backoff.failure_count() >= MAX_ATTEMPTS {
            return false;
        }
        tracing::debug!(%error, attempt = self.backoff.failure_count(), "a transaction was in the way; trying again");
        // Two that conflicted once shall not conflict again: each waits for a time of its own.
        tokio::time::sleep(delay.mul_f64(chance(error))).await;
        true
    }
}

/// A number from 0.5 to 1.5 that differs from call to call.
fn chance(error: &StoreError) -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(std::ptr::from_ref(error).addr());
    0.5 + (random >> 11) as f64 / (1_u64 << 53) as f64
}
