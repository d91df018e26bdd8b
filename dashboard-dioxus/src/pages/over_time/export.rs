//! What the charts show, as tables for spreadsheets.

use crate::lean::csv::{Cell, Csv};
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::{Point, Span, Timeline};
use crate::words::{entity, figure, over_time as words};
use domain::event::EntityType;

const MS_PER_MINUTE: f64 = domain::MS_PER_MINUTE as f64;

/// An instant as the factory's clock shows it, with its distance from UTC: `2026-01-05T09:00:00.000+01:00`.
pub(crate) fn local_time(zone: &Zone, instant: Instant) -> String {
    let offset_ms = zone.offset_ms(instant);
    let mut text = Instant(instant.0 + offset_ms).to_rfc3339();
    text.pop();
    let minutes = offset_ms / 60_000;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{text}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// What was observed, segment by segment, for each entity (or none twice) with its id.
pub(crate) fn timelines(kind: EntityType, zone: &Zone, timelines: &[(&str, &Timeline)]) -> String {
    let mut csv = Csv::new(&[
        entity::kind(kind),
        words::FROM,
        words::TO,
        words::STATE,
        words::MINUTES,
        words::CONFIDENCE,
        words::MODEL,
        words::SOURCE,
    ]);
    for (id, timeline) in timelines {
        for segment in &timeline.segments {
            let Span { from, to } = segment.span;
            csv = csv.row(&[
                (*id).into(),
                local_time(zone, from).as_str().into(),
                local_time(zone, to).as_str().into(),
                entity::state(kind, segment.state).into(),
                ((to.0 - from.0) as f64 / MS_PER_MINUTE).into(),
                segment.confidence.into(),
                segment.model_version.as_deref().unwrap_or_default().into(),
                segment.source_id.as_deref().unwrap_or_default().into(),
            ]);
        }
    }
    csv.text()
}

/// Steps of series, for each entity with its id.
pub(crate) fn points(kind: EntityType, zone: &Zone, series: &[(&str, &[Point])]) -> String {
    let (productive, rate) = match kind {
        EntityType::Worker => (figure::WORKING, figure::UNITS_PER_HOUR),
        EntityType::Workstation => (figure::OCCUPIED, figure::THROUGHPUT_PER_HOUR),
    };
    let minutes = |name: &str| words::in_minutes(name);
    let mut csv = Csv::new(&[
        entity::kind(kind),
        words::FROM,
        words::TO,
        &words::in_percent(figure::UTILIZATION),
        figure::UNITS,
        rate,
        &minutes(productive),
        &minutes(figure::IDLE),
        &minutes(figure::ABSENT),
        figure::MEAN_CONFIDENCE,
    ]);
    for (id, points) in series {
        for point in *points {
            csv = csv.row(&[
                (*id).into(),
                local_time(zone, point.span.from).as_str().into(),
                local_time(zone, point.span.to).as_str().into(),
                point.utilization.into(),
                Cell::Whole(point.units),
                point.units_per_hour.into(),
                point.productive_minutes.into(),
                point.idle_minutes.into(),
                point.absent_minutes.into(),
                point.mean_confidence.into(),
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
    fn times_are_the_factorys_and_say_how_far_from_utc_they_are() {
        let instant = Instant::parse("2026-01-05T01:00:00.250Z").unwrap();
        for (minutes, expected) in [
            (60, "2026-01-05T02:00:00.250+01:00"),
            (-210, "2026-01-04T21:30:00.250-03:30"),
            (0, "2026-01-05T01:00:00.250+00:00"),
        ] {
            assert_eq!(local_time(&Zone::fixed("somewhere", minutes), instant), expected);
        }
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
        };
        let text = timelines(EntityType::Workstation, &Zone::fixed("UTC", 0), &[("S1", &timeline)]);
        let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(
            lines,
            [
                "Workstation,From,To,State,Minutes,Confidence,Model,Source",
                "S1,2026-01-05T08:00:00.000+00:00,2026-01-05T08:30:00.000+00:00,Occupied,30,0.9,\"m,1\",",
                "S1,2026-01-05T09:00:00.000+00:00,2026-01-05T09:00:30.000+00:00,Occupied,0.5,,\"m,1\",",
            ]
        );
    }
}
