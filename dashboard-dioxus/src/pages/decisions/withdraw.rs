use super::decider::{Outcome, use_decider};
use crate::api::operation::DecisionInput;
use crate::words::decisions as words;
use dioxus::prelude::*;

/// The most characters of a note.
pub(super) const MAX_NOTE_CHARS: i64 = domain::decision::MAX_NOTE_CHARS as i64;

/// Takes a decision back: says what that does, and asks why, before it is done.
#[component]
pub(super) fn Withdraw(number: i32, onclose: EventHandler<()>) -> Element {
    let decider = use_decider();
    let note = use_signal(String::new);
    let withdraw = use_callback(move |()| {
        decider.decide(
            DecisionInput::Withdrawal(number),
            &note.peek(),
            EventHandler::new(move |_| onclose.call(())),
        );
    });
    rsx! {
        form {
            class: "decision-form",
            aria_label: words::withdraw(number),
            onsubmit: move |event| {
                event.prevent_default();
                withdraw(());
            },
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    event.stop_propagation();
                    onclose.call(());
                }
            },
            p { {words::withdrawing(number)} }
            Note { note, testid: "withdraw-note", takes_focus: true }
            div { class: "decision-buttons",
                button {
                    class: "button",
                    r#type: "submit",
                    "data-testid": "withdraw-confirm",
                    disabled: !decider.is_ready() || note.read().trim().is_empty(),
                    {words::withdraw(number)}
                }
                button { class: "button", r#type: "button", "data-testid": "withdraw-cancel", onclick: move |_| onclose.call(()), {words::CANCEL} }
            }
            Outcome { decider, onagain: withdraw }
        }
    }
}

/// Why something is decided. Nothing is decided without it.
#[component]
pub(super) fn Note(
    note: Signal<String>,
    testid: &'static str,
    #[props(default)] takes_focus: bool,
) -> Element {
    rsx! {
        label { class: "decision-note",
            span { {words::REASON} }
            input {
                class: "field",
                r#type: "text",
                "data-testid": testid,
                required: true,
                maxlength: MAX_NOTE_CHARS,
                autocomplete: "off",
                value: "{note}",
                onmounted: move |event| async move {
                    if takes_focus {
                        // What is gone again cannot take the focus.
                        _ = event.set_focus(true).await;
                    }
                },
                oninput: move |event| note.set(event.value()),
            }
        }
    }
}
