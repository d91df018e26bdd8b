//! One person, and how their roles are changed.

use super::action::use_action;
use super::confirm::Confirm;
use super::grant_form::{GrantForm, Whom};
use crate::api::operation::{Grant, GrantWish, revoke_grant};
use crate::api::use_client;
use crate::components::metric_table::TEXT;
use crate::components::page_context::use_page_context;
use crate::components::returned_focus::use_returned_focus;
use crate::lean::order;
use crate::words::access as words;
use dioxus::prelude::*;
use domain::id_order;

/// People, as the API calls them.
const PERSON: &str = "PERSON";
/// The role without which nobody sees this page, as the API calls it.
const ADMIN: &str = "ADMIN";

/// Somebody with at least one role.
#[derive(Clone, PartialEq)]
pub(super) struct Person {
    pub(super) name: String,
    is_operator: bool,
    is_disabled: bool,
    roles: Vec<Grant>,
}

/// The people of these grants in the order of their names; devices and programs stand with their tokens.
pub(super) fn persons(grants: &[Grant]) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for grant in grants.iter().filter(|grant| grant.principal.kind == PERSON) {
        let principal = &grant.principal;
        if let Some(known) = people.iter_mut().find(|known| known.name == principal.name) {
            known.roles.push(grant.clone());
            continue;
        }
        people.push(Person {
            name: principal.name.clone(),
            is_operator: principal.is_operator,
            is_disabled: principal.disabled_at.is_some(),
            roles: vec![grant.clone()],
        });
    }
    order::sort(&mut people, |one, other| id_order::compare(&one.name, &other.name));
    people
}

/// What is open below the row.
#[derive(Clone, PartialEq)]
enum Open {
    Adding,
    Removing(Grant),
}

/// A person's roles, each with the way to take it away. `onchanged` is told when one was given or taken away.
#[component]
pub(super) fn PersonRow(person: Person, onchanged: Callback<()>) -> Element {
    let Person { name, is_operator, is_disabled, roles } = person;
    let mut open = use_signal(|| None::<Open>);
    let focus = use_returned_focus();
    let mut close = move || {
        open.set(None);
        focus.take();
    };
    let is_adding = *open.read() == Some(Open::Adding);
    rsx! {
        tr { class: "access-row", "data-testid": "person-{name}",
            th { scope: "row",
                "{name}"
                if is_operator {
                    " "
                    span { class: "access-mark", {words::OPERATOR} }
                }
                if is_disabled {
                    " "
                    span { class: "access-mark access-ended", {words::DISABLED} }
                }
            }
            td { class: TEXT, "data-field": "roles",
                ul { class: "access-roles",
                    for grant in roles {
                        li { key: "{grant.role} {grant.worker_id:?} {grant.from_groups}",
                            span { class: "access-role", {words::role(&grant.role)} }
                            if let Some(worker) = &grant.worker_id {
                                span { class: "access-detail", {words::is_worker(worker)} }
                            }
                            if grant.from_groups {
                                span { class: "access-detail", {words::FROM_GROUPS} }
                            } else {
                                Remove { name: name.clone(), grant: grant.clone(), onopen: move |grant| open.set(Some(Open::Removing(grant))) }
                            }
                        }
                    }
                }
            }
            td { class: TEXT, "data-field": "change",
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "add-role",
                    aria_label: words::add_role(&name),
                    aria_expanded: is_adding,
                    onmounted: move |event| focus.mounted(event.data()),
                    onclick: move |_| open.set(if is_adding { None } else { Some(Open::Adding) }),
                    {words::ADD_ROLE}
                }
            }
        }
        if let Some(shown) = open() {
            tr { class: "access-form-row",
                td { class: TEXT, colspan: 3,
                    match shown {
                        Open::Adding => rsx! {
                            GrantForm {
                                whom: Whom::Named(name.clone()),
                                ondone: move |_| {
                                    onchanged.call(());
                                    close();
                                },
                                onclose: move |()| close(),
                            }
                        },
                        Open::Removing(grant) => rsx! {
                            Removal { name: name.clone(), grant, onchanged, onclose: move |()| close() }
                        },
                    }
                }
            }
        }
    }
}

#[component]
fn Remove(name: String, grant: Grant, onopen: EventHandler<Grant>) -> Element {
    rsx! {
        button {
            class: "button access-remove",
            r#type: "button",
            "data-testid": "remove-{grant.role}",
            aria_label: words::remove_role(&name, &grant.role),
            onclick: move |_| onopen.call(grant.clone()),
            {words::REMOVE}
        }
    }
}

/// Takes a role away once somebody has read what that does.
#[component]
fn Removal(name: String, grant: Grant, onchanged: Callback<()>, onclose: EventHandler<()>) -> Element {
    let context = use_page_context();
    let client = use_client();
    let action = use_action();
    let is_own = context.of_me(|me| me.person() == Some(&*name)) == Some(true);
    let (question, label) = (words::removing(&name, &grant.role), words::remove_role(&name, &grant.role));
    let warning = (is_own && grant.role == ADMIN).then_some(words::REMOVING_OWN_ADMIN);
    let remove = move |()| {
        let Some(choice) = context.factory_window() else { return };
        let worker = grant.worker_id.as_deref().unwrap_or_default();
        let wish = GrantWish::new(choice.factory_id, &name, &grant.role, worker);
        action.run(revoke_grant(client, wish), move |()| {
            onchanged.call(());
            onclose.call(());
        });
    };
    rsx! {
        Confirm { question, warning, label, action, onconfirm: remove, onclose }
    }
}
