//! Which figures moved.

use crate::components::metric_cell::raw;
use crate::model::{RestatedFigures, Restatements};
use crate::words::quantity::Quantity;
use crate::words::{figure, moved as words};
use dioxus::prelude::*;
use domain::event::EntityType;

/// A figure as the page shows it.
struct Kind {
    slug: &'static str,
    label: &'static str,
    quantity: Quantity,
    value: fn(&RestatedFigures) -> Option<f64>,
}

/// A figure that moved, in words.
#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    slug: &'static str,
    pub(super) label: &'static str,
    pub(super) before: String,
    pub(super) now: String,
    /// As it was sent.
    value: Option<f64>,
}

/// The figures that stand on the page of a worker or workstation, or of the factory, the most telling first.
fn kinds(side: Option<EntityType>) -> Vec<Kind> {
    let kind = |slug, label, quantity, value| Kind { slug, label, quantity, value };
    let Some(side) = side else {
        return vec![
            kind("average-utilization", figure::AVERAGE_UTILIZATION, Quantity::Percent, |of| {
                of.average_utilization
            }),
            kind("productive-minutes", figure::PRODUCTIVE_TIME, Quantity::Duration, |of| {
                Some(of.working_minutes)
            }),
            kind("units", figure::UNITS_PRODUCED, Quantity::Count, |of| Some(of.units as f64)),
            kind("rate", figure::AVERAGE_PRODUCTION_RATE, Quantity::PerHour, |of| of.units_per_hour),
        ];
    };
    let working = match side {
        EntityType::Worker => figure::WORKING,
        EntityType::Workstation => figure::IN_USE,
    };
    vec![
        kind("utilization", figure::UTILIZATION, Quantity::Percent, |of| of.utilization),
        kind("productive-minutes", working, Quantity::Duration, |of| Some(of.working_minutes)),
        kind("idle-minutes", figure::IDLE, Quantity::Duration, |of| Some(of.idle_minutes)),
        kind("absent-minutes", figure::ABSENT, Quantity::Duration, |of| Some(of.absent_minutes)),
        kind("units", figure::UNITS, Quantity::Count, |of| Some(of.units as f64)),
        kind("rate", figure::UNITS_PER_HOUR, Quantity::PerHour, |of| of.units_per_hour),
    ]
}

/// The figures that read otherwise than before.
pub(super) fn moved(side: Option<EntityType>, before: &RestatedFigures, now: &RestatedFigures) -> Vec<Shown> {
    let text = |kind: &Kind, figures| match (kind.value)(figures) {
        None => words::NO_VALUE.to_owned(),
        value => kind.quantity.text(value),
    };
    let shown = kinds(side).into_iter().map(|kind| Shown {
        slug: kind.slug,
        label: kind.label,
        before: text(&kind, before),
        now: text(&kind, now),
        value: (kind.value)(now),
    });
    shown.filter(|shown| shown.before != shown.now).collect()
}

/// The figures that moved, then and now.
pub(super) fn table(side: Option<EntityType>, report: &Restatements) -> Element {
    rsx! {
        table { class: "decision-figures", aria_label: words::FIGURES,
            thead {
                tr {
                    for name in [words::FIGURE, words::THEN, words::NOW] {
                        th { key: "{name}", scope: "col", {name} }
                    }
                }
            }
            tbody {
                for Shown { slug , label , before , now , value } in moved(side, &report.before, &report.now) {
                    tr { key: "{slug}",
                        th { scope: "row", {label} }
                        td { {before} }
                        td { "data-testid": "moved-{slug}", "data-value": raw(value), {now} }
                    }
                }
            }
        }
    }
}
