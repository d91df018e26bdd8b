//! What the charts show, as tables for spreadsheets.

use crate::lean::csv::{Cell, Csv};
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::{Point, Span, Timeline};
use crate::words::{entity, figure, over_time as words};
use domain::event::EntityType;

const MS_PER_MINUTE: f64 = domain::MS_PER_MINUTE as f64;

/// An instant as the factory's clock shows it and in UTC, as spreadsheets read times: `2026-01-05 09:00:00`, with its
/// milliseconds where there are any.
pub(crate) fn times(zone: &Zone, instant: Instant) -> [String; 2] {
    [zone.offset_ms(instant), 0].map(|offset_ms| {
        let text = Instant(instant.0 + offset_ms).to_rfc3339();
        let text = text.trim_end_matches('Z').replace('T', " ");
        text.strip_suffix(".000").map_or(text.clone(), str::to_owned)
    })
}

/// A confidence from 0 to 1 as percent.
pub(crate) fn percent(confidence: Option<f64>) -> Option<f64> {
    confidence.map(|confidence| confidence * 100.0)
}

/// The names of the two columns of a time.
pub(crate) fn time_columns(name: &str, zone: &Zone) -> [String; 2] {
    [zone.name(), UTC].map(|zone| words::in_zone(name, zone))
}

const UTC: &str = "UTC";

/// What was observed, segment by segment, for each entity (or none twice) with its id.
pub(crate) fn timelines(kind: EntityType, zone: &Zone, timelines: &[(&str, &Timeline)]) -> String {
    let ([from, from_utc], [to, to_utc]) = (time_columns(words::FROM, zone), time_columns(words::TO, zone));
    let mut csv = Csv::new(&[
        entity::kind(kind),
        &from,
        &from_utc,
        &to,
        &to_utc,
        words::STATE,
        words::MINUTES,
        &words::in_percent(words::CONFIDENCE),
        words::MODEL,
        words::SOURCE,
    ]);
    for (id, timeline) in timelines {
        for segment in &timeline.segments {
            let Span { from, to } = segment.span;
            let ([from_local, from_utc], [to_local, to_utc]) = (times(zone, from), times(zone, to));
            csv = csv.row(&[
                (*id).into(),
                from_local.as_str().into(),
                from_utc.as_str().into(),
                to_local.as_str().into(),
                to_utc.as_str().into(),
                entity::state(kind, segment.state).into(),
                ((to.0 - from.0) as f64 / MS_PER_MINUTE).into(),
                percent(segment.confidence).into(),
                segment.model_version.as_deref().unwrap_or_default().into(),
                segment.source_id.as_deref().unwrap_or_default().into(),
            ]);
        }
    }
    csv.text()
}

/// Steps of series, for each entity with its id.
pub(crate) fn points(kind: EntityType, zone: &Zone, series: &[(&str, &[Point])]) -> String {
    let productive = match kind {
        EntityType::Worker => figure::WORKING,
        EntityType::Workstation => figure::IN_USE,
    };
    let minutes = |name: &str| words::in_minutes(name);
    let ([from, from_utc], [to, to_utc]) = (time_columns(words::FROM, zone), time_columns(words::TO, zone));
    let mut csv = Csv::new(&[
        entity::kind(kind),
        &from,
        &from_utc,
        &to,
        &to_utc,
        &words::in_percent(figure::UTILIZATION),
        figure::UNITS,
        figure::UNITS_PER_HOUR,
        &minutes(productive),
        &minutes(figure::IDLE),
        &minutes(figure::ABSENT),
        &words::in_percent(figure::MEAN_CONFIDENCE),
    ]);
    for (id, points) in series {
        for point in *points {
            let ([from, from_utc], [to, to_utc]) = (times(zone, point.span.from), times(zone, point.span.to));
            csv = csv.row(&[
                (*id).into(),
                from.as_str().into(),
                from_utc.as_str().into(),
                to.as_str().into(),
                to_utc.as_str().into(),
                point.utilization.into(),
                Cell::Whole(point.units),
                point.units_per_hour.into(),
                point.productive_minutes.into(),
                point.idle_minutes.into(),
                point.absent_minutes.into(),
                percent(point.mean_confidence).into(),
            ]);
        }
    }
    csv.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Segment;
    use domain::event::EventType;

    fn span(from: &str, to: &str) -> Span {
        Span { from: Instant::parse(from).unwrap(), to: Instant::parse(to).unwrap() }
    }

    #[test]
    fn times_are_told_in_the_factorys_zone_and_in_utc() {
        let instant = Instant::parse("2026-01-05T01:00:00.250Z").unwrap();
        for (minutes, expected) in [(60, "2026-01-05 02:00:00.250"), (-210, "2026-01-04 21:30:00.250")] {
            let told = times(&Zone::fixed("somewhere", minutes), instant);
            assert_eq!(told, [expected, "2026-01-05 01:00:00.250"]);
        }
        let whole = Instant::parse("2026-01-05T01:00:00Z").unwrap();
        assert_eq!(times(&Zone::fixed("UTC", 0), whole)[1], "2026-01-05 01:00:00");
    }

    #[test]
    fn a_file_of_segments_has_a_line_for_each_and_none_for_what_nobody_observed() {
        let segment = |from: &str, to: &str, confidence| Segment {
            span: span(from, to),
            state: EventType::Working,
            confidence,
            model_version: Some("m,1".to_owned()),
            source_id: None,
        };
        let timeline = Timeline {
            window: span("2026-01-05T00:00Z", "2026-01-06T00:00Z"),
            revision: 1,
            truncated: false,
            segments: vec![
                segment("2026-01-05T08:00Z", "2026-01-05T08:30Z", Some(0.9)),
                segment("2026-01-05T09:00Z", "2026-01-05T09:00:30Z", None),
            ],
            contested: Vec::new(),
            corrected: Vec::new(),
        };
        let text = timelines(EntityType::Workstation, &Zone::fixed("UTC", 0), &[("S1", &timeline)]);
        let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(
            lines,
            [
                "Workstation,From (UTC),From (UTC),To (UTC),To (UTC),State,Minutes,\"Confidence, %\",Model,Source",
                "S1,2026-01-05 08:00:00,2026-01-05 08:00:00,2026-01-05 08:30:00,2026-01-05 08:30:00,In use,30,90,\"m,1\",",
                "S1,2026-01-05 09:00:00,2026-01-05 09:00:00,2026-01-05 09:00:30,2026-01-05 09:00:30,In use,0.5,,\"m,1\",",
            ]
        );
    }
}
