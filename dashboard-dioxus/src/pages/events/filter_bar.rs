use super::filter::{cleared, described};
use super::names::Names;
use crate::components::page_context::use_page_context;
use crate::model::{ENTITY_TYPES, EVENT_TYPES, Slug, by_slug};
use crate::route::{EventsAddress, go_to};
use crate::words::{entity, events as words};
use dioxus::prelude::*;
use std::rc::Rc;

/// From this width on the fields are in view from the beginning, in CSS pixels.
const ROOMY_FROM_PX: f64 = 720.0;
/// The most ids that the entity's field proposes: a browser shows few of them at once.
const MAX_PROPOSED: usize = 500;
const PROPOSED_ID: &str = "event-filters-entities";

/// Which events are listed. Whatever is chosen is in the address.
#[component]
pub(crate) fn FilterBar(address: ReadSignal<EventsAddress>, names: ReadSignal<Rc<Names>>) -> Element {
    let context = use_page_context();
    let mut is_open = use_signal(is_roomy);
    let zone = context.zone();
    let told = described(&address.read(), &zone);
    rsx! {
        section { class: "event-filters", aria_label: words::FILTERS,
            div { class: "event-filters-head",
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "filters-toggle",
                    aria_expanded: is_open(),
                    onclick: move |_| is_open.toggle(),
                    {words::filters(told.len())}
                }
                if !told.is_empty() {
                    p { class: "event-filters-told", "data-testid": "filters-told", {told.join(" · ")} }
                    button {
                        class: "button",
                        r#type: "button",
                        "data-testid": "filters-clear",
                        onclick: move |_| go_to(cleared(&address.peek())),
                        {words::CLEAR}
                    }
                }
            }
            if is_open() {
                Fields { address, names }
            }
        }
    }
}

#[component]
fn Fields(address: ReadSignal<EventsAddress>, names: ReadSignal<Rc<Names>>) -> Element {
    let context = use_page_context();
    let zone = context.zone();
    let said = address.read();
    // Each field changes its own part of the address.
    let change = move |change: &dyn Fn(&mut EventsAddress)| {
        let mut to = address.peek().clone();
        change(&mut to);
        go_to(to.into());
    };
    let (zone_from, zone_to) = (zone.clone(), zone.clone());
    rsx! {
        div { class: "event-filters-fields", "data-testid": "filters",
            label {
                span { {words::KIND} }
                select {
                    class: "field",
                    "data-testid": "filter-kind",
                    onchange: move |event| change(&|to| to.kind = by_slug(&ENTITY_TYPES, &event.value())),
                    option { value: "", selected: said.kind.is_none(), {words::ANY} }
                    for kind in ENTITY_TYPES {
                        option { key: "{kind.slug()}", value: kind.slug(), selected: said.kind == Some(kind), {entity::kinds(kind)} }
                    }
                }
            }
            label {
                span { {words::ENTITY} }
                input {
                    class: "field",
                    r#type: "text",
                    list: PROPOSED_ID,
                    "data-testid": "filter-entity",
                    autocomplete: "off",
                    spellcheck: "false",
                    value: "{said.id}",
                    onchange: move |event| change(&|to| to.id = trimmed(&event)),
                }
                datalist { id: PROPOSED_ID,
                    for (id, name) in names.read().ids(said.kind).take(MAX_PROPOSED) {
                        option { value: "{id}", {name.unwrap_or_default()} }
                    }
                }
            }
            label {
                span { {words::STATE} }
                select {
                    class: "field",
                    "data-testid": "filter-state",
                    onchange: move |event| change(&|to| to.state = by_slug(&EVENT_TYPES, &event.value())),
                    option { value: "", selected: said.state.is_none(), {words::ANY} }
                    for state in EVENT_TYPES {
                        option { key: "{state.slug()}", value: state.slug(), selected: said.state == Some(state), {words::state(said.kind, state)} }
                    }
                }
            }
            label {
                span { {words::CONFIDENCE_AT_MOST} }
                input {
                    class: "field",
                    r#type: "number",
                    "data-testid": "filter-confidence",
                    min: "0",
                    max: "100",
                    value: said.confidence_below.map(|percent| percent.to_string()).unwrap_or_default(),
                    onchange: move |event| {
                        change(&|to| to.confidence_below = event.value().parse().ok().filter(|percent| *percent <= 100));
                    },
                }
            }
            label {
                span { {words::MODEL} }
                input {
                    class: "field",
                    r#type: "text",
                    "data-testid": "filter-model",
                    autocomplete: "off",
                    spellcheck: "false",
                    value: "{said.model}",
                    onchange: move |event| change(&|to| to.model = trimmed(&event)),
                }
            }
            label {
                span { {words::SOURCE} }
                input {
                    class: "field",
                    r#type: "text",
                    "data-testid": "filter-source",
                    autocomplete: "off",
                    spellcheck: "false",
                    value: "{said.source}",
                    onchange: move |event| change(&|to| to.source = trimmed(&event)),
                }
            }
            label {
                span { {words::in_zone(words::FROM, zone.name())} }
                input {
                    class: "field",
                    r#type: "datetime-local",
                    "data-testid": "filter-from",
                    value: said.from.map(|from| zone.field(from)).unwrap_or_default(),
                    onchange: move |event| change(&|to| to.from = zone_from.typed(&event.value())),
                }
            }
            label {
                span { {words::in_zone(words::TO, zone.name())} }
                input {
                    class: "field",
                    r#type: "datetime-local",
                    "data-testid": "filter-to",
                    value: said.to.map(|to| zone.field(to)).unwrap_or_default(),
                    onchange: move |event| change(&|to| to.to = zone_to.typed(&event.value())),
                }
            }
        }
    }
}

fn trimmed(event: &FormEvent) -> String {
    event.value().trim().to_owned()
}

/// A telephone shows the events first, and the fields when they are asked for.
fn is_roomy() -> bool {
    if cfg!(not(target_arch = "wasm32")) {
        return true;
    }
    let width = web_sys::window().and_then(|window| window.inner_width().ok());
    width.and_then(|width| width.as_f64()).is_none_or(|width| width >= ROOMY_FROM_PX)
}
