use super::filter::{cleared, described};
use super::names::Names;
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
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
    let shown = address.read();
    // Each field changes its own part of the address.
    let apply = use_callback(move |(change, text): (Change, String)| {
        let mut to = address.peek().first_page();
        change(&mut to, &text, &context.zone());
        go_to(to.into());
    });
    let on = move |change: Change| OnChange { change, apply };
    let time = |time: Option<Instant>| time.map(|time| zone.field(time)).unwrap_or_default();
    let kinds = ENTITY_TYPES.map(|kind| (kind.slug(), entity::kinds(kind).to_owned()));
    let states = EVENT_TYPES.map(|state| (state.slug(), words::state(shown.kind, state)));
    let ids = names.read();
    let proposed = ids.ids(shown.kind).take(MAX_PROPOSED);
    rsx! {
        div { class: "event-filters-fields", "data-testid": "filters",
            {select(words::KIND, "filter-kind", &kinds, shown.kind.map(Slug::slug), on(|to, kind, _| to.kind = by_slug(&ENTITY_TYPES, kind)))}
            label {
                span { {words::ENTITY} }
                input {
                    class: "field",
                    r#type: "text",
                    list: PROPOSED_ID,
                    "data-testid": "filter-entity",
                    autocomplete: "off",
                    spellcheck: "false",
                    value: "{shown.id}",
                    onchange: move |event| on(|to, id, _| to.id = trimmed(id)).call(&event),
                }
                datalist { id: PROPOSED_ID,
                    for (id, name) in proposed {
                        option { value: "{id}", {name.unwrap_or_default()} }
                    }
                }
            }
            {select(words::STATE, "filter-state", &states, shown.state.map(Slug::slug), on(|to, state, _| to.state = by_slug(&EVENT_TYPES, state)))}
            label {
                span { {words::MAX_CONFIDENCE} }
                input {
                    class: "field",
                    r#type: "number",
                    "data-testid": "filter-confidence",
                    min: "0",
                    max: "100",
                    placeholder: words::PERCENT,
                    value: shown.confidence_below.map(|percent| percent.to_string()).unwrap_or_default(),
                    onchange: move |event| {
                        on(|to, percent, _| to.confidence_below = percent.parse().ok().filter(|percent| *percent <= 100))
                            .call(&event);
                    },
                }
            }
            {text(words::MODEL, "filter-model", &shown.model, on(|to, model, _| to.model = trimmed(model)))}
            {text(words::SOURCE, "filter-source", &shown.source, on(|to, source, _| to.source = trimmed(source)))}
            {date_time(words::in_zone(words::FROM, zone.name()), "filter-from", time(shown.from), on(|to, from, zone| to.from = zone.typed(from)))}
            {date_time(words::in_zone(words::TO, zone.name()), "filter-to", time(shown.to), on(|to, until, zone| to.to = zone.typed(until)))}
        }
    }
}

/// How a field's text changes the address.
type Change = fn(&mut EventsAddress, &str, &Zone);

/// What is done with the text of one field.
#[derive(Clone, Copy)]
struct OnChange {
    change: Change,
    apply: Callback<(Change, String)>,
}

impl OnChange {
    fn call(self, event: &FormEvent) {
        self.apply.call((self.change, event.value()));
    }
}

/// A list of which one or none is chosen, each by its slug and its word.
fn select(
    label: &'static str,
    testid: &'static str,
    options: &[(&'static str, String)],
    chosen: Option<&'static str>,
    on: OnChange,
) -> Element {
    rsx! {
        label {
            span { {label} }
            select { class: "field", "data-testid": testid, onchange: move |event| on.call(&event),
                option { value: "", selected: chosen.is_none(), {words::ANY} }
                for (slug, word) in options {
                    option { key: "{slug}", value: *slug, selected: chosen == Some(*slug), {word.clone()} }
                }
            }
        }
    }
}

fn text(label: &'static str, testid: &'static str, value: &str, on: OnChange) -> Element {
    rsx! {
        label {
            span { {label} }
            input {
                class: "field",
                r#type: "text",
                "data-testid": testid,
                autocomplete: "off",
                spellcheck: "false",
                value: "{value}",
                onchange: move |event| on.call(&event),
            }
        }
    }
}

fn date_time(label: String, testid: &'static str, value: String, on: OnChange) -> Element {
    rsx! {
        label {
            span { {label} }
            input { class: "field", r#type: "datetime-local", "data-testid": testid, value, onchange: move |event| on.call(&event) }
        }
    }
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// A telephone shows the events first, and the fields when they are asked for.
fn is_roomy() -> bool {
    if cfg!(not(target_arch = "wasm32")) {
        return true;
    }
    let width = web_sys::window().and_then(|window| window.inner_width().ok());
    width.and_then(|width| width.as_f64()).is_none_or(|width| width >= ROOMY_FROM_PX)
}
