//! The sources of events: which of them are silent, unsure, contradicted or late, the worst first.

mod judgement;
mod row;
#[cfg(test)]
mod tests;

use self::judgement::judged;
use self::row::Table;
use crate::api::operation::{SourceReport, Sources, sources, window_input};
use crate::api::{Panel, use_polled_query};
use crate::components::metric_table::{Column, MetricTable};
use crate::components::notice::Refused;
use crate::components::page_context::{PageContext, use_page_context};
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::live::clock::{now_ms, use_clock};
use crate::model::Span;
use crate::model::window::WindowChoice;
use crate::model::window_span::span;
use crate::pages::floor::steps::resolution;
use crate::route::DevicesAddress;
use crate::words::cameras as words;
use dioxus::prelude::*;

/// How often ages are told anew, in ms.
const CLOCK_STEP_MS: u32 = 5_000;
const COLUMNS: &[Column] = &[
    Column::text(words::SOURCE),
    Column::number(words::LAST, words::HOW_LAST),
    Column::number(words::EVENTS, words::HOW_EVENTS),
    Column::number(words::CONFIDENCE, words::HOW_CONFIDENCE),
    Column::number(words::LOW, words::HOW_LOW),
    Column::number(words::LATE, words::HOW_LATE),
    Column::number(words::SHARED, words::HOW_SHARED),
    Column::number(words::AGREEMENT, words::HOW_AGREEMENT),
    Column::text(words::VERSIONS),
];

/// All sources of the factory, the worst first; each leads to its events.
#[component]
pub(crate) fn Cameras(address: ReadSignal<DevicesAddress>) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let answer = use_polled_query::<Sources>(move || {
        let choice = context.factory_window()?;
        let window = bounded(choice.window);
        let length = span(window, &context.zone(), Instant::from_ms(now_ms()))?;
        Some(sources::Variables {
            factory_id: choice.factory_id,
            window: window_input(window)?,
            resolution: resolution(length),
        })
    });
    let panel = answer.read();
    rsx! {
        PageTitle { title: words::TITLE,
            if let Panel::Showing(report) = &*panel {
                p { class: "page-note", "data-testid": "cameras-note", {note(report, clock())} }
            }
        }
        PanelFrame { title: words::LIST, outdated: answer.outdated(),
            match &*panel {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason: reason.clone(), onretry: move |()| answer.retry() }
                },
                Panel::Showing(report) if report.sources.is_empty() => rsx! {
                    p { "data-testid": "cameras-none", {words::NONE} }
                },
                Panel::Showing(report) => shown(report, clock(), address.read().selection.window, &context),
            }
        }
    }
}

/// A window with two ends: the last 30 days stand for all time.
fn bounded(window: WindowChoice) -> WindowChoice {
    if window == WindowChoice::AllTime { WindowChoice::Last30Days } else { window }
}

fn note(report: &SourceReport, now_ms: f64) -> String {
    let (judged, _) = judged(&report.sources, now_ms);
    let needy = judged.iter().filter(|judged| !judged.warnings.is_empty()).count();
    match (needy, judged.len()) {
        (_, 0) => String::new(),
        (0, _) => words::ALL_FINE.to_owned(),
        (needy, all) => words::need(needy, all),
    }
}

fn shown(report: &SourceReport, now_ms: f64, window: WindowChoice, context: &PageContext) -> Element {
    let zone = context.zone();
    let (judged, gone) = judged(&report.sources, now_ms);
    let notes = notes(report, window, &zone);
    let examined = Span { from: report.examined.from, to: report.examined.to };
    let drawn_to_ms = drawn_to_ms(report, now_ms);
    let table = Table { now_ms, zone, selection: context.selection(), examined, drawn_to_ms };
    rsx! {
        for note in notes {
            p { key: "{note}", class: "page-note", "data-testid": "cameras-hint", {note.clone()} }
        }
        MetricTable { label: words::LIST, columns: COLUMNS,
            for judged in &judged {
                {table.row(judged)}
            }
        }
        if !gone.is_empty() {
            details { class: "camera-gone", "data-testid": "cameras-gone",
                summary { {words::long_silent(gone.len())} }
                ul {
                    for source in gone {
                        li { key: "{source.source_id}", "{source.source_id}" }
                    }
                }
            }
        }
    }
}

/// Where the courses of all sources end: with the step that still runs, or before it where none has anything in it.
fn drawn_to_ms(report: &SourceReport, now_ms: f64) -> f64 {
    let points = report.sources.iter().flat_map(|source| &source.points);
    let last_ms = points.map(|point| point.to.ms()).fold(now_ms, f64::max);
    last_ms.min(report.examined.to.ms())
}

/// What is not in the table.
fn notes(report: &SourceReport, window: WindowChoice, zone: &Zone) -> Vec<String> {
    let is_cut = report.examined.from > report.window.from;
    let notes = [
        (window == WindowChoice::AllTime).then(|| words::LAST_30_DAYS.to_owned()),
        is_cut.then(|| words::examined(&zone.date_time(report.examined.from))),
        (report.unnamed_events > 0).then(|| words::unnamed(report.unnamed_events)),
    ];
    notes.into_iter().flatten().collect()
}
