//! What is decided, as one subscriber sees it.

use std::{sync::Arc, time::Duration};

use async_graphql::SimpleObject;
use domain::{backoff::Backoff, id::Revision};

use super::decision::Decision;
use crate::{
    app::App,
    graphql::scalar::BigInt,
    live::decisions::Delivery,
    store::{
        Result,
        access::{Scope, SeePeople},
        decisions,
    },
};

/// What was decided since the last delivery.
#[derive(SimpleObject)]
pub(crate) struct DecisionFeed {
    /// Everything up to this revision has been delivered.
    revision: BigInt,
    /// Those newly made, those that they took back, and those of which more was applied, in the order of their numbers.
    decisions: Vec<Decision>,
}

/// Reads what a delivery is about. A read that fails is tried again: the decisions are there.
pub(super) async fn read(app: Arc<App>, scope: Scope<SeePeople>, delivery: Delivery) -> DecisionFeed {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        match newly_decided(&app, &scope, &delivery).await {
            Ok(decided) => {
                let decisions = decided.into_iter().map(Into::into).collect();
                return DecisionFeed { revision: BigInt(delivery.revision.0), decisions };
            }
            Err(error) => {
                tracing::warn!(%error, "new decisions could not be read; it is tried again");
                tokio::time::sleep(backoff.next_delay()).await;
            }
        }
    }
}

async fn newly_decided(
    app: &App,
    scope: &Scope<SeePeople>,
    delivery: &Delivery,
) -> Result<Vec<decisions::Decision>> {
    if delivery.after >= delivery.up_to {
        return Ok(Vec::new());
    }
    let snapshot = app.store.snapshot_for_live().await?;
    let changed = decisions::changed(&snapshot, scope, (delivery.after, delivery.up_to)).await?;
    if !changed.is_empty() {
        return Ok(changed);
    }
    // All that is applied further meanwhile is told as it stands now, and again with the next delivery: it may not have to wait
    // for a moment in which nothing is applied.
    decisions::changed(&snapshot, scope, (delivery.after, Revision(i64::MAX))).await
}
