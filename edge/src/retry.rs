//! Attempts at one request until it succeeds or time is up.

use std::time::Duration;

use domain::backoff::{Backoff, full_jitter};
use tokio::time::Instant;

/// The wait after the first failure; it doubles with each further one.
pub const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The longest wait of our own choosing, so that a server that is back is found soon.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How long one batch is tried when nothing else is asked for: long enough for a restart or an upgrade of the server.
pub const DEFAULT_RETRY_FOR: Duration = Duration::from_mins(10);

/// The attempts at one request.
#[derive(Debug)]
pub struct Retry {
    began: Instant,
    retry_for: Duration,
    backoff: Backoff,
}

/// It failed again and again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("gave up after {tried_seconds} s and {attempts} attempts; the last one failed because {reason}")]
pub struct GaveUp {
    /// How long it was tried, in seconds.
    pub tried_seconds: u64,
    /// How often it was sent.
    pub attempts: u32,
    /// The last failure.
    pub reason: String,
}

impl Retry {
    /// Attempts that begin now, and end when one has failed for `retry_for`.
    pub fn new(retry_for: Duration) -> Self {
        Self { began: Instant::now(), retry_for, backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT) }
    }

    /// Waits after an attempt that failed, at least for as long as the other side asked for.
    ///
    /// Before the wait `on_failure` is told what failed and how long the wait is. The error is that time is up.
    pub async fn wait(
        &mut self,
        reason: String,
        retry_after: Option<Duration>,
        on_failure: impl Fn(&str, Duration),
    ) -> Result<(), GaveUp> {
        let wait = spread(self.backoff.next_delay(), retry_after, fastrand::f64());
        let tried = self.began.elapsed();
        if tried.saturating_add(wait) > self.retry_for {
            let attempts = self.backoff.failure_count();
            return Err(GaveUp { tried_seconds: tried.as_secs(), attempts, reason });
        }
        on_failure(&reason, wait);
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// Takes up to half away from our own delay and adds it to what was asked for, so that senders who failed together do not
/// come back together.
fn spread(delay: Duration, retry_after: Option<Duration>, random: f64) -> Duration {
    let jitter = full_jitter(delay / 2, random);
    let own = delay.saturating_sub(jitter);
    retry_after.map_or(own, |asked| own.max(asked.saturating_add(jitter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn jitter_takes_away_at_most_half() {
        assert_eq!(spread(Duration::from_millis(800), None, 1.0), Duration::from_millis(400));
        assert_eq!(spread(Duration::from_millis(800), None, 0.0), Duration::from_millis(800));
    }

    proptest! {
        #[test]
        fn the_server_is_never_asked_again_before_it_said(failures in 1_u32..100, asked_ms in 0_u64..100_000, jitter in 0.0..=1.0) {
            let asked = Duration::from_millis(asked_ms);
            let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
            let delay = (0..failures).map(|_| backoff.next_delay()).last().unwrap_or_default();
            let waited = spread(delay, Some(asked), jitter);
            prop_assert!(waited >= asked);
            prop_assert!(waited <= asked.max(LONGEST_WAIT) + LONGEST_WAIT);
        }
    }
}
