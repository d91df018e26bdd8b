//! Forgetting what was written down of closed buckets so long ago that nobody can ask for it, beside the batches.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use domain::time::TimestampMs;

use crate::{
    clock::Clock,
    store::{
        Result as StoreResult, Store,
        audit_log::{self, Head},
    },
};

/// How often old rows of the ledger are looked for: what is forgotten later was only kept for longer.
const INTERVAL: Duration = Duration::from_hours(1);

/// How many hours lie between two times that the hashes of the audit log are told: once a day.
const HOURS_BETWEEN_HASHES: u64 = 24;

/// How long others have the database between two portions of them.
const PAUSE: Duration = Duration::from_millis(100);

/// Forgets again and again, until the server stops.
pub(super) async fn prune(store: Store, clock: Clock, draining: CancellationToken) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for hour in 0_u64.. {
        tokio::select! {
            _ = ticks.tick() => {}
            () = draining.cancelled() => return,
        }
        if hour.is_multiple_of(HOURS_BETWEEN_HASHES)
            && let Err(error) = tell_hashes(&store).await
        {
            tracing::debug!(%error, "the ends of the audit log cannot be read now");
        }
        for task in Task::ALL {
            while !draining.is_cancelled() {
                match task.step(&store, clock.now_ms()).await {
                    Ok(true) => tokio::time::sleep(PAUSE).await,
                    Ok(false) => break,
                    Err(error) => {
                        tracing::debug!(?task, %error, "this cannot be done now");
                        break;
                    }
                }
            }
        }
    }
}

/// Writes the hash of the newest row of each audit log to the server's log: where that is kept, nobody can cut off what came before.
async fn tell_hashes(store: &Store) -> StoreResult<()> {
    for Head { factory, number, hash, .. } in audit_log::heads(&store.snapshot_for_live().await?).await? {
        let factory = factory.map_or_else(String::new, |factory| factory.0);
        tracing::info!(factory, number, %hash, "the newest row of the audit log");
    }
    Ok(())
}

/// What is done once an hour, some of it at a time.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// Old rows of the ledger are forgotten.
    Ledger,
    /// What was sent in hours that are over is written to the audit log.
    IngestCounts,
    /// Old rows of the audit log are forgotten.
    AuditLog,
    /// What was asked about workers is forgotten.
    PersonalAccess,
}

impl Task {
    const ALL: [Self; 4] = [Self::Ledger, Self::IngestCounts, Self::AuditLog, Self::PersonalAccess];

    /// Does some of it, and answers whether there is more.
    async fn step(self, store: &Store, now_ms: TimestampMs) -> StoreResult<bool> {
        match self {
            Self::Ledger => store.prune_ledger(now_ms).await,
            Self::IngestCounts => store.keep_ingest_counts(now_ms).await,
            Self::AuditLog => store.prune_audit_log(now_ms).await,
            Self::PersonalAccess => store.prune_personal_access(now_ms).await,
        }
    }
}
