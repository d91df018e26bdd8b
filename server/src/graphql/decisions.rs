//! Decisions: what people say about reports, made, listed and followed.

mod decision;
mod feed;
mod filter;
mod input;
mod list;
mod refusal;

use async_graphql::{Context, ID, Object, Subscription};
use futures_util::StreamExt as _;

pub(super) use self::decision::Standing;
use self::{
    decision::Decision, feed::DecisionFeed, filter::DecisionFilter, input::DecisionInput,
    list::DecisionConnection,
};
use super::{
    context::{access, app, begin, charge, charge_rows_read, snapshot},
    deliveries::{Deliveries, relayed, scope},
};
use crate::{
    error::ApiError,
    report,
    store::{
        access::Correct,
        decisions::{Content, NewDecision},
    },
};

/// Who makes a decision on a server that everybody may use: it knows no names, and takes none on trust.
const ANONYMOUS: &str = "anonymous";

/// Queries of decisions.
#[derive(Default)]
pub(super) struct DecisionQuery;

#[Object]
impl DecisionQuery {
    /// What was decided, the highest number first; at most 200 a page; a cursor stays valid while decisions are made.
    async fn decisions(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        filter: Option<DecisionFilter>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<DecisionConnection, ApiError> {
        let page =
            list::page(&*snapshot(ctx).await?, (access(ctx), &factory_id), filter, first, after).await?;
        charge(ctx, page.edges.len())?;
        charge_rows_read(ctx, page.edges.iter().map(|edge| edge.node.entity_count()).sum())?;
        Ok(page)
    }
}

/// Decisions.
#[derive(Default)]
pub(super) struct DecisionMutation;

#[Object]
impl DecisionMutation {
    /// Makes a decision about a factory's reports, which stay as they are. When this answers, the figures follow it. It is
    /// undone only by a withdrawal, another decision.
    async fn decide(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        #[graphql(
            desc = "The sender's own id of the request, 1 to 64 characters. The same request again answers with the decision \
                          that it made; with other content it is refused as REQUEST_REUSED."
        )]
        request_id: ID,
        decision: DecisionInput,
        #[graphql(desc = "Why, 1 to 500 characters.")] note: String,
        #[graphql(
            desc = "The number of the last decision that was looked at, 0 for none. If a later one is about the same, this one \
                          is refused as CHANGED_MEANWHILE. Left out, it is made whatever was decided meanwhile."
        )]
        seen_decision: Option<i32>,
    ) -> Result<Decision, ApiError> {
        let new = NewDecision {
            factory_slug: factory_id.as_str().into(),
            request_id: input::id("requestId", request_id)?,
            made_by: ANONYMOUS.to_owned(),
            note,
            seen_decision,
            content: decision.try_into()?,
        };
        if let Content::Correction(correction) = &new.content {
            charge_rows_read(ctx, correction.entity_codes.len())?;
        }
        let app = app(ctx);
        let scope = report::factory::<Correct>(access(ctx), &*begin(app).await?, &factory_id).await?;
        match app.ingest.decide(scope.factory().id, new.clone()).await? {
            Ok(decision) => Ok(decision.into()),
            Err(refused) => Err(refusal::refusal(&new, refused)),
        }
    }
}

/// Subscriptions to decisions.
#[derive(Default)]
pub(super) struct DecisionSubscription;

#[Subscription]
impl DecisionSubscription {
    /// What is decided from now on. The first delivery comes at once and has the revision from which on that is. Nothing is left
    /// out, however slowly it is read.
    async fn decisions(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
    ) -> Result<Deliveries<DecisionFeed>, ApiError> {
        let (app, scope) = (app(ctx).clone(), scope(ctx, &factory_id).await?);
        let follower = app.live.decisions(&scope).await?;
        let deliveries = relayed(ctx, follower, |mut follower| async move {
            let delivery = follower.next().await;
            Some((delivery, follower))
        });
        let read = move |delivery| feed::read(app.clone(), scope.clone(), delivery);
        Ok(deliveries.then(read).map(Ok).boxed())
    }
}
