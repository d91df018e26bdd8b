//! What a paste will change, line by line.

use super::pasted::Fault;
use super::plan::{Counts, Line, Outcome, Plan, Stated};
use crate::components::metric_table::{Column, MetricTable, TEXT};
use crate::lean::memo::Memo;
use crate::words::{NO_VALUE, entity, people as words};
use dioxus::prelude::*;
use domain::limits::MAX_ENTITY_CHANGES;

/// The most lines that are shown: nobody reads more, and the numbers above say what the others come to.
const MOST_SHOWN: usize = 200;
const COLUMNS: &[Column] = &[
    Column::text(words::LINE),
    Column::text(words::ID),
    Column::text(words::KIND),
    Column::text(words::NAME),
    Column::text(words::AREA),
    Column::text(words::RESULT),
];

/// What is wrong first, then what will change; what stays as it is counts alone.
#[component]
pub(super) fn Preview(plan: Memo<Plan>) -> Element {
    let plan = plan.read();
    let Counts { changed, new, same, wrong } = plan.counts();
    let is_wrong = |line: &&Line| matches!(line.outcome, Outcome::Wrong(_));
    let will_change = |line: &&Line| matches!(line.outcome, Outcome::Changed | Outcome::New);
    let told: Vec<&Line> =
        plan.lines.iter().filter(is_wrong).chain(plan.lines.iter().filter(will_change)).collect();
    let hidden = told.len().saturating_sub(MOST_SHOWN);
    rsx! {
        div { class: "people-preview", role: "status", "data-testid": "people-summary",
            if let Some(fault) = plan.fault {
                p { class: "people-wrong", {why(fault)} }
            }
            if !plan.lines.is_empty() {
                p { {words::summary(changed, new, same, wrong)} }
            }
            if !plan.unused.is_empty() {
                p { class: "page-note", {words::unused(&plan.unused)} }
            }
            if wrong > 0 {
                p { class: "people-wrong", {words::mend(wrong)} }
            }
        }
        if !told.is_empty() {
            // What scrolls must be reachable by keys.
            div { class: "people-lines", role: "group", tabindex: 0, aria_label: words::PREVIEW,
                MetricTable { label: words::PREVIEW, columns: COLUMNS,
                    for line in told.into_iter().take(MOST_SHOWN) {
                        {row(line)}
                    }
                }
            }
        }
        if hidden > 0 {
            p { class: "page-note", {words::more_lines(hidden)} }
        }
    }
}

fn why(fault: Fault) -> String {
    match fault {
        Fault::TooLong => words::TOO_LONG.to_owned(),
        Fault::TooManyRows(rows) => words::too_many(rows, MAX_ENTITY_CHANGES),
        Fault::NoIds => words::NO_IDS.to_owned(),
    }
}

fn row(line: &Line) -> Element {
    let (outcome, told) = match &line.outcome {
        Outcome::Changed => ("changed", words::CHANGED),
        Outcome::New => ("new", words::NEW),
        Outcome::Same => ("same", words::SAME),
        Outcome::Wrong(why) => ("wrong", why.as_str()),
    };
    rsx! {
        tr { key: "{line.number}", "data-testid": "people-line", "data-outcome": outcome,
            th { class: TEXT, scope: "row", {line.number.to_string()} }
            td { class: TEXT, "{line.id}" }
            td { class: TEXT, {line.kind.map_or(NO_VALUE, entity::kind)} }
            td { class: TEXT, {stated(&line.name)} }
            td { class: TEXT, {stated(&line.area)} }
            td { class: if outcome == "wrong" { "metric-table-text people-wrong" } else { TEXT }, "{told}" }
        }
    }
}

/// What it is, or what it was and will be.
fn stated(stated: &Stated) -> Element {
    let text = |text: Option<&String>| text.cloned().unwrap_or_else(|| NO_VALUE.to_owned());
    let before = text(stated.before.as_ref());
    match stated.change() {
        None => rsx! { {before} },
        Some(after) => {
            let after = text(after.as_ref());
            rsx! {
                del { {before} }
                " → "
                ins { {after} }
            }
        }
    }
}
