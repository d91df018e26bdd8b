//! How long to wait before something is tried again: longer after each failure, never very long, and for ever.

use std::time::Duration;

use domain::backoff::Backoff;

/// The first wait, and the longest, so that a broker or a database that is back is found soon.
pub(super) const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// Waits after one more failure.
pub(super) async fn wait(backoff: &mut Backoff) {
    tokio::time::sleep(backoff.next_delay()).await;
}
