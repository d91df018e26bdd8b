//! The form by which a device or a program gets its first token.

use super::action::{Said, use_action};
use super::issued::Kind;
use crate::api::operation::{IssuedToken, TokenWish, create_token, role_code};
use crate::api::use_client;
use crate::components::page_context::use_page_context;
use crate::words::access as words;
use dioxus::prelude::*;
use domain::access::Role;

/// The roles that programs have.
const ROLES: [Role; 4] = [Role::Viewer, Role::Supervisor, Role::Engineer, Role::Admin];
/// For how many days tokens are valid unless somebody says otherwise, as the server has it.
const DEVICE_DAYS: i64 = 365;
const PROGRAM_DAYS: i64 = 90;

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::Device => "DEVICE",
            Self::Program => "SERVICE",
        }
    }
}

/// Creates a token; `ondone` is told it, with its text.
#[component]
pub(super) fn TokenForm(kind: Kind, ondone: EventHandler<IssuedToken>, onclose: EventHandler<()>) -> Element {
    let context = use_page_context();
    let client = use_client();
    let action = use_action();
    let usual_days = if kind == Kind::Device { DEVICE_DAYS } else { PROGRAM_DAYS };
    let mut name = use_signal(String::new);
    let mut role = use_signal(|| role_code(Role::Viewer));
    let mut days = use_signal(|| usual_days.to_string());
    let save = move |event: FormEvent| {
        event.prevent_default();
        let Some(choice) = context.factory_window() else { return };
        let wish = TokenWish {
            factory_id: choice.factory_id,
            kind: kind.code(),
            name: name.peek().trim().to_owned(),
            role: (kind == Kind::Program).then(|| role.peek().clone()),
            valid_days: days.peek().parse().ok(),
        };
        action.run(create_token(client, wish), move |new| ondone.call(new));
    };
    let (label, name_label, note) = match kind {
        Kind::Device => (words::NEW_DEVICE, words::DEVICE_ID, words::DEVICE_NOTE),
        Kind::Program => (words::NEW_PROGRAM, words::PROGRAM_NAME, words::PROGRAM_NOTE),
    };
    rsx! {
        form {
            class: "access-form",
            aria_label: label,
            "data-testid": "token-form",
            onsubmit: save,
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    event.stop_propagation();
                    onclose.call(());
                }
            },
            div { class: "access-fields",
                label {
                    span { {name_label} }
                    input {
                        class: "field",
                        r#type: "text",
                        "data-testid": "token-name",
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
                if kind == Kind::Program {
                    label {
                        span { {words::ROLE} }
                        select {
                            class: "field",
                            "data-testid": "token-role",
                            onchange: move |event| role.set(event.value()),
                            for one in ROLES {
                                option { key: "{one.name()}", value: role_code(one), selected: *role.read() == role_code(one), {words::role_for(one)} }
                            }
                        }
                    }
                }
                label {
                    span { {words::VALID_DAYS} }
                    input {
                        class: "field access-days",
                        r#type: "number",
                        "data-testid": "token-days",
                        required: true,
                        min: "1",
                        value: "{days}",
                        oninput: move |event| days.set(event.value()),
                    }
                }
            }
            p { class: "page-note", {note} }
            div { class: "access-buttons",
                button {
                    class: "button",
                    r#type: "submit",
                    "data-testid": "token-create",
                    disabled: action.is_running() || name.read().trim().is_empty(),
                    {words::CREATE_TOKEN}
                }
                button { class: "button", r#type: "button", "data-testid": "access-cancel", onclick: move |_| onclose.call(()), {words::CANCEL} }
            }
            Said { action }
        }
    }
}
