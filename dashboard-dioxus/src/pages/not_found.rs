use crate::components::page_title::PageTitle;
use crate::route::{Address, Selection};
use crate::words::page as words;
use dioxus::prelude::*;

/// Any address that is no page.
#[component]
pub(crate) fn NotFound(segments: Vec<String>) -> Element {
    let home = Address::floor(Selection::default());
    rsx! {
        main { class: "not-found",
            PageTitle { title: words::NOT_FOUND }
            p { {words::nothing_at(&segments.join("/"))} }
            p {
                Link { to: home, {words::HOME} }
            }
        }
    }
}
