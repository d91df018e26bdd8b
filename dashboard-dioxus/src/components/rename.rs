use crate::api::client::Client;
use crate::api::operation::{EntityChange, update_entity};
use crate::api::use_client;
use crate::components::page_context::{PageContext, use_page_context};
use crate::model::EntityName;
use crate::words::rename as words;
use dioxus::prelude::*;
use domain::event::EntityType;
use std::rc::Rc;

/// What of an entity is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Editable {
    /// What people call it.
    Name,
    /// The line or area it belongs to.
    Area,
}

impl Editable {
    /// The name by which tests know it.
    fn slug(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Area => "area",
        }
    }

    /// What it is called for screen readers.
    fn label(self, kind: EntityType, id: &str) -> String {
        match self {
            Self::Name => words::name_of(kind, id),
            Self::Area => words::area_of(kind, id),
        }
    }

    /// What stands in its field while there is nothing.
    fn placeholder(self) -> &'static str {
        match self {
            Self::Name => words::NO_NAME,
            Self::Area => words::NO_AREA,
        }
    }

    /// What a text typed for it changes. An empty one takes away what there was.
    fn change(self, typed: &str) -> EntityChange {
        let text = Some(EntityChange::text(typed));
        match self {
            Self::Name => EntityChange { name: text, area: None },
            Self::Area => EntityChange { name: None, area: text },
        }
    }
}

/// The key by which spreadsheets edit a cell.
const EDIT_KEY: Key = Key::F2;

/// The name or area of a worker or workstation, edited in place: Enter keeps what was typed, Escape what there was. The
/// children are what is shown while nobody edits; F2 on them does what the button beside them does.
///
/// While nobody edits it holds next to nothing, because a table has one in each of its rows.
#[component]
pub(crate) fn Rename(
    kind: EntityType,
    id: String,
    what: Editable,
    /// As it is known now.
    value: Option<String>,
    /// The server has made the change.
    onrenamed: Option<EventHandler<EntityName>>,
    children: Element,
) -> Element {
    let mut is_open = use_signal(|| false);
    // Who edited with the keyboard goes on where they began.
    let mut takes_focus = use_hook(|| CopyValue::new(false));
    if is_open() {
        let onclose = move |()| {
            takes_focus.set(true);
            is_open.set(false);
        };
        return rsx! {
            Editor { kind, id, what, value, onrenamed, onclose }
        };
    }
    let button = words::change(&what.label(kind, &id));
    rsx! {
        span {
            class: "rename",
            onkeydown: move |event| {
                if event.key() == EDIT_KEY {
                    event.prevent_default();
                    is_open.set(true);
                }
            },
            {children}
            button {
                class: "rename-open",
                r#type: "button",
                title: "{button}",
                aria_label: "{button}",
                aria_keyshortcuts: "F2",
                "data-testid": "rename-{what.slug()}",
                onmounted: move |event| takes_focus_if(takes_focus, event.data()),
                onclick: move |_| is_open.set(true),
                svg { class: "rename-pencil", view_box: "0 0 16 16", "aria-hidden": "true",
                    path { d: "M2.5 13.5 L3.4 10.1 L10.9 2.6 L13.4 5.1 L5.9 12.6 Z M9.4 4.1 L11.9 6.6" }
                }
            }
        }
    }
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Writing {
        /// Why the text was not taken, in the server's words.
        complaint: Option<String>,
    },
    Saving,
}

/// What is there while somebody edits.
#[component]
fn Editor(
    kind: EntityType,
    id: String,
    what: Editable,
    value: Option<String>,
    onrenamed: Option<EventHandler<EntityName>>,
    onclose: EventHandler<()>,
) -> Element {
    let mut typed = use_signal(|| value.clone().unwrap_or_default());
    let stage = use_signal(|| Stage::Writing { complaint: None });
    let field = what.label(kind, &id);
    let edit =
        Edit { context: use_page_context(), client: use_client(), kind, id, what, value, typed, stage };
    let onsave = move |event: FormEvent| {
        event.prevent_default();
        edit.save(onrenamed, onclose);
    };
    let (is_saving, complaint) = match &*stage.read() {
        Stage::Writing { complaint } => (false, complaint.clone()),
        Stage::Saving => (true, None),
    };
    rsx! {
        form {
            class: "rename rename-form",
            onsubmit: onsave,
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    event.stop_propagation();
                    onclose.call(());
                }
            },
            input {
                class: "field rename-field",
                r#type: "text",
                "data-testid": "rename-{what.slug()}-field",
                aria_label: "{field}",
                aria_invalid: complaint.is_some().then_some("true"),
                placeholder: what.placeholder(),
                autocomplete: "off",
                readonly: is_saving,
                value: "{typed}",
                onmounted: move |event| async move {
                    // A field that is gone again cannot take the focus.
                    _ = event.set_focus(true).await;
                },
                oninput: move |event| typed.set(event.value()),
            }
            button { class: "button", r#type: "submit", disabled: is_saving, {words::SAVE} }
            button { class: "button", r#type: "button", disabled: is_saving, onclick: move |_| onclose.call(()), {words::CANCEL} }
            if let Some(complaint) = &complaint {
                span { class: "rename-complaint", role: "alert", "data-testid": "rename-complaint", "{complaint}" }
            }
        }
    }
}

/// What is edited, and how far it is.
struct Edit {
    context: PageContext,
    client: Client,
    kind: EntityType,
    id: String,
    what: Editable,
    /// As it was.
    value: Option<String>,
    typed: Signal<String>,
    stage: Signal<Stage>,
}

impl Edit {
    /// Has the server make the change, once.
    fn save(&self, onrenamed: Option<EventHandler<EntityName>>, onclose: EventHandler<()>) {
        let (client, kind, id, mut stage) = (self.client, self.kind, self.id.clone(), self.stage);
        let text = self.typed.peek().clone();
        let Some(choice) = self.context.factory_window() else { return };
        if *stage.peek() == Stage::Saving {
            return;
        }
        if EntityChange::text(&text) == self.value {
            onclose.call(());
            return;
        }
        let change = self.what.change(&text);
        stage.set(Stage::Saving);
        spawn(async move {
            match update_entity(client, choice.factory_id, kind, id, change).await {
                Ok(entity) => {
                    if let Some(onrenamed) = onrenamed {
                        onrenamed.call(entity);
                    }
                    onclose.call(());
                }
                Err(reason) => stage.set(Stage::Writing { complaint: Some(reason) }),
            }
        });
    }
}

fn takes_focus_if(mut takes_focus: CopyValue<bool>, button: Rc<MountedData>) {
    if !takes_focus.replace(false) {
        return;
    }
    spawn(async move {
        // An element that is gone cannot take the focus.
        _ = button.set_focus(true).await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_edited_is_changed_and_an_empty_text_clears_it() {
        let name = Editable::Name.change(" Ada ");
        assert_eq!(name, EntityChange { name: Some(Some("Ada".to_owned())), area: None });
        assert_eq!(Editable::Area.change("  "), EntityChange { name: None, area: Some(None) });
    }
}
