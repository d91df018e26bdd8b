//! The root of all queries.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use domain::event;

use super::{
    device::{self, Device},
    entity::EntityType,
    event_filter::EventFilter,
    event_list::{self, EventConnection},
    factory::Factory,
    factory_metrics::FactoryMetrics,
    series::{EntitySeriesReport, MetricSeries, Resolution},
    snapshot::{app, snapshot},
    timeline::Timeline,
    window::{WindowInput, spec},
    worker_metrics::WorkerMetricsReport,
    workstation_metrics::WorkstationMetricsReport,
};
use crate::{
    error::ApiError,
    live::delivery::Part,
    report::{self, FactoryScope, Question, Report, ReportError, series, timeline},
    store::Snapshot,
};

/// The root of all queries.
pub struct Query;

/// What can be asked. Everything asked in one request is read from one state of the database.
#[Object]
impl Query {
    /// The factories the caller may see, in the order of their ids.
    async fn factories(&self, ctx: &Context<'_>) -> Result<Vec<Factory>, ApiError> {
        let snapshot = snapshot(ctx).await?;
        let scopes = report::factories(&snapshot).await?.into_iter();
        Ok(scopes.map(|scope| Factory::new(scope, snapshot.clone())).collect())
    }

    /// The factory with this id, or null.
    async fn factory(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Factory>, ApiError> {
        let snapshot = snapshot(ctx).await?;
        match report::factory(&snapshot, &id).await {
            Ok(scope) => Ok(Some(Factory::new(scope, snapshot))),
            Err(ReportError::FactoryNotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A factory's figures in a window, or those of one of its areas.
    async fn factory_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        area: Option<String>,
    ) -> Result<FactoryMetrics, ApiError> {
        let question = Question::about_factory(spec(window)?, area);
        Ok(FactoryMetrics::from(&report(ctx, &factory_id, &question).await?))
    }

    /// The workers' figures in a window. Unknown workers are not listed.
    async fn worker_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        worker_ids: Option<Vec<ID>>,
        area: Option<String>,
    ) -> Result<WorkerMetricsReport, ApiError> {
        let question = Question::about_entities(
            factory_id.0,
            event::EntityType::Worker,
            spec(window)?,
            codes(worker_ids),
            area,
        )?;
        Ok(WorkerMetricsReport::new(&report(ctx, &factory_id, &question).await?, &Part::Whole))
    }

    /// The workstations' figures in a window. Unknown workstations are not listed.
    async fn workstation_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        workstation_ids: Option<Vec<ID>>,
        area: Option<String>,
    ) -> Result<WorkstationMetricsReport, ApiError> {
        let codes = codes(workstation_ids);
        let question = Question::about_entities(
            factory_id.0,
            event::EntityType::Workstation,
            spec(window)?,
            codes,
            area,
        )?;
        Ok(WorkstationMetricsReport::new(&report(ctx, &factory_id, &question).await?, &Part::Whole))
    }

    /// The factory's metrics cut into steps that follow its local clock (a DAY is its calendar day, also when daylight saving
    /// makes it 23 or 25 hours). At most 2 000 steps.
    async fn metric_series(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: WindowInput,
        resolution: Resolution,
        area: Option<String>,
    ) -> Result<MetricSeries, ApiError> {
        let question = Question::about_factory(window.try_into()?, area);
        let (snapshot, scope, now_ms) = scoped(ctx, &factory_id).await?;
        let series = series::of_factory(&snapshot, &scope, &question, resolution.into(), now_ms).await?;
        Ok(MetricSeries::new(series, resolution))
    }

    /// The same for each of many workers or workstations, all of them when entityIds is left out. At most 50 000 points.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn entity_series(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: WindowInput,
        resolution: Resolution,
        entity_type: EntityType,
        entity_ids: Option<Vec<ID>>,
        area: Option<String>,
    ) -> Result<EntitySeriesReport, ApiError> {
        let (entity_type, window) = (entity_type.into(), window.try_into()?);
        let question = Question::about_entities(entity_type, window, codes(entity_ids), area)?;
        let (snapshot, scope, now_ms) = scoped(ctx, &factory_id).await?;
        let series = series::of_entities(&snapshot, &scope, &question, resolution.into(), now_ms).await?;
        Ok(EntitySeriesReport::new(series, resolution))
    }

    /// What one entity was doing, to the millisecond: segments without overlap in the order of time. What was not observed
    /// has none.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        entity_type: EntityType,
        entity_id: ID,
        window: WindowInput,
    ) -> Result<Timeline, ApiError> {
        let (entity_type, window) = (entity_type.into(), window.try_into()?);
        let (snapshot, scope, now_ms) = scoped(ctx, &factory_id).await?;
        let timeline =
            timeline::of_entity(&snapshot, &scope, entity_type, entity_id.0, &window, now_ms).await?;
        Ok(timeline.into())
    }

    /// Stored events, the latest timestamp first; at most 500 a page; a cursor stays valid while events arrive.
    async fn events(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        filter: Option<EventFilter>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<EventConnection, ApiError> {
        event_list::page(&*snapshot(ctx).await?, &factory_id, filter, first, after).await
    }

    /// The devices that number what they send, in the order of their ids. Unknown devices are not listed.
    async fn devices(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        device_ids: Option<Vec<ID>>,
    ) -> Result<Vec<Device>, ApiError> {
        let (snapshot, now_ms) = (snapshot(ctx).await?, app(ctx).clock.now_ms());
        device::list(&snapshot, &factory_id, codes(device_ids), now_ms).await
    }
}

async fn report(ctx: &Context<'_>, slug: &str, question: &Question) -> Result<Report, ApiError> {
    let (snapshot, scope, now_ms) = scoped(ctx, slug).await?;
    Ok(Report::read(&snapshot, &scope, question, now_ms).await?)
}

/// What a question is answered from: the request's snapshot, the scope of its factory, and the time.
async fn scoped(ctx: &Context<'_>, slug: &str) -> Result<(Arc<Snapshot>, FactoryScope, i64), ApiError> {
    let snapshot = snapshot(ctx).await?;
    let scope = report::factory(&snapshot, slug).await?;
    Ok((snapshot, scope, app(ctx).clock.now_ms()))
}

/// Ids as the store knows them.
pub(super) fn codes(ids: Option<Vec<ID>>) -> Option<Vec<String>> {
    ids.map(|ids| ids.into_iter().map(|id| id.0).collect())
}
