//! A factory's figures in a window.

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use domain::metric::minutes;

use super::finality::{Finality, FinalityOf};
use crate::{
    error::ApiError,
    graphql::{factories::UnitsBasis, scalar::BigInt, window::Window},
    live::delivery::Part,
    report::Report,
};

/// A factory's figures in a window.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct FactoryMetrics {
    /// The factory.
    factory_id: ID,
    /// null means all time.
    window: Option<Window>,
    /// The revision that this is the state of.
    revision: BigInt,
    /// The workers' working time.
    productive_minutes: f64,
    /// The workers' idle time.
    idle_minutes: f64,
    /// Time in which workers were seen to be absent.
    absent_minutes: f64,
    /// Time in which workers were observed at all: productive, idle and absent together.
    observed_minutes: f64,
    /// The workers' time in which reports disagree on what was done, unless somebody corrected it.
    contested_minutes: f64,
    /// The workers' time in which a correction says what they did, whatever was reported.
    corrected_minutes: f64,
    /// Whose units `unitsProduced` counts.
    units_basis: UnitsBasis,
    /// Units of the side that counts, never of both: they report the same goods.
    units_produced: BigInt,
    /// What the workers report.
    worker_units_produced: BigInt,
    /// What the workstations report. A difference to the workers' is a signal, not an error.
    workstation_units_produced: BigInt,
    /// Plain mean of the workers' utilization, in percent; null when none has one.
    average_utilization: Option<f64>,
    /// The workers' utilization in percent, weighted by time; null when none was seen working or idle.
    utilization: Option<f64>,
    /// Units per productive hour; null when there was none.
    average_production_rate: Option<f64>,
    /// Workers seen working or idle.
    active_workers: usize,
    /// Workstations seen working or idle.
    active_workstations: usize,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl FactoryMetrics {
    /// Whether these figures will stay as they are by themselves.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

impl FactoryMetrics {
    /// A factory's figures, which are always sent as a whole.
    pub(crate) fn new(report: &Report, _part: &Part) -> Self {
        let (factory, figures) = (report.scope.factory(), &report.figures);
        let basis = factory.units_basis;
        Self {
            of: FinalityOf::new(&report.scope, report.question.clone(), report.window),
            factory_id: ID(factory.slug.0.clone()),
            window: report.window.map(Into::into),
            revision: BigInt(factory.revision.0),
            productive_minutes: minutes(figures.productive_ms()),
            idle_minutes: minutes(figures.idle_ms()),
            absent_minutes: minutes(figures.absent_ms()),
            observed_minutes: minutes(figures.workers.observed_ms()),
            contested_minutes: minutes(figures.workers.contested_ms),
            corrected_minutes: minutes(figures.workers.corrected_ms),
            units_basis: basis.into(),
            units_produced: BigInt(figures.units(basis)),
            worker_units_produced: BigInt(figures.workers.units),
            workstation_units_produced: BigInt(figures.workstations.units),
            average_utilization: figures.average_utilization(),
            utilization: figures.utilization(),
            average_production_rate: figures.average_production_rate(basis),
            active_workers: figures.active_workers,
            active_workstations: figures.active_workstations,
        }
    }
}
