//! A factory's figures in a window.

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use domain::metric::{UnitsBasis as Basis, minutes};

use super::finality::{Finality, FinalityOf};
use crate::{
    error::ApiError,
    graphql::{factories::UnitsBasis, scalar::BigInt, window::Window},
    live::delivery::Part,
    report::Report,
};

/// Why figures are null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum HiddenReason {
    /// Of so few workers together, nobody is told who sees no single worker: Factory.smallestTeam says of how many they are.
    TeamTooSmall,
}

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
    /// Why the figures of the workers are null, where they are hidden.
    hidden: Option<HiddenReason>,
    /// The workers' working time; null where it is hidden.
    productive_minutes: Option<f64>,
    /// The workers' idle time; null where it is hidden.
    idle_minutes: Option<f64>,
    /// Time in which workers were seen to be absent; null where it is hidden.
    absent_minutes: Option<f64>,
    /// Time in which workers were observed at all: productive, idle and absent together; null where it is hidden.
    observed_minutes: Option<f64>,
    /// The workers' time in which reports disagree on what was done, unless somebody corrected it; null where it is hidden.
    contested_minutes: Option<f64>,
    /// The workers' time in which a correction says what they did, whatever was reported; null where it is hidden.
    corrected_minutes: Option<f64>,
    /// Whose units `unitsProduced` counts.
    units_basis: UnitsBasis,
    /// Units of the side that counts, never of both: they report the same goods; null where the workers' are hidden and count.
    units_produced: Option<BigInt>,
    /// What the workers report; null where it is hidden.
    worker_units_produced: Option<BigInt>,
    /// What the workstations report. A difference to the workers' is a signal, not an error.
    workstation_units_produced: BigInt,
    /// Plain mean of the workers' utilization, in percent; null when none has one, and for whoever sees no single worker.
    average_utilization: Option<f64>,
    /// The workers' utilization in percent, weighted by time; null when none was seen working or idle.
    utilization: Option<f64>,
    /// Units per productive hour; null when there was none.
    average_production_rate: Option<f64>,
    /// Workers seen working or idle; null where that is hidden.
    active_workers: Option<usize>,
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
        let shown = !report.is_team_too_small;
        let of_workers = |duration_ms| shown.then(|| minutes(duration_ms));
        Self {
            of: FinalityOf::new(&report.scope, report.question.clone(), report.window),
            factory_id: ID(factory.slug.0.clone()),
            window: report.window.map(Into::into),
            revision: BigInt(factory.revision.0),
            hidden: (!shown).then_some(HiddenReason::TeamTooSmall),
            productive_minutes: of_workers(figures.productive_ms()),
            idle_minutes: of_workers(figures.idle_ms()),
            absent_minutes: of_workers(figures.absent_ms()),
            observed_minutes: of_workers(figures.workers.observed_ms()),
            contested_minutes: of_workers(figures.workers.contested_ms),
            corrected_minutes: of_workers(figures.workers.corrected_ms),
            units_basis: basis.into(),
            units_produced: (shown || basis == Basis::Workstations).then(|| BigInt(figures.units(basis))),
            worker_units_produced: shown.then_some(BigInt(figures.workers.units)),
            workstation_units_produced: BigInt(figures.workstations.units),
            average_utilization: figures.average_utilization().filter(|_| report.scope.sees_people()),
            utilization: figures.utilization().filter(|_| shown),
            average_production_rate: figures.average_production_rate(basis).filter(|_| shown),
            active_workers: shown.then_some(figures.active_workers),
            active_workstations: figures.active_workstations,
        }
    }
}
