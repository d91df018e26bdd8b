use crate::api::operation::{FactoryEntities, factory_entities};
use crate::api::{Panel, use_query};
use crate::components::keyboard::use_key;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::skeleton::Skeleton;
use crate::lean::letter_case;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::order;
use crate::model::{EntityName, Slug};
use crate::route::{Address, go_to};
use crate::words::{entity, isolated, search as words};
use dioxus::prelude::*;
use std::rc::Rc;

/// The most entities that are listed at once: more are not looked through but narrowed down.
const MAX_LISTED: usize = 30;
/// The id of the list of what was found, which the field refers to.
const LIST_ID: &str = "search-found";

/// The way to any worker or workstation by the keyboard: `/` opens it anywhere on the page.
#[component]
pub(crate) fn Search() -> Element {
    let mut is_open = use_signal(|| false);
    let mut opener = use_signal(|| None::<Rc<MountedData>>);
    use_key(words::KEY, move || is_open.set(true));
    let mut close = move || {
        is_open.set(false);
        // Whoever came by keyboard goes on where they were.
        if let Some(opener) = opener.peek().clone() {
            spawn(async move {
                // An element that is gone cannot take the focus.
                _ = opener.set_focus(true).await;
            });
        }
    };
    rsx! {
        button {
            class: "button search-open",
            r#type: "button",
            "data-testid": "search-open",
            aria_haspopup: "dialog",
            aria_keyshortcuts: words::KEY,
            onmounted: move |event| opener.set(Some(event.data())),
            onclick: move |_| is_open.set(true),
            {words::OPEN}
            kbd { class: "search-key", aria_hidden: "true", {words::KEY} }
        }
        if is_open() {
            SearchDialog { onclose: move |()| close() }
        }
    }
}

#[component]
fn SearchDialog(onclose: EventHandler<()>) -> Element {
    let context = use_page_context();
    let entities = use_query::<FactoryEntities>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(factory_entities::Variables { factory_id })
    });
    let mut typed = use_signal(String::new);
    let mut marked = use_signal(|| 0_usize);
    let found = use_memo(move || entities.with(|list| matching(list, &typed.read())).unwrap_or_default());
    let listed = found.read().len().min(MAX_LISTED);
    let marked_index = marked().min(listed.saturating_sub(1));
    let open = move |index: usize| {
        let chosen = found.peek().get(index).cloned();
        if let Some(EntityName { kind, id, .. }) = chosen {
            onclose.call(());
            go_to(Address::entity(kind, &id, context.selection()));
        }
    };
    let onkeydown = move |event: KeyboardEvent| match event.key() {
        Key::Escape => onclose.call(()),
        Key::Enter => {
            event.prevent_default();
            open(marked_index);
        }
        Key::ArrowDown => {
            event.prevent_default();
            marked.set((marked_index + 1).min(listed.saturating_sub(1)));
        }
        Key::ArrowUp => {
            event.prevent_default();
            marked.set(marked_index.saturating_sub(1));
        }
        // The field is all there is to go to, so the focus stays in the dialog.
        Key::Tab if !matches!(&*entities.peek(), Panel::Refused(_)) => event.prevent_default(),
        _ => {}
    };
    rsx! {
        div { class: "search-backdrop", onclick: move |_| onclose.call(()),
            div {
                class: "search",
                role: "dialog",
                aria_modal: "true",
                aria_label: words::TITLE,
                "data-testid": "search",
                onclick: move |event| event.stop_propagation(),
                input {
                    class: "field search-field",
                    r#type: "text",
                    role: "combobox",
                    "data-testid": "search-field",
                    aria_label: words::FIELD,
                    aria_expanded: "true",
                    aria_controls: LIST_ID,
                    aria_autocomplete: "list",
                    aria_activedescendant: if listed > 0 { "{LIST_ID}-{marked_index}" },
                    autocomplete: "off",
                    spellcheck: "false",
                    placeholder: words::FIELD,
                    value: "{typed}",
                    onmounted: move |event| async move {
                        // A field that is gone again cannot take the focus.
                        _ = event.set_focus(true).await;
                    },
                    oninput: move |event| {
                        typed.set(event.value());
                        marked.set(0);
                    },
                    onkeydown,
                }
                match &*entities.read() {
                    Panel::Waiting => rsx! { Skeleton { lines: 4 } },
                    Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| entities.retry() } },
                    Panel::Showing(_) if listed == 0 => rsx! { Empty { text: words::NOTHING } },
                    Panel::Showing(_) => rsx! { Found { found, marked_index, onopen: open } },
                }
                p { class: "search-count", role: "status", {words::count(found.read().len(), found.read().len() - listed)} }
            }
        }
    }
}

/// What was found, one of it marked.
#[component]
fn Found(found: Memo<Vec<EntityName>>, marked_index: usize, onopen: EventHandler<usize>) -> Element {
    rsx! {
        ul { id: LIST_ID, class: "search-list", role: "listbox", aria_label: words::RESULTS,
            for (index, entity) in found.read().iter().take(MAX_LISTED).enumerate() {
                li {
                    key: "{entity.kind.slug()}-{entity.id}",
                    id: "{LIST_ID}-{index}",
                    class: "search-option",
                    role: "option",
                    aria_selected: index == marked_index,
                    onclick: move |_| onopen.call(index),
                    span { class: "search-name", {entity.name.clone().unwrap_or_else(|| entity.id.clone())} }
                    span { class: "search-detail", {detail(entity)} }
                }
            }
        }
    }
}

fn detail(entity: &EntityName) -> String {
    let kind = entity::kind(entity.kind);
    let id = entity.name.as_ref().map(|_| &entity.id);
    let given = [id, entity.area.as_ref()].into_iter().flatten().map(|text| isolated(text));
    std::iter::once(kind.to_owned()).chain(given).collect::<Vec<_>>().join(" · ")
}

/// Those whose name, id or area holds what was typed; those that begin with it first.
pub(crate) fn matching(entities: &[EntityName], typed: &str) -> Vec<EntityName> {
    let typed = letter_case::lower(typed.trim());
    let rank = |entity: &EntityName| {
        let fields = [entity.name.as_deref(), Some(entity.id.as_str()), entity.area.as_deref()];
        let places = fields.into_iter().flatten().filter_map(|field| letter_case::lower(field).find(&typed));
        places.min().map(|place| place > 0)
    };
    let ranked = entities.iter().filter_map(|entity| Some((rank(entity)?, entity)));
    let mut ranked: Vec<(bool, &EntityName)> = ranked.collect();
    // A stable sort: within a rank the order of the lists remains.
    order::sort(&mut ranked, |one, other| one.0.cmp(&other.0));
    ranked.into_iter().map(|(_, entity)| entity.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::EntityType;

    fn entity(id: &str, name: Option<&str>, area: Option<&str>) -> EntityName {
        EntityName {
            kind: EntityType::Worker,
            id: id.to_owned(),
            name: name.map(str::to_owned),
            area: area.map(str::to_owned),
        }
    }

    fn found(typed: &str) -> Vec<String> {
        let entities = [
            entity("W1", Some("Anna Berg"), Some("Line 1")),
            entity("W2", None, Some("Annex")),
            entity("W10", Some("Hanna"), None),
        ];
        matching(&entities, typed).into_iter().map(|entity| entity.id).collect()
    }

    #[test]
    fn what_begins_with_the_typed_text_comes_first_and_what_holds_it_next() {
        assert_eq!(found("ann"), ["W1", "W2", "W10"]);
        assert_eq!(found("HANN"), ["W10"]);
        assert_eq!(found("w1"), ["W1", "W10"]);
        assert_eq!(found("line"), ["W1"]);
        assert_eq!(found("  "), ["W1", "W2", "W10"]);
        assert_eq!(found("zz"), Vec::<String>::new());
    }
}
