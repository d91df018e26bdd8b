//! Metrics cut into the steps of a chart.

use std::collections::HashMap;

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
    /// The steps in which anything was seen.
    pub points: Vec<Point>,
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
    let factory = scope.factory();
    let window = bounded(&question.window, factory, asked.now_ms)?;
    let steps = steps(window, resolution, factory.time_zone, MAX_STEPS)?;
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
    let points = points.filter(|point| point.totals.is_listed()).collect();
    let ledger_rows_read = later.map_or(0, |later| later.rows_read);
    Ok(FactorySeries { scope: scope.clone(), question, window, ledger_rows_read, points })
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
