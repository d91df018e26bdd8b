use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::route::Address;
use crate::words::page as words;
use dioxus::prelude::*;

/// Any address that is no page.
#[component]
pub(crate) fn NotFound(segments: Vec<String>) -> Element {
    let context = use_page_context();
    rsx! {
        PageTitle { title: words::NOT_FOUND }
        p { {words::nothing_at(&segments.join("/"))} }
        p {
            Link { to: Address::floor(context.selection()), {words::HOME} }
        }
    }
}
