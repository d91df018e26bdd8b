//! Newly stored events, as one subscriber sees them.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, SimpleObject};
use domain::backoff::Backoff;

use super::event::Event;
use crate::{
    app::App,
    error::ApiError,
    graphql::scalar::BigInt,
    live::feed::Delivery,
    report::{ReportError, factory_now},
    store::{
        access::{Scope, SeePeople},
        standings::{self, EventStanding},
    },
};

/// Newly stored events.
#[derive(SimpleObject)]
pub(crate) struct EventFeed {
    /// Everything up to this revision has been delivered or skipped.
    revision: BigInt,
    /// In the order in which they were stored, at most 200, the latest.
    events: Vec<Event>,
    /// How many stored since the last delivery were left out.
    skipped: i32,
}

/// Whether a subscription asks how events stand: what is delivered is in memory, and only that is to be read.
pub(super) fn asks_for_standings(ctx: &Context<'_>) -> bool {
    let event = ctx.look_ahead().field("events");
    event.field("standing").exists() || event.field("standingDecision").exists()
}

/// Makes a delivery of what is in memory. `reads_standings` is whether it is said how its events stand; that is how they stand
/// when it is made, and a read of it that fails is tried again.
///
/// # Errors
/// The factory is gone.
pub(super) async fn read(
    (app, scope): (Arc<App>, Scope<SeePeople>),
    delivery: Delivery,
    reads_standings: bool,
) -> Result<EventFeed, ApiError> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    let standings = loop {
        if !reads_standings || delivery.events.is_empty() {
            break vec![EventStanding::default(); delivery.events.len()];
        }
        match read_standings(&app, &scope, &delivery).await {
            Ok(standings) => break standings,
            Err(error @ ReportError::FactoryNotFound(_)) => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "how new events stand could not be read; it is tried again");
                tokio::time::sleep(backoff.next_delay()).await;
            }
        }
    };
    let events = delivery.events.iter().zip(standings);
    Ok(EventFeed {
        revision: BigInt(delivery.revision.0),
        events: events.map(|(stored, standing)| Event::new((**stored).clone(), standing)).collect(),
        skipped: i32::try_from(delivery.skipped).unwrap_or(i32::MAX),
    })
}

async fn read_standings(
    app: &App,
    scope: &Scope<SeePeople>,
    delivery: &Delivery,
) -> Result<Vec<EventStanding>, ReportError> {
    let snapshot = app.store.snapshot_for_live().await?;
    let scope = factory_now(&snapshot, scope).await?;
    let events: Vec<_> = delivery.events.iter().map(|stored| &stored.event).collect();
    Ok(standings::of(&snapshot, &scope, &events).await?)
}
