//! Recomputes every example of `docs/METRICS.md`, so that the page cannot drift from the code.

mod calendar;
mod decisions;
mod example;
mod factory;
mod finality;
mod judgement;
mod ledger;
mod sums;

use example::{Example, Table};

const PAGE: &str = include_str!("../../../docs/METRICS.md");

#[test]
fn every_example_of_the_page_is_what_the_code_computes() {
    let examples = Example::all_of(PAGE);
    for example in &examples {
        check(example);
    }
    let tables: usize = examples.iter().map(|example| example.tables.len()).sum();
    assert!(tables >= 56, "only {tables} tables were found: has the page's format changed?");
}

fn check(example: &Example) {
    let mut factory = factory::Factory::default();
    let mut devices = finality::Devices::default();
    for table in &example.tables {
        if table.has("start") {
            factory.receive(table);
        } else if table.has("kind") {
            factory.decide(table);
        } else if table.has("field") {
            judgement::check(table);
        } else if table.has("steps") {
            calendar::check_steps(table);
        } else if table.has("zone") {
            calendar::check_windows(table);
        } else if table.has("as of") {
            ledger::check_as_of(table, &factory);
        } else if table.has("heard") {
            devices.hear(table);
        } else if table.has("asked at") {
            finality::check(table, &factory, &devices);
        } else if table.has("restated since") {
            ledger::check_restatements(table, &factory);
        } else if table.has("timeline of") {
            sums::check_timeline(table, &factory);
        } else if table.has("listed") {
            sums::check_lists(table, &factory);
        } else if table.has("last seen") {
            sums::check_current(table, &factory);
        } else if table.has("states") {
            sums::check_states(table, &factory);
        } else if table.has("units basis") {
            sums::check_factory(table, &factory);
        } else {
            sums::check_entities(table, &factory);
        }
        table.every_column_was_looked_at();
    }
}

/// Compares a figure with a cell: `null`, a number, or the digits that a number begins with and `…`.
#[track_caller]
fn check_figure(table: &Table, row: usize, column: &str, figure: Option<f64>) {
    let Some(cell) = table.cell(row, column) else { return };
    let agrees = match (cell, figure) {
        ("null", figure) => figure.is_none(),
        (_, None) => false,
        (cell, Some(figure)) => match cell.strip_suffix('…') {
            Some(digits) => figure.to_string().starts_with(digits),
            None => cell.parse() == Ok(figure),
        },
    };
    assert!(agrees, "{column} is {figure:?} and not {cell}, line {} of the page", table.line(row));
}
