//! Metrics cut into the steps of a chart.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use domain::metric::{mean_confidence, minutes, units_per_hour, utilization};

use super::finality::{Finality, FinalityOf};
use crate::{
    error::ApiError,
    graphql::{
        factories::EntityType,
        rows::Rows,
        scalar::{BigInt, DateTime},
        window::Window,
    },
    report::series,
};

/// How long the steps of a series are, on the factory's local clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::window::Resolution")]
pub(crate) enum Resolution {
    /// The grid of all windows.
    FiveMinutes,
    /// A quarter of an hour.
    FifteenMinutes,
    /// An hour.
    Hour,
    /// A calendar day, also when daylight saving makes it 23 or 25 hours.
    Day,
}

/// A factory's metrics cut into steps.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct MetricSeries {
    /// The factory.
    factory_id: ID,
    /// The window that was cut.
    window: Window,
    /// How long the steps are.
    resolution: Resolution,
    /// The revision that this is the state of.
    revision: BigInt,
    /// The steps in which anything was observed, in the order of time.
    points: Rows<MetricPoint>,
    /// How many more there are, of so few workers each that they are hidden from whoever sees no single worker.
    hidden_points: usize,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl MetricSeries {
    /// Whether these figures will stay as they are by themselves.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

impl MetricSeries {
    /// The series as read.
    pub(crate) fn new(series: series::FactorySeries, resolution: Resolution) -> Self {
        Self {
            of: FinalityOf::new(&series.scope, Arc::new(series.question), Some(series.window)),
            factory_id: ID(series.scope.factory().slug.0.clone()),
            window: series.window.into(),
            resolution,
            revision: BigInt(series.scope.factory().revision.0),
            points: series.points.into_iter().map(Into::into).collect(),
            hidden_points: series.hidden_points,
        }
    }
}

/// The metrics of many workers or workstations, each cut into steps.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct EntitySeriesReport {
    /// The factory.
    factory_id: ID,
    /// The window that was cut.
    window: Window,
    /// How long the steps are.
    resolution: Resolution,
    /// The revision that this is the state of.
    revision: BigInt,
    /// Those with observed time or units in the window, in the order of their ids.
    series: Rows<EntitySeries>,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl EntitySeriesReport {
    /// Whether these figures will stay as they are by themselves.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

impl EntitySeriesReport {
    /// The series as read.
    pub(crate) fn new(series: series::EntitySeries, resolution: Resolution) -> Self {
        let entities = series.series.into_iter().map(|(entity, points)| EntitySeries {
            entity_type: entity.entity_type.into(),
            entity_id: ID(entity.code),
            points: points.into_iter().map(Into::into).collect(),
        });
        Self {
            of: FinalityOf::new(&series.scope, Arc::new(series.question), Some(series.window)),
            factory_id: ID(series.scope.factory().slug.0.clone()),
            window: series.window.into(),
            resolution,
            revision: BigInt(series.scope.factory().revision.0),
            series: entities.collect(),
        }
    }
}

/// One worker's or workstation's metrics cut into steps.
#[derive(SimpleObject)]
pub(crate) struct EntitySeries {
    /// Worker or workstation.
    entity_type: EntityType,
    /// As sent.
    entity_id: ID,
    /// The steps in which it was observed, in the order of time.
    points: Rows<MetricPoint>,
}

/// One step of a series. A step in which nothing was observed is left out, so that a chart shows a gap and not a zero.
#[derive(SimpleObject)]
pub(crate) struct MetricPoint {
    /// The first instant of the step.
    from: DateTime,
    /// The instant after its last.
    to: DateTime,
    /// Time seen working; of a workstation, occupied.
    working_minutes: f64,
    /// Time seen idle.
    idle_minutes: f64,
    /// Time seen to be absent.
    absent_minutes: f64,
    /// Time observed at all: working, idle and absent together.
    observed_minutes: f64,
    /// Time in which reports disagree on what was done, once however many they are, unless somebody corrected it.
    contested_minutes: f64,
    /// Time in which a correction says what was done, whatever was reported.
    corrected_minutes: f64,
    /// Units finished; a factory's are those of the side that counts.
    units_produced: BigInt,
    /// In percent, weighted by time; null when nobody was seen working or idle.
    utilization: Option<f64>,
    /// Units per working hour; null when there is none.
    units_per_hour: Option<f64>,
    /// The models' confidence weighted by time, 0 to 1; null when none states one.
    mean_confidence: Option<f64>,
}

impl From<series::Point> for MetricPoint {
    fn from(point: series::Point) -> Self {
        let totals = &point.totals;
        Self {
            from: DateTime::from_ms(point.step.from_ms),
            to: DateTime::from_ms(point.step.to_ms),
            working_minutes: minutes(totals.working_ms),
            idle_minutes: minutes(totals.idle_ms),
            absent_minutes: minutes(totals.absent_ms),
            observed_minutes: minutes(totals.observed_ms()),
            contested_minutes: minutes(totals.contested_ms),
            corrected_minutes: minutes(totals.corrected_ms),
            units_produced: BigInt(totals.units),
            utilization: utilization(totals),
            units_per_hour: units_per_hour(totals),
            mean_confidence: mean_confidence(totals),
        }
    }
}
