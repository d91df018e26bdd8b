use crate::words::page as words;
use dioxus::prelude::*;

/// The one heading of a page, which is also the title of the browser's tab. `detail` stands beside it.
#[component]
pub(crate) fn PageTitle(title: String, children: Element) -> Element {
    let tab = words::title(&title);
    use_effect(use_reactive!(|tab| name_tab(&tab)));
    rsx! {
        div { class: "page-title",
            h1 { {title} }
            {children}
        }
    }
}

fn name_tab(title: &str) {
    if cfg!(target_arch = "wasm32")
        && let Some(page) = web_sys::window().and_then(|window| window.document())
    {
        page.set_title(title);
    }
}
