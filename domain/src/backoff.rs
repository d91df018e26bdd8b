//! Capped exponential back-off: how long to wait before something that failed is tried again.
//!
//! The first wait follows the first failure; each further failure doubles it, up to a longest one. A [`Backoff`] counts
//! the failures itself. Clock and randomness stay outside: the caller sleeps, and draws the number that spreads callers
//! which failed together ([`equal_jitter`], [`full_jitter`]).
//!
//! ```
//! use std::time::Duration;
//! use domain::backoff::{Backoff, equal_jitter};
//!
//! let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
//! assert_eq!(backoff.next_delay(), Duration::from_millis(200));
//! assert_eq!(backoff.next_delay(), Duration::from_millis(400));
//! assert_eq!(equal_jitter(backoff.next_delay(), 0.5), Duration::from_millis(600));
//! backoff.reset();
//! assert_eq!(backoff.next_delay(), Duration::from_millis(200));
//! ```

use std::time::Duration;

/// The waits between attempts at one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failure_count: u32,
}

impl Backoff {
    /// No failure yet; waits from `first` on, and at most `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failure_count: 0 }
    }

    /// Counts one more failure and returns the wait after it.
    pub fn next_delay(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failure_count);
        self.failure_count = self.failure_count.saturating_add(1);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// How many failures there were in a row.
    pub const fn failure_count(&self) -> u32 {
        self.failure_count
    }

    /// Starts over, after a success.
    pub const fn reset(&mut self) {
        self.failure_count = 0;
    }
}

/// Between half of the delay and all of it. `random` is evenly spread from 0 (all) to 1 (half).
///
/// For callers that shall be back soon, and yet not all at once.
pub fn equal_jitter(delay: Duration, random: f64) -> Duration {
    delay.saturating_sub(full_jitter(delay / 2, random))
}

/// Between nothing and the delay, to the microsecond. `random` is evenly spread from 0 (nothing) to 1 (all).
///
/// For many callers that lost the same server: they come back evenly spread.
pub fn full_jitter(delay: Duration, random: f64) -> Duration {
    // In integers, because `Duration::mul_f64` brings code for panics into the browser.
    Duration::from_micros((delay.as_micros() as u64 as f64 * random.clamp(0.0, 1.0)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);

    #[test]
    fn the_delay_doubles_up_to_its_cap() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        let delays: Vec<_> = (0..7).map(|_| backoff.next_delay().as_millis()).collect();
        assert_eq!(delays, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(backoff.failure_count(), 7);
    }

    #[test]
    fn a_success_makes_the_next_delay_the_first_again() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        (0..100).for_each(|_| assert!(backoff.next_delay() <= LONGEST));
        backoff.reset();
        assert_eq!(backoff, Backoff::new(FIRST, LONGEST));
        assert_eq!(backoff.next_delay(), FIRST);
    }

    #[test]
    fn equal_jitter_takes_away_up_to_half_and_full_jitter_up_to_all() {
        let delay = Duration::from_secs(4);
        let (half, quarter) = (Duration::from_secs(2), Duration::from_secs(1));
        assert_eq!([0.0, 0.5, 1.0].map(|random| equal_jitter(delay, random)), [delay, half + quarter, half]);
        assert_eq!(
            [0.0, 0.25, 1.0].map(|random| full_jitter(delay, random)),
            [Duration::ZERO, quarter, delay]
        );
    }

    proptest! {
        #[test]
        fn no_number_takes_a_delay_out_of_its_bounds(delay_ms in 0_u64..10_000_000, random: f64) {
            let delay = Duration::from_millis(delay_ms);
            prop_assert!(full_jitter(delay, random) <= delay);
            prop_assert!((delay / 2..=delay).contains(&equal_jitter(delay, random)));
        }

        #[test]
        fn a_delay_never_shrinks_from_failure_to_failure(first_ms in 1_u64..10_000, longest_ms in 1_u64..10_000_000) {
            let mut backoff = Backoff::new(Duration::from_millis(first_ms), Duration::from_millis(longest_ms));
            let delays: Vec<_> = (0..50).map(|_| backoff.next_delay()).collect();
            prop_assert!(delays.is_sorted());
            prop_assert_eq!(delays[49], Duration::from_millis(longest_ms));
        }
    }
}
