use crate::api::operation::{Choice, Factory};
use crate::components::connection_status::ConnectionStatus;
use crate::live::{Live, Panel};
use crate::route::Route;
use crate::window::WindowChoice;
use dioxus::prelude::*;

/// What is looked at, the pickers to change it, and how current it is.
#[component]
pub(crate) fn BoardHeader(choice: ReadSignal<Option<Choice>>, window: ReadSignal<WindowChoice>) -> Element {
    rsx! {
        header { class: "board-header",
            h1 { class: "board-title", "Andon" }
            div { class: "pickers",
                FactoryPicker { choice, window }
                WindowPicker { choice, window }
            }
            ConnectionStatus {}
        }
    }
}

#[component]
fn FactoryPicker(choice: ReadSignal<Option<Choice>>, window: ReadSignal<WindowChoice>) -> Element {
    let live = use_context::<Live>();
    let chosen_id = choice.read().as_ref().map(|choice| choice.factory_id.clone()).unwrap_or_default();
    let factories = match &*live.factories.read() {
        Panel::Showing(factories) => factories.clone(),
        Panel::Waiting | Panel::Refused(_) => Vec::new(),
    };
    let chosen = factories.iter().find(|factory| factory.id == chosen_id);
    let time_zone = chosen.map(|factory| format!("{} time", factory.time_zone));
    let is_unlisted = chosen.is_none() && !chosen_id.is_empty();
    rsx! {
        label { class: "picker",
            span { class: "picker-label", "Factory" }
            select {
                "data-testid": "factory-picker",
                value: "{chosen_id}",
                disabled: factories.is_empty(),
                onchange: move |event| go_to(event.value(), window()),
                // The factory of the address stands here even when the server does not list it.
                if is_unlisted {
                    option { key: "{chosen_id}", value: "{chosen_id}", selected: true, "{chosen_id}" }
                }
                for factory in factories.iter() {
                    option {
                        key: "{factory.id}",
                        value: "{factory.id}",
                        selected: factory.id == chosen_id,
                        {factory_label(factory)}
                    }
                }
            }
            if let Some(time_zone) = time_zone {
                span { class: "picker-note", "{time_zone}" }
            }
        }
    }
}

#[component]
fn WindowPicker(choice: ReadSignal<Option<Choice>>, window: ReadSignal<WindowChoice>) -> Element {
    let go = move |event: FormEvent| {
        let factory_id = choice.peek().as_ref().map(|choice| choice.factory_id.clone()).unwrap_or_default();
        let Ok(window) = event.value().parse();
        go_to(factory_id, window);
    };
    rsx! {
        label { class: "picker",
            span { class: "picker-label", "Window" }
            select { "data-testid": "window-picker", value: "{window}", onchange: go,
                for window_choice in WindowChoice::ALL {
                    option {
                        key: "{window_choice}",
                        value: "{window_choice}",
                        selected: window_choice == window(),
                        {window_choice.label()}
                    }
                }
            }
        }
    }
}

/// Goes to an address of its own, so that the browser's back button returns to the choice before.
fn go_to(factory: String, window: WindowChoice) {
    // Only an address outside this application could fail to be shown.
    _ = navigator().push(Route::Board { factory, window });
}

fn factory_label(factory: &Factory) -> String {
    if factory.name == factory.id { factory.id.clone() } else { format!("{} ({})", factory.name, factory.id) }
}
