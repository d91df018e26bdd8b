//! What the floor shows, as files.

use super::ranking::Line;
use crate::lean::csv::{Cell, Csv};
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::Series;
use crate::pages::over_time::export::{percent, time_columns, times};
use crate::words::{entity, floor as words};
use domain::event::EntityType;

/// The rows in the order in which they stand.
pub(super) fn rows_csv(kind: EntityType, lines: &[Line], zone: &Zone) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let instant = |value: Option<Instant>| value.map(|at| times(zone, at)).unwrap_or_default();
    let [since, since_utc] = time_columns(words::SINCE, zone);
    let [seen, seen_utc] = time_columns(words::LAST_SEEN, zone);
    let mut header = words::ROW_COLUMNS.to_vec();
    header.extend([since.as_str(), &since_utc, &seen, &seen_utc]);
    let mut csv = Csv::new(&header);
    for Line { row, presence, .. } in lines {
        let (name, area) = (text(&row.name), text(&row.area));
        let [since, since_utc] = instant(row.current.as_ref().map(|activity| presence.since(activity)));
        let [seen, seen_utc] = instant(row.last_seen_at);
        csv = csv.row(&[
            row.id.as_str().into(),
            name.as_str().into(),
            area.as_str().into(),
            entity::presence(kind, *presence).into(),
            row.utilization.into(),
            Cell::Whole(row.units),
            row.units_per_hour.into(),
            row.productive_minutes.into(),
            row.idle_minutes.into(),
            row.absent_minutes.into(),
            row.overlap_minutes.into(),
            percent(row.mean_confidence).into(),
            since.as_str().into(),
            since_utc.as_str().into(),
            seen.as_str().into(),
            seen_utc.as_str().into(),
        ]);
    }
    csv.text()
}

/// The steps of the factory.
pub(super) fn series_csv(series: &Series, zone: &Zone) -> String {
    let ([from, from_utc], [to, to_utc]) = (time_columns(words::FROM, zone), time_columns(words::TO, zone));
    let mut header = vec![from.as_str(), &from_utc, &to, &to_utc];
    header.extend(words::SERIES_COLUMNS);
    let mut csv = Csv::new(&header);
    for point in &series.points {
        let ([from, from_utc], [to, to_utc]) = (times(zone, point.span.from), times(zone, point.span.to));
        csv = csv.row(&[
            from.as_str().into(),
            from_utc.as_str().into(),
            to.as_str().into(),
            to_utc.as_str().into(),
            point.productive_minutes.into(),
            point.idle_minutes.into(),
            point.absent_minutes.into(),
            Cell::Whole(point.units),
            point.utilization.into(),
            point.units_per_hour.into(),
            percent(point.mean_confidence).into(),
        ]);
    }
    csv.text()
}
