use crate::components::page_context::use_page_context;
use crate::route::go_to;
use crate::words::factory as words;
use dioxus::prelude::*;

/// Which factory is looked at.
#[component]
pub(crate) fn FactoryPicker() -> Element {
    let context = use_page_context();
    let chosen_id = context.factory_window().map(|choice| choice.factory_id).unwrap_or_default();
    let factories = context.factories();
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
                    let address = context.address.peek().clone();
                    let selection = address.selection().clone().of_factory(event.value());
                    go_to(address.selecting(selection));
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
