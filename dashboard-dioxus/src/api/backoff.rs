//! How long to wait before the next attempt to connect.

/// The first wait, in ms: short, because most interruptions are.
const FIRST_DELAY_MS: f64 = 500.0;
/// The longest wait, in ms: a wall display is back at most this long after its server is.
const MAX_DELAY_MS: f64 = 10_000.0;
/// The wait, in ms, after a refusal that only a change of server or dashboard can lift.
const REFUSED_DELAY_MS: f64 = 60_000.0;
/// Beyond this many failures the wait no longer grows.
const MAX_DOUBLINGS: i32 = 10;

/// Doubles the wait with every failure up to a cap, and spreads it so that many displays do not return as one.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Backoff {
    failures: i32,
}

impl Backoff {
    /// The wait in ms after one more failure; `random` is evenly spread in 0 to 1 and takes away up to half.
    pub(crate) fn after_failure(&mut self, random: f64) -> f64 {
        let delay_ms = (FIRST_DELAY_MS * 2_f64.powi(self.failures)).min(MAX_DELAY_MS);
        self.failures = (self.failures + 1).min(MAX_DOUBLINGS);
        spread(delay_ms, random)
    }

    /// The wait in ms after a refusal that the same request would meet again.
    pub(crate) fn after_refusal(random: f64) -> f64 {
        spread(REFUSED_DELAY_MS, random)
    }

    /// Starts over, once a connection has shown that it works.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

fn spread(delay_ms: f64, random: f64) -> f64 {
    delay_ms * (1.0 - random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wait_doubles_up_to_its_cap() {
        let mut backoff = Backoff::default();
        let waits: Vec<f64> = (0..7).map(|_| backoff.after_failure(0.0)).collect();
        assert_eq!(waits, [500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 10_000.0, 10_000.0]);
    }

    #[test]
    fn a_connection_that_worked_makes_the_next_wait_short_again() {
        let mut backoff = Backoff::default();
        for _ in 0..50 {
            backoff.after_failure(0.5);
        }
        backoff.reset();
        assert!(backoff.after_failure(0.0) <= FIRST_DELAY_MS);
    }

    proptest! {
        #[test]
        fn every_wait_lies_between_half_and_all_of_its_cap(failures in 0..200_usize, random in 0.0..=1.0_f64) {
            let mut backoff = Backoff::default();
            for _ in 0..failures {
                backoff.after_failure(random);
            }
            let wait_ms = backoff.after_failure(random);
            prop_assert!((FIRST_DELAY_MS / 2.0..=MAX_DELAY_MS).contains(&wait_ms));
        }
    }
}
