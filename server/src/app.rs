//! The one application state that every transport shares.

use std::{sync::Arc, time::Duration};

use domain::time::DurationMs;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use crate::{clock::Clock, ingest::Ingest, live::Live, store::Store};

/// What a running server consists of. Cheap to share behind an [`Arc`].
pub struct App {
    /// The database.
    pub store: Store,
    /// The queue of batches.
    pub ingest: Ingest,
    /// Announcements and what subscribers see.
    pub live: Arc<Live>,
    /// The time of day.
    pub clock: Clock,
    /// How far an event may end after the server's now.
    pub max_clock_skew_ms: DurationMs,
    /// What goes on beside requests; it ends with the application.
    _background: JoinSet<()>,
}

/// How often old rows of the ledger are looked for: what is forgotten later was only kept for longer.
const PRUNE_INTERVAL: Duration = Duration::from_hours(1);

/// How long others have the database between two portions of them.
const PRUNE_PAUSE: Duration = Duration::from_millis(100);

/// How far an event may end after the server's now, unless configured otherwise.
pub const DEFAULT_MAX_CLOCK_SKEW_MINUTES: u16 = 10;

impl App {
    /// Starts the parts. Must be called within a tokio runtime, where the writer of batches runs.
    pub fn start(store: Store, clock: Clock, max_clock_skew_ms: DurationMs) -> Arc<Self> {
        let live = Arc::new(Live::new(store.clone(), clock.clone(), max_clock_skew_ms));
        let ingest = Ingest::start(store.clone(), live.clone(), clock.clone(), max_clock_skew_ms);
        let mut background = JoinSet::new();
        background.spawn(prune_ledger(store.clone(), clock.clone()));
        Arc::new(Self { store, ingest, live, clock, max_clock_skew_ms, _background: background })
    }
}

/// Forgets what was written down of closed buckets so long ago that nobody can ask for it.
async fn prune_ledger(store: Store, clock: Clock) {
    let mut ticks = tokio::time::interval(PRUNE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        loop {
            match store.prune_ledger(clock.now_ms()).await {
                Ok(true) => tokio::time::sleep(PRUNE_PAUSE).await,
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!(%error, "old restatements cannot be forgotten now");
                    break;
                }
            }
        }
    }
}
