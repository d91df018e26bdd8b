//! Events: batches in, pages of what is stored, the feed of what is new, and what was not stored.

pub(crate) mod batches;
mod conflicts;
mod event;
mod feed;
mod filter;
mod list;
mod outcome;
mod rejections;

use async_graphql::{Context, ID, Object, Subscription};
use futures_util::StreamExt as _;

#[cfg(any(feature = "kafka", feature = "amqp"))]
pub(crate) use self::outcome::EventIssueCode;
use self::{
    batches::Batches, conflicts::ConflictConnection, event::EventInput, feed::EventFeed, filter::EventFilter,
    list::EventConnection, outcome::IngestEventsPayload, rejections::RejectionReport,
};
pub(super) use self::{
    event::{EventForm, EventType, confidence},
    list::{PageInfo, cursor, page_size},
};
use super::{
    context::{access, app, charge, note_look, snapshot},
    deliveries::{Deliveries, note_alone, relayed, scope},
    devices::SenderInput,
};
use crate::{
    access::Limited,
    error::ApiError,
    store::{
        access::SeePeople,
        personal_access::{AccessQuestion, Subject},
    },
};

/// Queries of stored events.
#[derive(Default)]
pub(super) struct EventQuery;

#[Object]
impl EventQuery {
    /// Stored events, the latest timestamp first; at most 500 a page; a cursor stays valid while events arrive.
    async fn events(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        filter: Option<EventFilter>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<EventConnection, ApiError> {
        let (scope, page) =
            list::page(&*snapshot(ctx).await?, (access(ctx), &factory_id), filter, first, after).await?;
        charge(ctx, page.edges.len())?;
        note_look(ctx, scope.factory(), AccessQuestion::Events, page.workers()).await?;
        Ok(page)
    }

    /// What contradicted stored events, each contradiction once, the one that came last first; at most 500 a page. The filter
    /// is about what was reported. The newest 10 of an event and the newest 100 000 of all are kept.
    async fn conflicts(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        filter: Option<EventFilter>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<ConflictConnection, ApiError> {
        let (scope, page) =
            conflicts::page(&*snapshot(ctx).await?, (access(ctx), &factory_id), filter, first, after).await?;
        charge(ctx, page.edges.len())?;
        note_look(ctx, scope.factory(), AccessQuestion::Conflicts, page.workers()).await?;
        Ok(page)
    }

    /// Events that were not stored, because they are not valid or contradict a stored one: how many, by what was wrong, source
    /// and device. It raises no revision; ask again to follow it.
    async fn rejections(&self, ctx: &Context<'_>, factory_id: ID) -> Result<RejectionReport, ApiError> {
        let report = rejections::report(&*snapshot(ctx).await?, (access(ctx), &factory_id)).await?;
        charge(ctx, report.rejections.len())?;
        Ok(report)
    }
}

/// Batches of events.
#[derive(Default)]
pub(super) struct EventMutation;

#[Object]
impl EventMutation {
    /// Store a batch of at most 10 000 events. When this answers, every accepted event is durable. Sending a batch again,
    /// whole or in part, in any order, changes no metric. A sender that numbers its events says which ones they are, with
    /// or without events. A batch of long events is stored in parts, one after the other: when it is answered with an error,
    /// the first of them may be stored, and a repeat counts those as duplicates.
    async fn ingest_events(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        events: Vec<EventInput>,
        sender: Option<SenderInput>,
    ) -> Result<IngestEventsPayload, ApiError> {
        let permit =
            access(ctx).permit(&factory_id).map_err(|refused| ApiError::refused(refused, &factory_id))?;
        let sender = sender.map(|sender| sender.of(access(ctx))).transpose()?;
        let ingest = &app(ctx).ingest;
        let batch = match Batches::argument(ctx, "events") {
            Some(batch) => batch?,
            None => ingest.judge::<String>(events.into_iter().map(Into::into).collect())?,
        };
        // Nobody is counted on an open server.
        if let Some(limited) = ctx.data_opt::<Limited>() {
            limited.take_events(batch.sent_events())?;
        }
        Ok(ingest.store_from(sender, permit, batch).await?.into())
    }
}

/// Subscriptions to events.
#[derive(Default)]
pub(super) struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// Newly stored events, in the order in which they were stored; at most 200 a delivery, the latest, with how many were
    /// skipped.
    async fn events_ingested(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
    ) -> Result<Deliveries<EventFeed>, ApiError> {
        let (question, factory_slug) = (AccessQuestion::Events, factory_id.0.clone());
        note_alone::<SeePeople>(ctx, Subject { question, factory_slug, workers: None, area: None }).await?;
        let (app, scope) = (app(ctx).clone(), scope(ctx, &factory_id).await?);
        let feed = app.live.feed(&scope).await?;
        let deliveries = relayed(ctx, feed, |mut feed| async move { Some((feed.next().await, feed)) });
        let reads_standings = feed::asks_for_standings(ctx);
        let read = move |delivery| feed::read((app.clone(), scope.clone()), delivery, reads_standings);
        Ok(deliveries.then(read).boxed())
    }
}
