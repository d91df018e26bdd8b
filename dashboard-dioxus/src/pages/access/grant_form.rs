//! The form by which somebody gets a role: one who is invited, or one who exists.

use super::action::{Said, use_action};
use crate::api::operation::{
    FactoryEntities, GrantWish, Invitation, factory_entities, grant, invite, role_code,
};
use crate::api::{use_client, use_query};
use crate::components::page_context::use_page_context;
use crate::words::access as words;
use dioxus::prelude::*;
use domain::access::Role;
use domain::event::EntityType;

/// The id of the list of workers, which the field refers to.
const WORKERS_ID: &str = "access-workers";
/// The most workers that the field proposes: a browser shows few of them at once.
const MAX_PROPOSED: usize = 200;
/// The roles that people have.
const ROLES: [Role; 4] = [Role::Viewer, Role::Supervisor, Role::Engineer, Role::Admin];

/// Who gets the role.
#[derive(Clone, PartialEq)]
pub(super) enum Whom {
    /// Somebody who does not exist yet.
    New,
    /// Somebody who exists, whose name is typed.
    Known,
    /// This one.
    Named(String),
}

/// Gives one role. `ondone` is told with the invitation of somebody new.
#[component]
pub(super) fn GrantForm(
    whom: Whom,
    ondone: EventHandler<Option<(String, Invitation)>>,
    onclose: EventHandler<()>,
) -> Element {
    let context = use_page_context();
    let client = use_client();
    let action = use_action();
    let (is_new, fixed) = match &whom {
        Whom::New => (true, None),
        Whom::Known => (false, None),
        Whom::Named(name) => (false, Some(name.clone())),
    };
    let mut name = use_signal(|| fixed.clone().unwrap_or_default());
    let mut role = use_signal(|| role_code(Role::Viewer));
    let mut worker = use_signal(String::new);
    let save = move |event: FormEvent| {
        event.prevent_default();
        let Some(choice) = context.factory_window() else { return };
        let wish = GrantWish::new(choice.factory_id, &name.peek(), &role.peek(), &worker.peek());
        let name = wish.name.clone();
        if is_new {
            action.run(invite(client, wish), move |invitation| ondone.call(Some((name, invitation))));
        } else {
            action.run(grant(client, wish), move |()| ondone.call(None));
        }
    };
    let label = match &fixed {
        Some(name) => words::add_role(name),
        None if is_new => words::INVITE.to_owned(),
        None => words::GRANT.to_owned(),
    };
    let (note, button) = if is_new {
        (words::NEW_NAME_NOTE, words::CREATE_INVITATION)
    } else {
        (words::KNOWN_NAME_NOTE, words::GRANT)
    };
    let is_fixed = fixed.is_some();
    rsx! {
        form {
            class: "access-form",
            aria_label: label,
            "data-testid": "grant-form",
            onsubmit: save,
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    event.stop_propagation();
                    onclose.call(());
                }
            },
            div { class: "access-fields",
                if !is_fixed {
                    label {
                        span { {words::NAME} }
                        input {
                            class: "field",
                            r#type: "text",
                            "data-testid": "grant-name",
                            required: true,
                            maxlength: 64,
                            autocomplete: "off",
                            value: "{name}",
                            onmounted: move |event| async move {
                                // What is gone again cannot take the focus.
                                _ = event.set_focus(true).await;
                            },
                            oninput: move |event| name.set(event.value()),
                        }
                    }
                }
                label {
                    span { {words::ROLE} }
                    select {
                        class: "field",
                        "data-testid": "grant-role",
                        onmounted: move |event| async move {
                            if is_fixed {
                                // What is gone again cannot take the focus.
                                _ = event.set_focus(true).await;
                            }
                        },
                        onchange: move |event| role.set(event.value()),
                        for one in ROLES {
                            option { key: "{one.name()}", value: role_code(one), selected: *role.read() == role_code(one), {words::role_for(one)} }
                        }
                    }
                }
                WorkerField { worker, onchange: move |id| worker.set(id) }
            }
            if !is_fixed {
                p { class: "page-note", {note} }
            }
            p { class: "page-note", {words::WORKER_NOTE} }
            div { class: "access-buttons",
                button {
                    class: "button",
                    r#type: "submit",
                    "data-testid": "grant-save",
                    disabled: action.is_running() || name.read().trim().is_empty(),
                    {button}
                }
                button { class: "button", r#type: "button", "data-testid": "access-cancel", onclick: move |_| onclose.call(()), {words::CANCEL} }
            }
            Said { action }
        }
    }
}

/// Which worker a person is, with those that are known to choose from.
#[component]
fn WorkerField(worker: ReadSignal<String>, onchange: EventHandler<String>) -> Element {
    let context = use_page_context();
    let entities = use_query::<FactoryEntities>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(factory_entities::Variables { factory_id })
    });
    let workers = entities.with(|all| {
        let workers = all.iter().filter(|one| one.kind == EntityType::Worker).take(MAX_PROPOSED);
        workers.map(|one| (one.id.clone(), one.name.clone().unwrap_or_default())).collect::<Vec<_>>()
    });
    rsx! {
        label {
            span { {words::WORKER} }
            input {
                class: "field",
                r#type: "text",
                list: WORKERS_ID,
                "data-testid": "grant-worker",
                maxlength: 64,
                autocomplete: "off",
                value: "{worker}",
                oninput: move |event| onchange.call(event.value()),
            }
            datalist { id: WORKERS_ID,
                for (id, name) in workers.unwrap_or_default() {
                    option { key: "{id}", value: "{id}", {name} }
                }
            }
        }
    }
}
