//! What a factory's sources reported in a window: how much, how sure, how late, and whether those that see the same say the
//! same.

use std::collections::HashMap;

use domain::{
    id::{ModelVersionId, SourceId},
    source::{self, Counts, SourceTotals, VersionSeen},
    time::TimestampMs,
    window::{Resolution, Window, WindowSpec, steps},
};

use super::{error::ReportError, floor::limits::MAX_STEPS};
use crate::store::{
    Snapshot,
    access::{Scope, SeeFigures},
    source_events::{self, LIMITS},
    sources::{self, LastEvent, Source},
};

/// What a factory's sources reported.
pub struct SourceReport {
    /// The factory as it is at this revision.
    pub scope: Scope<SeeFigures>,
    /// The window that was asked for, on the grid.
    pub window: Window,
    /// Its part that was looked through: all of it, or its end where it has too many events.
    pub examined: Window,
    /// All sources that the factory knows, in the order of their ids.
    pub sources: Vec<SourceRow>,
    /// Events of the examined window that name no source.
    pub unnamed_events: usize,
    /// How many events were read for it.
    pub events_read: usize,
}

/// One source.
pub struct SourceRow {
    /// As sent, such as `cam-1`.
    pub code: String,
    /// When it was last seen, whatever the window.
    pub last: Option<LastEvent>,
    /// What its events in the examined window amount to.
    pub totals: SourceTotals,
    /// The steps in which any of them start.
    pub points: Vec<(Window, Counts)>,
    /// The sources that see the same, those that share the most time first.
    pub others: Vec<(String, source::Agreement)>,
    /// Its model versions by their names, the one seen last first; none is not stated.
    pub versions: Vec<(Option<String>, VersionSeen)>,
}

/// Reads what a factory's sources reported.
///
/// # Errors
/// The window has no two ends or too many steps, there are too many events or sources at once, or the database failed.
pub async fn of_factory(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    window: &WindowSpec,
    resolution: Resolution,
    now_ms: TimestampMs,
) -> Result<SourceReport, ReportError> {
    let factory = scope.factory();
    let window = window.resolve(factory.time_zone, now_ms)?.ok_or(ReportError::UnboundedWindow("series"))?;
    let events = source_events::latest(snapshot, scope, window, LIMITS).await?;
    let events = events.ok_or(ReportError::TooManyEvents)?;
    let examined = Window { from_ms: events.from_ms, ..window };
    let steps = steps(examined, resolution, factory.time_zone, MAX_STEPS)?;
    let totals =
        source::totals(&events.named, examined, &steps).map_err(|_| ReportError::TooManyComparisons)?;
    let known = sources::list(snapshot, scope).await?;
    let versions = totals.values().flat_map(|totals| totals.versions.keys().flatten().copied());
    let names = Names {
        versions: sources::model_versions(snapshot, scope, versions).await?,
        sources: known.iter().map(|source| (source.id, source.code.clone())).collect(),
    };
    let mut totals = totals;
    let rows = known.into_iter().map(|source| {
        let totals = totals.remove(&source.id).unwrap_or_default();
        row(source, totals, &steps, &names)
    });
    Ok(SourceReport {
        sources: rows.collect(),
        scope: scope.clone(),
        window,
        examined,
        unnamed_events: events.unnamed,
        events_read: events.count(),
    })
}

/// What the numbers in the totals stand for.
struct Names {
    versions: HashMap<ModelVersionId, String>,
    sources: HashMap<SourceId, String>,
}

fn row(source: Source, totals: SourceTotals, steps: &[Window], names: &Names) -> SourceRow {
    let points = totals.steps.iter().filter_map(|(step, counts)| Some((*steps.get(*step)?, *counts)));
    let mut others: Vec<(String, source::Agreement)> = totals
        .others
        .iter()
        .filter_map(|(other, agreement)| Some((names.sources.get(other)?.clone(), *agreement)))
        .collect();
    others.sort_by(|(one, a), (other, b)| b.shared_ms.cmp(&a.shared_ms).then_with(|| one.cmp(other)));
    let mut versions: Vec<(Option<String>, VersionSeen)> = totals
        .versions
        .iter()
        .map(|(version, seen)| (version.and_then(|version| names.versions.get(&version).cloned()), *seen))
        .collect();
    versions.sort_by(|(one, a), (other, b)| b.last_ms.cmp(&a.last_ms).then_with(|| one.cmp(other)));
    SourceRow { code: source.code, last: source.last, points: points.collect(), others, versions, totals }
}
