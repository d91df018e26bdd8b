//! What is done with several at once: who is shown, who is selected, and the area that they get.

use super::roster::{Key as EntityKey, Roster};
use super::stage::{Said, Stage};
use super::table::found;
use crate::api::operation::{EntityChange, EntityChangeInput, Unknown};
use crate::lean::memo::use_memo;
use crate::lean::order;
use crate::lean::sorted_map::SortedMap;
use crate::words::people as words;
use dioxus::prelude::*;
use domain::id_order;

/// The id of the list of areas, which the field refers to.
const AREAS_ID: &str = "people-areas";
/// The most areas that the field proposes: a browser shows few of them at once.
const MAX_PROPOSED: usize = 200;

/// Gives all who are selected one area.
#[component]
pub(super) fn AreaForm(roster: Roster, wanted: Signal<String>) -> Element {
    let mut area = use_signal(String::new);
    let mut stage = use_signal(|| Stage::Ready);
    let count = roster.selected.read().len();
    let listed = roster.listed.read();
    let shown = use_memo(move || found(&roster.listed.read(), &wanted.read()).len());
    let areas = use_memo(move || areas(&roster));
    let is_idle = count == 0 || stage() == Stage::Saving;
    let save = move |event: FormEvent| {
        event.prevent_default();
        let change = EntityChange { name: None, area: Some(EntityChange::text(&area.peek())) };
        let changes = selected(&roster, &change);
        stage.set(Stage::Saving);
        spawn(async move {
            let saved = roster.apply(changes, Unknown::Refuse).await;
            stage.set(saved.map_or_else(Stage::Refused, Stage::Saved));
        });
    };
    let mut selection = roster.selected;
    rsx! {
        form { class: "people-tools", onsubmit: save,
            label {
                span { {words::FIND} }
                input {
                    class: "field",
                    r#type: "search",
                    "data-testid": "people-find",
                    autocomplete: "off",
                    value: "{wanted}",
                    // What is found is seen at once; looking for somebody changes nobody.
                    onkeydown: move |event| {
                        if event.key() == Key::Enter {
                            event.prevent_default();
                        }
                    },
                    oninput: move |event| wanted.set(event.value()),
                }
            }
            span { class: "page-note", role: "status", "data-testid": "people-shown", {words::shown(shown(), listed.len())} }
            button {
                class: "button",
                r#type: "button",
                "data-testid": "people-select-shown",
                disabled: shown() == 0,
                onclick: move |_| select(&roster, &wanted.peek()),
                {words::select_shown(shown())}
            }
            button {
                class: "button",
                r#type: "button",
                "data-testid": "people-select-none",
                disabled: count == 0,
                onclick: move |_| selection.set(SortedMap::default()),
                {words::SELECT_NONE}
            }
            label {
                span { {words::AREA_FOR} }
                input {
                    class: "field",
                    r#type: "text",
                    list: AREAS_ID,
                    "data-testid": "people-area",
                    autocomplete: "off",
                    value: "{area}",
                    oninput: move |event| area.set(event.value()),
                }
                datalist { id: AREAS_ID,
                    for name in areas.read().iter() {
                        option { value: "{name}" }
                    }
                }
            }
            button { class: "button", r#type: "submit", "data-testid": "people-set-area", disabled: is_idle,
                {if area.read().trim().is_empty() { words::CLEAR_AREA } else { words::SET_AREA }}
            }
            span { class: "page-note", "data-testid": "people-selected", {words::selected(count)} }
            Said { stage }
        }
    }
}

/// Selects all who are found, beside those who are selected.
fn select(roster: &Roster, wanted: &str) {
    let mut selected = roster.selected;
    let mut selected = selected.write();
    for named in found(&roster.listed.peek(), wanted) {
        selected.insert((named.kind, named.id), ());
    }
}

/// The same change of all who are selected.
fn selected(roster: &Roster, change: &EntityChange) -> Vec<EntityChangeInput> {
    let input = |((kind, id), ()): (&EntityKey, &())| EntityChangeInput {
        entity_type: *kind,
        entity_id: id.clone(),
        change: change.clone(),
    };
    roster.selected.peek().iter().map(input).collect()
}

/// The areas that there are, each once.
fn areas(roster: &Roster) -> Vec<String> {
    let mut areas: Vec<String> = roster.listed.read().iter().filter_map(|named| named.area.clone()).collect();
    order::sort(&mut areas, |one, other| id_order::compare(one, other));
    areas.dedup();
    areas.truncate(MAX_PROPOSED);
    areas
}
