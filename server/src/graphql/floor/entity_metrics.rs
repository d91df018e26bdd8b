//! The figures of workers and of workstations in a window: one report in the words of each.

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use domain::metric::{mean_confidence, minutes, units_per_hour, utilization};

use super::{
    activity::CurrentActivity,
    finality::{Finality, FinalityOf},
};
use crate::{
    error::ApiError,
    graphql::{
        rows::Rows,
        scalar::{BigInt, DateTime},
        window::Window,
    },
    live::delivery::Part,
    report::{Report, Row},
};

/// The workers' figures in a window, in the order of their ids.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct WorkerMetricsReport {
    /// The factory.
    factory_id: ID,
    /// null means all time.
    window: Option<Window>,
    /// The revision that this is the state of.
    revision: BigInt,
    /// true: `workers` is everything and replaces what the client holds. false: merge `workers` by workerId, then remove the removed.
    snapshot: bool,
    /// Those with observed time or units in the window.
    workers: Rows<WorkerMetrics>,
    /// Those that are not listed any more; only when `snapshot` is false.
    removed_worker_ids: Vec<ID>,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl WorkerMetricsReport {
    /// Whether these figures will stay as they are by themselves.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

impl WorkerMetricsReport {
    /// A part of a report on workers.
    pub(crate) fn new(report: &Report, part: &Part) -> Self {
        Self {
            of: FinalityOf::new(&report.scope, report.question.clone(), report.window),
            factory_id: ID(report.scope.factory().slug.0.clone()),
            window: report.window.map(Into::into),
            revision: BigInt(report.scope.factory().revision.0),
            snapshot: part.is_whole(),
            workers: part.rows(report).iter().map(|row| WorkerMetrics::from(&**row)).collect(),
            removed_worker_ids: part.removed().iter().map(ID::from).collect(),
        }
    }
}

/// One worker's figures.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct WorkerMetrics {
    /// As sent, such as W1.
    worker_id: ID,
    /// What people call them.
    name: Option<String>,
    /// The line or area.
    area: Option<String>,
    /// Time seen working.
    working_minutes: f64,
    /// Time seen idle.
    idle_minutes: f64,
    /// Time seen to be absent.
    absent_minutes: f64,
    /// Time observed at all: working, idle and absent together.
    observed_minutes: f64,
    /// Time covered more than once, which counts once in the others.
    overlap_minutes: f64,
    /// Time in which reports disagree on what was done, once however many they are, unless somebody corrected it.
    contested_minutes: f64,
    /// Time in which a correction says what they did, whatever was reported.
    corrected_minutes: f64,
    /// Working time of the time working or idle, in percent; null when there is none.
    utilization: Option<f64>,
    /// Units finished.
    units_produced: BigInt,
    /// Units per working hour; null when there is none.
    units_per_hour: Option<f64>,
    /// The models' confidence weighted by time, 0 to 1; null when none states one.
    mean_confidence: Option<f64>,
    /// The latest activity seen, by event time, whatever the window; by those events alone that end no later than the server
    /// takes in now.
    current: Option<CurrentActivity>,
    /// End of the latest interval seen, whatever the window and whenever it arrived; of those alone that end no later than the
    /// server takes in now, and null when there is none.
    last_seen_at: Option<DateTime>,
}

impl From<&Row> for WorkerMetrics {
    fn from(row: &Row) -> Self {
        let totals = &row.totals;
        Self {
            worker_id: ID::from(&row.code),
            name: row.name.clone(),
            area: row.area.clone(),
            working_minutes: minutes(totals.working_ms),
            idle_minutes: minutes(totals.idle_ms),
            absent_minutes: minutes(totals.absent_ms),
            observed_minutes: minutes(totals.observed_ms()),
            overlap_minutes: minutes(totals.overlap_ms),
            contested_minutes: minutes(totals.contested_ms),
            corrected_minutes: minutes(totals.corrected_ms),
            utilization: utilization(totals),
            units_produced: BigInt(totals.units),
            units_per_hour: units_per_hour(totals),
            mean_confidence: mean_confidence(totals),
            current: row.current.map(Into::into),
            last_seen_at: row.last_seen_at_ms.map(DateTime::from_ms),
        }
    }
}

/// The workstations' figures in a window, in the order of their ids.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct WorkstationMetricsReport {
    /// The factory.
    factory_id: ID,
    /// null means all time.
    window: Option<Window>,
    /// The revision that this is the state of.
    revision: BigInt,
    /// true: `workstations` is everything and replaces what the client holds. false: merge `workstations` by workstationId, then remove the removed.
    snapshot: bool,
    /// Those with observed time or units in the window.
    workstations: Rows<WorkstationMetrics>,
    /// Those that are not listed any more; only when `snapshot` is false.
    removed_workstation_ids: Vec<ID>,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl WorkstationMetricsReport {
    /// Whether these figures will stay as they are by themselves.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

impl WorkstationMetricsReport {
    /// A part of a report on workstations.
    pub(crate) fn new(report: &Report, part: &Part) -> Self {
        Self {
            of: FinalityOf::new(&report.scope, report.question.clone(), report.window),
            factory_id: ID(report.scope.factory().slug.0.clone()),
            window: report.window.map(Into::into),
            revision: BigInt(report.scope.factory().revision.0),
            snapshot: part.is_whole(),
            workstations: part.rows(report).iter().map(|row| WorkstationMetrics::from(&**row)).collect(),
            removed_workstation_ids: part.removed().iter().map(ID::from).collect(),
        }
    }
}

/// One workstation's figures.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct WorkstationMetrics {
    /// As sent, such as S1.
    workstation_id: ID,
    /// What people call it.
    name: Option<String>,
    /// The line or area.
    area: Option<String>,
    /// Time seen occupied.
    occupied_minutes: f64,
    /// Time seen idle.
    idle_minutes: f64,
    /// Time seen to be absent.
    absent_minutes: f64,
    /// Time observed at all: occupied, idle and absent together.
    observed_minutes: f64,
    /// Time covered more than once, which counts once in the others.
    overlap_minutes: f64,
    /// Time in which reports disagree on what was done, once however many they are, unless somebody corrected it.
    contested_minutes: f64,
    /// Time in which a correction says what it did, whatever was reported.
    corrected_minutes: f64,
    /// Occupied time of the time occupied or idle, in percent; null when there is none.
    utilization: Option<f64>,
    /// Units finished.
    units_produced: BigInt,
    /// Units per occupied hour; null when there is none.
    throughput_per_hour: Option<f64>,
    /// The models' confidence weighted by time, 0 to 1; null when none states one.
    mean_confidence: Option<f64>,
    /// The latest activity seen, by event time, whatever the window; by those events alone that end no later than the server
    /// takes in now.
    current: Option<CurrentActivity>,
    /// End of the latest interval seen, whatever the window and whenever it arrived; of those alone that end no later than the
    /// server takes in now, and null when there is none.
    last_seen_at: Option<DateTime>,
}

impl From<&Row> for WorkstationMetrics {
    fn from(row: &Row) -> Self {
        let totals = &row.totals;
        Self {
            workstation_id: ID::from(&row.code),
            name: row.name.clone(),
            area: row.area.clone(),
            occupied_minutes: minutes(totals.working_ms),
            idle_minutes: minutes(totals.idle_ms),
            absent_minutes: minutes(totals.absent_ms),
            observed_minutes: minutes(totals.observed_ms()),
            overlap_minutes: minutes(totals.overlap_ms),
            contested_minutes: minutes(totals.contested_ms),
            corrected_minutes: minutes(totals.corrected_ms),
            utilization: utilization(totals),
            units_produced: BigInt(totals.units),
            throughput_per_hour: units_per_hour(totals),
            mean_confidence: mean_confidence(totals),
            current: row.current.map(Into::into),
            last_seen_at: row.last_seen_at_ms.map(DateTime::from_ms),
        }
    }
}
