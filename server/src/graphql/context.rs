//! What resolvers answer from: the application, and one snapshot of the database per request, so that everything that one
//! query asks for is from the same set of events.

use std::sync::Arc;

use async_graphql::{
    Context, ID, Request, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
};
use domain::time::TimestampMs;
use tokio::sync::OnceCell;

use crate::{
    app::App,
    error::ApiError,
    report::{self, FactoryScope},
    store::Snapshot,
};

/// The application behind the schema.
pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a Arc<App> {
    // `schema` puts it there; without it nothing could be answered.
    ctx.data_unchecked::<Arc<App>>()
}

/// The snapshot that all of this request's queries read.
pub(crate) async fn snapshot(ctx: &Context<'_>) -> Result<Arc<Snapshot>, ApiError> {
    ctx.data_unchecked::<RequestSnapshot>().0.get_or_try_init(|| begin(app(ctx))).await.cloned()
}

/// What a question is answered from: the request's snapshot, the scope of its factory, and the time in Unix milliseconds.
pub(crate) async fn scoped(
    ctx: &Context<'_>,
    slug: &str,
) -> Result<(Arc<Snapshot>, FactoryScope, TimestampMs), ApiError> {
    let snapshot = snapshot(ctx).await?;
    let scope = report::factory(&snapshot, slug).await?;
    Ok((snapshot, scope, app(ctx).clock.now_ms()))
}

/// Ids as the store has them.
pub(crate) fn codes(ids: Option<Vec<ID>>) -> Option<Vec<String>> {
    ids.map(|ids| ids.into_iter().map(|id| id.0).collect())
}

/// A new snapshot, for reads after a write.
pub(crate) async fn begin(app: &App) -> Result<Arc<Snapshot>, ApiError> {
    Ok(Arc::new(app.store.snapshot().await?))
}

/// Begun by the first resolver that reads, ended with the request.
#[derive(Default)]
struct RequestSnapshot(OnceCell<Arc<Snapshot>>);

/// Gives every request its own snapshot.
pub(crate) struct OnePerRequest;

impl ExtensionFactory for OnePerRequest {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for OnePerRequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        next.run(ctx, request.data(RequestSnapshot::default())).await
    }
}
