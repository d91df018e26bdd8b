use crate::route::Route;
use crate::window::WindowChoice;
use dioxus::prelude::*;

/// Any address that is no page.
#[component]
pub(crate) fn NotFound(segments: Vec<String>) -> Element {
    let home = Route::Board { factory: String::new(), window: WindowChoice::default() };
    rsx! {
        main { class: "page",
            h1 { "There is no such page" }
            p { "Nothing is found at /{segments.join(\"/\")}." }
            p {
                Link { to: home, "To the dashboard" }
            }
        }
    }
}
