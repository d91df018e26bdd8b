//! Checks sums, metrics, timelines and lists.

use domain::bucket::bucket_of;
use domain::event::EntityType;
use domain::id_order;
use domain::metric::{self, FactoryTotals, UnitsBasis};
use domain::state_steps::{StepGrid, StepTimes};
use domain::time::DurationMs;
use domain::timeline::BucketTotals;
use domain::totals::Totals;

use crate::calendar::{time_ms, window_of_day};
use crate::check_figure;
use crate::example::Table;
use crate::factory::{Factory, entity_type, event_type};

/// The figures of single workers and workstations.
pub(crate) fn check_entities(table: &Table, factory: &Factory) {
    for row in table.rows() {
        let all = factory.totals(prefix(table, row, factory));
        let totals = all
            .get(table.text(row, "entity"))
            .map(|buckets| in_window(table, row, buckets))
            .unwrap_or_default();
        check_minutes(table, row, &totals);
        check_figure(table, row, "observed", Some(metric::minutes(totals.observed_ms())));
        check_figure(table, row, "contested", Some(metric::minutes(totals.contested_ms)));
        check_figure(table, row, "corrected", Some(metric::minutes(totals.corrected_ms)));
        check_figure(table, row, "overlap", Some(metric::minutes(totals.overlap_ms)));
        check_figure(table, row, "units", Some(totals.units as f64));
        check_figure(table, row, "utilization", metric::utilization(&totals));
        check_figure(table, row, "units per hour", metric::units_per_hour(&totals));
        check_figure(table, row, "mean confidence", metric::mean_confidence(&totals));
    }
}

/// The figures of the whole factory.
pub(crate) fn check_factory(table: &Table, factory: &Factory) {
    for row in table.rows() {
        let of =
            |side| listed(table, row, factory).into_iter().filter(move |(code, _)| entity_type(code) == side);
        let basis = match table.text(row, "units basis") {
            "WORKERS" => UnitsBasis::Workers,
            "WORKSTATIONS" => UnitsBasis::Workstations,
            other => panic!("{other} is no units basis"),
        };
        let sides = [EntityType::Worker, EntityType::Workstation];
        let [workers, workstations] = sides.map(|side| of(side).map(|(_, totals)| totals));
        let figures = FactoryTotals::new(workers, workstations);
        check_minutes(table, row, &figures.workers);
        check_figure(table, row, "productive", Some(metric::minutes(figures.productive_ms())));
        check_figure(table, row, "units", Some(figures.units(basis) as f64));
        check_figure(table, row, "average utilization", figures.average_utilization());
        check_figure(table, row, "utilization", figures.utilization());
        check_figure(table, row, "average production rate", figures.average_production_rate(basis));
        check_figure(table, row, "active workers", Some(figures.active_workers as f64));
        check_figure(table, row, "active workstations", Some(figures.active_workstations as f64));
    }
}

/// Who is listed, and in which order.
pub(crate) fn check_lists(table: &Table, factory: &Factory) {
    for row in table.rows() {
        let codes: Vec<_> = listed(table, row, factory).into_iter().map(|(code, _)| code).collect();
        let said = table.cell(row, "listed").unwrap_or_default();
        assert_eq!(codes.join(", "), said, "line {} of the page", table.line(row));
    }
}

/// The timelines, which must hold these stretches and no others.
pub(crate) fn check_timeline(table: &Table, factory: &Factory) {
    let mut found = Vec::new();
    for (code, entity) in factory.entities(factory.last_decision()) {
        for segment in entity.segments() {
            let confidence = segment.confidence.map(|parts| f64::from(parts) / 10_000.0);
            let model = segment.model_version.map(|id| factory.name(id.0));
            let span = (segment.from_ms, segment.to_ms);
            found.push((code.clone(), span, segment.event_type, confidence, model, segment.decision));
        }
    }
    let said = table.rows().map(|row| {
        let text = |column| table.text(row, column);
        (
            text("timeline of").to_owned(),
            (time_ms(text("from")), time_ms(text("to"))),
            event_type(text("event type")),
            table.cell(row, "confidence").map(|confidence| confidence.parse().expect("a number")),
            table.cell(row, "model"),
            table.cell(row, "decision").map(|decision| decision.parse().expect("a number")),
        )
    });
    assert_eq!(found, said.collect::<Vec<_>>(), "the timeline at line {} of the page", table.line(0));
}

/// When each was last seen and what it does.
pub(crate) fn check_current(table: &Table, factory: &Factory) {
    for row in table.rows() {
        let entities = factory.entities(prefix(table, row, factory));
        let entity = &entities[table.text(row, "entity")];
        let time = |column| Some(table.text(row, column)).filter(|cell| *cell != "null").map(time_ms);
        let said = Some(table.text(row, "current"))
            .filter(|cell| *cell != "null")
            .map(|name| (event_type(name), time("since").expect("a start"), time("until")));
        let line = table.line(row);
        assert_eq!(entity.last_seen_at_ms(), time("last seen"), "last seen at line {line} of the page");
        assert_eq!(entity.current(), said, "current at line {line} of the page");
        if said.is_none() {
            assert_eq!((time("since"), time("until")), (None, None), "line {line} of the page");
        }
    }
}

/// The states of a window's steps.
pub(crate) fn check_states(table: &Table, factory: &Factory) {
    let entities = factory.entities(factory.last_decision());
    for row in table.rows() {
        let window = window_of_day(table.text(row, "window")).expect("a window with two ends");
        let seconds: i64 = table.text(row, "step seconds").parse().expect("a number");
        let mut times = StepTimes::new(StepGrid::new(window, DurationMs(seconds * 1_000)));
        for segment in entities[table.text(row, "entity")].segments() {
            times.add_segment(segment.from_ms, segment.to_ms, segment.event_type);
        }
        assert_eq!(times.letters(), table.text(row, "states"), "line {} of the page", table.line(row));
    }
}

/// The minutes of each state.
pub(crate) fn check_minutes(table: &Table, row: usize, totals: &Totals) {
    check_figure(table, row, "working", Some(metric::minutes(totals.working_ms)));
    check_figure(table, row, "idle", Some(metric::minutes(totals.idle_ms)));
    check_figure(table, row, "absent", Some(metric::minutes(totals.absent_ms)));
}

fn listed(table: &Table, row: usize, factory: &Factory) -> Vec<(String, Totals)> {
    let totals = factory.totals(prefix(table, row, factory)).into_iter();
    let mut listed: Vec<_> = totals
        .map(|(code, buckets)| (code, in_window(table, row, &buckets)))
        .filter(|(_, totals)| totals.is_listed())
        .collect();
    listed.sort_by(|(a, _), (b, _)| id_order::compare(a, b));
    listed
}

/// How many decisions a row knows of; all unless it says a number.
fn prefix(table: &Table, row: usize, factory: &Factory) -> i32 {
    let said = table.cell(row, "after decision").map(|number| number.parse().expect("a number"));
    said.unwrap_or_else(|| factory.last_decision())
}

/// The sums of a row's window.
pub(crate) fn in_window(table: &Table, row: usize, buckets: &BucketTotals) -> Totals {
    match window_of_day(table.text(row, "window")) {
        None => buckets.values().copied().sum(),
        Some(window) => {
            let range = bucket_of(window.from_ms)..bucket_of(window.to_ms);
            buckets.range(range).map(|(_, totals)| *totals).sum()
        }
    }
}
