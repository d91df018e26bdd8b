use super::action::{Action, Said};
use crate::words::access as words;
use dioxus::prelude::*;

/// Says what a change does before it is made. Whoever opens it stands on the way back, so that a key pressed twice changes
/// nothing.
#[component]
pub(super) fn Confirm(
    question: String,
    #[props(default)] warning: Option<&'static str>,
    /// What is done, on the button and as the name of the form.
    label: String,
    action: Action,
    onconfirm: EventHandler<()>,
    onclose: EventHandler<()>,
) -> Element {
    rsx! {
        form {
            class: "access-form",
            aria_label: "{label}",
            "data-testid": "access-confirm",
            onsubmit: move |event| {
                event.prevent_default();
                onconfirm.call(());
            },
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    event.stop_propagation();
                    onclose.call(());
                }
            },
            p { {question} }
            if let Some(warning) = warning {
                p { class: "access-warning", {warning} }
            }
            div { class: "access-buttons",
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "access-cancel",
                    onmounted: move |event| async move {
                        // What is gone again cannot take the focus.
                        _ = event.set_focus(true).await;
                    },
                    onclick: move |_| onclose.call(()),
                    {words::CANCEL}
                }
                button { class: "button", r#type: "submit", "data-testid": "access-do", disabled: action.is_running(), "{label}" }
            }
            Said { action }
        }
    }
}
