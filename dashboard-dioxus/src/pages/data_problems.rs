//! What came and was not stored: by problem, source and device, and the latest contradictions.

#[cfg(test)]
mod tests;

use crate::api::operation::{
    Conflict, Conflicts, RejectionCount, RejectionReport, Rejections, Report, conflicts, rejections,
};
use crate::api::{Answer, Panel, use_polled_query};
use crate::components::metric_table::{Column, EntityCell, MetricTable, TEXT};
use crate::components::notice::Refused;
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::live::clock::use_clock;
use crate::route::{Address, DevicesAddress, Selection};
use crate::words::data_problems as words;
use crate::words::quantity::Quantity;
use crate::words::{NO_VALUE, entity, events, time};
use dioxus::prelude::*;

/// How often ages are told anew, in ms.
const CLOCK_STEP_MS: u32 = 5_000;
/// How many contradictions are shown: the latest say whether a sender is mended, and a program reads all of them.
const SHOWN_CONFLICTS: i64 = 50;
const COLUMNS: &[Column] = &[
    Column::text(words::PROBLEM),
    Column::text(words::SOURCE),
    Column::text(words::DEVICE),
    Column::number(words::EVENTS, words::HOW_EVENTS),
    Column::number(words::LAST, words::HOW_LAST),
    Column::number(words::SINCE, words::HOW_SINCE),
    Column::text(words::EXAMPLE),
];
const CONFLICT_COLUMNS: &[Column] = &[
    Column::text(words::WHO),
    Column::text(words::START),
    Column::text(words::COUNTED),
    Column::text(words::SAID),
    Column::text(words::SOURCE),
    Column::number(words::CAME, words::HOW_CAME),
];

/// All that was not stored, or what one device sent of it; what came last first.
#[component]
pub(crate) fn DataProblems(address: ReadSignal<DevicesAddress>) -> Element {
    let context = use_page_context();
    let factory_id = move || context.factory_window().map(|choice| choice.factory_id);
    let counts =
        use_polled_query::<Rejections>(move || Some(rejections::Variables { factory_id: factory_id()? }));
    let device = address.read().id.clone();
    let latest = use_polled_query::<Conflicts>(move || {
        Some(conflicts::Variables { factory_id: factory_id()?, first: SHOWN_CONFLICTS })
    });
    rsx! {
        PageTitle { title: words::TITLE,
            if let Some(events) = counts.with(total).filter(|events| *events > 0) {
                p { class: "page-note", "data-testid": "data-problems-note", {words::note(events)} }
            }
        }
        if !device.is_empty() {
            p { class: "page-note", "data-testid": "data-problems-of",
                {words::of_device(&device)}
                " "
                Link { to: Address::DataProblems(DevicesAddress { id: String::new(), ..address() }), {words::SHOW_ALL} }
            }
        }
        Counts { counts, device: device.clone() }
        if device.is_empty() && latest.with(|conflicts| !conflicts.is_empty()) == Some(true) {
            LatestConflicts { latest }
        }
    }
}

/// How many events were not stored.
fn total(report: &RejectionReport) -> i64 {
    report.rejections.iter().map(|count| count.events).sum::<i64>() + report.other_events
}

/// What is counted, by problem, source and device.
#[component]
fn Counts(counts: Answer<RejectionReport>, device: String) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    rsx! {
        PanelFrame { title: words::LIST, outdated: counts.outdated(),
            match &*counts.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason: reason.clone(), onretry: move |()| counts.retry() }
                },
                Panel::Showing(report) if total(report) == 0 => rsx! {
                    p { "data-testid": "data-problems-none", {words::NONE} }
                },
                Panel::Showing(report) => rsx! {
                    MetricTable { label: words::LIST, columns: COLUMNS,
                        for count in of_device(report, &device) {
                            {row(count, clock(), &context.zone())}
                        }
                    }
                    if report.other_events > 0 {
                        p { class: "page-note", {words::others(report.other_events)} }
                    }
                },
            }
        }
    }
}

/// What one device sent, or all where none is named.
fn of_device<'a>(report: &'a RejectionReport, device: &'a str) -> impl Iterator<Item = &'a RejectionCount> {
    let is_of =
        move |count: &&RejectionCount| device.is_empty() || count.device_id.as_deref() == Some(device);
    report.rejections.iter().filter(is_of)
}

/// The contradictions that came last.
#[component]
fn LatestConflicts(latest: Answer<Vec<Conflict>>) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    rsx! {
        PanelFrame { title: words::CONFLICTS, outdated: latest.outdated(),
            p { class: "page-note", {words::CONFLICTS_NOTE} }
            MetricTable { label: words::CONFLICTS, columns: CONFLICT_COLUMNS,
                if let Panel::Showing(conflicts) = &*latest.read() {
                    for conflict in conflicts {
                        {conflict_row(conflict, clock(), &context.zone(), &context.selection())}
                    }
                }
            }
        }
    }
}

fn row(count: &RejectionCount, now_ms: f64, zone: &Zone) -> Element {
    let RejectionCount { code, source_id, device_id, events, first_at, last_at, example } = count;
    let key = format!("{code} {source_id:?} {device_id:?}");
    rsx! {
        tr { key: "{key}", class: "data-problem", "data-testid": "data-problem", "data-code": "{code}",
            th { class: TEXT, scope: "row", {words::problem(code)} }
            td { class: TEXT, "data-field": "source", {text(source_id.as_deref())} }
            td { class: TEXT, "data-field": "device", {text(device_id.as_deref())} }
            td { "data-field": "events", "data-value": *events, {Quantity::Count.text(Some(*events as f64))} }
            td { "data-field": "last", {age(*last_at, now_ms)} }
            td { "data-field": "since",
                time { datetime: first_at.to_rfc3339(), {zone.date_time(*first_at)} }
            }
            td { class: TEXT, "data-field": "example",
                div { class: "data-problem-example", "{example}" }
            }
        }
    }
}

fn conflict_row(conflict: &Conflict, now_ms: f64, zone: &Zone, selection: &Selection) -> Element {
    let Conflict { said, stored } = conflict;
    let event_id = said.event_id.as_deref().unwrap_or_default();
    let key = format!("{} {:?} {event_id} {}", said.entity_id, said.timestamp, what(said));
    rsx! {
        tr { key: "{key}", class: "data-problem", "data-testid": "conflict",
            EntityCell { kind: said.entity_type, id: said.entity_id.clone(), selection: selection.clone() }
            td { class: TEXT,
                time { datetime: said.timestamp.to_rfc3339(), {zone.exact(said.timestamp)} }
            }
            td { class: TEXT, "data-field": "counted", {what(stored)} }
            td { class: TEXT, "data-field": "said", {what(said)} }
            td { class: TEXT, "data-field": "source", {text(said.source_id.as_deref())} }
            td { {age(said.received_at, now_ms)} }
        }
    }
}

/// What a report says of what it identifies.
fn what(report: &Report) -> String {
    let state = entity::state(report.entity_type, report.event_type);
    let Report { duration_minutes, hold_minutes, units_produced, confidence, model_version, .. } = report;
    let length = events::length(*duration_minutes, *hold_minutes);
    words::said(state, &length, *units_produced, *confidence, model_version.as_deref())
}

fn age(at: Instant, now_ms: f64) -> Element {
    rsx! {
        time { datetime: at.to_rfc3339(), {time::age(now_ms - at.ms())} }
    }
}

fn text(id: Option<&str>) -> String {
    id.unwrap_or(NO_VALUE).to_owned()
}
