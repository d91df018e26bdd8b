use super::export::Export;
use super::variables;
use crate::api::operation::{AuditEntry, AuditLog};
use crate::api::{Panel, use_polled_query};
use crate::components::metric_table::{Column, MetricTable, TEXT};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::zone::Zone;
use crate::route::{AccessAddress, Address, OF_SERVER};
use crate::words::quantity::Quantity;
use crate::words::{NO_VALUE, audit_log as words};
use dioxus::prelude::*;

/// How many entries a page has: a screen or two.
const PAGE_ENTRIES: i64 = 50;
/// What was not done, as the API calls it.
const REFUSED: &str = "REFUSED";
const COLUMNS: &[Column] = &[
    Column::text(words::WHEN),
    Column::text(words::WHO),
    Column::text(words::WHAT),
    Column::text(words::OUTCOME),
    Column::text(words::TARGET),
    Column::text(words::DETAILS),
    Column::text(words::ADDRESS),
    Column::number(words::TIMES, words::HOW_TIMES),
];

/// One page of the entries that pass the address's filters.
#[component]
pub(super) fn AuditList(address: ReadSignal<AccessAddress>) -> Element {
    let context = use_page_context();
    let page = use_polled_query::<AuditLog>(move || {
        let address = address.read();
        let factory_id = context.factory_window().map(|choice| choice.factory_id);
        let after = Some(address.after.clone()).filter(|after| !after.is_empty());
        variables(factory_id, &address, PAGE_ENTRIES, after)
    });
    let at = address();
    let is_first = at.after.is_empty();
    let is_restricted = !(at.action.is_empty() && at.by.is_empty());
    let next = page.with(|(_, next)| next.clone()).flatten();
    let is_empty = page.with(|(entries, _)| entries.is_empty()) != Some(false);
    rsx! {
        PanelFrame { title: words::LIST, outdated: page.outdated(), tools: rsx! { Export { address, is_empty } },
            match &*page.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 8 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason: reason.clone(), onretry: move |()| page.retry() }
                },
                Panel::Showing((entries, _)) if entries.is_empty() => rsx! {
                    div { "data-testid": "audit-none",
                        Empty { text: if is_restricted { words::NONE_MATCHES } else { words::NONE } }
                    }
                },
                Panel::Showing((entries, _)) => rsx! {
                    MetricTable { label: words::LIST, columns: COLUMNS,
                        for entry in entries {
                            {row(entry, &context.zone())}
                        }
                    }
                },
            }
            if !is_first || next.is_some() {
                nav { class: "audit-pages", aria_label: words::PAGES,
                    if !is_first {
                        Link { to: Address::Access(AccessAddress { after: String::new(), ..at.clone() }), "data-testid": "audit-newest", {words::NEWEST} }
                    }
                    if let Some(after) = next {
                        Link { to: Address::Access(AccessAddress { after, ..at }), "data-testid": "audit-older", {words::OLDER} }
                    }
                }
            }
        }
    }
}

/// Whose entries these are, for the name of a file: the factory, or the server itself.
pub(super) fn owner(address: &AccessAddress, factory_id: Option<String>) -> String {
    factory_id.filter(|_| address.about != OF_SERVER).unwrap_or_else(|| OF_SERVER.to_owned())
}

fn row(entry: &AuditEntry, zone: &Zone) -> Element {
    let AuditEntry { number, at, principal, action, outcome, target, details, address, times } = entry;
    let text = |text: &str| if text.is_empty() { NO_VALUE.to_owned() } else { text.to_owned() };
    let is_refused = outcome == REFUSED;
    rsx! {
        tr { key: "{number}", class: "audit-entry", "data-testid": "audit-entry", "data-action": "{action}",
            th { scope: "row", class: TEXT,
                time { datetime: at.to_rfc3339(), {zone.exact(*at)} }
            }
            td { class: TEXT, "data-field": "who", "{principal}" }
            td { class: TEXT, "data-field": "what", {words::action(action)} }
            td { class: TEXT, "data-field": "outcome",
                span { class: if is_refused { "audit-refused" }, {words::outcome(outcome)} }
            }
            td { class: TEXT, "data-field": "target", {text(target)} }
            td { class: TEXT, "data-field": "details", {text(&words::details(details))} }
            td { class: TEXT, "data-field": "address", {text(address.as_deref().unwrap_or_default())} }
            td { "data-field": "times", "data-value": *times, {Quantity::Count.text(Some(*times as f64))} }
        }
    }
}
