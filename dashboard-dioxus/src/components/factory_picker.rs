use crate::here::use_here;
use crate::route::{Address, Route};
use crate::words::factory as words;
use dioxus::prelude::*;

/// Which factory is looked at.
#[component]
pub(crate) fn FactoryPicker() -> Element {
    let here = use_here();
    let chosen_id = here.choice().map(|choice| choice.factory_id).unwrap_or_default();
    let factories = here.factories.with(Clone::clone).unwrap_or_default();
    let is_unlisted = !chosen_id.is_empty() && factories.iter().all(|factory| factory.id != chosen_id);
    // A list of none is no choice; the page says how to make the first one.
    if factories.is_empty() && !is_unlisted {
        return rsx! {};
    }
    rsx! {
        label { class: "picker",
            span { class: "visually-hidden", {words::LABEL} }
            select {
                class: "field",
                "data-testid": "factory-picker",
                value: "{chosen_id}",
                onchange: move |event| {
                    go_to(Address { factory: event.value(), ..here.at.peek().clone() });
                },
                // The factory of the address stands here even when the server does not list it.
                if is_unlisted {
                    option { key: "{chosen_id}", value: "{chosen_id}", selected: true, "{chosen_id}" }
                }
                for factory in factories.iter() {
                    option {
                        key: "{factory.id}",
                        value: "{factory.id}",
                        selected: factory.id == chosen_id,
                        {words::named(&factory.name, &factory.id)}
                    }
                }
            }
        }
    }
}

/// Goes to an address of its own on the same page, so that the browser's back button returns to the one before.
pub(crate) fn go_to(at: Address) {
    let page = router().current::<Route>();
    // Only an address outside this application could fail to be shown.
    _ = navigator().push(page.moved_to(at));
}
