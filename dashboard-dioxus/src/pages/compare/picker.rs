use super::subject::{MOST, Subject, use_subject};
use crate::api::Panel;
use crate::components::notice::{Empty, Refused};
use crate::components::panel_frame::PanelFrame;
use crate::components::search::matching;
use crate::lean::memo::{Memo, use_memo};
use crate::model::{ENTITY_TYPES, EntityName, Slug, by_slug};
use crate::route::{CompareAddress, go_to};
use crate::words::{compare as words, entity, isolated};
use dioxus::prelude::*;

/// The most that are offered at once: more are not looked through but narrowed down.
const MOST_OFFERED: usize = 8;

/// Who is compared: those chosen, each with a way to remove it, and a field to find others.
#[component]
pub(super) fn Picker() -> Element {
    let subject = use_subject();
    let mut typed = use_signal(String::new);
    let kind = subject.kind.cloned();
    let is_full = subject.ids.read().len() >= MOST;
    let offered = use_memo(move || {
        subject.names.with(|names| offered(names, &subject, &typed.read())).unwrap_or_default()
    });
    rsx! {
        PanelFrame { title: words::PICKER,
            div { class: "compare-picker",
                label { class: "picker",
                    span { class: "visually-hidden", {words::KIND} }
                    select {
                        class: "field",
                        "data-testid": "compare-kind",
                        value: kind.slug(),
                        onchange: move |event| {
                            let kind = by_slug(&ENTITY_TYPES, &event.value());
                            let selection = subject.address.peek().selection.clone();
                            go_to(CompareAddress { selection, kind, ids: Vec::new() }.into());
                        },
                        for one in ENTITY_TYPES {
                            option { key: "{one.slug()}", value: one.slug(), selected: one == kind, {entity::kinds(one)} }
                        }
                    }
                }
                Chosen {}
                if is_full {
                    p { class: "page-note", {words::FULL} }
                } else {
                    input {
                        class: "field compare-field",
                        r#type: "search",
                        "data-testid": "compare-field",
                        aria_label: words::FIELD,
                        placeholder: words::FIELD,
                        autocomplete: "off",
                        spellcheck: "false",
                        value: "{typed}",
                        oninput: move |event| typed.set(event.value()),
                        onkeydown: move |event| {
                            if event.key() == Key::Enter
                                && let Some(first) = offered.peek().first()
                            {
                                add(&subject, &first.id);
                                typed.set(String::new());
                            }
                        },
                    }
                }
            }
            match &*subject.names.read() {
                Panel::Refused(reason) => rsx! {
                    Refused { reason, onretry: move |()| subject.names.retry() }
                },
                Panel::Showing(_) if !is_full && !typed.read().is_empty() => rsx! { Offered { offered, typed } },
                _ => rsx! {},
            }
        }
    }
}

/// Those chosen, each with a button that removes it.
#[component]
fn Chosen() -> Element {
    let subject = use_subject();
    if subject.ids.read().is_empty() {
        return rsx! {};
    }
    rsx! {
        ul { class: "compare-chosen", aria_label: words::CHOSEN,
            for (id , title) in subject.titles.read().iter().cloned() {
                li { key: "{id}", class: "compare-chip", "data-testid": "compared-{id}",
                    "{title}"
                    button {
                        class: "compare-remove",
                        r#type: "button",
                        aria_label: words::remove(&title),
                        title: words::remove(&title),
                        onclick: move |_| {
                            let rest = subject.ids.peek().iter().filter(|other| **other != id).cloned().collect();
                            go_to(subject.with_ids(rest));
                        },
                        "×"
                    }
                }
            }
        }
    }
}

/// Those who can be added, each as a button.
#[component]
fn Offered(offered: Memo<Vec<EntityName>>, typed: Signal<String>) -> Element {
    let subject = use_subject();
    let offered = offered.read();
    if offered.is_empty() {
        return rsx! {
            Empty { text: words::NOTHING }
        };
    }
    rsx! {
        ul { class: "compare-offered", aria_label: words::FOUND,
            for one in offered.iter().take(MOST_OFFERED).cloned() {
                li { key: "{one.id}",
                    button {
                        class: "button",
                        r#type: "button",
                        aria_label: words::add(&title(&one)),
                        onclick: move |_| {
                            add(&subject, &one.id);
                            typed.set(String::new());
                        },
                        {title(&one)}
                    }
                }
            }
            if offered.len() > MOST_OFFERED {
                li { class: "page-note", {words::more(offered.len() - MOST_OFFERED)} }
            }
        }
    }
}

/// Those of the kind that match what was typed and are not compared yet.
fn offered(names: &[EntityName], subject: &Subject, typed: &str) -> Vec<EntityName> {
    let (kind, ids) = (subject.kind.cloned(), subject.ids.read());
    let is_free = |entity: &EntityName| entity.kind == kind && !ids.contains(&entity.id);
    let mut found = matching(names, typed);
    found.retain(is_free);
    found
}

fn add(subject: &Subject, id: &str) {
    let mut ids = subject.ids.peek().clone();
    ids.push(id.to_owned());
    go_to(subject.with_ids(ids));
}

fn title(entity: &EntityName) -> String {
    let id = isolated(&entity.id);
    entity.name.as_ref().map_or_else(|| id.clone(), |name| format!("{} ({id})", isolated(name)))
}
