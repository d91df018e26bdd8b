use super::subject::use_subject;
use crate::api::Panel;
use crate::components::changing::Changing;
use crate::components::explained::Explained;
use crate::components::export_button::ExportButton;
use crate::components::metric_cell::raw;
use crate::components::notice::Refused;
use crate::components::page_context::{PageContext, use_page_context};
use crate::components::panel_frame::PanelFrame;
use crate::components::rename::{Editable, Rename};
use crate::components::skeleton::Skeleton;
use crate::components::state_mark::StateMark;
use crate::lean::csv::{Cell, Csv};
use crate::lean::shared::Shared;
use crate::live::clock::use_clock;
use crate::live::table::Table;
use crate::model::{EntityMetrics, Presence, Slug};
use crate::pages::over_time::export::percent;
use crate::route::Address;
use crate::words::quantity::Quantity;
use crate::words::{compare as words, entity, figure};
use dioxus::prelude::*;
use domain::event::EntityType;

/// How often it is looked whether something seen has become old, in ms.
const CLOCK_STEP_MS: u32 = 10_000;

/// What is in the file alone: it says something of cameras and nothing of those who are compared.
const DOUBLE_COVERAGE: &str = "overlap";

/// A figure that is compared.
struct Line {
    field: &'static str,
    name: &'static str,
    how: &'static str,
    quantity: Quantity,
    of: fn(&EntityMetrics) -> Option<f64>,
    /// Whether more of it is better; of the others nobody can say.
    has_best: bool,
}

/// The figures of a kind, in the order in which they are read.
fn lines(kind: EntityType) -> [Line; 8] {
    let (time, how_time, rate, how_rate) = match kind {
        EntityType::Worker => {
            (figure::WORKING, figure::HOW_WORKING, figure::UNITS_PER_HOUR, figure::HOW_UNITS_PER_HOUR)
        }
        EntityType::Workstation => {
            (figure::IN_USE, figure::HOW_IN_USE, figure::UNITS_PER_HOUR, figure::HOW_THROUGHPUT_PER_HOUR)
        }
    };
    let better = |field, name, how, quantity, of| Line { field, name, how, quantity, of, has_best: true };
    let plain = |field, name, how, quantity, of| Line { field, name, how, quantity, of, has_best: false };
    let minutes = Quantity::Duration;
    [
        better("utilization", figure::UTILIZATION, figure::HOW_UTILIZATION, Quantity::Percent, |row| {
            row.utilization
        }),
        better("productive", time, how_time, minutes, |row| Some(row.productive_minutes)),
        plain("idle", figure::IDLE, figure::HOW_IDLE, minutes, |row| Some(row.idle_minutes)),
        plain("absent", figure::ABSENT, figure::HOW_ABSENT, minutes, |row| Some(row.absent_minutes)),
        better("units", figure::UNITS, figure::HOW_UNITS, Quantity::Count, |row| Some(row.units as f64)),
        better("rate", rate, how_rate, Quantity::PerHour, |row| row.units_per_hour),
        plain(DOUBLE_COVERAGE, figure::DOUBLE_COVERAGE, figure::HOW_DOUBLE_COVERAGE, minutes, |row| {
            Some(row.overlap_minutes)
        }),
        plain(
            "confidence",
            figure::MEAN_CONFIDENCE,
            figure::HOW_MEAN_CONFIDENCE,
            Quantity::Confidence,
            |row| row.mean_confidence,
        ),
    ]
}

/// The figures side by side: one column for each.
#[component]
pub(super) fn Figures(window: String) -> Element {
    let subject = use_subject();
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let panel = subject.entities.read();
    let kind = subject.kind.cloned();
    let table = use_callback(move |()| {
        let titles = subject.titles.peek();
        let rows: Vec<_> = titles
            .iter()
            .map(|(id, title)| (&**title, id.as_str(), row(&subject.entities.peek(), id)))
            .collect();
        csv(*subject.kind.peek(), &rows)
    });
    let name = [
        context.selection().factory,
        kind.slug().to_owned(),
        "compared".to_owned(),
        subject.address.read().selection.window.to_string(),
    ];
    let tools = rsx! {
        ExportButton { name: name.to_vec(), table }
    };
    let columns: Vec<Column> = subject
        .titles
        .read()
        .iter()
        .map(|(id, title)| (id.clone(), title.clone(), row(&panel, id)))
        .collect();
    rsx! {
        PanelFrame { title: words::METRICS, revision: panel.shown().map(Table::revision), tools,
            match &*panel {
                Panel::Waiting => rsx! { Skeleton { lines: 8 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason, onretry: move |()| subject.entities.retry() }
                },
                Panel::Showing(_) => side_by_side(kind, &columns, &window, clock(), &context),
            }
        }
    }
}

/// A row for each figure, a column for each entity.
fn side_by_side(
    kind: EntityType,
    columns: &[Column],
    window: &str,
    now_ms: f64,
    context: &PageContext,
) -> Element {
    let selection = context.selection();
    let now = |metrics: &Shared<EntityMetrics>| {
        Presence::of(metrics.current.as_ref(), now_ms, context.unseen_after_ms())
    };
    rsx! {
        div { class: "compare-scroll", role: "group", tabindex: 0, aria_label: words::METRICS,
            table { class: "metric-table compare-figures", "data-testid": "compare-figures", aria_label: words::METRICS,
                thead {
                    tr {
                        th { scope: "col", {words::METRIC} }
                        for (id , title , _) in columns {
                            th { key: "{id}", scope: "col", "data-id": "{id}",
                                Rename {
                                    kind,
                                    id: id.clone(),
                                    what: Editable::Name,
                                    value: (**title != **id).then(|| title.to_string()),
                                    Link { class: "entity-link", to: Address::entity(kind, id, selection.clone()), "{title}" }
                                    if **title != **id {
                                        span { class: "entity-id", " {id}" }
                                    }
                                }
                            }
                        }
                    }
                }
                tbody {
                    tr {
                        th { scope: "row",
                            Explained { how: words::HOW_NOW, {entity::NOW} }
                        }
                        for (id , _ , row) in columns {
                            td { key: "{id}",
                                if let Some(presence) = row.as_ref().map(now) {
                                    StateMark { kind, presence }
                                } else {
                                    span { class: "page-note", {words::NOT_SEEN} }
                                }
                            }
                        }
                    }
                    for line in lines(kind).into_iter().filter(|line| line.field != DOUBLE_COVERAGE) {
                        tr { key: "{line.field}", "data-testid": "compare-{line.field}",
                            th { scope: "row",
                                Explained { how: figure::how(line.how, window), {line.name} }
                            }
                            for (id , value , is_best) in values(&line, columns) {
                                td {
                                    key: "{id}",
                                    class: if is_best { "compare-best" },
                                    "data-id": "{id}",
                                    "data-value": raw(value),
                                    if is_best {
                                        span { class: "compare-best-word", "{words::BEST} " }
                                    }
                                    Changing { text: line.quantity.text(value) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn row(panel: &Panel<Table<EntityMetrics>>, id: &str) -> Option<Shared<EntityMetrics>> {
    panel.shown().and_then(|table| table.row(id)).cloned()
}

type Column = (String, std::rc::Rc<str>, Option<Shared<EntityMetrics>>);

/// The values of a line by id, and which is the best.
fn values(line: &Line, columns: &[Column]) -> Vec<(String, Option<f64>, bool)> {
    let values: Vec<Option<f64>> =
        columns.iter().map(|(_, _, row)| row.as_ref().and_then(|row| (line.of)(row))).collect();
    let texts: Vec<String> = values.iter().map(|value| line.quantity.text(*value)).collect();
    let best = best(&values, &texts).filter(|_| line.has_best);
    let cell = |(index, (id, _, _)): (usize, &Column)| (id.clone(), values[index], best == Some(index));
    columns.iter().enumerate().map(cell).collect()
}

/// Which value is highest; none where that cannot be seen, because another reads the same.
fn best(values: &[Option<f64>], texts: &[String]) -> Option<usize> {
    let known = values.iter().enumerate().filter_map(|(index, value)| Some((index, (*value)?)));
    let (highest, _) = known.max_by(|one, other| one.1.total_cmp(&other.1))?;
    let alike = texts.iter().filter(|text| **text == texts[highest]).count();
    (alike == 1 && values.iter().flatten().count() > 1).then_some(highest)
}

/// The same as a file, one line for each entity.
fn csv(kind: EntityType, rows: &[(&str, &str, Option<Shared<EntityMetrics>>)]) -> String {
    let lines = lines(kind);
    let names: Vec<String> = lines.iter().map(|line| in_unit(line.name, line.quantity)).collect();
    let header: Vec<&str> = [entity::kind(kind), crate::words::rename::NAME]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let mut csv = Csv::new(&header);
    for (title, id, row) in rows {
        let figures = lines.iter().map(|line| {
            let value = row.as_ref().and_then(|row| (line.of)(row));
            Cell::Number(if line.quantity == Quantity::Confidence { percent(value) } else { value })
        });
        let cells: Vec<Cell<'_>> = [Cell::Text(id), Cell::Text(title)].into_iter().chain(figures).collect();
        csv = csv.row(&cells);
    }
    csv.text()
}

fn in_unit(name: &str, quantity: Quantity) -> String {
    match quantity {
        Quantity::Duration => crate::words::over_time::in_minutes(name),
        Quantity::Percent | Quantity::Confidence => crate::words::over_time::in_percent(name),
        Quantity::Count | Quantity::PerHour => name.to_owned(),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn best_of(values: &[Option<f64>]) -> Option<usize> {
        let texts: Vec<_> = values.iter().map(|value| Quantity::Percent.text(*value)).collect();
        best(values, &texts)
    }

    #[test]
    fn the_best_is_the_highest_that_reads_higher_than_all_others() {
        assert_eq!(best_of(&[Some(10.0), None, Some(80.0)]), Some(2));
        assert_eq!(best_of(&[Some(80.01), Some(80.02)]), None);
        assert_eq!(best_of(&[Some(80.0), None]), None);
        assert_eq!(best_of(&[None, None]), None);
    }
}
