//! The figures of factories, workers and workstations: now, over time and live.

mod activity;
mod entity_metrics;
mod factory_metrics;
mod finality;
mod restatements;
mod series;
mod states;
mod timeline;

use async_graphql::{Context, ID, Object, Subscription};
use domain::{
    event::EntityType::{Worker, Workstation},
    time::TimestampMs,
};
use futures_util::StreamExt as _;

use self::{
    entity_metrics::{WorkerMetricsReport, WorkstationMetricsReport},
    factory_metrics::FactoryMetrics,
    restatements::RestatementReport,
    series::{EntitySeriesReport, MetricSeries},
    states::TimelineReport,
    timeline::Timeline,
};
pub(super) use self::{
    finality::{Finality, FinalityOf},
    series::Resolution,
};
use super::{
    context::{
        app, charge, charge_days, charge_rows_read, codes, note_look, reading_turn, scoped, scoped_people,
    },
    deliveries::{Deliveries, note_alone, relayed, scope},
    factories::EntityType,
    scalar::DateTime,
    window::{WindowInput, spec},
};
use crate::{
    error::ApiError,
    live::delivery::Part,
    report::{self, Now, Question, Report, series::Asked},
    store::{
        access::SeeFigures,
        entities::Entity,
        personal_access::{AccessQuestion, Subject},
    },
};

/// Queries of figures.
#[derive(Default)]
pub(super) struct FloorQuery;

#[Object]
impl FloorQuery {
    /// A factory's figures in a window, or those of one of its areas.
    async fn factory_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        area: Option<String>,
        #[graphql(
            desc = "What was answered at this instant, of a window all of which was closed then; otherwise AS_OF_TOO_EARLY."
        )]
        as_of: Option<DateTime>,
    ) -> Result<FactoryMetrics, ApiError> {
        let question = Question::about_factory(spec(window)?, area);
        answer(ctx, &factory_id, &question, as_of, FactoryMetrics::new).await
    }

    /// The workers' figures in a window. Unknown workers are not listed.
    async fn worker_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        worker_ids: Option<Vec<ID>>,
        area: Option<String>,
        #[graphql(
            desc = "What was answered at this instant, of a window all of which was closed then; otherwise AS_OF_TOO_EARLY."
        )]
        as_of: Option<DateTime>,
    ) -> Result<WorkerMetricsReport, ApiError> {
        let question = Question::about_entities(Worker, spec(window)?, codes(worker_ids), area)?;
        answer(ctx, &factory_id, &question, as_of, WorkerMetricsReport::new).await
    }

    /// The workstations' figures in a window. Unknown workstations are not listed.
    async fn workstation_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        workstation_ids: Option<Vec<ID>>,
        area: Option<String>,
        #[graphql(
            desc = "What was answered at this instant, of a window all of which was closed then; otherwise AS_OF_TOO_EARLY."
        )]
        as_of: Option<DateTime>,
    ) -> Result<WorkstationMetricsReport, ApiError> {
        let question = Question::about_entities(Workstation, spec(window)?, codes(workstation_ids), area)?;
        answer(ctx, &factory_id, &question, as_of, WorkstationMetricsReport::new).await
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
        #[graphql(
            desc = "What was answered at this instant, of a window all of which was closed then; otherwise AS_OF_TOO_EARLY."
        )]
        as_of: Option<DateTime>,
    ) -> Result<MetricSeries, ApiError> {
        let question = Question::about_factory(window.try_into()?, area);
        let _turn = reading_turn(ctx).await?;
        let (snapshot, scope, now_ms) = scoped(ctx, &factory_id).await?;
        let asked = Asked { now_ms, as_of_ms: instant(as_of)? };
        let series =
            report::series::of_factory(&snapshot, &scope, question, resolution.into(), asked).await?;
        charge(ctx, series.points.len())?;
        charge_rows_read(ctx, series.ledger_rows_read)?;
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
        #[graphql(
            desc = "What was answered at this instant, of a window all of which was closed then; otherwise AS_OF_TOO_EARLY."
        )]
        as_of: Option<DateTime>,
    ) -> Result<EntitySeriesReport, ApiError> {
        let (entity_type, window) = (entity_type.into(), window.try_into()?);
        let question = Question::about_entities(entity_type, window, codes(entity_ids), area)?;
        let _turn = reading_turn(ctx).await?;
        let (snapshot, scope, now_ms) = scoped_people(ctx, &factory_id, &question).await?;
        let (scope, asked) = (scope.into(), Asked { now_ms, as_of_ms: instant(as_of)? });
        let series =
            report::series::of_entities(&snapshot, &scope, question, resolution.into(), asked).await?;
        let seen = series.series.iter().map(|(entity, _)| entity);
        note_look(ctx, scope.factory(), AccessQuestion::Series, workers(seen)).await?;
        charge(ctx, series.series.iter().map(|(_, points)| 1 + points.len()).sum())?;
        charge_rows_read(ctx, series.ledger_rows_read)?;
        Ok(EntitySeriesReport::new(series, resolution))
    }

    /// What moved the figures of a window since an instant at which all of it was closed, cause by cause: those of a factory, of an
    /// area, or with an entityType those of workers or of workstations. At most 200 causes are listed, the latest.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn restatements(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: WindowInput,
        #[graphql(desc = "Left out, it is when the window was closed, or 400 days ago if that is later.")]
        since: Option<DateTime>,
        area: Option<String>,
        entity_type: Option<EntityType>,
        #[graphql(desc = "Only these; they need an entityType.")] entity_ids: Option<Vec<ID>>,
    ) -> Result<RestatementReport, ApiError> {
        let (window, since_ms) = (window.try_into()?, instant(since)?);
        let question = match (entity_type, codes(entity_ids)) {
            (Some(entity_type), codes) => Question::about_entities(entity_type.into(), window, codes, area)?,
            (None, None) => Question::about_factory(window, area),
            (None, Some(_)) => {
                let message =
                    "entityIds name workers or workstations: send entityType, too, or leave entityIds out";
                return Err(ApiError::bad_user_input(message));
            }
        };
        let _turn = reading_turn(ctx).await?;
        let (snapshot, scope, now_ms) = scoped_people(ctx, &factory_id, &question).await?;
        let report =
            report::restatements::since(&snapshot, &scope.into(), question, since_ms, now_ms).await?;
        let named = report.question.workers().unwrap_or_default().iter().map(String::as_str);
        note_look(ctx, report.scope.factory(), AccessQuestion::Restatements, named).await?;
        charge(ctx, report.restatements.len())?;
        charge_rows_read(ctx, report.rows_read)?;
        Ok(report.into())
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
        let question = Question::about_entities(entity_type, window, Some(vec![entity_id.0.clone()]), None)?;
        let (snapshot, scope, now_ms) = scoped_people(ctx, &factory_id, &question).await?;
        charge_days(ctx, &scope, &window, now_ms)?;
        let timeline =
            report::timeline::of_entity(&snapshot, &scope, entity_type, entity_id.0, &window, now_ms).await?;
        let named = question.workers().unwrap_or_default().iter().map(String::as_str);
        note_look(ctx, scope.factory(), AccessQuestion::Timeline, named).await?;
        charge(ctx, timeline.picture.segments.len() + timeline.picture.marks.len())?;
        Ok(timeline.into())
    }

    /// What each of many workers or workstations was doing, all of them when entityIds is left out: the window cut into
    /// steps of so many seconds, or of more where there would be too many, each with the state that has the most time in it.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn timelines(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: WindowInput,
        resolution_seconds: i32,
        entity_type: EntityType,
        entity_ids: Option<Vec<ID>>,
        area: Option<String>,
    ) -> Result<TimelineReport, ApiError> {
        let (entity_type, window) = (entity_type.into(), window.try_into()?);
        let question = Question::about_entities(entity_type, window, codes(entity_ids), area)?;
        let _turn = reading_turn(ctx).await?;
        let (snapshot, scope, now_ms) = scoped_people(ctx, &factory_id, &question).await?;
        let plan =
            report::states::plan(&snapshot, &scope.into(), &question, resolution_seconds, now_ms).await?;
        charge_rows_read(ctx, plan.row_count())?;
        let states = plan.read(&snapshot).await?;
        charge(ctx, states.entities.len())?;
        let seen = states.entities.iter().map(|(entity, _)| entity);
        note_look(ctx, states.scope.factory(), AccessQuestion::Timeline, workers(seen)).await?;
        Ok(states.into())
    }
}

/// Subscriptions to figures.
#[derive(Default)]
pub(super) struct FloorSubscription;

#[Subscription]
impl FloorSubscription {
    /// A factory's figures in a window, or those of one of its areas.
    async fn factory_metrics(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: Option<WindowInput>,
        area: Option<String>,
    ) -> Result<Deliveries<FactoryMetrics>, ApiError> {
        let question = Question::about_factory(spec(window)?, area);
        follow(ctx, &factory_id, question, FactoryMetrics::new).await
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
        let workers = codes(worker_ids);
        let (question, factory_slug) = (AccessQuestion::Figures, factory_id.0.clone());
        let subject = Subject { question, factory_slug, workers: workers.clone(), area: area.clone() };
        note_alone::<SeeFigures>(ctx, subject).await?;
        let question = Question::about_entities(Worker, spec(window)?, workers, area)?;
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
        let question = Question::about_entities(Workstation, spec(window)?, codes(workstation_ids), area)?;
        follow(ctx, &factory_id, question, WorkstationMetricsReport::new).await
    }
}

/// The workers among entities, as sent.
fn workers<'a>(entities: impl Iterator<Item = &'a Entity>) -> impl Iterator<Item = &'a str> {
    entities.filter(|entity| entity.entity_type == Worker).map(|entity| entity.code.as_str())
}

fn instant(sent: Option<DateTime>) -> Result<Option<TimestampMs>, ApiError> {
    sent.map(|sent| sent.to_ms()).transpose()
}

/// Answers a question once.
async fn answer<T>(
    ctx: &Context<'_>,
    slug: &str,
    question: &Question,
    as_of: Option<DateTime>,
    payload: fn(&Report, &Part) -> T,
) -> Result<T, ApiError> {
    let as_of_ms = instant(as_of)?;
    let _turn = reading_turn(ctx).await?;
    let (snapshot, scope, now_ms) = scoped(ctx, slug).await?;
    let now = Now::new(now_ms, app(ctx).max_clock_skew_ms);
    let report = match as_of_ms {
        Some(at_ms) => Report::read_as_of(&snapshot, &scope, question, at_ms, now).await?,
        None => Report::read(&snapshot, &scope, question, now).await?,
    };
    charge(ctx, report.rows.len())?;
    charge_rows_read(ctx, report.ledger_rows_read)?;
    if report.question.entity_type == Some(Worker) {
        let seen = report.rows.iter().map(|row| row.code.as_str());
        note_look(ctx, scope.factory(), AccessQuestion::Figures, seen).await?;
    }
    Ok(payload(&report, &Part::Whole))
}

/// Answers a question, and again whenever its answer changes.
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
