use crate::api::operation::{FACTORY_ACTIONS, SERVER_ACTIONS};
use crate::components::page_context::use_page_context;
use crate::route::{AccessAddress, Address, OF_SERVER, go_to};
use crate::words::audit_log as words;
use dioxus::prelude::*;

/// Which entries are listed. Whatever is chosen is in the address, and begins with the latest.
#[component]
pub(super) fn FilterBar(address: ReadSignal<AccessAddress>) -> Element {
    let context = use_page_context();
    let change = move |change: &dyn Fn(&mut AccessAddress)| {
        let mut to = AccessAddress { after: String::new(), ..address.peek().clone() };
        change(&mut to);
        go_to(Address::Access(to));
    };
    let AccessAddress { action, by, about, .. } = address();
    let actions = if about == OF_SERVER { &SERVER_ACTIONS[..] } else { &FACTORY_ACTIONS };
    let has_choice = context.of_me(|me| me.is_operator) == Some(true) && context.factory_window().is_some();
    rsx! {
        div { class: "audit-tools",
            label {
                span { {words::WHAT} }
                select {
                    class: "field",
                    "data-testid": "audit-action",
                    onchange: move |event| change(&|to| to.action = event.value()),
                    option { value: "", selected: action.is_empty(), {words::ANY} }
                    for &one in actions {
                        option { key: "{one}", value: one, selected: action == one, {words::action(one)} }
                    }
                }
            }
            label {
                span { {words::PERSON} }
                input {
                    class: "field",
                    r#type: "search",
                    "data-testid": "audit-by",
                    maxlength: 64,
                    autocomplete: "off",
                    value: by,
                    onchange: move |event| change(&|to| to.by = event.value()),
                }
            }
            if has_choice {
                label {
                    span { {words::ABOUT} }
                    select {
                        class: "field",
                        "data-testid": "audit-about",
                        // The logs tell of different things.
                        onchange: move |event| change(&|to| (to.about, to.action) = (event.value(), String::new())),
                        option { value: "", selected: about != OF_SERVER, {words::FACTORY} }
                        option { value: OF_SERVER, selected: about == OF_SERVER, {words::SERVER} }
                    }
                }
            }
        }
    }
}
