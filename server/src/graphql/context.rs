//! What resolvers answer from: the application, and for each request one snapshot of the database, so that everything that
//! it asks for is from the same set of events, and one budget.

use std::{any::TypeId, sync::Arc};

use async_graphql::{
    Context, ID, Request, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
};
use domain::{MS_PER_DAY, time::TimestampMs, window::WindowSpec};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use super::budget::Budget;
use crate::{
    app::App,
    error::ApiError,
    report::{self, Question, ReportError},
    store::{
        Snapshot,
        access::{Access, Author, Origin, Permission, Scope, SeePeople},
        factories::Factory,
        personal_access::AccessQuestion,
    },
};

/// The application behind the schema.
pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a Arc<App> {
    // `schema` puts it there; without it nothing could be answered.
    ctx.data_unchecked::<Arc<App>>()
}

/// The snapshot that all of this request's queries read.
pub(crate) async fn snapshot(ctx: &Context<'_>) -> Result<Arc<Snapshot>, ApiError> {
    ctx.data_unchecked::<RequestState>().snapshot.get_or_try_init(|| begin(app(ctx))).await.cloned()
}

/// Who asks.
pub(crate) fn access<'a>(ctx: &Context<'a>) -> &'a Access {
    // Whoever prepares a request puts it there; without it nothing may be answered.
    ctx.data_unchecked::<Access>()
}

/// Who asks, as what they change is written down.
pub(crate) fn author(ctx: &Context<'_>) -> Author {
    let origin = ctx.data_opt::<Origin>().cloned();
    Author::of(access(ctx), origin, app(ctx).clock.now_ms())
}

/// Takes note of what is asked about workers, where it is known who asks. They may be answered only when this has succeeded.
pub(super) async fn note_look(
    ctx: &Context<'_>,
    factory: &Factory,
    question: AccessQuestion,
    workers: impl Iterator<Item = &str>,
) -> Result<(), ApiError> {
    match access(ctx).holder() {
        Some(holder) => Ok(app(ctx).access.note_look(holder, factory, question, workers).await?),
        None => Ok(()),
    }
}

/// As [`scoped`], for a question about what single workers or workstations did. Who is all the workers that it names may ask it.
pub(super) async fn scoped_people(
    ctx: &Context<'_>,
    slug: &str,
    question: &Question,
) -> Result<(Arc<Snapshot>, Scope<SeePeople>, TimestampMs), ApiError> {
    let snapshot = snapshot(ctx).await?;
    let scope = report::people(access(ctx), &snapshot, slug, question.workers()).await?;
    Ok((snapshot, scope, app(ctx).clock.now_ms()))
}

/// Counts the rows of a field's answer against what its request may cost.
pub(crate) fn charge(ctx: &Context<'_>, rows: usize) -> Result<(), ApiError> {
    ctx.data_unchecked::<RequestState>().budget.charge(ctx, rows)
}

/// What a question is answered from: the request's snapshot, the scope of its factory, and the time in Unix milliseconds.
pub(crate) async fn scoped<P: Permission>(
    ctx: &Context<'_>,
    slug: &str,
) -> Result<(Arc<Snapshot>, Scope<P>, TimestampMs), ApiError> {
    let snapshot = snapshot(ctx).await?;
    let scope = report::factory(access(ctx), &snapshot, slug).await?;
    Ok((snapshot, scope, app(ctx).clock.now_ms()))
}

/// The factory with this slug as the request's snapshot has it; none when the caller sees no such factory.
pub(super) async fn known_factory<P: Permission>(
    ctx: &Context<'_>,
    slug: &str,
) -> Result<Option<(Arc<Snapshot>, Scope<P>)>, ApiError> {
    let snapshot = snapshot(ctx).await?;
    match report::factory(access(ctx), &snapshot, slug).await {
        Ok(scope) => Ok(Some((snapshot, scope))),
        Err(ReportError::FactoryNotFound(_) | ReportError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Counts the statements of a question that needs one for each day of its window, before they are run.
pub(super) fn charge_days(
    ctx: &Context<'_>,
    scope: &Scope<impl Permission>,
    window: &WindowSpec,
    now_ms: TimestampMs,
) -> Result<(), ApiError> {
    let window = window.resolve(scope.factory().time_zone, now_ms).map_err(ReportError::from)?;
    let days = window.map_or(0, |window| (window.to_ms - window.from_ms).0 / MS_PER_DAY + 1);
    ctx.data_unchecked::<RequestState>().budget.charge_statements(usize::try_from(days).unwrap_or_default())
}

/// Counts so many statements, before they are run.
pub(super) fn charge_statements(ctx: &Context<'_>, statements: usize) -> Result<(), ApiError> {
    ctx.data_unchecked::<RequestState>().budget.charge_statements(statements)
}

/// Counts the rows that a question reads and makes few values of, before they are read where their number is known then.
pub(super) fn charge_rows_read(ctx: &Context<'_>, rows: usize) -> Result<(), ApiError> {
    ctx.data_unchecked::<RequestState>().budget.charge_rows_read(rows)
}

/// Waits until the large questions of this request that came before are read and counted, so that none is read once they cost
/// all that the request may.
///
/// # Errors
/// They cost all that the request may.
pub(super) async fn reading_turn<'a>(ctx: &Context<'a>) -> Result<MutexGuard<'a, ()>, ApiError> {
    let state = ctx.data_unchecked::<RequestState>();
    let turn = state.reading.lock().await;
    state.budget.charge_rows_read(0)?;
    Ok(turn)
}

/// Ids as the store has them.
pub(crate) fn codes(ids: Option<Vec<ID>>) -> Option<Vec<String>> {
    ids.map(|ids| ids.into_iter().map(|id| id.0).collect())
}

/// A new snapshot, for reads after a write.
pub(crate) async fn begin(app: &App) -> Result<Arc<Snapshot>, ApiError> {
    Ok(Arc::new(app.store.snapshot().await?))
}

/// What belongs to one request and ends with it.
struct RequestState {
    /// Begun by the first resolver that reads.
    snapshot: OnceCell<Arc<Snapshot>>,
    /// Held while a large question is read.
    reading: Mutex<()>,
    /// Which the operations of one HTTP request share.
    budget: Arc<Budget>,
}

/// Gives every request its own state.
pub(crate) struct PerRequest;

impl ExtensionFactory for PerRequest {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for PerRequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let given = request.data.get(&TypeId::of::<Arc<Budget>>());
        let budget = given.and_then(|budget| budget.downcast_ref::<Arc<Budget>>()).cloned();
        let state = RequestState {
            snapshot: OnceCell::new(),
            reading: Mutex::default(),
            budget: budget.unwrap_or_default(),
        };
        next.run(ctx, request.data(state)).await
    }
}
