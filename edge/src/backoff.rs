//! How long to wait before a batch is sent again, without a clock.

use std::time::Duration;

/// The wait after the first failure; it doubles with each further one.
pub const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The longest wait of our own choosing, so that a server that is back is found soon.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The wait after `failures` failures in a row (1 or more): doubling, capped, never less than the server asked for.
///
/// `jitter`, from 0 to 1, takes away up to half of our own wait and adds it to what the server asked for, so that
/// senders who failed together do not come back together.
pub fn wait(failures: u32, asked: Option<Duration>, jitter: f64) -> Duration {
    let own = doubled(FIRST_WAIT, failures, LONGEST_WAIT);
    let spread = (own / 2).mul_f64(jitter.clamp(0.0, 1.0));
    let own = own.saturating_sub(spread);
    asked.map_or(own, |asked| own.max(asked.saturating_add(spread)))
}

/// The upper bound of the first wait of who never gives up; it doubles with each further failure.
pub const FIRST_PATIENT_WAIT: Duration = Duration::from_secs(1);

/// The upper bound of all waits of who never gives up, unless another is asked for.
pub const LONGEST_PATIENT_WAIT: Duration = Duration::from_mins(1);

/// The wait of who never gives up, after `failures` failures in a row (1 or more): any time up to a bound that doubles
/// from 1 s to `longest`, so that many agents that lost the same server come back evenly spread. What the server asked
/// for is waited first.
pub fn patient_wait(failures: u32, longest: Duration, asked: Option<Duration>, jitter: f64) -> Duration {
    let bound = doubled(FIRST_PATIENT_WAIT, failures, longest);
    asked.unwrap_or_default().saturating_add(bound.mul_f64(jitter.clamp(0.0, 1.0)))
}

/// The first wait, doubled with each failure after the first, up to the longest.
fn doubled(first: Duration, failures: u32, longest: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (first * 2_u32.pow(doublings)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn who_never_gives_up_waits_any_time_up_to_a_doubling_bound() {
        let wait = |failures, jitter| patient_wait(failures, LONGEST_PATIENT_WAIT, None, jitter).as_millis();
        assert_eq!(
            [1, 2, 3, 6, 7, 8, u32::MAX].map(|failures| wait(failures, 1.0)),
            [1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]
        );
        assert_eq!(wait(3, 0.25), 1_000);
        assert_eq!(wait(9, 0.0), 0);
        let asked = Some(Duration::from_secs(90));
        assert_eq!(patient_wait(1, LONGEST_PATIENT_WAIT, asked, 0.5), Duration::from_millis(90_500));
    }

    #[test]
    fn the_wait_doubles_up_to_its_cap() {
        let waits: Vec<_> = (1..=8).map(|failures| wait(failures, None, 0.0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert_eq!(wait(u32::MAX, None, 0.0), LONGEST_WAIT);
    }

    #[test]
    fn jitter_takes_away_at_most_half() {
        assert_eq!(wait(3, None, 1.0), Duration::from_millis(400));
    }

    proptest! {
        #[test]
        fn the_server_is_never_asked_again_before_it_said(failures in 1_u32..100, asked_ms in 0_u64..100_000, jitter in 0.0..=1.0) {
            let asked = Duration::from_millis(asked_ms);
            let waited = wait(failures, Some(asked), jitter);
            prop_assert!(waited >= asked);
            prop_assert!(waited <= asked.max(LONGEST_WAIT) + LONGEST_WAIT);
        }
    }
}
