//! Decisions: what people say about reports, made, listed and followed.

mod decision;
mod feed;
mod filter;
mod input;
mod list;
mod refusal;

use async_graphql::{Context, ID, Object, Subscription};
use domain::decision::DecisionKind;
use futures_util::StreamExt as _;

pub(super) use self::decision::Standing;
use self::{
    decision::Decision, feed::DecisionFeed, filter::DecisionFilter, input::DecisionInput,
    list::DecisionConnection,
};
use super::{
    context::{access, app, author, begin, charge, charge_rows_read, note_look, snapshot},
    deliveries::{Deliveries, note_alone, relayed, scope},
};
use crate::{
    app::App,
    error::ApiError,
    report,
    store::{
        access::{Access, Correct, DecideModels, SeeFigures, SeePeople},
        decisions::{self as stored, Content, NewDecision, NotDecided},
        personal_access::{AccessQuestion, Subject},
    },
};

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
        let (factory, page) =
            list::page(&*snapshot(ctx).await?, (access(ctx), &factory_id), filter, first, after).await?;
        charge(ctx, page.edges.len())?;
        note_look(ctx, &factory, AccessQuestion::Decisions, page.workers()).await?;
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
            author: author(ctx),
            note,
            seen_decision,
            content: decision.try_into()?,
        };
        if let Content::Correction(correction) = &new.content {
            charge_rows_read(ctx, correction.entity_codes.len())?;
        }
        match make(app(ctx), access(ctx), new.clone()).await? {
            Ok(decision) => Ok(decision.into()),
            Err(refused) => Err(refusal::refusal(&new, refused)),
        }
    }
}

/// Makes a decision for somebody who may: about what was reported, or about which sources and models count.
async fn make(
    app: &App,
    access: &Access,
    new: NewDecision,
) -> Result<Result<stored::Decision, NotDecided>, ApiError> {
    let snapshot = begin(app).await?;
    let slug = new.factory_slug.as_str();
    let kind = match &new.content {
        Content::Withdrawal(number) => {
            let scope = report::factory::<SeeFigures>(access, &snapshot, slug).await?;
            stored::kind(&*snapshot, &scope, *number).await?
        }
        content => Some(content.kind()),
    };
    if kind == Some(DecisionKind::Standing) {
        let scope = report::factory::<DecideModels>(access, &snapshot, slug).await?;
        drop(snapshot);
        return Ok(app.ingest.decide(&scope, new).await?);
    }
    let scope = report::factory::<Correct>(access, &snapshot, slug).await?;
    drop(snapshot);
    Ok(app.ingest.decide(&scope, new).await?)
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
        let (question, factory_slug) = (AccessQuestion::Decisions, factory_id.0.clone());
        note_alone::<SeePeople>(ctx, Subject { question, factory_slug, workers: None, area: None }).await?;
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
