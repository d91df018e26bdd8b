//! The devices that send events: which of them are healthy, and what is missing of which.

#[cfg(test)]
mod tests;

use crate::api::operation::{Closed, Device, Devices as DevicesQuery, Numbers, devices};
use crate::api::{Panel, use_client, use_polled_query};
use crate::components::command::Command;
use crate::components::first_steps::agent_command;
use crate::components::metric_table::{Column, MetricTable, TEXT};
use crate::components::notice::Refused;
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::live::clock::use_clock;
use crate::model::Slug;
use crate::route::{Address, DevicesAddress, go_to};
use crate::words::NO_VALUE;
use crate::words::devices as words;
use crate::words::quantity::Quantity;
use crate::words::time;
use dioxus::prelude::*;
use domain::device::DeviceState;

/// How often ages are told anew, in ms.
const CLOCK_STEP_MS: u32 = 5_000;
/// Below this a clock is called right, in ms: less than the way of a batch may take.
const RIGHT_BELOW_MS: i64 = 1_000;
const COLUMNS: &[Column] = &[
    Column::text(words::DEVICE),
    Column::text(words::STATE),
    Column::number(words::HEARD, words::HOW_HEARD),
    Column::number(words::RECEIVED, words::HOW_RECEIVED),
    Column::number(words::MISSING, words::HOW_MISSING),
    Column::number(words::WAITING, words::HOW_WAITING),
    Column::number(words::CLOCK, words::HOW_CLOCK),
    Column::number(words::LOST, words::HOW_LOST),
    Column::number(words::DEAD, words::HOW_DEAD),
];

/// All devices of the factory, the worst first; a press on one shows what is missing of it.
#[component]
pub(crate) fn Devices(address: ReadSignal<DevicesAddress>) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let answer = use_polled_query::<DevicesQuery>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(devices::Variables { factory_id })
    });
    let panel = answer.read();
    rsx! {
        PageTitle { title: words::TITLE,
            if let Panel::Showing(devices) = &*panel {
                p { class: "page-note", "data-testid": "devices-note", {note(devices)} }
            }
        }
        PanelFrame { title: words::LIST, outdated: answer.outdated(),
            match &*panel {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason: reason.clone(), onretry: move |()| answer.retry() }
                },
                Panel::Showing(devices) if devices.is_empty() => rsx! { NoDevice {} },
                Panel::Showing(devices) => rsx! {
                    MetricTable { label: words::LIST, columns: COLUMNS,
                        for device in devices {
                            {row(device, clock(), &context.zone(), &address.read())}
                        }
                    }
                },
            }
        }
    }
}

/// How an agent is started that shows up here.
#[component]
fn NoDevice() -> Element {
    let url = use_client().api_url;
    let factory_id = use_page_context().factory_window().map(|choice| choice.factory_id).unwrap_or_default();
    rsx! {
        div { class: "devices-none", "data-testid": "devices-none",
            h3 { {words::NONE} }
            p { {words::START} }
            Command { testid: "run-edge", text: agent_command(&url().unwrap_or_default(), &factory_id) }
        }
    }
}

/// Whether somebody should see to a device, though all that it saw may have arrived.
fn needs_a_look(device: &Device) -> bool {
    device.state != DeviceState::Healthy || !device.warnings.is_empty() || device.dead_lettered_events > 0
}

fn note(devices: &[Device]) -> String {
    let needy = devices.iter().filter(|device| needs_a_look(device)).count();
    match (needy, devices.len()) {
        (_, 0) => String::new(),
        (0, _) => words::ALL_HEALTHY.to_owned(),
        (needy, all) => words::need(needy, all),
    }
}

/// One device, with what is missing of it when the address names it.
fn row(device: &Device, now_ms: f64, zone: &Zone, address: &DevicesAddress) -> Element {
    let is_open = address.id == device.device_id;
    let id = if is_open { String::new() } else { device.device_id.clone() };
    let pressed = Address::from(DevicesAddress { id, ..address.clone() });
    let off = domain::device::is_clock_off(domain::time::DurationMs(device.clock_offset_ms));
    let waiting = device.oldest_queued_at.map(|oldest| {
        let waited_ms = device.last_seen_at.ms() - oldest.ms();
        words::waiting_for(&time::span(waited_ms))
    });
    let counts = [
        ("received", device.received_up_to, None),
        ("missing", device.missing_events, None),
        ("waiting", device.queued_events, waiting),
    ];
    let losses = [("lost", device.lost_events), ("dead", device.dead_lettered_events)];
    rsx! {
        tr { key: "{device.device_id}", class: "device", "data-testid": "device-{device.device_id}", "data-state": device.state.slug(),
            th { scope: "row",
                button {
                    class: "device-name",
                    r#type: "button",
                    aria_expanded: if is_open { "true" } else { "false" },
                    onclick: move |_| go_to(pressed.clone()),
                    "{device.device_id}"
                }
            }
            td { class: TEXT, {mark(device.state)} }
            td { "data-field": "heard",
                time { datetime: device.last_seen_at.to_rfc3339(), {time::age(now_ms - device.last_seen_at.ms())} }
            }
            for (field, value, below) in counts {
                td { "data-field": field, "data-value": value,
                    {count(value)}
                    if let Some(below) = below {
                        span { class: "device-below", {below} }
                    }
                }
            }
            td { "data-field": "clock", "data-value": device.clock_offset_ms, class: if off { "device-bad" },
                if off {
                    {words::OFF}
                    " "
                }
                {clock(device.clock_offset_ms)}
            }
            for (field, value) in losses {
                td { "data-field": field, "data-value": value, class: if value > 0 { "device-bad" }, {count(value)} }
            }
        }
        if is_open {
            tr { class: "device-details", "data-testid": "device-details",
                td { class: TEXT, colspan: COLUMNS.len() as i64, {details(device, zone, address)} }
            }
        }
    }
}

/// A mark that is told apart by shape as well as by colour, and the word for it.
fn mark(state: DeviceState) -> Element {
    rsx! {
        span { class: "device-state", "data-state": state.slug(),
            svg { view_box: "0 0 12 12", "aria-hidden": "true",
                match state {
                    DeviceState::Healthy => rsx! { circle { cx: "6", cy: "6", r: "5" } },
                    DeviceState::Behind => rsx! { path { d: "M6 1 L11.5 11 H0.5 Z" } },
                    DeviceState::Silent => rsx! {
                        circle { cx: "6", cy: "6", r: "4.25", fill: "none", stroke: "currentColor", stroke_width: "1.75" }
                    },
                    DeviceState::Losing => rsx! {
                        path { d: "M2 2 L10 10 M10 2 L2 10", stroke: "currentColor", stroke_width: "3" }
                    },
                }
            }
            {words::state(state)}
        }
    }
}

/// What is missing of a device, and why.
fn details(device: &Device, zone: &Zone, address: &DevicesAddress) -> Element {
    let of = |numbers: &Numbers| said(device, &numbers.epoch, numbers.first_sequence, numbers.last_sequence);
    let lists: [(&str, Vec<String>); 3] = [
        (words::DETAILS_MISSING, device.holes.iter().map(of).collect()),
        (words::DETAILS_CLOSED, device.closed.iter().map(|range| closed(device, range, zone)).collect()),
        (words::DETAILS_REFUSED, device.refused.iter().map(of).collect()),
    ];
    let is_whole = lists.iter().all(|(_, list)| list.is_empty());
    rsx! {
        // What scrolls beside it must not take it along.
        div { class: "device-lists",
            if device.warnings.iter().any(|warning| warning == "ID_USED_TWICE") {
                p { class: "device-bad", {words::USED_TWICE} }
            }
            if !device.refused.is_empty() {
                p {
                    Link { to: Address::DataProblems(address.clone()), {words::WHY_REFUSED} }
                }
            }
            if is_whole {
                p { {words::NOTHING} }
            }
            for (title, list) in lists {
                if !list.is_empty() {
                    section {
                        h3 { {title} }
                        ul {
                            for line in list {
                                li { {line} }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Numbers in words, with their epoch where that is not the current one.
fn said(device: &Device, epoch: &str, first: i64, last: i64) -> String {
    let numbers = words::numbers(&count(first), &count(last));
    if epoch == device.epoch { numbers } else { words::of_epoch(&numbers, epoch) }
}

fn closed(device: &Device, range: &Closed, zone: &Zone) -> String {
    let numbers = said(device, &range.epoch, range.first_sequence, range.last_sequence);
    let mut line = words::closed(&numbers, range.reason == "LOST", &count(range.missing_events));
    let time = |at: Option<Instant>| at.map_or_else(|| NO_VALUE.to_owned(), |at| zone.date_time(at));
    if range.from.is_some() || range.to.is_some() {
        line = format!("{line}, {}", words::seen(&time(range.from), &time(range.to)));
    }
    if let Some(detail) = &range.detail {
        line = format!("{line} ({detail})");
    }
    line
}

fn count(value: i64) -> String {
    Quantity::Count.text(Some(value as f64))
}

/// How far a clock is from the server's: ahead where the device's shows more.
fn clock(offset_ms: i64) -> String {
    let span = time::span(offset_ms.abs() as f64);
    match offset_ms {
        ahead if ahead <= -RIGHT_BELOW_MS => words::ahead(&span),
        late if late >= RIGHT_BELOW_MS => words::late(&span),
        _ => words::RIGHT.to_owned(),
    }
}
