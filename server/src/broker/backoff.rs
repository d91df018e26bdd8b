//! How long to wait before something is tried again: longer after each failure, never very long, and for ever.

use std::time::Duration;

/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait, so that a broker or a database that is back is found soon.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff(u32);

impl Backoff {
    /// Waits after one more failure.
    pub(super) async fn wait(&mut self) {
        self.0 = self.0.saturating_add(1);
        tokio::time::sleep(wait_after(self.0)).await;
    }

    /// How many failures there were since the last success.
    pub(super) fn failures(&self) -> u32 {
        self.0
    }

    /// Something worked.
    pub(super) fn succeed(&mut self) {
        self.0 = 0;
    }
}

fn wait_after(failures: u32) -> Duration {
    (FIRST_WAIT * 2_u32.pow(failures.saturating_sub(1).min(16))).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_cap() {
        let waits: Vec<_> = (1..=7).map(|failures| wait_after(failures).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }
}
