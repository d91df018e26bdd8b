use super::change::{Change, before_in_words, change};
use super::steps::{self, PRODUCTIVE, RATE, UNITS, UTILIZATION};
use crate::api::operation::{FactoryMetricsOnce, factory_metrics_once, range_input};
use crate::api::{Answer, Panel, use_query, use_query_at};
use crate::chart::series::{Measure, Step};
use crate::chart::sparkline::Sparkline;
use crate::components::explained::Explained;
use crate::components::figure::Figure;
use crate::components::finality::FinalityMark;
use crate::components::metric_cell::raw;
use crate::components::notice::Refused;
use crate::components::page_context::use_page_context;
use crate::components::skeleton::Skeleton;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};

use crate::model::window::{Comparison, WindowChoice};
use crate::model::{FactorySummary, Point, Series, Span};
use crate::words::quantity::Quantity;
use crate::words::{figure, floor as words};
use dioxus::prelude::*;
use domain::bucket::BUCKET_MS;
use domain::metric::UnitsBasis;
use std::rc::Rc;

/// One of the four figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Time,
    Units,
    Utilization,
    Rate,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Time, Self::Units, Self::Utilization, Self::Rate];

    fn testid(self) -> &'static str {
        match self {
            Self::Time => "productive-minutes",
            Self::Units => "units-produced",
            Self::Utilization => "average-utilization",
            Self::Rate => "average-production-rate",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Time => figure::PRODUCTIVE_TIME,
            Self::Units => figure::UNITS_PRODUCED,
            Self::Utilization => figure::AVERAGE_UTILIZATION,
            Self::Rate => figure::AVERAGE_PRODUCTION_RATE,
        }
    }

    fn how(self, basis: UnitsBasis) -> &'static str {
        match self {
            Self::Time => figure::HOW_PRODUCTIVE_TIME,
            Self::Units => figure::how_units_produced(basis),
            Self::Utilization => figure::HOW_AVERAGE_UTILIZATION,
            Self::Rate => figure::HOW_AVERAGE_PRODUCTION_RATE,
        }
    }

    fn quantity(self) -> Quantity {
        match self {
            Self::Time => Quantity::Duration,
            Self::Units => Quantity::Count,
            Self::Utilization => Quantity::Percent,
            Self::Rate => Quantity::PerHour,
        }
    }

    fn measure(self) -> Measure {
        match self {
            Self::Time => PRODUCTIVE,
            Self::Units => UNITS,
            Self::Utilization => UTILIZATION,
            Self::Rate => RATE,
        }
    }

    fn adds_up(self) -> bool {
        matches!(self, Self::Time | Self::Units)
    }

    fn value(self, summary: &FactorySummary) -> Option<f64> {
        match self {
            Self::Time => summary.productive_minutes,
            Self::Units => summary.units.map(|units| units as f64),
            Self::Utilization => summary.average_utilization,
            Self::Rate => summary.average_production_rate,
        }
    }

    fn step(self, point: &Point) -> Option<f64> {
        match self {
            Self::Time => Some(point.productive_minutes),
            Self::Units => Some(point.units as f64),
            Self::Utilization => point.utilization,
            Self::Rate => point.units_per_hour,
        }
    }
}

/// The four figures of the factory, each with its course and its change against the window before. `window` says which
/// window they are about.
#[component]
pub(super) fn Figures(
    summary: Answer<FactorySummary>,
    series: Answer<Series>,
    area: Memo<Option<String>>,
    clock: ReadSignal<f64>,
    /// When what a running window compares may be asked for again.
    minute: Memo<i64>,
    now_ms: Memo<f64>,
    window: String,
) -> Element {
    let context = use_page_context();
    let used = use_memo(move || summary.with(|summary| summary.window).flatten());
    // The spans stay the same until the clock has passed another step of the server's grid.
    let comparison = use_memo(move || WindowChoice::comparison(used(), clock()));
    let variables = move |span: Span| {
        Some(factory_metrics_once::Variables {
            factory_id: context.factory_window()?.factory_id,
            window: Some(range_input(span)),
            area: area(),
        })
    };
    let before = use_query::<FactoryMetricsOnce>(move || variables(comparison()?.before));
    // Asked only while the window runs: of one that is over, the figures are those in view.
    let elapsed = use_query_at::<FactoryMetricsOnce>(
        move || Some(minute()),
        move || variables(comparison()?.elapsed).filter(|_| is_running(comparison(), used())),
    );
    let sparklines = use_memo(move || series.with(|series| sparklines(series, now_ms())));
    let compared = move |shown: &FactorySummary| {
        if is_running(comparison(), used()) { elapsed.with(Clone::clone) } else { Some(shown.clone()) }
    };
    let panel = summary.read();
    let revision = panel.shown().map(|summary| summary.revision.to_string());
    rsx! {
        section { class: "floor-figures", aria_label: words::METRICS, "data-revision": revision,
            match &*panel {
                Panel::Waiting => rsx! { Skeleton { lines: 4 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| summary.retry() } },
                Panel::Showing(shown) => rsx! {
                    dl { class: "floor-figures-list",
                        for (index , kind) in Kind::ALL.into_iter().enumerate() {
                            Figure {
                                key: "{kind.testid()}",
                                testid: kind.testid(),
                                label: kind.label(),
                                how: figure::how(kind.how(shown.units_basis), &window),
                                quantity: kind.quantity(),
                                value: kind.value(shown),
                                ChangeLine {
                                    kind,
                                    now: compared(shown),
                                    before: before.with(Clone::clone),
                                    window: used(),
                                    comparison: comparison(),
                                }
                                if let Some((span, steps)) = sparklines().map(|(span, steps)| (span, steps[index].clone())) {
                                    Sparkline { measure: kind.measure(), from_ms: span.from.ms(), to_ms: span.to.ms(), steps }
                                }
                            }
                        }
                    }
                },
            }
            FinalityMark { finality: panel.shown().map(|summary| summary.finality.clone()) }
        }
    }
}

/// The part of a series' window that has elapsed, and its steps for each figure. Of what adds up, a step that is cut or
/// still runs is left out: it would look like a fall. `now_ms` is the end of the server's step that holds now.
fn sparklines(series: &Series, now_ms: f64) -> (Span, [Rc<[Step]>; 4]) {
    let last = series.points.last().map_or(series.window.from, |point| point.span.to);
    let elapsed_to = series.window.to.min(last.max(Instant::from_ms(now_ms)));
    let steps = |kind: Kind| {
        let all = steps::steps(series, |point| kind.step(point));
        let over_ms = now_ms - BUCKET_MS as f64;
        if kind.adds_up() { steps::whole(&all, over_ms).unwrap_or(all) } else { all }
    };
    (Span { to: elapsed_to, ..series.window }, Kind::ALL.map(steps))
}

/// Whether a part of the window is still to come, so that only what has elapsed can be compared.
fn is_running(comparison: Option<Comparison>, window: Option<Span>) -> bool {
    comparison.zip(window).is_some_and(|(comparison, window)| comparison.elapsed != window)
}

/// The change of a figure against the window before; the place is kept while it is not known.
#[component]
fn ChangeLine(
    kind: Kind,
    /// What is compared with what, as far as it is known.
    now: Option<FactorySummary>,
    before: Option<FactorySummary>,
    window: Option<Span>,
    comparison: Option<Comparison>,
) -> Element {
    let context = use_page_context();
    let Some((comparison, window)) = comparison.zip(window) else {
        return rsx! {
            p { class: "floor-change", {words::NO_COMPARISON} }
        };
    };
    let Some(((now, before), choice)) = now.zip(before).zip(context.factory_window()) else {
        return rsx! {
            p { class: "floor-change" }
        };
    };
    let (value, known) = (kind.value(&now), kind.value(&before));
    let zone = context.zone();
    let when = before_in_words(choice.window, window, comparison.before, &zone);
    let span = |span: Span| zone.span(span.from, span.to);
    rsx! {
        p { class: "floor-change", "data-testid": "change-{kind.testid()}", "data-before": raw(known),
            if let Some(Change { text, than }) = change(kind.quantity(), value, known, &when).filter(|_| has_data(&before)) {
                Explained { how: words::how_changed(&kind.quantity().text(known), &span(comparison.before), &kind.quantity().text(value), &span(comparison.elapsed)),
                    b { class: "floor-change-text", {text} }
                }
                " {than}"
            } else {
                {words::NO_COMPARISON}
            }
        }
    }
}

/// Whether anything was observed of a window: a factory that was closed made nothing, but that is no number to compare with.
fn has_data(summary: &FactorySummary) -> bool {
    summary.productive_minutes.is_some_and(|minutes| minutes > 0.0)
        || summary.units.is_some_and(|units| units > 0)
        || summary.average_utilization.is_some()
}
