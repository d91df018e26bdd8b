use super::attention::{Attention, AttentionItem, Reason, attention};
use crate::api::Answer;
use crate::components::notice::Empty;
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::components::state_mark::StateShape;
use crate::lean::memo::use_memo;
use crate::live::table::Table;
use crate::model::{EntityMetrics, Slug, UNSEEN_AFTER_MIN};
use crate::route::{Address, FloorAddress, Selection, go_to};
use crate::words::floor as words;
use crate::words::quantity::Quantity;
use dioxus::prelude::*;

/// Who and what needs somebody now: a few, with the way to each.
#[component]
pub(super) fn AttentionList(
    address: ReadSignal<FloorAddress>,
    workers: Answer<Table<EntityMetrics>>,
    workstations: Answer<Table<EntityMetrics>>,
    clock: ReadSignal<f64>,
) -> Element {
    let context = use_page_context();
    // Drawn again when somebody comes or goes or another minute has passed, not with every number.
    let found = use_memo(move || {
        let (workers, workstations) = (workers.read(), workstations.read());
        let (workers, workstations) = (workers.shown()?, workstations.shown()?);
        Some(attention(workers.rows().chain(workstations.rows()), clock(), context.unseen_after_ms()))
    });
    let all = Address::from(FloorAddress { sort: "now".to_owned(), ..address.read().clone() });
    rsx! {
        PanelFrame { title: words::NEEDS, tools: rsx! { UnseenAfter {} },
            match found() {
                None => rsx! { Skeleton { lines: 2 } },
                Some(Attention { named, .. }) if named.is_empty() => rsx! { Empty { text: words::NO_NEED } },
                Some(Attention { named, more }) => rsx! {
                    ul { class: "floor-needs", "data-testid": "needs",
                        for item in named {
                            AttentionLine { key: "{item.kind.slug()} {item.id}", item }
                        }
                    }
                    if more > 0 {
                        p { class: "floor-needs-more",
                            {words::more(more)}
                            " "
                            Link { to: all, {words::MORE} }
                        }
                    }
                },
            }
        }
    }
}

/// What can be chosen, in minutes: from a camera that reports all the time to one that passes by twice a shift.
const UNSEEN_AFTER_CHOICES_MIN: [u16; 6] = [5, UNSEEN_AFTER_MIN, 20, 30, 60, 240];

/// When one counts as not observed: a setting that the address carries to every page.
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
    let context = use_page_context();
    let reason = match item.reason {
        Reason::Long(state, minutes) => words::state_for(item.kind, state, minutes),
        Reason::Unseen(minutes) => words::unseen_for(minutes),
        Reason::Low(percent) => words::low(&Quantity::Percent.text(Some(percent))),
    };
    rsx! {
        li { class: "floor-need", "data-testid": "need-{item.kind.slug()}-{item.id}",
            StateShape { presence: item.presence }
            Link { class: "entity-link floor-need-name", to: Address::entity(item.kind, &item.id, context.selection()),
                if let Some(name) = item.name {
                    "{name} "
                    span { class: "entity-id", "{item.id}" }
                } else {
                    "{item.id}"
                }
            }
            span { class: "floor-need-reason", {reason} }
        }
    }
}
