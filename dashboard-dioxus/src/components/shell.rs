use crate::components::account::{Account, AccountButton};
use crate::components::connection_status::ConnectionStatus;
use crate::components::csv_switch::CsvSwitch;
use crate::components::factory_picker::FactoryPicker;
use crate::components::gradual::use_later;
use crate::components::open_server::OpenServer;
use crate::components::page_context::use_page_context;
use crate::components::search::Search;
use crate::components::theme_switch::ThemeSwitch;
use crate::components::unknown_factory::UnknownFactory;
use crate::components::window_picker::{WindowPicker, label};
use crate::route::{Address, BoardAddress, CompareAddress, DecisionsAddress, DevicesAddress, EventsAddress};
use crate::words::{page as words, time};
use dioxus::prelude::*;

/// What every page has around it: where one is, what is looked at, how current it is, and the ways to elsewhere.
#[component]
pub(crate) fn Shell(children: Element) -> Element {
    let context = use_page_context();
    let is_time = use_later();
    rsx! {
        a { class: "shell-skip", href: "#content", onclick: move |event| skip(&event), {words::SKIP} }
        header { class: "shell-header",
            div { class: "shell-row",
                Link { class: "shell-product", to: Address::floor(context.selection()), {words::PRODUCT} }
                Navigation {}
                div { class: "shell-tools",
                    Search {}
                }
            }
            div { class: "shell-row",
                FactoryPicker {}
                WindowPicker {}
                ConnectionStatus {}
                AccountButton {}
            }
            OpenServer {}
        }
        main { id: "content", class: "shell-content", tabindex: "-1",
            PrintHead {}
            if let Some(id) = context.unknown_factory() {
                UnknownFactory { id }
            } else if is_time {
                {children}
            }
        }
        footer { class: "shell-foot",
            // Another page is another panel, so the one that led to it is closed.
            for page in [context.address.read().to_string()] {
                Account { key: "{page}" }
            }
            Link {
                class: "shell-seldom-foot",
                to: Address::Decisions(DecisionsAddress { selection: context.selection(), ..DecisionsAddress::default() }),
                {words::DECISIONS}
            }
            Link { class: "shell-seldom-foot", to: Address::people(context.selection()), {words::PEOPLE} }
            if context.factory().is_some() {
                p { "data-testid": "time-zone", {time::in_zone(context.zone().name())} }
            }
            CsvSwitch {}
            ThemeSwitch {}
        }
    }
}

/// What the header says, for paper, where it has no room: the factory, the window, and whose times they are.
#[component]
fn PrintHead() -> Element {
    let context = use_page_context();
    let zone = context.zone();
    let window = context.address.read().selection().window;
    rsx! {
        if let Some(factory) = context.factory() {
            div { class: "print-head",
                span { {factory.name} }
                span { {label(window, &zone)} }
                span { {time::in_zone(zone.name())} }
            }
        }
    }
}

#[component]
fn Navigation() -> Element {
    let context = use_page_context();
    let current = context.address.read();
    let selection = context.selection();
    let pages = [
        (words::FLOOR, Address::floor(selection.clone()), matches!(*current, Address::Floor(_))),
        (
            words::COMPARE,
            CompareAddress { selection: selection.clone(), ..CompareAddress::default() }.into(),
            matches!(*current, Address::Compare(_)),
        ),
        (
            words::EVENTS,
            EventsAddress { selection: selection.clone(), ..EventsAddress::default() }.into(),
            matches!(*current, Address::Events(_)),
        ),
        (
            words::CAMERAS,
            Address::Cameras(DevicesAddress { selection: selection.clone(), ..DevicesAddress::default() }),
            matches!(*current, Address::Cameras(_)),
        ),
        (
            words::DEVICES,
            DevicesAddress { selection: selection.clone(), ..DevicesAddress::default() }.into(),
            matches!(*current, Address::Devices(_)),
        ),
        (
            words::DATA_PROBLEMS,
            Address::DataProblems(DevicesAddress {
                selection: selection.clone(),
                ..DevicesAddress::default()
            }),
            matches!(*current, Address::DataProblems(_)),
        ),
        (
            words::DECISIONS,
            DecisionsAddress { selection: selection.clone(), ..DecisionsAddress::default() }.into(),
            matches!(*current, Address::Decisions(_)),
        ),
        (words::PEOPLE, Address::people(selection.clone()), matches!(*current, Address::People(_))),
        (words::BOARD, BoardAddress { selection, ..BoardAddress::default() }.into(), false),
    ];
    rsx! {
        nav { class: "shell-navigation", aria_label: words::NAVIGATION,
            ul {
                for (name, page, is_here) in pages {
                    li { key: "{name}", class: if [words::DECISIONS, words::PEOPLE].contains(&name) { "shell-seldom" },
                        Link {
                            class: if is_here { "shell-page shell-page-here" } else { "shell-page" },
                            aria_current: if is_here { "page" },
                            to: page,
                            {name}
                        }
                    }
                }
            }
        }
    }
}

/// The address belongs to the router, so the jump past the header is made by hand.
fn skip(event: &MouseEvent) {
    event.prevent_default();
    let page = web_sys::window().and_then(|window| window.document());
    let content = page.and_then(|page| page.get_element_by_id("content"));
    if let Some(content) = content.and_then(as_html) {
        // What cannot take the focus leaves it where it is.
        _ = content.focus();
    }
}

/// The element, if it is one that can take the focus.
pub(crate) fn as_html(element: web_sys::Element) -> Option<web_sys::HtmlElement> {
    use web_sys::wasm_bindgen::JsCast;
    element.dyn_into().ok()
}
