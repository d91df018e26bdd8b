//! What the floor shows, as files.

use super::ranking::Line;
use crate::lean::csv::{Cell, Csv};
use crate::lean::instant::Instant;
use crate::model::Series;
use crate::words::{entity, floor as words};
use domain::event::EntityType;

/// The rows in the order in which they stand, every number as it was sent.
pub(super) fn rows_csv(kind: EntityType, lines: &[Line]) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let instant = |value: Option<Instant>| value.map(Instant::to_rfc3339).unwrap_or_default();
    let mut csv = Csv::new(&words::ROW_COLUMNS);
    for Line { row, presence } in lines {
        let (name, area) = (text(&row.name), text(&row.area));
        let since = instant(row.current.as_ref().map(|activity| activity.since));
        let last_seen = instant(row.last_seen_at);
        csv = csv.row(&[
            row.id.as_str().into(),
            name.as_str().into(),
            area.as_str().into(),
            entity::presence(kind, *presence).into(),
            since.as_str().into(),
            last_seen.as_str().into(),
            row.utilization.into(),
            Cell::Whole(row.units),
            row.units_per_hour.into(),
            row.productive_minutes.into(),
            row.idle_minutes.into(),
            row.absent_minutes.into(),
            row.overlap_minutes.into(),
            row.mean_confidence.into(),
        ]);
    }
    csv.text()
}

/// The steps of the factory, every number as it was sent.
pub(super) fn series_csv(series: &Series) -> String {
    let mut csv = Csv::new(&words::SERIES_COLUMNS);
    for point in &series.points {
        let (from, to) = (point.span.from.to_rfc3339(), point.span.to.to_rfc3339());
        csv = csv.row(&[
            from.as_str().into(),
            to.as_str().into(),
            point.productive_minutes.into(),
            point.idle_minutes.into(),
            point.absent_minutes.into(),
            Cell::Whole(point.units),
            point.utilization.into(),
            point.units_per_hour.into(),
            point.mean_confidence.into(),
        ]);
    }
    csv.text()
}
