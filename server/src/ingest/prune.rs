//! Forgetting what was written down of closed buckets so long ago that nobody can ask for it, beside the batches.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, store::Store};

/// How often old rows of the ledger are looked for: what is forgotten later was only kept for longer.
const INTERVAL: Duration = Duration::from_hours(1);

/// How long others have the database between two portions of them.
const PAUSE: Duration = Duration::from_millis(100);

/// Forgets again and again, until the server stops.
pub(super) async fn prune(store: Store, clock: Clock, draining: CancellationToken) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = draining.cancelled() => return,
        }
        while !draining.is_cancelled() {
            match store.prune_ledger(clock.now_ms()).await {
                Ok(true) => tokio::time::sleep(PAUSE).await,
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!(%error, "old restatements cannot be forgotten now");
                    break;
                }
            }
        }
    }
}
