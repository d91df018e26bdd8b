//! The sources of events, cameras and other devices: what they reported, and whether they agree.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use domain::{
    metric::minutes,
    source::{Agreement, Counts, VersionSeen},
    window as core_window,
};

use super::{
    context::{charge, charge_rows_read, reading_turn, scoped},
    floor::{Finality, FinalityOf, Resolution},
    scalar::{BigInt, DateTime},
    window::{Window, WindowInput},
};
use crate::{
    error::ApiError,
    report::{self, Question},
};

/// Queries of sources.
#[derive(Default)]
pub(super) struct SourceQuery;

#[Object]
impl SourceQuery {
    /// What each source (a camera or another device that events name by sourceId) reported in a window, by the events that start
    /// in it, whichever of them count. At most the latest 200 000 events of a window are looked through, and at most 2 000
    /// steps. Asking again follows it.
    async fn sources(
        &self,
        ctx: &Context<'_>,
        factory_id: ID,
        window: WindowInput,
        resolution: Resolution,
    ) -> Result<SourceReport, ApiError> {
        let window = window.try_into()?;
        let _turn = reading_turn(ctx).await?;
        let (snapshot, scope, now_ms) = scoped(ctx, &factory_id).await?;
        let report =
            report::sources::of_factory(&snapshot, &scope, &window, resolution.into(), now_ms).await?;
        charge_rows_read(ctx, report.events_read)?;
        let rows =
            report.sources.iter().map(|row| 1 + row.points.len() + row.others.len() + row.versions.len());
        charge(ctx, rows.sum())?;
        Ok(SourceReport::new(report, Question::about_factory(window, None), resolution))
    }
}

/// What a factory's sources reported.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct SourceReport {
    /// The factory.
    factory_id: ID,
    /// The window that was asked for.
    window: Window,
    /// Its part that the figures are about: all of it, unless it has more events than are looked through; then its end.
    examined: Window,
    /// How long the steps are.
    resolution: Resolution,
    /// The revision that this is the state of.
    revision: BigInt,
    /// All sources that the factory knows, in the order of their ids, also those that reported nothing in the window.
    sources: Vec<SourceMetrics>,
    /// Events that name no source, and are in no figure here.
    unnamed_events: BigInt,
    #[graphql(skip)]
    of: FinalityOf,
}

#[ComplexObject]
impl SourceReport {
    /// Whether everything is expected to have come that the figures are about.
    async fn finality(&self, ctx: &Context<'_>) -> Result<Finality, ApiError> {
        self.of.find(ctx).await
    }
}

/// What one source reported.
#[derive(SimpleObject)]
pub(crate) struct SourceMetrics {
    /// As sent.
    source_id: ID,
    /// The latest end of all its events, whatever the window; null when none is stored.
    last_seen_at: Option<DateTime>,
    /// When the one of its events came that came last, whatever the window.
    last_received_at: Option<DateTime>,
    /// How many events start in the window.
    events: BigInt,
    /// The plain mean of the confidence that they state, 0 to 1; null when none states any.
    mean_confidence: Option<f64>,
    /// The share of those that state a confidence below 0.6 among those that state one, 0 to 1.
    low_confidence_share: Option<f64>,
    /// The share of those that state no confidence, 0 to 1.
    unstated_share: Option<f64>,
    /// The share of those received 5 minutes or longer after their end, 0 to 1.
    late_share: Option<f64>,
    /// The time that its own timelines cover, each being what it would be without all other sources, added up over workers and
    /// workstations.
    observed_minutes: f64,
    /// How much of that is also covered by the timeline of at least one other source.
    shared_minutes: f64,
    /// The share of the time shared with each other source in which both say the same, 0 to 1; null when none is shared.
    agreement: Option<f64>,
    /// The sources that cover some of the same, those that share the most time first.
    others: Vec<SourceAgreement>,
    /// The model versions of its events, the one seen last first.
    model_versions: Vec<SourceVersion>,
    /// The steps in which events start, in the order of time.
    points: Vec<SourcePoint>,
}

/// How a source compares with another one that covers some of the same time of the same workers and workstations.
#[derive(SimpleObject)]
pub(crate) struct SourceAgreement {
    /// The other one.
    source_id: ID,
    /// The time that both cover, added up over workers and workstations.
    shared_minutes: f64,
    /// The share of it in which both say the same, 0 to 1.
    agreement: Option<f64>,
}

/// What was seen of a model version at a source.
#[derive(SimpleObject)]
pub(crate) struct SourceVersion {
    /// Its name; null for events that state none.
    model_version: Option<String>,
    /// How many events.
    events: BigInt,
    /// The earliest start of them.
    first_seen_at: DateTime,
    /// The latest end of them.
    last_seen_at: DateTime,
}

/// One step of a source's course.
#[derive(SimpleObject)]
pub(crate) struct SourcePoint {
    /// The first instant of the step.
    from: DateTime,
    /// The instant after its last.
    to: DateTime,
    /// How many events start in it.
    events: BigInt,
    /// The plain mean of the confidence that they state, 0 to 1; null when none states any.
    mean_confidence: Option<f64>,
}

impl SourceReport {
    fn new(report: report::sources::SourceReport, question: Question, resolution: Resolution) -> Self {
        Self {
            of: FinalityOf::new(&report.scope, Arc::new(question), Some(report.window)),
            factory_id: ID(report.scope.factory().slug.0.clone()),
            window: report.window.into(),
            examined: report.examined.into(),
            resolution,
            revision: BigInt(report.scope.factory().revision.0),
            sources: report.sources.into_iter().map(Into::into).collect(),
            unnamed_events: BigInt(report.unnamed_events as i64),
        }
    }
}

impl From<report::sources::SourceRow> for SourceMetrics {
    fn from(row: report::sources::SourceRow) -> Self {
        let counts = row.totals.counts;
        Self {
            source_id: ID(row.code),
            last_seen_at: row.last.map(|last| DateTime::from_ms(last.ended_at_ms)),
            last_received_at: row.last.map(|last| DateTime::from_ms(last.received_at_ms)),
            events: BigInt(counts.events),
            mean_confidence: counts.mean_confidence(),
            low_confidence_share: counts.low_confidence_share(),
            unstated_share: counts.unstated_share(),
            late_share: counts.late_share(),
            observed_minutes: minutes(row.totals.observed_ms),
            shared_minutes: minutes(row.totals.shared_ms),
            agreement: row.totals.agreement(),
            others: row.others.into_iter().map(Into::into).collect(),
            model_versions: row.versions.into_iter().map(Into::into).collect(),
            points: row.points.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<(String, Agreement)> for SourceAgreement {
    fn from((code, agreement): (String, Agreement)) -> Self {
        Self {
            source_id: ID(code),
            shared_minutes: minutes(agreement.shared_ms),
            agreement: agreement.share(),
        }
    }
}

impl From<(Option<String>, VersionSeen)> for SourceVersion {
    fn from((model_version, seen): (Option<String>, VersionSeen)) -> Self {
        Self {
            model_version,
            events: BigInt(seen.events),
            first_seen_at: DateTime::from_ms(seen.first_ms),
            last_seen_at: DateTime::from_ms(seen.last_ms),
        }
    }
}

impl From<(core_window::Window, Counts)> for SourcePoint {
    fn from((step, counts): (core_window::Window, Counts)) -> Self {
        Self {
            from: DateTime::from_ms(step.from_ms),
            to: DateTime::from_ms(step.to_ms),
            events: BigInt(counts.events),
            mean_confidence: counts.mean_confidence(),
        }
    }
}
