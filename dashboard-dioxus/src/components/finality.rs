use crate::components::explained::Explained;
use crate::components::page_context::use_page_context;
use crate::model::Finality;
use crate::words::finality as words;
use dioxus::prelude::*;

/// Whether the figures beside it will stay as they are, and on hover and focus why they may not. Until that is known its place
/// is empty, so that nothing moves when it is.
#[component]
pub(crate) fn FinalityMark(finality: Option<Finality>) -> Element {
    let context = use_page_context();
    let Some(finality) = finality else {
        return rsx! {
            span { class: "finality finality-unknown", aria_hidden: "true", {words::PROVISIONAL} }
        };
    };
    let (state, word) =
        if finality.is_final { ("final", words::FINAL) } else { ("provisional", words::PROVISIONAL) };
    rsx! {
        span { class: "finality", "data-testid": "finality", "data-state": state,
            Explained { how: words::how(&finality, &context.zone()), {word} }
        }
    }
}
