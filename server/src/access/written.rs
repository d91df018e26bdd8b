//! What comes too often for a row each: it is counted, and written down once a minute.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use domain::time::TimestampMs;
use tokio::time::MissedTickBehavior;

use super::{control::Shared, looks::Looks, refusals::Refusals};
use crate::store::{Result, Store};

/// How often what was counted is written down.
const WRITE_INTERVAL: Duration = Duration::from_mins(1);

/// What was counted since it was last written down.
#[derive(Default)]
pub(super) struct Written {
    pub(super) refusals: Refusals,
    pub(super) looks: Looks,
}

impl Written {
    /// Writes it down.
    ///
    /// # Errors
    /// The database failed, and what could not be written is counted on.
    pub(super) async fn write_down(&self, store: &Store, now_ms: TimestampMs) -> Result<()> {
        let refusals = self.refusals.write_down(store).await;
        let looks = self.looks.write_down(store, now_ms).await;
        refusals.and(looks)
    }

    /// Writes it down again and again, for as long as somebody else has the database.
    pub(super) async fn keep_writing(self: Arc<Self>, shared: Weak<Shared>) {
        let mut ticks = tokio::time::interval(WRITE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(shared) = shared.upgrade() else { return };
            if let Err(error) = self.write_down(&shared.store, shared.clock.now_ms()).await {
                tracing::debug!(%error, "what was refused and looked at cannot be written down now");
            }
        }
    }
}
