//! The root of all subscriptions.

use async_graphql::{Context, ID, Subscription};
use domain::event::EntityType;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::{
    event_list::EventFeed,
    factory_metrics::FactoryMetrics,
    query::codes,
    shared::ResolvedScope,
    snapshot::{app, begin},
    window::{WindowInput, spec},
    worker_metrics::WorkerMetricsReport,
    workstation_metrics::WorkstationMetricsReport,
};
use crate::{
    error::ApiError,
    live::{broadcast::Source, delivery::Part, relay::Relay},
    report::{self, FactoryScope, Question, Report},
};

/// The root of all subscriptions.
pub struct Subscription;

/// The deliveries of a subscription; an error is the last of them.
type Deliveries<T> = BoxStream<'static, Result<T, ApiError>>;

/// Each subscription first delivers the whole current answer, then, as events are stored (by any replica) or as time moves
/// the window, what changed. The first change is delivered at once, further ones conflated to at most one delivery per
/// 100 ms; the last state is always delivered. `revision` never goes down within a subscription.
#[Subscription]
impl Subscription {
    /// A factory's figures in a window, or those of one of its areas.
    async fn factory_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        area: Option<String>,
    ) -> Result<Deliveries<FactoryMetrics>, ApiError> {
        let question = Question::about_factory(spec(window)?, area);
        follow(ctx, &factory_id, question, |report, _| FactoryMetrics::from(report)).await
    }

    /// The workers' figures in a window. Unknown workers are not listed until they are seen.
    async fn worker_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        worker_ids: Option<Vec<ID>>,
        area: Option<String>,
    ) -> Result<Deliveries<WorkerMetricsReport>, ApiError> {
        let codes = codes(worker_ids);
        let question = Question::about_entities(EntityType::Worker, spec(window)?, codes, area)?;
        follow(ctx, &factory_id, question, WorkerMetricsReport::new).await
    }

    /// The workstations' figures in a window. Unknown workstations are not listed until they are seen.
    async fn workstation_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        workstation_ids: Option<Vec<ID>>,
        area: Option<String>,
    ) -> Result<Deliveries<WorkstationMetricsReport>, ApiError> {
        let codes = codes(workstation_ids);
        let question = Question::about_entities(EntityType::Workstation, spec(window)?, codes, area)?;
        follow(ctx, &factory_id, question, WorkstationMetricsReport::new).await
    }

    /// Newly stored events, in the order in which they were stored; at most 200 a delivery, the latest, with how many were
    /// skipped.
    async fn events_ingested(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
    ) -> Result<Deliveries<EventFeed>, ApiError> {
        let feed = app(ctx).live.feed(&scope(ctx, &factory_id).await?).await?;
        let deliveries = relayed(ctx, feed, |mut feed| async move { Some((feed.next().await, feed)) });
        Ok(deliveries.map(|delivery| Ok(delivery.into())).boxed())
    }
}

async fn follow<T: Send + 'static>(
    ctx: &Context<'_>,
    slug: &str,
    question: Question,
    payload: fn(&Report, &Part) -> T,
) -> Result<Deliveries<T>, ApiError> {
    let follower = app(ctx).live.follow(scope(ctx, slug).await?, question)?;
    let deliveries =
        relayed(ctx, follower, |mut follower| async move { Some((follower.next().await?, follower)) });
    let answers = deliveries.map(move |delivered| {
        let (report, part) = delivered?;
        Ok(payload(&report, &part))
    });
    Ok(answers.boxed())
}

/// The scope that the subscription is shared in, or that of its only client.
async fn scope(ctx: &Context<'_>, slug: &str) -> Result<FactoryScope, ApiError> {
    match ctx.data_opt::<ResolvedScope>() {
        Some(ResolvedScope(scope)) => scope.clone(),
        None => Ok(report::factory(&*begin(app(ctx)).await?, slug).await?),
    }
}

/// The deliveries of the broadcast that the operation runs for, or those of the source for a single subscriber.
fn relayed<S: Source, N>(
    ctx: &Context<'_>,
    source: S,
    next: impl Fn(S) -> N + Send + 'static,
) -> BoxStream<'static, S::Delivery>
where
    N: Future<Output = Option<(S::Delivery, S)>> + Send + 'static,
{
    let handed_over = match ctx.data_opt::<Relay<S>>() {
        Some(relay) => relay.hand_over(source).map(StreamExt::boxed),
        None => Err(source),
    };
    handed_over.unwrap_or_else(|source| stream::unfold(source, next).boxed())
}
