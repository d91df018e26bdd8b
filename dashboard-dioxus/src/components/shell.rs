use crate::components::connection_status::ConnectionStatus;
use crate::components::factory_picker::FactoryPicker;
use crate::components::search::Search;
use crate::components::theme_switch::ThemeSwitch;
use crate::components::window_picker::WindowPicker;
use crate::here::use_here;
use crate::route::{Address, Route};
use crate::words::{page as words, time};
use dioxus::prelude::*;

/// What every page has around it: where one is, what is looked at, how current it is, and the ways to elsewhere.
#[component]
pub(crate) fn Shell() -> Element {
    let here = use_here();
    rsx! {
        a { class: "shell-skip", href: "#content", onclick: move |event| skip(&event), {words::SKIP} }
        header { class: "shell-header",
            div { class: "shell-row",
                Link { class: "shell-product", to: Route::Floor { at: here.place() }, {words::PRODUCT} }
                Navigation {}
                div { class: "shell-tools",
                    Search {}
                    ThemeSwitch {}
                }
            }
            div { class: "shell-row",
                FactoryPicker {}
                WindowPicker {}
                if here.factory().is_some() {
                    p { class: "shell-zone", "data-testid": "time-zone", {time::in_zone(here.zone().name())} }
                }
                ConnectionStatus {}
            }
        }
        main { id: "content", class: "shell-content", tabindex: "-1",
            Outlet::<Route> {}
        }
    }
}

#[component]
fn Navigation() -> Element {
    let here = use_here();
    let route = use_route::<Route>();
    let at: Address = here.place();
    let pages = [
        (words::FLOOR, Route::Floor { at: at.clone() }, matches!(route, Route::Floor { .. })),
        (words::COMPARE, Route::Compare { at: at.clone() }, matches!(route, Route::Compare { .. })),
        (words::EVENTS, Route::Events { at: at.clone() }, matches!(route, Route::Events { .. })),
        (words::DEVICES, Route::Devices { at: at.clone() }, matches!(route, Route::Devices { .. })),
        (words::BOARD, Route::Board { at }, false),
    ];
    rsx! {
        nav { class: "shell-navigation", aria_label: words::NAVIGATION,
            ul {
                for (name, page, is_here) in pages {
                    li { key: "{name}",
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
