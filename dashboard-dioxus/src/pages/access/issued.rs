//! What the server tells once, and nobody can look up afterwards.

use crate::api::operation::IssuedToken;
use crate::api::use_client;
use crate::components::command::Command;
use crate::components::first_steps::device_command;
use crate::components::page_context::use_page_context;
use crate::words::access as words;
use dioxus::prelude::*;

/// A box for it, which stays until somebody says that they are done.
#[component]
pub(super) fn ShownOnce(title: String, ondone: EventHandler<()>, children: Element) -> Element {
    rsx! {
        section { class: "access-once", "data-testid": "shown-once",
            h3 {
                tabindex: -1,
                onmounted: move |event| async move {
                    // Read aloud at once. What is gone again cannot take the focus.
                    _ = event.set_focus(true).await;
                },
                {title}
            }
            {children}
            button { class: "button", r#type: "button", "data-testid": "shown-once-done", onclick: move |_| ondone.call(()), {words::DONE} }
        }
    }
}

/// Whose token it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Device,
    Program,
}

/// A new token, and what to do with it.
#[component]
pub(super) fn Issued(issued: IssuedToken, kind: Kind, ondone: EventHandler<()>) -> Element {
    let context = use_page_context();
    let url = use_client().api_url;
    let until = context.zone().date_time(issued.expires_at);
    let factory_id = context.factory_window().map(|choice| choice.factory_id).unwrap_or_default();
    rsx! {
        ShownOnce { title: words::token_of(&issued.name), ondone,
            p { {words::shown_once(&until)} }
            Command { testid: "token", label: words::TOKEN, text: issued.secret }
            match kind {
                Kind::Device => rsx! {
                    p { {words::SAVE_ON_DEVICE} }
                    Command {
                        testid: "agent",
                        text: device_command(&url().unwrap_or_default(), &factory_id, &issued.name),
                    }
                },
                Kind::Program => rsx! { p { {words::USE_IN_PROGRAM} } },
            }
        }
    }
}
