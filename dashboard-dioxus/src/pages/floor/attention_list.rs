use crate::api::Answer;
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::components::state_mark::StateShape;
use crate::lean::memo::{Memo, use_memo};
use crate::model::attention::{AttentionItem, MAX_NAMED, Reason, Severity, not_seen};
use crate::model::{EntityName, Slug, UNSEEN_AFTER_MIN};
use crate::pages::attention::{Recent, use_attention, use_recent};
use crate::route::{Address, FloorAddress, Selection, go_to};
use crate::words::floor as words;
use crate::words::quantity::Quantity;
use crate::words::{entity, time};
use dioxus::prelude::*;
use domain::event::EntityType;
use std::rc::Rc;

/// The most that are named of those who were not seen: more are looked for by search.
const MAX_NOT_SEEN: usize = 100;

/// Who and what needs attention now: a few, with the way to each. They are judged by what was seen lately, whatever window
/// is looked at.
#[component]
pub(super) fn AttentionList(
    address: ReadSignal<FloorAddress>,
    names: Answer<Vec<EntityName>>,
    area: Memo<Option<String>>,
    clock: ReadSignal<f64>,
) -> Element {
    let Recent { workers, workstations } = use_recent(area, use_memo(|| true));
    let found = use_attention(workers, workstations, clock);
    // Those who ended a shift change with the shift, not with every number.
    let not_seen = use_memo(move || {
        clock();
        let (workers, workstations) = (workers.peek(), workstations.peek());
        let rows = workers.shown()?.rows().chain(workstations.shown()?.rows()).map(|row| &**row);
        names.with(|names| Rc::<[EntityName]>::from(not_seen(names, rows, area().as_deref())))
    });
    let by_state = Selection {
        sort: "now".to_owned(),
        sort_workstations: "now".to_owned(),
        ..address.read().selection.clone()
    };
    let all = Address::from(FloorAddress { selection: by_state, ..address.read().clone() });
    rsx! {
        PanelFrame { title: words::NEEDS, tools: rsx! { UnseenAfter {} },
            div { class: "floor-needs-frame",
                match found() {
                    None => rsx! { Skeleton { lines: 2 } },
                    Some(found) if found.items.is_empty() => rsx! {
                        p { class: "floor-needs-none", "data-testid": "needs-none", {words::NO_NEED} }
                    },
                    Some(found) => rsx! {
                        ul { class: "floor-needs", "data-testid": "needs",
                            for item in found.items.iter().take(MAX_NAMED).cloned() {
                                AttentionLine { key: "{item.kind.slug()} {item.id}", item }
                            }
                        }
                        if found.items.len() > MAX_NAMED {
                            p { class: "floor-needs-more",
                                {words::more(found.items.len() - MAX_NAMED)}
                                " "
                                Link { to: all, {words::MORE} }
                            }
                        }
                    },
                }
            }
            div { class: "floor-not-seen-place",
                if let Some(not_seen) = not_seen().filter(|list| !list.is_empty()) {
                    NotSeen { list: not_seen }
                }
            }
        }
    }
}

/// What can be chosen, in minutes: from a camera that reports all the time to one that passes by twice a shift.
const UNSEEN_AFTER_CHOICES_MIN: [u16; 6] = [5, UNSEEN_AFTER_MIN, 20, 30, 60, 240];

/// When there is no data of somebody: a setting that the address carries to every page.
#[component]
fn UnseenAfter() -> Element {
    let context = use_page_context();
    let chosen = context.unseen_after_min();
    let other = Some(chosen).filter(|minutes| !UNSEEN_AFTER_CHOICES_MIN.contains(minutes));
    rsx! {
        label { class: "picker floor-needs-unseen",
            span { {words::UNSEEN_AFTER} }
            select {
                class: "field",
                "data-testid": "unseen-after",
                onchange: move |event| {
                    let unseen_after_min = event.value().parse().ok();
                    let address = context.address.peek().clone();
                    let selection = Selection { unseen_after_min, ..address.selection().clone() };
                    go_to(address.selecting(selection));
                },
                for minutes in other.into_iter().chain(UNSEEN_AFTER_CHOICES_MIN) {
                    option { key: "{minutes}", value: "{minutes}", selected: minutes == chosen, {words::minutes(minutes)} }
                }
            }
        }
    }
}

#[component]
fn AttentionLine(item: AttentionItem) -> Element {
    let state = entity::presence(item.kind, item.presence);
    let elapsed = time::elapsed(item.elapsed_minutes);
    let testid = format!("need-{}-{}", item.kind.slug(), item.id);
    let utilization = item.utilization.map(|percent| Quantity::Percent.text(Some(percent)));
    let severity = match item.severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
    };
    rsx! {
        li { class: "floor-need", "data-testid": testid, "data-severity": severity,
            StateShape { presence: item.presence }
            Name { kind: item.kind, id: item.id, name: item.name }
            span { class: "floor-need-reason",
                if item.severity == Severity::Critical {
                    span { class: "visually-hidden", {words::CRITICAL} }
                }
                "{state} "
                b { {elapsed} }
                if let (Reason::LowUtilization, Some(utilization)) = (item.reason, utilization) {
                    " · {utilization}"
                }
            }
        }
    }
}

/// The way to one of them.
#[component]
fn Name(kind: EntityType, id: String, name: Option<String>) -> Element {
    let context = use_page_context();
    rsx! {
        Link { class: "entity-link floor-need-name", to: Address::entity(kind, &id, context.selection()),
            if let Some(name) = name {
                "{name} "
                span { class: "entity-id", "{id}" }
            } else {
                "{id}"
            }
        }
    }
}

/// Those who were not seen for hours, folded: a shift that has ended needs nobody.
#[component]
fn NotSeen(list: Rc<[EntityName]>) -> Element {
    rsx! {
        details { class: "floor-not-seen", "data-testid": "not-seen",
            summary { {words::not_seen(list.len())} }
            ul { class: "floor-needs",
                for known in list.iter().take(MAX_NOT_SEEN).cloned() {
                    li { key: "{known.kind.slug()} {known.id}", class: "floor-need",
                        Name { kind: known.kind, id: known.id, name: known.name }
                    }
                }
            }
            if list.len() > MAX_NOT_SEEN {
                p { class: "floor-needs-more", {words::more(list.len() - MAX_NOT_SEEN)} }
            }
        }
    }
}
