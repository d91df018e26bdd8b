use super::decider::Decider;
use crate::words::rules as words;
use dioxus::prelude::*;

/// What will be decided, in the words in which it will be listed, before it is. `children` say what it is about.
#[component]
pub(super) fn Confirm(
    decider: Decider,
    sentence: String,
    onsave: EventHandler<()>,
    onback: EventHandler<()>,
    children: Element,
) -> Element {
    rsx! {
        div { class: "decision-confirm", role: "group", aria_label: words::CONFIRM, "data-testid": "confirm",
            p { {words::CONFIRM} }
            p { class: "decision-chosen", "data-testid": "confirm-sentence", {sentence} }
            div { class: "page-note", role: "status", "data-testid": "confirm-affected", {children} }
            p { class: "page-note", {words::FOR_ALL} }
            div { class: "decision-buttons",
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "confirm-save",
                    disabled: !decider.is_ready(),
                    onmounted: move |event| async move {
                        // What is gone again cannot take the focus.
                        _ = event.set_focus(true).await;
                    },
                    onclick: move |_| onsave.call(()),
                    {words::SAVE}
                }
                button { class: "button", r#type: "button", "data-testid": "confirm-back", onclick: move |_| onback.call(()), {words::BACK} }
            }
        }
    }
}
