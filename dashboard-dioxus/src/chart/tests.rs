//! What charts say and draw, as text.

use crate::chart::heatmap::{BAND_ROWS, Cell, Row, hour_columns};
use crate::chart::heatmap_chart::Heatmap;
use crate::chart::series::{Mark, Measure, Series, Step};
use crate::chart::series_chart::SeriesChart;
use crate::chart::sparkline::Sparkline;
use crate::chart::state_rows::{StateRow, step_grid};
use crate::chart::state_rows_chart::StateRows;
use crate::chart::time_axis::Frame;
use crate::chart::timeline::{Segment, Track};
use crate::chart::timeline_chart::Timeline;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::Span;
use dioxus::prelude::*;
use domain::event::EventType;
use std::rc::Rc;

/// 2026-01-05T08:00Z, a Monday.
const EIGHT: f64 = 1_767_600_000_000.0;
const HOUR: f64 = 3_600_000.0;
const UNITS: Measure = Measure { name: "Units", unit: "units", decimals: 0, ceiling: None };
const SHARE: Measure = Measure { name: "Utilization", unit: "%", decimals: 1, ceiling: Some(100.0) };

fn drawn(chart: fn() -> Element) -> String {
    let mut page = VirtualDom::new(chart);
    page.rebuild_in_place();
    dioxus_ssr::render(&page)
}

fn step(hour: f64, value: Option<f64>) -> Step {
    Step { from_ms: EIGHT + hour * HOUR, to_ms: EIGHT + (hour + 1.0) * HOUR, value }
}

fn frame(hours: f64, now_hour: Option<f64>) -> Frame {
    let now_ms = now_hour.map(|hour| EIGHT + hour * HOUR);
    Frame { from_ms: EIGHT, to_ms: EIGHT + hours * HOUR, now_ms, zone: Zone::fixed("UTC", 0) }
}

#[track_caller]
fn assert_says(page: &str, expected: &[&str]) {
    for expected in expected {
        assert!(page.contains(expected), "{expected} is not in {page}");
    }
}

#[test]
fn a_sparkline_is_an_image_with_a_name_and_its_last_point_is_marked() {
    fn chart() -> Element {
        let steps: Rc<[Step]> = [step(0.0, Some(50.0)), step(1.0, Some(100.0)), step(3.0, Some(25.0))].into();
        rsx! { Sparkline { measure: SHARE, from_ms: EIGHT, to_ms: EIGHT + 4.0 * HOUR, steps } }
    }
    assert_says(
        &drawn(chart),
        &[
            "role=\"img\" aria-label=\"Utilization: trend over the window, last 25.0\u{a0}%\"",
            r#"<path class="sparkline-line" d="M12.5 20 37.5 4M75 28H100"></path>"#,
            r#"<span class="sparkline-last" style="left:87.5%;top:70%;"></span>"#,
        ],
    );
}

#[test]
fn a_sparkline_of_nothing_says_so_and_marks_nothing() {
    fn chart() -> Element {
        rsx! { Sparkline { measure: UNITS, from_ms: EIGHT, to_ms: EIGHT + HOUR, steps: Rc::<[Step]>::from([]) } }
    }
    let page = drawn(chart);
    assert_says(&page, &["Units: no data in this window"]);
    assert!(!page.contains("sparkline-last"));
}

#[test]
fn a_series_chart_reads_its_latest_step_before_anybody_chooses() {
    fn chart() -> Element {
        let units = [step(0.0, Some(12.0)), step(2.0, Some(9.0))];
        let share = [step(0.0, Some(75.0)), step(2.0, None)];
        let series: Rc<[Series]> = [
            Series { name: "Units".into(), measure: UNITS, mark: Mark::Bars, steps: units.into() },
            Series { name: "Utilization".into(), measure: SHARE, mark: Mark::Line, steps: share.into() },
        ]
        .into();
        rsx! { SeriesChart { title: "Production", frame: frame(8.0, Some(3.0)), series } }
    }
    let page = drawn(chart);
    assert_says(
        &page,
        &[
            r#"<figure class="series-chart" aria-label="Production">"#,
            r#"role="img" aria-label="Production, chart""#,
            "Mon 5 Jan 2026, 10:00 to 11:00",
            "<b>9\u{a0}units</b>",
            "<b>-</b>",
            // Three slots: a step, the gap after it, a step; the rest is yet to come.
            r#"role="slider" tabindex=0 aria-label="Production. Left and right arrows move in time." aria-valuemin=0 aria-valuemax=2 aria-valuenow=2"#,
            "aria-valuetext=\"Mon 5 Jan 2026, 10:00 to 11:00: Units 9\u{a0}units; Utilization -\"",
            r#"<div class="chart-hatch" style="width:37.5%;"></div>"#,
            r#"<path class="series-chart-observed" d="M0 0H125V250H0ZM250 0H375V250H250Z"></path>"#,
            r#"<path class="series-chart-bars" data-series=1 d="M12.5 50H112.5V250H12.5ZM262.5 100H362.5V250H262.5Z"></path>"#,
            r#"<path class="series-chart-line" data-series=2 d="M0 62.5H125"></path>"#,
            r#"aria-expanded="false""#,
        ],
    );
    assert!(!page.contains("<table"), "a table is made only when it is asked for");
    assert!(!page.contains("series-chart-cursor"), "nothing is chosen yet");
}

#[test]
fn compared_series_have_marks_of_their_own_at_their_ends() {
    fn chart() -> Element {
        let of = |name: &str, value: f64| Series {
            name: name.into(),
            measure: SHARE,
            mark: Mark::Line,
            steps: [step(0.0, Some(value)), step(1.0, Some(value))].into(),
        };
        let series: Rc<[Series]> = [of("Anna", 50.0), of("Ben", 75.0)].into();
        rsx! { SeriesChart { title: "Utilization", frame: frame(2.0, None), series } }
    }
    assert_says(
        &drawn(chart),
        &[
            r#"data-series=1 style="left:75%;top:50%;">●</span>"#,
            r#"data-series=2 style="left:75%;top:25%;">■</span>"#,
            r#"<path class="series-chart-line" data-series=2 d="M250 62.5 750 62.5"></path>"#,
            r#"data-lines="several""#,
        ],
    );
}

#[test]
fn a_series_without_the_step_that_another_has_was_not_observed_in_it() {
    fn chart() -> Element {
        let of = |name: &str, steps: &[Step]| Series {
            name: name.into(),
            measure: SHARE,
            mark: Mark::Line,
            steps: steps.into(),
        };
        let series: Rc<[Series]> =
            [of("Anna", &[step(0.0, Some(50.0))]), of("Ben", &[]), of("Cem", &[step(0.0, None)])].into();
        rsx! { SeriesChart { title: "Utilization", frame: frame(1.0, None), series } }
    }
    assert_says(&drawn(chart), &["09:00: Anna 50.0\u{a0}%; Ben No data; Cem -\""]);
}

#[test]
fn a_chart_of_nothing_says_so() {
    fn chart() -> Element {
        rsx! { SeriesChart { title: "Production", frame: frame(0.0, None), series: Rc::<[Series]>::from([]) } }
    }
    let page = drawn(chart);
    assert_says(&page, &["There is no data in this window."]);
    assert!(!page.contains("slider"));
}

fn track(name: &str) -> Track {
    let of = |from: f64, to: f64, state, confidence, model: Option<&str>| Segment {
        from_ms: EIGHT + from * HOUR,
        to_ms: EIGHT + to * HOUR,
        state,
        confidence,
        model: model.map(Rc::from),
    };
    let segments = [
        of(0.0, 1.0, EventType::Working, Some(0.9), Some("v3")),
        of(1.0, 1.5, EventType::Idle, None, None),
        of(3.0, 4.0, EventType::Absent, Some(0.75), None),
    ];
    Track {
        name: name.into(),
        from_ms: EIGHT,
        to_ms: EIGHT + 8.0 * HOUR,
        segments: segments.into(),
        marks: Rc::new([]),
    }
}

#[test]
fn a_timeline_draws_one_path_for_each_state_and_tells_confidence_and_model() {
    fn chart() -> Element {
        let tracks: Rc<[Track]> = [track("Anna")].into();
        rsx! { Timeline { title: "Monday", tracks, now_ms: EIGHT + 5.0 * HOUR, zone: Zone::fixed("UTC", 0), on_zoom: |_| {} } }
    }
    assert_says(
        &drawn(chart),
        &[
            r#"<path class="timeline-working" d="M0 0H125V100H0Z"></path>"#,
            r#"<path class="timeline-idle" d="M125 40H187.5V100H125Z"></path>"#,
            r#"<path class="timeline-absent" d="M375 70H500V100H375Z"></path>"#,
            r#"<div class="chart-hatch" style="width:62.5%;"></div>"#,
            // Five spans: three segments, the gap between them, the gap until now.
            "aria-valuemax=4 aria-valuenow=3",
            r#"aria-valuetext="Absent: Mon 5 Jan 2026, 11:00 to 12:00 (1 h), confidence 0.75""#,
            "<b>Absent</b>",
            "No data",
            "With Shift they select, Enter zooms in.",
            "<div class=\"timeline-value\" aria-hidden=\"true\" style=\"left:12.5%;width:6.25%;\"><span>30\u{a0}min</span></div>",
        ],
    );
}

#[test]
fn a_timeline_of_several_tracks_names_them_and_is_one_stop_of_the_tab_key() {
    fn chart() -> Element {
        let tracks: Rc<[Track]> = [track("Anna"), track("Ben")].into();
        rsx! { Timeline { title: "Compared", tracks, now_ms: None, zone: Zone::fixed("UTC", 0), on_zoom: |_| {} } }
    }
    let page = drawn(chart);
    assert_says(
        &page,
        &[r#"aria-label="Ben, chart""#, "Absent: Anna, Mon 5 Jan 2026", "up and down between rows"],
    );
    assert_eq!(page.matches("tabindex=0").count(), 1);
}

#[test]
fn the_states_of_many_are_a_path_for_each_state_of_a_band_below_the_names_of_areas() {
    fn chart() -> Element {
        let at = |hour: f64| Instant::from_ms(EIGHT + hour * HOUR);
        let grid = step_grid(Span { from: at(0.0), to: at(8.0) }, 3_600_000);
        let area = StateRow { id: None, name: "Paint (140)".into(), states: "".into() };
        let row = |index: usize| {
            let id: Rc<str> = format!("W{index}").into();
            StateRow { name: id.clone(), id: Some(id), states: "WWI-A".into() }
        };
        let rows: Rc<[StateRow]> = std::iter::once(area).chain((1..=140).map(row)).collect();
        let (now_ms, zone) = (EIGHT + 6.0 * HOUR, Zone::fixed("UTC", 0));
        rsx! { StateRows { title: "States", grid, rows, now_ms, zone, working: "Working", on_open: |_| {}, on_zoom: |_| {} } }
    }
    let page = drawn(chart);
    assert_says(
        &page,
        &[
            r#"<span class="state-rows-area" title="Paint (140)">Paint (140)</span>"#,
            r#"<path class="timeline-idle" d="M250 1.4H375V1.9H250Z"#,
            r#"<div class="chart-hatch" style="width:75%;"></div>"#,
            r#"aria-valuemax=140 aria-valuenow=0 aria-valuetext="W1, Mon 5 Jan 2026, 08:00 to 10:00 (2 h): Working""#,
            "Enter opens the row. With Shift they select, Enter zooms in.",
            "Drag across to zoom in.",
        ],
    );
    assert_eq!(page.matches("heatmap-band").count(), 6);
    assert_eq!(page.matches("<path").count(), 12, "three bands of four paths are in view or around it");
    assert_eq!(page.matches("tabindex=0").count(), 1);
}

#[test]
fn a_heatmap_draws_a_path_for_each_colour_of_a_band_however_many_cells_there_are() {
    fn chart() -> Element {
        let columns = hour_columns(EIGHT, EIGHT + 4.0 * HOUR, &Zone::fixed("UTC", 0));
        let cells: Rc<[Cell]> = [Cell::Percent(95.0), Cell::NotObserved, Cell::NoValue].into();
        let row = |index: usize| {
            let id: Rc<str> = format!("W{index}").into();
            Row { name: id.clone(), id, cells: cells.clone() }
        };
        let rows: Rc<[Row]> = (0..=BAND_ROWS).map(row).collect();
        rsx! { Heatmap { title: "Hours", columns, rows, now_ms: EIGHT + 3.0 * HOUR - 1.0, zone: Zone::fixed("UTC", 0), on_open: |_| {} } }
    }
    let page = drawn(chart);
    assert_says(
        &page,
        &[
            r#"<path class="heatmap-shade" data-shade=5 d="M0 0h1v1h-1z"></path>"#,
            r#"<path class="heatmap-shade" data-shade=0 d="M2 0h1v1h-1z"></path>"#,
            r#"<div class="chart-hatch" style="width:75%;"></div>"#,
            r#"aria-valuemax=203 aria-valuenow=0 aria-valuetext="W0, Mon 5 Jan 2026, 08:00 to 09:00: 95.0"#,
            "Enter opens the row.",
            r#"title="W50""#,
            "80 to 100\u{a0}%",
        ],
    );
    assert_eq!(page.matches("<path").count(), 12, "two bands of six paths");
    assert_eq!(page.matches("tabindex=0").count(), 1);
}

#[test]
fn a_heatmap_without_rows_says_so() {
    fn chart() -> Element {
        let columns = hour_columns(EIGHT, EIGHT + HOUR, &Zone::fixed("UTC", 0));
        rsx! { Heatmap { title: "Hours", columns, rows: Rc::<[Row]>::from([]), now_ms: None, zone: Zone::fixed("UTC", 0), on_open: |_| {} } }
    }
    assert_says(&drawn(chart), &["There is no data in this window."]);
}
