//! What is decided, as one subscriber sees it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_graphql::SimpleObject;
use domain::{backoff::Backoff, id::FactoryId};

use super::decision::Decision;
use crate::{
    app::App,
    graphql::scalar::BigInt,
    live::decisions::Delivery,
    store::{
        Result,
        decisions::{self, Content, DecisionFilter, MAX_PAGE_DECISIONS},
    },
};

/// What was decided since the last delivery.
#[derive(SimpleObject)]
pub(crate) struct DecisionFeed {
    /// Everything up to this revision has been delivered.
    revision: BigInt,
    /// Those newly made, and those that they took back, in the order of their numbers.
    decisions: Vec<Decision>,
}

/// Reads what a delivery is about. A read that fails is tried again: the decisions are there.
pub(super) async fn read(app: Arc<App>, factory_id: FactoryId, delivery: Delivery) -> DecisionFeed {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        match newly_decided(&app, factory_id, &delivery).await {
            Ok(decided) => {
                let decisions = decided.into_values().map(Into::into).collect();
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
    factory_id: FactoryId,
    delivery: &Delivery,
) -> Result<BTreeMap<i32, decisions::Decision>> {
    let mut decided = BTreeMap::new();
    if delivery.after >= delivery.up_to {
        return Ok(decided);
    }
    let snapshot = app.store.snapshot_for_live().await?;
    let all = DecisionFilter::default();
    let mut below = delivery.up_to + 1;
    while below > delivery.after + 1 {
        let most = (below - delivery.after - 1).unsigned_abs().min(MAX_PAGE_DECISIONS);
        let page = decisions::page(&snapshot, factory_id, &all, most, Some(below)).await?;
        let Some(last) = page.decisions.last() else { break };
        below = last.number;
        decided.extend(page.decisions.into_iter().map(|decision| (decision.number, decision)));
    }
    let taken_back = |decision: &decisions::Decision| match decision.content {
        Content::Withdrawal(number) => Some(number),
        _ => None,
    };
    let taken_back: Vec<i32> = decided.values().filter_map(taken_back).collect();
    for number in taken_back {
        if !decided.contains_key(&number) {
            let page = decisions::page(&snapshot, factory_id, &all, 1, Some(number + 1)).await?;
            decided.extend(page.decisions.into_iter().map(|decision| (decision.number, decision)));
        }
    }
    Ok(decided)
}
