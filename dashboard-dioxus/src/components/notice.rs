use crate::words::notice as words;
use dioxus::prelude::*;

/// A sentence where there is nothing to show.
#[component]
pub(crate) fn Empty(text: String) -> Element {
    rsx! {
        p { class: "notice notice-empty", {text} }
    }
}

/// The server's words on why there is nothing to show, and a way to ask again.
#[component]
pub(crate) fn Refused(reason: String, onretry: EventHandler<()>) -> Element {
    rsx! {
        div { class: "notice notice-refused", role: "alert",
            p { "data-testid": "refused", {reason} }
            button { class: "button", r#type: "button", "data-testid": "retry", onclick: move |_| onretry.call(()),
                {words::TRY_AGAIN}
            }
        }
    }
}

/// The server's words on why what is shown is older than it should be.
#[component]
pub(crate) fn Outdated(reason: Option<String>) -> Element {
    rsx! {
        if let Some(reason) = reason {
            p { class: "notice notice-outdated", role: "status", {words::outdated(&reason)} }
        }
    }
}
