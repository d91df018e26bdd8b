//! Metrics cut into the steps of a chart.

use std::collections::HashMap;

use domain::{
    id::EntityId,
    time::TimestampMs,
    totals::Totals,
    window::{Resolution, Window, WindowSpec, steps},
};

use super::{
    super::error::ReportError,
    limits::{MAX_POINTS, MAX_STEPS},
    question::Question,
};
use crate::store::{
    Snapshot,
    entities::{self, Entity, EntityFilter},
    factories::{Factory, FactoryScope},
    rollups,
};

/// A factory's sums, step by step.
pub struct FactorySeries {
    /// The factory as it is at this revision.
    pub factory: Factory,
    /// The window that was cut.
    pub window: Window,
    /// The steps in which anything was seen.
    pub points: Vec<Point>,
}

/// The sums of many, each step by step.
pub struct EntitySeries {
    /// The factory as it is at this revision.
    pub factory: Factory,
    /// The window that was cut.
    pub window: Window,
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

/// Reads the series of a factory, or of an area of it.
pub async fn of_factory(
    snapshot: &Snapshot,
    scope: &FactoryScope,
    question: &Question,
    resolution: Resolution,
    now_ms: TimestampMs,
) -> Result<FactorySeries, ReportError> {
    let factory = scope.factory();
    let window = bounded(&question.window, factory, now_ms)?;
    let steps = steps(window, resolution, factory.time_zone, MAX_STEPS)?;
    let sums = rollups::factory_series(snapshot, factory.id, &steps, question.area.as_deref()).await?;
    let points = steps.into_iter().zip(sums).map(|(step, sums)| {
        // The workers' sums, with the units of the factory's basis.
        let workstations = Totals { units: sums.workstation_units, ..Totals::default() };
        Point { step, totals: factory.units_basis.apply(sums.workers, workstations) }
    });
    let points = points.filter(|point| point.totals.is_listed()).collect();
    Ok(FactorySeries { factory: factory.clone(), window, points })
}

/// Reads the series of each of those asked about.
pub async fn of_entities(
    snapshot: &Snapshot,
    scope: &FactoryScope,
    question: &Question,
    resolution: Resolution,
    now_ms: TimestampMs,
) -> Result<EntitySeries, ReportError> {
    let factory = scope.factory();
    let window = bounded(&question.window, factory, now_ms)?;
    let steps = steps(window, resolution, factory.time_zone, MAX_POINTS)?;
    let entities = entities(snapshot, factory, question).await?;
    let (step_count, entity_count) = (steps.len(), entities.len());
    if step_count * entity_count > MAX_POINTS {
        return Err(ReportError::TooManyPoints { step_count, entity_count });
    }
    let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
    let sums = rollups::series(snapshot, factory.id, &steps, &ids).await?;
    let mut points: HashMap<EntityId, Vec<Point>> = HashMap::new();
    for (step, entity_id, totals) in sums.into_iter().filter(|(_, _, totals)| totals.is_listed()) {
        points.entry(entity_id).or_default().push(Point { step: steps[step], totals });
    }
    let series =
        entities.into_iter().filter_map(|entity| points.remove(&entity.id).map(|points| (entity, points)));
    Ok(EntitySeries { factory: factory.clone(), window, series: series.collect() })
}

fn bounded(window: &WindowSpec, factory: &Factory, now_ms: TimestampMs) -> Result<Window, ReportError> {
    window.resolve(factory.time_zone, now_ms)?.ok_or(ReportError::UnboundedWindow("series"))
}

async fn entities(
    snapshot: &Snapshot,
    factory: &Factory,
    question: &Question,
) -> Result<Vec<Entity>, ReportError> {
    let filter = EntityFilter { area: question.area.as_deref(), ..question.filter() };
    Ok(entities::list(snapshot, factory.id, filter).await?)
}
