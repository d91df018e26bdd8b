use crate::route::{Address, Route};
use crate::views::page_title::PageTitle;
use crate::words::page as words;
use dioxus::prelude::*;

/// Any address that is no page.
#[component]
pub(crate) fn NotFound(segments: Vec<String>) -> Element {
    let home = Route::Floor { at: Address::default() };
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
