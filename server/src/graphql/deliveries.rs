//! What the resolvers of subscriptions share: the scope they run in, and where their deliveries come from.

use async_graphql::Context;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::context::{access, app, begin};
use crate::{
    error::ApiError,
    live::{broadcast::Source, relay::Relay},
    report,
    store::{
        access::{Permission, Scope},
        personal_access::Subject,
    },
};

/// The deliveries of a subscription; an error is the last of them.
pub(super) type Deliveries<T> = BoxStream<'static, Result<T, ApiError>>;

/// The scope in which a shared subscription's resolver runs, or why its factory has none.
pub(super) struct ResolvedScope<P>(pub(super) Result<Scope<P>, ApiError>);

/// The scope that the subscription is shared in, or that of its only client.
pub(super) async fn scope<P: Permission>(ctx: &Context<'_>, slug: &str) -> Result<Scope<P>, ApiError> {
    match ctx.data_opt::<ResolvedScope<P>>() {
        Some(ResolvedScope(scope)) => scope.clone(),
        None => Ok(report::factory(access(ctx), &*begin(app(ctx)).await?, slug).await?),
    }
}

/// Takes note of what a subscription asks about workers that runs for one client alone; for those of shared ones their
/// connections do. It counts once, however long it runs.
pub(super) async fn note_alone<P: Permission>(ctx: &Context<'_>, subject: Subject) -> Result<(), ApiError> {
    if ctx.data_opt::<ResolvedScope<P>>().is_none() {
        app(ctx).access.note_subject(access(ctx), &subject).await?;
    }
    Ok(())
}

/// The deliveries of the broadcast that the operation runs for, or those of the source for a single subscriber.
pub(super) fn relayed<S: Source, N>(
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
