//! Metrics cut into the steps of a chart.

use std::collections::{HashMap, HashSet};

use domain::{
    event::EntityType,
    id::EntityId,
    time::TimestampMs,
    totals::Totals,
    window::{Resolution, Window, WindowSpec, steps},
};

use super::{
    super::error::ReportError,
    as_of,
    limits::{MAX_POINTS, MAX_STEPS},
    question::Question,
    team,
};
use crate::store::{
    Snapshot,
    access::{Scope, SeeFigures},
    as_of::Later,
    entities::{self, Entity, EntityFilter},
    factories::Factory,
    rollups,
};

/// A factory's sums, step by step.
pub struct FactorySeries {
    /// The factory as it is at this revision.
    pub scope: Scope<SeeFigures>,
    /// What was asked.
    pub question: Question,
    /// The window that was cut.
    pub window: Window,
    /// How many rows of the ledger were read for it.
    pub ledger_rows_read: usize,
    /// The steps in which anything was seen, but for those that are hidden.
    pub points: Vec<Point>,
    /// How many steps are left out because so few workers were seen in them that what they did together is not shown.
    pub hidden_points: usize,
}

/// The sums of many, each step by step.
pub struct EntitySeries {
    /// The factory as it is at this revision.
    pub scope: Scope<SeeFigures>,
    /// What was asked.
    pub question: Question,
    /// The window that was cut.
    pub window: Window,
    /// How many rows of the ledger were read for it.
    pub ledger_rows_read: usize,
    /// Everything that was seen in the window, in the order of the ids, with its steps.
    pub series: Vec<(Entity, Vec<Point>)>,
}

/// One step and its sums.
pub struct Point {
    /// The step.
    pub step: Window,
    /// What was seen in it.
    pub totals: Totals,
}

/// When a series is asked for, and as of when it is told.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Now, Unix milliseconds.
    pub now_ms: TimestampMs,
    /// Unix milliseconds; none is now.
    pub as_of_ms: Option<TimestampMs>,
}

impl Asked {
    /// What was changed in the window since then.
    async fn later(
        self,
        snapshot: &Snapshot,
        scope: &Scope<SeeFigures>,
        window: Window,
    ) -> Result<Option<Later>, ReportError> {
        let Some(at_ms) = self.as_of_ms else { return Ok(None) };
        Ok(Some(as_of::later(snapshot, scope, (Some(window), at_ms), self.now_ms).await?))
    }
}

/// Reads the series of a factory, or of an area of it.
///
/// # Errors
/// The window or its steps are not possible, it cannot be told what it was then, or the database failed.
pub async fn of_factory(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: Question,
    resolution: Resolution,
    asked: Asked,
) -> Result<FactorySeries, ReportError> {
    team::check_steps(scope, &question, resolution)?;
    let factory = scope.factory();
    let window = bounded(&question.window, factory, asked.now_ms)?;
    let steps = steps(window, resolution, factory.time_zone, MAX_STEPS)?;
    let hidden = hidden_steps(snapshot, scope, &question, (resolution, asked)).await?;
    let mut sums = rollups::factory_series(snapshot, scope, &steps, question.area.as_deref()).await?;
    let later = asked.later(snapshot, scope, window).await?;
    if let Some(later) = &later {
        let entities = entities(snapshot, scope, &question).await?;
        let are_workers =
            entities.iter().map(|entity| (entity.id, entity.entity_type == EntityType::Worker)).collect();
        later.take_from_factory(&steps, &are_workers, &mut sums);
    }
    let points = steps.into_iter().zip(sums).map(|(step, sums)| {
        // The workers' sums, with the units of the factory's basis.
        let workstations = Totals { units: sums.workstation_units, ..Totals::default() };
        Point { step, totals: factory.units_basis.apply(sums.workers, workstations) }
    });
    let points: Vec<Point> = points.filter(|point| point.totals.is_listed()).collect();
    let (shown, hidden): (Vec<Point>, Vec<Point>) =
        points.into_iter().partition(|point| !hidden.contains(&point.step.from_ms));
    let (points, hidden_points) = (shown, hidden.len());
    let ledger_rows_read = later.map_or(0, |later| later.rows_read);
    Ok(FactorySeries { scope: scope.clone(), question, window, ledger_rows_read, points, hidden_points })
}

/// The steps, by their first instants, in which so few workers were seen that what they did together is not shown.
async fn hidden_steps(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
    (resolution, asked): (Resolution, Asked),
) -> Result<HashSet<TimestampMs>, ReportError> {
    if scope.sees_people() {
        return Ok(HashSet::new());
    }
    let workers = question.about_its_workers();
    let series = series_of_entities(snapshot, scope, workers, resolution, asked).await?;
    let steps = steps(series.window, resolution, scope.factory().time_zone, MAX_STEPS)?;
    let mut seen: HashMap<TimestampMs, Vec<Totals>> = HashMap::new();
    for point in series.series.into_iter().flat_map(|(_, points)| points) {
        seen.entry(point.step.from_ms).or_default().push(point.totals);
    }
    let is_hidden = |step: &Window| {
        team::is_too_small(scope, seen.get(&step.from_ms).map_or(&[][..], Vec::as_slice).iter())
    };
    Ok(steps.into_iter().filter(is_hidden).map(|step| step.from_ms).collect())
}

/// Reads the series of each of those asked about.
///
/// # Errors
/// As [`of_factory`], or there would be too many points.
pub async fn of_entities(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: Question,
    resolution: Resolution,
    asked: Asked,
) -> Result<EntitySeries, ReportError> {
    team::check_steps(scope, &question, resolution)?;
    series_of_entities(snapshot, scope, question, resolution, asked).await
}

async fn series_of_entities(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: Question,
    resolution: Resolution,
    asked: Asked,
) -> Result<EntitySeries, ReportError> {
    let factory = scope.factory();
    let window = bounded(&question.window, factory, asked.now_ms)?;
    let steps = steps(window, resolution, factory.time_zone, MAX_POINTS)?;
    let entities = entities(snapshot, scope, &question).await?;
    let (step_count, entity_count) = (steps.len(), entities.len());
    if step_count * entity_count > MAX_POINTS {
        return Err(ReportError::TooManyPoints { step_count, entity_count });
    }
    let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
    let mut sums = rollups::series(snapshot, scope, &steps, &ids).await?;
    let later = asked.later(snapshot, scope, window).await?;
    if let Some(later) = &later {
        sums = later.take_from_series(&steps, &ids, sums);
    }
    let mut points: HashMap<EntityId, Vec<Point>> = HashMap::new();
    for (step, entity_id, totals) in sums.into_iter().filter(|(_, _, totals)| totals.is_listed()) {
        points.entry(entity_id).or_default().push(Point { step: steps[step], totals });
    }
    let series =
        entities.into_iter().filter_map(|entity| points.remove(&entity.id).map(|points| (entity, points)));
    let series = series.collect();
    let ledger_rows_read = later.map_or(0, |later| later.rows_read);
    Ok(EntitySeries { scope: scope.clone(), question, window, ledger_rows_read, series })
}

fn bounded(window: &WindowSpec, factory: &Factory, now_ms: TimestampMs) -> Result<Window, ReportError> {
    window.resolve(factory.time_zone, now_ms)?.ok_or(ReportError::UnboundedWindow("series"))
}

async fn entities(
    snapshot: &Snapshot,
    scope: &Scope<SeeFigures>,
    question: &Question,
) -> Result<Vec<Entity>, ReportError> {
    let filter = EntityFilter { area: question.area.as_deref(), ..question.filter() };
    Ok(entities::list(snapshot, scope, filter).await?)
}
