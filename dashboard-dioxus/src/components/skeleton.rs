use crate::words::notice as words;
use dioxus::prelude::*;

/// The place of what is still to come, as many lines high as it is likely to be.
#[component]
pub(crate) fn Skeleton(lines: usize) -> Element {
    rsx! {
        div { class: "skeleton", role: "status",
            span { class: "visually-hidden", {words::LOADING} }
            for line in 0..lines {
                span { key: "{line}", class: "skeleton-line", aria_hidden: "true" }
            }
        }
    }
}
