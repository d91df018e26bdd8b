//! A field for what was copied from a spreadsheet, and what it will change, before it does.

use super::pasted;
use super::plan::Plan;
use super::preview::Preview;
use super::roster::Roster;
use super::stage::{Said, Stage};
use crate::api::operation::Unknown;
use crate::components::panel_frame::PanelFrame;
use crate::lean::memo::use_memo;
use crate::model::{ENTITY_TYPES, Slug, by_slug};
use crate::words::{entity, people as words};
use dioxus::prelude::*;
use domain::event::EntityType;

/// The lines of the field: a table's beginning and its titles.
const FIELD_LINES: &str = "6";

/// Takes a paste, shows what it means, and saves it when somebody says so.
#[component]
pub(super) fn Paste(roster: Roster) -> Element {
    let mut text = use_signal(String::new);
    let mut new_kind = use_signal(|| EntityType::Worker);
    let mut unknown = use_signal(|| Unknown::Refuse);
    let mut stage = use_signal(|| Stage::Ready);
    let plan = use_memo(move || Plan::new(pasted::read(&text.read()), &roster.listed.read(), new_kind()));
    let new = plan.read().counts().new;
    let changes = plan.read().changes(unknown()).len();
    let save = move |event: FormEvent| {
        event.prevent_default();
        let changes = plan.peek().changes(*unknown.peek());
        if changes.is_empty() || *stage.peek() == Stage::Saving {
            return;
        }
        stage.set(Stage::Saving);
        let unknown = *unknown.peek();
        spawn(async move {
            let saved = roster.apply(changes, unknown).await;
            stage.set(saved.map_or_else(Stage::Refused, Stage::Saved));
        });
    };
    rsx! {
        PanelFrame { title: words::PASTE,
            form { class: "people-paste", onsubmit: save,
                p { class: "page-note", id: "people-paste-note", {words::PASTE_NOTE} }
                label {
                    span { {words::PASTED} }
                    textarea {
                        class: "field people-pasted",
                        rows: FIELD_LINES,
                        "data-testid": "people-pasted",
                        aria_describedby: "people-paste-note",
                        autocomplete: "off",
                        spellcheck: "false",
                        value: "{text}",
                        oninput: move |event| {
                            text.set(event.value());
                            stage.set(Stage::Ready);
                        },
                    }
                }
                NewKind { kind: new_kind, onchoose: move |kind| new_kind.set(kind) }
                Preview { plan }
                if new > 0 {
                    label { class: "people-tick",
                        input {
                            r#type: "checkbox",
                            "data-testid": "people-register",
                            checked: unknown() == Unknown::Register,
                            onchange: move |event| {
                                unknown.set(if event.checked() { Unknown::Register } else { Unknown::Refuse });
                            },
                        }
                        {words::register(new)}
                    }
                }
                p { class: "people-apply",
                    button {
                        class: "button",
                        r#type: "submit",
                        "data-testid": "people-apply",
                        disabled: changes == 0 || stage() == Stage::Saving,
                        {words::apply(changes)}
                    }
                    " "
                    Said { stage }
                }
            }
        }
    }
}

/// What those are of whom nothing is known yet and no column says it.
#[component]
fn NewKind(kind: ReadSignal<EntityType>, onchoose: EventHandler<EntityType>) -> Element {
    rsx! {
        label { class: "people-kind",
            span { {words::NEW_KIND} }
            select {
                class: "field",
                "data-testid": "people-new-kind",
                onchange: move |event| {
                    if let Some(kind) = by_slug(&ENTITY_TYPES, &event.value()) {
                        onchoose.call(kind);
                    }
                },
                for of in ENTITY_TYPES {
                    option { key: "{of.slug()}", value: of.slug(), selected: kind() == of, {entity::kinds(of)} }
                }
            }
        }
    }
}
