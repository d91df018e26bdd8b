//! What moved the figures of a window, and why.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use domain::{
    ledger::Cause,
    metric::{mean_confidence, minutes, units_per_hour, utilization},
    totals::Totals,
};

use super::finality::{Finality, FinalityOf};
use crate::{
    error::ApiError,
    graphql::{
        rows::Rows,
        scalar::{BigInt, DateTime},
        window::Window,
    },
    report::restatements::{self, Earlier, Figures, Restated},
};

/// What moved the figures of a window since an instant, cause by cause: `before`, changed by the causes in their order, becomes
/// the figures of now.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct RestatementReport {
    /// The factory.
    factory_id: ID,
    /// The window whose figures moved.
    window: Window,
    /// Since when.
    since: DateTime,
    /// The revision that this is the state of.
    revision: BigInt,
    /// What the figures were then.
    before: RestatedFigures,
    /// The oldest causes together, where there are more than 200; null otherwise.
    earlier: Option<EarlierRestatements>,
    /// The causes, the oldest first; without those that moved nothing of what is asked about.
    restatements: Rows<Restatement>,
    /// What the figures are now: those after the last cause.
    now: RestatedFigures,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl RestatementReport {
    /// Whether the figures of now will stay as they are by themselves.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

/// Why closed figures moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum RestatementCause {
    /// Events of one device and source came late.
    LateEvents,
    /// Somebody decided something.
    Decision,
    /// The sums were computed anew and were others.
    Rebuild,
}

/// A cause with what it changed.
#[derive(SimpleObject)]
pub(crate) struct Restatement {
    /// Why.
    cause: RestatementCause,
    /// The commit's instant.
    at: DateTime,
    /// The revision with the commit; the causes of one commit have the same.
    revision: BigInt,
    /// The device that sent the late events; null where senders do not number what they send, and for other causes.
    device_id: Option<ID>,
    /// The source that the late events name; null where they name none, and for other causes.
    source_id: Option<ID>,
    /// The number of the decision; null for other causes.
    decision: Option<i32>,
    /// By how much the sums changed.
    delta: RestatedDelta,
    /// The figures after it.
    after: RestatedFigures,
}

/// Causes that are not listed one by one.
#[derive(SimpleObject)]
pub(crate) struct EarlierRestatements {
    /// How many.
    count: usize,
    /// By how much all of them changed the sums.
    delta: RestatedDelta,
    /// The figures after the last of them.
    after: RestatedFigures,
}

/// Figures of those that are asked about, listed or not: the workers' sums with the units of the side that counts, or with an
/// entityType the sums of that side.
#[derive(SimpleObject)]
pub(crate) struct RestatedFigures {
    /// Time seen working; of workstations, occupied.
    working_minutes: f64,
    /// Time seen idle.
    idle_minutes: f64,
    /// Time seen to be absent.
    absent_minutes: f64,
    /// Time observed at all.
    observed_minutes: f64,
    /// Time covered more than once.
    overlap_minutes: f64,
    /// Time in which reports disagree on what was done, unless somebody corrected it.
    contested_minutes: f64,
    /// Time in which a correction says what was done.
    corrected_minutes: f64,
    /// Units finished.
    units_produced: BigInt,
    /// In percent, weighted by time; null when nobody was seen working or idle.
    utilization: Option<f64>,
    /// Plain mean of the utilizations, in percent; null when none has one.
    average_utilization: Option<f64>,
    /// Units per working hour; null when there is none.
    units_per_hour: Option<f64>,
    /// The models' confidence weighted by time, 0 to 1; null when none states one.
    mean_confidence: Option<f64>,
}

/// By how much sums changed.
#[derive(SimpleObject)]
pub(crate) struct RestatedDelta {
    /// Time seen working; of workstations, occupied.
    working_minutes: f64,
    /// Time seen idle.
    idle_minutes: f64,
    /// Time seen to be absent.
    absent_minutes: f64,
    /// Time observed at all.
    observed_minutes: f64,
    /// Time covered more than once.
    overlap_minutes: f64,
    /// Time in which reports disagree on what was done, unless somebody corrected it.
    contested_minutes: f64,
    /// Time in which a correction says what was done.
    corrected_minutes: f64,
    /// Units finished.
    units_produced: BigInt,
}

impl From<restatements::RestatementReport> for RestatementReport {
    fn from(report: restatements::RestatementReport) -> Self {
        let earlier = report.earlier.as_ref().map(|earlier| earlier.after);
        let last = report.restatements.last().map(|restated| restated.after);
        let now = last.or(earlier).unwrap_or(report.before);
        let question = Arc::new(report.question);
        Self {
            of: FinalityOf::new(&report.scope, question, Some(report.window)),
            factory_id: ID(report.scope.factory().slug.0.clone()),
            window: report.window.into(),
            since: DateTime::from_ms(report.since_ms),
            revision: BigInt(report.scope.factory().revision.0),
            before: report.before.into(),
            earlier: report.earlier.map(Into::into),
            restatements: report.restatements.into_iter().map(Into::into).collect(),
            now: now.into(),
        }
    }
}

impl From<Restated> for Restatement {
    fn from(Restated { restatement, delta, after }: Restated) -> Self {
        let (cause, device, source, decision) = match restatement.cause {
            Cause::LateEvents { device, source } => (RestatementCause::LateEvents, device, source, None),
            Cause::Decision(number) => (RestatementCause::Decision, None, None, Some(number)),
            Cause::Rebuild => (RestatementCause::Rebuild, None, None, None),
        };
        Self {
            cause,
            at: DateTime::from_ms(restatement.at_ms),
            revision: BigInt(restatement.revision.0),
            device_id: device.map(ID),
            source_id: source.map(ID),
            decision,
            delta: delta.into(),
            after: after.into(),
        }
    }
}

impl From<Earlier> for EarlierRestatements {
    fn from(Earlier { count, delta, after }: Earlier) -> Self {
        Self { count, delta: delta.into(), after: after.into() }
    }
}

impl From<Figures> for RestatedFigures {
    fn from(Figures { totals, average_utilization }: Figures) -> Self {
        Self {
            working_minutes: minutes(totals.working_ms),
            idle_minutes: minutes(totals.idle_ms),
            absent_minutes: minutes(totals.absent_ms),
            observed_minutes: minutes(totals.observed_ms()),
            overlap_minutes: minutes(totals.overlap_ms),
            contested_minutes: minutes(totals.contested_ms),
            corrected_minutes: minutes(totals.corrected_ms),
            units_produced: BigInt(totals.units),
            utilization: utilization(&totals),
            average_utilization,
            units_per_hour: units_per_hour(&totals),
            mean_confidence: mean_confidence(&totals),
        }
    }
}

impl From<Totals> for RestatedDelta {
    fn from(delta: Totals) -> Self {
        Self {
            working_minutes: minutes(delta.working_ms),
            idle_minutes: minutes(delta.idle_ms),
            absent_minutes: minutes(delta.absent_ms),
            observed_minutes: minutes(delta.observed_ms()),
            overlap_minutes: minutes(delta.overlap_ms),
            contested_minutes: minutes(delta.contested_ms),
            corrected_minutes: minutes(delta.corrected_ms),
            units_produced: BigInt(delta.units),
        }
    }
}
